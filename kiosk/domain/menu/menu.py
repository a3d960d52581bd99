"""The menu: what is sold, of what, with which options; `checks.py` builds it of a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from drivers.robot.equipment import Equipment
from kiosk.domain.hours import Week
from kiosk.domain.menu.chart import Chart
from kiosk.domain.menu.combo import Combo, ComboItem
from kiosk.domain.menu.dish import Dish, Item, ModifierGroup
from kiosk.domain.menu.ingredient import Allergen, Ingredient, Larder
from kiosk.domain.menu.prices import Priced, moments
from kiosk.domain.menu.rows import Strict
from kiosk.domain.menu.timetable import Again, Daypart, Holiday, Timetable
from kiosk.domain.text import Text, Wording


class Category(Strict, frozen=True):
    id: str
    name: Wording
    image: str


class MenuFile(Strict, frozen=True):
    """The shape of `menu.toml`."""

    ingredients: list[Ingredient]
    allergens: list[Allergen]
    modifier_groups: list[ModifierGroup]
    categories: list[Category]
    items: list[Item]
    combos: Sequence[ComboItem] = ()
    dayparts: Sequence[Daypart] = ()
    hours: Week | None = None
    holidays: Sequence[Holiday] = ()


@dataclass(frozen=True)
class Menu:
    """`dishes` and `combos` hold what may be sold; `categories` those that have something to sell. What is worked out
    of it once is kept with it. `prices_begun`: how many changes of prices are behind it, `out`: what is not sold at
    this hour; of the menu of an instant (`moment.py`)."""

    categories: tuple[Category, ...]
    dishes: Mapping[str, Dish]
    combos: Mapping[str, Combo]
    larder: Larder
    equipment: Equipment
    timetable: Timetable = field(default_factory=Timetable)
    prices_begun: int = 0
    out: Mapping[str, Again | None] = field(default_factory=dict)

    @cached_property
    def price_moments(self) -> tuple[datetime, ...]:
        """When any price changes, by the clocks of the restaurant."""
        return moments(self._priced_rows())

    def _priced_rows(self) -> Iterator[Priced]:
        for dish in self.dishes.values():
            yield dish.item
            yield from (option for group in dish.groups for option in group.options)
        for combo in self.combos.values():
            yield combo.item
            yield from (option for slot in combo.item.slots for option in slot.options)

    def priced(self, local: datetime) -> Menu:
        """With the prices of that moment; of a menu as it was built."""

        def has_come(begins: datetime) -> bool:
            return begins <= local

        dishes = {item_id: dish.priced(has_come) for item_id, dish in self.dishes.items()}
        combos = {item_id: combo.priced(has_come, dishes) for item_id, combo in self.combos.items()}
        return replace(self, dishes=dishes, combos=combos)

    @property
    def state(self) -> object:
        """What of it depends on the instant: of one menu, two with the same are the same."""
        return self.prices_begun, self.out

    @property
    def ingredients(self) -> Mapping[str, Ingredient]:
        return self.larder.ingredients

    def charts(self) -> list[Chart]:
        return [dish.chart for dish in self.dishes.values()]

    def sells(self, item_id: str) -> bool:
        return item_id in self.dishes or item_id in self.combos

    def sold(self) -> list[tuple[str, Text]]:
        """Id and name of everything a customer may order."""
        dishes: list[tuple[str, Text]] = [(dish.item.id, dish.item.name) for dish in self.dishes.values()]
        return dishes + [(combo.item.id, combo.item.name) for combo in self.combos.values()]

    def words(self) -> Iterator[Text]:
        """Every name and description that a guest may read."""
        for dish in self.dishes.values():
            yield from (dish.item.name, dish.item.description)
        for combo in self.combos.values():
            yield from (combo.item.name, combo.item.description, *(slot.name for slot in combo.item.slots))
        groups = {group.id: group for dish in self.dishes.values() for group in dish.groups}
        for group in groups.values():
            yield from (group.name, *(option.name for option in group.options))
        yield from (category.name for category in self.categories)
        yield from (row.name for row in self.ingredients.values())
        yield from (row.name for row in self.larder.allergens.values())

    @cached_property
    def by_code(self) -> Mapping[int, Ingredient]:
        """Ingredients by the number that the robot knows them by."""
        return {row.code: row for row in self.ingredients.values()}

    @cached_property
    def units(self) -> Mapping[str, str]:
        """Of amounts, by ingredient id."""
        return {row.id: row.unit for row in self.ingredients.values()}

    @cached_property
    def least_taken(self) -> Mapping[str, int]:
        """The smallest amount of each ingredient that any dish takes in its usual form."""
        least: dict[str, int] = {}
        for dish in self.dishes.values():
            for ingredient, amount in dish.default_formula().items():
                least[ingredient] = min(amount, least.get(ingredient, amount))
        return least

    def formula(self, item_id: str) -> dict[str, int] | None:
        """What one of it takes in its usual form; None for what is not sold."""
        if combo := self.combos.get(item_id):
            return combo.formula(combo.choose())
        dish = self.dishes.get(item_id)
        return dish.default_formula() if dish else None
