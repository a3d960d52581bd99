"""Payments, fiscal intents with their receipt lines, refunds, and the stored answers of idempotency keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.payment import LIVE_STEPS, PAYMENT_TRANSITIONS, Payment, PaymentStep
from kiosk.domain.receipt import PricedLine
from kiosk.store.database import Reader, Tx

_PAYMENT = (
    "payment_id, order_id, attempt, terminal_id, session_id, method, step, amount_kopecks, bonus_points, card_token,"
    " idempotency_key, fingerprint, receipt_to, created_at, posts, posted_at, bank_unknown_since, transaction_id,"
    " card_brand, card_last4, charged_at, receipt_failed_at, released_at, failure, answer, customer_id,"
    " bonus_accrued, refunded_kopecks"
)
_LIVE = ", ".join(f"'{step.value}'" for step in LIVE_STEPS)


class ImpossibleStep(Exception):
    """A move the transition table does not have: a bug, never a user's fault."""


def add(tx: Tx, payment: Payment) -> None:
    tx.insert(
        "payment",
        payment_id=payment.payment_id,
        order_id=payment.order_id,
        attempt=payment.attempt,
        terminal_id=payment.terminal_id,
        session_id=payment.session_id,
        method=payment.method,
        step=payment.step.value,
        amount_kopecks=payment.amount_kopecks,
        bonus_points=payment.bonus_points,
        card_token=payment.card_token,
        idempotency_key=payment.idempotency_key,
        fingerprint=payment.fingerprint,
        receipt_to=payment.receipt_to,
        customer_id=payment.customer_id,
        created_at=rfc3339(payment.created_at),
    )


def require(tx: Tx, payment_id: str) -> Payment:
    payment = tx.one(Payment, f"SELECT {_PAYMENT} FROM payment WHERE payment_id = ?", (payment_id,))
    if payment is None:
        raise LookupError(payment_id)
    return payment


def live(tx: Tx, order_id: str) -> Payment | None:
    """The one attempt of an order that has not ended."""
    return tx.one(Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? AND step IN ({_LIVE})", (order_id,))


def last(tx: Tx, order_id: str) -> Payment | None:
    return tx.one(
        Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? ORDER BY attempt DESC LIMIT 1", (order_id,)
    )


def move(tx: Tx, payment: Payment, step: PaymentStep, **changes: Any) -> Payment:
    """Journal a step by the table, with further columns. Raises `ImpossibleStep`."""
    if step not in PAYMENT_TRANSITIONS[payment.step]:
        raise ImpossibleStep(f"{payment.payment_id}: {payment.step} → {step}")
    return note(tx, payment, step=step, **changes)


def note(tx: Tx, payment: Payment, **changes: Any) -> Payment:
    """Write columns without a step; the payment as it is then."""
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    values = {name: _plain(value) for name, value in changes.items()}
    tx.execute(
        f"UPDATE payment SET {assignments} WHERE payment_id = :payment_id",
        {**values, "payment_id": payment.payment_id},
    )
    return require(tx, payment.payment_id)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.value if isinstance(value, PaymentStep) else value


async def unfinished(reader: Reader) -> list[Payment]:
    """Every attempt a restart must take up again."""
    return await reader.all(Payment, f"SELECT {_PAYMENT} FROM payment WHERE step IN ({_LIVE}) ORDER BY created_at")


async def abandoned(reader: Reader) -> list[Payment]:
    return await reader.all(Payment, f"SELECT {_PAYMENT} FROM payment WHERE step = 'abandoned' ORDER BY created_at")


async def read_last(reader: Reader, order_id: str) -> Payment | None:
    return await reader.one(
        Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? ORDER BY attempt DESC LIMIT 1", (order_id,)
    )


# Fiscal intents.


class IntentRow(msgspec.Struct, frozen=True):
    intent_id: int
    order_id: str
    payment_id: str
    operation: str
    status: str
    drive_number: str
    fd_before: int
    shift: int
    total_kopecks: int
    intended_at: datetime
    document_number: int | None
    fiscal_sign: int | None
    document_shift: int | None
    issued_at: str | None


_INTENT = (
    "intent_id, order_id, payment_id, operation, status, drive_number, fd_before, shift, total_kopecks, intended_at,"
    " document_number, fiscal_sign, document_shift, issued_at"
)


def add_intent(
    tx: Tx,
    payment: Payment,
    *,
    refund_id: str | None = None,
    operation: str = "sale",
    total_kopecks: int | None = None,
    drive_number: str,
    fd_before: int,
    shift: int,
    lines: Sequence[PricedLine],
    vat: str,
    now: datetime,
) -> IntentRow:
    """A receipt's intent: the counter before printing, and the lines to be printed."""
    intent_id = tx.insert(
        "fiscal_intent",
        order_id=payment.order_id,
        payment_id=payment.payment_id,
        refund_id=refund_id,
        operation=operation,
        status="open",
        drive_number=drive_number,
        fd_before=fd_before,
        shift=shift,
        total_kopecks=payment.amount_kopecks if total_kopecks is None else total_kopecks,
        intended_at=rfc3339(now),
    )
    for position, line in enumerate(lines, 1):
        tx.insert(
            "receipt_line",
            intent_id=intent_id,
            position=position,
            line=line.line,
            name=line.name,
            price_kopecks=line.price_kopecks,
            quantity=line.quantity,
            sum_kopecks=line.sum_kopecks,
            vat=vat,
        )
    row = tx.one(IntentRow, f"SELECT {_INTENT} FROM fiscal_intent WHERE intent_id = ?", (intent_id,))
    assert row is not None
    return row


def intent_of(tx: Tx, payment_id: str, refund_id: str | None) -> IntentRow | None:
    """The intent that is open or registered; disproved ones stay as history."""
    return tx.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent"
        " WHERE payment_id = ? AND refund_id IS ? AND status IN ('open', 'registered')",
        (payment_id, refund_id),
    )


