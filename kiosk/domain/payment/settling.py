"""When the card reader's day is closed: once a day at a quiet hour, again after a failure (payment.md#settlement)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

#: Later than that after its hour guests come; it is left to a person, or to the next night.
_NIGHT = timedelta(hours=3)
#: From one try to the next.
_AGAIN = timedelta(minutes=10)
#: So long after the last one a person is told that it is due.
_OVERDUE = timedelta(hours=30)


class SettlingHour(msgspec.Struct, frozen=True):
    """`settle_at`: minutes after midnight of the restaurant's own time, or None for never by itself."""

    settle_at: int | None
    zone: ZoneInfo

    @classmethod
    def parse(cls, settle_at: str, zone: ZoneInfo) -> SettlingHour:
        """`settle_at` like `03:30`, or empty. Raises `ValueError`."""
        if not settle_at:
            return cls(None, zone)
        moment = datetime.strptime(settle_at, "%H:%M")  # noqa: DTZ007 - a time of day, of no day
        return cls(moment.hour * 60 + moment.minute, zone)

    def is_due(self, now: datetime, settled_at: datetime | None, tried_at: datetime | None) -> bool:
        """In the hours after `settle_at`, where none has succeeded since then and no try has just failed."""
        begins_at = self._last_hour(now)
        if begins_at is None or now - begins_at >= _NIGHT:
            return False
        settled = settled_at is not None and settled_at >= begins_at
        return not settled and (tried_at is None or now - tried_at >= _AGAIN)

    def is_overdue(self, now: datetime, settled_at: datetime | None) -> bool:
        """It has been done before, and not for more than a day."""
        return self.settle_at is not None and settled_at is not None and now - settled_at > _OVERDUE

    def _last_hour(self, now: datetime) -> datetime | None:
        if self.settle_at is None:
            return None
        local = now.astimezone(self.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        moments = [midnight + timedelta(days=days, minutes=self.settle_at) for days in (-1, 0)]
        return max(moment for moment in moments if moment <= local)
