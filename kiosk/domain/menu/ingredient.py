"""What dishes are made of, and what follows from it: weight, energy, allergens (TR TS 022/2011, article 4)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kiosk.domain.menu.rows import Strict, place
from kiosk.domain.text import Wording

UNITS = ("g", "ml", "pcs")
_MAX_KCAL = 900  # of 100 g: pure fat
_MAX_GRAMS_PER_UNIT = 10_000
_LACTOSE = "milk"


class Nutrition(Strict, frozen=True):
    """Of 100 g of an ingredient, or of a whole portion."""

    kcal: float
    protein_g: float
    fat_g: float
    carbohydrate_g: float

    def __add__(self, other: Nutrition) -> Nutrition:
        return Nutrition(
            self.kcal + other.kcal,
            _tenths(self.protein_g + other.protein_g),
            _tenths(self.fat_g + other.fat_g),
            _tenths(self.carbohydrate_g + other.carbohydrate_g),
        )

    def __sub__(self, other: Nutrition) -> Nutrition:
        return self + Nutrition(-other.kcal, -other.protein_g, -other.fat_g, -other.carbohydrate_g)


class Allergen(Strict, frozen=True):
    id: str
    name: Wording


class Ingredient(Strict, frozen=True):
    """`nutrition` of 100 g; `grams_per_unit` of a millilitre or a piece. Without `origin` no filter counts on it."""

    id: str
    code: int
    unit: str
    name: Wording
    allergens: list[str]
    nutrition: Nutrition
    grams_per_unit: float | None = None
    origin: Literal["plant", "animal", "fish", "meat"] | None = None
    spicy: bool = False

    def grams(self, amount: int) -> float:
        return amount * (1.0 if self.grams_per_unit is None else self.grams_per_unit)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a portion, in whole grams and kilocalories; allergens by id, in the menu's order."""

    weight_g: int
    nutrition: Nutrition
    allergens: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Larder:
    """All ingredients and allergens of a menu, by id, in its order."""

    ingredients: Mapping[str, Ingredient]
    allergens: Mapping[str, Allergen]

    def contents(self, formula: Mapping[str, int], yield_: float = 1.0, traces: Collection[str] = ()) -> Contents:
        """Of a portion cooked of `formula` (amount by ingredient id), whose weight changes by `yield_`; with `traces`,
        the allergens that no ingredient declares. The page sums in the same order (`web/js/contents.mjs`)."""
        used = [(row, row.grams(formula[name])) for name, row in self.ingredients.items() if formula.get(name, 0) > 0]
        return Contents(
            weight_g=_whole(sum((grams for _, grams in used), 0.0) * yield_),
            nutrition=Nutrition(
                kcal=_whole(sum((grams * row.nutrition.kcal for row, grams in used), 0.0) / 100),
                protein_g=_tenth(sum((grams * row.nutrition.protein_g for row, grams in used), 0.0) / 100),
                fat_g=_tenth(sum((grams * row.nutrition.fat_g for row, grams in used), 0.0) / 100),
                carbohydrate_g=_tenth(sum((grams * row.nutrition.carbohydrate_g for row, grams in used), 0.0) / 100),
            ),
            allergens=self.in_order([*traces, *(name for row, _ in used for name in row.allergens)]),
            tags=tags_of([row for row, _ in used]),
        )

    def allergens_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Of these ingredients."""
        return self.in_order(name for ingredient in names for name in self.ingredients[ingredient].allergens)

    def in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        found = set(names)
        return tuple(name for name in self.allergens if name in found)


#: Tags that follow from the ingredients; the page has the same rules.
COMPUTED_TAGS = ("spicy", "no_meat", "no_lactose")


def tags_of(used: Collection[Ingredient]) -> tuple[str, ...]:
    """What may be said of a portion made of these: hot, without meat and fish, without lactose."""
    true = {
        "spicy": any(row.spicy for row in used),
        "no_meat": all(row.origin in ("plant", "animal") for row in used),
        "no_lactose": all(row.origin is not None and _LACTOSE not in row.allergens for row in used),
    }
    return tuple(tag for tag in COMPUTED_TAGS if true[tag])


def of_several(tags: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Of several dishes together: hot where one is, without something where all are."""
    true = {tag: (any if tag == "spicy" else all)(tag in one for one in tags) for tag in COMPUTED_TAGS}
    return tuple(tag for tag in COMPUTED_TAGS if true[tag])


def check_ingredient(row: Ingredient, allergens: Collection[str]) -> None:
    """Figures that cannot be and allergens nobody knows. Raises `MenuError`."""
    where = place("ingredients", row.id)
    if not 1 <= row.code <= 0xFFFF:
        raise where.wrong("code", f"код: 1…65535, а не {row.code}", f"code must fit 1…65535, not {row.code}")
    if row.unit not in UNITS:
        names = ", ".join(UNITS)
        raise where.wrong("unit", f"единица: {names}", f"unit {row.unit!r} is none of {names}")
    if unknown := [name for name in row.allergens if name not in allergens]:
        raise where.wrong("allergens", f"таких аллергенов нет: {', '.join(unknown)}", f"unknown allergens {unknown}")
    if len(set(row.allergens)) != len(row.allergens):
        raise where.wrong("allergens", "аллергены повторяются", "allergens repeat")


def check_grams(row: Ingredient) -> None:
    """Raises `MenuError`."""
    where, field = place("ingredients", row.id), "grams_per_unit"
    if row.unit == "g":
        if row.grams_per_unit not in (None, 1):
            en = f"grams_per_unit of a gram is 1, not {row.grams_per_unit}"
            raise where.wrong(field, "в грамме один грамм", en)
    elif row.grams_per_unit is None:
        en = f"grams_per_unit is missing: how many grams are in one {row.unit}"
        raise where.wrong(field, f"не сказано, сколько граммов в одной единице ({row.unit})", en)
    elif not 0 < row.grams_per_unit <= _MAX_GRAMS_PER_UNIT:  # nan fails too
        en = f"grams_per_unit must be above 0 and at most {_MAX_GRAMS_PER_UNIT}"
        raise where.wrong(field, f"больше 0 и не больше {_MAX_GRAMS_PER_UNIT}", en)


def check_nutrition(row: Ingredient) -> None:
    """Raises `MenuError`."""
    where, found = place("ingredients", row.id), row.nutrition
    for name in ("protein_g", "fat_g", "carbohydrate_g"):
        if not 0 <= (grams := getattr(found, name)) <= 100:
            en = f"nutrition.{name} of 100 g must be 0…100, not {grams}"
            raise where.wrong(f"nutrition.{name}", f"на 100 г: 0…100, а не {grams}", en)
    if found.protein_g + found.fat_g + found.carbohydrate_g > 100.05:
        en = "nutrition: protein, fat and carbohydrate together are more than 100 g of 100 g"
        raise where.wrong("nutrition", "белков, жиров и углеводов вместе больше 100 г в 100 г", en)
    if not 0 <= found.kcal <= _MAX_KCAL:
        en = f"nutrition.kcal of 100 g must be 0…{_MAX_KCAL}, not {found.kcal}"
        raise where.wrong("nutrition.kcal", f"на 100 г: 0…{_MAX_KCAL} ккал, а не {found.kcal}", en)


def _whole(value: float) -> int:
    """Half goes up, as on the page."""
    return math.floor(value + 0.5)


def _tenth(value: float) -> float:
    return math.floor(value * 10 + 0.5) / 10


def _tenths(value: float) -> float:
    """A sum of tenths without the dust of floats."""
    return round(value, 1) + 0.0
