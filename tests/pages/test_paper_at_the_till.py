"""The receipt before the money at the till: the guest has a code, staff choose, hand the paper over and take the money,
each by the words of a screen (payment.md#paper-before-the-money)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, KioskScreen, Screens, demo_kiosk
from tests.pages.test_accessibility import violations
from tests.pages.test_staff_at_the_desk import at_the_desk
from tests.restaurant import Restaurant, restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")

FIRST = '[payment]\nmethods = ["sbp", "till"]\n[payment.receipt]\ntill = "before_payment"\n'


@pytest_asyncio.fixture(loop_scope="package")
async def counter() -> AsyncIterator[Restaurant]:
    async with restaurant(FIRST) as found:
        yield found


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.effects("fiscal", "receipt", "refund_receipt")]


async def to_code(kiosk: KioskScreen) -> str:
    """The guest agrees that the receipt comes first; nothing is printed yet."""
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number", "way-till")
    await kiosk.sees("paper-first")
    await kiosk.tap("paper-agree")
    await kiosk.reads("Сотрудник спросит, наличными или картой, отдаст чек и возьмёт оплату.")
    return await kiosk.words("till-code")


async def test_staff_print_the_receipt_first_and_then_take_the_money(counter: Restaurant, screens: Screens) -> None:
    kiosk, desk = await screens.kiosk(counter.kiosk), await at_the_desk(screens, counter.kiosk)
    code = await to_code(kiosk)
    await kiosk.shot("till-before-paper-ru")
    await desk.reads("Сначала чек: спросите, как гость заплатит")
    assert papers(counter) == []
    await desk.shot("till-choosing")
    await desk.tap(f"till-receipt-cash-{code}", f"till-receipt-cash-{code}-sure")
    await desk.reads("Отдайте чек гостю, потом возьмите наличные")
    await kiosk.reads("Чек напечатан, возьмите его. Теперь сотрудник возьмёт оплату.")
    assert papers(counter) == ["receipt"]
    assert await violations(desk) == []
    assert await violations(kiosk) == []
    await kiosk.shot("till-paper-in-hand-ru")
    await desk.shot("till-hand-over")
    await expect(desk.at(f"till-card-{code}")).to_have_count(0, timeout=WAIT_MS)  # the receipt says cash
    await desk.tap(f"till-cash-{code}")
    await desk.at(f"till-cash-{code}-text").fill("100")
    await desk.tap(f"till-cash-{code}-sure")
    await kiosk.number()
    assert papers(counter) == ["receipt"]
    await desk.tap("to-log")
    await expect(desk.at("journal")).to_contain_text("чек до оплаты на кассе", timeout=WAIT_MS)
    await screens.close()


async def test_a_guest_without_money_is_told_of_the_paper_that_takes_the_first_one_back(
    counter: Restaurant, screens: Screens
) -> None:
    kiosk, desk = await screens.kiosk(counter.kiosk), await at_the_desk(screens, counter.kiosk)
    code = await to_code(kiosk)
    await desk.tap(f"till-receipt-card-{code}", f"till-receipt-card-{code}-sure")
    await desk.reads("Отдайте чек гостю, потом оплата картой")
    await desk.tap(f"till-refuse-{code}")
    await desk.reads("Отменить: выйдет чек возврата")
    await desk.tap(f"till-refuse-{code}-sure")
    await kiosk.sees("failed-payment_cancelled")
    await kiosk.reads("Если чек уже напечатан, следом вышел ещё один, который его отменяет.")
    assert papers(counter) == ["receipt", "refund_receipt"]
    await kiosk.shot("till-refused-ru")
    await screens.close()


@pytest.mark.parametrize("order", ["after_payment", "before_payment"])
async def test_a_demo_has_a_cashier_on_the_screen(screens: Screens, order: str) -> None:
    text = f'[payment]\nmethods = ["token", "till"]\n[fiscal]\nreceipt = "{order}"\n'
    async with demo_kiosk(text) as demo:
        kiosk = await screens.kiosk(demo)
        await kiosk.order_tea()
        await kiosk.tap("pay", "without-number", "way-till")
        if order == "before_payment":
            await kiosk.tap("paper-agree")
        await kiosk.sees("till-code")
        await kiosk.shot(f"demo-cashier-{order}")
        assert await violations(kiosk) == []
        await kiosk.tap("sim-till-cash")
        if order == "before_payment":
            await kiosk.reads("Чек напечатан, возьмите его.")
            await expect(kiosk.at("sim-till-card")).to_have_count(0, timeout=WAIT_MS)  # the receipt says cash
            await kiosk.shot("demo-cashier-printed")
            await kiosk.tap("sim-till-cash")
        await kiosk.number()
        await screens.close()


async def test_the_cashier_of_a_demo_sends_a_guest_without_money_away(screens: Screens) -> None:
    async with demo_kiosk('[payment]\nmethods = ["token", "till"]\n') as demo:
        kiosk = await screens.kiosk(demo)
        await kiosk.order_tea()
        await kiosk.tap("pay", "without-number", "way-till", "sim-till-refuse")
        await kiosk.sees("failed-payment_cancelled")
        await screens.close()
