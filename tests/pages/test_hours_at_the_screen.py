"""A dish outside its hours stands where it always stands, and says from when it is sold."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.own_menu import own_menu
from tests.pages.screens import Screens
from tests.restaurant import restaurant
from tests.scenes.test_menu_by_the_hour import DAYS, TEA

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_dish_of_another_hour_says_from_when_on_it_is_sold(tmp_path: Path, screens: Screens) -> None:
    now = datetime.now(ZoneInfo("Europe/Moscow"))
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