def sale_intent(tx: Tx, payment_id: str) -> IntentRow | None:
    return intent_of(tx, payment_id, None)


class SoldLine(msgspec.Struct, frozen=True):
    """A line of a registered receipt."""

    line: int
    name: str
    price_kopecks: int
    quantity: int


def sold_lines(tx: Tx, intent_id: int) -> list[SoldLine]:
    return tx.all(
        SoldLine,
        "SELECT line, name, price_kopecks, quantity FROM receipt_line WHERE intent_id = ? ORDER BY position",
        (intent_id,),
    )


def disprove_intent(tx: Tx, intent_id: int) -> None:
    """The registrar proved the document absent."""
    tx.execute("UPDATE fiscal_intent SET status = 'absent' WHERE intent_id = ? AND status = 'open'", (intent_id,))


def register_intent(
    tx: Tx, intent_id: int, *, document_number: int, fiscal_sign: int, document_shift: int, issued_at: str
) -> None:
    tx.execute(
        "UPDATE fiscal_intent SET status = 'registered', document_number = ?, fiscal_sign = ?, document_shift = ?,"
        " issued_at = ? WHERE intent_id = ?",
        (document_number, fiscal_sign, document_shift, issued_at, intent_id),
    )


async def read_registered_sale(reader: Reader, order_id: str) -> IntentRow | None:
    return await reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent WHERE order_id = ? AND operation = 'sale' AND status = 'registered'",
        (order_id,),
    )


# Refunds.


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


_REFUND = (
    "refund_id, order_id, payment_id, kind, step, amount_kopecks, reason, created_at, portions AS 'portions:json',"
    " whole, bank_done_at, receipt_done_at"
)


