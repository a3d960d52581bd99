"""Every screen, lower, larger and both: all its words in sight, ×1.3 larger, nothing cut off.

In `make test` each screen in one of the two languages, the next day in the other one; in `make test-long` in both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Route

from tests.pages.looks import looks
from tests.pages.screens import KioskScreen, Screens, demo_kiosk
from tests.pages.test_accessibility import violations
from tests.pages.test_points_at_the_screen import PHONE, code_sent, enter_number
from tests.restaurant import Restaurant, restaurant
from tests.samples import EVERY, SEED
from tests.scenes.test_signing_in import signed_in

pytestmark = pytest.mark.asyncio(loop_scope="package")

RULES = """[auth]
consent_version = "2026-01"
limits = { resend_s = 1 }
[bonus]
accrual = 0.5
max_share = 0.3
[bank]
abandon_after_s = 60
[payment]
answer_within_s = 0.2"""
#: A pin-pad that waits for the test, and a clock that the test may put forward or stop: no screen ends while it is
#: looked at, however slow the machine is, and no word of what was just put into the cart goes.
HELD_CARD = """window.kioskTerminal = {token: () => new Promise((give) => { window.giveCard = give; })};
const now = Date.now; window.ahead = 0; let still = 0; Date.now = () => (still || now()) + window.ahead;
window.stopClock = () => { still = now(); };
window.startClock = () => { window.ahead -= now() - still; still = 0; };
const later = window.setTimeout;
const once = (act) => () => still ? later(once(act), 100) : act();
window.setTimeout = (act, ms, ...more) => ms === 6000 ? later(once(act), ms) : later(act, ms, ...more);"""


MENUS = "**/api/menu/categories"


_MODES = (("", "plain"), ("low", "low"), ("large", "low-large"), ("low", "large"))
_LANGUAGES = ("en", "ru")


class Tour:
    """Looks at a screen in every mode; `complaints` name screen, language and mode."""

    def __init__(self, kiosk: KioskScreen) -> None:
        self.kiosk = kiosk
        self.complaints: list[str] = []
        self._screens = 0
        self._spoken = "ru"

    async def look(self, screen: str, *taps: str, settle: str, silent: bool = False) -> None:
        """`silent`: the server does not answer there."""
        await self.kiosk.tap(*taps)
        await self.kiosk.sees(settle)
        await self.kiosk.shows_whole_pictures()
        await self.kiosk.page.evaluate("window.stopClock?.()")
        self._screens += 1
        for language in _LANGUAGES if EVERY else (_LANGUAGES[(self._screens + SEED) % 2],):
            await self._speak(language, silent=silent)
            for look in await looks(self.kiosk):
                self.complaints += [f"{screen} {language} {found}" for found in look.complaints()]
            await self._judge_modes(screen, language)
        await self._speak("ru", silent=silent)
        await self.kiosk.page.evaluate("window.startClock?.()")

    async def _judge_modes(self, screen: str, language: str) -> None:
        """Plain Russian is what most other tests of pages look at. Axe looks at one mode of each screen and language,
        at the next screen the next one; at all of them in `make test-long`."""
        turn = (self._screens + (language == "ru") + SEED // 2) % len(_MODES)
        for number, (switch, mode) in enumerate(_MODES):
            if switch:
                await self._click(switch)
            await self.kiosk.shot(f"{screen}-{language}-{mode}")
            if (language, mode) == ("ru", "plain") or (not EVERY and number != turn):
                continue
            found = await violations(self.kiosk)
            self.complaints += [f"{screen} {language} {mode} {complaint}" for complaint in found]
        await self._click("large")

    async def _click(self, name: str) -> None:
        """By the page's own hand: an open dialog keeps fingers from the strips around it."""
        await self.kiosk.at(name).evaluate("button => button.click()")

    async def _speak(self, language: str, *, silent: bool) -> None:
        if language == self._spoken:
            return
        self._spoken = language
        if silent:
            await self._click(f"lang-{language}")
        else:
            async with self.kiosk.page.expect_response(MENUS):
                await self._click(f"lang-{language}")
        await self.kiosk.page.wait_for_function("language => document.documentElement.lang === language", arg=language)
        await self.kiosk.page.evaluate("new Promise((next) => setTimeout(next, 60))")


