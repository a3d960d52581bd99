"""The opening and the answers of a payment attempt: one live attempt an order, keys replayed to the letter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import (
    BonusExceedsLimit,
    DomainError,
    FiscalUnavailable,
    IdempotencyKeyReused,
    InvalidRequest,
    OrderStateConflict,
    PaymentDeclined,
    PaymentInProgress,
)
from kiosk.domain.events import PaymentFailedEvent
from kiosk.domain.ordering.order import Order, OrderStatus
from kiosk.domain.payment.bonus import POINT_KOPECKS, BonusRules
from kiosk.domain.payment.payment import LIVE_STEPS, Confirmation, Method, Payment, PaymentStep
from kiosk.domain.reasons import STARTING
from kiosk.flows.ordering.conditions import Conditions
from kiosk.flows.ordering.create import require_own
from kiosk.flows.ordering.views import ShowView, show_view
from kiosk.flows.payment.method import Methods, PaymentMethod
from kiosk.flows.payment.paper import PaperRules
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.ordering import keys, messages, orders
from kiosk.store.payment import bonuses, payments
from kiosk.store.stock import stocks
from kiosk.store.transaction import Reader, Tx
from kiosk.tokens import Session

_CALL = "payment"
_REPLAYED: dict[str, type[DomainError]] = {kind.code: kind for kind in (PaymentDeclined, FiscalUnavailable)}


class PayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /api/orders/{order_id}/payment`. `card_token` belongs to the method `token`. `notify`: a guest
    without an account is told by SMS, to the number of `receipt_to`, what becomes of the order."""

    card_token: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = ""
    bonus_points: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    receipt_to: Annotated[str, msgspec.Meta(min_length=3, max_length=64)] | None = None
    notify: bool = False
    method: Literal["token", "terminal", "sbp", "till"] = "token"

    def fingerprint(self, order_id: str) -> str:
        """Requests by a token are written as they were before there were other ways: their keys outlive an upgrade."""
        told = msgspec.to_builtins(self)
        if Method.TOKEN.value == self.method:
            del told["method"]
        return hashlib.sha256(msgspec.json.encode((order_id, told))).hexdigest()


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The 202: the payment goes on, the outcome is not known yet. `show`: what the guest is to do."""

    order_id: str
    status: str
    stage: str
    show: ShowView | None = None


class StoredRefusal(msgspec.Struct, frozen=True):
    code: str
    members: dict[str, str | bool | int]


class Attempts:
    """Opens attempts (T1) and finds those that run or have ended."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: BonusRules,
        conditions: Conditions,
        methods: Methods,
        paper: PaperRules,
    ) -> None:
        self._paper = paper
        self._db = database
        self._clock = clock
        self._rules = rules
        self._conditions = conditions
        self._methods = methods

    async def open(
        self, session: Session, order_id: str, request: PayRequest, key: str | None, language: str
    ) -> Payment | Confirmation:
        """A new or running attempt, or a stored 200; a stored refusal is raised again."""
        now = self._clock.now()
        fingerprint = request.fingerprint(order_id)
        require_new = self._require_new(session, request)
        first = self._comes_first(request.method)

        def run(tx: Tx) -> Payment | Confirmation:
            opened = _open(
                tx, session, order_id, request, key, fingerprint, self._rules, require_new, receipt_first=first, now=now
            )
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
            status = orders.require(reader, payment.order_id).status
            return Accepted(payment.order_id, status, payment.stage, show_view(payment))

        return await self._db.read(run)

    def _comes_first(self, name: str) -> bool:
        method = self._methods.find(name)
        return method is not None and self._paper.comes_first(method)

    def _require_new(self, session: Session, request: PayRequest) -> Callable[[Tx, Order], None]:
        """What must hold for an attempt to be begun, looked at now on the loop. Raises `InvalidRequest` for a way to
        pay that this kiosk does not have."""
        method = self._methods.find(request.method)
        if method is None:
            raise InvalidRequest.at("$.method", f"one of {', '.join(each.name for each in self._methods.offered)}")
        if method.capabilities.token is not bool(request.card_token):
            raise InvalidRequest.at("$.card_token", "belongs to the method token, and to no other")
        look = self._conditions.look(unless_starting=True)
        closed = None if method.check is None else self._conditions.reason_of(method.check)

        def require(tx: Tx, order: Order) -> None:
            look.require_for_payment(orders.lines(tx, order.order_id))
            if closed not in (None, STARTING):
                raise method.refusal(str(closed))
            if method.capabilities.exclusive and (word := why_not_free(tx, method.name)) is not None:
                raise method.refusal(f"{method.name}_{word}")
            _require_known_end(tx, order.order_id, method)
            self._paper.require(tx, session.session_id, method, self._clock.now())

        return require

    async def wish_to_cancel(self, session: Session, order_id: str) -> Payment:
        """The live attempt with the wish in it. Raises `NotFound`, `OrderStateConflict`."""
        now = self._clock.now()

        def run(tx: Tx) -> Payment:
            order = require_own(session, orders.get(tx, order_id))
            live = payments.live(tx, order_id)
            if live is None:
                raise OrderStateConflict(order_status=order.status)
            return live if live.cancel_asked_at else payments.note(tx, live, cancel_asked_at=now)

        return await self._db.write(run)


