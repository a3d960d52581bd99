"""What people did at stations, and how long each station has worked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec

from kiosk.clock import Written, rfc3339
from kiosk.domain.kitchen.upkeep import Done
from kiosk.store.transaction import Reader, Tx

#: What is published after a commit that touched any of this.
TOPIC = "upkeep"


class WorkRow(msgspec.Struct, frozen=True):
    station: int
    work_s: int


class RecordRow(msgspec.Struct, frozen=True):
    """By `kiosk` it was not done: the count began with it."""

    upkeep_id: str
    at: datetime
    actor: str
    note: str


class Books(msgspec.Struct, frozen=True):
    """`done`: when each was done last, by id; `work_s`: by number of the station."""

    done: dict[str, Done]
    work_s: dict[int, int]


def read(reader: Reader, upkeep_ids: Collection[str]) -> Books:
    sql = "SELECT upkeep_id, at, actor, work_s FROM upkeep_record WHERE upkeep_id = ? ORDER BY at DESC LIMIT 1"
    found = [reader.one(Done, sql, (upkeep_id,)) for upkeep_id in upkeep_ids]
    work = reader.all(WorkRow, "SELECT station, work_s FROM station_work")
    return Books({row.upkeep_id: row for row in found if row is not None}, {row.station: row.work_s for row in work})


def read_records(reader: Reader, limit: int) -> list[RecordRow]:
    """The latest first."""
    return reader.all(
        RecordRow, "SELECT upkeep_id, at, actor, note FROM upkeep_record ORDER BY at DESC LIMIT ?", (limit,)
    )


def read_between(reader: Reader, first: datetime, last: datetime) -> list[RecordRow]:
    """From `first` up to and without `last`, the earliest first."""
    return reader.all(
        RecordRow,
        "SELECT upkeep_id, at, actor, note FROM upkeep_record WHERE at >= ? AND at < ? ORDER BY at",
        (rfc3339(first), rfc3339(last)),
    )


def begin(tx: Tx, upkeep_ids: Collection[str], now: datetime) -> None:
    """Of those that nothing is known of the count begins now."""
    for upkeep_id in upkeep_ids:
        tx.execute(
            "INSERT INTO upkeep_record SELECT ?, ?, 'kiosk', '', 0"
            " WHERE NOT EXISTS (SELECT 1 FROM upkeep_record WHERE upkeep_id = ?)",
            (upkeep_id, rfc3339(now), upkeep_id),
        )
    tx.touched.add(TOPIC)


def add_work(tx: Tx, worked_s: Mapping[int, int]) -> None:
    """Whole seconds by station, beside what it had."""
    for station, seconds in worked_s.items():
        tx.execute(
            "INSERT INTO station_work VALUES (?, ?)"
            " ON CONFLICT (station) DO UPDATE SET work_s = work_s + excluded.work_s",
            (station, seconds),
        )
    tx.touched.add(TOPIC)


def record(tx: Tx, upkeep_id: str, station: int, actor: str, note: str, now: datetime) -> None:
    """It was done just now. What was done while the clock was ahead was done by now at the latest."""
    tx.execute(
        "UPDATE OR REPLACE upkeep_record SET at = :now WHERE upkeep_id = :id AND at > :now",
        {"now": rfc3339(now), "id": upkeep_id},
    )
    tx.execute(
        "INSERT INTO upkeep_record VALUES (?, ?, ?, ?, ifnull((SELECT work_s FROM station_work WHERE station = ?), 0))"
        " ON CONFLICT DO UPDATE SET actor = excluded.actor, note = excluded.note, work_s = excluded.work_s",
        (upkeep_id, rfc3339(now), actor, note, station),
    )
    tx.touched.add(TOPIC)


class _Latest(msgspec.Struct, frozen=True):
    upkeep_id: str
    at: datetime


def move(tx: Tx, by: timedelta, written: Written) -> None:
    """The wall clock was set: nothing was done longer ago, or is due sooner, by that."""
    latest = tx.all(_Latest, "SELECT upkeep_id, max(at) AS at FROM upkeep_record GROUP BY upkeep_id")
    for row in latest:
        if written.holds(row.at):
            tx.execute(
                "UPDATE OR REPLACE upkeep_record SET at = ? WHERE upkeep_id = ? AND at = ?",
                (rfc3339(row.at + by), row.upkeep_id, rfc3339(row.at)),
            )
    tx.touched.add(TOPIC)
