"""An event loop whose time stands still while the machine keeps this process from running.

A scene has the kiosk, every device and the guest on one loop. Where neighbours take the cores for a second, all of them
stand still alike, but by the machine's clock each would be a second late for the others: a register that had no turn
would count as silent. By this loop's time nobody is late for what nobody could do. Whoever is awaited elsewhere (a
device in a process of its own, the kernel that carries the bytes of a terminal) has as few turns as this process: its
waiting is counted in small parts, and each part that ended late counts as one that ended in time."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable

#: So much at most counts of one round of callbacks.
STEP_S = 0.02
#: Of waiting: asked for at a time, and how late it may end.
PART_S = 0.02
_LATE_S = 0.005


class Waiting(selectors.DefaultSelector):
    """Asks for events, and notes how long the loop was away between two questions or was woken too late."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._clock = clock or time.monotonic
        self._lost_s = 0.0
        self._left_at: float | None = None  # None: it is waiting for events now

    def now_s(self) -> float:
        now = self._clock()
        return now - self._lost_s - self._too_long(now)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        asked_at = self._clock()
        self._lost_s += self._too_long(asked_at)
        self._left_at = None
        left_s = timeout
        while True:
            part_s = PART_S if left_s is None else min(PART_S, max(left_s, 0.0))
            events = super().select(part_s)
            woken_at = self._clock()
            counts_s = min(woken_at - asked_at, part_s + _LATE_S)
            self._lost_s += woken_at - asked_at - counts_s
            asked_at = woken_at
            if left_s is not None:
                left_s -= counts_s
            if events or (left_s is not None and left_s <= 0):
                self._left_at = woken_at
                return events

    def _too_long(self, now: float) -> float:
        return 0.0 if self._left_at is None else max(0.0, now - self._left_at - STEP_S)


class PatientLoop(asyncio.SelectorEventLoop):
    """`time()` goes on while it waits for events, and by `STEP_S` at most while it works or is not let."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.now_s()


class PatientPolicy(asyncio.DefaultEventLoopPolicy):
    """For the processes that a test forks: `asyncio.run` takes such a loop."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return PatientLoop()