def _open(  # noqa: PLR0913  # what one transaction needs
    tx: Tx,
    session: Session,
    order_id: str,
    request: PayRequest,
    key: str | None,
    fingerprint: str,
    rules: BonusRules,
    require_new: Callable[[Tx, Order], None],
    *,
    receipt_first: bool,
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
    require_new(tx, order)
    _check_points(tx, session, order.amount_kopecks, request.bonus_points, rules)
    return _insert(
        tx, session, order_id, order.amount_kopecks, request, key, fingerprint, now, receipt_first=receipt_first
    )


def why_not_free(reader: Reader, method: str) -> str | None:
    """Whether a way to pay that takes one attempt at a time (the index `one_payment_at_the_reader`) has one: `busy`, or
    `unsettled` for one in doubt, which is settled first. One whose receipt is owed counts too, also where its meal is
    cooked already."""
    for row in payments.in_work_by(reader, method):
        if row.captured_at is None:
            return "unsettled" if row.step is PaymentStep.ABANDONED else "busy"
    return None


def _require_known_end(reader: Reader, order_id: str, method: PaymentMethod) -> None:
    """Another way is begun only where the last one has come to its end."""
    last = payments.last(reader, order_id)
    if last is not None and last.step is PaymentStep.ABANDONED and last.method != method.name:
        raise PaymentInProgress


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


def _insert(  # noqa: PLR0913  # each by its keyword
    tx: Tx,
    session: Session,
    order_id: str,
    amount_kopecks: int,
    request: PayRequest,
    key: str | None,
    fingerprint: str,
    now: datetime,
    *,
    receipt_first: bool,
) -> Payment:
    last = payments.last(tx, order_id)
    attempt = 1 if last is None else last.attempt + 1
    payment = Payment(
        payment_id=f"{order_id}-{attempt}",
        order_id=order_id,
        attempt=attempt,
        terminal_id=session.terminal_id,
        session_id=session.session_id,
        method=request.method,
        step=PaymentStep.RESERVING,
        amount_kopecks=amount_kopecks - request.bonus_points * POINT_KOPECKS,
        bonus_points=request.bonus_points,
        card_token=request.card_token,
        idempotency_key=key,
        fingerprint=fingerprint,
        receipt_to=request.receipt_to,
        created_at=now,
        customer_id=session.customer_id,
        receipt_first=receipt_first,
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
        reason = refusal.members.get("reason")
        told = reason if isinstance(reason, str) else None
        payments.move(tx, current, step, failure=refusal.code, failure_reason=told)
        order = orders.require(tx, payment.order_id)
        orders.move(tx, order, OrderStatus.CREATED, now)
        stocks.release_order(tx, payment.order_id)
        if current.customer_id is not None:
            points = current.bonus_points
            bonuses.enter(tx, current.customer_id, "release", points, order.order_id, payment.payment_id, now)
        outbox.put(
            tx,
            PaymentFailedEvent(
                order_id=order.order_id,
                number=order.number,
                payment_id=payment.payment_id,
                code=refusal.code,
                reason=told,
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
