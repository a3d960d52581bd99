"""Seed 6 at the manager's desk: a PIN, then the sums of the day as they come."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, Screens
from tests.pages.test_accessibility import violations
from tests.restaurant import Restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_6_manager_sees_the_days_sums_behind_a_pin(place: Restaurant, screens: Screens) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 2))
    assert (await guest.pay(created["order_id"])).status == 200
    screens.traffic.expects(403)
    desk = await screens.desk(place.kiosk, "/stats")
    await desk.at("pin").fill("000000000")
    await desk.tap("enter")
    await desk.reads("Неверный PIN")
    await desk.at("pin").fill((place.folder / "service.pin").read_text())
    await desk.tap("enter")
    await expect(desk.at("orders")).to_have_text("1", timeout=WAIT_MS)
    await expect(desk.at("revenue")).to_have_text(f"{created['amount_kopecks'] // 100}\u00a0₽")
    await desk.reads("Чёрный чай")
    await expect(desk.at("chart").locator("canvas")).to_be_visible()
    await desk.shot("stats")
    assert await violations(desk) == []


async def test_6_staff_calls_want_a_staff_session_and_a_pin_may_not_be_guessed(place: Restaurant) -> None:
    guest = await place.guest()
    for path in ("/api/service/stats", "/api/service/status"):
        assert (await place.call("GET", path)).code == "unauthorized"
        assert (await guest.call("GET", path)).code == "unauthorized"
    codes = [(await place.call("POST", "/api/service/session", {"pin": "000000000"})).code for _ in range(6)]
    assert codes == ["wrong_pin"] * 5 + ["too_many_requests"]
