"""In which turn portions go to the robot: who paid first comes first, and the portions of an order end together."""

from __future__ import annotations

from drivers.robot.port import Job, JobState
from kiosk.domain.ordering.order import PortionStatus
from kiosk.kitchen.turns import in_turn, would_be_cold
from kiosk.store.ordering.cooking import WorkRow

SECONDS = {"tea": 45.0, "udon": 130.0, "soup": 120.0}


def portion(portion_id: int, order_id: str, dish: str) -> WorkRow:
    return WorkRow(
        portion_id=portion_id, order_id=order_id, number=order_id, promised_at=None, item_id=dish,
        status=PortionStatus.WAITING, attempt=1, cell=None, released=False,
        recipe=1, chart_fingerprint=dish, formula={}, cooking_at=None,
    )  # fmt: skip


def seconds(row: WorkRow) -> float:
    return SECONDS[row.chart_fingerprint]


def job(job_id: int, remaining_s: int, state: JobState = JobState.COOKING) -> Job:
    return Job(job_id, 1, 1, state, 1, 0, remaining_s, 1, 0, food_spent=True)


TEA, UDON, SOUP = portion(1, "A", "tea"), portion(2, "A", "udon"), portion(3, "B", "soup")
ROWS = [TEA, UDON, SOUP]


def test_of_one_order_what_takes_longest_goes_first_and_no_order_overtakes_another() -> None:
    assert [row.portion_id for row in in_turn([TEA, UDON, SOUP], seconds)] == [2, 1, 3]
    assert [row.portion_id for row in in_turn([TEA, SOUP, UDON], seconds)] == [2, 1, 3]


def test_a_drink_waits_for_the_dish_of_its_order_and_no_longer_than_needed() -> None:
    assert would_be_cold(TEA, ROWS, {2: job(2, 130)}, seconds(TEA))
    assert not would_be_cold(TEA, ROWS, {2: job(2, 60)}, seconds(TEA))
    assert not would_be_cold(UDON, ROWS, {1: job(1, 45)}, seconds(UDON))


def test_nobody_waits_for_another_order_or_for_what_is_held_or_over() -> None:
    assert not would_be_cold(TEA, ROWS, {3: job(3, 900)}, seconds(TEA))
    for state in (JobState.HELD, JobState.FAILED, JobState.READY):
        assert not would_be_cold(TEA, ROWS, {2: job(2, 900, state)}, seconds(TEA))
    assert not would_be_cold(TEA, ROWS, {}, seconds(TEA))
