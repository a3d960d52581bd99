"""How late the event loop wakes: the longest delay since somebody last asked (`/metrics`)."""

from __future__ import annotations

from kiosk.clock import Clock

_EVERY_S = 0.02


class LoopLag:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._longest_s = 0.0

    async def run(self) -> None:
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(_EVERY_S)
            self._longest_s = max(self._longest_s, self._clock.monotonic() - before - _EVERY_S)

    def take_s(self) -> float:
        """The longest delay since the last call."""
        longest_s, self._longest_s = self._longest_s, 0.0
        return longest_s
