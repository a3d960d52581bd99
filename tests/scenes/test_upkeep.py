"""Cleaning and oil: hours at work are counted, what is due takes its station's dishes off sale, a person's word brings
them back, and what was paid is cooked all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.robot.equipment import demo_file
from tests.clocks import PassingClock
from tests.command import journal, kiosk, ok
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_complex import described, reasons
from tests.scenes.test_refusals import assert_problem

HOUR_S = 3600
OIL, OVEN = "fryer-oil", "oven-cleaning"
BY_THE_CLOCK = f"""
[[upkeep]]
id = "{OVEN}"
station = "oven"
name = {{ ru = "отмыть печь", en = "scrub the oven" }}
every_h = 24
warn_h = 2
"""
#: Two seconds of frying make the oil due.
QUICK_OIL = demo_file().read_text("utf-8").replace("every_work_h = 12", f"every_work_h = {2 / HOUR_S}\nwarn_h = 0")


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def place(clock: PassingClock) -> AsyncIterator[Restaurant]:
    async with restaurant(speed=20.0, clock=clock) as found:
        await described(found, QUICK_OIL + BY_THE_CLOCK)
        await found.until_open()
        yield found


async def until_state(place: Restaurant, upkeep_id: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        rows = (await place.internal("GET", "/internal/upkeep")).body["upkeep"]
        return next((row for row in rows if (row["upkeep_id"], row["state"]) == (upkeep_id, state)), None)

    found: dict[str, Any] = await until(there)
    return found


async def until_reason(place: Restaurant, item_id: str, reason: str | None) -> None:
    async def there() -> bool:
        return await reasons(place, item_id) == [reason]

    await until(there)


async def done(place: Restaurant, upkeep_id: str, **more: str) -> Any:
    return await place.internal("POST", f"/internal/upkeep/{upkeep_id}/done", more)


async def test_2_oil_that_has_fried_long_enough_takes_its_dishes_off_sale(
    place: Restaurant,
) -> None:
    row = await until_state(place, OIL, "good")
    assert (row["by"], row["left_s"], row["work_left_s"], row["worked_s"]) == (None, None, 2, 0)
    guest = await place.guest()
    order = (await guest.order(("fries", 3)))["order_id"]
    assert (await guest.pay(order)).status == 200
    row = await until_state(place, OIL, "due")
    assert row["work_left_s"] <= 0 < row["worked_s"]
    await until_reason(place, "fries", "station_down")
    assert await reasons(place, "udon-chicken") == [None]
    assert (await place.call("GET", "/api/restaurant")).body["sales"]["open"]
    await guest.until_status(order, "completed")  # what was paid is cooked all the same
    answer = await done(place, OIL, note="новое масло")
    assert (answer.status, answer.body["records"][0]["note"]) == (200, "новое масло")
    await until_reason(place, "fries", None)
    row = await until_state(place, OIL, "good")
    *_, (actor, action, detail) = journal(place)
    assert (row["worked_s"], row["by"]) == (0, actor)
    assert (action, detail) == ("upkeep_done", f"{OIL} новое масло")


async def test_2_what_is_due_by_the_clock_is_near_first(place: Restaurant, clock: PassingClock) -> None:
    row = await until_state(place, OVEN, "good")
    assert (row["work_left_s"], 23 * HOUR_S < row["left_s"] <= 24 * HOUR_S) == (None, True)
    clock.jump(23 * HOUR_S)
    await until_state(place, OVEN, "near")
    assert await reasons(place, "fries-cheese") == [None]
    clock.jump(HOUR_S)
    await until_state(place, OVEN, "due")
    await until_reason(place, "fries-cheese", "station_down")
    await place.restart()
    await place.until_open()
    assert await reasons(place, "fries-cheese") == ["station_down"]  # due before anything is sold
    assert (await done(place, OVEN)).status == 200
    await until_reason(place, "fries-cheese", None)


async def test_2_hours_at_work_outlive_the_process(place: Restaurant) -> None:
    await until_state(place, OIL, "good")
    guest = await place.guest()
    order = (await guest.order(("fries", 1)))["order_id"]
    assert (await guest.pay(order)).status == 200
    worked_s = (await until_state(place, OIL, "due"))["worked_s"]
    await place.restart()
    await place.until_open()
    assert await reasons(place, "fries") == ["station_down"]
    assert (await until_state(place, OIL, "due"))["worked_s"] >= worked_s


async def test_2_nobody_does_what_nobody_asks_for(place: Restaurant) -> None:
    assert_problem(await done(place, "floor"), 404, "not_found")
    assert_problem(await place.internal("POST", f"/internal/upkeep/{OIL}/done", {"note": 7}), 422, "invalid_request")


async def test_2_the_command_tells_what_is_due_and_that_it_was_done(place: Restaurant) -> None:
    await until_state(place, OIL, "good")
    assert [row["upkeep_id"] for row in (await ok(place, "upkeep"))["upkeep"]] == [OIL, "wok-cleaning", OVEN]
    said = await ok(place, "upkeep", "done", OVEN, "--note", "чисто")
    assert [(row["upkeep_id"], row["note"]) for row in said["records"]] == [(OVEN, "чисто")]
    assert (await kiosk(place, "upkeep", "done", "floor")).code != 0
