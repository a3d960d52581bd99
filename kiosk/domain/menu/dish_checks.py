"""A dish of a menu built and checked: whatever is chosen, it has a price, can be cooked and hides no allergen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain

import msgspec

from kiosk.domain.menu.chart import MAX_AMOUNT, MAX_FORMULA_LINES, Chart
from kiosk.domain.menu.dish import Dish, Item, ModifierGroup
from kiosk.domain.menu.ingredient import COMPUTED_TAGS, Larder
from kiosk.domain.menu.rows import Place, place


@dataclass(frozen=True, slots=True)
class Makings:
    """What dishes are made with."""

    charts: Mapping[str, Chart]
    unfit: Collection[str]
    groups: Mapping[str, ModifierGroup]
    larder: Larder


def check_stated(where: Place, stated: list[str] | None, told: Collection[str], larder: Larder) -> None:
    """A stated list names allergens that exist, and all that the ingredients declare. Raises `MenuError`."""
    if unknown := [name for name in stated or () if name not in larder.allergens]:
        raise where.wrong("allergens", f"таких аллергенов нет: {', '.join(unknown)}", f"unknown allergens {unknown}")
    if stated is not None and (hidden := [name for name in told if name not in stated]):
        en = f"allergens do not name {hidden}, which its ingredients have"
        raise where.wrong("allergens", f"не названы {', '.join(hidden)}, которые есть в составе", en)


def build_dish(item: Item, makings: Makings) -> Dish:
    """Resolve and check. Raises `MenuError`."""
    where, larder = place("items", item.id), makings.larder
    chart = makings.charts.get(item.chart)
    if chart is None:
        ru = f"такой техкарты нет: {item.chart}" if item.chart else "техкарта не выбрана"
        raise where.wrong("chart", ru, f"no process chart {item.chart!r}")
    groups = [makings.groups[name] for name in item.modifier_groups]
    for group in groups:
        if not 0 <= group.min <= group.max <= len(group.options):
            in_group = Place(f"group {group.id}", "modifier_groups", group.id)
            raise in_group.wrong("min", "от и до не подходят к числу вариантов", "min and max do not fit its options")
    dish = Dish(item, chart, tuple(_fitted(group, chart) for group in groups), larder)
    _check_with_options(where, dish)
    told = larder.allergens_of([*chart.formula, *dish.default_formula()])
    check_stated(where, item.allergens, told, larder)
    _check_tags(where, dish)
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


def _check_with_options(where: Place, dish: Dish) -> None:
    """Whatever is chosen, the price stays one and the amounts can be sent to the robot."""
    options = list(chain.from_iterable(group.options for group in dish.groups))
    most = Counter(dish.chart.formula)
    for option in options:
        for name, delta in option.ingredients.items():
            most[name] += max(0, delta)
    dish.check_price()
    if unknown := sorted(most.keys() - dish.larder.ingredients.keys()):
        raise where.wrong("chart", f"таких ингредиентов нет: {', '.join(unknown)}", f"unknown ingredients {unknown}")
    if len(most) > MAX_FORMULA_LINES:
        ru = f"с вариантами больше {MAX_FORMULA_LINES} ингредиентов"
        raise where.wrong("modifier_groups", ru, f"with its options more than {MAX_FORMULA_LINES} formula lines")
    if too_much := [name for name, amount in most.items() if amount > MAX_AMOUNT]:
        ru = f"с вариантами {too_much[0]} больше {MAX_AMOUNT}"
        raise where.wrong("modifier_groups", ru, f"with its options more of {too_much[0]} than {MAX_AMOUNT}")
    _check_portion(where, dish)


def _check_portion(where: Place, dish: Dish) -> None:
    least = Counter(dish.chart.formula)
    for option in dish.standing():
        least.update(option.ingredients)
    if short := [name for name, amount in least.items() if amount < 0]:
        en = f"the first options of its groups take more {short[0]} away than there is"
        raise where.wrong("modifier_groups", f"первые варианты убирают {short[0]} больше, чем есть", en)
    if not dish.default_formula():
        raise where.wrong("modifier_groups", "в порции ничего нет", "nothing is in a portion")


def _check_tags(where: Place, dish: Dish) -> None:
    """What follows from the ingredients need not be stated; where it is, it must be true."""
    true = dish.contents(dish.choose(())).tags
    if wrong := [tag for tag in dish.item.tags if tag in COMPUTED_TAGS and tag not in true]:
        en = f"tag {wrong[0]} does not follow from its ingredients"
        raise where.wrong("tags", f"метка {wrong[0]} не следует из состава", en)
