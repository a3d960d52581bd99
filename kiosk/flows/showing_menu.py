"""Seed order 1: the menu with prices and what is available now, as cached bytes in both languages."""

from __future__ import annotations

import hashlib

import msgspec

from kiosk.domain.combo import Combo, ComboItem
from kiosk.domain.dish import Dish, Item, ModifierGroup, Nutrition
from kiosk.domain.menu import Menu
from kiosk.domain.readiness import Kitchen
from kiosk.flows.offering import Availability, Offer

State = tuple[tuple[str, str | None], ...]
Reasons = dict[str, str | None]


class Contents(msgspec.Struct, frozen=True):
    """What is in a dish, or in a combo as it stands on the menu; allergens by id."""

    weight_g: int
    nutrition: Nutrition
    allergens: list[str]
    tags: list[str]


class OptionView(msgspec.Struct, frozen=True):
    """`item_id`: the dish that stands behind the option of a combo."""

    id: str
    name: str
    price_kopecks: int
    available: bool
    item_id: str | None = None


class GroupView(msgspec.Struct, frozen=True):
    id: str
    name: str
    min: int
    max: int
    options: list[OptionView]


class DishView(msgspec.Struct, frozen=True):
    """A dish, or a combo: its places are groups of dishes. `saving_kopecks`: against its dishes one by one."""

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
    tags: list[str]
    modifier_groups: list[GroupView]
    saving_kopecks: int = 0


class CategoryView(msgspec.Struct, frozen=True):
    id: str
    name: str
    image: str
    items: list[DishView]


class MenuView(msgspec.Struct, frozen=True):
    version: str
    categories: list[CategoryView]


class ShowingMenu:
    """`page(language)` → (bytes, version); rebuilt only when availability changed."""

    def __init__(self, menu: Menu, kitchen: Kitchen) -> None:
        self._menu = menu
        self._kitchen = kitchen
        self._options = [
            (f"{dish.item.id}+{option.id}", dish.formula((option,)))
            for dish in menu.dishes.values()
            for group in dish.groups
            for option in group.options
        ]
        self._seen: Offer | None = None
        self._state: State = ()
        self._pages: dict[str, tuple[bytes, str]] = {}

    def availability(self, item_ids: list[str]) -> list[Availability]:
        """Unknown items are unavailable with reason `not_on_menu`."""
        offer = Offer(self._menu, self._kitchen)
        return [offer.of(item_id) for item_id in item_ids]

    def page(self, language: str) -> tuple[bytes, str]:
        offer = Offer(self._menu, self._kitchen)
        if self._seen is None or not offer.same_as(self._seen):
            self._seen = offer
            if (state := self._look(offer)) != self._state:
                self._state = state
                self._pages = {}
        if language not in self._pages:
            self._pages[language] = self._build(language, dict(self._state))
        return self._pages[language]

    def _look(self, offer: Offer) -> State:
        """All that may change on the page: why an item cannot be had, and which options are out."""
        items = [(item_id, offer.of(item_id).reason) for item_id, _ in self._menu.sold()]
        options = [(name, offer.why_not_option(formula)) for name, formula in self._options]
        return (*items, *options)

    def _build(self, language: str, reasons: Reasons) -> tuple[bytes, str]:
        combos = [(combo.item.category, self._combo(combo, language, reasons)) for combo in self._menu.combos.values()]
        dishes = [(dish.item.category, self._dish(dish, language, reasons)) for dish in self._menu.dishes.values()]
        categories = [
            CategoryView(
                id=category.id,
                name=category.name.into(language),
                image=f"/assets/images/{category.image}",
                items=[view for place, view in (*combos, *dishes) if place == category.id],
            )
            for category in self._menu.categories
        ]
        version = hashlib.sha256(msgspec.json.encode(categories)).hexdigest()[:16]
        return msgspec.json.encode(MenuView(version, categories)), version

    def _dish(self, dish: Dish, language: str, reasons: Reasons) -> DishView:
        item = dish.item
        groups = [_group(item.id, group, language, reasons) for group in dish.groups]
        contents = Contents(item.weight_g, item.nutrition, item.allergens, item.tags)
        return self._view(item, contents, groups, language, reasons[item.id])

    def _combo(self, combo: Combo, language: str, reasons: Reasons) -> DishView:
        contents = Contents(combo.weight_g(), combo.nutrition(), combo.allergens(), combo.tags())
        groups, reason = _places(combo, language, reasons), reasons[combo.item.id]
        return self._view(combo.item, contents, groups, language, reason, combo.saving_kopecks())

    def _view(
        self,
        item: Item | ComboItem,
        contents: Contents,
        groups: list[GroupView],
        language: str,
        reason: str | None,
        saving_kopecks: int = 0,
    ) -> DishView:
        return DishView(
            id=item.id,
            name=item.name.into(language),
            description=item.description.into(language),
            price_kopecks=item.price_kopecks,
            available=reason is None,
            unavailable_reason=reason,
            image=f"/assets/images/{item.image}",
            weight_g=contents.weight_g,
            nutrition=contents.nutrition,
            allergens=[self._menu.allergens[name].name.into(language) for name in contents.allergens],
            tags=contents.tags,
            modifier_groups=groups,
            saving_kopecks=saving_kopecks,
        )


def _group(item_id: str, group: ModifierGroup, language: str, reasons: Reasons) -> GroupView:
    options = [
        OptionView(
            option.id, option.name.into(language), option.price_kopecks, reasons[f"{item_id}+{option.id}"] is None
        )
        for option in group.options
    ]
    return GroupView(group.id, group.name.into(language), group.min, group.max, options)


def _places(combo: Combo, language: str, reasons: Reasons) -> list[GroupView]:
    return [
        GroupView(
            slot.id,
            slot.name.into(language),
            1,
            1,
            [
                OptionView(
                    option.id,
                    combo.dishes[option.item].item.name.into(language),
                    option.price_kopecks,
                    reasons[option.item] is None,
                    option.item,
                )
                for option in slot.options
            ],
        )
        for slot in combo.item.slots
    ]
