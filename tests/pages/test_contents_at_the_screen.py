"""What the screen says of a dish as chosen is what the server says, to the gram and the kopeck; filters follow it."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.pages.screens import KioskScreen, Screens
from tests.pages.test_accessibility import violations
from tests.pages.test_comforts import assert_whole
from tests.restaurant import Restaurant, restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

DEMO = Path(str(files("kiosk") / "demo"))
AT_ONCE = 30  # lines of one order
_PORTIONS = """async ([menu, lines]) => {
    const {portionOf} = await import('/assets/js/contents.mjs');
    const {itemsById} = await import('/assets/js/cart.mjs');
    const items = itemsById(menu);
    return lines.map(([id, options]) => portionOf(items.get(id), options, menu));
}"""
#: The twin: a page that shows the dish and forgets the choice.
_FORGETFUL = _PORTIONS.replace("portionOf(items.get(id), options, menu)", "portionOf(items.get(id), [], menu)")

Line = tuple[str, list[str]]


def ways(item: dict[str, Any]) -> Iterator[list[str]]:
    """Every choice that may be ordered."""
    groups = [
        [
            list(way)
            for n in range(group["min"], group["max"] + 1)
            for way in itertools.combinations([option["id"] for option in group["options"]], n)
        ]
        for group in item["modifier_groups"]
    ]
    for way in itertools.product(*groups):
        yield [option for part in way for option in part]


async def menu_of(place: Restaurant) -> dict[str, Any]:
    menu: dict[str, Any] = (await place.call("GET", "/api/menu/categories")).body
    return menu


def lines_of(menu: dict[str, Any]) -> list[Line]:
    items = [item for category in menu["categories"] for item in category["items"]]
    return [(item["id"], way) for item in items for way in ways(item)]


async def told(place: Restaurant, lines: list[Line]) -> list[dict[str, Any]]:
    """By `POST /api/orders/estimate`."""
    guest, found = await place.guest(), []
    for start in range(0, len(lines), AT_ONCE // 3):  # a combo is three portions, an order forty
        part = [{"item_id": i, "quantity": 1, "modifiers": way} for i, way in lines[start : start + AT_ONCE // 3]]
        await place.until_open()  # beside a busy neighbour a device may be silent for a moment
        answer = await guest.call("POST", "/api/orders/estimate", {"items": part, "service": "dine_in"})
        assert answer.status == 200, answer
        found += answer.body["items"]
    return found


def differences(shown: list[dict[str, Any]], estimated: list[dict[str, Any]]) -> int:
    return sum(
        one["price_kopecks"] != other["sum_kopecks"]
        or any(one[name] != other[name] for name in ("allergens", "weight_g", "nutrition"))
        for one, other in zip(shown, estimated, strict=True)
    )


async def test_1_page_and_estimate_agree_on_every_choice_of_every_dish_and_combo(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    menu = await menu_of(place)
    lines = lines_of(menu)
    assert len(lines) > 700
    estimated = await told(place, lines)
    assert differences(await kiosk.page.evaluate(_PORTIONS, [menu, lines]), estimated) == 0
    assert differences(await kiosk.page.evaluate(_FORGETFUL, [menu, lines]), estimated) > 100


async def test_1_whatever_an_ingredient_has_is_shown_for_every_choice(place: Restaurant, screens: Screens) -> None:
    """By the menu's own file and charts, read here: shown ⊇ union of what goes in."""
    raw = tomllib.loads((DEMO / "menu.toml").read_text("utf-8"))
    harms = {row["id"]: set(row["allergens"]) for row in raw["ingredients"]}
    deltas = {o["id"]: o.get("ingredients", {}) for group in raw["modifier_groups"] for o in group["options"]}
    charts = {row["id"]: row["chart"] for row in raw["items"] if row["chart"]}
    behind = {o["id"]: o["item"] for combo in raw["combos"] for slot in combo["slots"] for o in slot["options"]}

    def formula(item_id: str, way: list[str]) -> dict[str, int]:
        chart = tomllib.loads((DEMO / "charts" / f"{charts[item_id]}.toml").read_text("utf-8"))
        amounts = {row["ingredient"]: row["amount"] for row in chart["formula"]}
        for name, delta in (pair for option in way for pair in deltas[option].items()):
            amounts[name] = amounts.get(name, 0) + delta
        return amounts

    def eaten(item_id: str, way: list[str]) -> set[str]:
        parts = [formula(item_id, way)] if item_id in charts else [formula(behind[option], []) for option in way]
        return {name for part in parts for row, amount in part.items() if amount > 0 for name in harms[row]}

    kiosk = await screens.kiosk(place.kiosk)
    menu = await menu_of(place)
    lines = lines_of(menu)
    shown = await kiosk.page.evaluate(_PORTIONS, [menu, lines])
    hidden = [line for line, one in zip(lines, shown, strict=True) if eaten(*line) - set(one["allergens"])]
    assert hidden == []


