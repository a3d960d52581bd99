"""The opening and the answers of a payment attempt: one live attempt an order, keys replayed to the letter."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated

import msgspec

from kiosk.clock import Clock
from kiosk.domain.bonus import POINT_KOPECKS, BonusRules
from kiosk.domain.errors import (
    BonusExceedsLimit,
    DomainError,
    FiscalUnavailable,
    IdempotencyKeyReused,
    OrderStateConflict,
    PaymentDeclined,
    PaymentInProgress,
)
from kiosk.domain.events import PaymentFailedEvent
from kiosk.domain.order import OrderStatus
from kiosk.domain.payment import LIVE_STEPS, Confirmation, Payment, PaymentStep
from kiosk.flows.conditions import Conditions, Look
from kiosk.flows.ordering import require_own
from kiosk.store import bonuses, keys, messages, orders, outbox, payments, stocks
from kiosk.store.database import Database, Reader, Tx
from kiosk.tokens import Session

_CALL = "payment"
_REPLAYED: dict[str, type[DomainError]] = {kind.code: kind for kind in (PaymentDeclined, FiscalUnavailable)}


class PayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /api/orders/{order_id}/payment`. `notify`: a guest without an account is told by SMS, to the
    number of `receipt_to`, what becomes of the order."""

    card_token: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    bonus_points: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    receipt_to: Annotated[str, msgspec.Meta(min_length=3, max_length=64)] | None = None
    notify: bool = False


class Accepted(msgspec.Struct, frozen=True):
    """The 202: the payment goes on, the outcome is not known yet."""

    order_id: str
    status: str
    stage: str


class StoredRefusal(msgspec.Struct, frozen=True):
    code: str
    members: dict[str, str | bool | int]


class Attempts:
    """Opens attempts (T1) and finds those that run or have ended."""

    def __init__(self, database: Database, clock: Clock, rules: BonusRules, conditions: Conditions) -> None:
        self._db = database
        self._clock = clock
        self._rules = rules
        self._conditions = conditions

    async def open(
        self, session: Session, order_id: str, request: PayRequest, key: str | None, language: str
    ) -> Payment | Confirmation:
        """A new or running attempt, or a stored 200; a stored refusal is raised again."""
        now, look = self._clock.now(), self._conditions.look(unless_starting=True)
        fingerprint = hashlib.sha256(msgspec.json.encode((order_id, request))).hexdigest()

        def run(tx: Tx) -> Payment | Confirmation:
            opened = _open(tx, session, order_id, request, key, fingerprint, self._rules, look, now)
            if isinstance(opened, Payment) and session.customer_id is None:
                _keep_guest(tx, order_id, request, language)
            return opened

        return await self._db.write(run)

    async def accepted(self, payment_id: str) -> Accepted | None:
        """How far a live attempt is; None where it has ended: then it has its answer."""

        def run(reader: Reader) -> Accepted | None:
            payment = payments.require(reader, payment_id)
            if payment.step not in LIVE_STEPS:
                return None
            return Accepted(payment.order_id, orders.require(reader, payment.order_id).status, payment.stage)

        return await self._db.read(run)


def _open(
    tx: Tx,
    session: Session,
    order_id: str,
    request: PayRequest,
    key: str | None,
    fingerprint: str,
    rules: BonusRules,
    look: Look,
    now: datetime,
) -> Payment | Confirmation:
    order = require_own(session, orders.get(tx, order_id))
    live = payments.live(tx, order_id)
    if key is not None and (row := keys.find_key(tx, session.session_id, _CALL, key)):
        if row.fingerprint != fingerprint:
            raise IdempotencyKeyReused
        if row.status is not None:
            return _replay(row)
    if live is not None:
        if key not in (None, live.idempotency_key) or live.fingerprint != fingerprint:
            raise PaymentInProgress
        return live
    if order.status is not OrderStatus.CREATED:
        return _of_paid_order(tx, order_id, order.status, key)
    look.require_for_payment(orders.lines(tx, order_id))
    _check_points(tx, session, order.amount_kopecks, request.bonus_points, rules)
    return _insert(tx, session, order_id, order.amount_kopecks, request, key, fingerprint, now)


def _keep_guest(tx: Tx, order_id: str, request: PayRequest, language: str) -> None:
    """The last attempt says who is to be told: another guest may pay at the second try."""
    if request.notify and request.receipt_to is not None:
        messages.keep_guest(tx, order_id, request.receipt_to, language)
    else:
        messages.forget_guest(tx, order_id)


