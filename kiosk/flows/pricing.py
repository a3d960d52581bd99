"""Seed order 2: what was asked for becomes the order's lines, at the server's prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from kiosk.domain.combo import Combo
from kiosk.domain.dish import Dish, Option
from kiosk.domain.errors import InvalidRequest, ItemsUnavailable
from kiosk.domain.menu import Menu
from kiosk.domain.menu_rows import MenuError
from kiosk.domain.order import OrderLine
from kiosk.domain.readiness import Kitchen
from kiosk.domain.reasons import NOT_ON_MENU
from kiosk.flows.offering import Offer

_MAX_PORTIONS = 40


class WantedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=20)]
    modifiers: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=20)] = []


class Pricing:
    """Reads the menu, and for a combo's open places the kitchen."""

    def __init__(self, menu: Menu, kitchen: Kitchen) -> None:
        self._menu = menu
        self._kitchen = kitchen

    def lines(self, wishes: Sequence[WantedLine]) -> list[OrderLine]:
        """Resolve the wish against the menu, prices by the server; a combo becomes its dishes."""
        sold = {item_id for item_id, _ in self._menu.sold()}
        unknown = [wish.item_id for wish in wishes if wish.item_id not in sold]
        if unknown:
            raise ItemsUnavailable(items=[{"item_id": item_id, "reason": NOT_ON_MENU} for item_id in unknown])
        lines: list[OrderLine] = []
        for index, wish in enumerate(wishes):
            try:
                lines += self._of_wish(wish, len(lines) + 1)
            except MenuError as error:
                raise InvalidRequest.at(f"$.items[{index}].modifiers", str(error)) from error
        if sum(line.quantity for line in lines) > _MAX_PORTIONS:
            raise InvalidRequest.at("$.items", f"at most {_MAX_PORTIONS} portions in one order")
        return lines

    def _of_wish(self, wish: WantedLine, number: int) -> list[OrderLine]:
        combo = self._menu.combos.get(wish.item_id)
        if combo is None:
            dish = self._menu.dishes[wish.item_id]
            options = dish.choose(wish.modifiers)
            return [_line(number, dish, options, dish.price_kopecks(options), wish.quantity)]
        return self._of_combo(combo, wish, number)

    def _of_combo(self, combo: Combo, wish: WantedLine, number: int) -> list[OrderLine]:
        gone = Offer(self._menu, self._kitchen).gone(combo)
        parts = combo.parts(combo.choose(wish.modifiers, gone))
        return [
            _line(number + n, part.dish, part.dish.choose(()), part.price_kopecks, wish.quantity, combo.item.id)
            for n, part in enumerate(parts)
        ]


def _line(
    number: int,
    dish: Dish,
    options: tuple[Option, ...],
    price_kopecks: int,
    quantity: int,
    combo_id: str | None = None,
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
        combo_id=combo_id,
    )
