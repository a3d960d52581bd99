"""A dish outside its hours stands where it always does and says from when it is sold; a price that changed says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.clocks import PassingClock
from tests.own_menu import own_menu
from tests.pages.screens import WAIT_MS, Screens
from tests.restaurant import restaurant
from tests.scenes.test_menu_by_the_hour import DAYS, MOSCOW, TEA

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_dish_of_another_hour_says_from_when_on_it_is_sold(tmp_path: Path, screens: Screens) -> None:
    now = datetime.now(MOSCOW)
    begins, ends = now + timedelta(hours=2), now + timedelta(hours=4)
    hours = ", ".join(f'{day} = "{begins:%H:%M}-{ends:%H:%M}"' for day in DAYS)
    part = f'\n[[dayparts]]\nid = "later"\nname = {{ ru = "Потом", en = "Later" }}\nhours = {{ {hours} }}\n'
    file = own_menu(tmp_path, lambda text: text.replace(TEA, f'{TEA}dayparts = ["later"]\n') + part)
    tomorrow = begins.date() > now.date()
    async with restaurant(f'[menu]\nfile = "{file}"') as place:
        kiosk = await screens.kiosk(place.kiosk)
        await kiosk.begin()
        await kiosk.tap("category-drinks")
        card = kiosk.page.locator("article", has=kiosk.at("dish-tea"))
        await expect(card).to_contain_text(f"{'завтра ' if tomorrow else ''}с\u00a0{begins:%H:%M}")
        assert await kiosk.at("add-tea").count() == 0
        await kiosk.shot("hours-ru")
        await kiosk.tap("lang-en")
        await expect(card).to_contain_text(f"{'tomorrow ' if tomorrow else ''}from\u00a0{begins:%H:%M}")
        await screens.close()


async def test_a_cart_says_which_price_has_changed_and_the_order_costs_what_is_shown(
    tmp_path: Path, screens: Screens
) -> None:
    clock = PassingClock()
    begins = (clock.now().astimezone(MOSCOW) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    dear = f"prices = [{{ from = {begins}, price_kopecks = 19900 }}]\n"
    file = own_menu(tmp_path, lambda text: text.replace(TEA, TEA + dear))
    async with restaurant(f'[menu]\nfile = "{file}"', clock=clock) as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.begin()
        await kiosk.tap("category-drinks", "add-tea", "cart-open")
        await expect(kiosk.at("line-tea")).to_contain_text("99")
        clock.jump(300)
        await expect(kiosk.at("was-tea")).to_contain_text("было 99\u00a0₽", timeout=WAIT_MS)
        await expect(kiosk.at("line-tea")).to_contain_text("199")
        await kiosk.shot("price-changed-ru")
        await kiosk.tap("pay", "without-number")
        await kiosk.number()
        assert [line["amount_kopecks"] for line in place.effects("bank", "charged")] == [19900]
        await screens.close()
