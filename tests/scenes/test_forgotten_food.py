"""Food that nobody fetches: its guest is reminded, then staff, then it is nobody's food any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from kiosk.clock import rfc3339
from tests.clocks import JumpingClock, PassingClock
from tests.command import journal
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_board import Hall
from tests.scenes.test_cells import CELLS, cells, has_no_food, no_stuck, stuck
from tests.scenes.test_notifications import PHONE, texts
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_temperatures import portions, shown

REMIND_S, STAFF_S, HOLD_S = 300, 1800, 3600


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def place(clock: PassingClock) -> AsyncIterator[Restaurant]:
    async with restaurant(clock=clock) as found:
        found.robot.faults.switch("nobody_comes", on=True)
        yield found


async def ready(place: Restaurant, *items: tuple[str, int]) -> tuple[Customer, dict[str, Any]]:
    """A guest who wants to be told, and the order in its cells."""
    guest = await place.guest()
    order = await guest.order(*items)
    assert (await guest.pay(order["order_id"], receipt_to=PHONE, notify=True)).status == 200
    await guest.until_status(order["order_id"], "ready")
    return guest, order


async def look(place: Restaurant, order: dict[str, Any]) -> dict[str, Any]:
    """By staff: a guest's session does not last for an hour."""
    found: dict[str, Any] = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body
    return found


async def has_status(place: Restaurant, order: dict[str, Any], status: str) -> bool:
    return bool((await look(place, order))["status"] == status)


async def kinds(place: Restaurant) -> set[str]:
    return {row["kind"] for row in await stuck(place)}


async def is_listed(place: Restaurant, kind: str) -> bool:
    return kind in await kinds(place)


async def reminders(place: Restaurant) -> list[str]:
    return [text for text in texts(place) if "всё ещё ждёт" in text]


async def states(place: Restaurant) -> set[str]:
    return {row["state"] for row in await cells(place) if row["order_id"] is not None}


async def test_4_guest_then_staff_are_told_once_each_and_then_the_money_goes_back(
    place: Restaurant, clock: PassingClock
) -> None:
    _, order = await ready(place, ("tea", 1))
    (held,) = [row for row in await cells(place) if row["state"] == "filled"]
    assert held["until"] > held["since"]
    hall = Hall()
    await hall.watch(place)
    assert not hall.reminded
    clock.jump(REMIND_S + 1)
    await until(lambda: reminders(place))
    assert f"заказ {order['number']} всё ещё ждёт в ячейке {held['cell']}, код" in (await reminders(place))[0]
    await hall.watch(place)
    assert hall.reminded == {order["number"]}
    assert await stuck(place) == []

    await place.restart()
    await place.until_open()
    clock.jump(STAFF_S - REMIND_S)
    await until(lambda: is_listed(place, "food_forgotten"))
    assert await states(place) == {"forgotten"}
    await place.restart()
    await place.until_open()
    assert await kinds(place) == {"food_forgotten"}

    clock.jump(HOLD_S - STAFF_S)
    await until(lambda: has_status(place, order, "refunded"))
    refund = (await look(place, order))["refunds"]
    assert [row["reason"] for row in refund] == ["not_fetched"]
    assert len(await reminders(place)) == 1
    assert len(place.effects("bank", "voided", "refunded")) == 1
    (locked,) = [row for row in await cells(place) if row["order_id"] is not None]
    assert (locked["state"], locked["reason"], locked["until"]) == ("locked", "spoiled", None)
    assert await kinds(place) == {"cell_locked"}
    assert ("kiosk", "spoiled_by_time", f"{held['cell']} {order['order_id']}") in journal(place)

    path = f"{CELLS}/{held['cell']}"
    assert_problem(await place.internal("POST", path, {"action": "hand_out"}), 409, "cell_state")
    assert (await place.internal("POST", path, {"action": "write_off", "reason": "не забрали"})).status == 200
    await until(lambda: has_no_food(place))
    await until(lambda: no_stuck(place))
    assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def test_4_code_opens_no_cell_whose_food_stood_there_for_too_long(place: Restaurant, clock: PassingClock) -> None:
    _, order = await ready(place, ("tea", 1))
    code = (await look(place, order))["pickup_code"]
    clock.jump(HOLD_S + 1)
    late = await (await place.guest()).call("POST", "/api/pickup", {"number": order["number"], "pickup_code": code})
    assert late.status in (403, 409)
    assert "open" not in await states(place)
    await until(lambda: has_status(place, order, "refunded"))


