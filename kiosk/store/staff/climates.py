"""Temperatures: of every minute, in one row; of every day and place, for good; and the places that are beyond their
limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec

from kiosk.clock import Written, rfc3339
from kiosk.store.events import device_faults
from kiosk.store.transaction import Reader, Tx

#: Before the place, as the name of what is out of order.
DEVICE = "temperature_"


class MinuteRow(msgspec.Struct, frozen=True):
    """°C by place."""

    at: datetime
    body: dict[str, float]


class DayRow(msgspec.Struct, frozen=True):
    """Of one place on one day; `minutes` that were measured, `out_minutes` of them beyond the limits."""

    place: str
    lowest_c: float
    highest_c: float
    minutes: int
    out_minutes: int


class ExcursionRow(msgspec.Struct, frozen=True):
    """A place that is beyond its limits, `since` when, and `stopped_at`: what needs it is off sale since then."""

    place: str
    cause: str
    since: datetime
    temp_c: float
    stopped_at: datetime | None


def keep_minute(tx: Tx, at: datetime, day: str, temps: Mapping[str, float], out: Collection[str]) -> None:
    """One look at all places; `out`: those that are beyond their limits. The same minute twice is one."""
    sql = "INSERT INTO temperature VALUES (?, ?) ON CONFLICT DO NOTHING"
    if not tx.execute(sql, (rfc3339(at), msgspec.json.encode(dict(temps)).decode())).rowcount:
        return
    for place, temp_c in temps.items():
        tx.execute(
            "INSERT INTO temperature_day VALUES (:day, :place, :temp_c, :temp_c, 1, :out) ON CONFLICT (day, place)"
            " DO UPDATE SET lowest_c = min(lowest_c, :temp_c), highest_c = max(highest_c, :temp_c),"
            " minutes = minutes + 1, out_minutes = out_minutes + :out",
            {"day": day, "place": place, "temp_c": temp_c, "out": int(place in out)},
        )


def read_minutes(reader: Reader, first: datetime, last: datetime) -> list[MinuteRow]:
    """From `first` up to and without `last`."""
    return reader.all(
        MinuteRow,
        "SELECT at, body AS 'body:json' FROM temperature WHERE at >= ? AND at < ? ORDER BY at",
        (rfc3339(first), rfc3339(last)),
    )


def read_latest(reader: Reader, since: datetime) -> MinuteRow | None:
    """The last minute that was kept after that."""
    sql = "SELECT at, body AS 'body:json' FROM temperature WHERE at > ? ORDER BY at DESC LIMIT 1"
    return reader.one(MinuteRow, sql, (rfc3339(since),))


def read_day(reader: Reader, day: str) -> list[DayRow]:
    """Every place that was measured on a day (`2026-11-22`)."""
    return reader.all(
        DayRow,
        "SELECT place, lowest_c, highest_c, minutes, out_minutes FROM temperature_day WHERE day = ? ORDER BY place",
        (day,),
    )


def read_excursions(reader: Reader) -> list[ExcursionRow]:
    """All that there are now."""
    return reader.all(ExcursionRow, "SELECT place, cause, since, temp_c, stopped_at FROM excursion ORDER BY place")


def begin(tx: Tx, place: str, cause: str, temp_c: float, now: datetime) -> None:
    """It is beyond its limits; where it was so already, nothing changes."""
    tx.execute(
        "INSERT INTO excursion VALUES (?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING", (place, cause, rfc3339(now), temp_c)
    )


def end(tx: Tx, place: str) -> None:
    """It is within them again, in time: nothing was stopped."""
    tx.execute("DELETE FROM excursion WHERE place = ? AND stopped_at IS NULL", (place,))


def stop(tx: Tx, row: ExcursionRow, temp_c: float, now: datetime) -> bool:
    """What needs this place is off sale; False where it was so already."""
    sql = "UPDATE excursion SET stopped_at = ?, temp_c = ? WHERE place = ? AND stopped_at IS NULL"
    if not tx.execute(sql, (rfc3339(now), temp_c, row.place)).rowcount:
        return False
    device_faults.record(tx, DEVICE + row.place, row.cause, f"{temp_c:g} °C", now)
    return True


def resume(tx: Tx, place: str, now: datetime) -> None:
    """A person has looked: it counts from the beginning."""
    tx.execute("DELETE FROM excursion WHERE place = ?", (place,))
    device_faults.record(tx, DEVICE + place, None, "", now)


def move(tx: Tx, by: timedelta, written: Written) -> None:
    """The wall clock was set: nothing has been beyond its limits for longer or shorter by that."""
    for row in read_excursions(tx):
        if row.stopped_at is None and written.holds(row.since):
            tx.execute("UPDATE excursion SET since = ? WHERE place = ?", (rfc3339(row.since + by), row.place))
