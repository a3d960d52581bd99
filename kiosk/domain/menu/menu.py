"""The menu: what is sold, of what, with which options; checked when it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import msgspec

from drivers.robot.equipment import Equipment
from kiosk.domain.menu.chart import MAX_AMOUNT, MAX_FORMULA_LINES, Chart
from kiosk.domain.menu.combo import Combo, ComboItem, build_combo
from kiosk.domain.menu.dish import Dish, Item, ModifierGroup, Option
from kiosk.domain.menu.ingredient import COMPUTED_TAGS, Allergen, Ingredient, Larder, check_ingredient
from kiosk.domain.menu.limits import check_groups, check_rows, check_sold
from kiosk.domain.menu.rows import HasId, MenuError, Strict
from kiosk.domain.menu.wording import check_description, check_id, check_name, check_picture, check_receipt_name
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


def build_menu(file: MenuFile, charts: Mapping[str, Chart], equipment: Equipment) -> Menu:
    """Resolve and check; the charts are for this complex. Raises `MenuError`."""
    _check_limits(file)
    larder = Larder(_unique("ingredient", file.ingredients), _unique("allergen", file.allergens))
    groups = _unique("modifier group", file.modifier_groups)
    categories = _unique("category", file.categories)
    _unique("item", _ids(file.items) + _ids(file.combos))
    options = [option for group in file.modifier_groups for option in group.options]
    slots = [slot for combo in file.combos for slot in combo.slots]
    _unique("place", slots)
    _unique("option", [*_ids(options), *_ids(option for slot in slots for option in slot.options)])
    if len({ingredient.code for ingredient in file.ingredients}) != len(file.ingredients):
        raise MenuError("ingredient codes repeat")
    _check_words(file)
    for ingredient in file.ingredients:
        check_ingredient(ingredient, larder.allergens)
    for option in options:
        _check_option(option, larder)
    dishes: dict[str, Dish] = {}
    for item in file.items:
        _check_item(item, categories, larder.allergens, groups)
        if item.sellable:
            dishes[item.id] = _dish(item, charts, groups, larder)
    for row in file.combos:
        _check_stated(f"combo {row.id}", row.allergens, (), larder)
    combos = {item.id: build_combo(item, dishes) for item in file.combos}
    if unknown := [item.id for item in file.combos if item.category not in categories]:
        raise MenuError(f"combos {unknown}: unknown category")
    used = {dish.item.category for dish in dishes.values()} | {combo.item.category for combo in combos.values()}
    return Menu(tuple(c for c in file.categories if c.id in used), dishes, combos, larder, equipment)


def _check_limits(file: MenuFile) -> None:
    check_rows(
        ingredients=file.ingredients,
        allergens=file.allergens,
        modifier_groups=file.modifier_groups,
        categories=file.categories,
        items=file.items,
        combos=file.combos,
    )
    check_groups(file.modifier_groups)
    check_sold(file.items, file.combos)


_Row = TypeVar("_Row", bound=HasId)


def _ids(rows: Iterable[HasId]) -> list[HasId]:
    return list(rows)


def _unique(what: str, rows: Sequence[_Row]) -> dict[str, _Row]:
    found = {row.id: row for row in rows}
    if len(found) != len(rows):
        raise MenuError(f"{what} ids repeat")
    for row in rows:
        check_id(what, row.id)
    return found


def _check_words(file: MenuFile) -> None:
    """Every name and description that a customer reads."""
    named: list[tuple[str, str, Text]] = [
        *(("ingredient", row.id, row.name) for row in file.ingredients),
        *(("allergen", row.id, row.name) for row in file.allergens),
        *(("category", row.id, row.name) for row in file.categories),
        *(("modifier group", row.id, row.name) for row in file.modifier_groups),
        *(("option", row.id, row.name) for group in file.modifier_groups for row in group.options),
        *(("place", row.id, row.name) for combo in file.combos for row in combo.slots),
        *(("combo", row.id, row.name) for row in file.combos),
        *(("item", row.id, row.name) for row in file.items),
    ]
    for kind, row_id, name in named:
        check_name(f"{kind} {row_id}", name)
    for category in file.categories:
        check_picture(f"category {category.id}", category.image)
    for kind, row in [("item", row) for row in file.items] + [("combo", row) for row in file.combos]:
        check_picture(f"{kind} {row.id}", row.image)
        check_description(f"{kind} {row.id}", row.description)
        check_receipt_name(f"{kind} {row.id}", row.name)


def _check_option(option: Option, larder: Larder) -> None:
    if unknown := [name for name in option.ingredients if name not in larder.ingredients]:
        raise MenuError(f"option {option.id}: unknown ingredients {unknown}")
    _check_stated(f"option {option.id}", option.allergens, larder.allergens_of(option.adds()), larder)


def _check_stated(where: str, stated: list[str] | None, told: Collection[str], larder: Larder) -> None:
    """A stated list names allergens that exist, and all that the ingredients declare."""
    if unknown := [name for name in stated or () if name not in larder.allergens]:
        raise MenuError(f"{where}: unknown allergens {unknown}")
    if stated is not None and (hidden := [name for name in told if name not in stated]):
        raise MenuError(f"{where}: allergens do not name {hidden}, which its ingredients have")


def _check_item(
    item: Item,
    categories: Mapping[str, Category],
    allergens: Collection[str],
    groups: Mapping[str, ModifierGroup],
) -> None:
    if item.sellable and (item.marked or item.age_restricted):
        raise MenuError(f"item {item.id}: no marking or age check exists, it must not be sellable")
    if item.category not in categories:
        raise MenuError(f"item {item.id}: unknown category {item.category}")
    if unknown := [name for name in item.allergens or () if name not in allergens]:
        raise MenuError(f"item {item.id}: unknown allergens {unknown}")
    if unknown := [name for name in item.modifier_groups if name not in groups]:
        raise MenuError(f"item {item.id}: unknown modifier groups {unknown}")
    for tag in item.tags:
        check_id(f"item {item.id}: tags", tag)
    if len(set(item.modifier_groups)) != len(item.modifier_groups):
        raise MenuError(f"item {item.id}: modifier groups repeat")
    if not 0.1 <= item.yield_ <= 5:
        raise MenuError(f"item {item.id}: yield must be 0.1…5, not {item.yield_}")


def _dish(item: Item, charts: Mapping[str, Chart], groups: Mapping[str, ModifierGroup], larder: Larder) -> Dish:
    if item.chart not in charts:
        raise MenuError(f"item {item.id}: no process chart {item.chart!r}")
    chart = charts[item.chart]
    for group in (groups[name] for name in item.modifier_groups):
        if not 0 <= group.min <= group.max <= len(group.options):
            raise MenuError(f"group {group.id}: min and max do not fit its options")
    dish = Dish(item, chart, tuple(_fitted(groups[name], chart) for name in item.modifier_groups), larder)
    _check_with_options(dish)
    told = larder.allergens_of([*chart.formula, *dish.default_formula()])
    _check_stated(f"item {item.id}", item.allergens, told, larder)
    _check_tags(dish)
    return dish


def _fitted(group: ModifierGroup, chart: Chart) -> ModifierGroup:
    """The group for one dish: nothing takes more away than is in it."""
    options = [
        msgspec.structs.replace(
            option,
            ingredients={
                name: fitted
                for name, delta in option.ingredients.items()
                if (fitted := max(delta, -chart.formula.get(name, 0)))
            },
        )
        for option in group.options
    ]
    return msgspec.structs.replace(group, options=options)


def _check_with_options(dish: Dish) -> None:
    """Whatever is chosen, the price stays one and the amounts can be sent to the robot."""
    item, most, cheapest = dish.item, Counter(dish.chart.formula), dish.item.price_kopecks
    for option in (option for group in dish.groups for option in group.options):
        cheapest += min(0, option.price_kopecks)
        for name, delta in option.ingredients.items():
            most[name] += max(0, delta)
    if cheapest < 100:
        raise MenuError(f"item {item.id}: a price is at least one rouble")
    if unknown := most.keys() - dish.larder.ingredients.keys():
        raise MenuError(f"item {item.id}: unknown ingredients {sorted(unknown)}")
    if len(most) > MAX_FORMULA_LINES:
        raise MenuError(f"item {item.id}: with its options more than {MAX_FORMULA_LINES} formula lines")
    if too_much := [name for name, amount in most.items() if amount > MAX_AMOUNT]:
        raise MenuError(f"item {item.id}: with its options more of {too_much[0]} than {MAX_AMOUNT}")
    least = Counter(dish.chart.formula)
    for option in dish.standing():
        least.update(option.ingredients)
    if short := [name for name, amount in least.items() if amount < 0]:
        raise MenuError(f"item {item.id}: the first options of its groups take more {short[0]} away than there is")
    if not dish.default_formula():
        raise MenuError(f"item {item.id}: nothing is in a portion")


def _check_tags(dish: Dish) -> None:
    """What follows from the ingredients need not be stated; where it is, it must be true."""
    true = dish.contents(dish.choose(())).tags
    if wrong := [tag for tag in dish.item.tags if tag in COMPUTED_TAGS and tag not in true]:
        raise MenuError(f"item {dish.item.id}: tag {wrong[0]} does not follow from its ingredients")
