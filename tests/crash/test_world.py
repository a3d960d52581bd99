"""Random days by seed: whatever happens, once everything works again each order is whole or wholly given back.

The seed of a failure is printed; `KIOSK_WORLD_SEED=n` plays that day again, for 60 steps, of which a short day is the
first third. Short: one day, for simulated ones are cheaper (`tests/vopr`); long: 16 days of 60 steps (about 8 minutes).
"""

from __future__ import annotations

import os

import pytest

from tests.crash import planted
from tests.crash.wildness import WildDay

_GIVEN = os.environ.get("KIOSK_WORLD_SEED")
_SHORT = [int(_GIVEN)] if _GIVEN else [1]
_STEPS, _LONG_STEPS = 20, 60


def lived(seed: int, steps: int) -> list[str]:
    day = WildDay(seed)
    try:
        day.place.scenarios += 1
        day.run(steps)
        found = day.mend(least=max(1, steps // 30))  # of these one at the open doors
        return [*found, *(["the day was:", *day.story] if found else [])]
    finally:
        day.place.close()


@pytest.mark.parametrize("seed", _SHORT)
def test_4_random_day_ends_with_every_order_whole_or_given_back(seed: int) -> None:
    assert lived(seed, _LONG_STEPS if _GIVEN else _STEPS) == [], f"KIOSK_WORLD_SEED={seed}"


@pytest.mark.long
@pytest.mark.parametrize("seed", [] if _GIVEN else range(100, 116))
def test_4_many_random_days_end_with_every_order_whole_or_given_back(seed: int) -> None:
    assert lived(seed, _LONG_STEPS) == [], f"KIOSK_WORLD_SEED={seed}"


@pytest.mark.parametrize("purchases", [[], ["tea"]])
def test_4_a_day_that_sells_nothing_is_a_failure(purchases: list[str]) -> None:
    day = WildDay(1)
    try:
        day.place.views = {item: {"status": "created", "refunds": []} for item in purchases}
        assert day.sold() == 0
        assert any("sold 0 orders" in line for line in day.mend())
    finally:
        day.place.close()


@pytest.mark.long
def test_4_planted_bug_is_caught_by_a_random_day() -> None:
    for seed in range(4, 9):
        day = WildDay(seed, planted.new_key_while_unknown, "charge.answered")
        try:
            day.run(_STEPS // 2)
            if any("2 charges" in line for line in day.mend(10)):
                return
        finally:
            day.place.close()
    raise AssertionError("no random day sees a second charge: it proves nothing")
