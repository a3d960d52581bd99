"""Operations of a card reader that counts nothing itself: their numbers, its settlements, and what is under way there
(protocols/inpas.md#numbers)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store import meta
from kiosk.store.payment import payments
from kiosk.store.transaction import Reader, Tx

_COUNTER = "reader_operation"
_LAST = 99_999_999
#: Of what it gives back: the reader has another operation in mind by now, so that asking it again shows nothing.
NOT_PROVED = "terminal:not_proved"


class SettlementRow(msgspec.Struct, frozen=True):
    """`error`: why the reader did not settle, or is not known to have; `text`: what it prints."""

    operation: int
    operation_before: int
    asked_at: datetime
    asked_by: str
    ended_at: datetime | None
    error: str | None
    text: str


_SETTLEMENT = "operation, operation_before, asked_at, asked_by, ended_at, error, text"


def counted(reader: Reader) -> int:
    """The last number that was given, 0 before the first."""
    return int(meta.read(reader, _COUNTER) or 0)


def next_number(tx: Tx, before: int) -> int:
    """Greater than every one that was given and than the reader's last."""
    number = max(counted(tx), before) + 1
    number = 1 if number > _LAST else number
    meta.put(tx, _COUNTER, str(number))
    return number


def settlement_under_way(reader: Reader) -> SettlementRow | None:
    """None where none is."""
    return reader.one(SettlementRow, f"SELECT {_SETTLEMENT} FROM settlement WHERE ended_at IS NULL")


def errand_under_way(reader: Reader) -> bool:
    """Whether money that goes back by the reader is not known to be back, and the reader can still be asked."""
    sql = "SELECT count(*) FROM refund WHERE operation IS NOT NULL AND bank_done_at IS NULL AND ifnull(error, '') <> ?"
    return bool(reader.scalar(sql, (NOT_PROVED,)))


def sale_under_way(reader: Reader, method: str, but_of: str = "") -> bool:
    """Whether a number of a sale stands in the books without its outcome; `but_of`: this payment's."""
    rows = payments.in_work_by(reader, method)
    return any(row.operation is not None and row.charged_at is None and row.payment_id != but_of for row in rows)


def is_quiet(reader: Reader, method: str) -> bool:
    """No attempt is live, no receipt is due, nothing at the reader is in doubt."""
    if payments.unfinished(reader) or errand_under_way(reader):
        return False
    return settlement_under_way(reader) is None and not sale_under_way(reader, method)


def begin_settlement(tx: Tx, operation: int, before: int, actor: str, now: datetime) -> SettlementRow:
    tx.insert("settlement", operation=operation, operation_before=before, asked_at=rfc3339(now), asked_by=actor)
    return tx.require(SettlementRow, f"SELECT {_SETTLEMENT} FROM settlement WHERE operation = ?", (operation,))


def note_settlement(tx: Tx, operation: int, error: str) -> None:
    """Why nothing is known of it yet."""
    tx.execute("UPDATE settlement SET error = ? WHERE operation = ?", (error, operation))


def end_settlement(tx: Tx, operation: int, error: str | None, text: str, now: datetime) -> None:
    """`error` None: the reader's day is closed."""
    sql = "UPDATE settlement SET ended_at = ?, error = ?, text = ? WHERE operation = ?"
    tx.execute(sql, (rfc3339(now), error, text, operation))


def last_ended(reader: Reader) -> SettlementRow | None:
    """The last try that has an end, good or not."""
    sql = f"SELECT {_SETTLEMENT} FROM settlement WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1"
    return reader.one(SettlementRow, sql)


def last_settled(reader: Reader) -> SettlementRow | None:
    """The last one that closed the reader's day."""
    sql = (
        f"SELECT {_SETTLEMENT} FROM settlement WHERE ended_at IS NOT NULL AND error IS NULL"
        " ORDER BY ended_at DESC LIMIT 1"
    )
    return reader.one(SettlementRow, sql)
