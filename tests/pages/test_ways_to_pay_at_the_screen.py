"""Whoever walks up chooses how to pay and is told one thing to do at a time (payment.md#ways-to-pay)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from drivers.sim.vtk.device import ReaderRules
from tests.clocks import PassingClock
from tests.pages.ear import REPEAT, VOICE
from tests.pages.screens import WAIT_MS, KioskScreen, Screens, demo_kiosk
from tests.pages.test_accessibility import violations
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_inpas import ALL as BY_INPAS
from tests.scenes.test_inpas import until_waits_for_card

pytestmark = pytest.mark.asyncio(loop_scope="package")

ALL = '[payment]\nmethods = ["token", "terminal", "till"]\n'
SAFE = "Деньги не списаны"
#: It waits for a card as long as somebody looks at the screen.
PATIENT_READER = ReaderRules(tap_s=0.05, operation_s=60)


@pytest_asyncio.fixture(loop_scope="package")
async def counter() -> AsyncIterator[Restaurant]:
    async with restaurant(ALL, reader=PATIENT_READER) as found:
        yield found


async def to_choice(kiosk: KioskScreen) -> None:
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number")
    await kiosk.sees("ways")


def at_reader(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("terminal")]


async def test_a_guest_chooses_the_reader_taps_a_card_and_has_a_number(counter: Restaurant, screens: Screens) -> None:
    counter.reader.faults.switch("nobody_taps")
    kiosk = await screens.kiosk(counter.kiosk)
    await to_choice(kiosk)
    await kiosk.shot("ways-ru")
    assert await violations(kiosk) == []
    await kiosk.tap("way-terminal")
    await kiosk.sees("stage-at_reader")
    await kiosk.reads("Приложите карту к терминалу")
    await kiosk.shot("at-reader-ru")
    assert await violations(kiosk) == []
    await until(lambda: counter.reader.state()["waits_for_card"])
    counter.reader.faults.switch("tap")
    await kiosk.number()
    assert at_reader(counter) == ["held", "captured"]
    await screens.close()


async def test_a_refused_card_says_so_and_the_till_takes_the_order(counter: Restaurant, screens: Screens) -> None:
    counter.reader.faults.switch("decline")
    kiosk = await screens.kiosk(counter.kiosk)
    await to_choice(kiosk)
    await kiosk.tap("way-terminal")
    await kiosk.sees("failed-payment_declined")
    assert await kiosk.words("money") == SAFE
    await kiosk.shot("reader-declined-ru")
    await kiosk.tap("pay-again", "way-till")
    code = await kiosk.words("till-code")
    await kiosk.reads("Назовите код на кассе")
    await kiosk.shot("at-till-ru")
    assert await violations(kiosk) == []
    taken = await counter.internal("POST", f"/internal/till/{code}", {"tender": "card"})
    assert taken.status == 200
    await kiosk.number()
    await screens.close()


async def test_a_wish_to_cancel_at_the_reader_ends_on_another_choice(counter: Restaurant, screens: Screens) -> None:
    counter.reader.faults.switch("nobody_taps")
    kiosk = await screens.kiosk(counter.kiosk)
    await to_choice(kiosk)
    await kiosk.tap("way-terminal")
    await kiosk.sees("stage-at_reader")
    await until(lambda: counter.reader.state()["waits_for_card"])
    await kiosk.tap("cancel-payment")
    await kiosk.sees("failed-payment_cancelled")
    assert await kiosk.words("money") == SAFE
    await kiosk.shot("payment-cancelled-ru")
    await kiosk.tap("pay-again")
    await kiosk.sees("ways")
    assert at_reader(counter) == ["declined"]
    await screens.close()


async def test_a_card_that_was_faster_than_the_wish_is_not_charged(counter: Restaurant, screens: Screens) -> None:
    counter.reader.faults.switch("nobody_taps")
    counter.reader.faults.switch("abr", {"do": "ignored"})
    kiosk = await screens.kiosk(counter.kiosk)
    await to_choice(kiosk)
    await kiosk.tap("way-terminal")
    await kiosk.sees("stage-at_reader")
    await until(lambda: counter.reader.state()["waits_for_card"])
    await kiosk.tap("cancel-payment")
    await kiosk.sees("stage-cancelling")
    await kiosk.reads("Проверяем оплату")
    counter.reader.faults.switch("tap")
    await kiosk.sees("failed-payment_cancelled")
    assert at_reader(counter) == ["held", "released"]
    await screens.close()


async def test_a_reader_that_hears_no_wish_is_stopped_by_its_red_key_and_the_screen_says_so(screens: Screens) -> None:
    async with restaurant(BY_INPAS) as place:
        place.service.faults.switch("nobody_taps")
        kiosk = await screens.kiosk(place.kiosk)
        await to_choice(kiosk)
        await kiosk.tap("way-terminal")
        await until_waits_for_card(place)
        await kiosk.tap("cancel-payment")
        await kiosk.reads("Нажмите красную кнопку на терминале")
        await kiosk.shot("red-key-ru")
        assert await violations(kiosk) == []
        place.service.faults.switch("red_button")
        await kiosk.sees("failed-payment_cancelled")
        assert await kiosk.words("money") == SAFE
        assert at_reader(place) == []
        await screens.close()


async def test_a_way_that_is_closed_says_why_and_cannot_be_tapped(counter: Restaurant, screens: Screens) -> None:
    counter.reader.faults.switch("off")

    async def down() -> bool:
        rows = (await counter.call("GET", "/api/restaurant")).body["payment_methods"]
        return not next(row for row in rows if row["method"] == "terminal")["available"]

    await until(down)
    kiosk = await screens.kiosk(counter.kiosk)
    await to_choice(kiosk)
    await expect(kiosk.at("way-terminal")).to_be_disabled(timeout=WAIT_MS)
    await kiosk.reads("Терминал для карт временно не работает.")
    await kiosk.shot("way-closed-ru")
    assert await violations(kiosk) == []
    await screens.close()


async def test_a_code_for_the_till_outlives_a_reload_and_expires_with_a_word(screens: Screens) -> None:
    clock = PassingClock()
    async with restaurant(f"{ALL}till_expires_s = 120", clock=clock) as place:
        kiosk = await screens.kiosk(place.kiosk)
        await to_choice(kiosk)
        await kiosk.tap("way-till")
        code = await kiosk.words("till-code")
        await kiosk.page.reload()
        assert await kiosk.words("till-code") == code
        clock.jump(121)
        await kiosk.sees("failed-till_expired")
        assert await kiosk.words("money") == SAFE
        await screens.close()


async def test_a_kiosk_with_the_reader_alone_asks_nothing(screens: Screens) -> None:
    async with restaurant('[payment]\nmethods = ["terminal"]\n') as place:
        kiosk = await screens.kiosk(place.kiosk)
        await kiosk.order_tea()
        await kiosk.tap("pay", "without-number")
        await kiosk.number()
        assert at_reader(place) == ["held", "captured"]
        await screens.close()


async def test_staff_take_cash_at_the_desk_and_are_told_the_change(counter: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await to_choice(kiosk)
    await kiosk.tap("way-till")
    code = await kiosk.words("till-code")
    desk = await screens.desk(counter.kiosk, "/service")
    pin = (counter.kiosk.config.database.path.parent / "service.pin").read_text()
    await desk.at("pin").fill(pin)
    await desk.at("enter").click()
    await desk.sees(f"till-{code}")
    await desk.at(f"till-cash-{code}").click()
    await desk.at(f"till-cash-{code}-text").fill("200")
    await desk.at(f"till-cash-{code}-sure").click()
    await desk.reads("Сдача 101")
    await desk.shot("till-desk-ru")
    await kiosk.number()
    await screens.close()


async def test_in_the_demo_a_small_reader_on_the_screen_taps_refuses_and_comes_unplugged(screens: Screens) -> None:
    async with demo_kiosk(ALL) as process:
        kiosk = await screens.kiosk(process)
        await to_choice(kiosk)
        await kiosk.tap("way-terminal", "sim-refuse_card")
        await kiosk.sees("failed-payment_declined")
        await kiosk.tap("pay-again", "way-terminal")
        await kiosk.sees("sim-tap")
        await kiosk.shot("demo-reader-ru")
        await kiosk.tap("sim-unplug")
        await kiosk.sees("stage-checking")
        await kiosk.shot("demo-unplugged-ru")
        await kiosk.number()
        await screens.close()


async def test_in_english_the_choice_and_the_code_are_said_aloud(counter: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(counter.kiosk)
    await kiosk.page.add_init_script(VOICE)
    await kiosk.page.reload()
    await kiosk.tap("lang-en")
    await to_choice(kiosk)
    await kiosk.reads("How would you like to pay?")
    await kiosk.page.keyboard.press(REPEAT)
    await until(lambda: heard(kiosk, "By card at the reader"))
    await kiosk.shot("ways-en")
    await kiosk.tap("way-till")  # the first touch reads, the second one chooses
    await until(lambda: heard(kiosk, "At the till"))
    await kiosk.tap("way-till")
    code = await kiosk.words("till-code")
    await until(lambda: heard(kiosk, ", ".join(code)))
    await kiosk.shot("at-till-en")
    await screens.close()


async def heard(kiosk: KioskScreen, words: str) -> bool:
    """Each phrase is heard to its end."""
    said: list[list[str]] = await kiosk.page.evaluate("(voice.end(), voice.said)")
    return any(words in text for text, _ in said)


async def test_a_guest_agrees_to_the_paper_before_it_is_printed_and_pays_then(screens: Screens) -> None:
    first = '[payment]\nmethods = ["sbp", "till"]\n[payment.receipt]\nsbp = "before_payment"\n'
    async with restaurant(first) as counter:
        counter.qr_bank.faults.switch("nobody_pays")
        kiosk = await screens.kiosk(counter.kiosk)
        await to_choice(kiosk)
        await kiosk.tap("way-sbp")
        await kiosk.sees("paper-first")
        assert counter.effects("fiscal", "receipt") == []
        await kiosk.shot("paper-first-ru")
        assert await violations(kiosk) == []
        await kiosk.tap("paper-agree")
        await kiosk.sees("stage-at_qr")
        await kiosk.reads("Чек напечатан, возьмите его. Теперь наведите камеру телефона на код.")
        assert len(counter.effects("fiscal", "receipt")) == 1
        await kiosk.shot("paper-first-qr-ru")
        counter.qr_bank.faults.switch("pay")
        await kiosk.number()
        await screens.close()
