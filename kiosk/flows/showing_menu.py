"""Seed order 1: the menu with prices and what is available now, as cached bytes in both languages."""

from __future__ import annotations

import hashlib

import msgspec

from kiosk.domain.menu import Dish, Menu, Nutrition
from kiosk.domain.readiness import Kitchen
from kiosk.domain.reservation import portions_possible

OFFLINE = "kitchen_offline"
STOPPED = "stop_list"
SOLD_OUT = "sold_out"


class OptionView(msgspec.Struct, frozen=True):
    id: str
    name: str
    price_kopecks: int


class GroupView(msgspec.Struct, frozen=True):
    id: str
    name: str
    min: int
    max: int
    options: list[OptionView]


class DishView(msgspec.Struct, frozen=True):
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


class CategoryView(msgspec.Struct, frozen=True):
    id: str
    name: str
    image: str
    items: list[DishView]


class MenuView(msgspec.Struct, frozen=True):
    version: str
    categories: list[CategoryView]


class Availability(msgspec.Struct, frozen=True):
    """One entry of the seed's `GET /internal/menu/availability`."""

    item_id: str
    available: bool
    max_quantity: int
    reason: str | None


class ShowingMenu:
    """`page(language)` → (bytes, version); rebuilt only when availability changed."""

    def __init__(self, menu: Menu, kitchen: Kitchen) -> None:
        self._menu = menu
        self._kitchen = kitchen
        self._state: tuple[tuple[str, str | None], ...] = ()
        self._pages: dict[str, tuple[bytes, str]] = {}

    def availability(self, item_ids: list[str]) -> list[Availability]:
        """Unknown items are unavailable with reason `not_on_menu`."""
        levels, held = self._kitchen.levels(), self._kitchen.held
        return [self._of(item_id, levels, held) for item_id in item_ids]

    def _of(self, item_id: str, levels: dict[str, int], held: dict[str, int]) -> Availability:
        dish = self._menu.dishes.get(item_id)
        if dish is None:
            return Availability(item_id, False, 0, "not_on_menu")
        if item_id in self._kitchen.stopped_items:
            return Availability(item_id, False, 0, STOPPED)
        if not self._kitchen.linked:
            return Availability(item_id, False, 0, OFFLINE)
        possible = portions_possible(dish.default_formula(), levels, held)
        return Availability(item_id, possible > 0, possible, None if possible else SOLD_OUT)

    def page(self, language: str) -> tuple[bytes, str]:
        state = tuple((row.item_id, row.reason) for row in self.availability(list(self._menu.dishes)))
        if state != self._state:
            self._state = state
            self._pages = {}
        if language not in self._pages:
            self._pages[language] = self._build(language, dict(state))
        return self._pages[language]

    def _build(self, language: str, reasons: dict[str, str | None]) -> tuple[bytes, str]:
        categories = [
            CategoryView(
                id=category.id,
                name=category.name.into(language),
                image=f"/assets/images/{category.image}",
                items=[
                    self._dish(dish, language, reasons[dish.item.id])
                    for dish in self._menu.dishes.values()
                    if dish.item.category == category.id
                ],
            )
            for category in self._menu.categories
        ]
        version = hashlib.sha256(msgspec.json.encode(categories)).hexdigest()[:16]
        return msgspec.json.encode(MenuView(version, categories)), version

    def _dish(self, dish: Dish, language: str, reason: str | None) -> DishView:
        item = dish.item
        return DishView(
            id=item.id,
            name=item.name.into(language),
            description=item.description.into(language),
            price_kopecks=item.price_kopecks,
            available=reason is None,
            unavailable_reason=reason,
            image=f"/assets/images/{item.image}",
            weight_g=item.weight_g,
            nutrition=item.nutrition,
            allergens=[self._menu.allergens[name].name.into(language) for name in item.allergens],
            tags=item.tags,
            modifier_groups=[
                GroupView(
                    group.id,
                    group.name.into(language),
                    group.min,
                    group.max,
                    [
                        OptionView(option.id, option.name.into(language), option.price_kopecks)
                        for option in group.options
                    ],
                )
                for group in dish.groups
            ],
        )
