"""The menu: what is sold, of what, with which options; checked when it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kiosk.domain.chart import MAX_AMOUNT, MAX_FORMULA_LINES, Chart
from kiosk.domain.combo import Combo, ComboItem, build_combo
from kiosk.domain.dish import Allergen, Dish, HasId, Ingredient, Item, MenuError, ModifierGroup, Strict
from kiosk.domain.text import Text


class Category(Strict, frozen=True):
    id: str
    name: Text
    image: str


class MenuFile(Strict, frozen=True):
    """The shape of `menu.toml`."""

    ingredients: list[Ingredient]
    allergens: list[Allergen]
    modifier_groups: list[ModifierGroup]
    categories: list[Category]
    items: list[Item]
    combos: Sequence[ComboItem] = ()


@dataclass(frozen=True, slots=True)
class Menu:
    """`dishes` and `combos` hold what may be sold; `categories` those that have something to sell."""

    categories: tuple[Category, ...]
    dishes: Mapping[str, Dish]
    combos: Mapping[str, Combo]
    ingredients: Mapping[str, Ingredient]
    allergens: Mapping[str, Allergen]

    def charts(self) -> list[Chart]:
        return [dish.chart for dish in self.dishes.values()]

    def sold(self) -> list[tuple[str, Text]]:
        """Id and name of everything a customer may order."""
        dishes = [(dish.item.id, dish.item.name) for dish in self.dishes.values()]
        return dishes + [(combo.item.id, combo.item.name) for combo in self.combos.values()]

    def formula(self, item_id: str) -> dict[str, int] | None:
        """What one of it takes as it stands on the menu; None for what is not sold."""
        if combo := self.combos.get(item_id):
            return combo.formula(combo.choose())
        dish = self.dishes.get(item_id)
        return dish.default_formula() if dish else None


def build_menu(file: MenuFile, charts: Mapping[str, Chart]) -> Menu:
    """Resolve and check. Raises `MenuError`."""
    ingredients = _unique("ingredient", file.ingredients)
    allergens = _unique("allergen", file.allergens)
    groups = _unique("modifier group", file.modifier_groups)
    categories = _unique("category", file.categories)
    _unique("item", _ids(file.items) + _ids(file.combos))
    options = [option for group in file.modifier_groups for option in group.options]
    slots = [slot for combo in file.combos for slot in combo.slots]
    _unique("place", slots)
    _unique("option", [*_ids(options), *_ids(option for slot in slots for option in slot.options)])
    if len({ingredient.code for ingredient in file.ingredients}) != len(file.ingredients):
        raise MenuError("ingredient codes repeat")
    dishes: dict[str, Dish] = {}
    for item in file.items:
        _check_item(item, categories, allergens, groups)
        if item.sellable:
            dishes[item.id] = _dish(item, charts, groups, ingredients)
    combos = {item.id: build_combo(item, dishes) for item in file.combos}
    if unknown := [item.id for item in file.combos if item.category not in categories]:
        raise MenuError(f"combos {unknown}: unknown category")
    used = {dish.item.category for dish in dishes.values()} | {combo.item.category for combo in combos.values()}
    return Menu(tuple(c for c in file.categories if c.id in used), dishes, combos, ingredients, allergens)


_Row = TypeVar("_Row", bound=HasId)


def _ids(rows: Iterable[HasId]) -> list[HasId]:
    return list(rows)


def _unique(what: str, rows: Sequence[_Row]) -> dict[str, _Row]:
    found = {row.id: row for row in rows}
    if len(found) != len(rows):
        raise MenuError(f"{what} ids repeat")
    return found


def _check_item(
    item: Item,
    categories: Mapping[str, Category],
    allergens: Mapping[str, Allergen],
    groups: Mapping[str, ModifierGroup],
) -> None:
    if item.sellable and (item.marked or item.age_restricted):
        raise MenuError(f"item {item.id}: no marking or age check exists, it must not be sellable")
    if item.category not in categories:
        raise MenuError(f"item {item.id}: unknown category {item.category}")
    if unknown := [name for name in item.allergens if name not in allergens]:
        raise MenuError(f"item {item.id}: unknown allergens {unknown}")
    if unknown := [name for name in item.modifier_groups if name not in groups]:
        raise MenuError(f"item {item.id}: unknown modifier groups {unknown}")
    if len(set(item.modifier_groups)) != len(item.modifier_groups):
        raise MenuError(f"item {item.id}: modifier groups repeat")


def _dish(
    item: Item,
    charts: Mapping[str, Chart],
    groups: Mapping[str, ModifierGroup],
    ingredients: Mapping[str, Ingredient],
) -> Dish:
    if item.chart not in charts:
        raise MenuError(f"item {item.id}: no process chart {item.chart!r}")
    dish = Dish(item, charts[item.chart], tuple(groups[name] for name in item.modifier_groups))
    for group in dish.groups:
        if not 0 <= group.min <= group.max <= len(group.options):
            raise MenuError(f"group {group.id}: min and max do not fit its options")
    _check_with_options(dish, ingredients)
    return dish


def _check_with_options(dish: Dish, ingredients: Mapping[str, Ingredient]) -> None:
    """Whatever is chosen, the price stays one and the robot can be told the amounts."""
    item, most, cheapest = dish.item, Counter(dish.chart.formula), dish.item.price_kopecks
    for option in (option for group in dish.groups for option in group.options):
        cheapest += min(0, option.price_kopecks)
        for name, delta in option.ingredients.items():
            most[name] += max(0, delta)
    if cheapest < 100:
        raise MenuError(f"item {item.id}: a price is at least one rouble")
    if unknown := most.keys() - ingredients.keys():
        raise MenuError(f"item {item.id}: unknown ingredients {sorted(unknown)}")
    if len(most) > MAX_FORMULA_LINES:
        raise MenuError(f"item {item.id}: with its options more than {MAX_FORMULA_LINES} formula lines")
    if too_much := [name for name, amount in most.items() if amount > MAX_AMOUNT]:
        raise MenuError(f"item {item.id}: with its options more of {too_much[0]} than {MAX_AMOUNT}")
