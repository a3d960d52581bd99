"""The calls of the customers' pages and of the hall board, as OpenAPI tells them."""

from __future__ import annotations

import msgspec

from kiosk.api.describing import Operation
from kiosk.api.public import RestaurantView
from kiosk.api.wire import Nothing
from kiosk.domain import errors
from kiosk.domain.payment import Confirmation
from kiosk.flows.attempts import Accepted, PayRequest
from kiosk.flows.estimating import EstimateView, MinutesView
from kiosk.flows.guests import GuestRequest, TokenView
from kiosk.flows.handing_out import PickupView
from kiosk.flows.ordering import CreateOrder
from kiosk.flows.proving import PickupRequest
from kiosk.flows.showing_menu import MenuView
from kiosk.flows.signing_in import ConfirmRequest, MeView, Pending, PushAddress, QuickAuth
from kiosk.flows.tracking import TrackRequest, TrackView
from kiosk.flows.views import CreatedView, OrderView
from kiosk.flows.watching_pages import Heartbeat


class OrdersView(msgspec.Struct, frozen=True):
    """Own orders, newest first; `before` asks for the page after an order id."""

    orders: list[OrderView]


_SIGN_IN = (errors.InvalidPhone, errors.TooManyRequests, errors.Unauthorized)

CUSTOMER_OPERATIONS: tuple[Operation, ...] = (
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
        method="GET",
        path="/api/menu/minutes",
        summary="How many minutes each item alone takes, ordered now",
        answers={200: MinutesView},
        stores=False,
    ),
    Operation(
        method="POST",
        path="/api/orders/estimate",
        summary="What this order would cost and take, and what is in it as chosen; nothing is written or held",
        body=CreateOrder,
        session="required",
        answers={200: EstimateView},
        refusals=(errors.SalesPaused,),
    ),
    Operation(
        method="POST",
        path="/api/orders/create",
        summary="Create an order; every dish is checked to be available",
        body=CreateOrder,
        session="required",
        parameters=("Idempotency-Key",),
        answers={201: CreatedView},
        refusals=(errors.ItemsUnavailable, errors.IdempotencyKeyReused, errors.SalesPaused, errors.TooManyRequests),
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
        refusals=(errors.NotFound, errors.StepUpRequired),
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
        refusals=(errors.NotFound, errors.StepUpRequired, errors.OrderStateConflict),
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
        session="optional",
        answers={200: PickupView},
        refusals=(errors.WrongCode, errors.TooManyRequests, errors.OrderStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        method="POST",
        path="/api/orders/track",
        summary="One order by its number and pick-up code, or by its receipt: state, minutes, cells, receipt, refunds",
        body=TrackRequest,
        session="optional",
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
        refusals=(errors.TooManyStreams,),
        media="text/event-stream",
    ),
)
