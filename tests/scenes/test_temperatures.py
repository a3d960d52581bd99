"""A fridge that is too warm for too long takes its dishes off sale, until somebody has looked."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from kiosk.store.keep import retention
from kiosk.store.staff import climates
from kiosk.store.transaction import Reader, Tx
from tests.clocks import START, JumpingClock, PassingClock
from tests.command import journal, kiosk, ok
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_cells import stuck
from tests.scenes.test_refusals import assert_problem

TEMPERATURES = "/internal/temperatures"
CHICKEN, PLACE, WOK = 6, "bin_6", 2
TOLERATED_S = 1200


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def place(clock: PassingClock) -> AsyncIterator[Restaurant]:
    async with restaurant(clock=clock) as found:
        yield found


async def shown(place: Restaurant, name: str = PLACE) -> dict[str, Any]:
    answer = await place.internal("GET", TEMPERATURES)
    assert answer.status == 200, answer
    found: dict[str, Any] = next(row for row in answer.body["places"] if row["place"] == name)
    return found


async def is_beyond(place: Restaurant) -> bool:
    return (await shown(place))["since"] is not None


async def is_within(place: Restaurant) -> bool:
    return (await shown(place))["since"] is None


async def reason(place: Restaurant, item_id: str) -> str | None:
    answer = await place.internal("GET", f"/internal/menu/availability?item={item_id}")
    why: str | None = answer.body["items"][0]["reason"]
    return why


async def is_off_sale(place: Restaurant) -> bool:
    return await reason(place, "udon-chicken") == "stopped"


async def is_sold(place: Restaurant) -> bool:
    return await reason(place, "udon-chicken") is None


async def warm(place: Restaurant, clock: PassingClock) -> None:
    """Too warm for too long, and then cold again."""
    place.robot.faults.switch("bin_warm", {"bin": CHICKEN}, on=True)
    await until(lambda: is_beyond(place))
    clock.jump(TOLERATED_S + 1)
    await until(lambda: is_off_sale(place))
    place.robot.faults.switch("bin_warm", on=False)


async def test_4_fridge_that_was_warm_for_twenty_minutes_sells_again_by_a_persons_word_alone(
    place: Restaurant, clock: PassingClock
) -> None:
    assert await is_sold(place)
    await warm(place, clock)
    assert await reason(place, "tea") is None
    assert await reason(place, "udon-beef") is None
    (row,) = await stuck(place)
    assert (row["kind"], row["stuck_id"], row["moves"]) == ("food_unsafe", f"unsafe-{PLACE}", ["accept"])
    assert row["detail"] == f"too_warm {PLACE} 22.0"
    assert "бункер 6" in row["says"]["ru"]
    told = [event["data"] for event in await place.events() if event["type"] == "DeviceFaultEvent"]
    assert told == [{"device": f"temperature_{PLACE}", "code": "too_warm", "detail": "22 °C"}]

    await until(lambda: is_cold_again(place))
    await place.restart()
    await place.until_open()
    assert await is_off_sale(place)
    assert (await place.call("GET", "/readyz")).body["checks"][f"temperature_{PLACE}"]["reason"] == "too_warm"
    answer = await place.internal("POST", f"/internal/stuck/unsafe-{PLACE}", {"move": "accept"})
    assert (answer.status, answer.body["stuck"]) == (200, [])
    await until(lambda: is_sold(place))
    assert [row[:2] for row in journal(place)] == [("kiosk", "too_warm"), (getpass.getuser(), "stuck_accept")]
    assert (await place.events())[-1]["type"] == "DeviceRecoveredEvent"


async def is_cold_again(place: Restaurant) -> bool:
    found = await place.kiosk.devices.robot.bins()
    return next(row.temp_c for row in found if row.bin == CHICKEN) == 4.0


async def test_4_fridge_that_is_cold_again_in_time_stops_nothing(place: Restaurant, clock: PassingClock) -> None:
    place.robot.faults.switch("bin_warm", {"bin": CHICKEN}, on=True)
    await until(lambda: is_beyond(place))
    clock.jump(TOLERATED_S - 60)
    place.robot.faults.switch("bin_warm", on=False)
    await until(lambda: is_within(place))
    place.robot.faults.switch("bin_warm", {"bin": CHICKEN}, on=True)
    await until(lambda: is_beyond(place))
    clock.jump(TOLERATED_S - 60)  # it counts from the beginning
    await until(lambda: is_kept(place))
    assert await is_sold(place)
    assert await stuck(place) == []


async def is_kept(place: Restaurant) -> bool:
    """A minute after the last jump was written down."""
    return (await shown(place))["now_c"] is not None


async def test_4_time_while_the_kiosk_was_down_counts_too(place: Restaurant, clock: PassingClock) -> None:
    place.robot.faults.switch("bin_warm", {"bin": CHICKEN}, on=True)
    await until(lambda: is_beyond(place))
    await place.kiosk.stop()
    clock.jump(TOLERATED_S + 1)
    await place.restart()
    await place.until_open()
    await until(lambda: is_off_sale(place))


async def test_4_clock_that_was_set_warms_no_fridge() -> None:
    clock = JumpingClock()
    async with restaurant(clock=clock) as place:
        place.robot.faults.switch("bin_warm", {"bin": CHICKEN}, on=True)
        await until(lambda: is_beyond(place))
        before = (await shown(place))["since"]
        clock.jump(3 * TOLERATED_S)

        async def moved() -> bool:
            return bool((await shown(place))["since"] != before)

        await until(moved)
        assert await is_sold(place)


async def test_4_what_is_paid_and_not_begun_is_made_of_nothing_warm(clock: PassingClock) -> None:
    async with restaurant(speed=1.0, clock=clock) as place:
        order = await queued_order(place)
        await warm(place, clock)
        await until(partial(has_none, place, order, "queued"))
        assert "waiting" in await portions(place, order)
        assert (await place.internal("POST", f"/internal/stuck/unsafe-{PLACE}", {"move": "accept"})).status == 200
        await until(partial(has_none, place, order, "waiting"))


async def test_4_what_is_queued_is_not_cooked_at_a_station_that_is_stopped() -> None:
    async with restaurant(speed=1.0) as place:
        order = await queued_order(place)
        await place.kiosk.database.write(stop, f"station_{WOK}")
        await until(partial(has_none, place, order, "queued"))
        assert "waiting" in await portions(place, order)
        assert (await place.internal("POST", f"/internal/stuck/unsafe-station_{WOK}", {"move": "accept"})).status == 200
        await until(partial(has_none, place, order, "waiting"))


def stop(tx: Tx, name: str) -> None:
    """As if its sensor had told so for too long."""
    climates.begin(tx, name, "too_warm", 90.0, START)
    (row,) = climates.read_excursions(tx)
    climates.stop(tx, row, 90.0, START)


async def queued_order(place: Restaurant) -> dict[str, Any]:
    """More portions than the kitchen can begin at once."""
    guest = await place.guest()
    order = await guest.order(("udon-chicken", 5))
    assert (await guest.pay(order["order_id"])).status == 200
    await until(lambda: has_begun_some(place, order))
    return order


async def has_begun_some(place: Restaurant, order: dict[str, Any]) -> bool:
    return {"cooking", "queued"} == set(await portions(place, order))


async def portions(place: Restaurant, order: dict[str, Any]) -> list[str]:
    found = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body
    return [row["status"] for item in found["items"] for row in item["portions"]]


async def has_none(place: Restaurant, order: dict[str, Any], status: str) -> bool:
    return status not in await portions(place, order)


async def test_4_temperatures_of_a_day_are_kept_by_the_minute_and_shown_with_their_limits(
    place: Restaurant, clock: PassingClock
) -> None:
    await until(lambda: is_kept(place))
    for _ in range(2):
        clock.jump(60)
        await until(partial(has_more, place, (await shown(place))["minutes"]))
    row = await shown(place)
    assert (row["now_c"], row["limit_highest_c"], row["day_lowest_c"], row["day_highest_c"]) == (4.0, 6, 4.0, 4.0)
    assert row["name"] == {"ru": "бункер 6 (курица)", "en": "bin 6 (chicken)"}
    assert {hour["highest_c"] for hour in row["hours"]} == {4.0}
    assert (await shown(place, "cell_1"))["now_c"] == 22.0
    assert (await shown(place, "station_2"))["limit_highest_c"] is None
    assert_problem(await place.internal("GET", f"{TEMPERATURES}?on=x"), 422, "invalid_request")
    past = await place.internal("GET", f"{TEMPERATURES}?on=2020-01-01")
    assert {row["minutes"] for row in past.body["places"]} == {0}
    assert "bin_6" in (await kiosk(place, "temperatures", "--csv")).out
    assert (await ok(place, "temperatures"))["day"] == (await place.internal("GET", TEMPERATURES)).body["day"]


async def has_more(place: Restaurant, before: int) -> bool:
    return bool((await shown(place))["minutes"] > before)


async def test_4_minutes_go_after_their_days_and_each_day_stays(place: Restaurant, clock: PassingClock) -> None:
    await until(lambda: is_kept(place))
    day = (await place.internal("GET", TEMPERATURES)).body["day"]
    later = clock.now() + timedelta(days=91)
    term = retention.Term(later, place.kiosk.config.keep, [], [], 25)

    def forget(tx: Tx) -> int:
        return retention.RULES["temperatures"](tx, term).gone

    assert await place.kiosk.database.write(forget) >= 1
    assert await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM temperature") == 0
    assert PLACE in [row.place for row in await place.kiosk.database.read(climates.read_day, day)]
