"""Who signs in sees earlier orders, repeats one, chooses how many points to spend; numbers of more countries."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, Screens
from tests.pages.test_accessibility import assert_usable, assert_usable_in_both
from tests.pages.test_points_at_the_screen import PHONE, RICH, code_sent, enter_number
from tests.restaurant import restaurant
from tests.scenes.test_signing_in import signed_in

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_auth_goal_own_orders_are_shown_and_one_is_repeated_with_its_choices(screens: Screens) -> None:
    screens.traffic.expects(403)
    async with restaurant(f"{RICH}\n[auth]\nlimits = {{ resend_s = 0 }}") as place:
        member = await signed_in(place, f"+7{PHONE}")
        body = {
            "items": [
                {"item_id": "combo-lunch", "quantity": 2, "modifiers": ["lunch-tea-cold"]},
                {"item_id": "udon-chicken", "quantity": 1},
                {"item_id": "cola", "quantity": 1},
            ],
            "service": "take_away",
        }
        made = await member.call("POST", "/api/orders/create", body)
        assert made.status == 201, made
        await member.pay(made.body["order_id"])
        number = made.body["number"]
        assert (await place.internal("POST", "/internal/stop-list", {"item_id": "cola"})).status == 200
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.tap("attract", "own-orders-open")
        await kiosk.sees("phone")
        await kiosk.tap("points-back", "own-orders-open")
        await enter_number(kiosk)
        await kiosk.sees("code-why")
        await kiosk.reads("чужой номер может набрать любой")
        assert number not in await kiosk.page.locator("main").inner_text()
        await assert_usable_in_both(kiosk)
        await kiosk.shot("own-orders-code-ru")
        await kiosk.tap("code-resend")
        await kiosk.types(await code_sent(place, 3))
        await kiosk.tap("confirm-code")
        await kiosk.sees(f"own-{number}")
        await assert_usable_in_both(kiosk)
        await kiosk.shot("own-orders-ru")
        await kiosk.tap("lang-en")
        await expect(kiosk.at(f"own-{number}")).to_contain_text("Cola", timeout=WAIT_MS)
        await kiosk.tap("lang-ru")
        await expect(kiosk.at(f"own-{number}")).to_contain_text("Кола", timeout=WAIT_MS)
        await kiosk.tap(f"repeat-{number}")
        await kiosk.sees("line-combo-lunch")
        await kiosk.reads("Не всё можно повторить")
        assert "Кола" in await kiosk.words("notice")
        await kiosk.shot("repeated-ru")
        kept = (await kiosk.kept())["page"]
        combo, dish = kept["lines"]
        assert (combo["itemId"], combo["quantity"], dish["itemId"]) == ("combo-lunch", 2, "udon-chicken")
        assert "lunch-tea-cold" in combo["options"]
        assert kept["service"] == "take_away"
        await kiosk.tap("pay")
        assert await kiosk.words("balance") != "0"
        await kiosk.tap("points-back")
        await expect(kiosk.at("pay")).to_be_enabled(timeout=WAIT_MS)
        await kiosk.tap("pay", "go-pay")
        await kiosk.number()
        again = (await member.call("GET", "/api/orders")).body["orders"][0]
        before = made.body["items"]
        assert [(row["item_id"], row["modifiers"], row["quantity"]) for row in again["items"]] == [
            (row["item_id"], row["modifiers"], row["quantity"]) for row in before[:-1]
        ]
        await screens.close()


async def test_3_guest_chooses_how_many_points_to_spend(screens: Screens) -> None:
    async with restaurant(RICH) as place:
        member = await signed_in(place, f"+7{PHONE}")
        await member.pay((await member.order(("udon-chicken", 1)))["order_id"])
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.to_points()
        await enter_number(kiosk)
        assert await kiosk.words("spent") == "0"
        await kiosk.tap("spend-more")
        assert await kiosk.words("spent") == "10"
        assert await kiosk.words("to-pay") == "К оплате 89\u00a0₽"
        await kiosk.tap("spend-more", "spend-more")
        assert await kiosk.words("spent") == "29", "never more than the rules allow"
        await expect(kiosk.at("spend-more")).to_be_disabled()
        await kiosk.tap("spend-less")
        assert await kiosk.words("spent") == "20"
        await assert_usable_in_both(kiosk)
        await kiosk.shot("points-chosen-ru")
        await kiosk.tap("spend-none")
        assert await kiosk.words("to-pay") == "К оплате 99\u00a0₽"
        await kiosk.tap("spend-more", "go-pay")
        await kiosk.number()
        assert place.effects("bank", "charged")[-1]["amount_kopecks"] == 8900
        await screens.close()


async def test_auth_1_number_of_another_country_where_the_gateway_sends_there(screens: Screens) -> None:
    screens.traffic.expects(401, 422)
    async with restaurant('[sms]\ncountries = ["RU", "BY"]') as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.to_points()
        await kiosk.tap("country")
        await kiosk.reads("Беларусь")
        await assert_usable(kiosk)
        await kiosk.tap("country-BY")
        assert await kiosk.words("phone") == "+375 __ ___-__-__"
        await kiosk.types("294911911")
        assert await kiosk.words("phone") == "+375 29 491-19-11"
        await kiosk.shot("country-ru")
        await kiosk.tap("sign-in")
        await kiosk.sees("code")
        code = await code_sent(place)
        assert place.effects("sms", "sent")[-1]["to"] == "+375294911911"
        await kiosk.types("000000" if code != "000000" else "111111")
        await kiosk.tap("confirm-code")
        await kiosk.reads("Осталось: 2")
        assert await kiosk.words("code") == "______", "a wrong code is typed anew"
        await kiosk.types(code)
        await kiosk.tap("confirm-code")
        await kiosk.sees("balance")
        await screens.close()


LINK = "https://ofd.example/rec/{inn}/{fn}/{i}/{fp}?s={s}"


async def test_3_receipt_says_what_its_code_is_for_and_leads_to_the_operators_page(screens: Screens) -> None:
    async with restaurant(f'[restaurant]\nreceipt_link = "{LINK}"') as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.order_tea()
        await kiosk.tap("pay", "without-number")
        await kiosk.number()
        qr = str(await kiosk.at("receipt-qr").get_attribute("data-text"))
        members = dict(part.split("=") for part in qr.split("&"))
        link = str(await kiosk.at("receipt-link").get_attribute("data-text"))
        assert unquote(link) == LINK.format(inn="7700000000", **members)
        await kiosk.reads("«Проверка чеков»")
        await assert_usable_in_both(kiosk)
        await kiosk.shot("receipt-link-ru")
        await screens.close()
