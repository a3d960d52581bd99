"""What makes the screen easier: larger text, lower controls, speech; and what a finger cannot do to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.screens import KioskScreen, Screens, restart
from tests.pages.test_accessibility import assert_within_reach, violations
from tests.restaurant import Restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: Elements whose words do not fit into them, or that stick out of the panel.
_CLIPPED = """() => [...document.querySelectorAll('button, h1, h2, dd, .field, .price, .bar .sum *, .note, .code')]
    .filter((e) => e.checkVisibility() && !e.closest('.unseen') && getComputedStyle(e).display !== 'inline')
    .filter((e) => e.scrollWidth > e.clientWidth + 4 || e.getBoundingClientRect().right > 1081
        || e.getBoundingClientRect().left < -1)
    .map((e) => `${e.dataset.testid || e.className || e.tagName}: ${e.textContent.slice(0, 40)}`)"""


async def assert_whole(kiosk: KioskScreen) -> None:
    assert await kiosk.page.evaluate(_CLIPPED) == []


async def test_1_to_3_larger_and_lower_text_fits_every_screen_in_both_languages(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(402)
    kiosk = await screens.kiosk(place.kiosk, "tok_declined", "tok_ok")
    await kiosk.sees("attract")
    await kiosk.tap("large")
    before = await kiosk.page.evaluate("getComputedStyle(document.querySelector('.tool')).fontSize")
    assert float(before.removesuffix("px")) == pytest.approx(26 * 1.3, abs=0.1)

    async def look(*taps: str, settle: str) -> None:
        """In each language, high and low: nothing is cut off, everything low is within reach."""
        await kiosk.tap(*taps)
        await kiosk.sees(settle)
        for language in ("lang-en", "lang-ru"):
            await kiosk.tap(language)
            await assert_whole(kiosk)
        await kiosk.tap("low")
        await assert_whole(kiosk)
        await assert_within_reach(kiosk)
        await kiosk.tap("low")

    await look(settle="attract")
    await look("attract", settle="service-dine-in")
    await look("service-dine-in", settle="add-combo-lunch")
    await look("category-noodles", "add-udon-chicken", "category-drinks", settle="add-tea")
    await look("search", "key-ч", settle="add-tea")
    await look("search-done", "cart-open", settle="pay")
    assert await violations(kiosk) == []
    await look("pay", settle="phone")
    await kiosk.shot("large-points-ru")
    await look("without-number", settle="pay-again")
    await kiosk.tap("pay-again")
    await look(settle="order-number")
    assert await violations(kiosk) == []


async def test_1_fingers_open_no_menu_go_nowhere_back_and_zoom_nothing(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    prevented: dict[str, Any] = await kiosk.page.evaluate("""() => Object.fromEntries([
        ['contextmenu', new MouseEvent('contextmenu', {bubbles: true, cancelable: true})],
        ['dragstart', new DragEvent('dragstart', {bubbles: true, cancelable: true})],
        ['selectstart', new Event('selectstart', {bubbles: true, cancelable: true})],
        ['wheel', new WheelEvent('wheel', {ctrlKey: true, bubbles: true, cancelable: true})],
        ['keydown', new KeyboardEvent('keydown', {key: '+', ctrlKey: true, bubbles: true, cancelable: true})],
    ].map(([name, event]) => [name, !document.body.dispatchEvent(event)]))""")
    assert prevented == dict.fromkeys(prevented, True)
    await kiosk.page.evaluate("history.back()")
    await kiosk.sees("cancel")
    assert await kiosk.page.evaluate("getComputedStyle(document.documentElement).overscrollBehavior") == "none"
    assert await kiosk.page.evaluate("getComputedStyle(document.body).userSelect") == "none"


async def test_1_page_that_is_alive_is_heard(place: Restaurant, screens: Screens) -> None:
    await screens.kiosk(place.kiosk)

    async def heard() -> bool:
        return "page:kiosk-1" in (await place.call("GET", "/readyz")).body["checks"]

    await until(heard)


async def test_3_reload_while_the_process_is_away_says_one_second_and_brings_the_order_back(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects_silence()
    kiosk = await screens.kiosk(place.kiosk, "tok_ok", "tok_ok", worker=True)
    await kiosk.sees("attract")
    # The worker comes by itself some seconds after the start; its keeping of the files is waited for.
    await kiosk.page.evaluate("navigator.serviceWorker.register('/worker.mjs', {type: 'module'})")
    await kiosk.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number")
    number, code = await kiosk.number(), await kiosk.words("pickup-code")
    kept = await kiosk.page.evaluate(
        "caches.open('kiosk-shell').then((c) => c.keys()).then((k) => k.map((r) => r.url))"
    )
    assert kept
    assert not [url for url in kept if "/api/" in url]
    await place.kiosk.stop()
    await kiosk.page.reload()
    await kiosk.reads("Секунду")
    await restart(place)
    assert (await kiosk.number(), await kiosk.words("pickup-code")) == (number, code)
    assert len(place.effects("bank", "charged")) == 1
