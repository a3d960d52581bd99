"""One sweep: a life for each bomb, an order in each life, a death in the middle of it; the next life takes it up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import partial

from kiosk.wiring import Parts
from tests.crash.bombs import AtPoint
from tests.crash.judging import violations
from tests.crash.rig import Bomb, Gone, Purchase, World

#: In turn, so that no bin runs empty in a long sweep.
ITEMS = ("tea", "cola", "tea", "cola", "ice-cream")
_PER_WORLD = 60  # orders; then the bins would be low

Way = Callable[[World, int], Purchase | None]


def buy(place: World, port: int) -> Purchase | None:
    """One order, as a guest makes it."""
    return place.buy(port, ITEMS[len(place.purchases) % len(ITEMS)])


def points(names: Iterable[str]) -> list[Bomb]:
    """Named points as bombs that a new order sets off."""
    return [partial(AtPoint, name) for name in names]


def struck(
    place: World, bomb: Bomb, way: Way = buy, within_s: float = 5.0, variant: Callable[[], Parts] | None = None
) -> bool:
    """One life with a bomb and an order in it; whether the bomb went off."""
    place.scenarios += 1
    port = place.live(bomb, variant)
    if port is None:
        return True
    with contextlib.suppress(Gone):
        place.wait_open(port)
        way(place, port)
    return place.until_dead(within_s)


def sweep(
    bombs: Iterable[Bomb], make: Callable[[], World], way: Way = buy, within_s: float = 5.0, *, patient: bool = True
) -> tuple[list[str], list[Bomb]]:
    """Every bomb in turn, on as few worlds as stock allows: (violations, bombs that did not go off)."""
    found: list[str] = []
    missed: list[Bomb] = []
    left = list(bombs)
    while left:
        batch, left = left[:_PER_WORLD], left[_PER_WORLD:]
        place = make()
        try:
            for bomb in batch:
                if not struck(place, bomb, way, within_s):
                    missed.append(bomb)
            place.settle(place.alive(), patient=patient)
            found += violations(place)
            place.tell(found)
        finally:
            place.close()
    return found, missed
