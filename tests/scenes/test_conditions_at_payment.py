"""Seed 3.2: what an order needed to be made must hold again before its money moves; else nothing is charged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kiosk.checkpoints import Checkpoints
from tests.restaurant import Restaurant, restaurant, until

Change = Callable[[Restaurant], Awaitable[None]]
COMBO = "combo-lunch"
TEA = [("tea", 1)]


async def pause(place: Restaurant) -> None:
    assert (await place.internal("POST", "/internal/sales/pause")).status == 200


async def press_emergency_stop(place: Restaurant) -> None:
    place.robot.faults.switch("estop", on=True)
    await place.until_paused("robot_estop")


async def unplug_robot(place: Restaurant) -> None:
    place.robot.faults.switch("link_lost", on=True)
    await place.until_paused("robot_offline")


async def take_paper_out(place: Restaurant) -> None:
    place.fiscal.faults.switch("paper_out", on=True)
    await place.until_paused("fiscal_no_paper")


def stop(**named: str) -> Change:
    async def change(place: Restaurant) -> None:
        assert (await place.internal("POST", "/internal/stop-list", named)).status == 200

    return change


async def assert_nothing_happened(place: Restaurant, order_id: str) -> None:
    assert place.effects("bank", "charged", "declined") == []
    assert place.effects("fiscal", "receipt") == []
    types = [event["type"] for event in await place.events() if event["order_id"] == order_id]
    assert types == ["OrderCreatedEvent"]


@pytest.mark.parametrize(
    ("change", "status", "code", "member"),
    [
        (pause, 503, "sales_paused", {"reason": "staff"}),
        (press_emergency_stop, 503, "sales_paused", {"reason": "robot_estop"}),
        (unplug_robot, 503, "sales_paused", {"reason": "robot_offline"}),
        (take_paper_out, 503, "fiscal_unavailable", {"reason": "fiscal_no_paper"}),
        (stop(item_id="tea"), 409, "items_unavailable", {"items": [{"item_id": "tea", "reason": "stopped"}]}),
        (stop(ingredient="tea"), 409, "items_unavailable", {"items": [{"item_id": "tea", "reason": "stopped"}]}),
    ],
    ids=["pause", "emergency stop", "robot unplugged", "no paper", "dish stopped", "ingredient stopped"],
)
async def test_3_2_order_made_before_is_not_charged_after(
    place: Restaurant, change: Change, status: int, code: str, member: dict[str, object]
) -> None:
    guest = await place.guest()
    order_id = (await guest.order(*TEA))["order_id"]
    await change(place)
    answer = await guest.pay(order_id, key="k")
    assert (answer.status, answer.code) == (status, code), answer
    assert member.items() <= answer.body.items()
    assert "refunded" not in answer.body
    assert (await guest.look(order_id))["status"] == "created"
    await assert_nothing_happened(place, order_id)


async def test_3_2_refusal_is_not_stored_and_the_same_key_pays_once_sales_are_open_again(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(*TEA))["order_id"]
    await pause(place)
    assert (await guest.pay(order_id, key="k")).code == "sales_paused"
    assert (await place.internal("POST", "/internal/sales/resume")).status == 200
    assert (await guest.pay(order_id, key="k")).status == 200
    assert len(place.effects("bank", "charged")) == 1


async def test_3_2_combo_that_lost_a_part_is_refused_by_its_own_name(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order((COMBO, 1))
    part = created["items"][0]["item_id"]
    await stop(item_id=part)(place)
    answer = await guest.pay(created["order_id"])
    assert (answer.status, answer.code) == (409, "items_unavailable")
    assert answer.body["items"] == [{"item_id": COMBO, "reason": "stopped"}]
    await assert_nothing_happened(place, created["order_id"])


async def test_3_2_combo_taken_off_the_menu_itself_is_refused_though_its_parts_are_there(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order((COMBO, 1)))["order_id"]
    await stop(item_id=COMBO)(place)
    answer = await guest.pay(order_id)
    assert (answer.code, answer.body["items"]) == ("items_unavailable", [{"item_id": COMBO, "reason": "stopped"}])


async def test_2_stopped_ingredient_takes_every_dish_that_needs_it_and_its_options_off_sale(place: Restaurant) -> None:
    menu = (await place.call("GET", "/api/menu/categories")).body
    before = {item["id"] for row in menu["categories"] for item in row["items"] if not item["available"]}
    stopped = (await place.internal("POST", "/internal/stop-list", {"ingredient": "cheese"})).body["items"]
    assert len(stopped) > 1
    assert {row["reason"] for row in stopped} == {"stopped"}
    menu = (await place.call("GET", "/api/menu/categories")).body
    items = {item["id"]: item for row in menu["categories"] for item in row["items"]}
    gone = {name for name, item in items.items() if item["unavailable_reason"] == "stopped"}
    assert {row["item_id"] for row in stopped} == gone - before
    options = {
        option["id"]: option["available"]
        for item in items.values()
        for group in item["modifier_groups"]
        for option in group["options"]
    }
    assert not options["extra-cheese"]
    assert (
        await place.internal("POST", "/internal/stop-list", {"ingredient": "cheese", "stopped": False})
    ).status == 200
    menu = (await place.call("GET", "/api/menu/categories")).body
    after = {item["id"] for row in menu["categories"] for item in row["items"] if not item["available"]}
    assert after == before


async def test_2_stop_list_names_one_thing_that_exists(place: Restaurant) -> None:
    for body in ({}, {"item_id": "tea", "ingredient": "tea"}):
        assert (await place.internal("POST", "/internal/stop-list", body)).code == "invalid_request"
    for body in ({"item_id": "no-such"}, {"ingredient": "no-such"}):
        assert (await place.internal("POST", "/internal/stop-list", body)).code == "not_found"


async def test_3_2_closing_time_holds_at_payment_too() -> None:
    now = datetime.now(ZoneInfo("Europe/Moscow"))
    opens, closes = now - timedelta(hours=2), now + timedelta(hours=2)
    async with restaurant(f'[restaurant]\nhours = "{opens:%H:%M}-{closes:%H:%M}"') as place:
        guest = await place.guest()
        order_id = (await guest.order(*TEA))["order_id"]
        text = (place.folder / "config.toml").read_text()
        later = now + timedelta(hours=1)
        (place.folder / "config.toml").write_text(
            text.replace(f"{opens:%H:%M}-{closes:%H:%M}", f"{later:%H:%M}-{closes:%H:%M}")
        )
        await place.restart()
        await place.until_paused("closed")
        answer = await guest.pay(order_id, key="k")
        assert (answer.status, answer.code, answer.body["reason"]) == (503, "sales_paused", "closed")
        await assert_nothing_happened(place, order_id)


async def unplug(place: Restaurant) -> None:
    place.robot.faults.switch("off", on=True)


class DiesAt(Checkpoints):
    """The process ends at a named point, as by a bug: nothing after it happens."""

    def __init__(self, name: str) -> None:
        super().__init__({})
        self._name = name

    def __call__(self, name: str) -> None:
        if name == self._name:
            raise RuntimeError(f"died at {name}")


@pytest.mark.parametrize("point", ["t1.after", "t2.after", "preflight"])
@pytest.mark.parametrize(
    "change", [pause, stop(item_id="tea"), unplug], ids=["pause", "dish stopped", "robot unplugged"]
)
async def test_3_2_crash_before_money_is_taken_up_under_the_new_conditions(point: str, change: Change) -> None:
    async with restaurant(checkpoint=DiesAt(point)) as place:
        guest = await place.guest()
        order_id = (await guest.order(*TEA))["order_id"]
        payment_saga = asyncio.create_task(guest.pay(order_id, key="k"))
        await until(place.kiosk.tasks.failed.done)
        await change(place)
        await place.restart(checkpoint=Checkpoints({}))
        with contextlib.suppress(Exception):
            await payment_saga
        await guest.until_status(order_id, "created")
        assert place.effects("bank", "charged", "declined") == []
        expected = "sales_paused" if change in (pause, unplug) else "items_unavailable"
        assert (await guest.pay(order_id, key="k")).code == expected
        events = [event for event in await place.events() if event["type"] == "PaymentFailedEvent"]
        assert [event["data"]["code"] for event in events] == [expected]


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "2026-11-29T10:00:00"]
)
async def test_2_stop_lasts_until_a_time_that_the_books_can_keep(place: Restaurant, until: str) -> None:
    refused = await place.internal("POST", "/internal/stop-list", {"item_id": "tea", "until": until})
    assert (refused.status, [error["path"] for error in refused.body["errors"]]) == (422, ["$.until"])


async def test_4_refund_of_a_number_without_end_is_of_nobody(place: Restaurant) -> None:
    refused = await place.internal("POST", f"/internal/orders/{'9' * 5000}/refund", {"reason": "x"})
    assert refused.status in (404, 422)


async def test_2_stopped_dish_is_stopped_from_the_first_moment_of_the_next_start(place: Restaurant) -> None:
    """The robot's first answer may be ahead of the first look at the list."""
    await stop(item_id="tea")(place)
    await place.restart()
    assert place.kiosk.kitchen.now.stopped_items == {"tea"}
