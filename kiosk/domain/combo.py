"""A combo: several dishes for one price, one dish for each place. An order holds its dishes, each at its part of the
price: the kitchen cooks, the receipt names and a refund gives back dishes, never a bundle."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kiosk.domain.dish import Dish, MenuError, Nutrition, Strict, check_wanted
from kiosk.domain.sharing import shares
from kiosk.domain.text import Text

_LEAST_KOPECKS = 100
_MAX_WAYS = 10_000


class ComboOption(Strict, frozen=True):
    """A dish that may stand at a place; `price_kopecks` is added to the combo's price."""

    id: str
    item: str
    price_kopecks: int = 0


class ComboSlot(Strict, frozen=True):
    """A place: exactly one of its options, the first where nothing is chosen."""

    id: str
    name: Text
    options: list[ComboOption]


class ComboItem(Strict, frozen=True):
    """A `[[combos]]` row of the menu."""

    id: str
    category: str
    name: Text
    description: Text
    price_kopecks: int
    image: str
    slots: list[ComboSlot]


@dataclass(frozen=True, slots=True)
class Part:
    """One dish of a combo at its part of the price."""

    dish: Dish
    price_kopecks: int


@dataclass(frozen=True, slots=True)
class Combo:
    """A sellable combo with its dishes resolved; `dishes` by item id."""

    item: ComboItem
    dishes: Mapping[str, Dish]

    def choose(self, option_ids: Iterable[str] = (), gone: Collection[str] = ()) -> tuple[ComboOption, ...]:
        """One option a place, in the menu's order. An open place takes its first whose dish is not `gone`, or simply
        its first. Raises `MenuError` for an unknown or repeated option or two for one place."""
        wanted = list(option_ids)
        chosen = [self._at(slot, wanted, gone) for slot in self.item.slots]
        check_wanted(wanted, chosen)
        return tuple(chosen)

    def _at(self, slot: ComboSlot, wanted: list[str], gone: Collection[str]) -> ComboOption:
        picked = [option for option in slot.options if option.id in wanted]
        if len(picked) > 1:
            raise MenuError(f"place {slot.id}: choose one")
        offered = picked or [option for option in slot.options if option.item not in gone] or slot.options
        return offered[0]

    def parts(self, chosen: Iterable[ComboOption]) -> tuple[Part, ...]:
        """The dishes; what the combo saves is spread over them in proportion, in whole roubles where all are."""
        options = list(chosen)
        dishes = [self.dishes[option.item] for option in options]
        own = [dish.price_kopecks for dish in dishes]
        saving = sum(own) - self.price_kopecks(options)
        unit = 1 if any(price % 100 for price in (*own, saving)) else 100
        off = shares([(price - _LEAST_KOPECKS) // unit for price in own], saving // unit)
        return tuple(Part(dish, price - part * unit) for dish, price, part in zip(dishes, own, off, strict=True))

    def price_kopecks(self, chosen: Iterable[ComboOption]) -> int:
        return self.item.price_kopecks + sum(option.price_kopecks for option in chosen)

    def saving_kopecks(self) -> int:
        """What the combo as it stands on the menu saves against its dishes one by one."""
        chosen = self.choose()
        return sum(self.dishes[option.item].price_kopecks for option in chosen) - self.price_kopecks(chosen)

    def formula(self, chosen: Iterable[ComboOption]) -> dict[str, int]:
        """Amount by ingredient id of all its dishes together."""
        amounts: Counter[str] = Counter()
        for option in chosen:
            amounts.update(self.dishes[option.item].default_formula())
        return dict(amounts)

    def nutrition(self) -> Nutrition:
        """Of all dishes of the combo as it stands on the menu."""
        found = [self.dishes[option.item].item.nutrition for option in self.choose()]
        return Nutrition(
            kcal=sum(one.kcal for one in found),
            protein_g=sum(one.protein_g for one in found),
            fat_g=sum(one.fat_g for one in found),
            carbohydrate_g=sum(one.carbohydrate_g for one in found),
        )

    def weight_g(self) -> int:
        return sum(self.dishes[option.item].item.weight_g for option in self.choose())

    def allergens(self) -> list[str]:
        """Of every dish that may be chosen: nobody is told less than what may be on the tray."""
        return list(dict.fromkeys(name for dish in self._all() for name in dish.item.allergens))

    def tags(self) -> list[str]:
        """What holds for every dish that may be chosen."""
        every = [dish.item.tags for dish in self._all()]
        return [tag for tag in every[0] if all(tag in tags for tags in every)]

    def dishes_offered(self) -> list[str]:
        """Item ids of every dish that may be chosen."""
        return list(dict.fromkeys(option.item for slot in self.item.slots for option in slot.options))

    def _all(self) -> list[Dish]:
        return [self.dishes[item_id] for item_id in self.dishes_offered()]


def build_combo(item: ComboItem, dishes: Mapping[str, Dish]) -> Combo:
    """Resolve and check: at least two places, each with dishes that are sold, and no choice that costs more than its
    dishes one by one or leaves one below a rouble. Raises `MenuError`."""
    if len(item.slots) < 2 or not all(slot.options for slot in item.slots):
        raise MenuError(f"combo {item.id}: at least two places with options")
    if unknown := [option.item for slot in item.slots for option in slot.options if option.item not in dishes]:
        raise MenuError(f"combo {item.id}: not sold: {unknown}")
    combo = Combo(item, dishes)
    ways = list(itertools.islice(itertools.product(*(slot.options for slot in item.slots)), _MAX_WAYS + 1))
    if len(ways) > _MAX_WAYS:
        raise MenuError(f"combo {item.id}: more than {_MAX_WAYS} ways to choose")
    for way in ways:
        own = sum(dishes[option.item].price_kopecks for option in way)
        if not _LEAST_KOPECKS * len(way) <= combo.price_kopecks(way) <= own:
            raise MenuError(f"combo {item.id}: {[option.item for option in way]} must cost 1 ₽ a dish … {own} kopecks")
    return combo
