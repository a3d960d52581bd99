"""The day's report on its way to whoever gets it by mail: written before it goes out, marked after it was taken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


class LetterRow(msgspec.Struct, frozen=True):
    """`tries` that were begun, `doubts` of them that may have arrived."""

    day: str
    address: str
    created_at: datetime
    tries: int
    doubts: int


_WAITS = "sent_at IS NULL AND gone IS NULL"


def put(tx: Tx, day: str, addresses: Iterable[str], at: str) -> None:
    """A letter for each; one that stands already stays as it is."""
    for address in addresses:
        tx.execute(
            "INSERT INTO report_letter (day, address, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (day, address, at),
        )


def read_waiting(reader: Reader) -> list[LetterRow]:
    """The oldest first."""
    return reader.all(
        LetterRow,
        f"SELECT day, address, created_at, tries, doubts FROM report_letter WHERE {_WAITS}"
        " ORDER BY created_at, day, address",
    )


def note_try(tx: Tx, row: LetterRow) -> None:
    """Before it goes out: from then on nobody knows whether it arrives."""
    tx.execute(
        f"UPDATE report_letter SET tries = tries + 1, doubts = doubts + 1 WHERE day = ? AND address = ? AND {_WAITS}",
        (row.day, row.address),
    )


def mark_sent(tx: Tx, row: LetterRow, now: datetime) -> None:
    tx.execute(
        "UPDATE report_letter SET sent_at = ?, error = NULL WHERE day = ? AND address = ?",
        (rfc3339(now), row.day, row.address),
    )


def mark_failed(tx: Tx, row: LetterRow, error: str, *, certain: bool) -> None:
    """`certain`: it has not arrived."""
    tx.execute(
        "UPDATE report_letter SET error = ?, doubts = doubts - ? WHERE day = ? AND address = ?",
        (error, int(certain), row.day, row.address),
    )


def give_up(tx: Tx, row: LetterRow, why: str) -> None:
    tx.execute(
        f"UPDATE report_letter SET gone = ? WHERE day = ? AND address = ? AND {_WAITS}", (why, row.day, row.address)
    )
