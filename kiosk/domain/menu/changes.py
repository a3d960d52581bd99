"""Changes of a menu's document, each of one row: what an editor sends. The menu may be wrong then, but is readable."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from kiosk.domain.menu.differences import key_of
from kiosk.domain.menu.menu import MenuFile

Table = Literal[
    "items", "combos", "categories", "modifier_groups", "ingredients", "allergens", "dayparts", "hours", "holidays"
]
_Id = Annotated[str, msgspec.Meta(max_length=64)]


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of: `set`, fields of the row `id`, which is made where there is none (null: as if it were not said);
    `remove` it; `move_to` that index of its table, from 0. Of what is no table of rows `id` is empty."""

    table: Table
    id: _Id = ""
    set: dict[str, Any] | None = None
    remove: bool = False
    move_to: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None


def apply(menu: MenuFile, changes: Iterable[Change]) -> MenuFile:
    """The document after all of them. Raises `ValueError` for a change that is none or leaves no document; its text
    says where."""
    document = copy.deepcopy(msgspec.json.decode(msgspec.json.encode(menu)))
    for index, change in enumerate(changes):
        if [change.set is not None, change.remove, change.move_to is not None].count(True) != 1:
            raise ValueError(f"$.changes[{index}]: one of set, remove, move_to")
        if change.table not in MenuFile.__struct_fields__:
            raise ValueError(f"$.changes[{index}].table: a menu has no {change.table}")
        try:
            _apply(document, change)
        except LookupError:
            raise ValueError(f"$.changes[{index}].id: there is no {change.id!r} in {change.table}") from None
    try:
        return msgspec.convert(document, MenuFile)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(f"$.changes: {error}") from error


def _apply(document: dict[str, Any], change: Change) -> None:
    """Raises `LookupError` for a row that is not there."""
    if not change.id:
        _apply_to_all(document, change)
        return
    key, rows = key_of(change.table), document.get(change.table)
    if not isinstance(rows, list):
        raise LookupError
    index = next((n for n, row in enumerate(rows) if row[key] == change.id), None)
    if index is None and change.set is not None:
        rows.append({key: change.id})
        index = len(rows) - 1
    if index is None:
        raise LookupError
    if change.remove:
        del rows[index]
    elif change.move_to is not None:
        rows.insert(change.move_to, rows.pop(index))
    else:
        rows[index] = _merged(rows[index], change.set or {})


def _apply_to_all(document: dict[str, Any], change: Change) -> None:
    value = document.get(change.table)
    if isinstance(value, list) or change.move_to is not None:
        raise LookupError
    if change.remove:
        document.pop(change.table, None)
    else:
        document[change.table] = _merged(value or {}, change.set or {})


def _merged(row: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**row, **fields}.items() if value is not None}
