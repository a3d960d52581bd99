"""kill -9, and kill -9 again inside the recovery: at later points, and before callbacks of the recovery's own loop.

Short: a seeded sample of pairs; long: every pair of points and some callbacks for each first point
(guarantees.md#how-each-is-tested; about 6 minutes).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from itertools import product

import pytest

from kiosk.checkpoints import POINTS
from tests.crash.bombs import FROM_THE_START, AtHandle, AtPoint
from tests.crash.judging import judged
from tests.crash.rig import Bomb, World, world
from tests.crash.sweeping import struck
from tests.samples import SEED

_FIRST = ("t3.after", "charge.answered", "t4.after", "t5.after", "receipt.answered", "t6.after", "portion.submitting")
_PER_WORLD = 60
#: A recovery need not pass every point.
_SURELY_S = 15.0
_PERHAPS_S = 1.5


def twice(place: World, first: str, second: Bomb, within_s: float) -> bool:
    """An order killed at `first`, its recovery killed at `second`; whether the second death came."""
    struck(place, partial(AtPoint, first))
    port = place.live(second)
    return port is None or place.until_dead(within_s)


def in_order() -> list[tuple[str, Bomb]]:
    """Every point with every point that is not before it; a named bomb of a life goes off in its recovery."""
    return [(a, b) for (i, a), (j, b) in product(enumerate(POINTS), enumerate(POINTS)) if 0 < i <= j]


def swept(pairs: Sequence[tuple[str, Bomb]], within_s: float = _PERHAPS_S, tries: int = 1) -> tuple[list[str], int]:
    """(violations, second deaths). On a loaded machine an order may miss its first death: `tries` orders a pair."""
    found: list[str] = []
    deaths = 0
    for begin in range(0, len(pairs), _PER_WORLD):
        with world() as place:
            for first, second in pairs[begin : begin + _PER_WORLD]:
                deaths += any(twice(place, first, second, within_s) for _ in range(tries))
            found += judged(place)
    return found, deaths


@pytest.mark.heavy
def test_4_killed_in_the_middle_of_the_recovery_the_next_recovery_still_ends_well() -> None:
    rng = random.Random(SEED)
    certain: list[tuple[str, Bomb]] = [
        ("t3.after", "charge.answered"),
        ("t5.after", "receipt.answered"),
        ("t6.after", "t7.before"),
    ]
    certain += [(first, partial(AtHandle, rng.randrange(1, 250), FROM_THE_START)) for first in rng.sample(_FIRST, 2)]
    found, deaths = swept(certain, _SURELY_S, tries=3)
    assert (found, deaths) == ([], len(certain))
    found, _ = swept(rng.sample(in_order(), 2))
    assert found == []


@pytest.mark.long
def test_4_killed_twice_at_every_pair_of_points_every_order_ends_well() -> None:
    pairs = in_order()
    found, deaths = swept(pairs)
    assert found == []
    assert deaths > len(pairs) // 2


@pytest.mark.long
def test_4_killed_again_before_the_callbacks_of_the_recovery_every_order_ends_well() -> None:
    pairs = [(first, partial(AtHandle, n, FROM_THE_START)) for first in _FIRST for n in range(20, 420, 16)]
    found, deaths = swept(pairs, _SURELY_S)
    assert found == []
    assert deaths == len(pairs)
