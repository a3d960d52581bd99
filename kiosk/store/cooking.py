"""The portions in work with what their cooking needs, and the orders that wait for none of them any more."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.domain.order import PortionStatus
from kiosk.store.database import Reader
from kiosk.store.orders import IN_KITCHEN, PORTION_IN_WORK, WRITTEN_OFF, IdRow


class WorkRow(msgspec.Struct, frozen=True):
    """A portion in work with what its cooking needs."""

    portion_id: int
    order_id: str
    status: PortionStatus
    attempt: int
    cell: int | None
    released: bool
    recipe: int
    chart_fingerprint: str
    formula: dict[str, int]
    cooking_at: datetime | None


def read_work(reader: Reader) -> list[WorkRow]:
    """All portions the kitchen still has to do with, in the order they were paid."""
    return reader.all(
        WorkRow,
        "SELECT p.portion_id, p.order_id, p.status, p.attempt, p.cell, p.released, i.recipe, i.chart_fingerprint,"
        " i.formula AS 'formula:json', p.cooking_at"
        " FROM portion p JOIN order_item i ON i.order_id = p.order_id AND i.line = p.line"
        f" WHERE {PORTION_IN_WORK} ORDER BY p.portion_id",
    )


def read_stalled(reader: Reader) -> list[str]:
    """Orders in the kitchen that wait for nothing any more: given back, settled by hand, thrown away, or done."""
    rows = reader.all(
        IdRow,
        f"SELECT o.order_id FROM orders o WHERE {IN_KITCHEN}"
        " AND EXISTS (SELECT 1 FROM portion p WHERE p.order_id = o.order_id"
        "   AND p.status IN ('ready', 'handed_out', 'written_off'))"
        " AND NOT EXISTS (SELECT 1 FROM portion p WHERE p.order_id = o.order_id"
        "   AND p.status NOT IN ('dropped', 'ready', 'handed_out', 'written_off')"
        f"   AND NOT (p.status = 'failed' AND p.fault LIKE '{WRITTEN_OFF}:%'))"
        " AND NOT (o.status = 'ready' AND EXISTS (SELECT 1 FROM portion p WHERE p.order_id = o.order_id"
        "   AND p.status IN ('ready', 'failed')))",
    )
    return [row.order_id for row in rows]
