"""A power cut while orders move to their year's archive: each stands whole in one of the two files, or in both.

Everything the moving process tells the disk is recorded and replayed; a name in the folder is safe once the folder was
synced. Planted: an archive that does not wait for its flushes. Condition: the drive honours flush.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kiosk.store.file.opening import open_writer
from kiosk.store.keep.archives import PRAGMAS
from tests.crash import tally
from tests.crash.power import Disk, Step, Verdict, replay, traced
from tests.crash.test_syscalls import strace_works
from tests.restaurant import short_folder
from tests.store.past import Content, archived, move_out, orders_in, past_books

pytestmark = pytest.mark.skipif(not strace_works(), reason="strace is not installed or may not trace here")
_ORDERS = 12


@pytest.fixture
def folder() -> Iterator[Path]:
    found = short_folder()
    yield found
    shutil.rmtree(found, ignore_errors=True)


class Books:
    """The files before the move, and what each order says there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = past_books(folder / "kiosk.db", _ORDERS)
        with closing(sqlite3.connect(path)) as books:  # all of it in one file, as after an orderly stop
            books.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.orders: Content = orders_in(path)
        self.before = {part.name: part.read_bytes() for part in folder.iterdir() if part.name == path.name}

    def moved(self, synchronous: str) -> list[Step]:
        """What the process that moves them tells the disk."""
        return traced(self.folder, "tests.store.past", [str(self.folder / "kiosk.db"), synchronous])

    def judge(self, image: Path, _: set[int]) -> tuple[int, int]:
        """Also by the next process, which ends the work."""
        try:
            lost = self._lost(image / "kiosk.db")
            if lost == 0 and random.Random(len(list(image.iterdir()))).random() < 0.1:
                asyncio.run(move_out(image / "kiosk.db"))
                lost = self._lost(image / "kiosk.db")
        except (sqlite3.DatabaseError, msgspec.ValidationError):  # no database any more, or torn rows in one
            return 0, 1
        return lost, 0

    def _lost(self, path: Path) -> int:
        open_writer(path).close()
        here = orders_in(path)
        gone = [order_id for order_id, rows in self.orders.items() if here.get(order_id, rows) != rows]
        missing = self.orders.keys() - here.keys()
        there = archived(path) if missing else {}
        return len(gone) + sum(there.get(order_id) != self.orders[order_id] for order_id in missing)


def cut(folder: Path, synchronous: str, every: int) -> Verdict:
    books = Books(folder)
    verdict = replay(Disk(books.before), books.moved(synchronous), folder, books.judge, every=every)
    broken = verdict.lost + verdict.damaged
    tally.record("" if synchronous == PRAGMAS["synchronous"] else "archive unflushed", scenarios=verdict.images,
                 violations=broken)  # fmt: skip
    return verdict


@pytest.mark.heavy
def test_4_power_cut_on_the_way_to_the_archive_loses_no_order(folder: Path) -> None:
    verdict = cut(folder, str(PRAGMAS["synchronous"]), every=20)
    assert verdict.images > 25
    assert (verdict.lost, verdict.damaged) == (0, 0)


@pytest.mark.heavy
def test_4_planted_archive_that_does_not_wait_for_the_disk_loses_orders(folder: Path) -> None:
    verdict = cut(folder, "OFF", every=20)
    assert verdict.lost + verdict.damaged > 0, "the replay does not see lost orders: it proves nothing"


@pytest.mark.long
def test_4_power_cut_at_every_syscall_on_the_way_to_the_archive_loses_no_order(folder: Path) -> None:
    verdict = cut(folder, str(PRAGMAS["synchronous"]), every=1)
    assert (verdict.lost, verdict.damaged) == (0, 0)
