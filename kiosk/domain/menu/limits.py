"""How much a menu may hold: far more than a restaurant sells, and few enough to be checked and shown at once."""

from __future__ import annotations

from collections.abc import Sequence, Sized

from kiosk.domain.menu.combo import ComboItem
from kiosk.domain.menu.dish import Item, ModifierGroup
from kiosk.domain.menu.rows import MAX_PRICE_KOPECKS, MenuError

_MAX_ROWS = 1000
_MAX_OPTIONS = 40
_MAX_GROUPS = 10
_MAX_NAMES = 100


def check_rows(**tables: Sized) -> None:
    """Rows of each table of the file. Raises `MenuError`."""
    for name, rows in tables.items():
        _few(name, rows, _MAX_ROWS)


def check_groups(groups: Sequence[ModifierGroup]) -> None:
    """Raises `MenuError`."""
    for group in groups:
        _few(f"group {group.id}: options", group.options, _MAX_OPTIONS)
        for option in group.options:
            _few(f"option {option.id}: ingredients", option.ingredients, _MAX_NAMES)
            _affordable(f"option {option.id}", option.price_kopecks)


def check_sold(items: Sequence[Item], combos: Sequence[ComboItem]) -> None:
    """Raises `MenuError`."""
    for item in items:
        _few(f"item {item.id}: modifier_groups", item.modifier_groups, _MAX_GROUPS)
        _few(f"item {item.id}: tags", item.tags, _MAX_NAMES)
        _affordable(f"item {item.id}", item.price_kopecks)
    for combo in combos:
        _few(f"combo {combo.id}: slots", combo.slots, _MAX_GROUPS)
        _affordable(f"combo {combo.id}", combo.price_kopecks)
        for slot in combo.slots:
            _few(f"place {slot.id}: options", slot.options, _MAX_OPTIONS)
            for option in slot.options:
                _affordable(f"option {option.id}", option.price_kopecks)


def _few(where: str, rows: Sized, most: int) -> None:
    if len(rows) > most:
        raise MenuError(f"{where}: at most {most}, not {len(rows)}")


def _affordable(where: str, price_kopecks: int) -> None:
    if abs(price_kopecks) > MAX_PRICE_KOPECKS:
        raise MenuError(f"{where}: a price is at most {MAX_PRICE_KOPECKS} kopecks")
