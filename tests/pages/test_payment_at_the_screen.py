"""Seed 3.2–3.4 on the screen: what happened, whether the money is safe, what to do next."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, KioskScreen, Screens, restart
from tests.pages.test_accessibility import violations
from tests.points import At
from tests.restaurant import FAST_LOOKS, Restaurant, restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

SAFE, RETURNED = "Деньги не списаны", "Деньги вернутся на карту"


async def pay(kiosk: KioskScreen) -> None:
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number")


def patient_restaurant() -> AbstractAsyncContextManager[Restaurant]:
    """The bank's silence lasts as long as the scene wants it."""
    return restaurant("[bank]\nabandon_after_s = 60\n[payment]\nanswer_within_s = 0.2")


async def pay_into_silence(place: Restaurant, kiosk: KioskScreen) -> None:
    """The bank charges `tok_unknown`, its answer is lost, and it is too slow to be asked."""
    await pay(kiosk)
    await until(lambda: place.effects("bank", "charged"))
    place.bank.faults.switch("slow", {"seconds": 30.0})
    await kiosk.sees("stage-checking")
    await kiosk.reads("Второй раз не платите")


async def test_3_3_declined_card_is_named_not_charged_and_another_card_pays(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(402)
    kiosk = await screens.kiosk(place.kiosk, "tok_insufficient_funds", "tok_ok")
    await pay(kiosk)
    await kiosk.sees("failed-payment_declined")
    assert await kiosk.words("money") == SAFE
    await kiosk.reads("На карте не хватает денег")
    await kiosk.shot("declined-ru")
    assert place.effects("bank", "charged") == []
    await kiosk.tap("pay-again")
    await kiosk.number()
    assert len(place.effects("bank", "charged")) == 1


async def test_3_3_bank_down_is_said_with_nothing_charged_and_the_order_can_be_paid_later(
    screens: Screens,
) -> None:
    screens.traffic.expects(503)
    # A bank that nobody asks in the meantime: else sales close, and there is no order to be paid.
    async with restaurant(periods=replace(FAST_LOOKS, bank_s=3600.0)) as place:
        place.bank.faults.switch("down", on=True)
        kiosk = await screens.kiosk(place.kiosk, "tok_ok", "tok_ok")
        await pay(kiosk)
        await kiosk.sees("failed-bank_unavailable")
        assert await kiosk.words("money") == SAFE
        place.bank.faults.switch("down", on=False)
        await place.until_open()  # the charge that failed may have closed them
        await kiosk.tap("pay-again")
        await kiosk.number()
        assert len(place.effects("bank", "charged")) == 1
        await screens.close()


async def test_3_3_silent_bank_shows_checking_do_not_pay_again_and_then_the_number(screens: Screens) -> None:
    async with patient_restaurant() as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_unknown")
        await pay_into_silence(place, kiosk)
        await kiosk.shot("checking-ru")
        assert await violations(kiosk) == []
        place.bank.faults.switch("slow", on=False)
        await kiosk.number()
        assert await kiosk.words("pickup-code")
        assert len(place.effects("bank", "charged")) == 1
        await screens.close()


async def test_3_nothing_moves_on_the_screen_while_money_does(screens: Screens) -> None:
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    async with patient_restaurant() as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_unknown")
        await kiosk.page.emulate_media(reduced_motion="no-preference")
        assert await kiosk.page.evaluate(moving)  # the first screen does move: the question can be answered
        await pay_into_silence(place, kiosk)
        assert await kiosk.page.evaluate(moving) == 0
        place.bank.faults.switch("slow", on=False)
        await kiosk.number()
        await screens.close()


async def test_3_4_receipt_proved_absent_cancels_the_payment_and_says_the_money_returns(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(503)
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await pay(kiosk)
    await kiosk.sees("failed-refunded")
    await kiosk.reads("Оплата отменена")
    assert await kiosk.words("money") == RETURNED
    await kiosk.shot("refunded-ru")
    assert len(place.effects("bank", "voided")) == 1


async def test_3_4_registrar_lost_after_the_charge_holds_the_receipt_and_gives_the_number_all_the_same(
    screens: Screens,
) -> None:
    charged = At("charge.answered")  # past the pre-flight, before the receipt
    patience = "[bank]\ntimeout_s = 10.0\n[payment]\nanswer_within_s = 0.2\nhold_limit_s = 6.0"
    async with restaurant(patience, checkpoint=charged) as place:
        charged.do(lambda: place.fiscal.faults.switch("off", on=True))
        place.bank.faults.switch("slow", {"seconds": 3.0})
        kiosk = await screens.kiosk(place.kiosk, "tok_ok")
        await pay(kiosk)
        await kiosk.sees("stage-payment")
        await kiosk.sees("stage-receipt_delayed")
        await kiosk.reads("платить снова не нужно")
        await kiosk.number()
        await kiosk.reads("Чек задерживается")
        assert await kiosk.words("pickup-code")
        await kiosk.shot("done-receipt-late-ru")
        assert place.effects("bank", "voided") == []
        place.fiscal.faults.switch("off", on=False)
        await until(lambda: place.effects("fiscal", "receipt"))
        await screens.close()


async def test_3_2_dish_gone_between_the_cart_and_the_charge_returns_to_the_cart(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(409)
    kiosk = await screens.kiosk(place.kiosk, "tok_declined", "tok_ok")
    screens.traffic.expects(402)
    await pay(kiosk)
    await kiosk.sees("failed-payment_declined")
    place.robot.faults.switch("bin_empty", {"bin": 23})

    async def sold_out() -> bool:
        rows = (await place.internal("GET", "/internal/menu/availability?item=tea")).body["items"]
        return not rows[0]["available"]

    await until(sold_out)
    await kiosk.tap("pay-again")
    await kiosk.sees("failed-ingredients_unavailable")
    assert await kiosk.words("money") == SAFE
    await kiosk.tap("back-to-cart")
    await expect(kiosk.at("line-tea")).to_have_class("line gone", timeout=WAIT_MS)
    await expect(kiosk.at("pay")).to_be_disabled()
    assert place.effects("bank", "charged") == []


async def test_3_reload_during_the_payment_and_on_the_number_brings_back_the_servers_truth(
    place: Restaurant, screens: Screens
) -> None:
    place.bank.faults.switch("slow", {"seconds": 0.4})
    kiosk = await screens.kiosk(place.kiosk, "tok_ok", "tok_ok")
    async with kiosk.page.expect_request("**/payment"):
        await pay(kiosk)
    await kiosk.page.reload()
    number, code = await kiosk.number(), await kiosk.words("pickup-code")
    await kiosk.page.reload()
    assert (await kiosk.number(), await kiosk.words("pickup-code")) == (number, code)
    assert len(place.effects("bank", "charged")) == 1


async def test_3_no_pin_pad_at_the_screen_is_said_before_any_money(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await pay(kiosk)
    await kiosk.sees("failed-terminal_missing")
    assert await kiosk.words("money") == SAFE
    assert place.ledger("bank") == []


async def test_2_process_restarted_over_a_full_cart_says_one_second_and_the_order_goes_on(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects_silence()
    screens.traffic.expects(503)  # asked again before the devices have answered the new process
    kiosk = await screens.kiosk(place.kiosk, "tok_ok")
    await kiosk.order_tea()
    await place.kiosk.stop()
    await kiosk.tap("pay", "without-number")
    await kiosk.sees("offline")
    await kiosk.reads("Секунду")
    await kiosk.shows_whole_pictures()
    await kiosk.shot("offline-ru")
    assert await violations(kiosk) == []
    await restart(place)
    await kiosk.number()
    assert len(place.effects("bank", "charged")) == 1


async def test_3_process_restarted_in_mid_payment_says_do_not_pay_again_and_finds_the_payment(screens: Screens) -> None:
    screens.traffic.expects_silence()
    async with patient_restaurant() as place:
        kiosk = await screens.kiosk(place.kiosk, "tok_unknown")
        await pay_into_silence(place, kiosk)
        stopping = asyncio.create_task(place.kiosk.stop())
        await kiosk.sees("offline")
        await kiosk.reads("Второй раз платить не нужно")
        await kiosk.shot("offline-paying-ru")
        place.bank.faults.switch("slow", on=False)
        await stopping
        await restart(place)
        await kiosk.number()
        assert len(place.effects("bank", "charged")) == 1
        assert len(place.effects("fiscal", "receipt")) == 1
        await screens.close()


async def test_3_process_restarted_under_the_number_leaves_the_number_in_sight(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects_silence()
    kiosk = await screens.kiosk(place.kiosk, "tok_ok", clock=True)
    await pay(kiosk)
    number = await kiosk.number()
    await place.kiosk.stop()
    await kiosk.page.clock.run_for(12_000)  # twice unanswered: the page knows that it is alone
    assert await kiosk.number() == number
    assert await kiosk.at("offline").count() == 0
    await kiosk.tap("new-order")
    await kiosk.sees("offline")
    await restart(place)
    await kiosk.sees("attract")
