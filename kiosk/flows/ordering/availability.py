"""Seed order 2, `menu/availability`: what can be sold now, by stop list, link and stock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from kiosk.domain.kitchen.state import KitchenState
from kiosk.domain.menu.combo import Combo
from kiosk.domain.menu.dish import Dish
from kiosk.domain.menu.menu import Menu
from kiosk.domain.ordering.reservation import portions_possible
from kiosk.domain.reasons import NOT_AT_THIS_HOUR, NOT_ON_MENU, ROBOT_OFFLINE, SOLD_OUT, STATION_DOWN, STOPPED


class Availability(msgspec.Struct, frozen=True):
    """One entry of the seed's `GET /internal/menu/availability`."""

    item_id: str
    available: bool
    max_quantity: int
    reason: str | None


class Offer:
    """A look at one moment: all answers come from the same levels. `any_hour`: dayparts do not matter."""

    def __init__(self, menu: Menu, kitchen: KitchenState, *, any_hour: bool = False) -> None:
        self.menu = menu
        self._out: Collection[str] = () if any_hour else menu.out
        self._stopped = kitchen.stopped_items
        self._stopped_ingredients = kitchen.ingredients_closed
        self._lots_closed = kitchen.lots_closed
        self._stations_closed = kitchen.stations_not_sold
        self._linked = kitchen.linked
        self._levels = kitchen.levels()
        self._held = kitchen.held

    def of(self, item_id: str) -> Availability:
        """Unknown items are unavailable with reason `not_on_menu`."""
        if (reason := self.why_not_named(item_id)) is not None:
            return Availability(item_id, available=False, max_quantity=0, reason=reason)
        if (combo := self.menu.combos.get(item_id)) is not None:
            return self._of_combo(combo)
        return self._of_dish(self.menu.dishes[item_id])

    def why_not_named(self, item_id: str) -> str | None:
        """Why nothing is sold by this name, or None."""
        if not self.menu.sells(item_id):
            return NOT_ON_MENU
        if item_id in self._stopped:
            return STOPPED
        return NOT_AT_THIS_HOUR if item_id in self._out else None if self._linked else ROBOT_OFFLINE

    def why_not(self, item_id: str, formula: Mapping[str, int], stations: Iterable[int]) -> str | None:
        """Why a dish made of this, at these stations, is not cooked now, or None; the stock is counted elsewhere."""
        if (reason := self.why_not_named(item_id)) is not None:
            return reason
        if any(amount > 0 and name in self._stopped_ingredients for name, amount in formula.items()):
            return STOPPED
        if (reason := self._of_lots(formula)) is not None:
            return reason
        return None if self._stations_closed.isdisjoint(stations) else STATION_DOWN

    def _of_lots(self, formula: Mapping[str, int]) -> str | None:
        """Why nothing is made of what lies in the bins, though there is enough."""
        return next(
            (self._lots_closed[n] for n, amount in formula.items() if amount > 0 and n in self._lots_closed), None
        )

    def _of_dish(self, dish: Dish) -> Availability:
        """As it comes with the first options that are there."""
        return self._of_formula(dish, dish.formula(dish.choose((), self.gone_options(dish))))

    def _of_formula(self, dish: Dish, formula: Mapping[str, int]) -> Availability:
        item_id = dish.item.id
        reason = self.why_not(item_id, formula, dish.chart.stations)
        return (
            self._of_stock(item_id, formula)
            if reason is None
            else Availability(item_id, available=False, max_quantity=0, reason=reason)
        )

    def _of_combo(self, combo: Combo) -> Availability:
        chosen = combo.choose(gone=self.gone(combo))
        for option in chosen:
            if (reason := self.in_combo(option.item).reason) is not None:
                return Availability(combo.item.id, available=False, max_quantity=0, reason=reason)
        return self._of_stock(combo.item.id, combo.formula(chosen))

    def _of_stock(self, item_id: str, formula: Mapping[str, int]) -> Availability:
        possible = portions_possible(formula, self._levels, self._held)
        return Availability(item_id, possible > 0, possible, None if possible else SOLD_OUT)

    def gone(self, combo: Combo) -> frozenset[str]:
        """Its dishes that cannot be had now."""
        return frozenset(item_id for item_id in combo.dishes_offered() if not self.in_combo(item_id).available)

    def in_combo(self, item_id: str) -> Availability:
        """A dish of a combo comes with its first options, whatever else there is."""
        dish = self.menu.dishes[item_id]
        return self._of_formula(dish, dish.default_formula())

    def gone_options(self, dish: Dish) -> frozenset[str]:
        """Its options that cannot be had now."""
        options = (option for group in dish.groups for option in group.options)
        return frozenset(option.id for option in options if self.why_not_option(dish.formula((option,))))

    def why_not_option(self, formula: Mapping[str, int]) -> str | None:
        """Why a dish with this formula could not be had as chosen, or None."""
        if any(amount > 0 and name in self._stopped_ingredients for name, amount in formula.items()):
            return STOPPED
        if (reason := self._of_lots(formula)) is not None:
            return reason
        held = self._held
        short = any(self._levels.get(name, 0) - held.get(name, 0) < amount for name, amount in formula.items())
        return SOLD_OUT if short else None

    def same_as(self, other: Offer) -> bool:
        """Nothing that an answer depends on has changed in between."""
        return vars(self) == vars(other)
