"""Wrong pick-up codes slow the one who types them down: by screen and number, so that they lock nobody else out."""

from __future__ import annotations

import math
from collections import OrderedDict, deque

from kiosk.domain.errors import TooManyRequests

#: So many wrong ones within the window are answered at once; the next waits.
FREE_TRIES = 4
WINDOW_S = 600.0
_WAITS_S = (5, 10, 20, 40, 60)  # after the 4th, 5th… wrong one; the last stands for all that follow
_PAIRS = 10_000


class Throttle:
    """Counts by (screen, number), in memory: a restart forgives, since it gives a guesser four tries of ten thousand
    and costs no write for each wrong code. `free_tries` are answered at once, the next wait. At most `pairs` are
    remembered, those touched last."""

    def __init__(self, free_tries: int = FREE_TRIES, pairs: int = _PAIRS) -> None:
        self._free_tries = free_tries
        self._pairs = pairs
        self._wrong: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def wait_s(self, screen: str, number: str, now_s: float) -> float:
        """Seconds until a code is looked at again; 0 = at once. Runs from the last wrong one that was counted."""
        seen = self._wrong.get((screen, number))
        while seen and now_s - seen[0] >= WINDOW_S:
            seen.popleft()
        if not seen or len(seen) < self._free_tries:
            return 0.0
        wait_s = _WAITS_S[min(len(seen) - self._free_tries, len(_WAITS_S) - 1)]
        return max(0.0, seen[-1] + wait_s - now_s)

    def check(self, screen: str, number: str, now_s: float) -> None:
        """Raises `TooManyRequests` while the screen has to wait: what it sent is neither looked at nor counted."""
        if (left_s := self.wait_s(screen, number, now_s)) > 0:
            raise TooManyRequests(retry_after_s=math.ceil(left_s))

    def free_tries(self, screen: str, number: str) -> int:
        """How many more wrong ones are looked at without a wait; as `wait_s` saw the window."""
        return max(0, self._free_tries - len(self._wrong.get((screen, number), ())))

    def count(self, screen: str, number: str, now_s: float) -> None:
        """A wrong one."""
        key = (screen, number)
        self._wrong.setdefault(key, deque(maxlen=self._free_tries + len(_WAITS_S))).append(now_s)
        self._wrong.move_to_end(key)
        while len(self._wrong) > self._pairs:
            self._wrong.popitem(last=False)
