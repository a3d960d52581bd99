"""Payments, fiscal intents with their receipt lines, refunds, and the stored answers of idempotency keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.order import Order, first_order_id
from kiosk.domain.payment import LIVE_STEPS, PAYMENT_TRANSITIONS, Payment, PaymentStep
from kiosk.domain.receipt import PricedLine
from kiosk.store import orders
from kiosk.store.database import Reader, Tx

_PAYMENT = (
    "payment_id, order_id, attempt, terminal_id, session_id, method, step, amount_kopecks, bonus_points, card_token,"
    " idempotency_key, fingerprint, receipt_to, created_at, posts, posted_at, bank_unknown_since, transaction_id,"
    " card_brand, card_last4, charged_at, receipt_failed_at, released_at, failure, answer, customer_id,"
    " bonus_accrued, refunded_kopecks, receipt_error, reverse_asked_by"
)
_LIVE = ", ".join(f"'{step.value}'" for step in LIVE_STEPS)


#: To the letter, the condition of an index: without it every payment ever made is looked at.
IN_WORK = (
    "step IN ('reserving', 'preflight', 'charging', 'charged', 'printing', 'fiscalised', 'reversing', 'abandoned')"
)


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


def require(reader: Reader, payment_id: str) -> Payment:
    return reader.require(Payment, f"SELECT {_PAYMENT} FROM payment WHERE payment_id = ?", (payment_id,))


def live(reader: Reader, order_id: str) -> Payment | None:
    """The one attempt of an order that has not ended."""
    return reader.one(Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? AND step IN ({_LIVE})", (order_id,))


def last(reader: Reader, order_id: str) -> Payment | None:
    return reader.one(
        Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? ORDER BY attempt DESC LIMIT 1", (order_id,)
    )


_NEEDS_TOKEN = (PaymentStep.RESERVING, PaymentStep.PREFLIGHT, PaymentStep.CHARGING)


def move(tx: Tx, payment: Payment, step: PaymentStep, /, **changes: Any) -> Payment:
    """Journal a step by the table, with further columns. Once nothing can be posted to the bank any more the card's
    token is forgotten. Raises `ImpossibleStep`."""
    if step not in PAYMENT_TRANSITIONS[payment.step]:
        raise ImpossibleStep(f"{payment.payment_id}: {payment.step} → {step}")
    if step not in _NEEDS_TOKEN:
        changes["card_token"] = ""
    return note(tx, payment, step=step, **changes)


def note(tx: Tx, payment: Payment, /, **changes: Any) -> Payment:
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


def unfinished(reader: Reader) -> list[Payment]:
    """Every attempt a restart must take up again."""
    sql = f"SELECT {_PAYMENT} FROM payment WHERE {IN_WORK} AND step <> 'abandoned' ORDER BY created_at"
    return reader.all(Payment, sql)


def recent(reader: Reader, newest: datetime | None) -> list[Payment]:
    """Attempts of the two days before the books end."""
    since = None if newest is None else newest - timedelta(days=2)
    first, moment = ("", "") if since is None else (first_order_id(since - timedelta(days=1)), rfc3339(since))
    sql = f"SELECT {_PAYMENT} FROM payment WHERE order_id >= ? AND created_at >= ?"
    return reader.all(Payment, sql, (first, moment))


def abandoned(reader: Reader) -> list[Payment]:
    sql = f"SELECT {_PAYMENT} FROM payment WHERE {IN_WORK} AND step = 'abandoned' ORDER BY created_at"
    return reader.all(Payment, sql)


# Fiscal intents.


class Registered(msgspec.Struct, frozen=True):
    """What the registrar gave a document. `issued_at` with the drive's offset. A person who names a document of a lost
    drive may know neither sign nor time."""

    number: int
    fiscal_sign: int | None
    shift: int | None
    issued_at: datetime | None


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
    correction: bool
    fix: int  # 0 of the sale and its refunds, n of the documents that made the receipt right for the n-th time
    told_by: str | None  # who named a document of a lost drive

    def registered(self) -> Registered:
        """Raises `LookupError` while no document stands for it."""
        if self.document_number is None:
            raise LookupError(f"intent {self.intent_id} is {self.status}, no document stands for it")
        issued_at = None if self.issued_at is None else datetime.fromisoformat(self.issued_at)
        return Registered(self.document_number, self.fiscal_sign, self.document_shift, issued_at)


_INTENT = (
    "intent_id, order_id, payment_id, operation, status, drive_number, fd_before, shift, total_kopecks, intended_at,"
    " document_number, fiscal_sign, document_shift, issued_at, correction, fix, told_by"
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
    correction: bool = False,
    fix: int = 0,
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
        correction=int(correction),
        fix=fix,
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
            vat=line.vat,
            subject=line.subject,
        )
    return tx.require(IntentRow, f"SELECT {_INTENT} FROM fiscal_intent WHERE intent_id = ?", (intent_id,))


def intent_of(reader: Reader, payment_id: str, refund_id: str | None) -> IntentRow | None:
    """The intent that is open or registered; disproved ones stay as history."""
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent"
        " WHERE payment_id = ? AND refund_id IS ? AND fix = 0 AND status IN ('open', 'registered')",
        (payment_id, refund_id),
    )


def intent_of_fix(reader: Reader, payment_id: str, fix: int, operation: str) -> IntentRow | None:
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent"
        " WHERE payment_id = ? AND fix = ? AND operation = ? AND status IN ('open', 'registered')",
        (payment_id, fix, operation),
    )


def open_fix_intent(reader: Reader, payment_id: str, fix: int) -> IntentRow | None:
    """Whichever of a fix's two documents is in doubt, the first of both."""
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent WHERE payment_id = ? AND fix = ? AND status = 'open'"
        " ORDER BY intent_id LIMIT 1",
        (payment_id, fix),
    )


