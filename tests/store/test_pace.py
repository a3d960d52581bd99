"""Background steps shrink at once where one took long, and grow slowly where they are quick."""

from __future__ import annotations

import pytest

from kiosk.flows.guards.pace import Pace
from kiosk.store.database import Database
from kiosk.store.transaction import Tx
from tests.clocks import ManualClock


@pytest.mark.parametrize(
    ("took_s", "rows"),
    [(0.0, 40), (0.0005, 40), (0.002, 20), (0.004, 10), (0.020, 2), (1.0, 1)],
)
def test_the_next_step_is_as_large_as_fits_into_two_milliseconds(took_s: float, rows: int) -> None:
    pace = Pace(20, 100, ManualClock())
    pace.learn(took_s)
    assert pace.rows == rows


def test_it_recovers_from_a_slow_moment_and_never_passes_the_most() -> None:
    pace = Pace(20, 100, ManualClock())
    pace.learn(5.0)
    grown = []
    while pace.rows < 100:
        pace.learn(0.0001)
        grown.append(pace.rows)
    assert grown == [2, 4, 8, 16, 32, 64, 100]
    pace.learn(0.0)
    assert pace.rows == 100


async def test_it_learns_from_how_long_the_writer_was_held(database: Database) -> None:
    clock = ManualClock()
    pace = Pace(20, 100, clock)

    def slow(tx: Tx) -> str:
        clock.advance(0.010)
        return "done"

    assert await pace.write(database, slow) == "done"
    assert pace.rows == 4
