"""An event loop whose time stands still while the machine keeps this process from running.

A scene has the kiosk, every device and the guest on one loop. Where neighbours take the cores for a second, all of them
stand still alike, but by the machine's clock each would be a second late for the others: a register that had no turn
would count as silent. By this loop's time nobody is late for what nobody could do."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable

#: So much at most counts of one round of callbacks, and of waking up too late.
STEP_S = 0.02


class Waiting(selectors.DefaultSelector):
    """Asks for events, and notes how long the loop was away between two questions."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lost_s = 0.0
        self._left_at: float | None = None  # None: it is waiting for events now

    def now_s(self) -> float:
        now = self._clock()
        return now - self._lost_s - self._too_long(now)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        asked_at = self._clock()
        self._lost_s += self._too_long(asked_at)
        self._left_at = None
        events = super().select(timeout)
        self._left_at = self._clock()
        if timeout is not None:
            self._lost_s += max(0.0, self._left_at - asked_at - max(timeout, 0.0) - STEP_S)
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
