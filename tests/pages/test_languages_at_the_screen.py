"""A restaurant whose menu speaks more than our two languages: dishes in theirs, our own words in English."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.own_menu import own_menu
from tests.pages.screens import Screens
from tests.restaurant import restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")

WORDS = (
    ('{ ru = "Чёрный чай", en = "Black tea" }', "Қара шай", "Schwarzer Tee"),
    (
        '{ ru = "Свежезаваренный, 300 мл.", en = "Freshly brewed, 300 ml." }',
        "Жаңа демделген, 300 мл.",
        "Frisch gebrüht.",
    ),
    ('{ ru = "Напитки", en = "Drinks" }', "Сусындар", "Getränke"),
    ('{ ru = "Лапша", en = "Noodles" }', "Кеспе", "Nudeln"),
)


def translated(text: str) -> str:
    for name, kazakh, german in WORDS:
        assert name in text, name
        text = text.replace(name, f'{name[:-2]}, kk = "{kazakh}", de = "{german}" }}')
    return text


async def test_a_guest_chooses_in_a_language_of_the_menu_and_pays_in_english(tmp_path: Path, screens: Screens) -> None:
    file = own_menu(tmp_path, translated)
    async with restaurant(f'[menu]\nfile = "{file}"\nlanguages = ["ru", "en", "kk", "de", "zh"]') as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await expect(kiosk.at("lang-kk")).to_have_text("Қаз")
        there = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=True, timeout=20).stdout
        assert await kiosk.at("lang-zh").count() == bool(there), "what no font here can show is not offered"
        await kiosk.tap("lang-kk")
        await kiosk.begin()
        await kiosk.reads("Кеспе")
        await kiosk.tap("category-drinks")
        await expect(kiosk.page.locator("article", has=kiosk.at("dish-tea"))).to_contain_text("Қара шай")
        await kiosk.shot("languages-kk")
        await kiosk.tap("lang-de")
        await kiosk.reads("Schwarzer Tee")
        await kiosk.tap("dish-tea")
        await kiosk.reads("Frisch gebrüht.")
        await kiosk.shot("languages-de")
        await kiosk.tap("sheet-add", "cart-open")
        await expect(kiosk.at("line-tea")).to_contain_text("Schwarzer Tee")
        await kiosk.page.reload()
        await expect(kiosk.at("line-tea")).to_contain_text("Schwarzer Tee")
        await kiosk.tap("pay", "without-number")
        await kiosk.number()
        (line,) = place.effects("fiscal", "receipt")
        assert "Чёрный чай" in str(line)
        wanted = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
        guest = await place.guest()
        order = (await guest.call("POST", "/api/orders/create", wanted, **{"Accept-Language": "kk"})).body
        assert [item["name"] for item in order["items"]] == ["Қара шай"]
        for language, name in (
            ("de", "Schwarzer Tee"),
            ("en", "Black tea"),
            ("ru", "Чёрный чай"),
            ("fr", "Чёрный чай"),
        ):
            path, asked = f"/api/orders/{order['order_id']}", {"Accept-Language": language}
            assert (await guest.call("GET", path, **asked)).body["items"][0]["name"] == name
        await screens.close()
