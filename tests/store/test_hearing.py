"""Since when food has stood in its cell that became ready while nobody listened to the complex."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kiosk.domain.ordering.order import PortionStatus
from kiosk.kitchen.hearing import Hearing
from kiosk.store.database import Database
from kiosk.store.ordering.cooking import WorkRow
from tests.clocks import START, ManualClock

COOKS_S = 300.0
HOURS_S = 3 * 3600


def portion(cooking_at: datetime | None = None) -> WorkRow:
    status = PortionStatus.QUEUED if cooking_at is None else PortionStatus.COOKING
    promised_at = START + timedelta(seconds=600)
    return WorkRow(
        portion_id=1, order_id="A", number="A01", promised_at=promised_at, item_id="tea", status=status, attempt=1,
        cell=None, released=False, recipe=1, chart_fingerprint="f", formula={}, cooking_at=cooking_at,
    )  # fmt: skip


async def heard(database: Database, clock: ManualClock) -> Hearing:
    """One whole round, as of the process before."""
    hearing = Hearing(database, clock)
    await hearing.restore()
    hearing.begin()
    await hearing.end()
    return hearing


async def started(database: Database, clock: ManualClock) -> Hearing:
    """The first round of a process."""
    hearing = Hearing(database, clock)
    await hearing.restore()
    hearing.begin()
    return hearing


@pytest.mark.parametrize(("cooking_s_before", "ready_s"), [(None, COOKS_S), (100, COOKS_S - 100), (2 * COOKS_S, 0)])
async def test_4_after_a_start_food_is_as_old_as_it_can_be(
    database: Database, cooking_s_before: float | None, ready_s: float
) -> None:
    clock = ManualClock()
    await heard(database, clock)
    clock.advance(HOURS_S)
    hearing = await started(database, clock)
    row = portion(None if cooking_s_before is None else START - timedelta(seconds=cooking_s_before))
    assert hearing.ready_at(row, COOKS_S, clock.now()) == START + timedelta(seconds=ready_s)


async def test_4_silence_of_the_line_counts_like_a_start_and_a_lost_frame_does_not(database: Database) -> None:
    clock = ManualClock()
    hearing = await heard(database, clock)
    clock.advance(1.0)
    hearing.begin()
    assert hearing.ready_at(portion(START - timedelta(hours=1)), COOKS_S, clock.now()) == clock.now()
    await hearing.end()
    clock.advance(HOURS_S)
    hearing.begin()
    assert hearing.ready_at(portion(), COOKS_S, clock.now()) == START + timedelta(seconds=1 + COOKS_S)


async def test_4_clock_that_is_behind_what_was_heard_makes_no_food_younger(database: Database) -> None:
    clock = ManualClock()
    await heard(database, clock)
    hearing = await started(database, ManualClock(START - timedelta(days=9000)))
    assert hearing.ready_at(portion(), COOKS_S, START - timedelta(days=9000)) == START + timedelta(seconds=COOKS_S)


async def test_4_file_that_knows_of_no_complex_goes_by_the_promise(database: Database) -> None:
    clock = ManualClock(START + timedelta(hours=1))
    hearing = await started(database, clock)
    assert hearing.ready_at(portion(), COOKS_S, clock.now()) == START + timedelta(seconds=600)
