"""When what people do at a station is due: by the clock and by the hours in which something was cooked there."""

from __future__ import annotations

from datetime import datetime

import msgspec

from drivers.robot.equipment import Upkeep
from kiosk.domain.reasons import UPKEEP_DUE, UPKEEP_NEAR

_HOUR_S = 3600


class Done(msgspec.Struct, frozen=True):
    """When it was done last, by whom, and what its station had worked by then."""

    upkeep_id: str
    at: datetime
    actor: str
    work_s: int


class Left(msgspec.Struct, frozen=True):
    """Seconds until it is due, by the clock and of work, None where that does not count; below zero it is over."""

    clock_s: float | None
    work_s: float | None

    @property
    def least_s(self) -> float:
        return min(left for left in (self.clock_s, self.work_s) if left is not None)


def left(upkeep: Upkeep, done: Done, work_s: float, now: datetime) -> Left:
    """`work_s`: what the station has worked by now."""
    by_clock = None if upkeep.every_h is None else upkeep.every_h * _HOUR_S - (now - done.at).total_seconds()
    by_work = None if upkeep.every_work_h is None else upkeep.every_work_h * _HOUR_S - (work_s - done.work_s)
    return Left(by_clock, by_work)


def reason_of(upkeep: Upkeep, found: Left) -> str | None:
    """`upkeep_due`, `upkeep_near` or None."""
    if found.least_s <= 0:
        return UPKEEP_DUE
    return UPKEEP_NEAR if found.least_s <= upkeep.warn_h * _HOUR_S else None
