"""Somebody sets the wall clock (NTP after a start without a battery): what was promised moves along with it."""

from __future__ import annotations

from datetime import timedelta

import structlog

from kiosk.clock import Clock
from kiosk.store import orders
from kiosk.store.database import Database

_log = structlog.get_logger()
_SET = timedelta(seconds=60)  # less is the clock's own drift, or a machine that was asleep for a moment


class MindingClock:
    """`look()` before anything is judged by a moment that was promised: a meal on the stove is not late because the
    clock was three hours behind."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._seen = (clock.now(), clock.monotonic())

    async def look(self) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        seen_at, seen_monotonic = self._seen
        self._seen = (now, monotonic)
        ahead = (now - seen_at) - timedelta(seconds=monotonic - seen_monotonic)
        if abs(ahead) > _SET:
            _log.warning("clock_set", ahead_s=round(ahead.total_seconds()))
            await self._db.write(orders.shift_promises, ahead)
