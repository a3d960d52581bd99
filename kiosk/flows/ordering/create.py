"""Seed order 2: an order is created when every dish is available; its way until payment, and how it is looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from kiosk.clock import Clock
from kiosk.domain.address import is_loopback
from kiosk.domain.errors import (
    DomainError,
    IdempotencyKeyReused,
    NotFound,
    OrderStateConflict,
    StepUpRequired,
)
from kiosk.domain.events import EventItem, OrderCancelledEvent, OrderCreatedEvent
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import (
    Order,
    OrderLine,
    OrderStatus,
    PortionStatus,
    Service,
    new_order_id,
    new_pickup_code,
)
from kiosk.flows.guards.rate_limit import Window
from kiosk.flows.ordering.conditions import Conditions
from kiosk.flows.ordering.pricing import Pricing, WantedLine
from kiosk.flows.ordering.views import CreatedView, OrderView, created_view, order_view
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.ordering import keys, orders
from kiosk.store.stock import stocks
from kiosk.store.transaction import Reader, Tx
from kiosk.tokens import Session

_CALL = "create"
_PAGE = 50


class CreateOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /api/orders/create`."""

    items: Annotated[list[WantedLine], msgspec.Meta(min_length=1, max_length=30)]
    service: Literal["dine_in", "take_away"]


class Orders:
    """Creates, shows and cancels orders."""

    def __init__(
        self,
        database: Database,
        menu: CurrentMenu,
        kitchen: Kitchen,
        conditions: Conditions,
        clock: Clock,
        per_address_per_minute: int,
    ) -> None:
        self._db = database
        self._kitchen = kitchen
        self._pricing = Pricing(menu, kitchen)
        self._made = Window(clock, per_address_per_minute, 60)
        self._conditions = conditions
        self._clock = clock

    async def create(
        self, session: Session, request: CreateOrder, key: str | None, language: str, place: str
    ) -> CreatedView | msgspec.Raw:
        """The new order, or the stored answer of `key`. Raises `ItemsUnavailable`, `SalesPaused`, `InvalidRequest`,
        `IdempotencyKeyReused`, `TooManyRequests` for another machine that fills the list of orders."""
        if not is_loopback(place):
            self._made.take(place)
        now = self._clock.now()
        refusal: DomainError | None = None
        lines: list[OrderLine] = []
        look = self._conditions.look()
        try:
            lines = self._pricing.lines(request.items)
            promise_s = look.require(lines)
        except DomainError as error:
            refusal, promise_s = error, 0
        levels = self._kitchen.now.levels()
        fingerprint = hashlib.sha256(msgspec.json.encode(request)).hexdigest()

        def run(tx: Tx) -> CreatedView | msgspec.Raw:
            if key is not None and (row := keys.find_key(tx, session.session_id, _CALL, key)):
                if row.fingerprint != fingerprint:
                    raise IdempotencyKeyReused
                return msgspec.Raw((row.body or "").encode())
            if refusal is not None:
                raise refusal
            look.require_stock(lines, levels, stocks.held(tx, now))
            order = self._insert(tx, session, request, lines, promise_s, now)
            view = created_view(order, lines, language)
            if key is not None:
                answer = (201, msgspec.json.encode(view))
                keys.keep_answer(tx, session.session_id, _CALL, key, fingerprint, order.order_id, answer, now)
            return view

        return await self._db.write(run)

    def _insert(
        self,
        tx: Tx,
        session: Session,
        request: CreateOrder,
        lines: list[OrderLine],
        promise_s: int,
        now: datetime,
    ) -> Order:
        order = Order(
            order_id=new_order_id(now),
            number=orders.next_number(tx),
            terminal_id=session.terminal_id,
            session_id=session.session_id,
            customer_id=session.customer_id,
            service=Service(request.service),
            status=OrderStatus.CREATED,
            amount_kopecks=sum(line.sum_kopecks for line in lines),
            ready_in_s=promise_s,
            pickup_code=new_pickup_code(),
            receipt_unknown=False,
            created_at=now,
        )
        orders.add(tx, order, lines)
        outbox.put(
            tx,
            OrderCreatedEvent(
                order_id=order.order_id,
                number=order.number,
                customer_id=order.customer_id,
                amount_kopecks=order.amount_kopecks,
                items=event_items(lines),
                service=order.service,
                ready_in_s=promise_s,
            ),
            now,
        )
        return order

    async def get(self, session: Session, order_id: str, language: str) -> OrderView:
        """Raises `NotFound`, also for somebody else's order; `StepUpRequired`."""
        now, kitchen = self._clock.now(), self._kitchen.now

        def look(reader: Reader) -> OrderView:
            return order_view(reader, require_own(session, orders.get(reader, order_id)), language, now, kitchen)

        return await self._db.read(look)

    async def list(self, session: Session, before: str, language: str) -> list[OrderView]:
        """Own orders, newest first, a page at a time."""
        now, kitchen = self._clock.now(), self._kitchen.now

        def look(reader: Reader) -> Sequence[OrderView]:
            ids = orders.read_own_orders(reader, session.session_id, session.customer_id, before, _PAGE)
            return [order_view(reader, orders.require(reader, order_id), language, now, kitchen) for order_id in ids]

        return [*await self._db.read(look)]

    async def cancel(self, session: Session, order_id: str, language: str) -> OrderView:
        """Before payment only. Raises `NotFound`, `StepUpRequired`, `OrderStateConflict`."""
        now = self._clock.now()

        def run(tx: Tx) -> None:
            order = require_own(session, orders.get(tx, order_id))
            if order.status is not OrderStatus.CANCELLED:
                cancel_order(tx, order, now, "guest")

        await self._db.write(run)
        return await self.get(session, order_id, language)


def owns(session: Session, order: Order) -> bool:
    """An order belongs to its session, and to the customer behind a session that a code has confirmed."""
    return order.session_id == session.session_id or (session.verified and _is_customers(session, order))


def _is_customers(session: Session, order: Order) -> bool:
    return session.customer_id is not None and order.customer_id == session.customer_id


def require_own(session: Session, order: Order | None) -> Order:
    """Whoever only typed a number learns nothing of what that number ordered elsewhere. Raises `NotFound`,
    `StepUpRequired`."""
    if order is not None and owns(session, order):
        return order
    if order is not None and _is_customers(session, order):
        raise StepUpRequired
    raise NotFound


def event_items(lines: list[OrderLine]) -> list[EventItem]:
    return [EventItem(line.item_id, line.name_ru, line.quantity, line.sum_kopecks) for line in lines]


def cancel_order(tx: Tx, order: Order, now: datetime, by: Literal["guest", "staff", "kiosk"]) -> None:
    """created → cancelled with everything that hangs on it. Raises `OrderStateConflict`."""
    if order.status is not OrderStatus.CREATED:
        raise OrderStateConflict(order_status=order.status)
    orders.move(tx, order, OrderStatus.CANCELLED, now)
    stocks.release_order(tx, order.order_id)
    for portion in orders.portions(tx, order.order_id):
        orders.move_portion(tx, portion, PortionStatus.DROPPED)
    outbox.put(tx, OrderCancelledEvent(order_id=order.order_id, number=order.number, by=by), now)


def promise_until(now: datetime, promise_s: int) -> datetime:
    return now + timedelta(seconds=promise_s)
