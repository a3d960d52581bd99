"""Sessions: who orders at which terminal, until when."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


class SessionRow(msgspec.Struct, frozen=True):
    session_id: str
    terminal_id: str
    customer_id: str | None
    expires_at: datetime
    ended_at: datetime | None


class StaffEndedRow(msgspec.Struct, frozen=True):
    session_id: str


_STAFF_ENDED = "staff_ended:"
_COLUMNS = "session_id, terminal_id, customer_id, expires_at, ended_at"


def add(
    tx: Tx,
    session_id: str,
    terminal_id: str,
    customer_id: str | None,
    now: datetime,
    expires_at: datetime,
    *,
    verified: bool = False,
) -> None:
    tx.insert(
        "session",
        session_id=session_id,
        terminal_id=terminal_id,
        customer_id=customer_id,
        created_at=rfc3339(now),
        expires_at=rfc3339(expires_at),
        verified=int(verified),
    )


def find(reader: Reader, session_id: str) -> SessionRow | None:
    return reader.one(SessionRow, f"SELECT {_COLUMNS} FROM session WHERE session_id = ?", (session_id,))


def end(tx: Tx, session_id: str, now: datetime) -> None:
    tx.execute("UPDATE session SET ended_at = ? WHERE session_id = ? AND ended_at IS NULL", (rfc3339(now), session_id))


def end_of_customer(tx: Tx, customer_id: str, now: datetime) -> list[str]:
    """End all that are still open; their ids."""
    sql = (
        "UPDATE session SET ended_at = :now WHERE expires_at > :now AND customer_id = :customer AND ended_at IS NULL"
        " RETURNING session_id"
    )
    return [row[0] for row in tx.execute(sql, {"now": rfc3339(now), "customer": customer_id})]


def end_staff(tx: Tx, session_id: str, expires_at: datetime, now: datetime) -> None:
    """Kept until its token ends by itself."""
    tx.execute("DELETE FROM meta WHERE key LIKE ? AND value <= ?", (f"{_STAFF_ENDED}%", rfc3339(now)))
    tx.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_STAFF_ENDED + session_id, rfc3339(expires_at)))


def staff_ended_unexpired(reader: Reader, now: datetime) -> list[str]:
    """As `ended_unexpired`, of staff."""
    rows = reader.all(
        StaffEndedRow,
        "SELECT substr(key, ?) AS session_id FROM meta WHERE key LIKE ? AND value > ?",
        (len(_STAFF_ENDED) + 1, f"{_STAFF_ENDED}%", rfc3339(now)),
    )
    return [row.session_id for row in rows]


def ended_unexpired(reader: Reader, now: datetime) -> list[str]:
    """Ids whose tokens would still verify but must not: the start of the deny list."""
    rows = reader.all(
        SessionRow,
        f"SELECT {_COLUMNS} FROM session WHERE ended_at IS NOT NULL AND expires_at > ?",
        (rfc3339(now),),
    )
    return [row.session_id for row in rows]
