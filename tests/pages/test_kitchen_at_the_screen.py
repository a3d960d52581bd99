"""The kitchen's show in the hall: whose number is at which station, in which cell, and what it says when it stands."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, Screens
from tests.pages.test_accessibility import violations
from tests.pages.test_live_at_the_screen import wait_on_the_clock
from tests.restaurant import restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: The demo's stations.
ALL = range(1, 9)


async def test_4_2_guest_sees_his_number_at_the_stations_and_then_in_its_cell(screens: Screens) -> None:
    async with restaurant(speed=8.0) as place:
        hall = await screens.kitchen(place.kiosk)
        for number in ALL:
            await expect(hall.at(f"station-{number}")).to_have_attribute("data-state", "free", timeout=WAIT_MS)
        assert await hall.at("arm").get_attribute("data-angle") == "-90"
        place.robot.faults.switch("nobody_comes")
        guest = await place.guest()
        created = [await guest.order((dish, n)) for dish, n in (("udon-chicken", 1), ("tea", 2), ("soba-shrimp", 1))]
        for order in created:
            assert (await guest.pay(order["order_id"])).status == 200
        numbers = [(await guest.look(order["order_id"]))["number"] for order in created]
        await expect(hall.at("station-2")).to_contain_text(numbers[0], timeout=WAIT_MS)
        assert await hall.at("station-2").get_attribute("data-state") == "busy"
        await expect(hall.at("queue-now")).to_contain_text(numbers[0], timeout=WAIT_MS)
        await hall.shot("kitchen-at-work")
        assert await violations(hall) == []
        ready = hall.page.locator(".door.filled")
        await expect(ready).to_have_count(3, timeout=WAIT_MS)
        for number in numbers:
            await expect(ready.filter(has_text=number)).to_have_count(1)
        await expect(ready.filter(has_text=numbers[1]).locator(".fits .full")).to_have_count(2)
        await expect(hall.at("queue-now")).not_to_contain_text(numbers[0])
        await hall.shot("kitchen-ready")
        await screens.close()


async def test_4_2_show_tells_of_a_jammed_station_and_of_a_kitchen_that_stands(screens: Screens) -> None:
    async with restaurant(speed=8.0) as place:
        hall = await screens.kitchen(place.kiosk)
        place.robot.faults.switch("jam", {"station": 2})
        await expect(hall.at("station-2")).to_have_attribute("data-state", "closed", timeout=WAIT_MS)
        await expect(hall.at("station-2")).to_contain_text("не работает")
        assert await hall.at("standing").count() == 0
        place.robot.faults.switch("estop")
        await expect(hall.at("standing")).to_contain_text("Кухня остановилась", timeout=WAIT_MS)
        await hall.shot("kitchen-stands")
        assert await violations(hall) == []
        place.robot.faults.switch("link_lost")
        await until(lambda: place.kiosk.kitchen.now.show.stations == [])
        await expect(hall.at("station-2")).to_have_count(0, timeout=WAIT_MS)
        await hall.shot("kitchen-lost")
        await screens.close()


async def test_4_2_show_says_that_it_is_old_when_nothing_is_heard(screens: Screens) -> None:
    screens.traffic.expects_silence()
    async with restaurant() as place:
        hall = await screens.kitchen(place.kiosk, clock=True)
        await expect(hall.at("station-1")).to_be_visible(timeout=WAIT_MS)
        await hall.misses("stale")
        await place.kiosk.stop()
        await wait_on_the_clock(hall, "stale", 20)
        await hall.shows_whole_pictures()
        await hall.shot("kitchen-stale")
        await screens.close()