def _check_points(reader: Reader, session: Session, amount_kopecks: int, points: int, rules: BonusRules) -> None:
    """A guest has none. Inside the writer's transaction, so that no race spends the same points twice."""
    if points:
        balance = bonuses.balance(reader, session.customer_id) if session.customer_id else 0
        available = rules.spendable(amount_kopecks, balance)
        if points > available:
            raise BonusExceedsLimit(available=available)


def _replay(row: keys.KeyRow) -> Confirmation:
    body = row.body or ""
    if row.status == 200:
        return msgspec.json.decode(body, type=Confirmation)
    refusal = msgspec.json.decode(body, type=StoredRefusal)
    raise _REPLAYED[refusal.code](None, **refusal.members)


def _of_paid_order(reader: Reader, order_id: str, status: OrderStatus, key: str | None) -> Confirmation:
    """The stored 200 for no key; the key that paid was answered before. Raises `OrderStateConflict`."""
    last = payments.last(reader, order_id)
    if key is None and last is not None and last.answer is not None:
        return msgspec.json.decode(last.answer, type=Confirmation)
    raise OrderStateConflict(order_status=status)


def _insert(
    tx: Tx,
    session: Session,
    order_id: str,
    amount_kopecks: int,
    request: PayRequest,
    key: str | None,
    fingerprint: str,
    now: datetime,
) -> Payment:
    last = payments.last(tx, order_id)
    attempt = 1 if last is None else last.attempt + 1
    payment = Payment(
        payment_id=f"{order_id}-{attempt}",
        order_id=order_id,
        attempt=attempt,
        terminal_id=session.terminal_id,
        session_id=session.session_id,
        method="token",
        step=PaymentStep.RESERVING,
        amount_kopecks=amount_kopecks - request.bonus_points * POINT_KOPECKS,
        bonus_points=request.bonus_points,
        card_token=request.card_token,
        idempotency_key=key,
        fingerprint=fingerprint,
        receipt_to=request.receipt_to,
        created_at=now,
        customer_id=session.customer_id,
    )
    payments.add(tx, payment)
    if session.customer_id is not None:
        points = -request.bonus_points
        bonuses.enter(tx, session.customer_id, "hold", points, order_id, payment.payment_id, now)
    orders.move(tx, orders.require(tx, order_id), OrderStatus.PAYING, now)
    if key is not None:
        keys.free_key(tx, session.session_id, _CALL, key)  # of an attempt that ended before money moved
        keys.occupy_key(tx, session.session_id, _CALL, key, fingerprint, order_id, payment.payment_id, now)
    return payment


class AnswerStore:
    """What a key answers once its attempt has ended."""

    def store(self, tx: Tx, payment: Payment, status: int, body: bytes) -> None:
        if payment.idempotency_key is not None:
            keys.store_answer(tx, payment.session_id, _CALL, payment.idempotency_key, status, body)

    def close(
        self,
        tx: Tx,
        payment: Payment,
        step: PaymentStep,
        refusal: DomainError,
        answered: int | None,
        now: datetime,
    ) -> None:
        """End an attempt without a paid order: step, holds, order, event and key in one transaction."""
        current = payments.require(tx, payment.payment_id)
        if current.step not in LIVE_STEPS:
            raise payments.ImpossibleStep(f"{payment.payment_id}: {current.step} has ended already")
        payments.move(tx, current, step, failure=refusal.code)
        order = orders.require(tx, payment.order_id)
        orders.move(tx, order, OrderStatus.CREATED, now)
        stocks.release_order(tx, payment.order_id)
        if current.customer_id is not None:
            points = current.bonus_points
            bonuses.enter(tx, current.customer_id, "release", points, order.order_id, payment.payment_id, now)
        reason = refusal.members.get("reason")
        outbox.put(
            tx,
            PaymentFailedEvent(
                order_id=order.order_id,
                number=order.number,
                payment_id=payment.payment_id,
                code=refusal.code,
                reason=reason if isinstance(reason, str) else None,
            ),
            now,
        )
        if payment.idempotency_key is None:
            return
        if answered is None:
            keys.free_key(tx, payment.session_id, _CALL, payment.idempotency_key)
        else:
            body = msgspec.json.encode(StoredRefusal(refusal.code, refusal.members))
            keys.store_answer(tx, payment.session_id, _CALL, payment.idempotency_key, answered, body)
