"""Small records: charts as sold, shifts, device faults, settings of the process, the journal of people's changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.chart import Chart
from kiosk.domain.events import DeviceFaultEvent, DeviceRecoveredEvent
from kiosk.store import outbox
from kiosk.store.database import Reader, Tx

JOB_EPOCH = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def prepare(tx: Tx, charts: Iterable[Chart], now: datetime) -> None:
    """At start: keep every chart that may be sold; in a new database let job ids begin at the seconds since 2026, so
    that the robot never sees an old id again."""
    for chart in charts:
        tx.execute(
            "INSERT INTO chart VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (chart.fingerprint, chart.code, chart.revision, msgspec.json.encode(chart).decode()),
        )
    if tx.scalar("SELECT 1 FROM sqlite_sequence WHERE name = 'portion'") is None:
        start = int((now - JOB_EPOCH).total_seconds())
        tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('portion', ?)", (start,))


def read_charts(reader: Reader) -> dict[str, Chart]:
    """Every chart ever sold, by fingerprint."""
    rows = reader.all(ChartRow, "SELECT fingerprint, body FROM chart")
    return {row.fingerprint: msgspec.json.decode(row.body, type=Chart) for row in rows}


class ChartRow(msgspec.Struct, frozen=True):
    fingerprint: str
    body: str


def set_meta(tx: Tx, key: str, value: str) -> None:
    tx.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def read_meta(reader: Reader, key: str) -> str | None:
    value: str | None = reader.scalar("SELECT value FROM meta WHERE key = ?", (key,))
    return value


def journal(tx: Tx, actor: str, action: str, detail: str, now: datetime) -> None:
    """Who changed what by hand."""
    tx.insert("journal", at=rfc3339(now), actor=actor, action=action, detail=detail)


class JournalRow(msgspec.Struct, frozen=True):
    at: datetime
    actor: str
    action: str
    detail: str


def read_journal(reader: Reader, limit: int) -> list[JournalRow]:
    """The latest first."""
    return reader.all(JournalRow, "SELECT at, actor, action, detail FROM journal ORDER BY entry DESC LIMIT ?", (limit,))


def open_shift(tx: Tx, drive_number: str, shift: int, now: datetime) -> bool:
    """Record an open shift; False if it was known."""
    added = tx.execute(
        "INSERT INTO shift VALUES (?, ?, ?, NULL) ON CONFLICT DO NOTHING", (drive_number, shift, rfc3339(now))
    )
    return added.rowcount > 0


def close_shift(tx: Tx, drive_number: str, shift: int, now: datetime) -> bool:
    closed = tx.execute(
        "UPDATE shift SET closed_at = ? WHERE drive_number = ? AND shift = ? AND closed_at IS NULL",
        (rfc3339(now), drive_number, shift),
    )
    return closed.rowcount > 0


def read_shift_opened(reader: Reader, drive_number: str, shift: int) -> datetime | None:
    value = reader.scalar("SELECT opened_at FROM shift WHERE drive_number = ? AND shift = ?", (drive_number, shift))
    return None if value is None else datetime.fromisoformat(value)


def read_fault(reader: Reader, device: str) -> str | None:
    """The fault a device had when it was last told."""
    code: str | None = reader.scalar("SELECT code FROM device_fault WHERE device = ?", (device,))
    return code


class FaultRow(msgspec.Struct, frozen=True):
    device: str


def read_faults(reader: Reader) -> list[str]:
    """The devices that have a fault."""
    return [row.device for row in reader.all(FaultRow, "SELECT device FROM device_fault ORDER BY device")]


def set_fault(tx: Tx, device: str, code: str | None, detail: str, now: datetime) -> None:
    """Publish a fault or a recovery when it is news; a restart does not tell it again."""
    known = tx.scalar("SELECT code FROM device_fault WHERE device = ?", (device,))
    if known == code:
        return
    if code is None:
        tx.execute("DELETE FROM device_fault WHERE device = ?", (device,))
        outbox.put(tx, DeviceRecoveredEvent(device=device), now)
    else:
        tx.execute("INSERT OR REPLACE INTO device_fault VALUES (?, ?, ?)", (device, code, rfc3339(now)))
        outbox.put(tx, DeviceFaultEvent(device=device, code=code, detail=detail), now)
