"""Charts honoured: a lunch of the demo's dishes in the simulated kitchen, judged by its ledger alone."""

from __future__ import annotations

import dataclasses
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.robot.equipment import Equipment, demo_file
from drivers.robot.port import Phase
from drivers.sim.robot.cooking import Cooking
from drivers.sim.robot.device import read_equipment
from drivers.sim.robot.kitchen import Kitchen
from kiosk.catalogue import load_menu
from kiosk.kitchen.controller import phases_of
from tests import folders
from tests.drivers.robot_lunch import Dish, Lunch, held_twice, limits_passed, lunch, told_as_passed

DEMO = read_equipment(None)
PORTIONS = 60


def demo_dishes() -> list[Dish]:
    menu = load_menu(None)
    codes = {row.id: row.code for row in menu.ingredients.values()}
    return [
        (phases_of(dish.chart), tuple((codes[name], amount) for name, amount in dish.chart.formula.items()))
        for dish in menu.dishes.values()
    ]


def ordered(seed: int, dishes: list[Dish], count: int = PORTIONS) -> list[Dish]:
    chance = random.Random(seed)
    return [chance.choice(dishes) for _ in range(count)]


@pytest.mark.parametrize("speed", [1.0, 500.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_lunch_nothing_is_held_twice_and_no_food_waits_too_long(seed: int, speed: float) -> None:
    rows = lunch(DEMO, ordered(seed, demo_dishes()), seed=seed, speed=speed)
    assert Counter(row["effect"] for row in rows)["ready"] == PORTIONS
    assert held_twice(rows, DEMO) == []
    assert limits_passed(rows) == []
    assert told_as_passed(rows) == 0


def test_a_complex_of_ones_own_is_described_in_its_file_alone(tmp_path: Path) -> None:
    """One wok for one dish at a time, four cells, five slots: nobody had to be told but the file."""
    text = demo_file().read_text("utf-8").replace("slots = 8", "slots = 5")
    text = text.replace(
        'name = { ru = "вок", en = "wok" }\ncapacity = 2', 'name = { ru = "вок", en = "wok" }\ncapacity = 1'
    )
    file = tmp_path / "complex.toml"
    file.write_text(text.partition("[[cells]]\nnumber = 5")[0], "utf-8")
    own = read_equipment(file)
    assert (own.by_number[2].capacity, len(own.cells), own.slots) == (1, 4, 5)
    rows = lunch(own, ordered(5, demo_dishes()))
    assert Counter(row["effect"] for row in rows)["ready"] == PORTIONS
    assert held_twice(rows, own) == []
    assert limits_passed(rows) == []


def test_branches_of_a_dish_are_cooked_side_by_side() -> None:
    phases = (
        Phase(1, 1, 100, 20, 40, after=(), resources=(1,)),
        Phase(2, 2, 190, 60, 90, after=(0,), max_wait_s=60),
        Phase(3, 3, 175, 50, 90, after=(0,), max_wait_s=60),
        Phase(8, 8, 0, 15, 40, after=(1, 2), resources=(1,), max_wait_s=30),
    )
    rows = lunch(DEMO, [(phases, ((1, 100),))] * 12)
    ready = [row for row in rows if row["effect"] == "ready"]
    assert len(ready) == 12
    assert held_twice(rows, DEMO) == []
    assert limits_passed(rows) == []
    for row in ready:
        times = {phase["phase"]: (phase["began_s"], phase["ended_s"]) for phase in row["phases"]}
        assert max(times[2][0], times[3][0]) < min(times[2][1], times[3][1])
        assert times[4][0] >= max(times[2][1], times[3][1]) - 0.01


class _ManyArms(Kitchen):
    """Planted: it looks at stations alone, as before."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._capacities = {place: 99 if place > 100 else room for place, room in self._capacities.items()}


class _NoBookings(Kitchen):
    """Planted: it begins a job as soon as its first place is free, and thinks no further."""

    def _table(self, now: float, without: Cooking | None = None) -> Any:
        return self._empty_table(now)


def test_the_judge_finds_an_arm_that_is_held_twice() -> None:
    rows = lunch(DEMO, ordered(1, demo_dishes()), kitchen=_ManyArms)
    assert any(line.startswith("resource 1 ") for line in held_twice(rows, DEMO))


def test_the_judge_finds_food_that_waits_too_long_and_so_does_the_ledger() -> None:
    rows = lunch(DEMO, ordered(1, demo_dishes()), kitchen=_NoBookings)
    assert limits_passed(rows)
    assert told_as_passed(rows) == len(limits_passed(rows))


def test_a_jam_is_waited_for_and_what_waited_too_long_is_in_the_ledger() -> None:
    wok_then_plate = (
        Phase(1, 1, 100, 20, 40, after=(), resources=(1,)),
        Phase(2, 2, 190, 60, 90, after=(0,), max_wait_s=5),
        Phase(8, 8, 0, 15, 40, after=(1,), resources=(1,), max_wait_s=30),
    )
    with tempfile.TemporaryDirectory(prefix="k", dir=folders.root()) as folder:
        place = Lunch(Path(folder), DEMO)

        def jam(now: float) -> None:
            place.around.jammed = {8} if 1050 < now < 1200 else set()

        rows = place.serve([(wok_then_plate, ((1, 100),))] * 4, jam)
    assert held_twice(rows, DEMO) == []
    assert told_as_passed(rows) == len(limits_passed(rows)) > 0
    assert Counter(row["effect"] for row in rows)["ready"] == 4


def test_food_is_spent_by_the_first_phase_that_nothing_undoes() -> None:
    preheat = Phase(2, 2, 190, 60, 90, after=(), irreversible=False)
    dish = ((preheat, Phase(1, 1, 100, 20, 40, after=(0,))), ((1, 100),))
    with tempfile.TemporaryDirectory(prefix="k", dir=folders.root()) as folder:
        place = Lunch(Path(folder), DEMO)
        seen: set[tuple[bool, int, int]] = set()

        def look(_: float) -> None:
            slot = next((slot for slot in place.memory.slots if slot is not None), None)
            if slot is not None:
                bins = place.kitchen.bins
                seen.add((slot.food_spent, DEMO.bins[0].capacity - bins.level(1), bins.committed()[1]))

        place.serve([dish], look)
    assert {(False, 0, 100), (True, 100, 0)} <= seen


def test_a_cold_station_is_waited_for() -> None:
    stations = {**DEMO.stations, "fryer": _warming(DEMO, "fryer", 300)}
    fries = ((Phase(3, 3, 175, 60, 90, after=()),), ((12, 100),))
    rows = lunch(dataclasses.replace(DEMO, stations=stations), [fries])
    (ready,) = [row for row in rows if row["effect"] == "ready"]
    assert ready["phases"][0]["began_s"] == pytest.approx(300, abs=0.1)


def _warming(equipment: Equipment, name: str, seconds: int) -> Any:
    return msgspec.structs.replace(equipment.stations[name], warm_up_s=seconds)
