"""The menu of an instant: what its dishes cost then, and which of them are not sold at that hour. A function of the
menu and the instant alone, whatever was before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from kiosk.domain.hours import CLOSED, WEEKDAYS, WeeklyHours, instant_of
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.timetable import Again, Timetable

_TODAY, _TOMORROW = "today", "tomorrow"


@dataclass(frozen=True, slots=True)
class MenuOfInstant:
    """`zone`: of the restaurant, whose clocks its menu speaks of."""

    zone: ZoneInfo

    def of(self, whole: Menu, now: datetime) -> Menu:
        """`whole`: as it was built, with every price there will be."""
        begun = tuple(local for local in whole.price_moments if instant_of(local, self.zone) <= now)
        priced = whole.priced(begun[-1]) if begun else whole
        return replace(priced, prices_begun=len(begun), out=_out(whole.timetable, now, self.zone))

    def next_change(self, whole: Menu, now: datetime) -> datetime | None:
        """When it may be another, within a week. Words of when a dish is sold again change at midnight too."""
        prices = (instant_of(local, self.zone) for local in whole.price_moments)
        found = [at for at in prices if at > now]
        if whole.timetable.of_items:
            parts = (part.next_change(now, self.zone) for part in whole.timetable.dayparts.values())
            midnight = datetime.combine(now.astimezone(self.zone).date() + timedelta(days=1), time.min)
            found += [instant_of(midnight, self.zone), *(at for at in parts if at is not None)]
        return min(found, default=None)


def _out(timetable: Timetable, now: datetime, zone: ZoneInfo) -> Mapping[str, Again | None]:
    """What is not sold at this hour, and when it is sold again."""
    out = {name: part for name, part in timetable.dayparts.items() if part.why_closed(now, zone, 0.0) == CLOSED}
    return {
        item_id: _again((out[name] for name in names), now, zone)
        for item_id, names in timetable.of_items.items()
        if all(name in out for name in names)
    }


def _again(parts: Iterable[WeeklyHours], now: datetime, zone: ZoneInfo) -> Again | None:
    found = [at for part in parts if (at := part.next_opening(now, zone)) is not None]
    if not found:
        return None
    local, today = min(found).astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    day = {0: _TODAY, 1: _TOMORROW}.get(days, WEEKDAYS[local.weekday()])
    return Again(day, f"{local:%H:%M}")
