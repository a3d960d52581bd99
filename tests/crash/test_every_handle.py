"""kill -9 before every callback the event loop runs, from the accepted payment to the meal in its cell.

No product code takes part: the fork wraps `asyncio.events.Handle._run` and counts (guarantees.md#how-each-is-tested).
Short: a seeded sample; long: every one while money moves, then one in some while the meal is cooked (about 8 minutes).
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

from tests.crash.bombs import AtHandle, HandleCounter
from tests.crash.judging import judged
from tests.crash.rig import World, world
from tests.crash.sweeping import buy, sweep
from tests.samples import SEED

_SHORT = 6


def handles_until(*points: str) -> list[int]:
    """How many handles the loop runs from the accepted payment to each of these points, the last one passed last."""
    with world() as place:
        book = place.folder / "handles"
        port = place.live(partial(HandleCounter, book))
        assert port is not None
        place.wait_open(port)
        buy(place, port)
        place.until(lambda: points[-1] in book.read_text(), f"{points[-1]} is passed")
        counts = _counts(book)
        assert judged(place) == []
        return [counts[point] for point in points]


def _counts(book: Path) -> dict[str, int]:
    pairs = (line.split() for line in book.read_text().splitlines())
    found: dict[str, int] = {}
    for name, count in pairs:
        found.setdefault(name, int(count))
    return found


@pytest.mark.heavy
def test_4_killed_before_a_sample_of_the_loops_callbacks_every_order_ends_well() -> None:
    paid, ready = handles_until("t7.after", "robot.released")
    rng = random.Random(SEED)
    # Half of them while money moves: there the callbacks differ most.
    chosen = [*rng.sample(range(1, paid + 1), min(paid, _SHORT // 2)), *rng.sample(range(paid, ready), _SHORT // 2)]
    assert sweep([partial(AtHandle, n) for n in chosen], World) == ([], [])


@pytest.mark.long
def test_4_killed_before_the_callbacks_of_the_loop_every_order_ends_well() -> None:
    paid, ready = handles_until("t7.after", "robot.released")
    chosen = [*range(1, paid + 40), *range(paid + 40, ready, max(1, (ready - paid) // 160))]
    assert sweep([partial(AtHandle, n) for n in chosen], World) == ([], [])
