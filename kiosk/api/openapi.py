"""`GET /api/openapi.json`: OpenAPI 3.1 of /api/*, from one table of operations and the types that decode and answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from kiosk.api.describing import Operation, describe
from kiosk.api.public import RestaurantView, tagged_answer
from kiosk.api.service import (
    Decision,
    PinRequest,
    Refill,
    Replay,
    SalesSwitch,
    ShiftSwitch,
    StatusView,
    StopSwitch,
    StuckView,
)
from kiosk.api.sim import FaultSwitch, SimView
from kiosk.api.wire import Nothing
from kiosk.domain import errors
from kiosk.domain.payment import Confirmation
from kiosk.flows.attempts import Accepted, PayRequest
from kiosk.flows.choosing_portions import RefundRequest
from kiosk.flows.guests import GuestRequest, TokenView
from kiosk.flows.handing_out import PickupRequest, PickupView
from kiosk.flows.ordering import CreateOrder
from kiosk.flows.overseeing import OverviewView
from kiosk.flows.reporting import StatsView
from kiosk.flows.showing_menu import MenuView
from kiosk.flows.signing_in import ConfirmRequest, MeView, Pending, PushAddress, QuickAuth
from kiosk.flows.tracking import TrackView
from kiosk.flows.views import CreatedView, OrderView, RefundView
from kiosk.flows.watching_pages import Heartbeat


class OrdersView(msgspec.Struct, frozen=True):
    """Own orders, newest first; `before` asks for the page after an order id."""

    orders: list[OrderView]


_SIGN_IN = (errors.InvalidPhone, errors.TooManyRequests, errors.Unauthorized)
_TAGGED = {200: ("ETag",), 304: ("ETag",)}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path="/api/auth/guest",
        summary="A guest session: orders and pays, has no points and no history beyond itself",
        body=GuestRequest,
        body_optional=True,
        answers={201: TokenView},
        refusals=(errors.TooManyRequests,),
    ),
    Operation(
        method="POST",
        path="/api/auth/quick-auth",
        summary="Sign in by phone: a confirmed number gets its token, any other a one-time password by SMS",
        body=QuickAuth,
        session="optional",
        answers={200: TokenView, 201: Pending},
        refusals=(*_SIGN_IN, errors.ConsentRequired),
    ),
    Operation(
        method="POST",
        path="/api/auth/confirm",
        summary="Confirm the number by the one-time password",
        body=ConfirmRequest,
        session="optional",
        answers={200: TokenView},
        refusals=(
            errors.InvalidPhone,
            errors.WrongPassword,
            errors.AttemptsExhausted,
            errors.PasswordExpired,
            errors.NoPendingConfirmation,
        ),
    ),
    Operation(
        method="POST",
        path="/api/auth/logout",
        summary="End the session; its token is dead at once",
        body=Nothing,
        body_optional=True,
        session="required",
        answers={204: None},
    ),
    Operation(
        method="GET",
        path="/api/me",
        summary="The customer who signed in, with points",
        session="required",
        answers={200: MeView},
        refusals=(errors.CustomersOnly, errors.StepUpRequired),
    ),
    Operation(
        method="PUT",
        path="/api/me/push",
        summary="Where push notifications go",
        body=PushAddress,
        session="required",
        answers={204: None},
        refusals=(errors.CustomersOnly, errors.StepUpRequired),
    ),
    Operation(
        method="GET",
        path="/api/restaurant",
        summary="Name, hours, whether sales are open, the present wait",
        answers={200: RestaurantView},
        stores=False,
    ),
    Operation(
        method="GET",
        path="/api/menu/categories",
        summary="The menu with prices and what is available now",
        parameters=("If-None-Match",),
        answers={200: MenuView, 304: None},
        headers={200: ("ETag", "Content-Language"), 304: ("ETag", "Content-Language")},
        stores=False,
    ),
    Operation(
        method="POST",
        path="/api/orders/create",
        summary="Create an order; every dish is checked to be available",
        body=CreateOrder,
        session="required",
        parameters=("Idempotency-Key",),
        answers={201: CreatedView},
        refusals=(errors.ItemsUnavailable, errors.IdempotencyKeyReused, errors.SalesPaused),
    ),
    Operation(
        method="GET",
        path="/api/orders",
        summary="Own orders, newest first",
        session="required",
        parameters=("before",),
        answers={200: OrdersView},
        refusals=(errors.InvalidRequest, errors.StepUpRequired),
    ),
    Operation(
        method="GET",
        path="/api/orders/{order_id}",
        summary="One own order with payment, receipt, refunds, portions and timeline",
        session="required",
        parameters=("order_id",),
        answers={200: OrderView},
        refusals=(errors.NotFound,),
    ),
    Operation(
        method="POST",
        path="/api/orders/{order_id}/cancel",
        summary="Cancel before payment",
        body=Nothing,
        body_optional=True,
        session="required",
        parameters=("order_id",),
        answers={200: OrderView},
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        method="POST",
        path="/api/orders/{order_id}/payment",
        summary="Pay: ingredients, bank, receipt. 202 when the outcome is not known in time; the payment goes on",
        body=PayRequest,
        session="required",
        parameters=("order_id", "Idempotency-Key"),
        answers={200: Confirmation, 202: Accepted},
        headers={202: ("Location",)},
        refusals=(
            errors.NotFound,
            errors.PaymentDeclined,
            errors.IngredientsUnavailable,
            errors.OrderStateConflict,
            errors.PaymentInProgress,
            errors.IdempotencyKeyReused,
            errors.BonusExceedsLimit,
            errors.CardNumberRefused,
            errors.StepUpRequired,
            errors.BankUnavailable,
            errors.FiscalUnavailable,
        ),
    ),
    Operation(
        method="POST",
        path="/api/pickup",
        summary="Open the cells of a ready order by its number and code",
        body=PickupRequest,
        answers={200: PickupView},
        refusals=(errors.WrongCode, errors.OrderStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        method="POST",
        path="/api/orders/track",
        summary="One order by its number and pick-up code, without a session: state, minutes, cells, receipt, refunds",
        body=PickupRequest,
        answers={200: TrackView},
        refusals=(errors.WrongCode, errors.TooManyRequests),
    ),
    Operation(
        method="POST",
        path="/api/heartbeat",
        summary="A touch screen's page is alive; a silent one shows in /readyz and /metrics",
        body=Heartbeat,
        answers={204: None},
        stores=False,
    ),
    Operation(
        method="GET",
        path="/api/display/events",
        summary="The hall board: events `snapshot`, `order` and, every five seconds, `beat`; `id` is the sequence",
        parameters=("Last-Event-ID",),
        answers={200: str},
        media="text/event-stream",
    ),
    Operation(
        method="POST",
        path="/api/service/session",
        summary="Open the staff's pages by PIN",
        body=PinRequest,
        answers={201: TokenView},
        refusals=(errors.StaffOnly, errors.TooManyRequests, errors.NotFound),
        stores=False,
    ),
    Operation(
        method="GET",
        path="/api/service/stats",
        summary="Statistics of a period, for staff",
        session="required",
        parameters=("from", "to"),
        answers={200: StatsView},
        refusals=(errors.InvalidRequest,),
    ),
    Operation(
        method="GET",
        path="/api/service/status",
        summary="Why sales are open or paused, for staff",
        session="required",
        answers={200: StatusView},
        stores=False,
    ),
    Operation(
        method="GET",
        path="/api/service/overview",
        summary="Lights, bins, shift, orders in work, stop list, webhooks, journal: the technician's page in one look",
        session="required",
        answers={200: OverviewView},
    ),
    Operation(
        method="POST",
        path="/api/service/sales",
        summary="Pause or resume sales, by staff",
        body=SalesSwitch,
        session="required",
        answers={204: None},
    ),
    Operation(
        method="POST",
        path="/api/service/shift",
        summary="Open the fiscal shift, or close it with the Z report, by staff",
        body=ShiftSwitch,
        session="required",
        answers={204: None},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/x-report",
        summary="Print the shift's totals; nothing is closed",
        body=Nothing,
        body_optional=True,
        session="required",
        answers={204: None},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/refill",
        summary="A bin was filled up to this amount",
        body=Refill,
        session="required",
        answers={204: None},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/robot/acknowledge",
        summary="After an emergency stop: a person has looked and released the button",
        body=Nothing,
        body_optional=True,
        session="required",
        answers={204: None},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/stop-list",
        summary="Take a dish off sale, or put it back",
        body=StopSwitch,
        session="required",
        answers={204: None},
        refusals=(errors.NotFound,),
    ),
    Operation(
        method="POST",
        path="/api/service/orders/{order_id}/refund",
        summary="Give an order's money back, whole or by dishes, with a reason",
        body=RefundRequest,
        session="required",
        parameters=("order_id",),
        answers={202: RefundView},
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        method="GET",
        path="/api/service/stuck",
        summary="What waits for a person, with the moves that are safe",
        session="required",
        answers={200: StuckView},
    ),
    Operation(
        method="POST",
        path="/api/service/stuck/{stuck_id}",
        summary="One of the safe moves; answers with what is left",
        body=Decision,
        session="required",
        parameters=("stuck_id",),
        answers={200: StuckView},
        refusals=(errors.NotFound, errors.OrderStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        method="POST",
        path="/api/service/webhooks",
        summary="Wake an endpoint that was given up, or deliver again from a sequence on",
        body=Replay,
        session="required",
        answers={204: None},
        refusals=(errors.NotFound,),
    ),
    Operation(
        method="GET",
        path="/api/sim",
        summary="The simulated devices and their faults; 404 where every device is real",
        answers={200: SimView},
        refusals=(errors.NotFound,),
        stores=False,
    ),
    Operation(
        method="POST",
        path="/api/sim",
        summary="Switch a fault of a simulated device, for training",
        body=FaultSwitch,
        answers={200: SimView},
        refusals=(errors.NotFound,),
        stores=False,
    ),
    Operation(
        method="GET",
        path="/api/openapi.json",
        summary="This description",
        parameters=("If-None-Match",),
        answers={200: dict[str, Any], 304: None},
        headers=_TAGGED,
        stores=False,
    ),
)


class OpenApi:
    """Serves the description from memory."""

    def __init__(self, operations: Iterable[Operation] = OPERATIONS) -> None:
        self._body = msgspec.json.encode(describe(tuple(operations)))
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:16]}"'

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/openapi.json", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        return tagged_answer(request, self._body, self._tag)
