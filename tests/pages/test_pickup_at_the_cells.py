"""The panel at the cells: number and code open the door, a wrong code is told, who guesses waits, nothing stays."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, KioskScreen, Screens
from tests.pages.test_accessibility import assert_usable_in_both, assert_within_reach
from tests.restaurant import Restaurant, restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def ready_order(place: Restaurant, pieces: int = 1) -> dict[str, Any]:
    place.robot.faults.switch("nobody_comes", on=True)
    guest = await place.guest()
    created = await guest.order(("tea", pieces))
    paid = (await guest.pay(created["order_id"])).body
    await guest.until_status(created["order_id"], "ready")
    return {**created, **paid}


async def enter(panel: KioskScreen, number: str, code: str) -> None:
    await panel.types(number + code)
    await panel.tap("pickup-open")


def wrong(order: dict[str, Any]) -> str:
    return "0000" if order["pickup_code"] != "0000" else "1111"


async def test_4_2_cell_opens_at_the_panel_and_the_screen_clears_itself(place: Restaurant, screens: Screens) -> None:
    screens.traffic.expects(403)
    order = await ready_order(place)
    panel = await screens.panel(place.kiosk, clock=True)
    await panel.sees("pickup-entry")
    await assert_usable_in_both(panel)
    await panel.shot("pickup-start")
    await enter(panel, order["number"], wrong(order))
    await panel.reads("Номер и код не подходят")
    assert await panel.words("track-code") == "____"
    assert await panel.words("track-number") == order["number"]
    await assert_usable_in_both(panel)
    await panel.shot("pickup-wrong")
    await panel.tap("low")
    await assert_within_reach(panel)
    await panel.shot("pickup-wrong-low")
    await panel.tap("low")
    await panel.types(order["pickup_code"])
    await panel.tap("pickup-open")
    await panel.sees("pickup-opened")
    await panel.sees("cell-1")
    await assert_usable_in_both(panel)
    await panel.shot("pickup-opened")
    await panel.tap("lang-en")
    await panel.reads("Enjoy your meal")
    await panel.page.clock.run_for(21_000)
    await panel.sees("pickup-entry")
    await panel.reads("Заберите заказ")  # the next one reads Russian, and no number stands there
    assert await panel.words("track-number") == "___"


async def test_4_2_several_cells_of_one_order_open_together(place: Restaurant, screens: Screens) -> None:
    order = await ready_order(place, 5)
    panel = await screens.panel(place.kiosk)
    await enter(panel, order["number"], order["pickup_code"])
    for cell in (1, 5, 6):  # two portions each but for the first
        await panel.sees(f"cell-{cell}")
    await panel.reads("Ячейки открыты")
    await assert_usable_in_both(panel)
    await panel.shot("pickup-three")
    await panel.tap("pickup-done")
    await panel.sees("pickup-entry")


async def test_4_2_who_guesses_is_told_the_seconds_and_the_owner_at_the_kiosk_is_not_stopped(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(403)
    order = await ready_order(place)
    panel = await screens.panel(place.kiosk)
    await enter(panel, order["number"], wrong(order))
    for words in ("осталось 3\u00a0попытки", "осталось 2\u00a0попытки", "осталась 1\u00a0попытка"):
        await panel.reads(words)
        await panel.types(wrong(order))
        await panel.tap("pickup-open")
    await panel.reads("Следующая попытка через")
    await panel.shot("pickup-wait")
    await panel.types(order["pickup_code"])
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.tap("my-order")
    await kiosk.types(order["number"] + order["pickup_code"])
    await kiosk.tap("track-show", "open-cell")
    await kiosk.reads("открыта")
    await expect(panel.at("pickup-open")).to_be_enabled(timeout=WAIT_MS)  # the wait is over by itself
    await screens.close()


async def test_4_2_order_that_still_cooks_and_a_silent_robot_are_told(screens: Screens) -> None:
    screens.traffic.expects(409, 503)
    async with restaurant(speed=1.0) as place:
        guest = await place.guest()
        created = await guest.order(("udon-chicken", 1))
        paid = (await guest.pay(created["order_id"])).body
        panel = await screens.panel(place.kiosk, clock=True)
        await enter(panel, created["number"], paid["pickup_code"])
        await panel.reads("ещё готовится")
        await panel.shot("pickup-cooking")
        await panel.page.clock.run_for(31_000)
        await expect(panel.at("track-number")).to_have_text("___", timeout=WAIT_MS)
        await screens.close()


async def test_4_panel_goes_on_when_its_session_is_over(place: Restaurant, screens: Screens) -> None:
    screens.traffic.expects(401)
    order = await ready_order(place)
    panel = await screens.panel(place.kiosk)
    await panel.page.evaluate("sessionStorage.setItem('pickup-token', 'x.y.z')")
    await enter(panel, order["number"], order["pickup_code"])
    await panel.sees("pickup-opened")


async def test_4_receipt_gives_the_forgotten_code_again(place: Restaurant, screens: Screens) -> None:
    screens.traffic.expects(403)
    order = await ready_order(place)
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.tap("my-order", "track-by-receipt")
    sign = f"{order['receipt']['fiscal_sign']:010d}"
    await kiosk.types(sign + "98")
    await kiosk.tap("track-show")
    await kiosk.reads("Такого чека нет")
    await assert_usable_in_both(kiosk)
    await kiosk.shot("track-receipt")
    await kiosk.types("99")
    await kiosk.tap("track-show")
    assert await kiosk.words("pickup-code") == order["pickup_code"]
    await assert_usable_in_both(kiosk)
    await kiosk.shot("track-by-receipt-found")
    await kiosk.tap("open-cell")
    await kiosk.reads("открыта")
    await screens.close()


async def test_4_staff_gives_out_opens_and_makes_codes_at_the_desk(place: Restaurant, screens: Screens) -> None:
    order = await ready_order(place, 3)
    desk = await screens.desk(place.kiosk, "/service")
    await desk.at("name").fill("Ира")
    await desk.at("pin").fill((place.folder / "service.pin").read_text())
    await desk.tap("enter", "to-kitchen")
    await expect(desk.at("cell-1")).to_contain_text(order["number"], timeout=WAIT_MS)
    await expect(desk.at("cell-5")).to_contain_text("порций 2 из 2")
    await desk.tap("code-1", "code-1-sure")
    code = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body["pickup_code"]
    await expect(desk.at("said")).to_contain_text("Новый код: ", timeout=WAIT_MS)
    code = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body["pickup_code"]
    await expect(desk.at("said")).to_have_text(f"Новый код: {code}", timeout=WAIT_MS)
    await desk.shot("service-cells")
    await desk.tap("hand-out-1", "hand-out-1-sure")
    await expect(desk.at("cell-1")).to_have_attribute("data-state", "free", timeout=WAIT_MS)
    await desk.tap("write-off-5")
    await desk.at("write-off-5-text").fill("остыл")
    await desk.shot("service-write-off")
    await desk.tap("write-off-5-sure")
    await desk.tap("to-now")
    await expect(desk.at("stuck")).to_contain_text("списана (остыл): вернуть ли деньги?", timeout=WAIT_MS)
    await desk.shot("service-stuck")
    await desk.tap("to-log")
    for words in ("новый код выдачи", "еда отдана гостю", "еда списана"):
        await expect(desk.at("journal")).to_contain_text(words, timeout=WAIT_MS)
    await screens.close()
