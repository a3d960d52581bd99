"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

from kiosk.clock import SystemClock
from tests.patient_loop import ahead_s

_DEADLINE_S = 20.0
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class ManualClock:
    """`kiosk.clock.Clock` by hand: `advance()` moves both times and wakes the sleepers that are due, in their order."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._turns = itertools.count()
        self._arrived = asyncio.Event()
        self.asked_s: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, delay_s: float) -> None:
        self.asked_s.append(delay_s)
        waker = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + max(0.0, delay_s), next(self._turns), waker))
        self._arrived.set()
        await waker

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            waker = heapq.heappop(self._sleepers)[2]
            if not waker.done():
                waker.set_result(None)

    async def until_asleep(self, count: int = 1) -> None:
        """Wait until `count` sleepers lie down; the test fails when they do not."""
        async with asyncio.timeout(_DEADLINE_S):
            while sum(not waker.done() for _, _, waker in self._sleepers) < count:
                self._arrived.clear()
                await self._arrived.wait()


class SceneClock(SystemClock):
    """The machine's own time, and what the loop of the scene is ahead of it (`tests.patient_loop`)."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=ahead_s())

    def monotonic(self) -> float:
        return super().monotonic() + ahead_s()


class JumpingClock(SceneClock):
    """The scene's own time, whose wall clock somebody sets; monotonic time and sleep stay true, so what was promised
    moves along. Where time is to have passed for an order, `PassingClock`."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def jump(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class PassingClock(JumpingClock):
    """Time that has really passed: the wall clock and the monotonic one are ahead alike; whoever sleeps sleeps on."""

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead.total_seconds()


class SleeplessClock(ManualClock):
    """Whoever sleeps has slept: the clock moves on by it."""

    async def sleep(self, delay_s: float) -> None:
        self.asked_s.append(delay_s)
        self.advance(delay_s)
