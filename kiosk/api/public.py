"""The public listener's calls (contract §1): session, menu, order, payment, pick-up."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import web

from kiosk.api.peer import place
from kiosk.api.problems import language_of
from kiosk.api.wire import Nothing, answer, bearer, body_bytes, decode, idempotency_key, optional_body
from kiosk.domain.card_number import refuse_card_numbers
from kiosk.domain.contact import check_contact, check_notify, without_phone
from kiosk.domain.errors import InvalidRequest, StepUpRequired
from kiosk.domain.phone import PhoneCountry, Phones
from kiosk.domain.readiness import Kitchen
from kiosk.domain.reasons import words_of
from kiosk.domain.text import Text
from kiosk.flows.attempts import Accepted, PayRequest
from kiosk.flows.conditions import Conditions
from kiosk.flows.estimating import Estimating
from kiosk.flows.guests import GuestRequest, Guests
from kiosk.flows.handing_out import HandingOut
from kiosk.flows.ordering import CreateOrder, Ordering
from kiosk.flows.paying import Paying
from kiosk.flows.proving import Asker, PickupRequest
from kiosk.flows.showing_menu import ShowingMenu
from kiosk.flows.signing_in import Caller, ConfirmRequest, Pending, PushAddress, QuickAuth, SigningIn
from kiosk.flows.tracking import Tracking, TrackRequest
from kiosk.flows.watching_pages import Heartbeat, WatchingPages
from kiosk.tokens import AccessTokens, Session

T = TypeVar("T")


class SalesView(msgspec.Struct, frozen=True):
    open: bool
    reason: str | None


class PointsView(msgspec.Struct, frozen=True):
    """The rules of points, and what signing in asks for: `consent_version` empty where no consent is needed."""

    accrual: float
    max_share: float
    consent_version: str
    spend_requires_code: bool


class RestaurantView(msgspec.Struct, frozen=True):
    """`GET /api/restaurant`: what the pages need before anybody orders; `says`: why sales are closed, for the guest;
    `sms_says`: why no code will come to a phone; `names`: its name in both languages, for who sees both at once;
    `receipt_link`: a template of the address where a receipt is shown, empty where there is none."""

    name: str
    names: Text
    legal_name: str
    address: str
    phone: str
    inn: str
    ogrn: str
    hours: str
    languages: list[str]
    phone_countries: list[PhoneCountry]
    receipt_link: str
    demo: bool
    sales: SalesView
    says: Text | None
    sms_says: Text | None
    wait_s: int
    points: PointsView


@dataclass(frozen=True, slots=True)
class Shop:
    """The fixed part of `RestaurantView`."""

    name: Text
    legal_name: Text
    address: Text
    phone: str
    inn: str
    ogrn: str
    hours: str
    phones: Phones
    receipt_link: str
    demo: bool
    points: PointsView


class PublicApi:
    """Handlers; each reads as: who, what, do it, answer."""

    def __init__(
        self,
        tokens: AccessTokens,
        signing_in: SigningIn,
        guests: Guests,
        menu: ShowingMenu,
        ordering: Ordering,
        estimating: Estimating,
        paying: Paying,
        handing_out: HandingOut,
        tracking: Tracking,
        watching_pages: WatchingPages,
        conditions: Conditions,
        kitchen: Kitchen,
        shop: Shop,
    ) -> None:
        self._tokens = tokens
        self._signing_in = signing_in
        self._guests = guests
        self._menu = menu
        self._ordering = ordering
        self._estimating = estimating
        self._paying = paying
        self._handing_out = handing_out
        self._tracking = tracking
        self._watching_pages = watching_pages
        self._conditions = conditions
        self._kitchen = kitchen
        self._shop = shop

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/auth/guest", self.open_guest),
            web.post("/api/auth/quick-auth", self.quick_auth),
            web.post("/api/auth/confirm", self.confirm),
            web.post("/api/auth/logout", self.log_out),
            web.get("/api/me", self.show_me),
            web.put("/api/me/push", self.set_push),
            web.get("/api/restaurant", self.show_restaurant),
            web.get("/api/menu/categories", self.show_menu),
            web.get("/api/menu/minutes", self.show_minutes),
            web.post("/api/orders/estimate", self.estimate_order),
            web.post("/api/orders/create", self.create_order),
            web.get("/api/orders", self.list_orders),
            web.get(
                "/api/orders/{order_id:(?!(?:create|estimate|track)$)[^{}/]+}", self.show_order
            ),  # GET of these is 405, not 404
            web.post("/api/orders/{order_id}/cancel", self.cancel_order),
            web.post("/api/orders/{order_id}/payment", self.pay),
            web.post("/api/orders/track", self.track_order),
            web.post("/api/pickup", self.pick_up),
            web.post("/api/heartbeat", self.heartbeat),
        ]

    async def open_guest(self, request: web.Request) -> web.Response:
        wanted = await optional_body(request, GuestRequest)
        return answer(await self._guests.open(wanted, place(request)), 201)

    async def quick_auth(self, request: web.Request) -> web.Response:
        return await sign_in(self._signing_in, request, self._terminal(request))

    async def confirm(self, request: web.Request) -> web.Response:
        return await confirm(self._signing_in, request, self._terminal(request))

    def _terminal(self, request: web.Request) -> str | None:
        """The terminal of the guest session that signs in, where one is sent along."""
        return bearer(request, self._tokens).terminal_id if "Authorization" in request.headers else None

    async def show_me(self, request: web.Request) -> web.Response:
        return answer(await self._signing_in.me(bearer(request, self._tokens), caller(request)))

    async def set_push(self, request: web.Request) -> web.Response:
        session = bearer(request, self._tokens)
        wanted = decode(await body_bytes(request), PushAddress)
        await self._signing_in.set_push(session, wanted.address, caller(request))
        return web.Response(status=204)

    async def log_out(self, request: web.Request) -> web.Response:
        session = bearer(request, self._tokens)
        await optional_body(request, Nothing)
        await self._guests.end(session)
        return web.Response(status=204)

    async def show_restaurant(self, request: web.Request) -> web.Response:
        wait_s = self._kitchen.promise_s([self._kitchen.typical])
        language = language_of(request)
        shop, reason, no_sms = self._shop, self._conditions.why_paused(wait_s), self._conditions.reason_of("sms")
        return answer(
            RestaurantView(
                name=shop.name.into(language),
                names=shop.name,
                legal_name=shop.legal_name.into(language),
                address=shop.address.into(language),
                phone=shop.phone,
                inn=shop.inn,
                ogrn=shop.ogrn,
                hours=shop.hours,
                languages=["ru", "en"],
                phone_countries=shop.phones.countries,
                receipt_link=shop.receipt_link,
                demo=shop.demo,
                sales=SalesView(reason is None, reason),
                says=None if reason is None else words_of(reason).guest,
                sms_says=None if no_sms is None else words_of(no_sms).guest,
                wait_s=wait_s,
                points=shop.points,
            )
        )

    async def show_menu(self, request: web.Request) -> web.Response:
        language = language_of(request)
        body, version = self._menu.page(language)
        headers = {"Vary": "Accept-Language", "Content-Language": language}
        return tagged_answer(request, body, f'"{version}-{language}"', headers)

    async def show_minutes(self, _: web.Request) -> web.Response:
        return answer(self._estimating.minutes())

    async def estimate_order(self, request: web.Request) -> web.Response:
        bearer(request, self._tokens)
        return answer(await self._estimating.estimate(decode(await body_bytes(request), CreateOrder)))

    async def create_order(self, request: web.Request) -> web.Response:
        session = bearer(request, self._tokens)
        wanted = decode(await body_bytes(request), CreateOrder)
        key = idempotency_key(request)
        return answer(await self._ordering.create(session, wanted, key, language_of(request), place(request)), 201)

    async def list_orders(self, request: web.Request) -> web.Response:
        session = bearer(request, self._tokens)
        before = request.query.get("before", "")
        if len(before) > 36 or not before.isascii():
            raise InvalidRequest.at("before", "an order id")
        if session.customer_id is not None:
            await self._signing_in.require_proven(session, caller(request))
        return answer({"orders": await self._ordering.list(session, before, language_of(request))})

    async def show_order(self, request: web.Request) -> web.Response:
        session = bearer(request, self._tokens)
        wanted = self._ordering.get(session, _order_id(request), language_of(request))
        return answer(await self._own(session, wanted, request))

    async def cancel_order(self, request: web.Request) -> web.Response:
        session = bearer(request, self._tokens)
        await optional_body(request, Nothing)
        cancelled = self._ordering.cancel(session, _order_id(request), language_of(request))
        return answer(await self._own(session, cancelled, request))

    async def _own(self, session: Session, work: Awaitable[T], request: web.Request) -> T:
        """Where the order is the number's but not this session's, the refusal brings a code to the number."""
        try:
            return await work
        except StepUpRequired as refusal:
            if session.customer_id is None:
                raise
            raise await self._signing_in.step_up(session.customer_id, caller(request)) from refusal

    async def pay(self, request: web.Request) -> web.Response:
        session = bearer(request, self._tokens)
        body = await body_bytes(request)
        refuse_card_numbers(without_phone(decode(body, object), self._shop.phones))
        wanted = decode(body, PayRequest)
        check_contact(wanted.receipt_to, self._shop.phones)
        check_notify(wanted.notify, wanted.receipt_to)
        order_id = _order_id(request)
        if wanted.bonus_points and session.customer_id is not None:
            await self._signing_in.require_spender(session, caller(request))
        paying = self._paying.pay(session, order_id, wanted, idempotency_key(request), language_of(request))
        result = await self._own(session, paying, request)
        if isinstance(result, Accepted):
            return answer(result, 202, Location=f"/api/orders/{order_id}")
        return answer(result)

    async def pick_up(self, request: web.Request) -> web.Response:
        asker = self._asker(request)
        return answer(await self._handing_out.pick_up(decode(await body_bytes(request), PickupRequest), asker))

    async def track_order(self, request: web.Request) -> web.Response:
        asker = self._asker(request)
        wanted = decode(await body_bytes(request), TrackRequest)
        return answer(await self._tracking.track(wanted, asker, language_of(request)))

    def _asker(self, request: web.Request) -> Asker:
        """Raises `Unauthorized` for a token that is none."""
        session = bearer(request, self._tokens) if "Authorization" in request.headers else None
        return Asker(place(request), session)

    async def heartbeat(self, request: web.Request) -> web.Response:
        self._watching_pages.beat(decode(await body_bytes(request), Heartbeat))
        return web.Response(status=204)


def tagged_answer(request: web.Request, body: bytes, tag: str, headers: dict[str, str] | None = None) -> web.Response:
    """JSON that a cache may keep but must ask about: 304 while its tag is the same."""
    headers = {"ETag": tag, "Cache-Control": "no-cache", **(headers or {})}
    given = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    if tag in given or "*" in given:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)


async def sign_in(signing_in: SigningIn, request: web.Request, terminal_id: str | None) -> web.Response:
    """`quick-auth` on either listener: 201 pending, 200 with a token."""
    wanted = decode(await body_bytes(request), QuickAuth)
    result = await signing_in.quick_auth(wanted, terminal_id, caller(request))
    return answer(result, 201 if isinstance(result, Pending) else 200)


async def confirm(signing_in: SigningIn, request: web.Request, terminal_id: str | None) -> web.Response:
    """`confirm` on either listener."""
    wanted = decode(await body_bytes(request), ConfirmRequest)
    return answer(await signing_in.confirm(wanted, terminal_id, caller(request)))


def caller(request: web.Request) -> Caller:
    return Caller(place(request), language_of(request))


def _order_id(request: web.Request) -> str:
    """Ids that cannot be ours find nothing, like those that could."""
    text = request.match_info["order_id"]
    return text if len(text) <= 36 and text.isascii() else "-"
