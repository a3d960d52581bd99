"""«Мой заказ», «О продавце», search, electronic receipt: an order by its code, a cell that opens, who sells."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, KioskScreen, Screens
from tests.pages.test_accessibility import assert_usable, assert_usable_in_both
from tests.pages.test_modes import HELD_CARD
from tests.pages.test_points_at_the_screen import PHONE, code_sent, enter_number
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_notifications import told
from tests.scenes.test_signing_in import signed_in

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def look_up(kiosk: KioskScreen, number: str, code: str) -> None:
    await kiosk.tap("my-order")
    await kiosk.types(number + code)
    await kiosk.tap("track-show")


async def test_4_order_is_found_by_its_code_and_its_cell_opens(screens: Screens) -> None:
    screens.traffic.expects(403)
    async with restaurant(speed=5.0) as place:
        place.robot.faults.switch("nobody_comes", on=True)  # but for what stands open
        guest = await place.guest()
        created = await guest.order(("tea", 1))
        paid = (await guest.pay(created["order_id"])).body
        kiosk = await screens.kiosk(place.kiosk)
        wrong = "0000" if paid["pickup_code"] != "0000" else "1111"
        await look_up(kiosk, created["number"], wrong)
        await kiosk.reads("Номер и код не подходят")
        await kiosk.types(paid["pickup_code"])
        await guest.until_status(created["order_id"], "ready")
        await kiosk.tap("track-show", "open-cell")
        await kiosk.reads("открыта")
        assert await kiosk.words("tracked-number") == created["number"]
        assert await kiosk.at("receipt-qr").get_attribute("data-text") == paid["receipt"]["qr"]
        await kiosk.sees("track-completed")  # the page follows the robot by itself
        await assert_usable_in_both(kiosk)
        await kiosk.tap("track-back")
        await kiosk.sees("attract")
        assert paid["pickup_code"] not in await kiosk.page.locator("#page").inner_text()
        await look_up(kiosk, created["number"], wrong)
        await kiosk.reads("Номер и код не подходят")
        await assert_usable_in_both(kiosk)
        await screens.close()


async def test_4_order_given_back_shows_the_refund(screens: Screens) -> None:
    async with restaurant(speed=1.0) as place:
        guest = await place.guest()
        created = await guest.order(("tea", 1))
        code = (await guest.pay(created["order_id"])).body["pickup_code"]
        await place.internal("POST", f"/internal/orders/{created['order_id']}/refund", {"reason": "передумали"})
        await guest.until_status(created["order_id"], "refunded")
        kiosk = await screens.kiosk(place.kiosk)
        await look_up(kiosk, created["number"], code)
        await kiosk.sees("track-refunded")
        await kiosk.reads("Возврат 99\u00a0₽: деньги отправлены")
        await screens.close()


#: The page asks for the order again every five seconds: here it never does by itself.
NO_SECOND_LOOK = """const later = window.setTimeout;
window.setTimeout = (act, ms) => ms === 5000 ? 0 : later(act, ms);"""


async def test_1_an_order_and_its_dishes_change_their_language_together(place: Restaurant, screens: Screens) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 1))
    code = (await guest.pay(created["order_id"])).body["pickup_code"]
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.page.add_init_script(NO_SECOND_LOOK)
    await kiosk.page.reload()
    await look_up(kiosk, created["number"], code)
    await kiosk.reads("Чёрный чай")
    await kiosk.tap("lang-en")
    await kiosk.reads("Black tea")
    await kiosk.tap("lang-ru")
    await kiosk.reads("Чёрный чай")


async def test_2_seller_is_named_also_while_nothing_is_sold(place: Restaurant, screens: Screens) -> None:
    await place.internal("POST", "/internal/sales/pause")
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.sees("closed")
    await kiosk.tap("about")
    assert await kiosk.words("seller-ogrn") == "1027700000000"
    assert await kiosk.words("seller-legal_name") == "ООО «Огонёк»"
    await kiosk.reads("Как вернуть деньги")
    await assert_usable_in_both(kiosk)
    await kiosk.shot("seller-ru")
    await kiosk.tap("seller-back")
    await kiosk.sees("closed")


async def test_1_search_finds_by_either_alphabet_and_adds_to_the_cart(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.begin()
    await kiosk.tap("search")
    await kiosk.types("чай")
    await kiosk.sees("add-tea-cold")
    await assert_usable_in_both(kiosk)
    await kiosk.shot("search-ru")
    await kiosk.tap("add-tea", "search-close", "lang-en", "search", "key-u", "key-d")
    await kiosk.reads("Udon with teriyaki chicken")
    await kiosk.types("zz")
    await kiosk.reads("Nothing found")
    await kiosk.tap("search-done", "cart-open")
    await expect(kiosk.at("line-tea")).to_be_visible(timeout=WAIT_MS)


async def test_3_receipt_goes_where_the_customer_asked(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.order_tea()
    await kiosk.tap("receipt-ask", "to-mail")
    await kiosk.types("anna")
    await kiosk.tap("contact-save")
    await kiosk.reads("Проверьте адрес")
    await kiosk.tap("key-@yandex.ru")
    await assert_usable(kiosk)  # a dialog covers the languages
    await kiosk.tap("contact-save")
    assert await kiosk.words("receipt-to") == "Пришлём на anna@yandex.ru"
    async with kiosk.page.expect_request("**/payment") as asked:
        await kiosk.tap("pay", "without-number")
    request = await asked.value
    assert request.post_data_json == {"card_token": "tok_ok", "receipt_to": "anna@yandex.ru"}
    await kiosk.number()
    await kiosk.tap("new-order")

    async def forgotten() -> bool:
        return "anna" not in await kiosk.page.evaluate("JSON.stringify({...sessionStorage})")

    await until(forgotten)


async def test_4_forgotten_code_is_shown_by_phone_and_sms_and_never_by_the_phone_alone(screens: Screens) -> None:
    screens.traffic.expects(403)
    async with restaurant("[auth]\nlimits = { resend_s = 0 }", speed=1.0) as place:
        member = await signed_in(place, f"+7{PHONE}")
        order = await member.order(("tea", 1))
        code = (await member.pay(order["order_id"])).body["pickup_code"]
        kiosk = await screens.kiosk(place.kiosk)
        await kiosk.tap("my-order")
        await kiosk.sees("track-number")  # until then the screen loads its parts
        await assert_usable_in_both(kiosk)
        await kiosk.shot("my-order-ru")
        await kiosk.tap("track-by-phone")
        await enter_number(kiosk)
        await kiosk.sees("code-why")
        assert code not in await kiosk.page.locator("#page").inner_text()
        await kiosk.types(await code_sent(place, 2))
        await kiosk.tap("confirm-code")
        assert await kiosk.words(f"own-code-{order['number']}") == code
        await assert_usable_in_both(kiosk)
        await kiosk.shot("own-orders-running-ru")
        await kiosk.tap("history-back")
        await kiosk.sees("attract")
        assert code not in await kiosk.page.locator("#page").inner_text()
        await screens.close()


async def test_5_guest_ticks_to_be_told_and_hears_when_it_is_ready(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.page.add_init_script(HELD_CARD)
    await kiosk.page.reload()
    await kiosk.order_tea()
    await kiosk.tap("receipt-ask")
    await kiosk.types("9161234567")
    await kiosk.tap("contact-save", "pay", "without-number")
    tick = await kiosk.sees("notify")
    assert await tick.get_attribute("aria-checked") == "false"
    await kiosk.tap("notify")
    await expect(tick).to_have_attribute("aria-checked", "true")
    await assert_usable_in_both(kiosk)
    async with kiosk.page.expect_request("**/payment") as asked:
        await kiosk.page.evaluate("giveCard('tok_ok')")
    body = (await asked.value).post_data_json
    assert body == {"card_token": "tok_ok", "receipt_to": "+79161234567", "notify": True}
    number = await kiosk.number()
    assert "…4567" in await kiosk.words("notified")
    assert number in await told(place, "Заберите")


async def test_5_who_left_no_number_is_not_asked(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.page.add_init_script(HELD_CARD)
    await kiosk.page.reload()
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number")
    await kiosk.sees("amount")
    await expect(kiosk.at("notify")).to_have_count(0)
