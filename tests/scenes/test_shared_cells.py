"""Several portions of one order in one cell: one door, one fetch; and what is not its guest's opens for staff alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.complexes import with_cells
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_refusals import assert_problem

#: Two that hold one portion, one for two, one for three.
SIZES = (1, 2, 3, 1)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Restaurant]:
    file = with_cells(tmp_path / "complex.toml", *SIZES)
    async with restaurant(f'[robot]\ncomplex = "{file}"', speed=40.0) as found:
        found.robot.faults.switch("nobody_comes", on=True)
        yield found


async def bought(guest: Customer, *items: tuple[str, int]) -> dict[str, Any]:
    created = await guest.order(*items)
    return {**created, **(await guest.pay(created["order_id"])).body}


def ticket(order: dict[str, Any]) -> dict[str, str]:
    return {"number": order["number"], "pickup_code": order["pickup_code"]}


async def cells_of(place: Restaurant, order: dict[str, Any]) -> list[dict[str, Any]]:
    rows = (await place.internal("GET", "/internal/cells")).body["cells"]
    return [row for row in rows if row["order_id"] == order["order_id"]]


async def counts(place: Restaurant, order: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Cell, portions that lie there, and those that are coming."""
    return [(row["cell"], row["portions"], row["coming"]) for row in await cells_of(place, order)]


async def test_4_2_three_portions_of_an_order_come_into_one_cell_and_leave_by_one_opening(place: Restaurant) -> None:
    three, other = await bought(await place.guest(), ("tea", 3)), await bought(guest := await place.guest(), ("tea", 1))
    await until(lambda: len(place.effects("robot", "ready")) == 4)
    await guest.until_status(other["order_id"], "ready")
    assert await counts(place, three) == [(3, 3, 0)]
    assert await counts(place, other) == [(1, 1, 0)], "a single portion leaves the large cells to others"

    async def called() -> list[list[int]]:
        told = [event for event in await place.events() if event["type"] == "OrderReadyEvent"]
        return [event["data"]["cells"] for event in told if event["order_id"] == three["order_id"]]

    assert await until(called) == [[3]]
    (shown,) = [row for row in place.kiosk.kitchen.now.show.cells if row.number == three["number"]]
    assert (shown.cell, shown.portions, shown.size) == (3, 3, 3)
    opened = await place.call("POST", "/api/pickup", ticket(three))
    assert (opened.status, opened.body) == (200, {"cell": 3, "cells": [3]})
    await until(lambda: len(place.effects("robot", "picked_up")) == 3)
    assert {row["order_id"] for row in place.effects("robot", "picked_up")} == {three["order_id"]}

    async def free() -> bool:
        return not await cells_of(place, three)

    await until(free)


async def test_4_2_order_larger_than_any_cell_takes_as_few_as_hold_it(place: Restaurant) -> None:
    guest = await place.guest()
    large = await bought(guest, ("tea", 4))
    await guest.until_status(large["order_id"], "ready")
    assert await counts(place, large) == [(1, 1, 0), (3, 3, 0)]
    opened = await place.call("POST", "/api/pickup", ticket(large))
    assert (opened.body["cell"], opened.body["cells"]) == (1, [1, 3])
    await guest.until_status(large["order_id"], "completed")


async def one_lies_and_one_comes(place: Restaurant) -> dict[str, Any]:
    """The fries are held at the fryer, the tea waits for them in the cell of both."""
    order = await bought(await place.guest(), ("fries", 1), ("tea", 1))

    async def begun() -> bool:
        return len(place.effects("robot", "started")) == 2

    await until(begun)
    place.robot.faults.switch("jam", {"station": 3})

    async def found() -> bool:
        return await counts(place, order) == [(2, 1, 1)]

    await until(found)
    return order


async def test_4_2_kiosk_that_begins_again_between_two_portions_calls_to_one_cell(place: Restaurant) -> None:
    order = await one_lies_and_one_comes(place)
    await place.restart()
    place.robot.faults.switch("jam", on=False)

    async def ready() -> bool:
        return await counts(place, order) == [(2, 2, 0)]

    await until(ready)

    async def opens() -> bool:
        return (await place.call("POST", "/api/pickup", ticket(order))).status == 200

    await until(opens)
    await until(lambda: len(place.effects("robot", "picked_up")) == 2)
    assert [row["attempt"] for row in place.effects("robot", "started")] == [1, 1]


async def test_5_power_that_goes_leaves_what_lies_in_the_cell_and_what_was_coming_is_settled(place: Restaurant) -> None:
    order = await one_lies_and_one_comes(place)
    place.robot.faults.switch("off")
    place.robot.faults.switch("jam", on=False)
    place.robot.faults.switch("off", on=False)

    async def alone() -> bool:
        return await counts(place, order) == [(2, 1, 0)]

    await until(alone)

    async def opens() -> bool:  # once the money of the fries goes back: their food was spent
        return (await place.call("POST", "/api/pickup", ticket(order))).status == 200

    await until(opens)
    await until(lambda: place.effects("robot", "picked_up"))
    assert len(place.effects("bank", "refund", "reverse")) <= 1


async def test_5_food_whose_money_went_back_keeps_the_door_shut_for_what_lies_beside_it(place: Restaurant) -> None:
    order = await one_lies_and_one_comes(place)
    body = {"reason": "передумал", "items": [{"item_id": "fries", "quantity": 1}]}
    refund = await place.internal("POST", f"/internal/orders/{order['order_id']}/refund", body)
    assert refund.status == 202, refund
    place.robot.faults.switch("jam", on=False)

    async def locked() -> bool:
        rows = await cells_of(place, order)
        return [(row["state"], row["reason"], row["portions"]) for row in rows] == [("locked", "mixed", 2)]

    await until(locked)

    async def named() -> list[str]:
        stuck = (await place.internal("GET", "/internal/stuck")).body["stuck"]
        return [row["detail"] for row in stuck if row["kind"] == "cell_locked"]

    assert await until(named) == ["cell 2"]
    refused = await place.call("POST", "/api/pickup", ticket(order))
    assert_problem(refused, 409, "order_state")
    assert place.effects("robot", "picked_up") == []
    done = await place.internal("POST", "/internal/cells/2", {"action": "hand_out"})
    assert done.status == 200, done
    await until(lambda: len(place.effects("robot", "picked_up")) == 2)

    async def completed() -> bool:
        seen = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body
        portions = [row["status"] for item in seen["items"] for row in item["portions"]]
        return (seen["status"], portions) == ("completed", ["dropped", "handed_out"])

    await until(completed)

    async def nothing_is_stuck() -> bool:
        return not (await place.internal("GET", "/internal/stuck")).body["stuck"]

    await until(nothing_is_stuck)


async def test_4_2_staff_throws_away_all_that_lies_behind_a_door(place: Restaurant) -> None:
    guest = await place.guest()
    order = await bought(guest, ("tea", 2))
    await guest.until_status(order["order_id"], "ready")
    assert await counts(place, order) == [(2, 2, 0)]
    done = await place.internal("POST", "/internal/cells/2", {"action": "write_off", "reason": "уронили"})
    assert done.status == 200, done
    seen = await guest.look(order["order_id"])
    assert [row["status"] for item in seen["items"] for row in item["portions"]] == ["failed", "failed"]
    await until(lambda: len(place.effects("robot", "picked_up")) == 2)
