"""Wrong codes slow down who types them: a table of times, and the rule itself over random tries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.errors import TooManyRequests
from kiosk.domain.ordering.throttle import FREE_TRIES, WINDOW_S, Throttle


class Typist:
    """Somebody at one screen, with a clock in hand."""

    def __init__(self, throttle: Throttle | None = None, screen: str = "hall") -> None:
        self.throttle = throttle or Throttle()
        self.screen = screen
        self.now_s = 0.0
        self.wrong_at: list[float] = []

    def types_wrong(self, number: str = "A01") -> int:
        """0 where it was looked at, else the seconds to wait."""
        try:
            self.throttle.check(self.screen, number, self.now_s)
        except TooManyRequests as refusal:
            return int(refusal.members["retry_after_s"])
        self.throttle.count(self.screen, number, self.now_s)
        self.wrong_at.append(self.now_s)
        return 0


@pytest.mark.parametrize(
    ("script", "answers"),
    [
        # four are free; the fifth waits, and asking does not make it longer
        ([(0, 0)] * 4 + [(0, 5), (2, 3), (2, 1), (1, 0)], None),
        # each further wrong one waits longer, 60 s at most
        ([(0, 0)] * 4 + [(5, 0), (0, 10), (10, 0), (19, 1), (1, 0), (0, 40), (40, 0), (0, 60), (60, 0), (0, 60)], None),
        # what is older than ten minutes is forgotten
        ([(0, 0)] * 4 + [(599.5, 0), (0.4, 10), (0.1, 0)], None),
        # never five within ten minutes
        ([(0, 0)] + [(160, 0)] * 20, None),
    ],
)
def test_waits_follow_the_table(script: list[tuple[float, int]], answers: None) -> None:
    typist = Typist()
    for pause_s, answer in script:
        typist.now_s += pause_s
        assert typist.types_wrong() == answer, (typist.now_s, pause_s)


def test_another_screen_and_another_number_wait_for_nobody() -> None:
    throttle = Throttle()
    stranger, owner = Typist(throttle), Typist(throttle, "owner")
    for _ in range(100):
        stranger.types_wrong()
    assert stranger.types_wrong() == 5
    assert stranger.types_wrong("A02") == 0
    assert owner.types_wrong() == 0


def test_memory_is_bounded_and_keeps_who_typed_last() -> None:
    throttle = Throttle(pairs=50)
    typist = Typist(throttle)
    for n in range(1000):
        typist.types_wrong(f"N{n}")
        typist.now_s += 0.001
    assert len(throttle._wrong) == 50  # noqa: SLF001  # what it holds in memory
    for _ in range(100_000):
        throttle.count("hall", "N999", typist.now_s)
    assert len(throttle._wrong["hall", "N999"]) < 20  # noqa: SLF001  # what it holds in memory


def misses(make: Callable[[], Throttle], pauses: list[float]) -> str | None:
    """What of the rule `make`'s throttle breaks over these tries, or None."""
    typist = Typist(make())
    for pause_s in pauses:
        typist.now_s += pause_s
        recent = [at for at in typist.wrong_at if typist.now_s - at < WINDOW_S]
        wait_s = typist.types_wrong()
        if len(recent) < FREE_TRIES and wait_s:
            return "waits too early"
        if not 0 <= wait_s <= 60:
            return "waits too long"
        if wait_s and recent and wait_s > 60 - (typist.now_s - recent[-1]) + 1:
            return "runs from another try than the last counted one"
        if not wait_s and len(recent) >= FREE_TRIES and typist.now_s - recent[-1] < 5:
            return "does not wait"
    in_window = max((sum(0 <= b - a < WINDOW_S for b in typist.wrong_at) for a in typist.wrong_at), default=0)
    return None if in_window <= 18 else "too many looked at"


class CountsRefusedOnes(Throttle):
    """Planted: a try that is refused makes the wait longer, as a lock would."""

    def check(self, screen: str, number: str, now_s: float) -> None:
        try:
            super().check(screen, number, now_s)
        except TooManyRequests:
            self.count(screen, number, now_s)
            raise


class Forgets(Throttle):
    """Planted: a wait that is over starts from nothing."""

    def wait_s(self, screen: str, number: str, now_s: float) -> float:
        left_s = super().wait_s(screen, number, now_s)
        if not left_s and len(self._wrong.get((screen, number), ())) >= FREE_TRIES:
            del self._wrong[screen, number]
        return left_s


#: Seconds in whole 1/1024, which floating point adds and takes away exactly.
PAUSES = st.lists((st.integers(0, 700 * 1024) | st.integers(0, 6 * 1024)).map(lambda n: n / 1024), max_size=80)


@given(PAUSES)
def test_rule_holds_over_random_tries(pauses: list[float]) -> None:
    assert misses(Throttle, pauses) is None


@pytest.mark.parametrize("planted", [CountsRefusedOnes, Forgets])
def test_planted_throttles_are_caught(planted: type[Throttle]) -> None:
    assert misses(planted, [0.0] * 4 + [1.0] * 300) is not None
