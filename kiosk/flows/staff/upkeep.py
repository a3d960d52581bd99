"""What people do at stations: what is due when, who did it, and the word that it is done."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from drivers.robot.equipment import Equipment, Upkeep
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.domain.kitchen.upkeep import Done, left, reason_of
from kiosk.domain.text import Text
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.staff import upkeeps
from kiosk.store.transaction import Reader, Tx

_RECORDS = 200
GOOD = "good"
_NOBODY = "kiosk"  # of a count that began


class UpkeepDone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`note`: what whoever did it wants to be kept."""

    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class UpkeepRowView(msgspec.Struct, frozen=True):
    """`state`: `good`, `near` or `due`, which takes the station's dishes off sale; `left_s`: until then, by the clock;
    `work_left_s`: until then, of work at the station; null where that does not count; `since`: when it was done last,
    or the count began; `by`: by whom, null where it was not done yet; `worked_s`: what the station has worked since."""

    upkeep_id: str
    station: int
    station_name: Text
    name: Text
    state: str
    left_s: int | None
    work_left_s: int | None
    worked_s: int
    since: str
    by: str | None


class UpkeepRecordView(msgspec.Struct, frozen=True):
    upkeep_id: str
    station_name: Text | None
    name: Text | None
    at: str
    actor: str
    note: str


class UpkeepView(msgspec.Struct, frozen=True):
    """`records`: what was done, the latest first; of what is no longer asked for the names are null."""

    upkeep: list[UpkeepRowView]
    records: list[UpkeepRecordView]


class UpkeepJournalView(msgspec.Struct, frozen=True):
    """What was done on a day, the earliest first."""

    day: str
    records: list[UpkeepRecordView]


class UpkeepCommands:
    def __init__(self, database: Database, equipment: Equipment, zone: ZoneInfo, clock: Clock) -> None:
        self._db = database
        self._equipment = equipment
        self._rows = {row.id: row for row in equipment.upkeep}
        self._zone = zone
        self._clock = clock

    async def show(self) -> UpkeepView:
        books, records = await self._db.read(self._read)
        now = self._clock.now()
        rows = [self._view(row, books, now) for row in self._rows.values() if row.id in books.done]
        return UpkeepView(rows, self._records(records))

    async def journal(self, day: date | None) -> UpkeepJournalView:
        """Of a day by the restaurant's clock; None: today."""
        wanted = day or self._clock.now().astimezone(self._zone).date()
        after = wanted + timedelta(days=1)
        first, last = (datetime(d.year, d.month, d.day, tzinfo=self._zone) for d in (wanted, after))
        rows = await self._db.read(upkeeps.read_between, first, last)
        return UpkeepJournalView(wanted.isoformat(), self._records(rows))

    def _records(self, rows: list[upkeeps.RecordRow]) -> list[UpkeepRecordView]:
        return [self._record_view(row) for row in rows if row.actor != _NOBODY]

    async def done(self, upkeep_id: str, wanted: UpkeepDone, actor: str) -> UpkeepView:
        """Somebody did it just now: the count begins anew, and the station's dishes are sold again. Raises
        `NotFound`."""
        row = self._rows.get(upkeep_id)
        if row is None:
            raise NotFound
        await self._record(row, wanted.note, actor, self._clock.now())
        return await self.show()

    async def _record(self, row: Upkeep, note: str, actor: str, now: datetime) -> None:
        """The record, from which the count begins anew, and the journal's line of it."""
        station = self._equipment.stations[row.station].number

        def run(tx: Tx) -> None:
            upkeeps.record(tx, row.id, station, actor, note, now)
            journal.add(tx, actor, "upkeep_done", " ".join(filter(None, (row.id, note))), now)

        await self._db.write(run)

    def _read(self, reader: Reader) -> tuple[upkeeps.Books, list[upkeeps.RecordRow]]:
        return upkeeps.read(reader, self._rows), upkeeps.read_records(reader, _RECORDS)

    def _view(self, row: Upkeep, books: upkeeps.Books, now: datetime) -> UpkeepRowView:
        station, done = self._equipment.stations[row.station], books.done[row.id]
        work_s = books.work_s.get(station.number, 0)
        found = left(row, done, work_s, now)
        return UpkeepRowView(
            upkeep_id=row.id,
            station=station.number,
            station_name=Text(station.name.ru, station.name.en),
            name=Text(row.name.ru, row.name.en),
            state=(reason_of(row, found) or GOOD).removeprefix("upkeep_"),
            left_s=None if found.clock_s is None else round(found.clock_s),
            work_left_s=None if found.work_s is None else round(found.work_s),
            worked_s=work_s - done.work_s,
            since=rfc3339(done.at),
            by=_by(done),
        )

    def _record_view(self, row: upkeeps.RecordRow) -> UpkeepRecordView:
        known = self._rows.get(row.upkeep_id)
        station = None if known is None else self._equipment.stations[known.station].name
        return UpkeepRecordView(
            upkeep_id=row.upkeep_id,
            station_name=None if station is None else Text(station.ru, station.en),
            name=None if known is None else Text(known.name.ru, known.name.en),
            at=rfc3339(row.at),
            actor=row.actor,
            note=row.note,
        )


def _by(done: Done) -> str | None:
    return None if done.actor == _NOBODY else done.actor
