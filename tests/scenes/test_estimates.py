"""What the cart is told before it becomes an order: the sum, the minutes, what can be had and what is in it; and
nothing is written by asking."""

from __future__ import annotations

import random
import shutil
import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.restaurant import Customer, Restaurant, restaurant, until

CARTS = 60
DEMO = Path(str(files("kiosk") / "demo"))


def tables(place: Restaurant) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the database."""
    with sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True) as found:
        names = [row[0] for row in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(found.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}


async def items_of(place: Restaurant) -> dict[str, dict[str, Any]]:
    menu = (await place.call("GET", "/api/menu/categories")).body
    return {item["id"]: item for category in menu["categories"] for item in category["items"]}


def random_line(chance: random.Random, items: dict[str, dict[str, Any]]) -> dict[str, Any]:
    item = items[chance.choice(list(items))]
    chosen: list[str] = []
    for group in item["modifier_groups"]:
        if chance.random() < 0.7:
            count = chance.randint(max(1, group["min"]), group["max"])
            chosen += [option["id"] for option in chance.sample(group["options"], count)]
    return {"item_id": item["id"], "quantity": chance.randint(1, 3), "modifiers": chosen}


def sum_of(line: dict[str, Any], item: dict[str, Any]) -> int:
    """By what the menu shows: an open place or group stands as it is."""
    options = [option for group in item["modifier_groups"] for option in group["options"]]
    extra = sum(option["price_kopecks"] for option in options if option["id"] in line["modifiers"])
    return int((item["price_kopecks"] + extra) * line["quantity"])


async def estimate(guest: Customer, *items: dict[str, Any]) -> Any:
    return await guest.call("POST", "/api/orders/estimate", {"items": list(items), "service": "dine_in"})


async def create(guest: Customer, *items: dict[str, Any]) -> Any:
    return await guest.call("POST", "/api/orders/create", {"items": list(items), "service": "dine_in"})


async def stop(place: Restaurant, item_id: str) -> None:
    assert (await place.internal("POST", "/internal/stop-list", {"item_id": item_id})).status == 200

    async def stopped() -> bool:
        return not (await items_of(place))[item_id]["available"]

    await until(stopped)


async def test_2_estimate_of_a_cart_is_what_its_order_costs_takes_and_is_refused_for(place: Restaurant) -> None:
    """Random carts, some with a dish that is stopped: the sum, the promise and the refusal of creation are foretold."""
    await stop(place, "tea")
    await stop(place, "ramen-beef")
    guest, items, chance = await place.guest(), await items_of(place), random.Random(18)
    refused = 0
    for _ in range(CARTS):
        cart = [random_line(chance, items) for _ in range(chance.randint(1, 4))]
        told, made = await estimate(guest, *cart), await create(guest, *cart)
        assert told.status == 200, told
        gone = {(row["item_id"], row["reason"]) for row in told.body["items"] if not row["available"]}
        assert [row["item_id"] for row in told.body["items"]] == [line["item_id"] for line in cart]
        sums = [sum_of(line, items[line["item_id"]]) for line in cart]
        assert [row["sum_kopecks"] for row in told.body["items"]] == sums
        assert told.body["amount_kopecks"] == sum(sums)
        if made.status == 201:
            assert not gone
            assert (told.body["amount_kopecks"], told.body["ready_in_s"]) == (
                made.body["amount_kopecks"],
                made.body["ready_in_s"],
            )
        else:
            refused += 1
            assert (made.status, {(row["item_id"], row["reason"]) for row in made.body["items"]}) == (409, gone)
    assert 5 < refused < CARTS - 5


async def test_2_asking_writes_nothing_and_holds_nothing(place: Restaurant) -> None:
    guest = await place.guest()
    await guest.order(("udon-chicken", 2))

    def all_consumed() -> bool:
        """By each of the three: a consumer's cursor is there only once it has read something. And what lies in the bins
        has been written by lots, which is at the second look of the robot that tells the same."""
        found = tables(place)
        return bool(found["lot"]) and [sequence for _, sequence, *_ in found["cursor"]] == [len(found["event"])] * 3

    await until(all_consumed)
    before = tables(place)
    for item_id in ("udon-chicken", "combo-lunch", "nothing-known"):
        assert (await estimate(guest, {"item_id": item_id, "quantity": 3})).status == 200
    assert (await estimate(guest, {"item_id": "tea", "quantity": 1, "modifiers": ["hot"]})).status == 422
    assert (await place.call("GET", "/api/menu/minutes")).status == 200
    assert tables(place) == before


async def test_2_what_cannot_be_had_is_told_and_not_refused(place: Restaurant) -> None:
    guest = await place.guest()
    await stop(place, "cola")
    (cake,) = [row for row in place.kiosk.kitchen.now.bins if row.ingredient == "cake"]
    await place.kiosk.devices.robot.set_bin(cake.bin, 34)

    async def known() -> bool:
        return any(row.ingredient == "cake" and row.level == 34 for row in place.kiosk.kitchen.now.bins)

    await until(known)
    told = await estimate(
        guest,
        {"item_id": "cola", "quantity": 1},
        {"item_id": "sushi", "quantity": 1},
        {"item_id": "cake-strawberry", "quantity": 20},
        {"item_id": "cake-ice-cream", "quantity": 15},
        {"item_id": "fries", "quantity": 1},
    )
    assert told.status == 200
    assert [(row["available"], row["reason"]) for row in told.body["items"]] == [
        (False, "stopped"),
        (False, "not_on_menu"),
        (False, "sold_out"),  # together more cake than there is
        (False, "sold_out"),
        (True, None),
    ]
    fewer = await estimate(guest, {"item_id": "cake-strawberry", "quantity": 20})
    assert [row["available"] for row in fewer.body["items"]] == [True]


async def test_2_estimate_asks_for_a_session_and_a_whole_body_and_for_open_sales(place: Restaurant) -> None:
    guest = await place.guest()
    tea = {"item_id": "tea", "quantity": 1}
    assert (await estimate(Customer(place, "nobody"), tea)).status == 401
    without_quantity = {"items": [{**tea, "quantity": 0}], "service": "dine_in"}
    bodies: tuple[dict[str, Any], ...] = ({"items": []}, {"items": [tea]}, without_quantity)
    for wrong in bodies:
        answer = await guest.call("POST", "/api/orders/estimate", wrong)
        assert (answer.status, answer.code) == (422, "invalid_request")
    bad = await estimate(guest, tea, {**tea, "modifiers": ["lava"]})
    assert bad.body["errors"][0]["path"] == "$.items[1].modifiers"
    assert (await guest.call("GET", "/api/orders/estimate")).status == 405
    assert (await place.internal("POST", "/internal/sales/pause")).status == 200
    await place.until_paused("staff")
    paused = await estimate(guest, tea)
    assert (paused.status, paused.code, paused.body["reason"]) == (503, "sales_paused", "staff")


async def test_1_minutes_of_each_item_are_those_of_its_order_alone(place: Restaurant) -> None:
    guest = await place.guest()
    minutes = (await place.call("GET", "/api/menu/minutes")).body["minutes"]
    assert minutes.keys() == (await items_of(place)).keys()
    for item_id in minutes:
        told = (await estimate(guest, {"item_id": item_id, "quantity": 1})).body
        assert minutes[item_id] == max(1, -(-told["ready_in_s"] // 60)), item_id
    assert len(set(minutes.values())) > 1


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_1_menu_names_its_ingredients_and_allergens(place: Restaurant, language: str) -> None:
    menu = (await place.call("GET", "/api/menu/categories", **{"Accept-Language": language})).body
    ingredients = {row["id"]: row for row in menu["ingredients"]}
    allergens = {row["id"]: row["name"] for row in menu["allergens"]}
    assert all(ingredients[name]["name"] for name in ingredients)
    for item in (item for category in menu["categories"] for item in category["items"]):
        assert {row["ingredient"] for row in item["composition"]} <= ingredients.keys()
        assert set(item["allergens"]) <= allergens.keys()


async def test_1_to_2_dish_whose_first_choice_is_gone_comes_with_the_next(tmp_path: Path) -> None:
    """On the menu, in the estimate and in the order alike; in a combo a dish has no choice: another one is taken."""
    text = (DEMO / "menu.toml").read_text("utf-8")
    plain, sauce = 'en = "No sauce" }, price_kopecks = 0', 'en = "Sauce" }, ingredients = { teriyaki = 25 }'
    assert plain in text
    (tmp_path / "menu.toml").write_text(
        text.replace(plain, sauce).replace('gluten"] # ', 'gluten", "soy"] # '), "utf-8"
    )
    shutil.copytree(DEMO / "charts", tmp_path / "charts")
    text = (tmp_path / "menu.toml").read_text("utf-8")
    (tmp_path / "menu.toml").write_text(
        text.replace('"gluten", "crustaceans"] # ', '"gluten", "soy", "crustaceans"] # ')
    )
    async with restaurant(f'[menu]\nfile = "{tmp_path}/menu.toml"') as place:
        guest, fries = await place.guest(), {"item_id": "fries", "quantity": 1}
        soup = {"item_id": "combo-soup", "quantity": 1}
        assert (await items_of(place))["fries"]["allergens"] == ["gluten", "soy"]
        place.robot.faults.switch("bin_empty", {"bin": 17})

        async def without_teriyaki() -> bool:
            return bool((await items_of(place))["fries"]["allergens"] == ["mustard"])

        await until(without_teriyaki)
        item = (await items_of(place))["fries"]
        assert (item["available"], item["price_kopecks"]) == (True, 14900 + 2900)
        assert [option["available"] for option in item["modifier_groups"][0]["options"]] == [False, False, True, True]
        told, made = await estimate(guest, fries), await create(guest, fries)
        assert told.body["amount_kopecks"] == made.body["amount_kopecks"] == item["price_kopecks"]
        assert told.body["items"][0]["allergens"] == ["mustard"]
        assert [one["modifiers"] for one in made.body["items"]] == [["sauce-curry"]]
        lunch = (await items_of(place))["combo-soup"]
        assert [option["available"] for option in lunch["modifier_groups"][1]["options"]] == [False] * 3
        assert not lunch["available"]
        refused = await create(guest, soup)
        assert (refused.status, (await estimate(guest, soup)).body["items"][0]["reason"]) == (409, "sold_out")
