"""The journal of a day's food in cells: each portion that came into one, how warm it stood, what became of it; and what
was thrown away or given out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.ordering.order import PortionStatus
from kiosk.domain.text import Text
from kiosk.flows.guards.archive import OrderArchive
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.ordering import cell_journal, orders
from kiosk.store.transaction import Reader

#: Lines of the journal of staff that are kept for good.
_ACTS = ("cell_hand_out", "cell_write_off", *orders.SPOILED)


class Outcome(StrEnum):
    IN_CELL = "in_cell"
    FETCHED = "fetched"
    THROWN_AWAY = "thrown_away"


class CellEntryView(msgspec.Struct, frozen=True):
    """A portion of this day, of its last attempt. `until`: how long it might be eaten; `outcome`: `in_cell`, `fetched`
    (also by staff), `thrown_away`, with its `reason`: a code of `acts`, or a person's words; `given_back`: its money
    went back; `lowest_c`, `highest_c`: in its cell, null where nothing measures; `lots`: as on the packages."""

    ready_at: str
    cell: int | None
    order_id: str
    number: str
    portion_id: int
    item_id: str
    name: Text
    chart_revision: int
    until: str | None
    lowest_c: float | None
    highest_c: float | None
    outcome: Outcome
    fetched_at: str | None
    reason: str
    given_back: bool
    lots: list[str]


class CellActView(msgspec.Struct, frozen=True):
    """`action`: `cell_hand_out`, `cell_write_off` by a person; `spoiled_by_time`, `spoiled_by_cold`,
    `spoiled_by_recall` by the kiosk. `detail`: the cell, the order, what a person said."""

    at: str
    actor: str
    action: str
    detail: str


class CellJournalView(msgspec.Struct, frozen=True):
    """`entries`: portions in the order in which they were ready; one that was thrown away and cooked anew stands here
    once, by its last attempt, and each throwing away among `acts`. `unread`: archives of its year that could not be
    read, so that portions may be missing here."""

    day: str
    entries: list[CellEntryView]
    acts: list[CellActView]
    unread: list[str]


class CellJournal:
    def __init__(self, database: Database, archive: OrderArchive, zone: ZoneInfo, clock: Clock) -> None:
        self._db = database
        self._archive = archive
        self._zone = zone
        self._clock = clock

    async def of_day(self, day: date | None) -> CellJournalView:
        """By the restaurant's clock; None: today. Orders of past years are read where they are."""
        wanted = day or self._clock.now().astimezone(self._zone).date()
        after = wanted + timedelta(days=1)
        first, last = (datetime(d.year, d.month, d.day, tzinfo=self._zone) for d in (wanted, after))

        def look(reader: Reader) -> list[cell_journal.CellRow]:
            return cell_journal.read_cells(reader, first, last)

        rows, acts = await self._db.read(lambda reader: (look(reader), _acts(reader, first, last)))
        # an order of the year's last evening may have been ready in the next one
        moved, unread = await self._archive.each(first - timedelta(days=1), last, look)
        found = {row.portion_id: row for part in (*moved, rows) for row in part}
        portions = sorted(found.values(), key=lambda row: (row.ready_at, row.portion_id))
        return CellJournalView(wanted.isoformat(), [_entry(row) for row in portions], acts, unread)


def _acts(reader: Reader, first: datetime, last: datetime) -> list[CellActView]:
    rows = journal.read_between(reader, first, last, _ACTS)
    return [CellActView(rfc3339(row.at), row.actor, row.action, row.detail) for row in rows]


def _entry(row: cell_journal.CellRow) -> CellEntryView:
    outcome = _OUTCOMES.get(row.status, Outcome.THROWN_AWAY)  # whatever became of its money
    return CellEntryView(
        ready_at=rfc3339(row.ready_at),
        cell=row.cell,
        order_id=row.order_id,
        number=row.number,
        portion_id=row.portion_id,
        item_id=row.item_id,
        name=Text(row.name_ru, row.name_en),
        chart_revision=row.chart_revision,
        until=_moment(row.hold_until),
        lowest_c=row.lowest_c,
        highest_c=row.highest_c,
        outcome=outcome,
        fetched_at=_moment(row.fetched_at),
        reason=_reason(row.fault or "") if outcome is Outcome.THROWN_AWAY else "",
        given_back=row.given_back,
        lots=row.lots.split("\n") if row.lots else [],
    )


_OUTCOMES = {PortionStatus.READY: Outcome.IN_CELL, PortionStatus.HANDED_OUT: Outcome.FETCHED}


def _reason(fault: str) -> str:
    """The code, or what a person wrote."""
    code, _, words = fault.partition(": ")
    return words if code == orders.WRITTEN_OFF else fault


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
