"""Journals of a day: what came into cells and what became of it, what was done at stations; at the socket and by the
command."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from kiosk import cli
from tests.clocks import PassingClock
from tests.command import kiosk, ok
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_cells import CELLS, cells, has_no_food, ready_order, stuck
from tests.scenes.test_complex import described
from tests.scenes.test_forgotten_food import HOLD_S
from tests.scenes.test_lots import TEA, empty, put_in
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_upkeep import BY_THE_CLOCK, OVEN, QUICK_OIL

OF_CELLS, OF_UPKEEP = "/internal/cells/journal", "/internal/upkeep/journal"


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def place(clock: PassingClock) -> AsyncIterator[Restaurant]:
    async with restaurant(clock=clock) as found:
        found.robot.faults.switch("nobody_comes", on=True)
        yield found


async def entries(place: Restaurant) -> list[dict[str, Any]]:
    answer = await place.internal("GET", OF_CELLS)
    assert (answer.status, answer.body["unread"]) == (200, [])
    found: list[dict[str, Any]] = answer.body["entries"]
    return found


async def has_outcome(place: Restaurant, outcome: str) -> bool:
    return [row["outcome"] for row in await entries(place)] == [outcome]


async def test_4_dish_stands_in_the_journal_of_its_day_with_chart_lot_and_temperatures(place: Restaurant) -> None:
    assert await entries(place) == []
    await empty(place)
    await put_in(place, "Ж-1", 900)
    guest, order, (cell,) = await ready_order(place)
    (row,) = await entries(place)
    assert (row["cell"], row["number"], row["order_id"], row["item_id"]) == (
        cell, order["number"], order["order_id"], "tea",
    )  # fmt: skip
    assert (row["outcome"], row["reason"], row["fetched_at"], row["given_back"]) == ("in_cell", "", None, False)
    assert row["name"]["en"]
    assert row["ready_at"] < row["until"]
    record = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body["record"][0]
    assert (row["chart_revision"], row["ready_at"]) == (record["chart_revision"], record["ready_at"])
    assert row["lots"] == sorted({lot["lot"] for lot in record["lots"] if lot["lot"]})
    assert "Ж-1" in row["lots"] or TEA not in {lot["ingredient"] for lot in record["lots"]}

    async def was_measured() -> bool:
        (row,) = await entries(place)
        return row["lowest_c"] is not None and row["lowest_c"] <= row["highest_c"]

    await until(was_measured)
    assert (await place.internal("POST", f"{CELLS}/{cell}", {"action": "hand_out"})).status == 200
    await guest.until_status(order["order_id"], "completed")
    await until(lambda: has_outcome(place, "fetched"))
    (row,) = await entries(place)
    assert row["fetched_at"] >= row["ready_at"]
    acts = (await place.internal("GET", OF_CELLS)).body["acts"]
    assert [(act["actor"], act["action"], act["detail"]) for act in acts] == [
        (getpass.getuser(), "cell_hand_out", f"{cell} {order['order_id']}")
    ]


async def test_4_what_was_thrown_away_stands_there_with_its_reason_whatever_became_of_its_money(
    place: Restaurant, clock: PassingClock
) -> None:
    _, _, (cell,) = await ready_order(place)
    path = f"{CELLS}/{cell}"
    assert (await place.internal("POST", path, {"action": "write_off", "reason": "упал: остыл"})).status == 200
    await until(lambda: has_no_food(place))
    (row,) = await entries(place)
    assert (row["outcome"], row["reason"], row["given_back"]) == ("thrown_away", "упал: остыл", False)
    (open_item,) = await stuck(place)
    asked = await place.internal("POST", f"/internal/stuck/{open_item['stuck_id']}", {"move": "refund"})
    assert asked.status == 200
    _, forgotten, (cell,) = await ready_order(place)
    clock.jump(HOLD_S + 1)

    async def is_given_back() -> bool:
        return [row["given_back"] for row in await of_both_days(place)] == [True, True]

    await until(is_given_back)
    _, late = await of_both_days(place)
    assert (late["order_id"], late["outcome"], late["reason"]) == (
        forgotten["order_id"], "thrown_away", "spoiled_by_time",
    )  # fmt: skip
    assert [row["state"] for row in await cells(place) if row["cell"] == cell] == ["locked"]


async def of_both_days(place: Restaurant) -> list[dict[str, Any]]:
    """An hour may have led over midnight."""
    now = (await place.internal("GET", OF_CELLS)).body
    before = await place.internal("GET", f"{OF_CELLS}?on={yesterday(now['day'])}")
    found: list[dict[str, Any]] = before.body["entries"] + now["entries"]
    return found


def yesterday(day: str) -> str:
    return str(date.fromisoformat(day) - timedelta(days=1))


@pytest.mark.parametrize("path", [OF_CELLS, OF_UPKEEP, "/internal/stock/journal", "/internal/temperatures"])
async def test_8_another_day_has_its_own_journal_and_what_is_no_day_is_refused(place: Restaurant, path: str) -> None:
    answer = await place.internal("GET", f"{path}?on=2020-02-02")
    assert (answer.status, answer.body["day"]) == (200, "2020-02-02")
    assert [] in answer.body.values() or path.endswith("temperatures")
    for day in ("9999-12-31", "0001-01-01", "1999-12-31", "2026-02-30", "today", ""):
        assert_problem(await place.internal("GET", f"{path}?on={day}"), 422, "invalid_request")


async def test_8_the_command_tells_the_journal_of_cells_as_a_table(place: Restaurant) -> None:
    _, order, (cell,) = await ready_order(place)
    told = await ok(place, "cells", "journal")
    assert [(row["cell"], row["number"]) for row in told["entries"]] == [(cell, order["number"])]
    table = (await kiosk(place, "cells", "journal", "--csv")).out.splitlines()
    assert table[0].startswith("ready_at,cell,order_id,number")
    assert len(table) == 2
    await ok(place, "cells", "hand-out", str(cell))
    acts = await kiosk(place, "cells", "journal", "--on", told["day"], "--csv", "acts")
    assert acts.code == cli.OK
    assert "cell_hand_out" in acts.out


async def test_2_what_was_done_at_stations_stands_in_the_journal_of_its_day(clock: PassingClock) -> None:
    async with restaurant(clock=clock) as place:
        await described(place, QUICK_OIL + BY_THE_CLOCK)
        await place.until_open()
        assert (await ok(place, "upkeep", "journal"))["records"] == []  # a count that began is nothing done
        await ok(place, "upkeep", "done", OVEN, "--note", "чисто")
        told = await ok(place, "upkeep", "journal")
        (row,) = told["records"]
        assert (row["upkeep_id"], row["actor"], row["note"]) == (OVEN, getpass.getuser(), "чисто")
        table = (await kiosk(place, "upkeep", "journal", "--on", told["day"], "--csv")).out.splitlines()
        assert table[0].startswith("upkeep_id,")
        clock.jump(86_400)
        assert (await ok(place, "upkeep", "journal"))["records"] == []
        (row,) = (await ok(place, "upkeep", "journal", "--on", told["day"]))["records"]
        assert row["note"] == "чисто"


async def test_8_staff_reads_at_its_page_what_an_order_was_made_of_and_what_was_paid(place: Restaurant) -> None:
    await empty(place)
    await put_in(place, "Ж-2", 900)
    _, order, (cell,) = await ready_order(place)
    pin = (place.folder / "service.pin").read_text()
    token = (await place.call("POST", "/api/service/session", {"pin": pin})).body["access_token"]
    by_staff = {"Authorization": f"Bearer {token}"}
    path = "/api/service/orders/{}"
    answer = await place.call("GET", path.format(order["number"].lower()), **by_staff)
    assert (answer.status, answer.body["order_id"]) == (200, order["order_id"])
    (row,) = answer.body["record"]
    assert (row["cell"], row["status"]) == (cell, "ready")
    assert row["name"]["ru"]
    assert "Ж-2" in [lot["lot"] for lot in row["lots"]]
    assert all(lot["name"]["ru"] and lot["unit"] for lot in row["lots"])
    (attempt,) = answer.body["attempts"]
    assert (attempt["stage"], attempt["amount_kopecks"]) == ("done", order["amount_kopecks"])
    (document,) = answer.body["documents"]
    assert document["receipt"] == answer.body["receipt"]
    assert f"s={order['amount_kopecks'] // 100}" in document["receipt"]["qr"]
    assert (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body["record"] == [row]
    assert_problem(await place.call("GET", path.format("NO-SUCH"), **by_staff), 404, "not_found")
    assert (await place.call("GET", path.format(order["number"]))).status == 401


async def test_8_an_order_is_found_by_number_receipt_card_and_phone_and_by_no_part_of_a_phone() -> None:
    async with restaurant() as place:
        guest = await place.guest()
        order = await guest.order(("tea", 1))
        paid = (await guest.pay(order["order_id"], receipt_to="+79161234567")).body
        receipt, card = paid["receipt"], (await guest.look(order["order_id"]))["payment"]["card"]["last4"]

        async def found(word: str) -> set[tuple[str, str]]:
            answer = await place.internal("POST", "/internal/orders/find", {"word": word})
            assert answer.status == 200, answer
            assert "1234567" not in str(answer.body)
            return {(row["by"], row["order_id"]) for row in answer.body["found"]}

        mine = order["order_id"]
        for word in (order["number"].lower(), mine, str(receipt["fiscal_document_number"])):
            assert ("order", mine) in await found(word)
        assert await found(str(receipt["fiscal_sign"])) == {("order", mine)}
        assert ("card", mine) in await found(card)
        assert await found("8 (916) 123-45-67") == {("contact", mine)}
        for word in ("1234567", "+7916123456", "4567", "0000000000"):
            assert mine not in {order_id for _, order_id in await found(word)}
