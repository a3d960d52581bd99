"""In what two menus differ: by table, row and field, for a history and for whoever is about to publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kiosk.domain.menu.bundle import Bundle

CHARTS = "charts"
ORDER = "order"
#: By what the rows of a table are told apart, where it is not `id`.
_KEYS: Mapping[str, str] = {"holidays": "date"}


class Difference(msgspec.Struct, frozen=True):
    """`field` empty: the whole row came or went; `order`: the rows that both have stand in another order; of what is no
    row `id` is empty. `name`: of the row, in Russian, else its id."""

    table: str
    id: str
    name: str
    field: str
    before: Any
    after: Any


def differences(before: Bundle, after: Bundle) -> list[Difference]:
    """By the order of the tables, then of the rows."""
    old, new = (plain(bundle.menu) for bundle in (before, after))
    found: list[Difference] = []
    for table in dict.fromkeys([*old, *new]):
        found += _of_table(table, old.get(table), new.get(table))
    return [*found, *_of_rows(CHARTS, plain(before.charts), plain(after.charts))]


def plain(value: Any) -> dict[str, Any]:
    """As JSON has it: a list is a list, whatever this program keeps it in."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return found


def key_of(table: str) -> str:
    """The field that names a row of a table."""
    return _KEYS.get(table, "id")


def _of_table(table: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    key = key_of(table)
    if are_rows(old, key) and are_rows(new, key):
        before, after = ({str(row[key]): row for row in rows or ()} for rows in (old, new))
        yield from _of_rows(table, before, after)
        yield from _of_order(table, before, after)
    else:
        yield Difference(table, "", "", "", old, new)


def are_rows(rows: Any, key: str) -> bool:
    """Or nothing."""
    return rows is None or (isinstance(rows, list) and all(isinstance(row, dict) and key in row for row in rows))


def _of_rows(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for row_id in dict.fromkeys([*before, *after]):
        old, new = before.get(row_id), after.get(row_id)
        name = name_of(row_id, new or old)
        if old is None or new is None:
            yield Difference(table, row_id, name, "", old, new)
            continue
        for field in dict.fromkeys([*old, *new]):
            if old.get(field) != new.get(field):
                yield Difference(table, row_id, name, field, old.get(field), new.get(field))


def _of_order(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    old, new = ([row_id for row_id in rows if row_id in before and row_id in after] for rows in (before, after))
    if old != new:
        yield Difference(table, "", "", ORDER, old, new)


def name_of(row_id: str, row: Any) -> str:
    """In Russian, else its id."""
    name = row.get("name")
    return str(name.get("ru") or row_id) if isinstance(name, dict) else row_id
