"""Hours by the day of the week, in the restaurant's own time: of opening, of a daypart; what they are at an instant.

A span that ends before it begins ends after midnight. A time that the clocks skip in spring is the moment after the
skip, one that they repeat in autumn is the first of the two."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

CLOSED = "closed"
CLOSING = "closing_soon"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)[-–]([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_TO_MIDNIGHT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)[-–]24:00", re.ASCII)
_DAY = 1440
_MOST_SPANS = 8
#: How far a span, and what comes next, is looked for: a week and the day before.
_AHEAD_DAYS = 8


class OpeningHours(msgspec.Struct, frozen=True):
    """`10:00-22:00` of a day. Minutes after midnight; a `closes` before `opens` is after the next midnight."""

    opens: int
    closes: int

    @classmethod
    def parse(cls, text: str) -> OpeningHours | None:
        """None for an empty text. Raises `ValueError`."""
        if not text:
            return None
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("expected hours like 10:00-22:00")
        hours = [int(part) for part in found.groups()]
        opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if opens == closes:
            raise ValueError("opening and closing are the same minute")
        return cls(opens, closes)

    def __str__(self) -> str:
        return f"{self.opens // 60:02d}:{self.opens % 60:02d}-{self.closes // 60:02d}:{self.closes % 60:02d}"


Spans = tuple[OpeningHours, ...]
#: Begin and end of a time that is in the hours.
Between = tuple[datetime, datetime]


class Week(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """As a menu has it: of each day nothing, `10:00-22:00`, or several with commas; `00:00-24:00` is the whole day."""

    mon: str = ""
    tue: str = ""
    wed: str = ""
    thu: str = ""
    fri: str = ""
    sat: str = ""
    sun: str = ""

    def days(self) -> tuple[Spans, ...]:
        """Of Monday to Sunday. Raises `ValueError` that names the day."""
        return tuple(_of_day(name, getattr(self, name)) for name in WEEKDAYS)


def _of_day(name: str, text: str) -> Spans:
    try:
        return spans_of(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def spans_of(text: str) -> Spans:
    """Of one day. Raises `ValueError`."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if len(parts) > _MOST_SPANS:
        raise ValueError(f"at most {_MOST_SPANS} spans of hours a day")
    return tuple(_span(part) for part in parts)


def _span(text: str) -> OpeningHours:
    if found := _TO_MIDNIGHT.fullmatch(text):
        return OpeningHours(int(found[1]) * 60 + int(found[2]), _DAY)
    span = OpeningHours.parse(text)
    if span is None:
        raise ValueError("expected hours like 10:00-22:00")
    return span


@dataclass(frozen=True, eq=False)
class WeeklyHours:
    """`days`: Monday to Sunday; `holidays`: days of their own."""

    days: tuple[Spans, ...]
    holidays: Mapping[date, Spans] = field(default_factory=dict)

    @classmethod
    def daily(cls, hours: OpeningHours | None, holidays: Mapping[date, Spans] | None = None) -> WeeklyHours:
        """The same every day; None: always."""
        of_day = (OpeningHours(0, _DAY),) if hours is None else (hours,)
        return cls((of_day,) * len(WEEKDAYS), holidays or {})

    def why_closed(self, now: datetime, zone: ZoneInfo, promise_s: float) -> str | None:
        """`closed`, or `closing_soon` when what is ordered now would be ready after closing; None = open."""
        found = next((span for span in self._near(now, zone) if span[0] <= now < span[1]), None)
        if found is None:
            return CLOSED
        return CLOSING if now + timedelta(seconds=promise_s) > found[1] else None

    def next_change(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When it opens or closes next, within a week."""
        return min((at for span in self._near(now, zone) for at in span if at > now), default=None)

    def next_opening(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Within a week."""
        return min((begin for begin, _ in self._near(now, zone) if begin > now), default=None)

    def of(self, day: date) -> Spans:
        """Those that begin on a day."""
        return self.holidays.get(day, self.days[day.weekday()])

    def _near(self, now: datetime, zone: ZoneInfo) -> tuple[Between, ...]:
        return _spans_from(self, now.astimezone(zone).date(), zone)


@lru_cache(256)
def _spans_from(hours: WeeklyHours, today: date, zone: ZoneInfo) -> tuple[Between, ...]:
    """From the day before on, in order; those that touch are one."""
    days = (today + timedelta(days=n) for n in range(-1, _AHEAD_DAYS))
    merged: list[Between] = []
    for begin, end in sorted(span for day in days for span in _moments(hours.of(day), day, zone)):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif begin < end:
            merged.append((begin, end))
    return tuple(merged)


def _moments(spans: Spans, day: date, zone: ZoneInfo) -> Iterator[Between]:
    midnight = datetime.combine(day, time.min)
    for span in spans:
        closes = span.closes + (_DAY if span.closes <= span.opens else 0)
        yield (
            instant_of(midnight + timedelta(minutes=span.opens), zone),
            instant_of(midnight + timedelta(minutes=closes), zone),
        )


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """When the restaurant's clocks show it first, or skip it; in UTC. A later `local` is never an earlier instant."""
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if early >= late:
        return late
    # The clocks pass it by: the first moment with the new offset lies in between.
    offset = late.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        early, late = (early, middle) if middle.astimezone(zone).utcoffset() == offset else (middle, late)
    return late.replace(microsecond=0)
