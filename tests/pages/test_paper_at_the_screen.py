"""Where the receipt comes before the money, the guest agrees first, takes it, pays, and is told what becomes of it
(payment.md#paper-before-the-money)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.pages.screens import KioskScreen, Screens
from tests.pages.test_accessibility import violations
from tests.restaurant import Restaurant, restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")

BY_CODE = '[payment]\nmethods = ["sbp"]\n[fiscal]\nreceipt = "before_payment"\n'
BY_TWO = '[payment]\nmethods = ["token", "sbp"]\n[fiscal]\nreceipt = "before_payment"\nunpaid_per_visitor = 1\n'


@pytest_asyncio.fixture(loop_scope="package")
async def counter() -> AsyncIterator[Restaurant]:
    async with restaurant(BY_CODE) as found:
        found.qr_bank.faults.switch("nobody_pays")
        yield found


@pytest_asyncio.fixture(loop_scope="package")
async def two_ways() -> AsyncIterator[Restaurant]:
    async with restaurant(BY_TWO) as found:
        found.qr_bank.faults.switch("nobody_pays")
        yield found


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.effects("fiscal", "receipt", "refund_receipt")]


async def to_question(kiosk: KioskScreen) -> None:
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number")
    await kiosk.sees("paper-first")


async def test_nothing_is_printed_before_the_guest_agrees_to_pay(counter: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_question(kiosk)
    await kiosk.reads("Сначала напечатаем чек")
    await kiosk.shot("paper-first-ru")
    assert await violations(kiosk) == []
    assert papers(counter) == []
    await kiosk.tap("paper-agree")
    await kiosk.sees("stage-at_qr")
    await kiosk.reads("Чек напечатан, возьмите его")
    await kiosk.shot("paper-in-hand-ru")
    assert await violations(kiosk) == []
    assert papers(counter) == ["receipt"]
    counter.qr_bank.faults.switch("pay")
    await kiosk.number()
    assert papers(counter) == ["receipt"]
    await screens.close()


async def test_who_does_not_agree_goes_back_and_no_paper_is_spent(counter: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_question(kiosk)
    await kiosk.tap("payment-cancel")
    await kiosk.misses("paper-first")
    assert (papers(counter), counter.ledger("sbp")) == ([], [])
    await screens.close()


async def test_who_did_not_pay_is_told_of_the_second_paper_and_then_why_there_is_no_third(
    two_ways: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(503)
    kiosk = await screens.kiosk(two_ways.kiosk)
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number", "way-sbp", "paper-agree", "cancel-payment")
    await kiosk.sees("failed-payment_cancelled")
    assert papers(two_ways) == ["receipt", "refund_receipt"]
    assert "Возьмите оба" in await kiosk.words("paper-after")
    await kiosk.shot("paper-after-ru")
    assert await violations(kiosk) == []
    await kiosk.tap("pay-again", "way-sbp", "paper-agree")
    await kiosk.sees("failed-paper_spent")
    assert await kiosk.at("paper-after").count() == 0
    assert papers(two_ways) == ["receipt", "refund_receipt"]
    await screens.close()
