"""The seed's calls on the unix socket (http.md#internal-calls): reservation 3.2, status 3.5, and who did it."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.clocks import PassingClock
from tests.command import journal
from tests.restaurant import Restaurant, restaurant, until

INGREDIENTS = "/internal/robotics/ingredients"


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def place(clock: PassingClock) -> AsyncIterator[Restaurant]:
    async with restaurant(clock=clock) as found:
        yield found


def wanted(order_id: str, quantity: int = 1, item_id: str = "tea") -> dict[str, Any]:
    return {"order_id": order_id, "items": [{"item_id": item_id, "quantity": quantity}]}


async def held(place: Restaurant) -> dict[str, int]:
    bins = (await place.internal("GET", INGREDIENTS)).body["bins"]
    assert all(
        row.keys() == {"bin", "ingredient", "unit", "level", "capacity", "committed", "reserved"} for row in bins
    )
    return {row["ingredient"]: row["reserved"] for row in bins if row["reserved"]}


async def test_3_2_reservation_is_the_same_for_its_order_until_it_is_released(place: Restaurant) -> None:
    first = await place.internal("POST", INGREDIENTS, wanted("T-1", 2))
    assert (first.status, first.body.keys()) == (200, {"reservation_id", "expires_at", "ingredients"})
    assert all(row.keys() == {"ingredient", "amount", "unit"} for row in first.body["ingredients"])
    again = await place.internal("POST", INGREDIENTS, wanted("T-1", 2))
    assert again.body["reservation_id"] == first.body["reservation_id"]
    assert await held(place) == {row["ingredient"]: row["amount"] for row in first.body["ingredients"]}
    path = f"{INGREDIENTS}/{first.body['reservation_id']}"
    assert (await place.internal("DELETE", path)).status == 204
    assert await held(place) == {}
    assert (await place.internal("DELETE", path)).code == "not_found"
    anew = await place.internal("POST", INGREDIENTS, wanted("T-1", 2))
    assert anew.body["reservation_id"] != first.body["reservation_id"]


async def test_3_2_reservation_that_has_expired_is_made_anew(place: Restaurant, clock: PassingClock) -> None:
    first = (await place.internal("POST", INGREDIENTS, wanted("T-1"))).body
    clock.jump(3600)
    anew = (await place.internal("POST", INGREDIENTS, wanted("T-1"))).body
    assert anew["reservation_id"] != first["reservation_id"]
    assert anew["expires_at"] > first["expires_at"]
    assert await held(place) == {row["ingredient"]: row["amount"] for row in anew["ingredients"]}


async def test_3_2_reservation_names_what_is_missing_and_holds_nothing_then(place: Restaurant) -> None:
    much = {"order_id": "T-1", "items": [{"item_id": "udon-chicken", "quantity": 20}] * 4}
    refusal = await place.internal("POST", INGREDIENTS, much)
    assert (refusal.status, refusal.code) == (409, "ingredients_unavailable")
    assert refusal.body["missing"]
    for row in refusal.body["missing"]:
        assert row.keys() == {"ingredient", "needed", "available", "unit"}
        assert row["needed"] > row["available"]
    assert await held(place) == {}


@pytest.mark.parametrize(
    "body",
    [
        {**wanted("T-1"), "more": 1},
        {**wanted("T 1")},
        {**wanted("T-" + "1" * 16)},
        {"order_id": "T-1", "items": []},
        wanted("T-1", 0),
        wanted("T-1", 1, "no-such-dish"),
    ],
)
async def test_3_2_reservation_that_cannot_be_meant_is_refused(place: Restaurant, body: dict[str, Any]) -> None:
    refusal = await place.internal("POST", INGREDIENTS, body)
    assert (refusal.status, refusal.code) == (422, "invalid_request")
    assert await held(place) == {}


async def test_3_2_reservation_of_an_order_of_ours_is_for_its_own_dishes(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    assert (await place.internal("POST", INGREDIENTS, wanted(order_id, 2))).code == "invalid_request"
    mine = await place.internal("POST", INGREDIENTS, wanted(order_id))
    assert mine.status == 200
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    await until(lambda: _none_held(place))


async def _none_held(place: Restaurant) -> bool:
    return await held(place) == {}


async def test_3_5_status_follows_the_table_and_paid_needs_a_fiscalised_payment(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    path = f"/internal/orders/{order_id}/status"
    for status in ("paid", "paying", "cooking", "ready", "completed", "refunded"):
        refusal = await place.internal("PUT", path, {"status": status})
        assert (refusal.status, refusal.code, refusal.body["order_status"]) == (409, "order_state", "created"), status
    assert (await place.internal("PUT", path, {"status": "eaten"})).code == "invalid_request"
    assert (await place.internal("PUT", "/internal/orders/NONE/status", {"status": "paid"})).code == "not_found"
    assert [event["type"] for event in await place.events()].count("OrderPaidEvent") == 0
    done = await place.internal("PUT", path, {"status": "cancelled"})
    assert (done.status, done.body["status"], done.body["order_id"]) == (200, "cancelled", order_id)
    assert (getpass.getuser(), "order_status", f"{order_id} cancelled") in journal(place)
    assert (await guest.pay(order_id)).code == "order_state"
    assert place.ledger("bank") == []


async def test_3_5_status_of_a_paid_order_is_paid_and_saying_so_again_changes_nothing(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    before = len(await place.events())
    refusal = await place.internal("PUT", f"/internal/orders/{order_id}/status", {"status": "paid"})
    assert (refusal.status, refusal.code) == (409, "order_state")
    assert len(await place.events()) == before


async def test_2_availability_tells_each_item_asked_for(place: Restaurant) -> None:
    found = (await place.internal("GET", "/internal/menu/availability?item=tea&item=no-such-dish")).body["items"]
    assert [row.keys() for row in found] == [{"item_id", "available", "max_quantity", "reason"}] * 2
    assert (found[0]["available"], found[0]["reason"], found[0]["max_quantity"] > 0) == (True, None, True)
    assert found[1] == {"item_id": "no-such-dish", "available": False, "max_quantity": 0, "reason": "not_on_menu"}
