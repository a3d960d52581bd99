"""Orders of past years: they move to the archive of their year, are read there, and come back for a refund.

What is wrong with an archive closes no sales: it is reported by the file's name, and the orders stay where they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
import structlog

from kiosk.clock import Clock
from kiosk.domain.errors import ArchiveBroken, DatabaseBroken
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.ordering.order import Order, first_order_id
from kiosk.domain.reasons import ARCHIVE
from kiosk.domain.staff.retention import is_removable
from kiosk.domain.text import Text
from kiosk.flows.guards.pace import Pace
from kiosk.store.database import Database
from kiosk.store.events import device_faults
from kiosk.store.file.copying import copy
from kiosk.store.keep import moving
from kiosk.store.keep.archives import Archives
from kiosk.store.keep.moving import Due
from kiosk.store.keep.retention import Term
from kiosk.store.transaction import Reader

_log = structlog.get_logger()
T = TypeVar("T")
CHECK = "archive"
_FIRST, _MOST = 2, 20  # orders of a step, each of some fifty rows
_STAYS_S = 3600.0  # who was brought back and then left as it was


class ArchiveView(msgspec.Struct, frozen=True):
    """The archive of one year; `removable`: no law asks for it any more, and nobody but a person removes it;
    `says`: what is wrong with it, also where the file is missing."""

    year: int
    file: str
    bytes: int
    removable: bool
    says: Text | None = None


class OrderArchive:
    def __init__(
        self, database: Database, archives: Archives, zone: ZoneInfo, readiness: Readiness, clock: Clock
    ) -> None:
        self._db = database
        self._archives = archives
        self._zone = zone
        self._readiness = readiness
        self._clock = clock
        self._broken: dict[int, ArchiveBroken] = {}
        self._brought: dict[str, float] = {}  # order → until when it stays, monotonic

    # Reading.

    async def find(self, look: Callable[[Reader], T | None]) -> T | None:
        """What `look` finds in the database, else in the archives, the newest year first. Raises `ArchiveBroken` where
        it was found nowhere and one of them could not be asked."""
        found = await self._db.read(look)
        return found if found is not None else await self._find_moved(look)

    async def _find_moved(self, look: Callable[[Reader], T | None]) -> T | None:
        broken: ArchiveBroken | None = None
        for year in reversed(await self._years()):
            try:
                found = await self._archives.read(year, look)
            except ArchiveBroken as error:
                broken = error
                _log.error("archive_broken", file=error.file, says=error.why.en)
                continue
            if found is not None:
                return found
        if broken is not None:
            raise broken
        return None

    async def fetch(self, look: Callable[[Reader], Order | None]) -> Order | None:
        """The order that `look` finds, in the database from now on: one that had moved is brought back in one
        transaction. Its copy in the archive is brought up to date when it moves again. Raises `ArchiveBroken`."""

        def with_rows(reader: Reader) -> tuple[Order, moving.Rows] | None:
            order = look(reader)
            return None if order is None else (order, moving.rows_of(reader, order.order_id))

        order = await self._db.read(look)
        if order is not None:
            return order
        moved = await self._find_moved(with_rows)
        if moved is None:
            return None
        order, rows = moved
        self._brought[order.order_id] = self._clock.monotonic() + _STAYS_S
        if await self._db.write(moving.take_back, order.order_id, rows):
            _log.info("order_brought_back", order_id=order.order_id)
        return order

    async def each(self, first: datetime, last: datetime, look: Callable[[Reader], T]) -> tuple[list[T], list[str]]:
        """What `look` finds in each archive that may hold orders of that time, and what is wrong with the others."""
        found, skipped = [], []
        years = range(first.astimezone(self._zone).year, last.astimezone(self._zone).year + 1)
        for year in await self._years():
            if year in years:
                try:
                    found.append(await self._archives.read(year, look))
                except ArchiveBroken as error:
                    skipped.append(f"{error.file}: {error.why.en}")
        return found, skipped

    async def _years(self) -> list[int]:
        """Of the archives there are or ought to be, the oldest first."""
        lying = {file.year for file in self._archives.files()}
        moved = await self._db.read(moving.years_moved)
        return sorted(lying | {year for year in moved if not self._is_removable(year)})

    def _is_removable(self, year: int) -> bool:
        return is_removable(year, self._clock.now().astimezone(self._zone).year)

    def views(self) -> list[ArchiveView]:
        """What lies there and what is missing, the newest year first."""
        lying = {file.year: file for file in self._archives.files()}
        found = []
        for year in sorted(lying.keys() | self._broken.keys(), reverse=True):
            broken, file = self._broken.get(year), lying.get(year)
            path = str(self._archives.path(year))
            size = 0 if file is None else file.bytes
            found.append(ArchiveView(year, path, size, self._is_removable(year), broken.why if broken else None))
        return found

    async def backup(self, year: int, file: Path) -> int:
        """A copy of one archive, to a file that does not exist yet; its size. Raises `ArchiveBroken` where there is
        none, `DatabaseBroken`."""
        await self._archives.examine(year)
        return await copy(self._archives.path(year), file)

    async def close(self) -> None:
        await self._archives.close()

    # Moving out.

    async def move_out(self, term: Callable[[], Term], rest: Callable[[], Awaitable[None]]) -> int:
        """Every order that has had its time, oldest first; how many went. What cannot go waits for the next time."""
        pace = Pace(_FIRST, _MOST, self._clock)
        gone, after = 0, ""
        while batch := await self._next(term(), pace.rows, after):
            year = self._year_of(batch[0])
            ids = [row.order_id for row in batch]
            after = ids[-1]
            try:
                moved = await self._db.read(moving.years_moved)
                copied = await self._archives.copy(year, ids, made=year in moved)
            except ArchiveBroken as error:
                await self._tell(year, error)
                after = max(after, first_order_id(datetime(year + 1, 1, 1, tzinfo=self._zone)))
                continue
            await rest()
            gone += await pace.write(self._db, moving.leave, term(), ids, copied, year)
        return gone

    async def _next(self, term: Term, rows: int, after: str) -> Sequence[Due]:
        """The next orders that have had their time, of one year."""
        now_s = self._clock.monotonic()
        self._brought = {order: until_s for order, until_s in self._brought.items() if until_s > now_s}
        first_young = first_order_id(datetime.fromisoformat(term.before(term.keep.orders_days)))
        asked = msgspec.structs.replace(term, rows=rows)
        found = await self._db.walk(moving.read_due, asked, first_young, after, tuple(self._brought))
        return list(takewhile(lambda row: self._year_of(row) == self._year_of(found[0]), found))

    def _year_of(self, row: Due) -> int:
        return datetime.fromisoformat(row.created_at).astimezone(self._zone).year

    async def examine(self) -> None:
        """Look at every archive; an older one is brought to the present version here, beside the sales."""
        years = await self._years()
        for year in sorted({*years, *self._broken}):
            try:
                if year in years:
                    await self._archives.examine(year)
            except ArchiveBroken as error:
                await self._tell(year, error)
            else:
                await self._tell(year, None)

    async def _tell(self, year: int, error: ArchiveBroken | None) -> None:
        """Once, when it is new: to whoever looks at `kiosk status` and `/service`, and to the log."""
        known = self._broken.get(year)
        if (known and known.why) == (error and error.why):
            return
        if error is None:
            del self._broken[year]
            _log.info("archive_usable_again", file=self._archives.path(year).name)
        else:
            self._broken[year] = error
            _log.error("archive_broken", file=error.file, says=error.why.en)
        await self._show()

    async def _show(self) -> None:
        told = [self._broken[year] for year in sorted(self._broken)]
        reason = ARCHIVE if told else None
        words = Text(
            "; ".join(f"архив {error.file}: {error.why.ru}" for error in told),
            "; ".join(f"the archive {error.file}: {error.why.en}" for error in told),
        )
        self._readiness.set(CHECK, reason, blocks=False, told=words if told else None)
        with contextlib.suppress(DatabaseBroken):
            await self._db.write(device_faults.record, CHECK, reason, words.en, self._clock.now())
