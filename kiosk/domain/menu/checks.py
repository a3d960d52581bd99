"""The whole check of a menu: everything that is wrong with it is found at once, each thing at its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from drivers.robot.equipment import Equipment
from kiosk.domain.menu.chart import Chart
from kiosk.domain.menu.combo import Combo, ComboItem, build_combo
from kiosk.domain.menu.dish import Dish, Item, ModifierGroup, Option
from kiosk.domain.menu.dish_checks import Makings, build_dish, check_stated
from kiosk.domain.menu.ingredient import Larder, check_grams, check_ingredient, check_nutrition
from kiosk.domain.menu.limits import check_choices, check_combo, check_group, check_item, check_rows
from kiosk.domain.menu.menu import Category, Menu, MenuFile
from kiosk.domain.menu.prices import check_moments
from kiosk.domain.menu.rows import HasId, MenuError, Place, option_place, place, slot_place
from kiosk.domain.menu.timetable import build_timetable
from kiosk.domain.menu.wording import check_description, check_id, check_name, check_picture, check_receipt_name
from kiosk.domain.text import Text

_Row = TypeVar("_Row", bound=HasId)
_T = TypeVar("_T")


class Errors:
    """What was found, each thing once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], MenuError] = {}

    @property
    def found(self) -> list[MenuError]:
        return list(self._found.values())

    def of(self, check: Callable[..., _T], *args: Any) -> _T | None:
        """What `check` gives; None where it finds something."""
        try:
            return check(*args)
        except MenuError as error:
            self.add(error)
            return None

    def add(self, error: MenuError) -> None:
        self._found.setdefault((str(error), error.table, error.row_id, error.field), error)


def look_through(
    file: MenuFile, charts: Mapping[str, Chart], equipment: Equipment, errors: Errors, unfit: Collection[str] = ()
) -> Menu | None:
    """The menu, or None and what is wrong with it. `unfit`: charts that there are, but cannot be cooked: that is told
    elsewhere."""
    if not _is_measured(file, errors):
        return None
    _check_rows(file, errors)
    larder = Larder(_by_id(file.ingredients), _by_id(file.allergens))
    for ingredient in file.ingredients:
        errors.of(check_ingredient, ingredient, larder.allergens)
        errors.of(check_grams, ingredient)
        errors.of(check_nutrition, ingredient)
    for group in file.modifier_groups:
        for option in group.options:
            errors.of(_check_option, option_place(group.id, option.id), option, larder)
    if errors.found:  # what dishes are made of must be true before anything follows from it
        _check_items(file, larder, errors)
        return None
    dishes = _dishes(Makings(charts, unfit, _by_id(file.modifier_groups), larder), file, errors)
    combos = _combos(file, dishes, larder, errors)
    timetable = errors.of(build_timetable, file.dayparts, file.hours, file.holidays, _sold(file))
    if not errors.found and not unfit and not dishes:
        errors.add(MenuError("nothing is sold", Text("ни одно блюдо не продаётся", "nothing is sold"), table="items"))
    if errors.found or unfit or timetable is None:
        return None
    used = {dish.item.category for dish in dishes.values()} | {combo.item.category for combo in combos.values()}
    menu = Menu(tuple(c for c in file.categories if c.id in used), dishes, combos, larder, equipment, timetable)
    errors.of(_check_every_price, menu)
    return None if errors.found else menu


def _check_every_price(menu: Menu) -> None:
    """At every moment from which on one is another."""
    check_moments(menu.price_moments)
    for moment in menu.price_moments:
        then = menu.priced(moment)
        try:
            for dish in then.dishes.values():
                dish.check_price()
            for combo in then.combos.values():
                combo.check_price()
        except MenuError as error:
            at = f"{moment:%Y-%m-%dT%H:%M}"
            text = Text(f"с {at}: {error.text.ru}", f"from {at}: {error.text.en}")
            place_of = {"table": error.table, "row_id": error.row_id, "field": "prices"}
            raise MenuError(f"from {at}: {error}", text, **place_of) from error


def _is_measured(file: MenuFile, errors: Errors) -> bool:
    """What has no measure is not looked at any further."""
    tables = {name: getattr(file, name) for name in file.__struct_fields__}
    errors.of(lambda: check_rows(**{name: rows for name, rows in tables.items() if isinstance(rows, Sequence)}))
    if errors.found:
        return False
    for group in file.modifier_groups:
        errors.of(check_group, group)
    for item in file.items:
        errors.of(check_item, item)
    for combo in file.combos:
        errors.of(check_combo, combo)
    errors.of(check_choices, file.modifier_groups, file.items, file.combos)
    return not errors.found


def _check_rows(file: MenuFile, errors: Errors) -> None:
    """Ids, codes and words."""
    _check_unique("ingredient", ((place("ingredients", row.id), row.id) for row in file.ingredients), errors)
    _check_unique("allergen", ((place("allergens", row.id), row.id) for row in file.allergens), errors)
    _check_unique(
        "modifier group", ((place("modifier_groups", row.id), row.id) for row in file.modifier_groups), errors
    )
    _check_unique("category", ((place("categories", row.id), row.id) for row in file.categories), errors)
    sold = [*((place("items", row.id), row.id) for row in file.items)]
    _check_unique("item", [*sold, *((place("combos", row.id), row.id) for row in file.combos)], errors)
    slots = [(slot_place(combo.id, slot.id), slot) for combo in file.combos for slot in combo.slots]
    _check_unique("place", ((where, slot.id) for where, slot in slots), errors)
    options = [(option_place(group.id, row.id), row.id) for group in file.modifier_groups for row in group.options]
    _check_unique("option", [*options, *((where, row.id) for where, slot in slots for row in slot.options)], errors)
    codes = Counter(row.code for row in file.ingredients)
    for ingredient in file.ingredients:
        if codes[ingredient.code] > 1:
            text = Text(f"код {ingredient.code} уже у другого ингредиента", f"code {ingredient.code} stands twice")
            errors.add(
                MenuError("ingredient codes repeat", text, table="ingredients", row_id=ingredient.id, field="code")
            )
    _check_words(file, errors)


