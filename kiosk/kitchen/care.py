"""Who looks after food beside cooking it."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.kitchen.climate import Climate
from kiosk.kitchen.holding import Holding


@dataclass(frozen=True, slots=True)
class FoodCare:
    """What stands in cells, and how warm everything is. `station_wait_s`: so long a portion waits for a station that is
    closed."""

    holding: Holding
    climate: Climate
    station_wait_s: float = 600.0
