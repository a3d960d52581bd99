"""Somebody sets the wall clock (NTP after a start without a battery): what was promised moves along with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from kiosk.clock import Clock, Written
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.staff import climates, upkeeps
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_SET = timedelta(seconds=60)  # less is the clock's own drift, or a machine that was asleep for a moment
_ROUNDED = timedelta(seconds=2)  # a promise is of whole seconds: the moment that it was made is known as well as that


class ClockGuard:
    """`look()` before anything is judged by a moment that was promised: a meal on the stove is not late because the
    clock was three hours behind, and none in its cell has stood there for that long. Only what this process has written
    by the wrong clock moves: what the process before it wrote is right as it stands. Of several who look the first
    moves the moments, and the others wait for it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._seen = (clock.now(), clock.monotonic())
        self._started_at = clock.now()
        self._moving = asyncio.Lock()

    async def look(self) -> None:
        async with self._moving:
            await self._look()

    async def _look(self) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        seen_at, seen_monotonic = self._seen
        self._seen = (now, monotonic)
        ahead = (now - seen_at) - timedelta(seconds=monotonic - seen_monotonic)
        if abs(ahead) > _SET:
            _log.warning("clock_set", ahead_s=round(ahead.total_seconds()))
            written = Written(self._started_at, now - ahead + _ROUNDED)
            self._started_at += ahead
            await self._db.write(_move, ahead, written)


def _move(tx: Tx, ahead: timedelta, written: Written) -> None:
    orders.move_promises(tx, ahead, written)
    climates.move(tx, ahead, written)
    upkeeps.move(tx, ahead, written)
