"""Refunds as records of their own: a reversal before the order was paid, and money back after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.ordering.order import PortionStatus
from kiosk.domain.payment.payment import Payment
from kiosk.store.ordering import orders
from kiosk.store.stock import stocks
from kiosk.store.transaction import Reader, Tx


class RefundRow(msgspec.Struct, frozen=True):
    refund_id: str
    order_id: str
    payment_id: str
    kind: str
    step: str
    amount_kopecks: int
    reason: str
    created_at: datetime
    portions: list[int]
    whole: bool
    bank_done_at: datetime | None
    receipt_done_at: datetime | None
    bank_tried_at: datetime | None
    error: str | None
    operation: int | None = None  # of the card reader that gives it back, as long as that is under way
    operation_before: int | None = None
    operation_at: datetime | None = None


_REFUND = (
    "refund_id, order_id, payment_id, kind, step, amount_kopecks, reason, created_at, portions AS 'portions:json',"
    " whole, bank_done_at, receipt_done_at, bank_tried_at, error, operation, operation_before, operation_at"
)


def add_refund(  # noqa: PLR0913  # each by its keyword
    tx: Tx,
    payment: Payment,
    *,
    refund_id: str,
    amount_kopecks: int,
    portions: Sequence[int],
    whole: bool,
    reason: str,
    actor: str,
    now: datetime,
) -> RefundRow:
    """A refund after payment, of some portions or of all; a void first where all of the payment goes back at once."""
    tx.insert(
        "refund",
        refund_id=refund_id,
        order_id=payment.order_id,
        payment_id=payment.payment_id,
        kind="void" if amount_kopecks == payment.amount_kopecks else "refund",
        step="pending",
        amount_kopecks=amount_kopecks,
        reason=reason,
        actor=actor,
        created_at=rfc3339(now),
        portions=msgspec.json.encode(list(portions)).decode(),
        whole=int(whole),
    )
    return tx.require(RefundRow, f"SELECT {_REFUND} FROM refund WHERE refund_id = ?", (refund_id,))


def find_refund(reader: Reader, refund_id: str) -> RefundRow | None:
    """None where there is none of this id."""
    return reader.one(RefundRow, f"SELECT {_REFUND} FROM refund WHERE refund_id = ?", (refund_id,))


def refunds_of(reader: Reader, payment_id: str) -> list[RefundRow]:
    """All refunds and voids of a payment, the oldest first."""
    return reader.all(RefundRow, f"SELECT {_REFUND} FROM refund WHERE payment_id = ? ORDER BY rowid", (payment_id,))


def note_refund(tx: Tx, refund_id: str, /, **changes: Any) -> None:
    """Journal a step of a refund."""
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    values = {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in changes.items()}
    tx.execute(f"UPDATE refund SET {assignments} WHERE refund_id = :refund_id", {**values, "refund_id": refund_id})


def unfinished_refunds(reader: Reader) -> list[RefundRow]:
    """Refunds after payment that a restart must take up; a reversal before it belongs to its payment."""
    return reader.all(
        RefundRow, f"SELECT {_REFUND} FROM refund WHERE step = 'pending' AND portions <> '[]' ORDER BY rowid"
    )


class GivenBackRow(msgspec.Struct, frozen=True):
    """What went back for one reason by one actor; by `kiosk` it went by itself."""

    reason: str
    actor: str
    count: int
    amount_kopecks: int


def given_back(reader: Reader, first: datetime, last: datetime) -> list[GivenBackRow]:
    """After payment, ended from `first` up to and without `last`."""
    return reader.all(
        GivenBackRow,
        "SELECT reason, actor, count(*) AS count, sum(amount_kopecks) AS amount_kopecks FROM refund"
        " WHERE done_at IS NOT NULL AND done_at >= ? AND done_at < ? AND portions <> '[]' GROUP BY reason, actor",
        (rfc3339(first), rfc3339(last)),
    )


class FailedPortion(msgspec.Struct, frozen=True):
    """`fault`: the books' word for what happened to it."""

    order_id: str
    portion_id: int
    fault: str | None = None

    @property
    def reason(self) -> str:
        """Of the refund: it was cooked and not fetched, or recalled, or not cooked."""
        if self.fault == orders.SPOILED_BY_RECALL:
            return "recalled"
        return "not_fetched" if self.fault in orders.SPOILED else "cooking_failed"


