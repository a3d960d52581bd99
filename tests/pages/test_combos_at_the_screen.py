"""A combo at the screen: what it saves, a dish for each place, and what happens when one of them runs out."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, Screens
from tests.restaurant import Restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

_TOTAL_KOPECKS = 64900 + 3000


async def test_1_to_3_combo_is_put_together_by_touch_and_costs_what_the_button_said(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.begin()
    await expect(kiosk.page.locator("article", has=kiosk.at("dish-combo-lunch"))).to_contain_text("выгода 118")
    await kiosk.tap("dish-combo-lunch")
    assert "молоко" not in await kiosk.words("allergens")
    await kiosk.tap("option-lunch-bolognese", "option-lunch-cola")
    assert "молоко" in await kiosk.words("allergens")
    await expect(kiosk.at("sheet-add")).to_contain_text("679")
    await kiosk.shot("combo-ru")
    await kiosk.tap("sheet-add", "cart-open")
    await expect(kiosk.at("line-combo-lunch")).to_contain_text("Паста болоньезе · Салат с тофу · Кола")
    assert await kiosk.at("suggest-none").count() == 0  # it has its drink
    await kiosk.tap("pay", "without-number")
    await kiosk.number()
    assert [line["amount_kopecks"] for line in place.effects("bank", "charged")] == [_TOTAL_KOPECKS]


async def test_2_dish_of_a_combo_that_runs_out_is_marked_in_the_cart_and_can_be_changed(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, clock=True)
    await kiosk.begin()
    await kiosk.tap("add-combo-lunch", "cart-open")
    await kiosk.sees("pay")
    assert (await place.internal("POST", "/internal/stop-list", {"item_id": "tea"})).status == 200

    async def marked() -> bool:
        await kiosk.page.clock.run_for(1_000)
        return await kiosk.page.locator("li.line.gone").count() == 1

    await until(marked)
    await expect(kiosk.at("pay")).to_be_disabled()
    await kiosk.tap("edit-combo-lunch")
    await expect(kiosk.at("sheet-add")).to_be_disabled(timeout=WAIT_MS)
    await kiosk.tap("option-lunch-tea-cold")
    await expect(kiosk.at("option-lunch-tea")).to_be_disabled()
    await kiosk.shot("combo-tea-out-ru")
    await kiosk.tap("sheet-add")
    await expect(kiosk.at("pay")).to_be_enabled()
