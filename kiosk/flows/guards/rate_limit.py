"""A sliding window for each address or screen, in memory: how often somebody may ask."""

from __future__ import annotations

from collections import deque

from kiosk.clock import Clock
from kiosk.domain.errors import TooManyRequests

_MOST = 10_000


class Window:
    def __init__(self, clock: Clock, allowed: int, length_s: float) -> None:
        self._clock = clock
        self._allowed = allowed
        self._length_s = length_s
        self._seen: dict[str, deque[float]] = {}

    def check(self, who: str) -> None:
        """Raises `TooManyRequests` with the time until there is room."""
        now, seen = self._clock.monotonic(), self._seen.get(who, deque())
        while seen and now - seen[0] >= self._length_s:
            seen.popleft()
        if len(seen) >= self._allowed:
            wait_s = self._length_s - (now - seen[0]) if seen else self._length_s
            raise TooManyRequests(retry_after_s=max(1, round(wait_s)))

    def take(self, who: str) -> None:
        """Count one request. Raises `TooManyRequests` with the time until there is room."""
        self.check(who)
        now = self._clock.monotonic()
        self._seen.setdefault(who, deque()).append(now)
        if len(self._seen) > _MOST:
            self._seen = {
                name: times for name, times in self._seen.items() if times and now - times[-1] < self._length_s
            }