async def test_1_sheet_tells_what_the_chosen_sauce_brings_and_how_it_is_made(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap("category-snacks", "dish-fries")
    assert "Без основных аллергенов" in await kiosk.words("allergens")
    assert "120" in await kiosk.page.locator(".facts").inner_text()
    await kiosk.tap("option-sauce-teriyaki")
    assert "глютен, соя" in await kiosk.words("allergens")
    assert "143" in await kiosk.page.locator(".facts").inner_text()  # 0.8 × (150 г + 25 мл × 1,15)
    assert "картофель 150 г, соус терияки 25 мл" in (await kiosk.words("composition")).replace("\u00a0", " ")
    assert "жарим во фритюре" in await kiosk.words("cooking")
    await kiosk.shot("sheet-ru")
    await kiosk.tap("sheet-close", "lang-en", "dish-fries")
    assert "deep-fry it" in await kiosk.words("cooking")
    await kiosk.tap("option-sauce-curry")
    assert "mustard" in await kiosk.words("allergens")
    await kiosk.shot("sheet-en")


async def cards(kiosk: KioskScreen) -> set[str]:
    names: list[str] = await kiosk.page.evaluate(
        "[...document.querySelectorAll('.grid .dish-open')].map((one) => one.dataset.testid.slice(5))"
    )
    return set(names)


async def until_cards(kiosk: KioskScreen, wanted: set[str]) -> None:
    async def there() -> bool:
        return await cards(kiosk) == wanted

    await until(there)


async def test_1_filters_hold_together_over_all_sections_and_follow_the_choice(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap(
        "category-salads", "filter-no_meat", "filter-allergens", "filter-without:milk", "filter-without:egg"
    )
    await kiosk.tap("filter-without:soy")
    await until_cards(kiosk, {"fries", "tea", "tea-cold", "cola"})
    await kiosk.reads("вот из других")
    await kiosk.shot("filters-ru")
    assert await violations(kiosk) == []
    await kiosk.tap("large")
    await assert_whole(kiosk)
    await kiosk.tap("large")
    await kiosk.tap("dish-fries")
    assert await kiosk.at("does-not-fit").count() == 0
    await kiosk.tap("option-sauce-teriyaki")
    assert "без: соя" in await kiosk.words("does-not-fit")
    await kiosk.shot("does-not-fit-ru")
    assert await violations(kiosk) == []
    await kiosk.tap("sheet-add", "cart-open")
    await expect(kiosk.at("line-fries")).to_contain_text("Не подходит под ваш отбор")
    await kiosk.tap("cart-back", "lang-en", "filter-allergens")
    await kiosk.shot("filters-en")
    await kiosk.tap("filter-none")
    await until_cards(kiosk, {"salad-chicken", "salad-shrimp", "salad-tofu", "salad-egg"})


async def test_1_card_of_a_filtered_dish_is_the_one_that_fits(place: Restaurant, screens: Screens) -> None:
    """Asked for hot food, «+» adds it hot; asked for no meat, a combo stands with dishes without while there are."""
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap("category-noodles", "filter-spicy", "add-udon-chicken", "cart-open")
    await expect(kiosk.at("line-udon-chicken")).to_contain_text("Средне")
    await kiosk.tap("cart-back", "filter-spicy", "filter-no_meat", "category-combos", "add-combo-lunch", "cart-open")
    await expect(kiosk.at("line-combo-lunch")).to_contain_text("Фунчоза с овощами · Салат с тофу")
    await kiosk.tap("cart-back")
    assert (await place.internal("POST", "/internal/stop-list", {"item_id": "glass-noodles-vegetables"})).status == 200
    await kiosk.misses("dish-combo-lunch")


async def test_1_to_2_cart_and_payment_tell_the_minutes_of_this_cart_and_cards_their_own(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.begin()
    minutes = (await place.call("GET", "/api/menu/minutes")).body["minutes"]
    card = kiosk.page.locator("article", has=kiosk.at("dish-combo-lunch"))
    await expect(card).to_contain_text(f"≈\u00a0{minutes['combo-lunch']}\u00a0мин")
    await kiosk.tap("category-noodles", *["add-udon-chicken"])
    await kiosk.tap(*["more-udon-chicken"] * 8, "add-soba-shrimp", *["more-soba-shrimp"] * 8, "cart-open")
    items = [{"item_id": name, "quantity": 9} for name in ("udon-chicken", "soba-shrimp")]
    guest = await place.guest()
    answer = await guest.call("POST", "/api/orders/estimate", {"items": items, "service": "dine_in"})
    wanted = -(-answer.body["ready_in_s"] // 60)
    assert wanted > minutes["udon-chicken"]
    await expect(kiosk.at("cart-wait")).to_have_text(f"готовим ≈ {wanted}\u00a0мин")
    await kiosk.shot("cart-ru")
    await kiosk.tap("pay", "without-number")
    await kiosk.number()
    await expect(kiosk.page.locator("main.done")).to_contain_text(f"через {wanted}\u00a0мин")


async def test_2_cart_goes_on_when_the_estimate_fails(place: Restaurant, screens: Screens) -> None:
    screens.traffic.expects(500)
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.page.route("**/api/orders/estimate", lambda route: route.fulfill(status=500, body="{}"))
    await kiosk.order_tea()
    assert await kiosk.at("cart-wait").count() == 0
    await kiosk.tap("pay", "without-number")
    assert await kiosk.number()


#: What a site may do to the menu: first choices that cost, add and take away; several that must be chosen; dear combos.
_ODD = (
    (
        'ru = "Без соуса", en = "No sauce" }, price_kopecks = 0',
        'ru = "С соусом", en = "Sauce" }, price_kopecks = 1001, ingredients = { teriyaki = 25 }',
    ),
    ('"gluten"] # dusted', '"gluten", "soy"] # dusted'),
    ('"gluten", "crustaceans"] # dusted', '"gluten", "soy", "crustaceans"] # dusted'),
    ('en = "Chilli, hot" }, price_kopecks = 2900', 'en = "Chilli, hot" }, price_kopecks = 1'),
    ('en = "Mild" }, price_kopecks = 0', 'en = "Mild" }, price_kopecks = 700, ingredients = { vegetables = -500 }'),
    ('en = "Add extra" }\nmin = 0\nmax = 2', 'en = "Add extra" }\nmin = 2\nmax = 3'),
    (
        'id = "sweet-cake", item = "cake-strawberry"',
        'id = "sweet-cake", item = "cake-strawberry", price_kopecks = 1001',
    ),
    ('id = "sweet-tea", item = "tea"', 'id = "sweet-tea", item = "tea", price_kopecks = 99'),
    ('id = "sweet-tea-cold", item = "tea-cold"', 'id = "sweet-tea-cold", item = "tea-cold", price_kopecks = 1'),
)
_AS_IT_STANDS = """async (menu) => {
    const {defaultOptions, itemsById, unitPrice} = await import('/assets/js/cart.mjs');
    return Object.fromEntries([...itemsById(menu)].map(([id, item]) => [id, unitPrice(item, defaultOptions(item))]));
}"""


async def test_1_to_2_odd_menu_has_one_price_as_it_stands_and_hides_nothing(screens: Screens, tmp_path: Path) -> None:
    text = (DEMO / "menu.toml").read_text("utf-8")
    for plain, odd in _ODD:
        assert plain in text
        text = text.replace(plain, odd)
    (tmp_path / "menu.toml").write_text(text, "utf-8")
    shutil.copytree(DEMO / "charts", tmp_path / "charts")
    async with restaurant(f'[menu]\nfile = "{tmp_path}/menu.toml"') as place:
        kiosk = await screens.kiosk(place.kiosk)
        menu, guest = await menu_of(place), await place.guest()
        lines = lines_of(menu)
        assert differences(await kiosk.page.evaluate(_PORTIONS, [menu, lines]), await told(place, lines)) == 0
        cards = await kiosk.page.evaluate(_AS_IT_STANDS, menu)
        prices = {item["id"]: item["price_kopecks"] for category in menu["categories"] for item in category["items"]}
        several = {"extra_topping"}
        for item in (item for category in menu["categories"] for item in category["items"]):
            body = {"items": [{"item_id": item["id"], "quantity": 1}], "service": "dine_in"}
            told_of_it = (await guest.call("POST", "/api/orders/estimate", body)).body["amount_kopecks"]
            made = (await guest.call("POST", "/api/orders/create", body)).body["amount_kopecks"]
            assert cards[item["id"]] == told_of_it == made, item["id"]
            if several.isdisjoint(group["id"] for group in item["modifier_groups"]):
                assert prices[item["id"]] == made
        assert (cards["fries"], cards["combo-sweet"]) == (14900 + 1001, 27900 + 1001 + 99)
        await screens.close()


async def test_2_cart_asks_once_at_a_time_and_drops_the_answer_of_an_older_cart(
    place: Restaurant, screens: Screens
) -> None:
    """A minute a dish, told by a server that thinks long about the first question."""
    kiosk = await screens.kiosk(place.kiosk)
    go, asked, at_once, most = asyncio.Event(), [], 0, 0

    async def think(route: Route) -> None:
        nonlocal at_once, most
        at_once, most = at_once + 1, max(most, at_once + 1)
        body = route.request.post_data_json
        assert body is not None
        asked.append(sum(item["quantity"] for item in body["items"]))
        if len(asked) == 1:
            await go.wait()
        told = {"amount_kopecks": 0, "currency": "RUB", "ready_in_s": 60 * asked[-1], "items": []}
        at_once -= 1
        await route.fulfill(json=told)

    await kiosk.page.route("**/api/orders/estimate", think)
    await kiosk.begin()
    await kiosk.choose(("drinks", "tea"))
    await until(lambda: asked == [1])
    await kiosk.tap("more-tea", "more-tea", "more-tea", "cart-open")
    assert await kiosk.at("cart-wait").count() == 0
    go.set()
    await expect(kiosk.at("cart-wait")).to_have_text("готовим ≈ 4\u00a0мин")
    assert (asked, most) == ([1, 4], 1)