async def come_in(tour: Tour) -> None:
    await tour.look("attract", settle="attract")
    await tour.look("seller", "about", settle="seller")
    await tour.look("ticket", "seller-back", "my-order", settle="track-number")
    await tour.look("ticket by receipt", "track-by-receipt", settle="track-sign")
    await tour.look("service", "track-back", "attract", settle="service-dine-in")


async def choose(tour: Tour) -> None:
    await tour.kiosk.tap("attract")
    await tour.look("combos", "service-dine-in", settle="add-combo-lunch")
    await tour.look("combo", "dish-combo-lunch", settle="sheet-add")
    await tour.look("menu", "sheet-close", "category-noodles", "add-udon-chicken", settle="toast-change")
    await tour.look("dish", "dish-udon-chicken", settle="sheet-add")
    await tour.look("filters", "sheet-close", "filter-allergens", settle="filter-no_meat")
    await tour.look("search", "search", "key-ч", settle="add-tea")
    await tour.look("cart", "search-done", "cart-open", settle="suggest-none")
    await tour.look("receipt to a phone", "receipt-ask", settle="contact")
    await tour.look("receipt to a mailbox", "to-mail", settle="key-@mail.ru")
    await tour.kiosk.tap("contact-close")


async def sign_in(tour: Tour, place: Restaurant) -> None:
    await tour.look("phone", "pay", settle="phone")
    await tour.look("consent", "consent-read", settle="consent-close")
    await tour.kiosk.tap("consent-close", "consent")
    await tour.kiosk.types("9161234599")
    await tour.look("code", "sign-in", settle="code")
    await tour.kiosk.tap("other-number")
    for _ in PHONE:
        await tour.kiosk.tap("key-erase")
    await enter_number(tour.kiosk)
    await tour.look("account", "spend", settle="balance")
    await tour.look("code of the owner", "own-orders-open", settle="code-why")
    await tour.kiosk.types(await code_sent(place, 3))
    await tour.look("own orders", "confirm-code", settle="own-orders")
    await tour.kiosk.tap("history-back")


async def pay(tour: Tour, place: Restaurant) -> None:
    kiosk = tour.kiosk
    await tour.look("card", "go-pay", settle="amount")
    await kiosk.page.evaluate("giveCard('tok_declined'), giveCard = null")
    await tour.look("declined", settle="failed-payment_declined")
    await kiosk.tap("pay-again")
    await kiosk.sees("amount")
    await kiosk.page.wait_for_function("() => !!window.giveCard")
    place.bank.faults.switch("slow", {"seconds": 30.0})
    await kiosk.page.evaluate("giveCard('tok_ok')")
    await tour.look("checking", settle="stage-checking")
    await kiosk.page.evaluate("window.ahead += 61_000")
    await tour.look("takes longer", settle="leave")
    place.bank.faults.switch("slow", on=False)
    await tour.look("done", settle="order-number")


@asynccontextmanager
async def touring(screens: Screens, place: Restaurant) -> AsyncIterator[Tour]:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.page.add_init_script(HELD_CARD)
    await kiosk.page.reload()
    tour = Tour(kiosk)
    yield tour
    assert tour.complaints == [], "\n".join(tour.complaints)
    await screens.close()


@pytest.mark.parametrize("part", [come_in, choose])
async def test_1_every_screen_before_paying_keeps_its_words_and_grows_by_a_third_in_every_mode(
    screens: Screens, part: Callable[[Tour], Awaitable[None]]
) -> None:
    async with restaurant(RULES) as place, touring(screens, place) as tour:
        await part(tour)


async def test_2_and_3_every_screen_of_paying_keeps_its_words_and_grows_by_a_third_in_every_mode(
    screens: Screens,
) -> None:
    screens.traffic.expects(402, 403, 422)
    async with restaurant(RULES) as place:
        member = await signed_in(place, f"+7{PHONE}", consent="2026-01")
        await member.pay((await member.order(("udon-chicken", 1)))["order_id"])
        async with touring(screens, place) as tour:
            await tour.kiosk.begin()
            await tour.kiosk.choose(("noodles", "udon-chicken"))
            await tour.kiosk.tap("cart-open")
            await sign_in(tour, place)
            await pay(tour, place)
            number, code = await tour.kiosk.words("order-number"), await tour.kiosk.words("pickup-code")
            await tour.kiosk.tap("new-order", "my-order")
            await tour.kiosk.types((number + code).lower().replace(number.lower(), number))
            await tour.look("found", "track-show", settle="tracked-number")


