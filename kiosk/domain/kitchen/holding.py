"""How long food may stand in its cell, when its guest is reminded, and when staff is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from kiosk.domain.menu.chart import Chart


class Told(IntEnum):
    """Who knows that nobody fetches it; as it stands in the books."""

    NOBODY = 0
    GUEST = 1
    STAFF = 2
    SEEN = 3  # staff has seen to it


@dataclass(frozen=True, slots=True)
class HoldingRules:
    """Seconds after readiness. `cold_for_s`: how long a cell must tell that it is too cold; `cook_again`: what was
    thrown away is made once more, else its money goes back."""

    remind_s: int = 300
    call_staff_s: int = 1800
    hold_s: int = 3600
    cold_for_s: int = 120
    cook_again: bool = False

    def hold_of(self, chart: Chart | None) -> timedelta:
        """The longest that this dish may stand in its cell."""
        own = None if chart is None else chart.hold_s
        return timedelta(seconds=self.hold_s if own is None else own)

    def due(self, age: timedelta, charts: Iterable[Chart | None]) -> Told:
        """Who is to know of an order that has been ready for so long: of a dish with a short life sooner."""
        shortest = min((self.hold_of(chart) for chart in charts), default=timedelta(seconds=self.hold_s))
        if age >= min(timedelta(seconds=self.call_staff_s), shortest * 2 / 3):
            return Told.STAFF
        return Told.GUEST if age >= min(timedelta(seconds=self.remind_s), shortest / 3) else Told.NOBODY


def is_too_cold(chart: Chart | None, temp_c: float | None) -> bool:
    """Only where the dish has a lowest temperature, and the cell measures."""
    lowest = None if chart is None else chart.lowest_c
    return lowest is not None and temp_c is not None and temp_c < lowest
