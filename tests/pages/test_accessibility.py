"""Nobody is kept from ordering: axe-core's rules, sizes of what is touched, controls within reach, both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages.screens import KioskScreen, Screen, Screens
from tests.restaurant import Restaurant, restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")

SMALLEST_PX = 80
REACH_PX = 1_000
_AXE = Path(__file__).with_name("vendor") / "axe.min.js"
# A kiosk forbids zooming: the glass is touched by many fingers, and its own lower mode and sizes stand in.
_RULES = {
    "rules": {"meta-viewport": {"enabled": False}, "target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
_BOXES = """() => [...document.querySelectorAll('button')].filter((b) => !b.disabled && b.checkVisibility()).map((b) => {
    const {width, height, top, bottom} = b.getBoundingClientRect();
    return {name: b.dataset.testid || b.textContent, width, height, top, bottom};
})"""


async def violations(screen: Screen) -> list[str]:
    if not await screen.page.evaluate("'axe' in window"):
        await screen.page.evaluate(_AXE.read_text())
    found: list[dict[str, Any]] = await screen.page.evaluate(
        "rules => axe.run(document, rules).then((r) => r.violations)", _RULES
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


async def assert_usable(screen: Screen) -> None:
    await screen.page.evaluate(
        "Promise.all(document.getAnimations().filter((a) => a.effect.getTiming().iterations < 99).map((a) => a.finished))"
    )
    assert await violations(screen) == []
    boxes: list[dict[str, Any]] = await screen.page.evaluate(_BOXES)
    small = [box for box in boxes if min(box["width"], box["height"]) < SMALLEST_PX - 0.5]
    assert small == []


async def assert_usable_in_both(kiosk: KioskScreen) -> None:
    await assert_usable(kiosk)
    await kiosk.tap("lang-en")
    await assert_usable(kiosk)
    await kiosk.tap("lang-ru")


async def test_1_menu_dish_and_cart_pass_axe_in_both_languages(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_declined", "tok_ok")
    await kiosk.sees("attract")
    await assert_usable_in_both(kiosk)
    await kiosk.begin()
    await kiosk.choose(("drinks", "tea"), ("noodles", "udon-chicken"))
    await assert_usable_in_both(kiosk)
    for language in ("lang-ru", "lang-en"):
        await kiosk.tap(language, "dish-udon-chicken")
        await kiosk.sees("sheet-add")
        await assert_usable(kiosk)
        await kiosk.tap("sheet-close")
    await kiosk.tap("cart-open")
    await assert_usable_in_both(kiosk)
