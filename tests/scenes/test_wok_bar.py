"""A complex of one's own, in TOML alone: two woks, one arm, four cells (`tests/data/two-woks`). Plan, robot and the
kitchen's show know no other; a lunch is cooked on it."""

from __future__ import annotations

import random
from pathlib import Path

from kiosk.catalogue import load_complex, load_menu
from kiosk.kitchen.controller import phases_of
from tests.bench.kitchen import bound_s
from tests.drivers.robot_lunch import Dish, held_twice, limits_passed, lunch, makespan_s
from tests.restaurant import restaurant, until

FOLDER = Path(__file__).parents[1] / "data/two-woks"
SETTINGS = f'[menu]\nfile = "{FOLDER}/menu.toml"\n[robot]\nport = "sim"\ncomplex = "{FOLDER}/complex.toml"\nspeed = 200'
PORTIONS = 120


def test_a_lunch_on_a_complex_of_ones_own_passes_no_wait_limit_and_is_near_the_lower_bound() -> None:
    equipment = load_complex(FOLDER / "complex.toml")
    menu = load_menu(FOLDER / "menu.toml", equipment)
    codes = {row.id: row.code for row in menu.ingredients.values()}
    dishes: list[Dish] = [
        (phases_of(chart), tuple((codes[name], amount) for name, amount in chart.formula.items()))
        for chart in menu.charts()
    ]
    chance = random.Random(1)
    ordered = [chance.choice(dishes) for _ in range(PORTIONS)]
    rows = lunch(equipment, ordered)
    assert len([row for row in rows if row["effect"] == "ready"]) == PORTIONS
    assert held_twice(rows, equipment) == []
    assert limits_passed(rows) == []
    assert makespan_s(rows) <= 1.25 * bound_s(equipment, ordered)


async def test_4_orders_are_paid_cooked_and_handed_out_on_a_complex_of_ones_own() -> None:
    async with restaurant(SETTINGS) as place:
        await until(lambda: place.kiosk.kitchen.now.show.stations)  # sales open before the picture is drawn
        show = place.kiosk.kitchen.now.show
        assert [station.name.en for station in show.stations] == ["dispenser", "two woks", "drinks", "plating"]
        assert len(show.cells) == 4
        guests = [await place.guest() for _ in range(6)]
        dishes = ("udon-chicken", "curry-tofu", "tea", "udon-beef", "fried-rice-egg", "cola")
        made = [(guest, await guest.order((dish, 1))) for guest, dish in zip(guests, dishes, strict=True)]
        for guest, order in made:
            assert (await guest.pay(order["order_id"])).status == 200
        for guest, order in made:
            await guest.until_status(order["order_id"], "completed")
        checks = (await place.call("GET", "/readyz")).body["checks"]
        assert "complex" not in checks, "the robot is as it is described"
