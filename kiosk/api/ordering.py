"""Orders 1–3 and the pick-up: what a guest orders, pays, takes (http.md#public-calls)."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import web

from kiosk.api.calls import BareCall, Call
from kiosk.api.http.parameters import BEFORE, IDEMPOTENCY_KEY, ORDER_ID
from kiosk.api.http.wire import answer
from kiosk.api.sign_in import caller
from kiosk.domain.errors import StepUpRequired
from kiosk.domain.identity.contact import check_contact, check_notify, without_phone
from kiosk.domain.identity.phone import Phones
from kiosk.domain.payment.card_number import refuse_card_numbers
from kiosk.flows.identity.sign_in import SignIn
from kiosk.flows.ordering.create import CreateOrder, Orders
from kiosk.flows.ordering.estimate import Estimates, EstimateView
from kiosk.flows.ordering.pickup import Pickup, PickupView
from kiosk.flows.ordering.proof import Asker, PickupRequest
from kiosk.flows.ordering.tracking import OrderTracking, TrackRequest, TrackView
from kiosk.flows.ordering.views import CreatedView, OrderView
from kiosk.flows.payment.attempts import Accepted, PayRequest
from kiosk.flows.payment.saga import PaymentSaga
from kiosk.tokens import Session

T = TypeVar("T")


class OrdersView(msgspec.Struct, frozen=True):
    """Own orders, newest first; `before` asks for the page after an order id."""

    orders: list[OrderView]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingApi:
    """Handlers; each reads as: what, do it, answer."""

    orders: Orders
    estimates: Estimates
    payment_saga: PaymentSaga
    pickup: Pickup
    order_tracking: OrderTracking
    sign_in: SignIn
    phones: Phones

    async def estimate_order(self, call: Call[Session, CreateOrder]) -> EstimateView:
        return await self.estimates.estimate(call.body)

    async def create_order(self, call: Call[Session, CreateOrder]) -> CreatedView | msgspec.Raw:
        return await self.orders.create(call.by, call.body, call.read(IDEMPOTENCY_KEY), call.menu_language, call.place)

    async def list_orders(self, call: BareCall[Session]) -> OrdersView:
        before = call.read(BEFORE)
        if call.by.customer_id is not None:
            await self.sign_in.require_proven(call.by, caller(call))
        return OrdersView(await self.orders.list(call.by, before, call.menu_language))

    async def show_order(self, call: BareCall[Session]) -> OrderView:
        return await self._own(call, self.orders.get(call.by, call.read(ORDER_ID), call.menu_language))

    async def cancel_order(self, call: BareCall[Session]) -> OrderView:
        return await self._own(call, self.orders.cancel(call.by, call.read(ORDER_ID), call.menu_language))

    async def _own(self, call: Call[Session, object], work: Awaitable[T]) -> T:
        """Where the order is the number's but not this session's, the refusal brings a code to the number."""
        try:
            return await work
        except StepUpRequired as refusal:
            if call.by.customer_id is None:
                raise
            raise await self.sign_in.step_up(call.by.customer_id, caller(call)) from refusal

    def refuse_cards(self, body: object) -> None:
        """Whatever else is wrong with a payment. Raises `CardNumberRefused`."""
        refuse_card_numbers(without_phone(body, self.phones))

    async def pay(self, call: Call[Session, PayRequest]) -> web.Response:
        session, wanted, order_id = call.by, call.body, call.read(ORDER_ID)
        check_contact(wanted.receipt_to, self.phones)
        check_notify(notify=wanted.notify, contact=wanted.receipt_to)
        if wanted.bonus_points and session.customer_id is not None:
            await self.sign_in.require_spender(session, caller(call))
        work = self.payment_saga.pay(session, order_id, wanted, call.read(IDEMPOTENCY_KEY), call.language)
        result = await self._own(call, work)
        if isinstance(result, Accepted):
            return answer(result, 202, Location=f"/api/orders/{order_id}")
        return answer(result)

    async def cancel_payment(self, call: BareCall[Session]) -> Accepted:
        return await self._own(call, self.payment_saga.cancel(call.by, call.read(ORDER_ID)))

    async def pick_up(self, call: Call[Session | None, PickupRequest]) -> PickupView:
        return await self.pickup.pick_up(call.body, Asker(call.place, call.by))

    async def track_order(self, call: Call[Session | None, TrackRequest]) -> TrackView:
        return await self.order_tracking.track(call.body, Asker(call.place, call.by), call.menu_language)
