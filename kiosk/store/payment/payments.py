"""Attempts to pay, step by step."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.ordering.order import first_order_id
from kiosk.domain.payment.payment import LIVE_STEPS, PAYMENT_TRANSITIONS, Payment, PaymentStep, Tender
from kiosk.store.transaction import Reader, Tx

_PAYMENT = (
    "payment_id, order_id, attempt, terminal_id, session_id, method, step, amount_kopecks, bonus_points, card_token,"
    " idempotency_key, fingerprint, receipt_to, created_at, posts, posted_at, bank_unknown_since, transaction_id,"
    " card_brand, card_last4, charged_at, receipt_failed_at, released_at, failure, answer, customer_id,"
    " bonus_accrued, refunded_kopecks, receipt_error, reverse_asked_by, rrn, failure_reason, charge_error,"
    " cancel_asked_at, operation, operation_before, held_at, capturing_at, captured_at, till_code, expires_at, tender,"
    " given_kopecks, taken_by, bank_payment_id, qr, cancel_reason, receipt_first, ending, auth_code,"
    " reader_id, merchant_id"
)
_LIVE = ", ".join(f"'{step.value}'" for step in LIVE_STEPS)


#: To the letter, the condition of an index: without it every payment ever made is looked at.
IN_WORK = (
    "step IN ('reserving', 'preflight', 'choosing', 'announcing', 'announced', 'charging', 'charged', 'printing',"
    " 'fiscalised', 'reversing', 'taking_back', 'abandoned')"
)

_LONGEST_CODE = timedelta(days=1)  # `[payment] till_expires_s` is at most that


class ImpossibleStep(Exception):
    """A move the transition table does not have: a bug, never a user's fault."""


def add(tx: Tx, payment: Payment) -> None:
    """A new attempt, as it is before its first step."""
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
        receipt_first=int(payment.receipt_first),
        created_at=rfc3339(payment.created_at),
    )


def require(reader: Reader, payment_id: str) -> Payment:
    """The attempt that is known to exist. Raises `LookupError`."""
    return reader.require(Payment, f"SELECT {_PAYMENT} FROM payment WHERE payment_id = ?", (payment_id,))


def find(reader: Reader, payment_id: str) -> Payment | None:
    return reader.one(Payment, f"SELECT {_PAYMENT} FROM payment WHERE payment_id = ?", (payment_id,))


def live(reader: Reader, order_id: str) -> Payment | None:
    """The one attempt of an order that has not ended."""
    return reader.one(Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? AND step IN ({_LIVE})", (order_id,))


def last(reader: Reader, order_id: str) -> Payment | None:
    """The latest attempt of an order, ended or not; None before the first."""
    return reader.one(
        Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? ORDER BY attempt DESC LIMIT 1", (order_id,)
    )


def of_order(reader: Reader, order_id: str) -> list[Payment]:
    """Every attempt of an order, the oldest first."""
    return reader.all(Payment, f"SELECT {_PAYMENT} FROM payment WHERE order_id = ? ORDER BY attempt", (order_id,))


_NEEDS_TOKEN = (
    PaymentStep.RESERVING,
    PaymentStep.PREFLIGHT,
    PaymentStep.CHOOSING,
    PaymentStep.ANNOUNCING,
    PaymentStep.ANNOUNCED,
    PaymentStep.CHARGING,
)


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
    return value.value if isinstance(value, PaymentStep | Tender) else value


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
    """Attempts that were given up while their outcome was not known: the bank is still asked about them."""
    sql = f"SELECT {_PAYMENT} FROM payment WHERE {IN_WORK} AND step = 'abandoned' ORDER BY created_at"
    return reader.all(Payment, sql)


def in_work_by(reader: Reader, method: str) -> list[Payment]:
    """Attempts by this method that have not come to a definite end, those included that were given up in doubt."""
    sql = f"SELECT {_PAYMENT} FROM payment WHERE {IN_WORK} AND method = ? ORDER BY created_at"
    return reader.all(Payment, sql, (method,))


def at_till(reader: Reader, code: str) -> Payment | None:
    """The attempt that waits for staff under this code, from the first word to the money."""
    sql = (
        f"SELECT {_PAYMENT} FROM payment WHERE till_code = ?"
        " AND step IN ('choosing', 'announcing', 'announced', 'charging')"
    )
    return reader.one(Payment, sql, (code,))


def taken_at_till(reader: Reader, code: str, since: datetime) -> Payment | None:
    """The newest attempt that staff took money for under this code, where it was after `since`."""
    sql = (
        f"SELECT {_PAYMENT} FROM payment WHERE till_code = ? AND created_at > ? AND taken_by IS NOT NULL"
        " AND (charged_at > ? OR step = 'charging') ORDER BY created_at DESC LIMIT 1"
    )
    return reader.one(Payment, sql, (code, rfc3339(since - _LONGEST_CODE), rfc3339(since)))


class PaperSpent(msgspec.Struct, frozen=True):
    """Receipts that were printed before the money and taken back: of one visitor, and of all."""

    by_session: int
    by_all: int


def paper_spent(reader: Reader, session_id: str, since: datetime) -> PaperSpent:
    """Attempts since that moment whose receipt came first and that nobody paid, those in doubt included."""
    return reader.require(
        PaperSpent,
        "SELECT ifnull(sum(session_id = ?), 0) AS by_session, count(*) AS by_all FROM payment"
        " WHERE receipt_first = 1 AND created_at > ? AND step NOT IN ('done', 'fiscalised') AND EXISTS"
        " (SELECT 1 FROM fiscal_intent f WHERE f.payment_id = payment.payment_id AND f.operation = 'sale'"
        "   AND f.status IN ('open', 'registered') AND f.refund_id IS NULL AND f.fix = 0)",
        (session_id, rfc3339(since)),
    )