async def test_1_and_2_every_trouble_keeps_its_words_and_grows_by_a_third_in_every_mode(screens: Screens) -> None:
    screens.traffic.expects_silence()
    async with restaurant(RULES) as place, touring(screens, place) as tour:
        kiosk = tour.kiosk
        await kiosk.order_tea()
        place.robot.faults.switch("bin_empty", {"bin": 23})
        await tour.look("sold out", settle="notice")
        await kiosk.page.evaluate("window.ahead += 46_000")
        await tour.look("still here", settle="idle-stay")
        await kiosk.tap("idle-leave")
        await place.internal("POST", "/internal/sales/pause")
        await tour.look("closed", settle="closed")


async def cheaper(route: Route) -> None:
    """The page's menu is older than the server's."""
    answer = await route.fetch()
    body = (await answer.text()).replace('"price_kopecks":9900', '"price_kopecks":8900')
    await route.fulfill(response=answer, body=body)


async def never(route: Route) -> None:
    """A menu that does not come."""


async def test_1_and_3_what_is_seldom_seen_keeps_its_words_and_grows_by_a_third_in_every_mode(
    screens: Screens,
) -> None:
    """The menu loads, points are behind a code, the price has changed, the cart is empty, the server is silent."""
    screens.traffic.expects_silence()
    screens.traffic.expects(403)
    async with restaurant("[auth]\nspend_requires_code = true\n[bonus]\naccrual = 0.5") as place:
        member = await signed_in(place, f"+7{PHONE}")
        await member.pay((await member.order(("udon-chicken", 1)))["order_id"])
        async with touring(screens, place) as tour:
            kiosk = tour.kiosk
            await kiosk.page.route(MENUS, never)
            await kiosk.page.reload()
            await tour.look("menu loading", "attract", "service-dine-in", settle="menu-loading", silent=True)
            await kiosk.page.unroute(MENUS, never)
            await kiosk.page.route(MENUS, cheaper)
            # What the page is told while it goes would be put aside again.
            await kiosk.page.evaluate("Storage.prototype.setItem = () => undefined, sessionStorage.clear()")
            await kiosk.page.reload()
            await kiosk.order_tea()
            await kiosk.tap("pay")
            await enter_number(kiosk)
            await tour.look("points behind a code", settle="ask-code")
            await tour.look("changed price", "go-pay", settle="new-price")
            await kiosk.tap("back-to-cart")
            await tour.look("empty cart", "less-tea", settle="to-menu")
            await kiosk.tap("to-menu", "category-drinks", "add-tea", "cart-open")
            await kiosk.page.context.set_offline(True)
            await tour.look("offline", "pay", "go-pay", settle="offline", silent=True)
            await kiosk.page.context.set_offline(False)
            await kiosk.misses("offline")


async def test_3_practice_terminal_keeps_its_words_and_grows_by_a_third_in_every_mode(screens: Screens) -> None:
    async with demo_kiosk() as process:
        kiosk = await screens.kiosk(process)
        tour = Tour(kiosk)
        await kiosk.order_tea()
        await kiosk.tap("receipt-ask")
        await kiosk.types(PHONE)
        await kiosk.tap("contact-save", "pay", "without-number", "notify")
        await tour.look("practice", settle="terminal-approve")
        await kiosk.tap("terminal-approve")
        await tour.look("practised", settle="order-number")
        assert tour.complaints == [], "\n".join(tour.complaints)
        await screens.close()


_PLANT = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }"
PLANTED = {
    "lost": ".low .way small { display: none; }",
    "not larger": ".large .way b { font-size: 46px; }",
    "cut": ".large .way { height: 300px; overflow: hidden; }",
    "small": ".low [data-testid=service-back] { min-height: 60px; }",
    "wide": ".large main { overflow-x: auto; } .large .service-two { width: 1400px; }",
}


@pytest.mark.parametrize("kind", PLANTED)
async def test_1_planted_style_that_hides_cuts_or_does_not_grow_is_caught(
    place: Restaurant, screens: Screens, kind: str
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.tap("attract")
    await kiosk.sees("service-back")
    await kiosk.page.evaluate(_PLANT, PLANTED[kind])
    found = [complaint for look in await looks(kiosk) for complaint in look.complaints()]
    assert any(f" {kind}: " in complaint for complaint in found), found
