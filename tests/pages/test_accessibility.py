"""Nobody is kept from ordering: axe-core's rules, sizes of what is touched, controls within reach, both languages."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.pages.screens import PANEL, WAIT_MS, KioskScreen, Screen, Screens, demo_kiosk
from tests.restaurant import Restaurant, restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")

SMALLEST_PX, PRIMARY_PX = 80, 96
REACH_PX = 1_000
_AXE = Path(__file__).with_name("vendor") / "axe.min.js"
# A kiosk forbids zooming: the glass is touched by many fingers, and its own lower mode and sizes stand in.
# No rule that is on by itself looks into the text of style sheets: they are not fetched once more for each run.
_RULES = {
    "preload": False,
    "rules": {"meta-viewport": {"enabled": False}, "target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
# What passed stays in the page: it is most of the answer.
_RUN = "rules => axe.run(document, rules).then(({violations}) => violations)"
_BOXES = """() => [...document.querySelectorAll('button')]
    .filter((b) => !b.disabled && b.checkVisibility() && (!document.querySelector('dialog') || b.closest('dialog')))
    .map((b) => ({name: b.dataset.testid || b.textContent, primary: b.matches('.go'), box: b.getBoundingClientRect()}))
    .filter(({box}) => box.top < innerHeight)
    .map(({name, primary, box}) => ({name, primary, width: box.width, height: box.height, top: box.top}))"""
_STILL = """() => Promise.allSettled(document.getAnimations()
    .filter((a) => a.effect.getComputedTiming().endTime < 2000).map((a) => a.finished))"""


async def violations(screen: Screen) -> list[str]:
    await screen.shows_whole_pictures()
    if not await screen.page.evaluate("'axe' in window"):
        await screen.page.evaluate(_AXE.read_text())
    rules: list[dict[str, Any]] = await screen.page.evaluate(_RUN, _RULES)
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in rules for node in rule["nodes"]]


async def boxes(screen: Screen) -> list[dict[str, Any]]:
    """Every button that can be touched now, once nothing moves."""
    await screen.page.evaluate(_STILL)
    found: list[dict[str, Any]] = await screen.page.evaluate(_BOXES)
    assert found
    return found


async def assert_usable(screen: Screen) -> None:
    found = await boxes(screen)
    assert [b for b in found if min(b["width"], b["height"]) < (PRIMARY_PX if b["primary"] else SMALLEST_PX)] == []
    assert await violations(screen) == []


async def assert_usable_in_both(kiosk: KioskScreen) -> None:
    """In both languages; and the lower mode keeps every control within reach."""
    for language in ("lang-en", "lang-ru"):
        await kiosk.tap(language)
        await assert_usable(kiosk)
    await kiosk.tap("low")
    await assert_within_reach(kiosk)
    await kiosk.tap("low")


async def test_1_menu_and_cart_pass_axe_in_both_languages(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.sees("attract")
    await assert_usable_in_both(kiosk)
    await kiosk.tap("attract")
    await assert_usable_in_both(kiosk)
    await kiosk.tap("service-dine-in")
    await kiosk.choose(("drinks", "tea"), ("noodles", "udon-chicken"))
    await assert_usable_in_both(kiosk)
    await kiosk.tap("cart-open")
    await assert_usable_in_both(kiosk)


async def test_1_dish_sheet_passes_axe_in_both_languages(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    sheets = (("category-noodles", "dish-udon-chicken"), ("category-combos", "dish-combo-lunch"))
    for language, sheet in itertools.product(("lang-en", "lang-ru"), sheets):
        await kiosk.tap(language, *sheet)
        await kiosk.sees("sheet-add")
        await assert_usable(kiosk)
        await kiosk.tap("sheet-close")


async def test_3_payment_its_refusal_and_the_number_pass_axe_in_both_languages(screens: Screens) -> None:
    screens.traffic.expects(402)
    async with demo_kiosk() as process:
        kiosk = await screens.kiosk(process)
        await kiosk.order_tea()
        await kiosk.tap("pay", "without-number")
        await kiosk.sees("terminal-approve")
        await assert_usable_in_both(kiosk)
        await kiosk.tap("terminal-decline")
        await kiosk.sees("failed-payment_declined")
        await assert_usable_in_both(kiosk)
        await kiosk.tap("pay-again", "terminal-approve")
        await kiosk.number()
        await assert_usable_in_both(kiosk)
        await screens.close()


async def test_2_and_4_closed_screen_and_hall_board_pass_axe(screens: Screens) -> None:
    async with restaurant(speed=20.0) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        guest = await place.guest()
        board = await screens.board(place.kiosk)
        for item_id in ("tea", "fries", "curry-tofu", "salad-egg", "udon-beef", "cola"):
            order = await guest.order((item_id, 1))
            assert (await guest.pay(order["order_id"])).status == 200
        await board.sees(f"number-{order['number']}")
        await expect(board.at("ready").locator("[data-status=ready]")).not_to_have_count(0, timeout=WAIT_MS)
        await board.shot("display-both")
        assert await violations(board) == []
        await place.internal("POST", "/internal/sales/pause")
        kiosk = await screens.kiosk(place.kiosk)
        await kiosk.sees("closed")
        await assert_usable_in_both(kiosk)
        await screens.close()


async def test_1_to_3_lower_mode_keeps_every_control_within_reach_of_a_seated_customer(screens: Screens) -> None:
    screens.traffic.expects(402)
    async with demo_kiosk() as process:
        kiosk = await screens.kiosk(process)
        await kiosk.sees("attract")
        await kiosk.tap("low")
        await assert_within_reach(kiosk)
        await kiosk.tap("attract")
        await assert_within_reach(kiosk)
        await kiosk.tap("service-dine-in", "dish-combo-lunch")
        await kiosk.sees("sheet-add")
        await assert_within_reach(kiosk)
        await kiosk.shot("low-combo-ru")
        await kiosk.tap("sheet-close", "category-noodles", "dish-udon-chicken")
        await kiosk.sees("sheet-add")
        await assert_within_reach(kiosk)
        await kiosk.tap("sheet-add")
        await assert_within_reach(kiosk)
        await kiosk.shot("low-menu-ru")
        await kiosk.tap("cart-open")
        await kiosk.sees("pay")
        await assert_within_reach(kiosk)
        await kiosk.tap("pay", "without-number")
        await kiosk.sees("terminal-approve")
        await assert_within_reach(kiosk)
        await kiosk.shot("low-payment-ru")
        await kiosk.tap("terminal-decline")
        await kiosk.sees("pay-again")
        await assert_within_reach(kiosk)
        await kiosk.tap("pay-again", "terminal-approve")
        await kiosk.number()
        await assert_within_reach(kiosk)
        await kiosk.shot("low-done-ru")
        await screens.close()


async def assert_within_reach(kiosk: KioskScreen) -> None:
    reach = PANEL["height"] - REACH_PX
    assert [b for b in await boxes(kiosk) if b["top"] < reach] == []