def _by_id(rows: Iterable[_Row]) -> dict[str, _Row]:
    return {row.id: row for row in rows}


def _check_unique(what: str, rows: Iterable[tuple[Place, str]], errors: Errors) -> None:
    seen: set[str] = set()
    for where, row_id in rows:
        if row_id in seen:
            error = where.wrong("id", f"{row_id} уже есть", f"{row_id} stands twice")
            errors.add(
                MenuError(f"{what} ids repeat", error.text, table=error.table, row_id=error.row_id, field=error.field)
            )
        seen.add(row_id)
        errors.of(check_id, where, row_id)


def _check_words(file: MenuFile, errors: Errors) -> None:
    """Every name and description that a customer reads."""
    for where, name in _names(file):
        errors.of(check_name, where, name)
    for category in file.categories:
        errors.of(check_picture, place("categories", category.id), category.image)
    for where, row in _sold(file):
        errors.of(check_picture, where, row.image)
        errors.of(check_description, where, row.description)
        errors.of(check_receipt_name, where, row.name)


def _sold(file: MenuFile) -> list[tuple[Place, Item | ComboItem]]:
    items: list[tuple[Place, Item | ComboItem]] = [(place("items", row.id), row) for row in file.items]
    return [*items, *((place("combos", row.id), row) for row in file.combos)]


def _names(file: MenuFile) -> Iterator[tuple[Place, Text]]:
    yield from ((place("ingredients", row.id), row.name) for row in file.ingredients)
    yield from ((place("allergens", row.id), row.name) for row in file.allergens)
    yield from ((place("categories", row.id), row.name) for row in file.categories)
    for group in file.modifier_groups:
        yield place("modifier_groups", group.id), group.name
        yield from ((option_place(group.id, row.id), row.name) for row in group.options)
    for combo in file.combos:
        yield from ((slot_place(combo.id, row.id), row.name) for row in combo.slots)
        yield place("combos", combo.id), combo.name
    yield from ((place("items", row.id), row.name) for row in file.items)


def _check_option(where: Place, option: Option, larder: Larder) -> None:
    if unknown := [name for name in option.ingredients if name not in larder.ingredients]:
        raise where.wrong(
            "ingredients", f"таких ингредиентов нет: {', '.join(unknown)}", f"unknown ingredients {unknown}"
        )
    check_stated(where, option.allergens, larder.allergens_of(option.adds()), larder)


def _check_items(file: MenuFile, larder: Larder, errors: Errors) -> None:
    categories, groups = _by_id(file.categories), _by_id(file.modifier_groups)
    for item in file.items:
        errors.of(_check_item, item, categories, larder.allergens, groups)


def _check_item(
    item: Item,
    categories: Mapping[str, Category],
    allergens: Collection[str],
    groups: Mapping[str, ModifierGroup],
) -> bool:
    where = place("items", item.id)
    if item.sellable and (item.marked or item.age_restricted):
        ru = "проверки маркировки и возраста нет: такое не продаётся"
        raise where.wrong("sellable", ru, "no marking or age check exists, it must not be sellable")
    _check_category(where, item.category, categories)
    if unknown := [name for name in item.allergens or () if name not in allergens]:
        raise where.wrong("allergens", f"таких аллергенов нет: {', '.join(unknown)}", f"unknown allergens {unknown}")
    if unknown := [name for name in item.modifier_groups if name not in groups]:
        ru = f"таких групп нет: {', '.join(unknown)}"
        raise where.wrong("modifier_groups", ru, f"unknown modifier groups {unknown}")
    for tag in item.tags:
        check_id(Place(f"{where.called}: tags", where.table, where.row_id), tag, "tags")
    if len(set(item.modifier_groups)) != len(item.modifier_groups):
        raise where.wrong("modifier_groups", "группы повторяются", "modifier groups repeat")
    if not 0.1 <= item.yield_ <= 5:
        raise where.wrong("yield", f"выход: 0,1…5, а не {item.yield_}", f"yield must be 0.1…5, not {item.yield_}")
    return True


def _check_category(where: Place, category: str, categories: Mapping[str, Category]) -> None:
    if category not in categories:
        raise where.wrong("category", f"такого раздела нет: {category}", f"unknown category {category}")


def _dishes(makings: Makings, file: MenuFile, errors: Errors) -> dict[str, Dish]:
    categories = _by_id(file.categories)
    found: dict[str, Dish] = {}
    for item in file.items:
        fits = errors.of(_check_item, item, categories, makings.larder.allergens, makings.groups)
        if fits and item.sellable and item.chart not in makings.unfit:
            dish = errors.of(build_dish, item, makings)
            if dish is not None:
                found[item.id] = dish
    return found


def _combos(file: MenuFile, dishes: Mapping[str, Dish], larder: Larder, errors: Errors) -> dict[str, Combo]:
    """A combo whose dish could not be built is looked at once that can be."""
    waiting = {item.id for item in file.items if item.sellable} - dishes.keys()
    categories = _by_id(file.categories)
    found: dict[str, Combo] = {}
    for row in file.combos:
        where = place("combos", row.id)
        errors.of(check_stated, where, row.allergens, (), larder)
        offered = {option.item for slot in row.slots for option in slot.options}
        combo = errors.of(build_combo, row, dishes) if offered.isdisjoint(waiting) else None
        errors.of(_check_category, where, row.category, categories)
        if combo is not None:
            found[row.id] = combo
    return found
