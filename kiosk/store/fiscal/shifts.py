"""The registrars' shifts, as the process saw them open and close."""

from __future__ import annotations

from datetime import datetime

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


def record_open(tx: Tx, drive_number: str, shift: int, now: datetime) -> bool:
    """Record an open shift; False if it was known."""
    added = tx.execute(
        "INSERT INTO shift VALUES (?, ?, ?, NULL) ON CONFLICT DO NOTHING", (drive_number, shift, rfc3339(now))
    )
    return added.rowcount > 0


def record_close(tx: Tx, drive_number: str, shift: int, now: datetime) -> bool:
    closed = tx.execute(
        "UPDATE shift SET closed_at = ? WHERE drive_number = ? AND shift = ? AND closed_at IS NULL",
        (rfc3339(now), drive_number, shift),
    )
    return closed.rowcount > 0


def read_opened(reader: Reader, drive_number: str, shift: int) -> datetime | None:
    value = reader.scalar("SELECT opened_at FROM shift WHERE drive_number = ? AND shift = ?", (drive_number, shift))
    return None if value is None else datetime.fromisoformat(value)
