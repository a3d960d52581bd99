"""Seed 4: cells that are full, stations that are jammed, orders larger than the cells, portions given back in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from drivers.robot.port import Cell, CellState, ComplexState, Health, HealthFlag
from kiosk.catalogue import load_complex
from kiosk.flows.payment.refund_opening import chosen_of
from kiosk.flows.stock.recall import Recall
from kiosk.kitchen.picture import why_not
from kiosk.store.ordering import orders
from tests.databases.on_the_loop import LoopDatabase
from tests.points import At
from tests.restaurant import Customer, Restaurant, restaurant, until

T = TypeVar("T")

CELLS = len(load_complex(None).cells)
UDON = {"items": [{"item_id": "udon-chicken", "quantity": 1}], "service": "dine_in"}


async def check(place: Restaurant, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (await place.call("GET", "/readyz")).body["checks"].get(name, {})
    return found


async def told(place: Restaurant, device: str) -> list[tuple[str, str | None]]:
    return [
        (event["type"], event["data"].get("code"))
        for event in await place.events()
        if event["data"].get("device") == device
    ]


async def test_4_full_cells_pause_sales_before_money_moves_and_free_ones_open_them(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    place.robot.faults.switch("cells_full", on=True)
    await place.until_paused("cells_full")
    answer = await guest.pay(order_id)
    assert (answer.status, answer.code, answer.body["reason"]) == (503, "sales_paused", "cells_full")
    assert place.effects("bank", "charged") == []
    assert await check(place, "robot") == {"ok": False, "reason": "cells_full"}
    place.robot.faults.switch("cells_full", on=False)
    await place.until_open()
    assert (await guest.pay(order_id)).status == 200
    assert await told(place, "robot") == [("DeviceFaultEvent", "cells_full"), ("DeviceRecoveredEvent", None)]


async def test_4_cell_that_was_mended_while_the_kiosk_was_off_is_told_as_mended(place: Restaurant) -> None:
    place.robot.faults.switch("cells_full", on=True)
    await until(lambda: told(place, "cells"))
    await place.kiosk.stop()
    place.robot.faults.switch("cells_full", on=False)
    await place.restart()

    async def mended() -> bool:
        return await told(place, "cells") == [("DeviceFaultEvent", "cell_fault"), ("DeviceRecoveredEvent", None)]

    await until(mended)


async def test_4_jammed_station_takes_just_its_dishes_off_sale_and_gives_them_back(place: Restaurant) -> None:
    guest = await place.guest()
    before = (await guest.order(("udon-chicken", 1)))["order_id"]
    place.robot.faults.switch("jam", {"station": 2})  # the wok

    async def grey() -> bool:
        rows = (await place.internal("GET", "/internal/menu/availability?item=udon-chicken&item=tea")).body["items"]
        return [row["reason"] for row in rows] == ["station_down", None]

    await until(grey)
    refused = await guest.call("POST", "/api/orders/create", UDON)
    assert (refused.status, refused.code) == (409, "items_unavailable")
    assert refused.body["items"] == [{"item_id": "udon-chicken", "reason": "station_down"}]
    answer = await guest.pay(before)
    assert (answer.status, answer.code) == (409, "items_unavailable")
    assert place.effects("bank", "charged") == []
    assert (await place.call("GET", "/api/restaurant")).body["sales"]["open"]
    assert await check(place, "station_2") == {"ok": False, "reason": "station_down"}
    assert "вок" in (await place.internal("GET", "/internal/devices")).body["says"]["station_2"]
    tea = (await guest.order(("tea", 1)))["order_id"]
    assert (await guest.pay(tea)).status == 200
    await guest.until_status(tea, "completed")
    place.robot.faults.switch("jam", on=False)

    async def back() -> bool:
        rows = (await place.internal("GET", "/internal/menu/availability?item=udon-chicken")).body["items"]
        return bool(rows[0]["available"])

    await until(back)
    assert (await guest.pay(before)).status == 200
    await guest.until_status(before, "completed")
    assert await told(place, "station_2") == [("DeviceFaultEvent", "station_down"), ("DeviceRecoveredEvent", None)]


async def test_4_dish_paid_before_its_station_jammed_goes_on_when_it_is_mended_and_is_cooked_once(
    place: Restaurant,
) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("udon-chicken", 1)))["order_id"]
    place.robot.faults.switch("jam", {"station": 2})
    answer = await guest.pay(order_id)
    if answer.status == 200:  # the robot had not told yet
        await until(lambda: told(place, "station_2"))
        place.robot.faults.switch("jam", on=False)
        await guest.until_status(order_id, "completed")
        assert len(place.effects("robot", "ready")) == 1
    else:
        assert answer.code == "items_unavailable"


async def test_4_robots_own_fault_reaches_the_technician_in_words(place: Restaurant) -> None:
    place.robot.faults.switch("door_open", on=True)
    await place.until_paused("robot_held")
    says = (await place.internal("GET", "/internal/devices")).body["says"]["robot"]
    assert "дверца" in says
    (fault,) = [event for event in await place.events() if event["type"] == "DeviceFaultEvent"]
    assert "дверца" in fault["data"]["detail"]
    place.robot.faults.switch("door_open", on=False)
    await place.until_open()


async def test_4_order_larger_than_the_cells_is_called_and_served_in_parts() -> None:
    async with restaurant() as place:
        portions, cells = 2 * CELLS + 1, CELLS
        place.robot.faults.switch("nobody_comes", on=True)
        guest = await place.guest()
        order_id = (await guest.order(("tea", portions)))["order_id"]
        paid = await guest.pay(order_id)
        assert paid.status == 200

        async def called() -> list[dict[str, Any]]:
            return [event for event in await place.events() if event["type"] == "OrderReadyEvent"]

        (first,) = await until(called)
        assert first["data"]["whole"] is False
        assert len(first["data"]["cells"]) == cells
        order = await guest.look(order_id)
        assert order["status"] == "cooking"
        pickup = {"number": order["number"], "pickup_code": paid.body["pickup_code"]}

        async def fetched() -> bool:
            answer = await place.call("POST", "/api/pickup", pickup)
            assert answer.status in (200, 409), answer
            return bool((await guest.look(order_id))["status"] == "completed")

        await until(fetched)
        last = (await called())[-1]
        assert last["data"]["whole"] is True
        assert len(place.effects("robot", "picked_up")) == portions


async def test_4_portion_given_back_when_the_robot_had_just_begun_it_is_no_meal_for_free(place: Restaurant) -> None:
    place.robot.faults.switch("nobody_comes", on=True)
    guest = await place.guest()
    created = await guest.order(("udon-chicken", 1), ("tea", 1))
    order_id = created["order_id"]
    paid = await guest.pay(order_id)
    assert paid.status == 200
    await until(lambda: place.effects("robot", "started"))
    body = {"reason": "передумал", "items": [{"item_id": "udon-chicken", "quantity": 1}]}
    refund = await place.internal("POST", f"/internal/orders/{order_id}/refund", body)
    assert refund.status == 202, refund

    async def locked() -> list[dict[str, Any]]:
        cells = (await place.internal("GET", "/internal/cells")).body["cells"]
        return [cell for cell in cells if cell["state"] == "locked"]

    if place.effects("robot", "started")[0]["recipe"] != 1 and not await _is_dropped(guest, order_id):
        (cell,) = await until(locked)
        await guest.until_status(order_id, "ready")
        pickup = {"number": created["number"], "pickup_code": paid.body["pickup_code"]}
        opened = await place.call("POST", "/api/pickup", pickup)
        assert opened.status == 200
        await guest.until_status(order_id, "completed")
        assert [line["job_id"] for line in place.effects("robot", "picked_up")] != [], "the tea"
        assert len(place.effects("robot", "picked_up")) == 1
        act = {"action": "write_off", "reason": "деньги возвращены"}
        assert (await place.internal("POST", f"/internal/cells/{cell['cell']}", act)).status == 200
        assert await _is_dropped(guest, order_id)


async def _is_dropped(guest: Customer, order_id: str) -> bool:
    order = await guest.look(order_id)
    return "dropped" in [row["status"] for item in order["items"] for row in item["portions"]]


async def test_4_portion_that_waits_in_the_robots_table_is_cancelled_there_before_it_is_dropped() -> None:
    async with restaurant(speed=3.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("udon-chicken", 4)))["order_id"]  # the dispenser takes two at once
        assert (await guest.pay(order_id)).status == 200

        async def queued() -> bool:
            order = await guest.look(order_id)
            statuses = [row["status"] for item in order["items"] for row in item["portions"]]
            return statuses.count("cooking") == 2 and statuses.count("queued") == 2

        await until(queued)
        body = {"reason": "передумал", "items": [{"item_id": "udon-chicken", "quantity": 2}]}
        refund = await place.internal("POST", f"/internal/orders/{order_id}/refund", body)
        assert refund.status in (200, 201, 202), refund
        order = await guest.look(order_id)
        statuses = [row["status"] for item in order["items"] for row in item["portions"]]
        assert sorted(statuses) == ["cooking", "cooking", "dropped", "dropped"]
        jobs = place.robot.state()["jobs"]
        assert sorted(job["state"] for job in jobs if job["state"] != "cancelled") == ["cooking", "cooking"]


async def test_4_portions_that_are_recalled_one_by_one_are_not_submitted_again_meanwhile() -> None:
    async with restaurant(speed=3.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("udon-chicken", 7)))["order_id"]  # the dispenser takes two at once
        assert (await guest.pay(order_id)).status == 200

        async def queued() -> bool:
            order = await guest.look(order_id)
            statuses = [row["status"] for item in order["items"] for row in item["portions"]]
            return statuses.count("cooking") == 2 and statuses.count("queued") == 5

        await until(queued)
        body = {"reason": "передумал", "items": [{"item_id": "udon-chicken", "quantity": 5}]}
        refund = await place.internal("POST", f"/internal/orders/{order_id}/refund", body)
        assert refund.status == 202, refund
        order = await guest.look(order_id)
        statuses = [row["status"] for item in order["items"] for row in item["portions"]]
        assert sorted(statuses) == ["cooking"] * 2 + ["dropped"] * 5
        assert {line["attempt"] for line in place.effects("robot", "started")} == {1}


@pytest.mark.heavy
async def test_4_portion_given_back_while_the_robot_cannot_be_asked_is_what_became_of_it() -> None:
    async with restaurant(speed=10.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("udon-chicken", 3)))["order_id"]  # the dispenser takes two at once
        assert (await guest.pay(order_id)).status == 200

        async def statuses() -> list[str]:
            order = await guest.look(order_id)
            return sorted(row["status"] for item in order["items"] for row in item["portions"])

        async def is_queued() -> bool:
            return await statuses() == ["cooking", "cooking", "queued"]

        await until(is_queued)
        place.robot.faults.switch("link_lost", on=True)
        body = {"reason": "передумал", "items": [{"item_id": "udon-chicken", "quantity": 1}]}
        assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202
        await until(lambda: len(place.effects("robot", "picked_up")) == 3)
        place.robot.faults.switch("link_lost", on=False)
        await guest.until_status(order_id, "completed")

        async def is_fetched() -> bool:
            """The books say what was fetched: of the one that was given back too, which the order does not wait for."""
            return await statuses() == ["handed_out"] * 3

        await until(is_fetched)


async def test_4_portion_that_is_kept_back_waits_while_others_are_cooked(place: Restaurant) -> None:
    guest = await place.guest()
    kept = (await guest.order(("tea", 1)))["order_id"]
    rows = await place.kiosk.database.read(orders.portions, kept)
    with Recall(place.kiosk.devices.robot, place.kiosk.kitchen).keep_back(rows):
        assert (await guest.pay(kept)).status == 200
        other = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(other)).status == 200
        await guest.until_status(other, "completed")
        assert {line["order_id"] for line in place.effects("robot", "started")} == {other}
    await guest.until_status(kept, "completed")


async def test_4_cell_kept_for_food_that_is_held_at_a_jammed_station_is_not_waited_for() -> None:
    async with restaurant(speed=20.0) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        guest = await place.guest()
        held, large = (await guest.order(("udon-chicken", 1))), (await guest.order(("tea", CELLS + 1)))
        assert (await guest.pay(held["order_id"])).status == 200
        await until(lambda: place.effects("robot", "started"))
        place.robot.faults.switch("jam", {"station": 2})
        await until(lambda: told(place, "station_2"))
        assert (await guest.pay(large["order_id"])).status == 200

        async def called() -> list[int]:
            events = [event for event in await place.events() if event["type"] == "OrderReadyEvent"]
            return [len(event["data"]["cells"]) for event in events if event["order_id"] == large["order_id"]]

        assert await until(called) == [CELLS - 1]


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ((CellState.FAULT, CellState.FAULT), "cells_full"),
        ((CellState.FAULT, CellState.FREE), None),
        ((), None),  # a complex that tells nothing of its cells
    ],
)
def test_4_complex_whose_every_cell_is_locked_sells_nothing(states: tuple[CellState, ...], reason: str | None) -> None:
    health = Health(1, 1, 1, ComplexState.EXECUTE, HealthFlag(0), 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert why_not(health, tuple(Cell(n, state) for n, state in enumerate(states, 1))) == reason


def _held_books(chosen: asyncio.Event, go: asyncio.Event) -> type[LoopDatabase]:
    """A database that answers late which portions a refund may choose from."""

    class Held(LoopDatabase):
        async def read(self, run: Callable[..., T], *args: Any, **kwargs: Any) -> T:
            found = await super().read(run, *args, **kwargs)
            if run is chosen_of:
                chosen.set()
                await go.wait()
            return found

    return Held


async def test_4_piece_that_is_given_back_is_the_one_that_the_robot_was_asked_about() -> None:
    chosen, go = asyncio.Event(), asyncio.Event()
    async with restaurant(database=_held_books(chosen, go), speed=3.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("udon-chicken", 3)))["order_id"]  # the dispenser takes two at once
        rows = await place.kiosk.database.read(orders.portions, order_id)
        with Recall(place.kiosk.devices.robot, place.kiosk.kitchen).keep_back(rows):
            assert (await guest.pay(order_id)).status == 200
            body = {"reason": "передумал", "items": [{"item_id": "udon-chicken", "quantity": 1}]}
            refund = asyncio.create_task(place.internal("POST", f"/internal/orders/{order_id}/refund", body))
            await chosen.wait()  # all wait yet: the first is to go back

        async def statuses() -> list[str]:
            order = await guest.look(order_id)
            return [row["status"] for item in order["items"] for row in item["portions"]]

        async def first_is_cooked() -> bool:
            return await statuses() == ["cooking", "cooking", "queued"]

        await until(first_is_cooked)
        go.set()
        assert (await refund).status == 202
        assert await statuses() == ["cooking", "cooking", "queued"]  # what has begun is cooked, no other goes instead


async def test_4_portion_given_back_on_its_way_to_the_robot_is_never_cooked() -> None:
    point = At("portion.submitting")
    async with restaurant(checkpoint=point) as place:
        point.do(lambda: place.robot.faults.switch("link_lost"))
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        await place.until_paused("robot_offline")

        async def statuses() -> list[str]:
            order = await guest.look(order_id)
            return [row["status"] for item in order["items"] for row in item["portions"]]

        assert await statuses() == ["submitting"], "nobody knows whether the robot has it"
        refund = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "передумал"})
        assert refund.status == 202, refund
        assert await statuses() == ["submitting"]
        place.robot.faults.switch("link_lost", on=False)
        await place.until_open()

        async def dropped() -> bool:
            return await statuses() == ["dropped"]

        await until(dropped)
        assert place.effects("robot", "started") == []
        assert len(place.effects("bank", "refunded") + place.effects("bank", "voided")) == 1
