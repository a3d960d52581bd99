"""The menu: what is sold, of what, with which options; `checks.py` builds it of a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from drivers.robot.equipment import Equipment
from kiosk.domain.menu.chart import Chart
from kiosk.domain.menu.combo import Combo, ComboItem
from kiosk.domain.menu.dish import Dish, Item, ModifierGroup
from kiosk.domain.menu.ingredient import Allergen, Ingredient, Larder
from kiosk.domain.menu.rows import Strict
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


@dataclass(frozen=True)
class Menu:
    """`dishes` and `combos` hold what may be sold; `categories` those that have something to sell. What is worked out
    of it once is kept with it."""

    categories: tuple[Category, ...]
    dishes: Mapping[str, Dish]
    combos: Mapping[str, Combo]
    larder: Larder
    equipment: Equipment

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
