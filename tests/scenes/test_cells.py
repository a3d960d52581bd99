"""Staff at the cells: what each holds, open, hand out, write off, and the command."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.robot.port import CellState
from kiosk.domain.errors import CellStateConflict
from kiosk.domain.ordering.order import PortionStatus
from kiosk.flows.staff.cells import CellAction, CellRequest, settle
from kiosk.store.ordering import orders
from kiosk.store.transaction import Tx
from tests.clocks import START, PassingClock
from tests.command import journal, kiosk, ok
from tests.complexes import cell_with
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_refusals import assert_problem

CELLS = "/internal/cells"


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def place(clock: PassingClock) -> AsyncIterator[Restaurant]:
    async with restaurant(clock=clock) as found:
        found.robot.faults.switch("nobody_comes", on=True)
        yield found


async def cells(place: Restaurant) -> list[dict[str, Any]]:
    answer = await place.internal("GET", CELLS)
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.body["cells"]
    return found


async def ready_order(place: Restaurant, *items: tuple[str, int]) -> tuple[Any, dict[str, Any], list[int]]:
    guest = await place.guest()
    order = await guest.order(*(items or (("tea", 1),)))
    assert (await guest.pay(order["order_id"])).status == 200
    await guest.until_status(order["order_id"], "ready")
    return guest, order, [row["cell"] for row in await cells(place) if row["order_id"] == order["order_id"]]


async def stuck(place: Restaurant) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    return rows


async def test_4_staff_sees_each_cell_with_its_state_and_whose_it_is(place: Restaurant, clock: PassingClock) -> None:
    assert {row["state"] for row in await cells(place)} == {"free"}
    assert [row["cell"] for row in await cells(place)] == list(range(1, 7))
    _, order, (cell,) = await ready_order(place)
    (held,) = [row for row in await cells(place) if row["state"] != "free"]
    assert (held["cell"], held["state"], held["number"], held["order_id"]) == (
        cell, "filled", order["number"], order["order_id"],
    )  # fmt: skip
    assert held["since"]
    clock.jump(31 * 60)
    await until(lambda: has_state(place, "forgotten"))
    place.robot.faults.switch("cells_full", on=True)
    await until(lambda: has_state(place, "locked"))


async def has_state(place: Restaurant, state: str) -> bool:
    return any(row["state"] == state for row in await cells(place))


async def test_4_food_under_way_reserves_its_cell() -> None:
    async with restaurant(speed=5.0) as place:
        guest = await place.guest()
        order = await guest.order(("udon-chicken", 1))
        assert (await guest.pay(order["order_id"])).status == 200
        await until(lambda: has_state(place, "reserved"))
        (held,) = [row for row in await cells(place) if row["state"] == "reserved"]
        assert held["number"] == order["number"]
        refused = await place.internal("POST", f"{CELLS}/{held['cell']}", {"action": "open"})
        assert_problem(refused, 409, "cell_state")
        assert refused.body["cell_state"] == "reserved"


async def test_4_opened_cell_lets_its_food_go_and_the_order_is_done(place: Restaurant) -> None:
    guest, order, (cell,) = await ready_order(place)
    answer = await place.internal("POST", f"{CELLS}/{cell}", {"action": "open", "reason": "гость забыл код"})
    assert answer.status == 200, answer
    assert answer.body["cells"][cell - 1]["state"] in ("open", "free")
    await guest.until_status(order["order_id"], "completed")
    found = [row for row in journal(place) if row[1] == "cell_open"]
    assert found == [(getpass.getuser(), "cell_open", f"{cell} {order['order_id']} гость забыл код")]


async def test_4_food_given_by_hand_completes_the_order_and_costs_no_money(place: Restaurant) -> None:
    guest, order, held = await ready_order(place, ("tea", 2))
    for cell in held:
        assert (await place.internal("POST", f"{CELLS}/{cell}", {"action": "hand_out"})).status == 200
    done = await guest.until_status(order["order_id"], "completed")
    assert {portion["status"] for item in done["items"] for portion in item["portions"]} == {"handed_out"}
    assert done["refunds"] == []
    assert await stuck(place) == []
    await until(lambda: has_no_food(place))


async def has_no_food(place: Restaurant) -> bool:
    return {row["state"] for row in await cells(place)} == {"free"}


@pytest.mark.parametrize(
    ("move", "status", "portion", "refunded"),
    [("refund", "refunded", "dropped", True), ("accept", "completed", "written_off", False)],
)
async def test_4_written_off_food_is_gone_and_a_person_decides_about_its_money(
    place: Restaurant, move: str, status: str, portion: str, refunded: bool
) -> None:
    guest, order, (cell,) = await ready_order(place)
    path = f"{CELLS}/{cell}"
    assert_problem(await place.internal("POST", path, {"action": "write_off"}), 422, "invalid_request")
    assert_problem(await place.internal("POST", path, {"action": "write_off", "reason": "  "}), 422, "invalid_request")
    assert (await place.internal("POST", path, {"action": "write_off", "reason": "остыл"})).status == 200
    await until(lambda: has_no_food(place))
    (row,) = await stuck(place)
    assert (row["kind"], row["detail"], row["money"]) == ("portion_lost", "written_off: остыл", "charged")
    assert row["moves"] == ["refund", "accept"]
    found = await guest.look(order["order_id"])
    assert (found["status"], found["refunds"]) == ("ready", [])
    answer = await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": move})
    assert answer.status == 200, answer
    done = await guest.until_status(order["order_id"], status)
    assert [p["status"] for item in done["items"] for p in item["portions"]] == [portion]
    assert bool(place.effects("bank", "voided", "refunded")) is refunded
    await until(lambda: no_stuck(place))
    assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def no_stuck(place: Restaurant) -> bool:
    return await stuck(place) == []


async def test_4_command_lists_cells_gives_food_out_and_makes_a_new_code(place: Restaurant) -> None:
    guest, order, (cell,) = await ready_order(place)
    shown = await kiosk(place, "cells")
    assert (shown.code, order["number"] in shown.out) == (0, True)
    assert (await ok(place, "cells"))["cells"][cell - 1]["state"] == "filled"
    assert (await ok(place, "order", order["number"].lower()))["order_id"] == order["order_id"]
    code = (await ok(place, "pickup-code", order["number"]))["pickup_code"]
    assert (await guest.look(order["order_id"]))["pickup_code"] == code
    assert (await kiosk(place, "cells", "open", "6")).code == 1
    assert "cell_state" in (await kiosk(place, "cells", "hand-out", "6")).err
    with pytest.raises(SystemExit):
        await kiosk(place, "cells", "write-off", str(cell))  # without a reason
    await ok(place, "cells", "write-off", str(cell), "--reason", "уронили")
    (row,) = await stuck(place)
    assert row["detail"] == "written_off: уронили"
    me = getpass.getuser()
    assert journal(place)[-2:] == [
        (me, "pickup_code", order["order_id"]),
        (me, "cell_write_off", f"{cell} {order['order_id']} уронили"),
    ]


async def test_4_food_of_a_refunded_order_is_written_off_without_a_question(place: Restaurant) -> None:
    guest, order, (cell,) = await ready_order(place)
    await place.internal("POST", f"/internal/orders/{order['order_id']}/refund", {"reason": "передумали"})
    await guest.until_status(order["order_id"], "refunded")
    assert (await place.internal("POST", f"{CELLS}/{cell}", {"action": "write_off", "reason": "возврат"})).status == 200
    await until(lambda: has_no_food(place))
    assert await stuck(place) == []
    assert len(place.effects("bank", "voided", "refunded")) == 1


BOOKS = {
    "hand_out": (PortionStatus.HANDED_OUT, {}),
    "write_off": (PortionStatus.FAILED, {"fault": f"{orders.WRITTEN_OFF}: x"}),
}


@pytest.mark.parametrize(("first", "second"), [("hand_out", "write_off"), ("write_off", "hand_out")])
async def test_4_food_is_handed_out_or_thrown_away_and_never_both(place: Restaurant, first: str, second: str) -> None:
    _, order, (cell,) = await ready_order(place)
    status, changes = BOOKS[first]

    def decide(tx: Tx) -> None:
        """The first act has come as far as the books, its door is about to open."""
        (row,) = orders.portions(tx, order["order_id"])
        orders.move_portion(tx, row, status, **changes)

    await place.kiosk.database.write(decide)
    path = f"{CELLS}/{cell}"
    assert_problem(await place.internal("POST", path, {"action": second, "reason": "x"}), 409, "cell_state")
    assert (await place.internal("POST", path, {"action": first, "reason": "x"})).status == 200
    assert [row[1] for row in journal(place) if row[1].startswith("cell_")] == [f"cell_{first}"]
    await until(lambda: has_no_food(place))


@pytest.mark.parametrize("status", ["waiting", "submitting", "queued", "cooking"])
@pytest.mark.parametrize("action", [CellAction.HAND_OUT, CellAction.WRITE_OFF])
async def test_4_food_that_the_books_still_cook_is_settled_a_moment_later(
    place: Restaurant, status: str, action: CellAction
) -> None:
    order_id = (await (await place.guest()).order(("tea", 1)))["order_id"]

    def run(tx: Tx) -> None:
        tx.execute("UPDATE portion SET status = ? WHERE order_id = ?", (status, order_id))
        portion_id = tx.scalar("SELECT portion_id FROM portion WHERE order_id = ?", (order_id,))
        settle(tx, cell_with(1, CellState.LOADED, portion_id), CellRequest(action, "x"), "filled", START)

    with pytest.raises(CellStateConflict):
        await place.kiosk.database.write(run)


async def test_4_what_cannot_be_done_at_a_cell_is_said(place: Restaurant) -> None:
    for cell in ("7", "0", "x", "99999"):
        assert (await place.internal("POST", f"{CELLS}/{cell}", {"action": "open"})).status == 404
    free = await place.internal("POST", f"{CELLS}/1", {"action": "hand_out"})
    assert_problem(free, 409, "cell_state")
    assert free.body["cell_state"] == "free"
    assert_problem(await place.internal("POST", f"{CELLS}/1", {"action": "burn"}), 422, "invalid_request")


async def test_4_silent_robot_is_said_and_the_act_can_be_asked_for_again(place: Restaurant) -> None:
    *_, (cell,) = await ready_order(place)
    place.robot.faults.switch("off", on=True)
    for method, path, body in (("GET", CELLS, None), ("POST", f"{CELLS}/{cell}", {"action": "open"})):
        answer = await place.internal(method, path, body)
        assert_problem(answer, 503, "device_unavailable")
    place.robot.faults.switch("off", on=False)
    await until(lambda: opens(place, cell))


async def opens(place: Restaurant, cell: int) -> bool:
    return (await place.internal("POST", f"{CELLS}/{cell}", {"action": "hand_out"})).status == 200


async def test_4_food_written_off_keeps_nobody_from_the_rest_of_the_order(place: Restaurant) -> None:
    guest = await place.guest()
    order = await guest.order(("tea", 9))  # one more than fits
    assert (await guest.pay(order["order_id"])).status == 200

    async def called() -> list[bool]:
        return [e["data"]["whole"] for e in await place.events() if e["type"] == "OrderReadyEvent"]

    await until(called)
    assert (await place.internal("POST", f"{CELLS}/1", {"action": "write_off", "reason": "уронили"})).status == 200
    await guest.until_status(order["order_id"], "ready")  # the ninth, in the cell that has become free
    code = (await guest.look(order["order_id"]))["pickup_code"]
    opened = await guest.call("POST", "/api/pickup", {"number": order["number"], "pickup_code": code})
    assert (opened.status, sorted(opened.body["cells"])) == (200, [1, 2, 3, 4, 5, 6])
    await until(lambda: has_no_food(place))
    (row,) = await stuck(place)
    assert (await guest.look(order["order_id"]))["status"] == "ready"  # its money is still to be decided about
    assert (await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "accept"})).status == 200
    await guest.until_status(order["order_id"], "completed")
    assert await called() == [False, True]
