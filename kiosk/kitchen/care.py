"""Who looks after food beside cooking it."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.kitchen.cell_temperatures import CellTemperatures
from kiosk.kitchen.climate import Climate
from kiosk.kitchen.holding import Holding
from kiosk.kitchen.lots import LotKeeper
from kiosk.kitchen.upkeep import UpkeepKeeper


@dataclass(frozen=True, slots=True)
class FoodCare:
    """What stands in cells, how warm everything is, of which lots it is, and what people do at stations.
    `station_wait_s`: so long a portion waits for a station that is closed."""

    holding: Holding
    climate: Climate
    lots: LotKeeper
    cell_temperatures: CellTemperatures
    upkeep: UpkeepKeeper
    station_wait_s: float = 600.0
