"""How much a menu may hold: far more than a restaurant sells, and few enough to be checked and shown at once."""

from __future__ import annotations

from collections.abc import Iterable, Sized

from kiosk.domain.menu.combo import ComboItem
from kiosk.domain.menu.dish import Item, ModifierGroup
from kiosk.domain.menu.prices import Priced, check_prices
from kiosk.domain.menu.rows import MAX_PRICE_KOPECKS, Place, option_place, place, slot_place

_MAX_ROWS = 1000
_MAX_OPTIONS = 40
_MAX_GROUPS = 10
_MAX_NAMES = 100
#: Options of all dishes and places of combos together: each stands at each dish on the page, and is looked at again
#: whenever what is there has changed.
_MAX_CHOICES = 20_000


def check_rows(**tables: Sized) -> None:
    """Rows of each table of the file. Raises `MenuError`."""
    for name, rows in tables.items():
        _few(Place(name, name, ""), "", rows, _MAX_ROWS)


def check_choices(groups: Iterable[ModifierGroup], items: Iterable[Item], combos: Iterable[ComboItem]) -> None:
    """Raises `MenuError`."""
    options = {group.id: len(group.options) for group in groups}
    count = sum(options.get(name, 0) for item in items for name in item.modifier_groups)
    count += sum(len(slot.options) for combo in combos for slot in combo.slots)
    if count > _MAX_CHOICES:
        where = Place("modifier_groups", "modifier_groups", "")
        ru = f"вариантов у всех блюд вместе не больше {_MAX_CHOICES}, а не {count}"
        raise where.wrong("", ru, f"options of all dishes together: at most {_MAX_CHOICES}, not {count}")


def check_group(group: ModifierGroup) -> None:
    """Raises `MenuError`."""
    _few(place("modifier_groups", group.id), "options", group.options, _MAX_OPTIONS)
    for option in group.options:
        where = option_place(group.id, option.id)
        _few(where, "ingredients", option.ingredients, _MAX_NAMES)
        _affordable(where, option)


def check_item(item: Item) -> None:
    """Raises `MenuError`."""
    where = place("items", item.id)
    _few(where, "modifier_groups", item.modifier_groups, _MAX_GROUPS)
    _few(where, "tags", item.tags, _MAX_NAMES)
    _affordable(where, item)


def check_combo(combo: ComboItem) -> None:
    """Raises `MenuError`."""
    where = place("combos", combo.id)
    _few(where, "slots", combo.slots, _MAX_GROUPS)
    _affordable(where, combo)
    for slot in combo.slots:
        where = slot_place(combo.id, slot.id)
        _few(where, "options", slot.options, _MAX_OPTIONS)
        for option in slot.options:
            _affordable(where, option)


def _few(where: Place, field: str, rows: Sized, most: int) -> None:
    if len(rows) > most:
        named = f"{field}: " if field else ""
        raise where.wrong(field, f"не больше {most}, а не {len(rows)}", f"{named}at most {most}, not {len(rows)}")


def _affordable(where: Place, row: Priced) -> None:
    if any(
        abs(price) > MAX_PRICE_KOPECKS for price in (row.price_kopecks, *(dated.price_kopecks for dated in row.prices))
    ):
        roubles = MAX_PRICE_KOPECKS // 100
        en = f"a price is at most {MAX_PRICE_KOPECKS} kopecks"
        raise where.wrong("price_kopecks", f"цена не больше {roubles} ₽", en)
    check_prices(where, row)
