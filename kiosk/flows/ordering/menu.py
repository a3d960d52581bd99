"""Seed order 1: the menu with prices and what is available now, as cached bytes in both languages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.timetable import Again
from kiosk.domain.reasons import NOT_AT_THIS_HOUR
from kiosk.flows.ordering.availability import Availability, Offer
from kiosk.flows.ordering.menu_views import (
    AllergenView,
    DishView,
    IngredientView,
    Reasons,
    combo_view,
    dish_view,
    ingredient_view,
)

State = tuple[tuple[str, str | None], ...]


class CategoryView(msgspec.Struct, frozen=True):
    id: str
    name: str
    image: str
    items: list[DishView]


class MenuView(msgspec.Struct, frozen=True):
    version: str
    categories: list[CategoryView]
    ingredients: list[IngredientView]
    allergens: list[AllergenView]


class _Shown:
    """What may change on the page of one menu while it is sold."""

    def __init__(self, menu: Menu) -> None:
        self.menu = menu
        self._options = [
            (f"{dish.item.id}+{option.id}", dish.formula((option,)))
            for dish in menu.dishes.values()
            for group in dish.groups
            for option in group.options
        ]
        self._choices = [
            (f"{combo.item.id}+{option.id}", option.item)
            for combo in menu.combos.values()
            for slot in combo.item.slots
            for option in slot.options
        ]

    def look(self, offer: Offer) -> State:
        """All that may change on the page: why an item cannot be had, and which options are out."""
        items = [(item_id, offer.of(item_id).reason) for item_id, _ in self.menu.sold()]
        options = [(name, offer.why_not_option(formula)) for name, formula in self._options]
        in_combos = [(name, offer.in_combo(item_id).reason) for name, item_id in self._choices]
        return (*items, *options, *in_combos)


class MenuBytes:
    """`page(language)` → (bytes, version); rebuilt only when the menu or its availability changed."""

    def __init__(self, menu: CurrentMenu, kitchen: Kitchen) -> None:
        self._menu = menu
        self._kitchen = kitchen
        self._shown = _Shown(menu.now)
        self._seen: Offer | None = None
        self._state: State = ()
        self._pages: dict[str, tuple[bytes, str]] = {}

    def availability(self, item_ids: list[str]) -> list[Availability]:
        """Unknown items are unavailable with reason `not_on_menu`."""
        offer = Offer(self._menu.now, self._kitchen.now)
        return [offer.of(item_id) for item_id in item_ids]

    def page(self, language: str) -> tuple[bytes, str]:
        menu = self._menu.now
        if self._shown.menu is not menu:
            self._shown, self._seen, self._pages = _Shown(menu), None, {}
        offer = Offer(menu, self._kitchen.now)
        if self._seen is None or not offer.same_as(self._seen):
            self._seen = offer
            if (state := self._shown.look(offer)) != self._state:
                self._state = state
                self._pages = {}
        if language not in self._pages:
            self._pages[language] = _build(menu, language, dict(self._state))
        return self._pages[language]


def _build(menu: Menu, language: str, reasons: Reasons) -> tuple[bytes, str]:
    combos = [(combo.item.category, combo_view(combo, language, reasons)) for combo in menu.combos.values()]
    dishes = [(dish.item.category, dish_view(dish, language, reasons, menu.equipment)) for dish in menu.dishes.values()]
    views = [(category, _with_hour(view, menu.out)) for category, view in (*combos, *dishes)]
    categories = [
        CategoryView(
            id=category.id,
            name=category.name.into(language),
            image=f"/assets/images/{category.image}",
            items=[view for place, view in views if place == category.id],
        )
        for category in menu.categories
    ]
    ingredients = [ingredient_view(row, language) for row in menu.ingredients.values()]
    allergens = [AllergenView(row.id, row.name.into(language)) for row in menu.larder.allergens.values()]
    version = hashlib.sha256(msgspec.json.encode([categories, ingredients, allergens])).hexdigest()[:16]
    return msgspec.json.encode(MenuView(version, categories, ingredients, allergens)), version


def _with_hour(view: DishView, out: Mapping[str, Again | None]) -> DishView:
    """When it is sold again, where only the hour is in the way."""
    if view.unavailable_reason != NOT_AT_THIS_HOUR:
        return view
    return msgspec.structs.replace(view, available_from=out.get(view.id))
