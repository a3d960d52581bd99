"""One dish: what it is made of, what may be changed about it, what a portion takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from kiosk.domain.menu.chart import Chart
from kiosk.domain.menu.ingredient import Contents, Larder
from kiosk.domain.menu.prices import DatedPrice, HasCome, priced
from kiosk.domain.menu.rows import LEAST_KOPECKS, MenuError, Strict, check_wanted, place
from kiosk.domain.text import Wording


class Option(Strict, frozen=True):
    """`ingredients`: deltas to the dish's formula, may be negative. `allergens`, where stated, must name those of every
    ingredient it adds; what else it names is shown too."""

    id: str
    name: Wording
    price_kopecks: int = 0
    ingredients: dict[str, int] = msgspec.field(default_factory=dict)
    allergens: list[str] | None = None
    prices: Sequence[DatedPrice] = ()

    def adds(self) -> list[str]:
        """Ids of the ingredients it brings in."""
        return [name for name, delta in self.ingredients.items() if delta > 0]

    def traces(self, larder: Larder) -> tuple[str, ...]:
        """The stated allergens that no ingredient it adds declares."""
        told = larder.allergens_of(self.adds())
        return larder.in_order(name for name in self.allergens or () if name not in told)


class ModifierGroup(Strict, frozen=True):
    id: str
    name: Wording
    min: int
    max: int
    options: list[Option]

    @property
    def is_single(self) -> bool:
        """Exactly one of its options is in every portion."""
        return self.min == self.max == 1

    def first(self, count: int, gone: Collection[str]) -> list[Option]:
        """Its first options that are not `gone`, in the menu's order; where they do not suffice, others too."""
        taken = sorted(self.options, key=lambda option: option.id in gone)[:count]
        return [option for option in self.options if option in taken]


class Item(Strict, frozen=True):
    """One dish. `yield`: weight of the cooked portion by that of its formula. `allergens`, where stated, must name
    those of every ingredient. `dayparts`: when alone it is sold; `prices`: from a day on. `marked`: sold by a marking
    code (Честный знак); neither that nor an age check exists yet."""

    id: str
    category: str
    name: Wording
    description: Wording
    price_kopecks: int
    image: str
    chart: str = ""
    yield_: float = msgspec.field(default=1.0, name="yield")
    allergens: list[str] | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    modifier_groups: list[str] = msgspec.field(default_factory=list)
    marked: bool = False
    age_restricted: bool = False
    sellable: bool = True
    dayparts: Sequence[str] = ()
    prices: Sequence[DatedPrice] = ()


@dataclass(frozen=True, slots=True)
class Dish:
    """A sellable item with everything it refers to resolved; its groups' options take no more away than there is."""

    item: Item
    chart: Chart
    groups: tuple[ModifierGroup, ...]
    larder: Larder

    def choose(self, option_ids: Iterable[str], gone: Collection[str] = ()) -> tuple[Option, ...]:
        """The chosen options, in the menu's order; a compulsory group left open takes its first ones, those that are
        `gone` (by id) last. Raises `MenuError` for an unknown or repeated option or a count outside min…max."""
        wanted = list(option_ids)
        chosen: list[Option] = []
        for group in self.groups:
            picked = [option for option in group.options if option.id in wanted]
            if not picked:
                chosen += group.first(group.min, gone)
                continue
            if not group.min <= len(picked) <= group.max:
                raise MenuError(f"group {group.id}: choose {group.min}…{group.max} options")
            chosen += picked
        check_wanted(wanted, chosen)
        return tuple(chosen)

    def standing(self, gone: Collection[str] = ()) -> tuple[Option, ...]:
        """The options it has in its usual form: the first available one of every group of which exactly one is
        chosen."""
        return tuple(option for group in self.groups if group.is_single for option in group.first(1, gone))

    def priced(self, has_come: HasCome) -> Dish:
        """As it is sold then."""
        groups = tuple(
            msgspec.structs.replace(group, options=[priced(option, has_come) for option in group.options])
            if any(option.prices for option in group.options)
            else group
            for group in self.groups
        )
        return replace(self, item=priced(self.item, has_come), groups=groups)

    def check_price(self) -> None:
        """Whatever is chosen, it costs a rouble at least. Raises `MenuError`."""
        options = (option for group in self.groups for option in group.options)
        if self.item.price_kopecks + sum(min(0, option.price_kopecks) for option in options) < LEAST_KOPECKS:
            where = place("items", self.item.id)
            raise where.wrong("price_kopecks", "цена не меньше рубля", "a price is at least one rouble")

    def price_kopecks(self, options: Iterable[Option]) -> int:
        """Of a portion with these options."""
        return self.item.price_kopecks + sum(option.price_kopecks for option in options)

    def default_price_kopecks(self) -> int:
        """Of a portion when nothing is chosen."""
        return self.price_kopecks(self.choose(()))

    def formula(self, options: Iterable[Option] = ()) -> dict[str, int]:
        """Amount by ingredient id for one portion; options applied, nothing below zero."""
        amounts = dict(self.chart.formula)
        for option in options:
            for ingredient, delta in option.ingredients.items():
                amounts[ingredient] = amounts.get(ingredient, 0) + delta
        return {ingredient: amount for ingredient, amount in amounts.items() if amount > 0}

    def default_formula(self) -> dict[str, int]:
        """What a portion takes when nothing is chosen."""
        return self.formula(self.choose(()))

    def contents(self, options: Iterable[Option]) -> Contents:
        """What is in a portion with these options."""
        chosen = list(options)
        traces = [*self.traces(), *(name for option in chosen for name in option.traces(self.larder))]
        return self.larder.contents(self.formula(chosen), self.item.yield_, traces)

    def traces(self) -> tuple[str, ...]:
        """The stated allergens that no ingredient of the portion in its usual form declares: they stay, whatever is
        left out."""
        told = self.larder.allergens_of(self.formula(self.standing()))
        return self.larder.in_order(name for name in self.item.allergens or () if name not in told)
