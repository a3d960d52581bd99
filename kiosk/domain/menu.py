"""The menu: what is sold, of what, with which options; checked when it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from kiosk.domain.chart import MAX_AMOUNT, MAX_FORMULA_LINES, Chart
from kiosk.domain.text import Text


class MenuError(ValueError):
    """A menu that must not be sold; the text names the place."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Ingredient(_Strict, frozen=True):
    id: str
    code: int
    unit: str
    name: Text


class Allergen(_Strict, frozen=True):
    id: str
    name: Text


class Option(_Strict, frozen=True):
    """`ingredients`: deltas to the dish's formula, may be negative."""

    id: str
    name: Text
    price_kopecks: int = 0
    ingredients: dict[str, int] = {}


class ModifierGroup(_Strict, frozen=True):
    id: str
    name: Text
    min: int
    max: int
    options: list[Option]


class Category(_Strict, frozen=True):
    id: str
    name: Text
    image: str


class Nutrition(_Strict, frozen=True):
    kcal: int
    protein_g: float
    fat_g: float
    carbohydrate_g: float


class Item(_Strict, frozen=True):
    """One dish. `marked`: sold by a marking code (Честный знак); neither that nor an age check exists yet."""

    id: str
    category: str
    name: Text
    description: Text
    price_kopecks: int
    weight_g: int
    nutrition: Nutrition
    image: str
    chart: str = ""
    allergens: list[str] = []
    tags: list[str] = []
    modifier_groups: list[str] = []
    marked: bool = False
    age_restricted: bool = False
    sellable: bool = True


class MenuFile(_Strict, frozen=True):
    """The shape of `menu.toml`."""

    ingredients: list[Ingredient]
    allergens: list[Allergen]
    modifier_groups: list[ModifierGroup]
    categories: list[Category]
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Dish:
    """A sellable item with everything it refers to resolved."""

    item: Item
    chart: Chart
    groups: tuple[ModifierGroup, ...]

    def choose(self, option_ids: Iterable[str]) -> tuple[Option, ...]:
        """The chosen options, in the menu's order; a compulsory group left open takes its first ones. Raises
        `MenuError` for an unknown or repeated option or a group's count outside min…max."""
        wanted = list(option_ids)
        chosen: list[Option] = []
        for group in self.groups:
            picked = [option for option in group.options if option.id in wanted]
            if not picked:
                chosen += group.options[: group.min]
                continue
            if not group.min <= len(picked) <= group.max:
                raise MenuError(f"group {group.id}: choose {group.min}…{group.max} options")
            chosen += picked
        if len(set(wanted)) != len(wanted) or not set(wanted) <= {option.id for option in chosen}:
            raise MenuError("an option is unknown to this item or stands twice")
        return tuple(chosen)

    def formula(self, options: Iterable[Option] = ()) -> dict[str, int]:
        """Amount by ingredient id for one portion; options applied, nothing below zero."""
        amounts = dict(self.chart.formula)
        for option in options:
            for ingredient, delta in option.ingredients.items():
                amounts[ingredient] = max(0, amounts.get(ingredient, 0) + delta)
        return {ingredient: amount for ingredient, amount in amounts.items() if amount}

    def default_formula(self) -> dict[str, int]:
        """What a portion takes when nothing is chosen."""
        return self.formula(self.choose(()))


@dataclass(frozen=True, slots=True)
class Menu:
    """`dishes` holds what may be sold; `categories` those that have something to sell."""

    categories: tuple[Category, ...]
    dishes: Mapping[str, Dish]
    ingredients: Mapping[str, Ingredient]
    allergens: Mapping[str, Allergen]

    def charts(self) -> list[Chart]:
        return [dish.chart for dish in self.dishes.values()]


def build_menu(file: MenuFile, charts: Mapping[str, Chart]) -> Menu:
    """Resolve and check. Raises `MenuError`."""
    ingredients = _unique("ingredient", file.ingredients)
    allergens = _unique("allergen", file.allergens)
    groups = _unique("modifier group", file.modifier_groups)
    categories = _unique("category", file.categories)
    _unique("item", file.items)
    _unique("option", [option for group in file.modifier_groups for option in group.options])
    if len({ingredient.code for ingredient in file.ingredients}) != len(file.ingredients):
        raise MenuError("ingredient codes repeat")
    dishes: dict[str, Dish] = {}
    for item in file.items:
        _check_item(item, categories, allergens, groups)
        if item.sellable:
            dishes[item.id] = _dish(item, charts, groups, ingredients)
    used = {dish.item.category for dish in dishes.values()}
    return Menu(tuple(c for c in file.categories if c.id in used), dishes, ingredients, allergens)


_Row = TypeVar("_Row", Ingredient, Allergen, ModifierGroup, Category, Item, Option)


def _unique(what: str, rows: list[_Row]) -> dict[str, _Row]:
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
