"""kill -9 before every line of the saga and the kitchen that an order executes, whichever way the order goes.

The lines are found by a run under trace, so a new line is swept the day it is written. Short: a seeded sample; long:
every one (guarantees.md#how-each-is-tested; about 12 minutes).
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

import kiosk
from tests.crash.bombs import AtLine, LineRecorder, named
from tests.crash.judging import violations
from tests.crash.rig import Bomb
from tests.crash.sweeping import sweep
from tests.crash.ways import STORIES, Story
from tests.samples import SEED

_WHERE = Path(kiosk.__file__).parent
#: A file that is renamed is missed here; else its lines would not be swept and nobody would notice.
FILES = [
    (_WHERE / f"{name}.py").resolve(strict=True)
    for name in (
        "flows/payment/attempts", "flows/payment/bank_outcome", "flows/payment/by_token", "flows/payment/confirmation",
        "flows/payment/ending", "flows/payment/give_back", "flows/payment/late_answers", "flows/payment/money",
        "flows/payment/portions", "flows/payment/refunds", "flows/payment/saga", "flows/fiscal/claim",
        "flows/fiscal/failures", "flows/fiscal/receipts", "flows/stock/reservations", "kitchen/controller",
        "kitchen/picture", "kitchen/progress", "sinks/cooking",
    )
]  # fmt: skip
_SHORT = {"sold": 5, "partly given back": 2}


def lines_of(story: Story) -> list[str]:
    """The lines this story executes after its payment is accepted, in the order they are reached first."""
    place = story.make()
    try:
        book = place.folder / "lines"
        port = place.live(partial(LineRecorder, FILES, book))
        assert port is not None
        place.wait_open(port)
        story.way(place, port)
        place.settle(port, patient=story.patient)
        assert violations(place) == []
        return book.read_text().split()
    finally:
        place.close()


def swept(story: Story, lines: list[str]) -> tuple[list[str], list[Bomb]]:
    bombs: list[Bomb] = [partial(AtLine, FILES, line) for line in lines]
    return sweep(bombs, story.make, story.way, patient=story.patient)


@pytest.mark.heavy
def test_4_killed_before_a_sample_of_the_sagas_lines_every_order_ends_well() -> None:
    rng, seen = random.Random(SEED), set[str]()
    for story in STORIES:
        if story.name in _SHORT:
            lines = [line for line in lines_of(story) if line not in seen]
            seen.update(lines)
            found, missed = swept(story, rng.sample(lines, _SHORT[story.name]))
            assert found == [], story.name
            assert len(missed) <= 1, missed  # a line that depends on timing need not come up


@pytest.mark.long
def test_4_killed_before_every_line_of_the_saga_every_order_ends_well() -> None:
    seen = set[str]()
    for story in STORIES:
        lines = [line for line in lines_of(story) if line not in seen]
        seen.update(lines)
        found, missed = swept(story, lines)
        assert found == [], story.name
        # A line that depends on timing (a pause, a busy device) need not come up each time.
        assert len(missed) <= len(lines) // 10, (story.name, missed)
    assert {line.partition(":")[0] for line in seen} == {named(path) for path in FILES}