def add_refund(
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
    row = tx.one(RefundRow, f"SELECT {_REFUND} FROM refund WHERE refund_id = ?", (refund_id,))
    assert row is not None
    return row


def refunds_of(tx: Tx, payment_id: str) -> list[RefundRow]:
    return tx.all(RefundRow, f"SELECT {_REFUND} FROM refund WHERE payment_id = ? ORDER BY rowid", (payment_id,))


def note_refund(tx: Tx, refund_id: str, **changes: Any) -> None:
    """Journal a step of a refund."""
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    values = {name: _plain(value) for name, value in changes.items()}
    tx.execute(f"UPDATE refund SET {assignments} WHERE refund_id = :refund_id", {**values, "refund_id": refund_id})


async def unfinished_refunds(reader: Reader) -> list[RefundRow]:
    """Refunds after payment that a restart must take up; a reversal before it belongs to its payment."""
    return await reader.all(
        RefundRow, f"SELECT {_REFUND} FROM refund WHERE step = 'pending' AND portions <> '[]' ORDER BY rowid"
    )


class FailedPortion(msgspec.Struct, frozen=True):
    order_id: str
    portion_id: int


async def unrefunded_failures(reader: Reader) -> list[FailedPortion]:
    """Portions that cannot be cooked, of settled payments, without a refund yet."""
    return await reader.all(
        FailedPortion,
        "SELECT p.order_id, p.portion_id FROM portion p WHERE p.status = 'failed'"
        " AND EXISTS (SELECT 1 FROM payment y WHERE y.order_id = p.order_id AND y.step = 'done')"
        " AND NOT EXISTS (SELECT 1 FROM refund r, json_each(r.portions) j"
        "   WHERE r.order_id = p.order_id AND j.value = p.portion_id) ORDER BY p.portion_id",
    )


def add_void(tx: Tx, payment: Payment, reason: str, actor: str, now: datetime) -> RefundRow:
    """The record of a whole reversal; its id is the bank key of the void. Again gives the same record."""
    tx.execute(
        "INSERT INTO refund (refund_id, order_id, payment_id, kind, step, amount_kopecks, reason, actor, created_at)"
        " VALUES (?, ?, ?, 'void', 'pending', ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (payment.void_id, payment.order_id, payment.payment_id, payment.amount_kopecks, reason, actor, rfc3339(now)),
    )
    row = tx.one(RefundRow, f"SELECT {_REFUND} FROM refund WHERE refund_id = ?", (payment.void_id,))
    assert row is not None
    return row


def finish_refund(tx: Tx, refund_id: str, kind: str, now: datetime) -> None:
    tx.execute(
        "UPDATE refund SET step = 'done', kind = ?, done_at = ? WHERE refund_id = ?", (kind, rfc3339(now), refund_id)
    )


async def read_refunds(reader: Reader, order_id: str) -> list[RefundRow]:
    return await reader.all(
        RefundRow, f"SELECT {_REFUND} FROM refund WHERE order_id = ? ORDER BY created_at", (order_id,)
    )


# Idempotency keys.


class KeyRow(msgspec.Struct, frozen=True):
    fingerprint: str
    order_id: str
    payment_id: str | None
    status: int | None
    body: str | None


def find_key(tx: Tx, session_id: str, call: str, key: str) -> KeyRow | None:
    return tx.one(
        KeyRow,
        "SELECT fingerprint, order_id, payment_id, status, body FROM idempotency"
        " WHERE session_id = ? AND call = ? AND key = ?",
        (session_id, call, key),
    )


def occupy_key(
    tx: Tx, session_id: str, call: str, key: str, fingerprint: str, order_id: str, payment_id: str | None, now: datetime
) -> None:
    tx.insert(
        "idempotency",
        session_id=session_id,
        call=call,
        key=key,
        fingerprint=fingerprint,
        order_id=order_id,
        payment_id=payment_id,
        created_at=rfc3339(now),
    )


def store_answer(tx: Tx, session_id: str, call: str, key: str, status: int, body: bytes) -> None:
    """What the key answers from now on, also after a restart."""
    tx.execute(
        "UPDATE idempotency SET status = ?, body = ? WHERE session_id = ? AND call = ? AND key = ?",
        (status, body.decode(), session_id, call, key),
    )


def free_key(tx: Tx, session_id: str, call: str, key: str) -> None:
    """A refusal before money moved is not stored: the key may try again."""
    tx.execute("DELETE FROM idempotency WHERE session_id = ? AND call = ? AND key = ?", (session_id, call, key))
