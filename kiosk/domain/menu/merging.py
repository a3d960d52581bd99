"""Two menus made of one: what only one of them changed is taken over, row by row and field by field; what both changed,
each otherwise, somebody has to choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from kiosk.domain.menu.bundle import Bundle
from kiosk.domain.menu.differences import CHARTS, ORDER, are_rows, key_of, name_of, plain

Side = Literal["mine", "theirs"]
#: Whose value a place takes that both changed: table, id and field → side; None: nobody has chosen.
Choose = Callable[[str, str, str], Side | None]
_Rows = Mapping[str, Any]
_NOTHING = object()  # what no value is: of a row that each made anew, whatever differs is a conflict


class Conflict(msgspec.Struct, frozen=True):
    """A place that both changed: `field` empty, the row as a whole (one of them removed it); null: it is not there.
    `name`: of the row, in Russian, else its id."""

    table: str
    id: str
    name: str
    field: str
    before: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """`bundle`: of what is a conflict it has mine."""

    bundle: Bundle
    conflicts: Sequence[Conflict]


def merged(base: Bundle, mine: Bundle, theirs: Bundle, choose: Choose = lambda *_: None) -> Merged:
    """`base`: what both began as. A chart is taken as a whole, as it was tried out."""
    merge = _Merge(choose)
    old, my, their = (plain(bundle.menu) for bundle in (base, mine, theirs))
    menu = {table: merge.table(table, old.get(table), my.get(table), their.get(table)) for table in {**my, **their}}
    charts = merge.wholes(CHARTS, *(plain(bundle.charts) for bundle in (base, mine, theirs)))
    found = {"menu": {table: rows for table, rows in menu.items() if rows is not None}, "charts": charts}
    return Merged(msgspec.convert(found, Bundle), merge.conflicts)


class _Merge:
    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.conflicts: list[Conflict] = []

    def table(self, table: str, base: Any, mine: Any, theirs: Any) -> Any:
        if mine == theirs:
            return mine
        key = key_of(table)
        if not all(are_rows(rows, key) and _are_unique(rows, key) for rows in (base, mine, theirs)):
            return self._value((table, "", ""), "", base, mine, theirs)
        old, my, their = ({str(row[key]): row for row in rows or ()} for rows in (base, mine, theirs))
        rows = {row_id: self._row(table, row_id, old, my, their) for row_id in {**my, **their}}
        order = self._order(table, list(old), list(my), list(their))
        return [rows[row_id] for row_id in order if rows[row_id] is not None]

    def wholes(self, table: str, base: _Rows, mine: _Rows, theirs: _Rows) -> dict[str, Any]:
        """Rows of which no part is taken without the others."""
        found = {
            row_id: self._value((table, row_id, ""), row_id, base.get(row_id), mine.get(row_id), theirs.get(row_id))
            for row_id in {**mine, **theirs}
        }
        return {row_id: row for row_id, row in found.items() if row is not None}

    def _row(self, table: str, row_id: str, base: _Rows, mine: _Rows, theirs: _Rows) -> Any:
        old, my, their = base.get(row_id), mine.get(row_id), theirs.get(row_id)
        name = name_of(row_id, my or their)
        if my is None or their is None:
            return self._value((table, row_id, ""), name, old, my, their)
        found = {
            field: self._value(
                (table, row_id, field),
                name,
                _NOTHING if old is None else old.get(field),
                my.get(field),
                their.get(field),
            )
            for field in {**my, **their}
        }
        return {field: value for field, value in found.items() if value is not None}

    def _value(self, at: tuple[str, str, str], name: str, base: Any, mine: Any, theirs: Any) -> Any:
        if mine == theirs or theirs == base:
            return mine
        if mine == base:
            return theirs
        side = self._choose(*at)
        if side is None:
            table, row_id, field = at
            before = None if base is _NOTHING else base
            self.conflicts.append(Conflict(table, row_id, name, field, before, mine, theirs))
        return theirs if side == "theirs" else mine

    def _order(self, table: str, base: list[str], mine: list[str], theirs: list[str]) -> list[str]:
        """Of the rows of both: by whoever moved any; what only the other has stands behind what it stood behind
        there."""
        both = set(base) & set(mine) & set(theirs)
        old, my, their = ([row_id for row_id in rows if row_id in both] for rows in (base, mine, theirs))
        by_theirs = self._value((table, "", ORDER), "", old, my, their) == their != my
        return _woven(theirs, mine) if by_theirs else _woven(mine, theirs)


def _are_unique(rows: Any, key: str) -> bool:
    """A draft may be wrong."""
    return len({row[key] for row in rows or ()}) == len(rows or ())


def _woven(order: Iterable[str], others: Iterable[str]) -> list[str]:
    found = list(order)
    behind: str | None = None
    for row_id in others:
        if row_id not in found:
            found.insert(0 if behind is None else found.index(behind) + 1, row_id)
        behind = row_id
    return found
