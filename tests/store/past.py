"""Books of past years: orders of every shape, as a kiosk made them, with their archives beside.

`python -m tests.store.past DATABASE SYNCHRONOUS` moves out what has had its time, for a recording of what it tells the
disk; SYNCHRONOUS is of the archive, and less than the product's is a planted bug.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.staff.retention import Keep
from kiosk.flows.guards.archive import OrderArchive
from kiosk.store.database import Database
from kiosk.store.keep import archives as archive_files
from kiosk.store.keep import moving
from kiosk.store.keep.archives import Archives
from kiosk.store.keep.retention import Term
from kiosk.store.transaction import Reader
from tests.clocks import START, SleeplessClock
from tests.databases.ready import lay_ready
from tests.growth.multiplying import Multiplying
from tests.store.aged import CONSUMERS, term

MOSCOW = ZoneInfo("Europe/Moscow")
Content = dict[str, moving.Rows]


def past_books(path: Path, orders: int, newest_days_ago: float = 200) -> Path:
    """`orders` of a year that ended so many days ago; every consumer has read everything."""
    lay_ready(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as books:
        Multiplying(books, orders, START - timedelta(days=newest_days_ago)).run()
        for consumer in CONSUMERS:
            books.execute("INSERT OR REPLACE INTO cursor SELECT ?, max(sequence) FROM event", (consumer,))
    return path


@contextlib.contextmanager
def looked_into(path: Path) -> Iterator[Reader]:
    """A reader of a file that nobody uses."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        yield Reader(file)


def orders_in(path: Path) -> Content:
    """Everything of each order that a file holds."""
    with looked_into(path) as reader:
        rows = reader.all(_Id, "SELECT order_id FROM orders ORDER BY order_id")
        return {row.order_id: moving.rows_of(reader, row.order_id) for row in rows}


class _Id(msgspec.Struct, frozen=True):
    order_id: str


def archived(path: Path) -> Content:
    """Everything of each order that the archives hold; each stands in one of them."""
    found: Content = {}
    for file in path.parent.glob(f"{path.stem}-[0-9]*{path.suffix}"):
        more = orders_in(file)
        assert not found.keys() & more.keys()
        found |= more
    return found


def years_of(content: Content) -> set[int]:
    """In the restaurant's zone."""
    moments = [str(rows["orders"][0][11]) for rows in content.values()]
    return {datetime.fromisoformat(moment).astimezone(MOSCOW).year for moment in moments}


def old_term(keep: Keep | None = None) -> Term:
    return term(rows=10, keep=keep)


async def no_rest() -> None:
    """Nobody else is there."""


@asynccontextmanager
async def archiving(
    path: Path, archives: Archives | None = None, trace: Any = None
) -> AsyncIterator[tuple[OrderArchive, Database, Readiness]]:
    """The database open, and who moves its orders out; sleeps take no time."""
    clock, readiness = SleeplessClock(), Readiness(())
    database = await Database.open(path, print, trace=trace)
    archive = OrderArchive(database, archives or Archives(path, trace), MOSCOW, readiness, clock)
    try:
        yield archive, database, readiness
    finally:
        await archive.close()
        await database.close()


async def move_out(path: Path, archives: Archives | None = None, trace: Any = None) -> int:
    async with archiving(path, archives, trace) as (archive, *_):
        return await archive.move_out(old_term, no_rest)


if __name__ == "__main__":
    archive_files.PRAGMAS["synchronous"] = sys.argv[2]
    asyncio.run(move_out(Path(sys.argv[1])))
    os._exit(0)
