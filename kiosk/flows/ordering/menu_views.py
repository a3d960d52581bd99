"""What the menu says of a dish, an option and a combo, in one language (seed order 1).

A dish's figures and price are those of the portion in its usual form: with the first option that can be had of every
group of which exactly one is chosen. Its options' are differences from that, so whatever is chosen adds up to what is
cooked and paid. A combo is offered with the first dish of each place that can be had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from drivers.robot.equipment import Equipment
from kiosk.domain.menu.chart import Chart
from kiosk.domain.menu.combo import Combo, ComboOption, ComboSlot
from kiosk.domain.menu.dish import Dish, ModifierGroup, Option
from kiosk.domain.menu.ingredient import Contents, Ingredient, Larder, Nutrition
from kiosk.domain.menu.timetable import Again

#: Why an item (by id) or an option of it (`item+option`) cannot be had.
Reasons = Mapping[str, str | None]


class AmountView(msgspec.Struct, frozen=True):
    ingredient: str
    amount: int
    unit: str


class OptionView(msgspec.Struct, frozen=True):
    """Differences from the portion in its usual form; an amount below 0 takes away. `allergens`: those it brings in,
    `traces` those of them that no ingredient declares. `item_id`: the dish behind the option of a combo."""

    id: str
    name: str
    price_kopecks: int
    available: bool
    composition: list[AmountView]
    allergens: list[str]
    traces: list[str]
    weight_g: int
    nutrition: Nutrition
    item_id: str | None = None


class GroupView(msgspec.Struct, frozen=True):
    id: str
    name: str
    min: int
    max: int
    options: list[OptionView]


class StepView(msgspec.Struct, frozen=True):
    """One step of the way of cooking, in the words of the process chart."""

    operation: str
    station: str


class DishView(msgspec.Struct, frozen=True):
    """A dish, or a combo: its places are groups of dishes. Allergens by id, `traces` those that no ingredient declares;
    `yield`: cooked weight by raw weight; `saving_kopecks`: against its dishes one by one; `available_from`: of what is
    not sold at this hour."""

    id: str
    name: str
    description: str
    price_kopecks: int
    available: bool
    unavailable_reason: str | None
    image: str
    weight_g: int
    nutrition: Nutrition
    allergens: list[str]
    traces: list[str]
    tags: list[str]
    composition: list[AmountView]
    cooking: list[StepView]
    modifier_groups: list[GroupView]
    yield_: float = msgspec.field(default=1.0, name="yield")
    saving_kopecks: int = 0
    available_from: Again | None = None


class IngredientView(msgspec.Struct, frozen=True):
    """`nutrition` of 100 g; `grams_per_unit` of a gram, millilitre or piece."""

    id: str
    name: str
    allergens: list[str]
    nutrition: Nutrition
    grams_per_unit: float
    origin: Literal["plant", "animal", "fish", "meat"] | None
    spicy: bool


class AllergenView(msgspec.Struct, frozen=True):
    id: str
    name: str


def ingredient_view(row: Ingredient, language: str) -> IngredientView:
    return IngredientView(
        id=row.id,
        name=row.name.into(language),
        allergens=row.allergens,
        nutrition=row.nutrition,
        grams_per_unit=row.grams(1),
        origin=row.origin,
        spicy=row.spicy,
    )


def dish_view(dish: Dish, language: str, reasons: Reasons, equipment: Equipment) -> DishView:
    item, standing = dish.item, dish.standing(_gone_options(dish, reasons))
    contents, reason = dish.contents(standing), reasons[item.id]
    return DishView(
        id=item.id,
        name=item.name.into(language),
        description=item.description.into(language),
        price_kopecks=dish.price_kopecks(standing),
        available=reason is None,
        unavailable_reason=reason,
        image=_image(item.image),
        weight_g=contents.weight_g,
        nutrition=contents.nutrition,
        allergens=list(contents.allergens),
        traces=list(dish.traces()),
        tags=[*contents.tags, *(tag for tag in item.tags if tag not in contents.tags)],
        composition=_amounts(dish.formula(standing), dish.larder),
        cooking=_steps(dish.chart, equipment),
        modifier_groups=[_group(dish, group, standing, language, reasons) for group in dish.groups],
        yield_=item.yield_,
    )


def combo_view(combo: Combo, language: str, reasons: Reasons) -> DishView:
    item, larder = combo.item, _larder(combo)
    options = [option for slot in item.slots for option in slot.options]
    gone = {option.item for option in options if reasons[f"{item.id}+{option.id}"] is not None}
    standing = combo.choose(gone=gone)
    contents, reason = combo.contents(standing), reasons[item.id]
    return DishView(
        id=item.id,
        name=item.name.into(language),
        description=item.description.into(language),
        price_kopecks=combo.price_kopecks(standing),
        available=reason is None,
        unavailable_reason=reason,
        image=_image(item.image),
        weight_g=contents.weight_g,
        nutrition=contents.nutrition,
        allergens=list(contents.allergens),
        traces=list(combo.traces()),
        tags=list(contents.tags),
        composition=_amounts(combo.formula(standing), larder),
        cooking=[],
        modifier_groups=[
            _place(combo, slot, first, language, reasons) for slot, first in zip(item.slots, standing, strict=True)
        ],
        saving_kopecks=combo.saving_kopecks(standing),
    )


def _gone_options(dish: Dish, reasons: Reasons) -> list[str]:
    options = [option.id for group in dish.groups for option in group.options]
    return [name for name in options if reasons[f"{dish.item.id}+{name}"] is not None]


def _group(
    dish: Dish, group: ModifierGroup, standing: tuple[Option, ...], language: str, reasons: Reasons
) -> GroupView:
    options = [
        _option(dish, group, option, standing, language, reasons[f"{dish.item.id}+{option.id}"])
        for option in group.options
    ]
    return GroupView(group.id, group.name.into(language), group.min, group.max, options)


def _option(
    dish: Dish, group: ModifierGroup, option: Option, standing: tuple[Option, ...], language: str, reason: str | None
) -> OptionView:
    first = next((known for known in standing if known in group.options), None)
    others = [known for known in standing if known is not first]
    before, after = dish.contents(standing), dish.contents([*others, option])
    changes = _difference(option.ingredients, first.ingredients if first else {})
    brought = dish.larder.allergens_of([*option.adds(), *(name for name, amount in changes.items() if amount > 0)])
    return OptionView(
        id=option.id,
        name=option.name.into(language),
        price_kopecks=option.price_kopecks - (first.price_kopecks if first else 0),
        available=reason is None,
        composition=_amounts(changes, dish.larder),
        allergens=list(dish.larder.in_order([*brought, *(option.allergens or ())])),
        traces=list(option.traces(dish.larder)),
        weight_g=after.weight_g - before.weight_g,
        nutrition=after.nutrition - before.nutrition,
    )


def _place(combo: Combo, slot: ComboSlot, first: ComboOption, language: str, reasons: Reasons) -> GroupView:
    options = [
        _in_place(combo, option, first, language, reasons[f"{combo.item.id}+{option.id}"]) for option in slot.options
    ]
    return GroupView(slot.id, slot.name.into(language), 1, 1, options)


def _in_place(combo: Combo, option: ComboOption, first: ComboOption, language: str, reason: str | None) -> OptionView:
    dish, other = combo.dishes[option.item], combo.dishes[first.item]
    after, before = _as_served(dish), _as_served(other)
    return OptionView(
        id=option.id,
        name=dish.item.name.into(language),
        price_kopecks=option.price_kopecks - first.price_kopecks,
        available=reason is None,
        composition=_amounts(_difference(dish.default_formula(), other.default_formula()), dish.larder),
        allergens=list(after.allergens),
        traces=[],
        weight_g=after.weight_g - before.weight_g,
        nutrition=after.nutrition - before.nutrition,
        item_id=option.item,
    )


def _as_served(dish: Dish) -> Contents:
    """In a combo: as it comes when nothing is chosen."""
    return dish.contents(dish.choose(()))


def _difference(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    found = {name: after.get(name, 0) - before.get(name, 0) for name in [*before, *after]}
    return {name: amount for name, amount in found.items() if amount}


def _amounts(formula: Mapping[str, int], larder: Larder) -> list[AmountView]:
    return [AmountView(name, amount, larder.ingredients[name].unit) for name, amount in formula.items()]


def _steps(chart: Chart, equipment: Equipment) -> list[StepView]:
    operations, stations = equipment.operation_names, equipment.by_number
    found = [StepView(operations[phase.operation], stations[phase.station].id) for phase in chart.phases]
    return list(dict.fromkeys(found))


def _larder(combo: Combo) -> Larder:
    return next(iter(combo.dishes.values())).larder


def _image(name: str) -> str:
    return f"/assets/images/{name}"
