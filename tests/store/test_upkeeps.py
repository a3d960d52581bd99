"""What was done at a station counts from when it was done, also where the wall clock was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.clock import Written
from kiosk.store.file.opening import open_writer
from kiosk.store.staff import upkeeps
from kiosk.store.transaction import Tx
from tests.clocks import START

YEAR, DAY = timedelta(days=365), timedelta(days=1)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with closing(open_writer(tmp_path / "kiosk.db")) as connection:
        yield Tx(connection)


def test_what_was_done_while_the_clock_was_ahead_gives_way_to_what_is_done_now(tx: Tx) -> None:
    upkeeps.record(tx, "wok", 1, "olga", "by the wrong clock", START + YEAR)
    upkeeps.record(tx, "wok", 1, "ira", "by the right one", START + DAY)
    done = upkeeps.read(tx, ["wok"]).done["wok"]
    assert (done.at, done.actor) == (START + DAY, "ira")


def test_a_clock_that_is_set_moves_what_this_process_has_written_and_nothing_older(tx: Tx) -> None:
    upkeeps.record(tx, "oven", 2, "olga", "", START - DAY)
    upkeeps.record(tx, "wok", 1, "olga", "", START + YEAR)
    upkeeps.move(tx, -YEAR, Written(START, START + YEAR))
    done = upkeeps.read(tx, ["wok", "oven"]).done
    assert (done["wok"].at, done["oven"].at) == (START, START - DAY)
