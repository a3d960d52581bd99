"""What the pages need before anybody orders: the restaurant, its menu, the wait (http.md#public-calls)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from kiosk.api.calls import BareCall, Call
from kiosk.api.http.wire import tagged_answer
from kiosk.domain.hours_words import hours_words
from kiosk.domain.identity.phone import PhoneCountry, Phones
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.reasons import NOBODY_NEEDED, words_of
from kiosk.domain.text import Text
from kiosk.flows.guards.pages import Heartbeat, PageWatch
from kiosk.flows.guards.visits import Visit, Visits
from kiosk.flows.ordering.conditions import Conditions
from kiosk.flows.ordering.estimate import Estimates, MinutesView
from kiosk.flows.ordering.menu import MenuBytes
from kiosk.flows.payment.method import Methods, PaymentMethod
from kiosk.flows.payment.paper import PaperRules


class SalesView(msgspec.Struct, frozen=True):
    open: bool
    reason: str | None


class PointsView(msgspec.Struct, frozen=True):
    """The rules of points, and what signing in asks for: `consent_version` empty where no consent is needed."""

    accrual: float
    max_share: float
    consent_version: str
    spend_requires_code: bool


class MethodView(msgspec.Struct, frozen=True):
    """A way to pay; `reason` and `says`: why it is not to be had now; `receipt_first`: the receipt is printed before
    the money is asked for, once the guest agrees; `red_key`: only the guest ends it, by the red key of the reader."""

    method: str
    available: bool
    reason: str | None
    says: Text | None
    receipt_first: bool = False
    red_key: bool = False


class RestaurantView(msgspec.Struct, frozen=True):
    """`GET /api/restaurant`: what the pages need before anybody orders; `says`: why sales are closed, for the guest;
    `sms_says`: why no code will come to a phone; `names`: its name in both languages, for who sees both at once;
    `staff_knows`: of a pause that staff has to end, whether somebody was reached about it; null where nobody is needed;
    `receipt_link`: a template of the address where a receipt is shown, empty where there is none; `reloads`: how often
    staff asked the pages to load anew."""

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
    staff_knows: bool | None
    sms_says: Text | None
    wait_s: int
    points: PointsView
    payment_methods: list[MethodView]
    reloads: int


@dataclass(frozen=True, slots=True)
class Shop:
    """The fixed part of `RestaurantView`."""

    name: Text
    legal_name: Text
    address: Text
    phone: str
    inn: str
    ogrn: str
    phones: Phones
    receipt_link: str
    demo: bool
    languages: list[str]
    points: PointsView


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantApi:
    shop: Shop
    menu: MenuBytes
    estimates: Estimates
    conditions: Conditions
    methods: Methods
    paper: PaperRules
    kitchen: Kitchen
    page_watch: PageWatch
    visits: Visits
    staff_knows: Callable[[str], bool]

    async def show_restaurant(self, call: BareCall[None]) -> RestaurantView:
        kitchen = self.kitchen.now
        wait_s = kitchen.promise_s([kitchen.typical])
        language = call.language
        opening = self.conditions.opening
        shop, reason, no_sms = self.shop, self.conditions.why_paused(wait_s), self.conditions.reason_of("sms")
        return RestaurantView(
            name=shop.name.into(language),
            names=shop.name,
            legal_name=shop.legal_name.into(language),
            address=shop.address.into(language),
            phone=shop.phone,
            inn=shop.inn,
            ogrn=shop.ogrn,
            hours="" if opening is None else hours_words(opening, language),
            languages=shop.languages,
            phone_countries=shop.phones.countries,
            receipt_link=shop.receipt_link,
            demo=shop.demo,
            sales=SalesView(reason is None, reason),
            says=None if reason is None else self.conditions.says_closed(reason),
            staff_knows=None if reason is None or reason in NOBODY_NEEDED else self.staff_knows(reason),
            sms_says=None if no_sms is None else words_of(no_sms).guest,
            wait_s=wait_s,
            points=shop.points,
            reloads=self.page_watch.reloads,
            payment_methods=[self._method_view(method) for method in self.methods.offered],
        )

    def _method_view(self, method: PaymentMethod) -> MethodView:
        reason = None if method.check is None else self.conditions.reason_of(method.check)
        says = None if reason is None else words_of(reason).guest
        return MethodView(
            method.name, reason is None, reason, says, self.paper.comes_first(method), method.capabilities.red_key
        )

    async def show_menu(self, call: BareCall[None]) -> web.Response:
        language = call.menu_language
        body, version = self.menu.page(language)
        headers = {"Vary": "Accept-Language", "Content-Language": language}
        return tagged_answer(call.request, body, f'"{version}-{language}"', headers)

    async def show_minutes(self, _: BareCall[None]) -> MinutesView:
        return self.estimates.minutes()

    async def beat(self, call: Call[None, Heartbeat]) -> None:
        self.page_watch.beat(call.body)

    async def count_visit(self, call: Call[None, Visit]) -> None:
        await self.visits.count(call.body)
