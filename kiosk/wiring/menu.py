"""The menu of a process: what it begins to sell, and who may change that."""

from __future__ import annotations

from datetime import datetime

from kiosk.config import ConfigError, problem
from kiosk.config.settings import Config
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.reasons import MENU_OLDER
from kiosk.flows.menu.publishing import CHECK
from kiosk.flows.menu.starting import FileMenu, begin
from kiosk.store.database import Database
from kiosk.wiring.preconditions import Ready


async def begin_menu(
    config: Config, ready: Ready, database: Database, readiness: Readiness, now: datetime
) -> CurrentMenu:
    """Raises `ConfigError` where no menu can be sold."""
    file = FileMenu(bundle=ready.file.bundle, digest=ready.file.digest, menu=ready.menu, own=bool(config.menu.file))
    try:
        begun = await begin(database, file, ready.equipment, now)
    except MenuError as error:
        raise ConfigError(problem("$.menu", error)) from error
    if begun.lost is not None:
        revision, why = begun.lost
        readiness.set(CHECK, MENU_OLDER, blocks=False, detail=f"revision {revision}: {why}")
    return CurrentMenu(begun.menu, begun.revision)
