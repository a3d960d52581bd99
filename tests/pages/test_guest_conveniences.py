"""What a hungry guest meets on the way to the cart: search that forgives, limits that say why, dishes that run out."""

from __future__ import annotations

import pytest
from playwright.async_api import Response, expect

from tests.pages.screens import WAIT_MS, Screens
from tests.pages.test_accessibility import assert_usable, assert_usable_in_both
from tests.restaurant import Restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

_FOUND = """async ([words]) => {
    const { dishesFor } = await import('/assets/js/search.mjs');
    const menus = {};
    for (const language of ['ru', 'en']) {
        menus[language] = await (await fetch('/api/menu/categories', {headers: {'Accept-Language': language}})).json();
    }
    return words.map(([language, word]) => dishesFor(menus[language], word).map((item) => item.id));
}"""
SAME = {
    "ru": [("курицей", "курицу"), ("рамен", "рамэн"), ("рамен", "рамена"), ("чай", "чаю"), ("креветками", "креветку"),
           ("говядиной", "говядина"), ("клубникой", "клубника"), ("напитки", "напиток"), ("тирамису", "тирамису"),
           ("терияки", "териаки"), ("картофель", "картофилем"), ("курица", "курциа"), ("клубника", "клубнка")],
    "en": [("noodle", "noodles"), ("chicken", "chikcen"), ("strawberry", "strawbery"), ("salad", "salads")],
}  # fmt: skip


async def test_1_search_finds_word_forms_and_forgives_a_letter(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.sees("attract")
    words = [(language, word) for language, pairs in SAME.items() for pair in pairs for word in pair]
    found: list[list[str]] = await kiosk.page.evaluate(_FOUND, [words])
    by_word = {word: set(ids) for (_, word), ids in zip(words, found, strict=True)}
    for pairs in SAME.values():
        for known, other in pairs:
            common = by_word[known] & by_word[other]
            assert common or not by_word[known], (known, other, by_word[known], by_word[other])
    assert {"ramen-beef"} <= by_word["рамэн"]
    assert by_word["курицу"] == by_word["курицей"]
    nothing: list[list[str]] = await kiosk.page.evaluate(_FOUND, [[("ru", "ъъъ"), ("ru", "чяй"), ("ru", "")]])
    assert nothing == [[], [], []], "a short word is taken by its letter"


async def test_1_keys_have_every_letter_and_nothing_found_offers_sections(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap("search")
    for letter in "абвгдеёжзийклмнопрстуфхцчшщъыьэюя":
        await expect(kiosk.at(f"key-{letter}")).to_be_visible()
    await kiosk.types("ъёъ")
    await kiosk.reads("Ничего не нашлось")
    await assert_usable_in_both(kiosk)
    await kiosk.shot("search-nothing-ru")
    await kiosk.tap("key-alphabet")
    for letter in "abcdefghijklmnopqrstuvwxyz":
        await expect(kiosk.at(f"key-{letter}")).to_be_visible()
    await kiosk.tap("found-category-drinks")
    await kiosk.sees("add-tea")


async def test_2_full_cart_is_asked_about_before_it_is_thrown_away(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.choose(("drinks", "tea"))
    await kiosk.tap("cancel")
    await kiosk.sees("cancel-stay")
    await assert_usable(kiosk)
    await kiosk.shot("cancel-ru")
    await kiosk.tap("cancel-stay")
    await expect(kiosk.at("cart-open")).to_be_enabled()
    await kiosk.tap("cancel", "cancel-leave")
    await kiosk.sees("attract")
    await kiosk.begin()
    await kiosk.tap("cancel")
    await kiosk.sees("attract")


async def test_2_plus_says_why_there_is_no_more(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.choose(("drinks", "tea"))
    for _ in range(9):
        await kiosk.tap("more-tea")
    await kiosk.reads("не больше 9")
    await assert_usable(kiosk)
    await kiosk.shot("full-kind-ru")
    await kiosk.tap("more-tea", "toast-hide")  # it goes by itself; whoever taps again is told again
    for dish in ("cola", "tea-cold", "cola-float"):
        await kiosk.tap(f"add-{dish}", *[f"more-{dish}"] * 8)
    await kiosk.tap("category-snacks", "add-fries", *["more-fries"] * 4)
    await kiosk.reads("не больше 40 порций")
    await expect(kiosk.page.get_by_label("В заказе: 4")).to_be_visible()


async def test_2_what_is_gone_leaves_the_sum_at_once_and_has_a_substitute(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, clock=True)
    await kiosk.begin()
    await kiosk.choose(("drinks", "cola"), ("snacks", "fries"))
    await kiosk.tap("cart-open")
    whole = await kiosk.words("cart-total")
    assert (await place.internal("POST", "/internal/stop-list", {"item_id": "cola"})).status == 200

    async def marked() -> bool:
        await kiosk.page.clock.run_for(1_000)
        return await kiosk.page.locator("li.line.gone").count() == 1

    answers: list[Response] = []
    kiosk.page.on("response", lambda answer: answers.append(answer) if answer.url.endswith("/estimate") else None)
    await until(marked)
    rest = await kiosk.words("cart-total")
    assert rest != whole

    async def agreed() -> bool:
        await kiosk.page.clock.run_for(1_000)
        told = (await answers[-1].json())["amount_kopecks"] if answers else 0
        return rest == f"{told // 100}\u00a0₽"

    await until(agreed)
    await assert_usable_in_both(kiosk)
    await kiosk.shot("substitute-ru")
    await kiosk.tap("instead-of-cola")
    await kiosk.misses("line-cola")
    await expect(kiosk.at("pay")).to_be_enabled(timeout=WAIT_MS)
    assert await kiosk.page.locator("li.line").count() == 2
