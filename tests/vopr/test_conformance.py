"""One day in both worlds, with processes and simulated: people, staff and the devices meet the same."""

from __future__ import annotations

import re

import pytest

from tests.crash.wildness import WildDay
from tests.vopr.__main__ import Wanted, played, warm

_SEED, _STEPS = 1, 20
_ORDER = re.compile(r"\b[0-9A-Z]{16}\b")
_CLASS = re.compile(r"<class '[\w.]+\.(\w+)'>")


def _alike(story: list[str]) -> list[str]:
    """Orders by the number of their turn, bombs by their kind: an id holds its time, the classes are each world's."""
    turns: dict[str, str] = {}

    def turn(found: re.Match[str]) -> str:
        return turns.setdefault(found[0], f"order {len(turns) + 1}")

    return [_CLASS.sub(r"\1", _ORDER.sub(turn, line)) for line in story]


@pytest.mark.long
def test_4_a_day_is_the_same_story_with_processes_and_simulated() -> None:
    warm()
    simulated = played(_SEED, Wanted(kind="wild", most=_STEPS))
    day = WildDay(_SEED)
    try:
        day.run(_STEPS)
        found = day.mend()
        sold = day.sold()
    finally:
        day.place.close()
    assert (simulated.violations, found) == ([], [])
    assert _alike(simulated.story) == _alike(day.story)
    assert simulated.sold == sold > 0