async def test_4_somebody_who_sees_to_it_ends_the_alarm(place: Restaurant, clock: PassingClock) -> None:
    _, order = await ready(place, ("tea", 2))
    clock.jump(STAFF_S + 1)
    await until(lambda: is_listed(place, "food_forgotten"))
    (row,) = await stuck(place)
    assert (row["moves"], row["money"], row["number"]) == (["accept"], "none", order["number"])
    assert (await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "accept"})).status == 200
    assert await stuck(place) == []
    assert await states(place) == {"forgotten"}


async def test_4_portion_is_cooked_once_more_by_the_setting_and_given_back_where_nobody_fetches_that_either(
    clock: PassingClock,
) -> None:
    async with restaurant('[cells]\non_spoiled = "cook_again"', clock=clock) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        _, order = await ready(place, ("tea", 1))
        clock.jump(HOLD_S + 1)
        await until(lambda: is_again_ready(place, 2))
        assert place.effects("bank", "voided", "refunded") == []
        assert await states(place) == {"locked", "filled"}
        assert {row["cell"] for row in await cells(place) if row["state"] == "locked"} != set(
            (await board_cells(place))[order["number"]]
        )
        statuses = [entry["status"] for entry in (await look(place, order))["timeline"]]
        assert statuses[-4:] == ["cooking", "ready", "cooking", "ready"]
        assert len(place.effects("robot", "ready")) == 2
        clock.jump(HOLD_S + 1)
        await until(lambda: has_status(place, order, "refunded"))
        assert len(place.effects("robot", "ready")) == 2
        assert len(place.effects("bank", "voided", "refunded")) == 1
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def is_again_ready(place: Restaurant, times: int) -> bool:
    return len([event for event in await place.events() if event["type"] == "OrderReadyEvent"]) == times


async def board_cells(place: Restaurant) -> dict[str, list[int]]:
    hall = Hall()
    await hall.watch(place)
    return hall.cells


async def test_4_new_portion_is_fetched_while_the_old_one_still_lies_in_its_cell(clock: PassingClock) -> None:
    async with restaurant('[cells]\non_spoiled = "cook_again"', clock=clock) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        _, order = await ready(place, ("tea", 1))
        clock.jump(HOLD_S + 1)
        await until(lambda: is_again_ready(place, 2))
        code = (await look(place, order))["pickup_code"]
        guest = await place.guest()
        opened = await guest.call("POST", "/api/pickup", {"number": order["number"], "pickup_code": code})
        (locked,) = [row["cell"] for row in await cells(place) if row["state"] == "locked"]
        assert (opened.status, locked in opened.body["cells"]) == (200, False)
        await until(lambda: has_status(place, order, "completed"))
        assert await states(place) == {"locked"}
        assert place.effects("bank", "voided", "refunded") == []


async def test_4_dish_that_became_too_cold_in_its_cell_is_nobodys_food(place: Restaurant, clock: PassingClock) -> None:
    _, order = await ready(place, ("soup-chicken", 1))
    (cell,) = [row["cell"] for row in await cells(place) if row["order_id"] == order["order_id"]]
    place.robot.faults.switch("cell_cold", {"cell": cell}, on=True)
    for _ in range(2):  # the first time it may have been read before it was judged
        before = (await shown(place, f"cell_{cell}"))["minutes"]
        clock.jump(61)
        await until(partial(is_cold, place, cell, before))
    assert await has_status(place, order, "ready")  # a moment's cold is none
    clock.jump(121)
    await until(lambda: has_status(place, order, "refunded"))
    assert ("kiosk", "spoiled_by_cold", f"{cell} {order['order_id']}") in journal(place)


