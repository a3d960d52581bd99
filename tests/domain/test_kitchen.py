"""What the kitchen can sell and when it is ready: shortages, portions, the plan's promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.timetable import RESOURCES, Step
from kiosk.catalogue import load_complex, load_menu
from kiosk.domain.kitchen.planning import PICK_UP_S, Plan, PlannedCell, Work, capacities
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen, KitchenState, StockBin, free_amounts
from kiosk.domain.ordering.reservation import Shortage, portions_possible, shortages, total_needs

COMPLEX = load_complex(None)
PLACES = capacities(COMPLEX)
NAMES = ("rice", "egg", "chili")
amounts = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5000))
formulas = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 500), min_size=1)


def chain(*phases: tuple[int, float]) -> Work:
    """(station, seconds) one after another."""
    return [Step((at,), (n - 1,) if n else (), took_s, took_s) for n, (at, took_s) in enumerate(phases)]


work = st.lists(st.tuples(st.sampled_from(sorted(COMPLEX.by_number)), st.integers(1, 600)), min_size=1, max_size=5).map(
    lambda phases: chain(*phases)
)
queue = st.lists(work, max_size=12)


@given(amounts, amounts, amounts)
def test_a_shortage_is_told_exactly_where_need_exceeds_what_is_free(
    needs: dict[str, int], levels: dict[str, int], held: dict[str, int]
) -> None:
    found = {row.ingredient: row for row in shortages(needs, levels, held, {"rice": "g"})}
    for name, needed in needs.items():
        free = max(0, levels.get(name, 0) - held.get(name, 0))
        assert (name in found) is (needed > free)
        if name in found:
            assert found[name] == Shortage(name, needed, free, "g" if name == "rice" else "")
    assert found.keys() <= needs.keys()


@given(formulas, amounts, amounts)
def test_as_many_portions_are_offered_as_can_be_reserved(
    formula: dict[str, int], levels: dict[str, int], held: dict[str, int]
) -> None:
    count = portions_possible(formula, levels, held)
    assert count >= 0
    assert shortages(total_needs([formula] * count), levels, held, {}) == []
    assert shortages(total_needs([formula] * (count + 1)), levels, held, {}) != []


@given(formulas, amounts, amounts, st.integers(1, 500))
def test_holding_more_never_offers_more(
    formula: dict[str, int], levels: dict[str, int], held: dict[str, int], more: int
) -> None:
    fuller = {name: held.get(name, 0) + more for name in NAMES}
    assert portions_possible(formula, levels, fuller) <= portions_possible(formula, levels, held)


@given(st.lists(formulas, max_size=6))
def test_needs_are_the_sum_of_the_formulas(orders: list[dict[str, int]]) -> None:
    needs = total_needs(orders)
    assert all(needs.get(name, 0) == sum(order.get(name, 0) for order in orders) for name in NAMES)


def test_a_dish_of_nothing_cannot_be_offered() -> None:
    assert portions_possible({}, {"rice": 10**6}, {}) == 0


def seconds(job: Work) -> float:
    return sum(step.most_s for step in job)


@given(queue, queue.filter(bool))
def test_a_promise_is_never_shorter_than_the_longest_dish(pending: list[Work], new: list[Work]) -> None:
    assert Plan(PLACES, pending).ready_in_s(new) >= max(seconds(job) for job in new)


@given(queue, work, work)
def test_who_comes_last_makes_nobody_wait_and_waits_no_less_for_who_came_before(
    pending: list[Work], new: Work, more: Work
) -> None:
    before = Plan(PLACES, pending).ready_in_s([new])
    assert Plan(PLACES, pending).ready_in_s([new, more]) >= before
    assert Plan(PLACES, [*pending, new]).ready_in_s([]) == 0


@given(queue.filter(bool))
def test_a_promise_is_never_longer_than_cooking_one_after_another(new: list[Work]) -> None:
    assert Plan(PLACES).ready_in_s(new) <= sum(seconds(job) for job in new) + 1e-6


def test_a_station_cooks_as_many_at_once_as_it_has_room_for() -> None:
    room = PLACES[2]
    assert Plan(PLACES).ready_in_s([chain((2, 60))] * room) == 60
    assert Plan(PLACES).ready_in_s([chain((2, 60))] * (room + 1)) == 120


def test_what_phases_share_is_held_by_one_of_them() -> None:
    dispense = [Step((1, RESOURCES + 1), (), 30, 30)]
    assert Plan(PLACES).ready_in_s([dispense] * 2) == 60


def test_the_robots_table_bounds_what_is_under_way() -> None:
    slots = COMPLEX.slots
    spread = [chain((station, 10)) for station in COMPLEX.by_number] * 2
    assert len(spread) > slots
    assert Plan(PLACES, spread[:slots]).ready_in_s([]) == 0
    assert Plan(PLACES, spread[:slots]).ready_in_s([chain((1, 1))]) > 1


@given(queue, queue.filter(bool))
def test_asking_for_a_promise_books_nothing(pending: list[Work], new: list[Work]) -> None:
    plan = Plan(PLACES, pending)
    assert plan.ready_in_s(new) == plan.ready_in_s(new) == Plan(PLACES, pending).ready_in_s(new)


planned_cells = st.builds(PlannedCell, st.sampled_from([0.0, PICK_UP_S]), st.integers(1, 4))
some_cells = st.lists(planned_cells, min_size=1, max_size=12)


@given(queue, work, some_cells)
def test_cells_never_make_a_promise_shorter(pending: list[Work], new: Work, cells: list[PlannedCell]) -> None:
    assert Plan(PLACES, [], cells).ready_in_s([new]) >= Plan(PLACES).ready_in_s([new])
    assert Plan(PLACES, pending, cells).ready_in_s([new]) >= seconds(new) - 1e-6


def test_an_order_larger_than_the_cells_waits_for_its_first_part_to_be_fetched() -> None:
    drink = chain((7, 10))
    free, filled = PlannedCell(), PlannedCell(PICK_UP_S)
    assert Plan(PLACES, [], [free] * 2).ready_in_s([drink] * 2) == 10
    assert Plan(PLACES, [], [free] * 2).ready_in_s([drink] * 3) == 10 + PICK_UP_S + 10
    assert Plan(PLACES, [], [filled] * 2).ready_in_s([drink]) == PICK_UP_S + 10


def test_the_portions_of_an_order_share_a_cell_in_the_plan_where_they_fit_and_those_of_two_orders_never() -> None:
    drink = chain((7, 10))
    two, one = PlannedCell(size=2), PlannedCell()
    assert Plan(PLACES, [], [two]).ready_in_s([drink] * 2) == 10
    assert Plan(PLACES, [], [two]).ready_in_s([drink] * 3) == 10 + PICK_UP_S + 10
    assert Plan(PLACES, [drink] * 2, [two]).ends == [10, 10 + PICK_UP_S + 10]
    assert Plan(PLACES, [drink] * 2, [two], orders=["A", "A"]).ends == [10, 10]
    # a single portion leaves the large cell to those who need it
    assert Plan(PLACES, [drink] * 3, [two, one], orders=["A", "B", "B"]).ends == [10, 10, 20]


def test_an_order_whose_cell_has_room_waits_for_no_other() -> None:
    drink, filled = chain((7, 10)), [PlannedCell(PICK_UP_S, 3)]
    assert Plan(PLACES, [drink], filled, orders=["A"]).ends == [PICK_UP_S + 10]
    plan = Plan(PLACES, [drink] * 2, filled, orders=["A", "A"], room={"A": (3, 2)})
    assert plan.ends == [10, 10]
    assert plan.ready_in_s([drink]) == 10 + PICK_UP_S + 10, "whoever comes next waits for the guest of both"


def test_nothing_new_is_ready_at_once() -> None:
    assert Plan(PLACES, [chain((1, 60))]).ready_in_s([]) == 0


def bin_of(ingredient: str | None, level: int, committed: int = 0, *, usable: bool = True) -> StockBin:
    return StockBin(1, ingredient, "g", level, 5000, committed, low=False, usable=usable)


def test_only_linked_usable_known_bins_count_and_what_the_robot_took_is_gone() -> None:
    bins = [bin_of("rice", 500, 200), bin_of("rice", 50, 80), bin_of("rice", 900, usable=False), bin_of(None, 700)]
    assert KitchenState(free=free_amounts(bins), linked=True).levels() == {"rice": 300}
    assert KitchenState(free=free_amounts(bins), linked=False).levels() == {}


def test_a_state_that_was_taken_stays_as_it_was() -> None:
    kitchen = Kitchen(load_menu(None).charts(), COMPLEX)
    before = kitchen.now
    kitchen.publish(stations_down=frozenset({2}), held={"rice": 5})
    assert (before.stations_closed, before.held) == (frozenset(), {})
    assert (kitchen.now.stations_closed, kitchen.now.held) == (frozenset({2}), {"rice": 5})
    member = "linked"
    with pytest.raises(AttributeError):
        setattr(before, member, True)


def test_a_promise_takes_the_time_cooking_really_took() -> None:
    charts = load_menu(None).charts()
    kitchen = Kitchen(charts, COMPLEX)
    before = kitchen.now.promise_s([kitchen.now.typical])
    pace = kitchen.now.pace
    for phase in [phase for chart in charts for phase in chart.phases] * 20:
        pace = pace.with_phase(phase, phase.p2 * 1.5)
    kitchen.publish(pace=pace)
    assert 1.4 * before < kitchen.now.promise_s([kitchen.now.typical]) < 1.6 * before
    assert isinstance(kitchen.now.promise_s([kitchen.now.typical]), int)


def test_sales_are_paused_by_the_first_check_that_is_not_ok() -> None:
    readiness = Readiness(("fiscal", "robot"))
    assert readiness.blocked() == ("fiscal", "starting")
    assert readiness.set("fiscal", None)
    assert not readiness.set("fiscal", None)
    assert bool(readiness.starting)
    assert readiness.blocked() == ("robot", "starting")
    assert readiness.blocked(unless_starting=True) is None
    assert readiness.set("robot", "robot_offline")
    assert not bool(readiness.starting)
    assert readiness.pause_reason() == "robot_offline"
    assert readiness.set("robot", None)
    assert readiness.pause_reason() is None
    assert readiness.set("fiscal", "fiscal_no_paper")
    reasons = {name: check.reason for name, check in readiness.checks().items()}
    assert reasons == {"fiscal": "fiscal_no_paper", "robot": None}


def test_what_only_some_orders_need_pauses_no_sales() -> None:
    readiness = Readiness(())
    assert readiness.set("sms", "sms_down", blocks=False)
    assert readiness.pause_reason() is None
    assert not readiness.checks()["sms"].ok
