"""When a shift must be closed, by schedule at a quiet hour and before 24 h whatever happens, and when to be open."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from kiosk.domain.hours import CLOSED, WeeklyHours

_GUARD = timedelta(hours=23, minutes=30)  # the device itself blocks at 24 h
_LAST = timedelta(hours=23, minutes=50)
_TOO_YOUNG = timedelta(minutes=15)
_OPEN_BEFORE = timedelta(minutes=30)


class Closing(StrEnum):
    NOT_YET = "not_yet"
    DUE = "due"  # at the next moment without a payment
    NOW = "now"  # whatever happens


class FiscalDay(msgspec.Struct, frozen=True):
    """`close_at`: minutes after midnight of the restaurant's own time, or None; `hours` as on the door."""

    close_at: int | None
    hours: WeeklyHours | None
    zone: ZoneInfo

    @classmethod
    def parse(cls, close_at: str, hours: WeeklyHours | None, zone: ZoneInfo) -> FiscalDay:
        """`close_at` like `03:30`, or empty. Raises `ValueError`."""
        if not close_at:
            return cls(None, hours, zone)
        moment = datetime.strptime(close_at, "%H:%M")  # noqa: DTZ007 - a time of day, of no day
        return cls(moment.hour * 60 + moment.minute, hours, zone)

    def closing(self, opened_at: datetime, now: datetime) -> Closing:
        age = now - opened_at
        if age >= _LAST:
            return Closing.NOW
        due = age >= _GUARD or self._passed(opened_at, now)
        return Closing.DUE if due else Closing.NOT_YET

    def _passed(self, opened_at: datetime, now: datetime) -> bool:
        """Whether the hour of closing has come since the shift was opened."""
        if self.close_at is None:
            return False
        local = now.astimezone(self.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        moments = (midnight + timedelta(days=days, minutes=self.close_at) for days in (-1, 0))
        return any(opened_at + _TOO_YOUNG < moment <= local for moment in moments)

    def wants_open(self, now: datetime) -> bool:
        """A little before the doors open, until they close."""
        hours = self.hours
        return hours is None or any(
            hours.why_closed(moment, self.zone, 0.0) != CLOSED for moment in (now, now + _OPEN_BEFORE)
        )