async def is_cold(place: Restaurant, cell: int, before: int) -> bool:
    row = await shown(place, f"cell_{cell}")
    return bool(row["minutes"] > before and row["now_c"] == 22.0)


@pytest.mark.parametrize("ahead_s", [3 * HOLD_S, -3 * HOLD_S])
async def test_4_clock_that_was_set_forgets_nobodys_food(ahead_s: int) -> None:
    clock = JumpingClock()
    async with restaurant(clock=clock) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        _, order = await ready(place, ("tea", 1))
        (before,) = [row for row in await cells(place) if row["order_id"]]
        clock.jump(ahead_s)

        async def moved() -> bool:
            return [row["until"] for row in await cells(place) if row["order_id"]] != [before["until"]]

        await until(moved)
        assert await states(place) == {"filled"}
        assert await reminders(place) == []
        assert await has_status(place, order, "ready")


async def test_4_an_hour_of_full_cells_ends_by_itself(place: Restaurant, clock: PassingClock) -> None:
    """Eight portions that nobody fetches in six cells, and a ninth that has no place to go."""
    guest = await place.guest()
    order = await guest.order(("tea", 9))
    assert (await guest.pay(order["order_id"])).status == 200
    await place.until_paused("cells_full")
    await until(partial(has_ready, place, order, 8))
    clock.jump(HOLD_S + 1)
    await until(partial(has_status, place, order, "refunded"))
    back_kopecks = sum(row["amount_kopecks"] for row in (await look(place, order))["refunds"])
    assert back_kopecks == order["amount_kopecks"]
    await until(lambda: waits_nowhere(place))  # else the robot begins the ninth as soon as a cell is free
    for number in range(1, 7):
        answer = await place.internal("POST", f"{CELLS}/{number}", {"action": "write_off", "reason": "не забрали"})
        assert answer.status == 200, answer
    await until(lambda: has_no_food(place))
    await place.until_open()
    await until(lambda: no_stuck(place))
    assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


def waits_nowhere(place: Restaurant) -> bool:
    """The robot's table has no job that is yet to be begun."""
    return all(job["state"] != "queued" for job in place.robot.state()["jobs"])


async def has_ready(place: Restaurant, order: dict[str, Any], number: int) -> bool:
    return (await portions(place, order)).count("ready") == number


async def test_4_food_that_became_ready_while_the_kiosk_was_down_has_stood_there_since(clock: PassingClock) -> None:
    async with restaurant(speed=20.0, clock=clock) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        guest = await place.guest()
        order = await guest.order(("tea", 1))
        assert (await guest.pay(order["order_id"])).status == 200
        await guest.until_status(order["order_id"], "cooking")
        await place.kiosk.stop()
        await until(lambda: place.effects("robot", "ready"))
        clock.jump(3 * HOLD_S)
        await place.restart()
        await until(partial(has_status, place, order, "refunded"))
        assert len(place.effects("bank", "voided", "refunded")) == 1


async def test_4_food_that_became_ready_during_a_short_restart_is_handed_out(clock: PassingClock) -> None:
    async with restaurant(speed=20.0, clock=clock) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        guest = await place.guest()
        order = await guest.order(("tea", 1))
        assert (await guest.pay(order["order_id"])).status == 200
        await guest.until_status(order["order_id"], "cooking")
        await place.kiosk.stop()
        await until(lambda: place.effects("robot", "ready"))
        await place.restart()
        await until(partial(has_status, place, order, "ready"))
        (held,) = [row for row in await cells(place) if row["order_id"]]
        assert (held["state"], held["until"] > rfc3339(clock.now())) == ("filled", True)
