"""When the complex was last heard, and what that says of food that became ready meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from kiosk.clock import Clock, rfc3339
from kiosk.store import meta
from kiosk.store.database import Database
from kiosk.store.ordering.cooking import WorkRow

#: A frame or two spoilt on the line close no restaurant: silence this long does. What is no silence does at once.
SILENCE_S = 2.5
_KEY = "robot_heard_at"
_KEEP = timedelta(seconds=60)


class Hearing:
    """Kept by the line's own loop; the file keeps the minute, so that a process that was down knows for how long."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._heard_at: float | None = None
        self._kept_at: datetime | None = None
        self._resumed = True  # this round is the first after a silence

    @property
    def is_new(self) -> bool:
        """This process has not heard it yet."""
        return self._heard_at is None

    @property
    def is_recent(self) -> bool:
        return self._heard_at is not None and self._clock.monotonic() - self._heard_at < SILENCE_S

    async def restore(self) -> None:
        """At start: when the process before this one heard it."""
        kept = await self._db.read(meta.read, _KEY)
        self._kept_at = None if kept is None else datetime.fromisoformat(kept)

    def begin(self) -> None:
        """A round begins."""
        self._resumed = not self.is_recent

    async def end(self) -> None:
        """Everything was answered in it."""
        self._heard_at = self._clock.monotonic()
        now = self._clock.now()
        if self._kept_at is None or abs(now - self._kept_at) >= _KEEP:
            self._kept_at = now
            await self._db.write(meta.put, _KEY, rfc3339(now))

    def ready_at(self, row: WorkRow, seconds: float, now: datetime) -> datetime:
        """Since when a portion that is seen to be ready now has been so, at the earliest: after a silence it may have
        stood in its cell for hours. `seconds`: what it takes from its begin."""
        if not self._resumed:
            return now
        heard_at = self._last_heard(now)
        begun_at = row.cooking_at or heard_at
        if begun_at is None:
            return now if row.promised_at is None else min(now, row.promised_at)
        ready_at = begun_at + timedelta(seconds=seconds)
        if heard_at is None:
            return min(now, ready_at)
        ready_at = max(ready_at, heard_at)
        return ready_at if now < heard_at else min(now, ready_at)  # a clock that is behind itself knows no better

    def _last_heard(self, now: datetime) -> datetime | None:
        if self._heard_at is None:
            return self._kept_at
        return now - timedelta(seconds=self._clock.monotonic() - self._heard_at)
