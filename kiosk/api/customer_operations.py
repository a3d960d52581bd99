"""The rows of the table of operations for customers' pages and the hall board."""

from __future__ import annotations

from kiosk import socket_calls
from kiosk.api.admission import ANYONE, MAYBE_SESSION, SESSION
from kiosk.api.calls import Operation
from kiosk.api.display import DisplayApi
from kiosk.api.http.parameters import BEFORE, IDEMPOTENCY_KEY, IF_NONE_MATCH, LAST_EVENT_ID
from kiosk.api.kitchen import KitchenApi
from kiosk.api.ordering import OrderingApi, OrdersView
from kiosk.api.restaurant import RestaurantApi, RestaurantView
from kiosk.api.sign_in import SignInApi
from kiosk.domain import errors
from kiosk.domain.payment.payment import Confirmation
from kiosk.flows.guards.pages import Heartbeat
from kiosk.flows.guards.visits import Visit
from kiosk.flows.identity.guests import GuestRequest, TokenView
from kiosk.flows.identity.sign_in import ConfirmRequest, MeView, Pending, PushAddress, QuickAuth
from kiosk.flows.ordering.create import CreateOrder
from kiosk.flows.ordering.estimate import EstimateView, MinutesView
from kiosk.flows.ordering.menu import MenuView
from kiosk.flows.ordering.pickup import PickupView
from kiosk.flows.ordering.proof import PickupRequest
from kiosk.flows.ordering.tracking import TrackRequest, TrackView
from kiosk.flows.ordering.views import CreatedView, OrderView
from kiosk.flows.payment.attempts import Accepted, PayRequest
from kiosk.socket_calls import Address

