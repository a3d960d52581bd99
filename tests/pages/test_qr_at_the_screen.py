"""A guest pays by a code on the screen: drawn as it came, with its time, and the way on where it fails
(payment.md#by-qr-code)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, KioskScreen, Screens, demo_kiosk
from tests.pages.test_accessibility import violations
from tests.restaurant import Restaurant, restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")

ALL = '[payment]\nmethods = ["token", "terminal", "sbp", "till"]\n'
SAFE = "Деньги не списаны"


@pytest_asyncio.fixture(loop_scope="package")
async def counter() -> AsyncIterator[Restaurant]:
    async with restaurant(ALL) as found:
        found.qr_bank.faults.switch("nobody_pays")
        yield found


async def to_code(kiosk: KioskScreen) -> None:
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number", "way-sbp")
    await kiosk.sees("stage-at_qr")


def moved(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("sbp")]


async def test_the_code_is_drawn_as_the_bank_gave_it_and_the_screen_sees_the_payment(
    counter: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_code(kiosk)
    await kiosk.reads("Оплатите по QR-коду")
    await expect(kiosk.at("pay-qr")).to_have_attribute(
        "data-text", counter.qr_bank.account.bills()[-1]["qr"], timeout=WAIT_MS
    )
    await kiosk.shot("at-qr-ru")
    assert await violations(kiosk) == []
    await kiosk.page.reload()
    await kiosk.sees("stage-at_qr")
    counter.qr_bank.faults.switch("pay")
    await kiosk.number()
    assert moved(counter) == ["charged"]
    await screens.close()


async def test_a_guest_who_cancels_the_code_chooses_anew(counter: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_code(kiosk)
    await kiosk.tap("cancel-payment")
    await kiosk.sees("failed-payment_cancelled")
    assert await kiosk.words("money") == SAFE
    await kiosk.tap("pay-again")
    await kiosk.sees("ways")
    assert moved(counter) == ["declined"]
    await screens.close()


async def test_what_was_paid_in_that_moment_comes_back_and_its_number_is_on_the_screen(
    counter: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_code(kiosk)
    counter.qr_bank.faults.switch("pay_during_cancel")
    await kiosk.tap("cancel-payment")
    await kiosk.sees("failed-payment_returned")
    assert await kiosk.words("money") == "Деньги вернутся на счёт"
    assert counter.qr_bank.account.bills()[-1]["transfer"] in await kiosk.words("reference")
    await kiosk.shot("qr-returned-ru")
    assert await violations(kiosk) == []
    assert moved(counter) == ["charged", "refunded"]
    await screens.close()


async def test_a_phones_payment_that_its_bank_refuses_speaks_of_no_card(counter: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_code(kiosk)
    counter.qr_bank.faults.switch("reject")
    await kiosk.sees("failed-payment_declined")
    await kiosk.reads("Банк не провёл оплату")
    await kiosk.reads("Попробуйте ещё раз или другим способом")
    await kiosk.shot("qr-declined-ru")
    assert "карт" not in await kiosk.words("failed-payment_declined")
    assert await violations(kiosk) == []
    await screens.close()


async def test_a_phones_payment_without_a_receipt_goes_back_to_its_account(
    counter: Restaurant, screens: Screens
) -> None:
    counter.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    kiosk = await screens.kiosk(counter.kiosk)
    await to_code(kiosk)
    counter.qr_bank.faults.switch("pay")
    await kiosk.sees("failed-refunded")
    assert await kiosk.words("money") == "Деньги вернутся на счёт"
    await kiosk.shot("qr-refunded-ru")
    assert "карт" not in await kiosk.words("failed-refunded")
    await screens.close()


async def test_a_code_that_nobody_paid_says_so(screens: Screens) -> None:
    async with restaurant(f"{ALL}[sbp]\nscreen_s = 3") as place:
        place.qr_bank.faults.switch("nobody_pays")
        kiosk = await screens.kiosk(place.kiosk)
        await to_code(kiosk)
        await kiosk.sees("failed-qr_expired")
        assert await kiosk.words("money") == SAFE
        await screens.close()


async def test_while_the_payment_is_on_its_way_the_screen_says_that_it_is_checked(
    counter: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_code(kiosk)
    counter.qr_bank.faults.switch("in_transfer")
    counter.qr_bank.faults.switch("pay")
    await kiosk.tap("cancel-payment")
    await kiosk.sees("stage-checking")
    await kiosk.shot("qr-checking-ru")
    counter.qr_bank.faults.switch("in_transfer", on=False)
    await kiosk.number()
    assert moved(counter) == ["charged"]
    await screens.close()


async def test_in_the_demo_a_practice_phone_pays(screens: Screens) -> None:
    async with demo_kiosk(ALL) as process:
        kiosk = await screens.kiosk(process)
        await to_code(kiosk)
        await kiosk.shot("qr-demo-ru")
        assert await violations(kiosk) == []
        await kiosk.tap("sim-pay_during_cancel")
        await kiosk.sees("failed-payment_returned")
        await kiosk.tap("pay-again", "way-sbp", "sim-pay")
        await kiosk.number()
        await screens.close()
