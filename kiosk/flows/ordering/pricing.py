"""Seed order 2: what was asked for becomes the order's lines, at the server's prices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from kiosk.domain.errors import InvalidRequest, ItemsUnavailable
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.combo import Combo
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.dish import Dish, Option
from kiosk.domain.menu.ingredient import Contents
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.ordering.order import OrderLine, SoldOption
from kiosk.domain.reasons import NOT_ON_MENU
from kiosk.flows.ordering.availability import Offer

_MAX_PORTIONS = 40


class WantedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=20)]
    modifiers: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=20)] = []


@dataclass(frozen=True, slots=True)
class Priced:
    """One wish at the server's prices: a dish is one line, a combo one for each dish, what is unknown none."""

    lines: tuple[OrderLine, ...]
    contents: Callable[[], Contents] | None  # worked out for whoever shows it


class Pricing:
    """Reads the menu, and for a combo's open places the kitchen."""

    def __init__(self, menu: CurrentMenu, kitchen: Kitchen) -> None:
        self._menu = menu
        self._kitchen = kitchen

    def lines(self, wishes: Sequence[WantedLine]) -> list[OrderLine]:
        """The order's lines. Raises `InvalidRequest`, and `ItemsUnavailable` for what is not on the menu."""
        unknown = [wish.item_id for wish in wishes if not self._menu.now.sells(wish.item_id)]
        if unknown:
            raise ItemsUnavailable(items=[{"item_id": item_id, "reason": NOT_ON_MENU} for item_id in unknown])
        return [line for one in self.of_each(wishes) for line in one.lines]

    def of_each(self, wishes: Sequence[WantedLine]) -> list[Priced]:
        """Every wish resolved against the menu. Raises `InvalidRequest`."""
        found: list[Priced] = []
        number = 1
        for index, wish in enumerate(wishes):
            try:
                found.append(self._of_wish(wish, number))
            except MenuError as error:
                raise InvalidRequest.at(f"$.items[{index}].modifiers", str(error)) from error
            number += len(found[-1].lines)
        if sum(line.quantity for one in found for line in one.lines) > _MAX_PORTIONS:
            raise InvalidRequest.at("$.items", f"at most {_MAX_PORTIONS} portions in one order")
        return found

    def _of_wish(self, wish: WantedLine, number: int) -> Priced:
        if combo := self._menu.now.combos.get(wish.item_id):
            return self._of_combo(combo, wish, number)
        dish = self._menu.now.dishes.get(wish.item_id)
        if dish is None:
            return Priced((), None)
        options = dish.choose(wish.modifiers, Offer(self._menu.now, self._kitchen.now).gone_options(dish))
        line = _line(number, dish, options, dish.price_kopecks(options), wish.quantity)
        return Priced((line,), lambda: dish.contents(options))

    def _of_combo(self, combo: Combo, wish: WantedLine, number: int) -> Priced:
        chosen = combo.choose(wish.modifiers, Offer(self._menu.now, self._kitchen.now).gone(combo))
        lines = [
            _line(number + n, part.dish, part.dish.choose(()), part.price_kopecks, wish.quantity, combo)
            for n, part in enumerate(combo.parts(chosen))
        ]
        return Priced(tuple(lines), lambda: combo.contents(chosen))


def _line(
    number: int,
    dish: Dish,
    options: tuple[Option, ...],
    price_kopecks: int,
    quantity: int,
    combo: Combo | None = None,
) -> OrderLine:
    return OrderLine(
        line=number,
        item_id=dish.item.id,
        name_ru=dish.item.name.ru,
        name_en=dish.item.name.en,
        quantity=quantity,
        price_kopecks=price_kopecks,
        options=[option.id for option in options],
        recipe=dish.chart.code,
        chart_fingerprint=dish.chart.fingerprint,
        formula=dish.formula(options),
        combo_id=None if combo is None else combo.item.id,
        names=dish.item.name.further(),
        combo_places=None if combo is None else len(combo.item.slots),
        combo_name_ru=None if combo is None else combo.item.name.ru,
        sold_options=[
            # in a combo it is in the combo's price
            SoldOption(option.id, option.name.ru, 0 if combo else option.price_kopecks)
            for option in options
        ],
    )
