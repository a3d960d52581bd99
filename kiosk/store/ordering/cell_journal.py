"""What came into the cells on a day, portion by portion."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.ordering.order import PortionStatus
from kiosk.store.ordering.orders import given_back
from kiosk.store.transaction import Reader

#: As on the packages, one a line, of the portion's last attempt.
_LOTS = (
    "(SELECT group_concat(name, char(10)) FROM (SELECT DISTINCT u.name FROM portion_lot u"
    " WHERE u.portion_id = p.portion_id AND u.attempt = p.attempt AND u.name <> '' ORDER BY u.name)) AS lots"
)


class CellRow(msgspec.Struct, frozen=True):
    """A portion in its cell, of its last attempt; `fetched_at`: when the cell was seen empty, or staff gave it out."""

    portion_id: int
    order_id: str
    number: str
    item_id: str
    name_ru: str
    name_en: str
    status: PortionStatus
    chart_revision: int
    cell: int | None
    ready_at: datetime
    hold_until: datetime | None
    fetched_at: datetime | None
    fault: str | None
    given_back: bool
    lowest_c: float | None
    highest_c: float | None
    lots: str | None


def read_cells(reader: Reader, first: datetime, last: datetime) -> list[CellRow]:
    """What was ready from `first` up to and without `last`, in that order."""
    return reader.all(
        CellRow,
        "SELECT p.portion_id, p.order_id, o.number, i.item_id, i.name_ru, i.name_en, p.status,"
        " c.revision AS chart_revision, p.cell, p.ready_at, p.hold_until, p.fetched_at, p.fault,"
        f" {given_back('p')}, p.lowest_c, p.highest_c, {_LOTS}"
        " FROM portion p JOIN orders o ON o.order_id = p.order_id"
        " JOIN order_item i ON i.order_id = p.order_id AND i.line = p.line"
        " JOIN chart c ON c.fingerprint = i.chart_fingerprint"
        " WHERE p.ready_at >= ? AND p.ready_at < ? ORDER BY p.ready_at, p.portion_id",
        (rfc3339(first), rfc3339(last)),
    )
