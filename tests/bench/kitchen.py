"""The kitchen's plan, and a lunch of 500 orders in the simulated kitchen alone, in virtual time.

The lower bound of the lunch: no place can be busy for less than all that is to be done there, and before the first and
after the last of it there is at least the shortest way to it and from it.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers.robot.equipment import Equipment
from drivers.robot.port import JobState
from drivers.robot.timetable import Step
from drivers.sim.robot.cooking import nominal_s, places_of
from kiosk.catalogue import load_complex, load_menu
from kiosk.domain.kitchen.pace import Pace
from kiosk.domain.kitchen.planning import Plan, PlannedCell, Work, capacities
from kiosk.domain.menu.menu import Menu
from kiosk.kitchen.controller import phases_of
from tests.bench.figures import Figure
from tests.drivers.robot_lunch import Dish, Lunch, held_twice, limits_passed, makespan_s

OPEN_ORDERS, ROUNDS = 60, 20
LUNCH_ORDERS = 500


def _works(menu: Menu) -> list[Work]:
    return [chart.work(Pace().seconds) for chart in menu.charts()]


def _orders(chance: random.Random, rows: Sequence[Any], count: int) -> list[Any]:
    return [chance.choice(rows) for _ in range(count) for _ in range(chance.choice((1, 1, 2, 3)))]


async def measure() -> list[Figure]:
    equipment = load_complex(None)
    menu = load_menu(None, equipment)
    return [_plan(equipment, menu), *_lunch(equipment, menu)]


def _plan(equipment: Equipment, menu: Menu) -> Figure:
    chance, places, took_ms = random.Random(1), capacities(equipment), []
    for _ in range(ROUNDS):
        pending = _orders(chance, _works(menu), OPEN_ORDERS)
        began = time.perf_counter()
        Plan(places, pending, [PlannedCell()] * len(equipment.cells))
        took_ms.append((time.perf_counter() - began) * 1000)
    return Figure("kitchen.plan_60", f"A plan of {OPEN_ORDERS} open orders", "ms", took_ms)


def _lunch(equipment: Equipment, menu: Menu) -> list[Figure]:
    codes = {row.id: row.code for row in menu.ingredients.values()}
    dishes: list[Dish] = [
        (phases_of(chart), tuple((codes[name], amount) for name, amount in chart.formula.items()))
        for chart in menu.charts()
    ]
    ordered = _orders(random.Random(2), dishes, LUNCH_ORDERS)
    with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as folder:
        rows = Lunch(Path(folder), equipment).serve(ordered)
    ratio = makespan_s(rows) / bound_s(equipment, ordered)
    return [
        Figure("kitchen.makespan_ratio", f"A lunch of {LUNCH_ORDERS} orders by its lower bound", "×", [ratio]),
        Figure("kitchen.waits_passed", "… waits longer than a chart allows", "", [float(len(limits_passed(rows)))]),
        Figure("kitchen.held_twice", "… places held twice", "", [float(len(held_twice(rows, equipment)))]),
        *_promises(equipment, menu),
    ]


def bound_s(equipment: Equipment, ordered: Sequence[Dish]) -> float:
    """No schedule of these dishes is shorter, were each phase as long as its chart says."""
    places = capacities(equipment)
    work: dict[int, float] = defaultdict(float)
    before: dict[int, list[float]] = defaultdict(list)
    after: dict[int, list[float]] = defaultdict(list)
    for phases, _ in ordered:
        took = [nominal_s(phase) for phase in phases]
        for index, phase in enumerate(phases):
            for place in places_of(phase):
                work[place] += took[index]
                before[place].append(sum(took[:index]))
                after[place].append(sum(took[index + 1 :]))
    return max(seconds / places[place] + min(before[place]) + min(after[place]) for place, seconds in work.items())


def _promises(equipment: Equipment, menu: Menu) -> list[Figure]:
    """Guests come at three quarters of what the busiest place can do; each is promised by the plan of that moment."""
    service = Service(equipment, menu, random.Random(3))
    promised = service.run(LUNCH_ORDERS)
    kept = [actual_s <= promise_s for promise_s, _, actual_s in promised]
    errors = [abs(expected_s - actual_s) / actual_s for _, expected_s, actual_s in promised]
    return [
        Figure("kitchen.promise_kept", "… promises kept", "%", [100 * sum(kept) / len(kept)]),
        Figure("kitchen.promise_error", "… median error of what was expected", "%", [100 * statistics.median(errors)]),
    ]


class Service:
    """Portions one by one, with the kiosk's own plan and pace beside the robot's kitchen."""

    def __init__(self, equipment: Equipment, menu: Menu, chance: random.Random) -> None:
        self._equipment = equipment
        self._chance = chance
        self._codes = {row.id: row.code for row in menu.ingredients.values()}
        self._charts = menu.charts()
        self._pace = Pace()

    def run(self, count: int) -> list[tuple[float, float, float]]:
        """(promised, expected, actual) seconds of each portion, in the order in which they came."""
        charts = [self._chance.choice(self._charts) for _ in range(count)]
        dishes: list[Dish] = [
            (phases_of(chart), tuple((self._codes[name], amount) for name, amount in chart.formula.items()))
            for chart in charts
        ]
        every_s = bound_s(self._equipment, dishes) / count / 0.75
        at, coming = 0.0, []
        for _ in range(count):
            at += self._chance.expovariate(1 / every_s)
            coming.append(at)
        with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as folder:
            return _Day(Lunch(Path(folder), self._equipment), charts, dishes, coming).served()


class _Day:
    def __init__(self, lunch: Lunch, charts: Sequence[Any], dishes: Sequence[Dish], coming: Sequence[float]) -> None:
        self._lunch = lunch
        self._charts = charts
        self._dishes = dishes
        self._coming = coming
        self._places = capacities(lunch.memory.equipment)
        self._pace = Pace()
        self._promised: dict[int, tuple[float, float, float]] = {}
        self._over: dict[int, float] = {}

    def served(self) -> list[tuple[float, float, float]]:
        start = self._lunch.now
        self._lunch.serve_coming(self._dishes, [start + at for at in self._coming], self._promise, self._ready)
        return [
            (promise_s, expected_s, self._over[job] - came_at)
            for job, (came_at, promise_s, expected_s) in sorted(self._promised.items())
        ]

    def _work(self, job: int) -> Work:
        chart = self._charts[job - 1]
        slot = next((s for s in self._lunch.memory.slots if s is not None and s.job_id == job), None)
        if slot is None or slot.state is not JobState.COOKING:
            found: tuple[Step, ...] = chart.work(self._pace.seconds)
            return found
        left_s = self._lunch.kitchen.remaining_s(slot, self._lunch.now)
        begun: tuple[Step, ...] = chart.work(self._pace.seconds, slot.phase + 1, left_s)
        return begun

    def _promise(self, job: int, now: float) -> None:
        pending = [self._work(other) for other in self._promised if other not in self._over]
        plan = Plan(self._places, pending, self._lunch.planned_cells())
        expected_s = plan.ready_in_s([self._work(job)])
        self._promised[job] = (now, self._pace.promise_s(expected_s), expected_s)

    def _ready(self, job: int, now: float) -> None:
        came_at, promise_s, _ = self._promised[job]
        self._over[job] = now
        self._pace = self._pace.with_promise(kept=now - came_at <= promise_s)
