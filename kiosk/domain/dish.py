"""One dish: what it is made of, what may be changed about it, what a portion takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from kiosk.domain.chart import Chart
from kiosk.domain.text import Text


class MenuError(ValueError):
    """A menu that must not be sold; the text names the place."""


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Ingredient(Strict, frozen=True):
    id: str
    code: int
    unit: str
    name: Text


class Allergen(Strict, frozen=True):
    id: str
    name: Text


class Option(Strict, frozen=True):
    """`ingredients`: deltas to the dish's formula, may be negative."""

    id: str
    name: Text
    price_kopecks: int = 0
    ingredients: dict[str, int] = {}


class ModifierGroup(Strict, frozen=True):
    id: str
    name: Text
    min: int
    max: int
    options: list[Option]


class Nutrition(Strict, frozen=True):
    kcal: int
    protein_g: float
    fat_g: float
    carbohydrate_g: float


class Item(Strict, frozen=True):
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
        check_wanted(wanted, chosen)
        return tuple(chosen)

    @property
    def price_kopecks(self) -> int:
        """Of a portion as it stands on the menu: the first option of a compulsory group may cost."""
        return self.item.price_kopecks + sum(option.price_kopecks for option in self.choose(()))

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


class HasId(Protocol):
    """Anything a customer picks by its id."""

    @property
    def id(self) -> str: ...


def check_wanted(wanted: Sequence[str], chosen: Iterable[HasId]) -> None:
    """Every wish was met, none stands twice. Raises `MenuError`."""
    if len(set(wanted)) != len(wanted) or not set(wanted) <= {one.id for one in chosen}:
        raise MenuError("an option is unknown to this item or stands twice")
