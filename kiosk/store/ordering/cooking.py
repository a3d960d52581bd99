"""The portions in work with what their cooking needs, and the orders that wait for none of them any more."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.domain.ordering.order import PortionStatus
from kiosk.store.ordering.orders import IN_KITCHEN, PORTION_IN_WORK, WRITTEN_OFF, IdRow, given_back
from kiosk.store.transaction import Reader


class WorkRow(msgspec.Struct, frozen=True):
    """A portion in work with what its cooking needs."""

    portion_id: int
    order_id: str
    number: str
    promised_at: datetime | None
    item_id: str
    status: PortionStatus
    attempt: int
    cell: int | None
    released: bool
    recipe: int
    chart_fingerprint: str
    formula: dict[str, int]
    cooking_at: datetime | None
    ready_at: datetime | None = None
    hold_until: datetime | None = None
    reminded: int = 0
    called: bool = False
    given_back: bool = False


def read_work(reader: Reader) -> list[WorkRow]:
    """All portions the kitchen still has to do with, in the order they were paid."""
    return reader.all(
        WorkRow,
        "SELECT p.portion_id, p.order_id, o.number, o.promised_at, i.item_id, p.status, p.attempt, p.cell, p.released,"
        " i.recipe, i.chart_fingerprint, i.formula AS 'formula:json', p.cooking_at,"
        f" p.ready_at, p.hold_until, p.reminded, p.called, {given_back('p')}"
        " FROM portion p JOIN orders o USING (order_id)"
        " JOIN order_item i ON i.order_id = p.order_id AND i.line = p.line"
        f" WHERE {PORTION_IN_WORK} ORDER BY p.portion_id",
    )


class LatestRow(msgspec.Struct, frozen=True):
    """A portion and what became of it."""

    portion_id: int
    order_id: str
    number: str
    item_id: str
    status: PortionStatus
    attempt: int
    cell: int | None
    cooking_at: datetime | None
    ready_at: datetime | None
    fault: str | None


def read_latest(reader: Reader, count: int) -> list[LatestRow]:
    """The portions that were paid last, the newest first."""
    return reader.all(
        LatestRow,
        "SELECT p.portion_id, p.order_id, o.number, i.item_id, p.status, p.attempt, p.cell, p.cooking_at, p.ready_at,"
        " p.fault FROM (SELECT portion_id FROM portion ORDER BY portion_id DESC LIMIT ?) JOIN portion p"
        " USING (portion_id) JOIN orders o USING (order_id)"
        " JOIN order_item i ON i.order_id = p.order_id AND i.line = p.line ORDER BY p.portion_id DESC",
        (count,),
    )


class Spread(msgspec.Struct, frozen=True):
    """When the first and the last portion of an order were ready."""

    first_at: datetime | None
    last_at: datetime | None

    @property
    def seconds(self) -> float:
        if self.first_at is None or self.last_at is None:
            return 0.0
        return (self.last_at - self.first_at).total_seconds()


def read_spread(reader: Reader, order_id: str) -> Spread:
    """How far the portions of an order were apart."""
    sql = "SELECT min(ready_at) AS first_at, max(ready_at) AS last_at FROM portion WHERE order_id = ?"
    return reader.require(Spread, sql, (order_id,))


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
