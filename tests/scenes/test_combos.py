"""A combo over HTTP: one price, and from then on its dishes: cooked, on the receipt, given back one by one."""

from __future__ import annotations

from typing import Any

from tests.restaurant import Customer, Restaurant, until

LUNCH, LUNCH_KOPECKS = "combo-lunch", 64900
BOLOGNESE_MORE_KOPECKS = 3000


async def shown(place: Restaurant, item_id: str) -> dict[str, Any]:
    menu = (await place.call("GET", "/api/menu/categories")).body
    return next(item for category in menu["categories"] for item in category["items"] if item["id"] == item_id)


async def lunch(guest: Customer, *modifiers: str, quantity: int = 1) -> dict[str, Any]:
    body = {"items": [{"item_id": LUNCH, "quantity": quantity, "modifiers": list(modifiers)}], "service": "dine_in"}
    answer = await guest.call("POST", "/api/orders/create", body)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.body
    return found


async def test_1_menu_shows_a_combo_as_groups_of_dishes_with_what_it_saves(place: Restaurant) -> None:
    item = await shown(place, LUNCH)
    assert (item["price_kopecks"], item["available"]) == (LUNCH_KOPECKS, True)
    own = [(await shown(place, group["options"][0]["item_id"]))["price_kopecks"] for group in item["modifier_groups"]]
    assert item["saving_kopecks"] == sum(own) - LUNCH_KOPECKS > 0
    assert [(group["min"], group["max"]) for group in item["modifier_groups"]] == [(1, 1)] * 3
    plain = await shown(place, "udon-chicken")
    assert plain["saving_kopecks"] == 0
    assert {option["item_id"] for group in plain["modifier_groups"] for option in group["options"]} == {None}


async def test_2_to_4_combo_becomes_its_dishes_each_cooked_once_and_on_the_receipt(place: Restaurant) -> None:
    guest = await place.guest()
    created = await lunch(guest, "lunch-bolognese", "lunch-cola", quantity=2)
    price = LUNCH_KOPECKS + BOLOGNESE_MORE_KOPECKS
    assert created["amount_kopecks"] == 2 * price
    assert [item["item_id"] for item in created["items"]] == ["pasta-bolognese", "salad-tofu", "cola"]
    assert sum(item["price_kopecks"] for item in created["items"]) == price
    assert (await guest.pay(created["order_id"])).status == 200
    await guest.until_status(created["order_id"], "completed")
    (receipt,) = place.effects("fiscal", "receipt")
    assert receipt["total_kopecks"] == 2 * price
    started = [line["job_id"] for line in place.effects("robot", "started")]
    assert len(started) == len(set(started)) == 6


async def test_4_one_dish_of_a_combo_is_given_back_at_its_part_of_the_price(place: Restaurant) -> None:
    guest = await place.guest()
    created = await lunch(guest)
    order_id, salad = created["order_id"], created["items"][1]
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    body = {"reason": "вялый", "items": [{"item_id": salad["item_id"], "quantity": 1}]}
    assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202

    async def done() -> bool:
        return [row["status"] for row in (await guest.look(order_id))["refunds"]] == ["done"]

    await until(done)
    assert [line["total_kopecks"] for line in place.effects("fiscal", "refund_receipt")] == [salad["price_kopecks"]]


async def test_1_and_2_combo_follows_the_stop_list_of_its_dishes(place: Restaurant) -> None:
    guest = await place.guest()
    assert (await place.internal("POST", "/internal/stop-list", {"item_id": "tea"})).status == 200

    async def out() -> bool:
        options = (await shown(place, LUNCH))["modifier_groups"][2]["options"]
        return [option["available"] for option in options] == [False, True, True]

    await until(out)
    assert (await shown(place, LUNCH))["available"]
    assert (await lunch(guest))["items"][2]["item_id"] == "tea-cold"
    wanted = {"items": [{"item_id": LUNCH, "quantity": 1, "modifiers": ["lunch-tea"]}], "service": "dine_in"}
    refused = await guest.call("POST", "/api/orders/create", wanted)
    assert (refused.status, refused.code) == (409, "items_unavailable")
    assert refused.body["items"] == [{"item_id": LUNCH, "reason": "stopped"}]
    for drink in ("tea-cold", "cola"):
        await place.internal("POST", "/internal/stop-list", {"item_id": drink})

    async def stopped() -> bool:
        return bool((await shown(place, LUNCH))["unavailable_reason"] == "stopped")

    await until(stopped)
    answer = await place.internal("GET", f"/internal/menu/availability?item={LUNCH}&item=combo-sweet")
    assert [(row["available"], row["max_quantity"]) for row in answer.body["items"]] == [(False, 0)] * 2


async def test_2_combo_itself_can_be_stopped_and_its_dishes_are_sold_on(place: Restaurant) -> None:
    guest = await place.guest()
    assert (await place.internal("POST", "/internal/stop-list", {"item_id": LUNCH})).status == 200

    async def stopped() -> bool:
        return bool((await shown(place, LUNCH))["unavailable_reason"] == "stopped")

    await until(stopped)
    wanted = {"items": [{"item_id": LUNCH, "quantity": 1, "modifiers": ["lunch-cola"]}], "service": "take_away"}
    refused = await guest.call("POST", "/api/orders/create", wanted)
    assert (refused.status, refused.body["items"]) == (409, [{"item_id": LUNCH, "reason": "stopped"}])
    assert (await guest.order(("udon-chicken", 1), ("cola", 1)))["status"] == "created"


async def test_2_two_dishes_for_one_place_and_too_many_portions_are_refused(place: Restaurant) -> None:
    guest = await place.guest()
    for items, path in (
        ([{"item_id": LUNCH, "quantity": 1, "modifiers": ["lunch-tea", "lunch-cola"]}], "$.items[0].modifiers"),
        ([{"item_id": LUNCH, "quantity": 14}], "$.items"),
    ):
        answer = await guest.call("POST", "/api/orders/create", {"items": items, "service": "dine_in"})
        assert (answer.status, answer.code, answer.body["errors"][0]["path"]) == (422, "invalid_request", path)
