"""Seed «Заказ блюда», rows 1–4.2, as a customer does them: by finger, by key, in both languages."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.bench.page import sixty_dishes
from tests.pages.screens import WAIT_MS, KioskScreen, Screen, Screens, demo_kiosk
from tests.restaurant import Restaurant, restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

UDON, TOFU, TEA = 38900, 6900, 11900


async def order_of(place: Restaurant, kiosk: KioskScreen) -> dict[str, object]:
    """The server's word about the order on the screen, asked with the page's own session."""
    kept = await kiosk.kept()
    answer = await place.call("GET", f"/api/orders/{kept['orderId']}", Authorization=f"Bearer {kept['token']}")
    assert answer.status == 200, answer
    found: dict[str, object] = answer.body
    return found


async def assert_number_passes_over_the_board(board: Screen, number: str) -> None:
    """Under «Готовятся» first, then under «Готово» with the cell to go to."""
    await expect(board.at("cooking").get_by_test_id(f"number-{number}")).to_be_visible(timeout=WAIT_MS)
    await board.shot("display-cooking")
    ready = board.at("ready").get_by_test_id(f"number-{number}")
    await expect(ready).to_contain_text("ячейк", timeout=WAIT_MS)
    await expect(board.at("cooking").get_by_test_id(f"number-{number}")).to_have_count(0)


async def test_1_to_4_2_whole_order_by_touch_ends_with_its_number_on_the_board(screens: Screens) -> None:
    async with restaurant(speed=8.0) as place:  # a busy machine sees the number pass, too
        place.robot.faults.switch("nobody_comes", on=True)
        kiosk, board = await screens.kiosk(place.kiosk, "tok_ok"), await screens.board(place.kiosk)
        await kiosk.sees("attract")
        await kiosk.shot("attract-ru")
        await kiosk.tap("attract")
        await kiosk.shot("service-ru")
        await kiosk.tap(
            "service-dine-in", "category-noodles", "dish-udon-chicken", "option-medium", "option-extra-tofu"
        )
        await kiosk.reads("Добавить · 458")
        await kiosk.shot("dish-ru")
        await kiosk.tap("sheet-add", "category-drinks", "add-tea-cold", "category-noodles")
        await kiosk.shot("menu-ru")
        await kiosk.tap("cart-open")
        await kiosk.reads("Средне · Тофу")
        assert await kiosk.words("cart-total") == "577\u00a0₽"
        await kiosk.shot("cart-ru")
        await kiosk.tap("pay", "without-number")
        number = await kiosk.number()
        order = await order_of(place, kiosk)
        assert (order["number"], order["amount_kopecks"]) == (number, UDON + TOFU + TEA)
        assert await kiosk.words("pickup-code") == order["pickup_code"]
        assert isinstance(order["receipt"], dict)
        assert await kiosk.at("receipt-qr").get_attribute("data-text") == order["receipt"]["qr"]
        (charge,) = place.effects("bank", "charged")
        assert charge["amount_kopecks"] == order["amount_kopecks"]
        await kiosk.shot("done-ru")
        await assert_number_passes_over_the_board(board, number)
        await board.shot("display")
        await kiosk.tap("new-order")
        await kiosk.sees("attract")
        await screens.close()


async def test_1_to_3_7_the_same_order_in_english_keeps_the_cart_when_the_language_changes(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.begin("take-away")
    await kiosk.choose(("noodles", "udon-chicken"), ("drinks", "tea-cold"))
    await kiosk.reads("Холодный чай")
    await kiosk.tap("lang-en")
    await kiosk.reads("Iced tea")
    assert await kiosk.page.locator("html").get_attribute("lang") == "en"
    assert await kiosk.words("cart-total") == "508\u00a0₽"
    await kiosk.tap("category-noodles")
    await kiosk.shot("menu-en")
    await kiosk.tap("dish-soba-shrimp")
    await kiosk.shot("dish-en")
    await kiosk.tap("sheet-close", "cart-open")
    await kiosk.reads("Udon with teriyaki chicken")
    await kiosk.shot("cart-en")
    await kiosk.tap("pay", "without-number")
    number = await kiosk.number()
    await kiosk.reads("Your number")
    await kiosk.shot("done-en")
    order = await order_of(place, kiosk)
    assert (order["number"], order["amount_kopecks"], order["service"]) == (number, UDON + TEA, "take_away")
    await kiosk.tap("new-order")
    await kiosk.reads("Коснитесь, чтобы заказать")  # the next customer's language is Russian again


async def test_1_to_3_7_whole_order_by_keyboard_alone(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.sees("attract")

    async def press_at(name: str) -> None:
        """Tab until the focus is there, then Enter."""
        await kiosk.sees(name)
        for _ in range(80):
            await kiosk.page.keyboard.press("Tab")
            if await kiosk.page.evaluate("document.activeElement?.dataset.testid") == name:
                return await kiosk.page.keyboard.press("Enter")
        raise AssertionError(f"the keyboard does not reach {name}")

    for name in (
        "attract",
        "service-dine-in",
        "category-noodles",
        "dish-udon-chicken",
        "option-hot",
        "sheet-add",
        "cart-open",
        "pay",
    ):
        await press_at(name)
    await press_at("without-number")
    number = await kiosk.number()
    assert (await order_of(place, kiosk))["number"] == number
    await press_at("new-order")
    await kiosk.sees("attract")


async def test_1_escape_closes_the_dish_and_the_focus_returns_to_its_card(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap("category-noodles")
    await kiosk.at("dish-udon-chicken").focus()
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees("sheet-add")
    await kiosk.page.keyboard.press("Escape")
    await kiosk.misses("sheet-add")
    await expect(kiosk.at("dish-udon-chicken")).to_be_focused()


async def test_1_focus_stays_on_the_plus_when_the_first_portion_comes_and_the_last_one_goes(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap("category-drinks")
    await kiosk.at("add-tea").focus()
    await kiosk.page.keyboard.press("Enter")
    await expect(kiosk.at("more-tea")).to_be_focused()
    await kiosk.page.keyboard.press("Enter")
    await kiosk.page.keyboard.press("Shift+Tab")
    await expect(kiosk.at("less-tea")).to_be_focused()
    await kiosk.page.keyboard.press("Enter")
    await kiosk.page.keyboard.press("Enter")
    await expect(kiosk.at("add-tea")).to_be_focused()


_QUICK_HANDS = """async ([opener, target, act]) => {
    const find = (name) => document.querySelector(`[data-testid="${name}"]`);
    const drawn = new Promise((seen) => {
        const watch = new MutationObserver(() => { if (find(target)) { watch.disconnect(); seen(find(target)); } });
        watch.observe(document.body, {childList: true, subtree: true});
    });
    find(opener).click();
    const found = await drawn;  // in the very turn that drew it, before any frame
    if (act === "focus") found.focus();
    const inert = !!document.querySelector("dialog:modal");
    for (let n = 0; n < 6; n += 1) await new Promise((next) => requestAnimationFrame(() => setTimeout(next, 40)));
    return [document.activeElement.dataset.testid ?? document.activeElement.tagName, inert];
}"""


async def test_1_focus_moved_as_soon_as_a_section_is_drawn_stays_where_it_was_put(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.sees("category-drinks")
    focused, _ = await kiosk.page.evaluate(_QUICK_HANDS, ["category-drinks", "add-tea", "focus"])
    assert focused == "add-tea"
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees("more-tea")


async def test_1_a_dish_that_has_opened_covers_the_menu_at_once(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap("category-drinks")
    await kiosk.sees("dish-tea")
    assert (await kiosk.page.evaluate(_QUICK_HANDS, ["dish-tea", "sheet-add", "look"]))[1]


async def test_1_section_of_sixty_dishes_is_drawn_to_its_end(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.page.route("**/api/menu/categories", sixty_dishes)
    await kiosk.page.reload()
    await kiosk.begin()
    await kiosk.tap("add-dish-59")
    await kiosk.sees("more-dish-59")


async def test_1_page_that_loads_anew_still_speaks_the_language_chosen(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.tap("lang-en")
    await kiosk.begin()
    await kiosk.page.reload()
    await kiosk.sees("cancel")
    assert await kiosk.words("cancel") == "Cancel"
    assert await kiosk.page.evaluate("document.documentElement.lang") == "en"


async def test_2_and_3_double_taps_make_one_order_and_one_charge(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok", "tok_ok", "tok_ok")
    await kiosk.order_tea()
    for name in ("pay", "without-number"):
        await (await kiosk.sees(name)).evaluate("button => { for (let i = 0; i < 3; i += 1) button.click(); }")
    await kiosk.number()
    assert len(place.effects("bank", "charged")) == 1
    assert len(place.effects("fiscal", "receipt")) == 1
    assert [event["type"] for event in await place.events()].count("OrderCreatedEvent") == 1


async def test_1_two_orders_one_after_another_belong_to_different_sessions(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok", "tok_ok")
    numbers, tokens = [], []
    for _ in range(2):
        await kiosk.order_tea()
        await kiosk.tap("pay", "without-number")
        numbers.append(await kiosk.number())
        tokens.append((await kiosk.kept())["token"])
        await kiosk.tap("new-order")
    await kiosk.sees("attract")
    assert len(set(numbers)) == len(set(tokens)) == 2
    for token in tokens:

        async def dead(token: str = token) -> bool:
            return (await place.call("GET", "/api/orders", Authorization=f"Bearer {token}")).status == 401

        await until(dead)


async def test_3_demo_restaurant_takes_the_practice_card_on_the_screen_itself(screens: Screens) -> None:
    async with demo_kiosk() as kiosk_process:
        screens.traffic.expects(402)
        kiosk = await screens.kiosk(kiosk_process)
        await kiosk.order_tea()
        await kiosk.tap("pay", "without-number")
        await kiosk.reads("Учебный терминал")
        await kiosk.shot("payment-ru")
        await kiosk.tap("lang-en")
        await kiosk.shot("payment-en")
        await kiosk.tap("lang-ru", "terminal-decline")
        await kiosk.sees("failed-payment_declined")
        await kiosk.tap("pay-again", "terminal-approve")
        assert await kiosk.number()
        await screens.close()
