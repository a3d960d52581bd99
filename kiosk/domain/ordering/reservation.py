"""Ingredients: what is sellable, what an order needs, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec


class Shortage(msgspec.Struct, frozen=True):
    """One entry of `missing` (seed 3.2)."""

    ingredient: str
    needed: int
    available: int
    unit: str


def total_needs(formulas: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Amount by ingredient over all portions."""
    needs: Counter[str] = Counter()
    for formula in formulas:
        needs.update(formula)
    return dict(needs)


def shortages(
    needs: Mapping[str, int], levels: Mapping[str, int], held: Mapping[str, int], units: Mapping[str, str]
) -> list[Shortage]:
    """What is missing when `held` is taken off `levels` (level less the robot's own commitments)."""
    found = []
    for ingredient, needed in sorted(needs.items()):
        available = max(0, levels.get(ingredient, 0) - held.get(ingredient, 0))
        if available < needed:
            found.append(Shortage(ingredient, needed, available, units.get(ingredient, "")))
    return found


def portions_possible(formula: Mapping[str, int], levels: Mapping[str, int], held: Mapping[str, int]) -> int:
    """How many portions of one formula the sellable amounts allow."""
    return min(
        (
            max(0, levels.get(ingredient, 0) - held.get(ingredient, 0)) // amount
            for ingredient, amount in formula.items()
            if amount > 0
        ),
        default=0,
    )