CUSTOMER_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Address("POST", "/api/auth/guest"), SignInApi.open_guest, ANYONE, {201: TokenView},
        summary="A guest session: orders and pays, has no points and no history beyond itself", body=GuestRequest,
        body_optional=True, refusals=(errors.TooManyRequests,),
    ),
    Operation(
        Address("POST", "/api/auth/quick-auth"), SignInApi.quick_auth, MAYBE_SESSION, {200: TokenView, 201: Pending},
        summary="Sign in by phone: a confirmed number gets its token, any other a one-time password by SMS",
        socket=socket_calls.QUICK_AUTH, body=QuickAuth,
        refusals=(errors.InvalidPhone, errors.TooManyRequests, errors.ConsentRequired, errors.NumberBlocked),
    ),
    Operation(
        Address("POST", "/api/auth/confirm"), SignInApi.confirm, MAYBE_SESSION, {200: TokenView},
        summary="Confirm the number by the one-time password", socket=socket_calls.CONFIRM, body=ConfirmRequest,
        refusals=(
            errors.InvalidPhone, errors.WrongPassword, errors.AttemptsExhausted, errors.PasswordExpired,
            errors.NumberBlocked, errors.NoPendingConfirmation,
        ),
    ),
    Operation(
        Address("POST", "/api/auth/logout"), SignInApi.log_out, SESSION, {204: None},
        summary="End the session; its token is dead at once",
    ),
    Operation(
        Address("GET", "/api/me"), SignInApi.show_me, SESSION, {200: MeView},
        summary="The customer who signed in, with points", refusals=(errors.CustomersOnly, errors.StepUpRequired),
    ),
    Operation(
        Address("PUT", "/api/me/push"), SignInApi.set_push, SESSION, {204: None}, summary="Where push notifications go",
        body=PushAddress, refusals=(errors.CustomersOnly, errors.StepUpRequired),
    ),
    Operation(
        Address("GET", "/api/restaurant"), RestaurantApi.show_restaurant, ANYONE, {200: RestaurantView},
        summary="Name, hours, whether sales are open, the present wait", stores=False,
    ),
    Operation(
        Address("GET", "/api/menu/categories"), RestaurantApi.show_menu, ANYONE, {200: MenuView, 304: None},
        summary="The menu with prices and what is available now", parameters=(IF_NONE_MATCH,),
        headers={200: ("ETag", "Content-Language"), 304: ("ETag", "Content-Language")}, stores=False,
    ),
    Operation(
        Address("GET", "/api/menu/minutes"), RestaurantApi.show_minutes, ANYONE, {200: MinutesView},
        summary="How many minutes each item alone takes, ordered now", stores=False,
    ),
    Operation(
        Address("POST", "/api/orders/estimate"), OrderingApi.estimate_order, SESSION, {200: EstimateView},
        summary="What this order would cost and take, and what is in it as chosen; nothing is written or held",
        body=CreateOrder, refusals=(errors.SalesPaused,),
    ),
    Operation(
        Address("POST", "/api/orders/create"), OrderingApi.create_order, SESSION, {201: CreatedView},
        summary="Create an order; every dish is checked to be available", body=CreateOrder,
        parameters=(IDEMPOTENCY_KEY,),
        refusals=(errors.ItemsUnavailable, errors.IdempotencyKeyReused, errors.SalesPaused, errors.TooManyRequests),
    ),
    Operation(
        Address("GET", "/api/orders"), OrderingApi.list_orders, SESSION, {200: OrdersView},
        summary="Own orders, newest first", parameters=(BEFORE,),
        refusals=(errors.InvalidRequest, errors.StepUpRequired),
    ),
    Operation(
        Address("GET", "/api/orders/{order_id}"), OrderingApi.show_order, SESSION, {200: OrderView},
        summary="One own order with payment, receipt, refunds, portions and timeline",
        refusals=(errors.NotFound, errors.StepUpRequired),
    ),
    Operation(
        Address("POST", "/api/orders/{order_id}/cancel"), OrderingApi.cancel_order, SESSION, {200: OrderView},
        summary="Cancel before payment", refusals=(errors.NotFound, errors.StepUpRequired, errors.OrderStateConflict),
    ),
    Operation(
        Address("POST", "/api/orders/{order_id}/payment"), OrderingApi.pay, SESSION, {200: Confirmation, 202: Accepted},
        summary="Pay: ingredients, money, receipt. 202 where the guest has something to do (`show`), or the outcome is"
        " not known in time; the payment goes on",
        body=PayRequest, screen=OrderingApi.refuse_cards, parameters=(IDEMPOTENCY_KEY,), headers={202: ("Location",)},
        refusals=(
            errors.NotFound, errors.PaymentDeclined, errors.IngredientsUnavailable, errors.OrderStateConflict,
            errors.PaymentInProgress, errors.IdempotencyKeyReused, errors.BonusExceedsLimit, errors.CardNumberRefused,
            errors.StepUpRequired, errors.BankUnavailable, errors.FiscalUnavailable, errors.PaymentMethodUnavailable,
            errors.ItemsUnavailable, errors.SalesPaused,
        ),
    ),
    Operation(
        Address("DELETE", "/api/orders/{order_id}/payment"), OrderingApi.cancel_payment, SESSION, {202: Accepted},
        summary="Ask to cancel the payment that runs; what comes of it stands in the order",
        refusals=(errors.NotFound, errors.StepUpRequired, errors.OrderStateConflict),
    ),
    Operation(
        Address("POST", "/api/pickup"), OrderingApi.pick_up, MAYBE_SESSION, {200: PickupView},
        summary="Open the cells of a ready order by its number and code", body=PickupRequest,
        refusals=(errors.WrongCode, errors.TooManyRequests, errors.OrderStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        Address("POST", "/api/orders/track"), OrderingApi.track_order, MAYBE_SESSION, {200: TrackView},
        summary="One order by its number and pick-up code, or by its receipt: state, minutes, cells, receipt, refunds",
        body=TrackRequest, refusals=(errors.WrongCode, errors.TooManyRequests),
    ),
    Operation(
        Address("POST", "/api/heartbeat"), RestaurantApi.beat, ANYONE, {204: None},
        summary="A touch screen's page is alive; a silent one shows in /readyz and /metrics", body=Heartbeat,
        stores=False,
    ),
    Operation(
        Address("POST", "/api/visits"), RestaurantApi.count_visit, ANYONE, {204: None},
        summary="A visit at a touch screen is over: how far it came; counted by day, nobody's name is kept", body=Visit,
        refusals=(errors.InvalidRequest, errors.TooManyRequests),
    ),
    Operation(
        Address("GET", "/api/display/events"), DisplayApi.follow, ANYONE, {200: str},
        summary="The hall board: events `snapshot`, `order` and, every five seconds, `beat`; `id` is the sequence",
        parameters=(LAST_EVENT_ID,), media="text/event-stream", refusals=(errors.TooManyStreams,),
    ),
    Operation(
        Address("GET", "/api/kitchen/events"), KitchenApi.follow, ANYONE, {200: str},
        summary="The kitchen for the hall to look at: event `kitchen`, the whole picture (stations, whose number is"
        " where, cells, orders) at once and when it has changed, else every five seconds `beat`",
        media="text/event-stream", refusals=(errors.TooManyStreams,),
    ),
)  # fmt: skip
