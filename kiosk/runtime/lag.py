"""How late the event loop wakes: the longest delay since somebody last asked (`/metrics`)."""

from __future__ import annotations

from kiosk.clock import Clock
from kiosk.periods import USUAL, Periods


class LoopLag:
    def __init__(self, clock: Clock, periods: Periods = USUAL) -> None:
        self._clock = clock
        self._every_s = periods.lag_s
        self._longest_s = 0.0

    async def run(self) -> None:
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(self._every_s)
            self._longest_s = max(self._longest_s, self._clock.monotonic() - before - self._every_s)

    def take_s(self) -> float:
        """The longest delay since the last call."""
        longest_s, self._longest_s = self._longest_s, 0.0
        return longest_s