def standing_sale(reader: Reader, payment_id: str, before: int | None = None) -> IntentRow:
    """The sale's registered document as it stands now: the last one that made it right, else the first. `before`: as
    it stood before the fix of that number. Raises `LookupError` before there is one."""
    return reader.require(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent WHERE payment_id = ? AND operation = 'sale'"
        " AND status IN ('open', 'registered') AND status = 'registered' AND (? IS NULL OR fix < ?)"
        " ORDER BY fix DESC LIMIT 1",
        (payment_id, before, before),
    )


def open_intents(reader: Reader) -> list[IntentRow]:
    """Documents in doubt, the oldest first."""
    return reader.all(IntentRow, f"SELECT {_INTENT} FROM fiscal_intent WHERE status = 'open' ORDER BY intent_id")


def registered_after(tx: Tx, drive_number: str, document_number: int) -> frozenset[int]:
    """Our own documents on a drive behind a number."""
    rows = tx.execute(
        "SELECT document_number FROM fiscal_intent"
        " WHERE status = 'registered' AND drive_number = ? AND document_number > ?",
        (drive_number, document_number),
    )
    return frozenset(row[0] for row in rows)


_REGISTERED = "SELECT 1 FROM fiscal_intent WHERE status = 'registered' AND drive_number = ? AND document_number = ?"


def is_registered(reader: Reader, drive_number: str, document_number: int) -> bool:
    """Whether a document is known as one of ours."""
    return reader.scalar(_REGISTERED, (drive_number, document_number)) is not None


def sale_intent(reader: Reader, payment_id: str) -> IntentRow | None:
    return intent_of(reader, payment_id, None)


def sold_lines(reader: Reader, intent_id: int) -> list[PricedLine]:
    """The lines of a registered receipt."""
    return reader.all(
        PricedLine,
        "SELECT line, name, price_kopecks, quantity, vat, subject FROM receipt_line WHERE intent_id = ?"
        " ORDER BY position",
        (intent_id,),
    )


def disprove_intent(tx: Tx, intent_id: int) -> None:
    """The registrar proved the document absent."""
    tx.execute("UPDATE fiscal_intent SET status = 'absent' WHERE intent_id = ? AND status = 'open'", (intent_id,))


def register_intent(
    tx: Tx,
    intent_id: int,
    *,
    drive_number: str,
    document_number: int,
    fiscal_sign: int | None,
    document_shift: int,
    issued_at: str | None,
    told_by: str | None = None,
) -> None:
    """The document the drive answered; by a person's word it may stand in another drive than was asked, and where that
    is lost, `told_by` is whose word it is."""
    tx.execute(
        "UPDATE fiscal_intent SET status = 'registered', drive_number = ?, document_number = ?, fiscal_sign = ?,"
        " document_shift = ?, issued_at = ?, told_by = ? WHERE intent_id = ?",
        (drive_number, document_number, fiscal_sign, document_shift, issued_at, told_by, intent_id),
    )


def read_order_of_receipt(reader: Reader, fiscal_sign: int, total_kopecks: int) -> Order | None:
    """The order that a sale's receipt with this sign and sum was printed for, the newest if there are several."""
    found = reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent WHERE fiscal_sign = ? AND status = 'registered' AND operation = 'sale'"
        " AND total_kopecks = ? ORDER BY intent_id DESC LIMIT 1",
        (fiscal_sign, total_kopecks),
    )
    return None if found is None else orders.get(reader, found.order_id)


def read_registered_sale(reader: Reader, order_id: str) -> IntentRow | None:
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent WHERE order_id = ? AND operation = 'sale' AND status = 'registered'"
        " ORDER BY fix DESC LIMIT 1",
        (order_id,),
    )
