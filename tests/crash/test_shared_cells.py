"""kill -9 between the portions of one order that share a cell: they come to one cell all the same, and what is thrown
away there is thrown away together. Planted twins of both are caught."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kiosk.wiring import Parts
from tests.complexes import with_cells
from tests.crash.bombs import AtPoint
from tests.crash.cells import freed_early, mixed, places
from tests.crash.judging import judged, violations
from tests.crash.planted_cells import remembers_together, throws_away_one_by_one
from tests.crash.rig import Purchase, World
from tests.crash.sweeping import struck
from tests.samples import part

_COMPLEX = '\n[robot]\ncomplex = "complex.toml"\n'
_QUICKLY_COLD = "[cells]\ncold_for_s = 1\n"
#: A life ends before, between or after the portions of its order.
_MOMENTS = (
    *((name, n) for name in ("portion.submitting", "robot.submitted", "portion.accepted") for n in (1, 2, 3)),
    ("portion.ready", 1), ("portion.ready", 2), ("robot.released", 2),
)  # fmt: skip


@contextlib.contextmanager
def large_cells(variant: Callable[[], Parts] | None = None) -> Iterator[World]:
    """Of three portions each, one for each moment, to which nobody comes before all is over."""

    def describe(folder: Path) -> None:
        with_cells(folder / "complex.toml", *[3] * len(_MOMENTS))

    with contextlib.closing(World(_COMPLEX + _QUICKLY_COLD, variant, prepare=describe)) as place:
        place.devices.fault("robot", "nobody_comes")
        yield place


def buy_three(place: World, port: int) -> Purchase:
    return place.buy(port, "cola" if len(place.purchases) % 2 else "tea", quantity=3)


def in_one_cell(place: World) -> Iterator[str]:
    robot = place.devices.ledger("robot")
    for purchase in place.purchases:
        cells = places(robot, purchase.order_id)
        if len(cells) > 1:
            yield f"{purchase.order_id}: its portions came to the cells {sorted(cells)}"


def ended(place: World) -> None:
    """The guests come once the kitchen is done with all of it."""
    port = place.alive()

    def cooked() -> bool:
        ready = [line for line in place.devices.ledger("robot") if line["effect"] == "ready"]
        return len(ready) == sum(purchase.quantity for purchase in place.purchases if purchase.paid)

    for purchase in place.purchases:
        place.until(partial(_is_paid, place, port, purchase), "paid")
    place.until(cooked, "all is cooked")
    place.devices.fault("robot", "nobody_comes", on=False)
    place.settle(port)


def _is_paid(place: World, port: int, purchase: Purchase) -> bool:
    if not purchase.paid:
        place.pay(port, purchase)
    return purchase.paid


def test_4_2_killed_between_the_portions_of_an_order_they_come_to_one_cell_all_the_same() -> None:
    with large_cells() as place:
        moments = part(_MOMENTS, 5, of="shared cells")
        missed = [moment for moment in moments if not struck(place, partial(AtPoint, *moment), buy_three)]
        assert missed == []
        ended(place)
        assert violations(place) == []
        assert [*in_one_cell(place)] == []


def test_4_2_planted_bug_that_keeps_in_memory_what_belongs_together_is_caught() -> None:
    with large_cells(remembers_together) as place:
        assert struck(place, partial(AtPoint, "portion.accepted", 1), buy_three)
        ended(place)
        caught = [*in_one_cell(place)]
        place.found += len(caught)
        assert caught != []


def let_become_cold(place: World, port: int) -> Purchase:
    """A cell fails with two soups in it; the bomb goes off when they are thrown away."""
    purchase = place.buy(port, "soup-chicken", quantity=2)
    place.until(lambda: len(places(place.devices.ledger("robot"), purchase.order_id)) == 1, "it is in its cell")
    (cell,) = places(place.devices.ledger("robot"), purchase.order_id)
    place.devices.fault("robot", "cell_cold", cell=cell)
    place.until(lambda: place.died, "it is thrown away", 20.0)
    return purchase


@pytest.mark.parametrize("n", [1, 2])
def test_4_2_killed_while_a_cell_is_thrown_away_all_of_it_is(n: int) -> None:
    with large_cells() as place:
        assert struck(place, partial(AtPoint, "food.spoiled", n), let_become_cold, within_s=20.0)
        place.devices.fault("robot", "cell_cold", on=False)
        assert judged(place) == []
        (view,) = place.views.values()
        assert (view["status"], {refund["reason"] for refund in view["refunds"]}) == ("refunded", {"not_fetched"})


def test_4_2_planted_bug_that_throws_portions_of_a_cell_away_one_by_one_is_caught() -> None:
    with large_cells(throws_away_one_by_one) as place:
        assert struck(place, partial(AtPoint, "food.spoiled"), let_become_cold, within_s=20.0)
        place.devices.fault("robot", "cell_cold", on=False)
        with pytest.raises(AssertionError, match="ends"):
            place.settle(place.alive(), deadline_s=3)
        place.found += 1


def test_4_2_cell_that_held_food_of_two_orders_is_named_also_where_they_came_one_after_the_other() -> None:
    def line(effect: str, job_id: int, order_id: str, **more: int) -> dict[str, Any]:
        return {"effect": effect, "job_id": job_id, "attempt": 1, "order_id": order_id, **more}

    of = {1: "A", 2: "A", 3: "B", 4: "B"}
    together = [line("ready", 1, "A", cell=3), line("ready", 2, "A", cell=3), line("ready", 3, "B", cell=4)]
    fetched = [line("picked_up", 1, "A"), line("picked_up", 2, "A")]
    assert [*mixed([*together, *fetched, line("ready", 4, "B", cell=3)], of)] == []
    for label in ("A", "B"):  # the robot knows only what it was told
        found = [*mixed([*together, fetched[0], line("ready", 4, label, cell=3)], of)]
        assert found == ["cell 3 holds food of ['A', 'B']"]


def test_4_2_portion_that_the_books_took_for_fetched_while_it_lay_there_is_named() -> None:
    taken = {"effect": "picked_up", "job_id": 1, "attempt": 2, "order_id": "A", "at": "2026-11-29T09:00:05.000Z"}
    assert [*freed_early([taken], {(1, 2): "2026-11-29T09:00:05.000Z", (2, 1): "2026-11-29T09:00:01.000Z"})] == []
    assert [*freed_early([taken], {(1, 2): "2026-11-29T09:00:04.999Z"})] != []
