"""Receipts that were wrong and are made right: who asked, and how far it is."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.payment.payment import Payment
from kiosk.store.transaction import Reader, Tx


class FixRow(msgspec.Struct, frozen=True):
    payment_id: str
    fix: int
    order_id: str
    reason: str
    actor: str
    created_at: datetime
    done_at: datetime | None


_FIX = "payment_id, fix, order_id, reason, actor, created_at, done_at"


def fixes_of(reader: Reader, payment_id: str) -> list[FixRow]:
    """The corrections asked for a payment, the oldest first."""
    return reader.all(FixRow, f"SELECT {_FIX} FROM receipt_fix WHERE payment_id = ? ORDER BY fix", (payment_id,))


def add_fix(tx: Tx, payment: Payment, fix: int, reason: str, actor: str, now: datetime) -> FixRow:
    """A correction is owed; `fix` numbers those of one payment."""
    tx.insert(
        "receipt_fix",
        payment_id=payment.payment_id,
        fix=fix,
        order_id=payment.order_id,
        reason=reason,
        actor=actor,
        created_at=rfc3339(now),
    )
    return FixRow(payment.payment_id, fix, payment.order_id, reason, actor, now, None)


def note_error(tx: Tx, row: FixRow, error: str) -> None:
    """Why it did not go on, for `kiosk stuck`."""
    tx.execute("UPDATE receipt_fix SET error = ? WHERE payment_id = ? AND fix = ?", (error, row.payment_id, row.fix))


def finish_fix(tx: Tx, row: FixRow, now: datetime) -> None:
    """Its document is registered."""
    tx.execute(
        "UPDATE receipt_fix SET done_at = ? WHERE payment_id = ? AND fix = ?", (rfc3339(now), row.payment_id, row.fix)
    )


def unfinished_fixes(reader: Reader) -> list[FixRow]:
    """What a restart must take up."""
    return reader.all(FixRow, f"SELECT {_FIX} FROM receipt_fix WHERE done_at IS NULL ORDER BY created_at")
