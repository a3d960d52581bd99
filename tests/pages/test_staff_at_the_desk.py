"""The technician's page and the training panel: what is broken at one shows at the other, and every act has a name."""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from kiosk.wiring import Kiosk
from tests.pages.screens import WAIT_MS, Screen, Screens, demo_kiosk
from tests.pages.test_accessibility import violations
from tests.restaurant import until

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def at_the_desk(screens: Screens, kiosk: Kiosk) -> Screen:
    """The technician's page, with Ира signed in."""
    desk = await screens.desk(kiosk, "/service")
    await desk.at("name").fill("Ира")
    await desk.at("pin").fill((kiosk.config.database.path.parent / "service.pin").read_text())
    await desk.tap("enter")
    return desk


async def test_8_technician_sees_what_is_broken_acts_and_stands_in_the_journal(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        desk, panel = await at_the_desk(screens, kiosk), await screens.desk(kiosk, "/sim")
        await expect(desk.at("light-paper")).to_have_attribute("data-level", "good", timeout=WAIT_MS)
        await panel.reads("Имитация")
        await panel.tap("fault-fiscal-paper_out")
        await expect(desk.at("light-paper")).to_have_attribute("data-level", "bad", timeout=WAIT_MS)
        await desk.reads("Продажи стоят")
        assert await violations(desk) == []
        assert await violations(panel) == []
        await panel.shot("sim")
        await panel.tap("mend")
        await desk.tap("refill-23", "refill-23-sure", "stop-cola")
        await expect(desk.at("stop-cola")).to_have_attribute("aria-checked", "true", timeout=WAIT_MS)
        await desk.tap("pause", "pause-sure")
        await desk.reads("Пауза включена вручную")
        await desk.tap("resume")
        await desk.reads("Продажи идут")
        await desk.at("refund-order").fill("NO-SUCH-ORDER")
        await desk.at("refund-reason").fill("проверка")
        screens.traffic.expects(404)
        await desk.tap("refund")
        await desk.reads("не вышло")
        for words in ("pin:Ира", "бункер пополнен", "стоп-лист", "пауза продаж", "продажи открыты"):
            await expect(desk.at("journal")).to_contain_text(words, timeout=WAIT_MS)
        await desk.shot("service")
        await screens.close()


async def test_4_emergency_stop_is_released_at_the_desk_only_once_the_button_is_out(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        desk, panel = await at_the_desk(screens, kiosk), await screens.desk(kiosk, "/sim")
        await desk.reads("Продажи идут")
        await expect(desk.at("acknowledge")).to_have_count(0)
        await panel.tap("fault-robot-estop")
        await desk.reads("Продажи стоят")
        screens.traffic.expects(503)
        await desk.tap("acknowledge", "acknowledge-sure")
        await desk.reads("не вышло")
        await panel.tap("fault-robot-estop")
        await desk.reads("Продажи стоят")  # the button is out, the latch still holds
        await desk.tap("acknowledge", "acknowledge-sure")
        await desk.reads("Продажи идут")
        await expect(desk.at("acknowledge")).to_have_count(0, timeout=WAIT_MS)
        await expect(desk.at("journal")).to_contain_text("аварийный стоп снят", timeout=WAIT_MS)
        await screens.close()


async def test_8_five_taps_and_a_pin_lead_the_staff_in_from_the_touch_screen_and_out_again(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        screen = await screens.kiosk(kiosk)
        await screen.sees("attract")
        await screen.tap(*["brand"] * 5)
        await screen.sees("pin")
        await screen.types((kiosk.config.database.path.parent / "service.pin").read_text())
        await screen.tap("enter")
        await screen.sees("sales")
        await screen.tap("to-kiosk")
        await screen.sees("attract")
        assert await screen.page.evaluate("sessionStorage.length") == 0
        await screens.close()


async def test_9_an_act_that_takes_time_is_done_once_and_one_without_an_answer_says_what_to_do(
    screens: Screens,
) -> None:
    async with demo_kiosk() as kiosk:
        desk = await at_the_desk(screens, kiosk)
        await desk.sees("x-report")
        asked: list[Route] = []

        async def hold(route: Route) -> None:
            asked.append(route)

        await desk.page.route("**/api/service/x-report", hold)
        await desk.at("x-report").dispatch_event("click")
        await desk.at("x-report").dispatch_event("click")
        await desk.reads("X-отчёт…")
        await expect(desk.at("x-report")).to_be_disabled(timeout=WAIT_MS)
        await expect(desk.at("pause")).to_be_disabled()
        await until(lambda: asked)
        assert len(asked) == 1
        await asked[0].continue_()
        await desk.reads("X-отчёт: сделано")
        await expect(desk.at("x-report")).to_be_enabled(timeout=WAIT_MS)
        screens.traffic.expects_silence()
        await desk.tap("x-report")
        await until(lambda: len(asked) == 2)
        await asked[1].abort()
        await desk.reads("прежде чем повторять")
        await expect(desk.at("x-report")).to_be_enabled(timeout=WAIT_MS)
        await screens.close()
