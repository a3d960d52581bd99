"""Seed order 2, `menu/availability`: what can be sold now, by stop list, link and stock."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kiosk.domain.combo import Combo
from kiosk.domain.menu import Menu
from kiosk.domain.readiness import Kitchen
from kiosk.domain.reservation import portions_possible

OFFLINE = "kitchen_offline"
STOPPED = "stop_list"
SOLD_OUT = "sold_out"
NOT_ON_MENU = "not_on_menu"


class Availability(msgspec.Struct, frozen=True):
    """One entry of the seed's `GET /internal/menu/availability`."""

    item_id: str
    available: bool
    max_quantity: int
    reason: str | None


class Offer:
    """A look at one moment: all answers come from the same levels."""

    def __init__(self, menu: Menu, kitchen: Kitchen) -> None:
        self._menu = menu
        self._stopped = kitchen.stopped_items
        self._linked = kitchen.linked
        self._levels = kitchen.levels()
        self._held = dict(kitchen.held)

    def of(self, item_id: str) -> Availability:
        """Unknown items are unavailable with reason `not_on_menu`."""
        dish, combo = self._menu.dishes.get(item_id), self._menu.combos.get(item_id)
        if dish is None and combo is None:
            return Availability(item_id, False, 0, NOT_ON_MENU)
        if item_id in self._stopped:
            return Availability(item_id, False, 0, STOPPED)
        if not self._linked:
            return Availability(item_id, False, 0, OFFLINE)
        if combo is not None:
            return self._of_combo(combo)
        assert dish is not None
        return self._of_stock(item_id, dish.default_formula())

    def _of_combo(self, combo: Combo) -> Availability:
        chosen = combo.choose(gone=self.gone(combo))
        for option in chosen:
            if (reason := self.of(option.item).reason) is not None:
                return Availability(combo.item.id, False, 0, reason)
        return self._of_stock(combo.item.id, combo.formula(chosen))

    def _of_stock(self, item_id: str, formula: Mapping[str, int]) -> Availability:
        possible = portions_possible(formula, self._levels, self._held)
        return Availability(item_id, possible > 0, possible, None if possible else SOLD_OUT)

    def gone(self, combo: Combo) -> frozenset[str]:
        """Its dishes that cannot be had now."""
        return frozenset(item_id for item_id in combo.dishes_offered() if not self.of(item_id).available)

    def covers(self, formula: Mapping[str, int]) -> bool:
        """Whether one portion of it could be cooked now."""
        return all(self._levels.get(name, 0) - self._held.get(name, 0) >= amount for name, amount in formula.items())

    def same_as(self, other: Offer) -> bool:
        """Nothing that an answer depends on has changed in between."""
        return vars(self) == vars(other)