def unrefunded_failures(reader: Reader) -> list[FailedPortion]:
    """Portions that cannot be cooked, of settled payments, without a refund yet."""
    return reader.all(
        FailedPortion,
        f"SELECT p.order_id, p.portion_id, p.fault FROM portion p WHERE {orders.PORTION_IN_WORK}"
        " AND p.status = 'failed'"
        " AND ifnull(p.fault, '') <> 'restored'"  # whether that was eaten only a person knows
        f" AND ifnull(p.fault, '') NOT LIKE '{orders.WRITTEN_OFF}:%'"  # whose fault that was only a person knows
        " AND EXISTS (SELECT 1 FROM payment y WHERE y.order_id = p.order_id AND y.step = 'done')"
        " AND NOT EXISTS (SELECT 1 FROM refund r, json_each(r.portions) j"
        "   WHERE r.order_id = p.order_id AND j.value = p.portion_id) ORDER BY p.portion_id",
    )


def late_portions(reader: Reader, before: datetime) -> list[FailedPortion]:
    """Paid portions that should have been ready before this moment, and are not even in a cell."""
    return reader.all(
        FailedPortion,
        "SELECT p.order_id, p.portion_id FROM portion p JOIN orders o USING (order_id)"
        f" WHERE {orders.PORTION_IN_WORK} AND p.status NOT IN ('ready', 'failed') AND o.promised_at < ?"
        " AND EXISTS (SELECT 1 FROM payment y WHERE y.order_id = p.order_id AND y.step = 'done')"
        " ORDER BY p.portion_id",
        (rfc3339(before),),
    )


def drop_given_back(tx: Tx, portion_id: int) -> bool:
    """A portion that failed, waits again or never came, and whose money went back meanwhile: nobody waits for it.
    True where it was dropped."""
    row = orders.require_portion(tx, portion_id)
    asked = "SELECT 1 FROM refund r, json_each(r.portions) j WHERE r.order_id = ? AND j.value = ?"
    if tx.scalar(asked, (row.order_id, portion_id)) is None:
        return False
    orders.move_portion(tx, row, PortionStatus.DROPPED)
    stocks.hand_over(tx, [portion_id])
    return True


def add_void(
    tx: Tx, payment: Payment, reason: str, actor: str, now: datetime, *, amount_kopecks: int | None = None
) -> RefundRow:
    """The record of a whole reversal; its id is the bank key of the void. Again gives the same record.
    `amount_kopecks`: what was taken, where that is known to be less than was asked for."""
    taken = payment.amount_kopecks if amount_kopecks is None else amount_kopecks
    tx.execute(
        "INSERT INTO refund (refund_id, order_id, payment_id, kind, step, amount_kopecks, reason, actor, created_at)"
        " VALUES (?, ?, ?, 'void', 'pending', ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (payment.void_id, payment.order_id, payment.payment_id, taken, reason, actor, rfc3339(now)),
    )
    return tx.require(RefundRow, f"SELECT {_REFUND} FROM refund WHERE refund_id = ?", (payment.void_id,))


def is_accepted(reader: Reader, refund_id: str) -> bool:
    """A person has seen in the bank's own papers that the money is back."""
    return reader.scalar("SELECT bank_done_at FROM refund WHERE refund_id = ?", (refund_id,)) is not None


def finish_refund(tx: Tx, refund_id: str, kind: str, now: datetime) -> None:
    """The money is back and its receipt is registered. `kind`: `void` or `refund`."""
    tx.execute(
        "UPDATE refund SET step = 'done', kind = ?, done_at = ? WHERE refund_id = ?", (kind, rfc3339(now), refund_id)
    )


def read_refunds(reader: Reader, order_id: str) -> list[RefundRow]:
    """All refunds and voids of an order, the oldest first."""
    return reader.all(RefundRow, f"SELECT {_REFUND} FROM refund WHERE order_id = ? ORDER BY created_at", (order_id,))
