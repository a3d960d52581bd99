"""A combo: several dishes for one price, one dish for each place. An order holds its dishes, each at its part of the
price: the kitchen cooks, the receipt names and a refund gives back dishes, never a bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from kiosk.domain.menu.dish import Dish
from kiosk.domain.menu.ingredient import Contents, Nutrition, of_several
from kiosk.domain.menu.prices import DatedPrice, HasCome, priced
from kiosk.domain.menu.rows import LEAST_KOPECKS, MenuError, Strict, check_wanted, place
from kiosk.domain.sharing import shares
from kiosk.domain.text import Wording


class ComboOption(Strict, frozen=True):
    """A dish that may stand at a place; `price_kopecks` is added to the combo's price."""

    id: str
    item: str
    price_kopecks: int = 0
    prices: Sequence[DatedPrice] = ()


class ComboSlot(Strict, frozen=True):
    """A place: exactly one of its options, the first where nothing is chosen."""

    id: str
    name: Wording
    options: list[ComboOption]


class ComboItem(Strict, frozen=True):
    """A `[[combos]]` row of the menu. `allergens`, where stated, must name those of every dish that may be chosen."""

    id: str
    category: str
    name: Wording
    description: Wording
    price_kopecks: int
    image: str
    slots: list[ComboSlot]
    allergens: list[str] | None = None
    dayparts: Sequence[str] = ()
    prices: Sequence[DatedPrice] = ()


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
        own = [dish.default_price_kopecks() for dish in dishes]
        saving = sum(own) - self.price_kopecks(options)
        unit = 1 if any(price % 100 for price in (*own, saving)) else 100
        off = shares([(price - LEAST_KOPECKS) // unit for price in own], saving // unit)
        return tuple(Part(dish, price - part * unit) for dish, price, part in zip(dishes, own, off, strict=True))

    def priced(self, has_come: HasCome, dishes: Mapping[str, Dish]) -> Combo:
        """As it is sold then, of `dishes` as they are."""
        slots = [
            msgspec.structs.replace(slot, options=[priced(option, has_come) for option in slot.options])
            for slot in self.item.slots
        ]
        return Combo(msgspec.structs.replace(priced(self.item, has_come), slots=slots), dishes)

    def check_price(self) -> None:
        """No choice costs more than its dishes one by one, or leaves one of them below a rouble. Raises `MenuError`."""
        slots = self.item.slots
        own = {option.item: self.dishes[option.item].default_price_kopecks() for option in self._options()}
        cheapest = [min(slot.options, key=lambda option: option.price_kopecks) for slot in slots]
        least_saving = [max(slot.options, key=lambda option: option.price_kopecks - own[option.item]) for slot in slots]
        for way in (cheapest, least_saving):  # each place for itself: no other choice is worse
            most = sum(own[option.item] for option in way)
            if not LEAST_KOPECKS * len(way) <= self.price_kopecks(way) <= most:
                names = [option.item for option in way]
                ru = f"{', '.join(names)} вместе: от 1 ₽ за блюдо до {most / 100:.2f} ₽"
                en = f"{names} must cost 1 ₽ a dish … {most} kopecks"
                raise place("combos", self.item.id).wrong("price_kopecks", ru, en)

    def price_kopecks(self, chosen: Iterable[ComboOption]) -> int:
        return self.item.price_kopecks + sum(option.price_kopecks for option in chosen)

    def saving_kopecks(self, chosen: Iterable[ComboOption]) -> int:
        """What it saves against its dishes one by one."""
        options = list(chosen)
        own = sum(self.dishes[option.item].default_price_kopecks() for option in options)
        return own - self.price_kopecks(options)

    def formula(self, chosen: Iterable[ComboOption]) -> dict[str, int]:
        """Amount by ingredient id of all its dishes together."""
        amounts: Counter[str] = Counter()
        for option in chosen:
            amounts.update(self.dishes[option.item].default_formula())
        return dict(amounts)

    def contents(self, chosen: Iterable[ComboOption]) -> Contents:
        """What is in its dishes together; a dish in it is as it comes when nothing is chosen."""
        dishes = [self.dishes[option.item] for option in chosen]
        found = [dish.contents(dish.choose(())) for dish in dishes]
        names = [*self.traces(), *(name for one in found for name in one.allergens)]
        return Contents(
            weight_g=sum(one.weight_g for one in found),
            nutrition=sum((one.nutrition for one in found), Nutrition(0, 0, 0, 0)),
            allergens=dishes[0].larder.in_order(names),
            tags=of_several([one.tags for one in found]),
        )

    def traces(self) -> tuple[str, ...]:
        """The stated allergens that no dish declares."""
        told = {name for option in self._options() for name in self._in_dish(option)}
        return tuple(name for name in self.item.allergens or () if name not in told)

    def _in_dish(self, option: ComboOption) -> tuple[str, ...]:
        dish = self.dishes[option.item]
        return dish.contents(dish.choose(())).allergens

    def _options(self) -> list[ComboOption]:
        return [option for slot in self.item.slots for option in slot.options]

    def dishes_offered(self) -> list[str]:
        """Item ids of every dish that may be chosen."""
        return list(dict.fromkeys(option.item for option in self._options()))


def build_combo(item: ComboItem, dishes: Mapping[str, Dish]) -> Combo:
    """Resolve and check: at least two places, each with dishes that are sold, and no choice that costs more than its
    dishes one by one or leaves one below a rouble. Raises `MenuError`."""
    where = place("combos", item.id)
    if len(item.slots) < 2 or not all(slot.options for slot in item.slots):
        raise where.wrong("slots", "нужны хотя бы два места с блюдами", "at least two places with options")
    if unknown := [option.item for slot in item.slots for option in slot.options if option.item not in dishes]:
        raise where.wrong("slots", f"не продаётся: {', '.join(unknown)}", f"not sold: {unknown}")
    combo = Combo(item, dishes)
    combo.check_price()
    _check_allergens(combo)
    return combo


def _check_allergens(combo: Combo) -> None:
    stated = combo.item.allergens
    for item_id in combo.dishes_offered() if stated is not None else ():
        dish = combo.dishes[item_id]
        if hidden := [name for name in dish.contents(dish.choose(())).allergens if name not in (stated or ())]:
            ru = f"не названы {', '.join(hidden)}, которые есть в {item_id}"
            en = f"allergens do not name {hidden}, which {item_id} has"
            raise place("combos", combo.item.id).wrong("allergens", ru, en)
