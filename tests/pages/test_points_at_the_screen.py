"""Points on the screen: a number is asked for and never needed, consent is a choice, strangers see nobody's points."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, KioskScreen, Screens
from tests.pages.test_accessibility import assert_usable_in_both
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_signing_in import signed_in

pytestmark = pytest.mark.asyncio(loop_scope="package")

PHONE = "9161234567"
CONSENT = '[auth]\nconsent_version = "2026-01"\nlimits = { resend_s = 5 }'
RICH = "[bonus]\naccrual = 0.5\nmax_share = 0.3"
TEA, POINTS_OF_TEA = 9900, 29  # 30 % of 99 ₽


async def code_sent(place: Restaurant, nth: int = 1) -> str:
    """The code of the nth SMS that carries one."""

    def codes() -> list[str]:
        texts = [str(line["text"]) for line in place.effects("sms", "sent")]
        return [found[0] for text in texts if (found := re.search(r"\b\d{6}\b", text))]

    found: list[str] = await until(lambda: codes() if len(codes()) >= nth else None)
    return found[nth - 1]


async def enter_number(kiosk: KioskScreen, phone: str = PHONE) -> None:
    await kiosk.types(phone)
    await kiosk.tap("sign-in")


async def test_auth_1_to_3_new_number_with_consent_and_code_earns_points(screens: Screens) -> None:
    screens.traffic.expects(401, 422)
    async with restaurant(CONSENT) as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.to_points()
        await assert_usable_in_both(kiosk)
        await expect(kiosk.at("consent")).to_have_attribute("aria-checked", "false")
        sizes = [await kiosk.at(name).bounding_box() for name in ("sign-in", "without-number")]
        assert len({(box["width"], box["height"]) for box in sizes if box}) == 1
        await enter_number(kiosk)
        await kiosk.reads("Поставьте отметку о согласии")
        await kiosk.tap("consent-read")
        await kiosk.reads("Рекламы не будет")
        await kiosk.tap("consent-close", "consent", "sign-in")
        await kiosk.sees("code")
        await expect(kiosk.at("code-resend")).to_be_disabled()
        await assert_usable_in_both(kiosk)
        code = await code_sent(place)
        await kiosk.types("000000" if code != "000000" else "111111")
        await kiosk.tap("confirm-code")
        await kiosk.reads("Осталось: 2\u00a0попытки")
        for _ in range(6):
            await kiosk.tap("key-erase")
        await kiosk.types(code)
        await kiosk.tap("confirm-code")
        assert await kiosk.words("balance") == "0"
        await assert_usable_in_both(kiosk)
        await kiosk.shot("account-ru")
        await kiosk.tap("go-pay")
        await kiosk.number()
        await kiosk.reads("Начислим 4\u00a0балла")
        token = (await kiosk.kept())["token"]
        await kiosk.tap("new-order")
        await kiosk.sees("attract")
        assert PHONE[-4:] not in await kiosk.page.content()
        assert await kiosk.page.evaluate("sessionStorage.length") == 0

        async def dead() -> bool:
            return (await place.call("GET", "/api/me", Authorization=f"Bearer {token}")).status == 401

        await until(dead)
        await screens.close()


async def test_3_known_number_spends_points_within_the_limit_and_pays_the_rest(screens: Screens) -> None:
    async with restaurant(RICH) as place:
        member = await signed_in(place, f"+7{PHONE}")
        await member.pay((await member.order(("udon-chicken", 1)))["order_id"])
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.to_points()
        await enter_number(kiosk)
        assert await kiosk.words("balance") == "194"
        token = (await kiosk.kept())["token"]
        await kiosk.page.reload()  # whoever stands here now is not the one who typed the number
        await kiosk.sees("line-tea")

        async def dead() -> bool:
            return (await place.call("GET", "/api/me", Authorization=f"Bearer {token}")).status == 401

        await until(dead)
        await kiosk.tap("pay")
        await enter_number(kiosk)
        assert await kiosk.words("to-pay") == "К оплате 99\u00a0₽"
        await kiosk.tap("spend")
        assert await kiosk.words("to-pay") == "К оплате 70\u00a0₽"
        await kiosk.shot("points-spend-ru")
        await kiosk.tap("go-pay")
        await kiosk.number()
        charge = place.effects("bank", "charged")[-1]
        assert charge["amount_kopecks"] == TEA - POINTS_OF_TEA * 100
        assert place.effects("fiscal", "receipt")[-1]["total_kopecks"] == charge["amount_kopecks"]
        await screens.close()


async def test_auth_spending_by_a_known_number_wants_a_code_where_the_rules_say_so(screens: Screens) -> None:
    screens.traffic.expects(403)
    async with restaurant(f"{RICH}\n[auth]\nspend_requires_code = true\nlimits = {{ resend_s = 0 }}") as place:
        member = await signed_in(place, f"+7{PHONE}")
        await member.pay((await member.order(("udon-chicken", 1)))["order_id"])
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await kiosk.to_points()
        await enter_number(kiosk)
        await kiosk.reads("подтвердите номер кодом")
        assert "194" not in await kiosk.page.locator("main").inner_text()
        await assert_usable_in_both(kiosk)
        await kiosk.tap("ask-code")
        await kiosk.sees("code")
        await kiosk.types(await code_sent(place, 2))
        await kiosk.tap("confirm-code", "spend", "go-pay")
        await kiosk.number()
        assert place.effects("bank", "charged")[-1]["amount_kopecks"] == TEA - POINTS_OF_TEA * 100
        await screens.close()


async def test_auth_wrong_number_and_no_sms_leave_the_way_without_a_number(place: Restaurant, screens: Screens) -> None:
    screens.traffic.expects(422)
    place.sms.faults.switch("down", on=True)
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.to_points()
    await enter_number(kiosk, "0000000000")
    await kiosk.reads("Такого номера не бывает")
    for _ in PHONE:
        await kiosk.tap("key-erase")
    await kiosk.page.keyboard.type(PHONE)  # a keypad that is plugged in types the same
    await kiosk.tap("sign-in")
    await kiosk.sees("code")
    await kiosk.tap("without-number")
    await kiosk.number()
    assert len(place.effects("bank", "charged")) == 1


async def test_3_price_that_changed_meanwhile_is_agreed_to_before_paying(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")

    async def cheaper(route) -> None:  # type: ignore[no-untyped-def]
        """The page's menu is older than the server's."""
        answer = await route.fetch()
        body = (await answer.text()).replace('"price_kopecks":9900', '"price_kopecks":8900')
        await route.fulfill(response=answer, body=body)

    await kiosk.page.route("**/api/menu/categories", cheaper)
    await kiosk.page.reload()
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number")
    await kiosk.sees("new-price")
    await kiosk.reads("было 89\u00a0₽, стало 99\u00a0₽")
    assert place.ledger("bank") == []
    await kiosk.tap("agree")
    await kiosk.number()
    await expect(kiosk.at("receipt-qr")).to_be_visible(timeout=WAIT_MS)
