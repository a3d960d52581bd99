"""What everything else is built upon."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.robot.equipment import Equipment
from drivers.sim.embedded import EmbeddedSimulators
from kiosk.config.settings import Config
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.notice import Notices
from kiosk.store.database import Database
from kiosk.store.file.reserve import Reserve
from kiosk.tasks import Tasks
from kiosk.wiring.devices import Devices
from kiosk.wiring.parts import Parts

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ground:
    config: Config
    parts: Parts
    token_keys: tuple[bytes, ...]
    equipment: Equipment
    menu: CurrentMenu
    notices: Notices
    reserve: Reserve
    database: Database
    devices: Devices
    simulators: EmbeddedSimulators | None
    tasks: Tasks
    readiness: Readiness
    kitchen: Kitchen
