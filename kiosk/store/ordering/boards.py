"""Questions of the hall board."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.ordering.order import OrderStatus
from kiosk.store.ordering.orders import IN_KITCHEN
from kiosk.store.transaction import Reader


class HallRow(msgspec.Struct, frozen=True):
    """What the hall board needs of one order. `cells`: what its customer was called to; `failed`: portions that staff
    has to do with, lost, or in a cell that staff opens; `given_back`: all its money
    goes back, or went lately; `touched`: a portion was tried again, taken, lost or given back, so that it may have
    looked otherwise; `reminded`: its customer was told that it still stands there."""

    order_id: str
    number: str
    status: OrderStatus
    promised_at: datetime | None
    cells: list[int]
    failed: int
    given_back: bool
    touched: bool
    reminded: bool = False


#: Refunds of a whole order after its payment; what had been handed out left the board then, and stays away.
_WHOLE = (
    "r.whole = 1 AND r.portions <> '[]' AND NOT EXISTS"
    " (SELECT 1 FROM timeline t WHERE t.order_id = r.order_id AND t.status = 'completed')"
)


def read_hall(reader: Reader, kept_since: datetime) -> list[HallRow]:
    """Every paid order that is not handed out, and those given back since then, oldest first."""
    return reader.all(
        HallRow,
        f"WITH shown AS (SELECT order_id FROM orders WHERE {IN_KITCHEN} UNION"
        f" SELECT r.order_id FROM refund r WHERE r.done_at IS NOT NULL AND r.done_at > ? AND {_WHOLE})"
        " SELECT o.order_id, o.number, o.status, o.promised_at,"
        " (SELECT json_group_array(cell) FROM (SELECT p.cell FROM portion p WHERE p.order_id = o.order_id"
        "   AND p.status = 'ready' AND p.cell IS NOT NULL"
        "   AND NOT EXISTS (SELECT 1 FROM refund g, json_each(g.portions) j"
        "     WHERE g.order_id = p.order_id AND j.value = p.portion_id)"
        "   AND NOT EXISTS (SELECT 1 FROM locked_cell k WHERE k.portion_id = p.portion_id AND k.cell = p.cell)"
        "   AND (o.status = 'ready' OR p.called = 1) GROUP BY p.cell ORDER BY min(p.portion_id))) AS 'cells:json',"
        " (SELECT count(*) FROM portion p WHERE p.order_id = o.order_id AND (p.status = 'failed' OR p.status = 'ready'"
        "   AND EXISTS (SELECT 1 FROM locked_cell k WHERE k.portion_id = p.portion_id AND k.cell = p.cell))) AS failed,"
        f" EXISTS (SELECT 1 FROM refund r WHERE r.order_id = o.order_id AND {_WHOLE}) AS given_back,"
        " EXISTS (SELECT 1 FROM portion p WHERE p.order_id = o.order_id AND (p.attempt > 1"
        "   OR p.status IN ('handed_out', 'written_off', 'failed', 'dropped'))) AS touched,"
        " EXISTS (SELECT 1 FROM portion p WHERE p.order_id = o.order_id AND p.status = 'ready' AND p.reminded > 0)"
        "   AS reminded"
        " FROM shown JOIN orders o USING (order_id) ORDER BY o.order_id",
        (rfc3339(kept_since),),
    )


def has_left(reader: Reader, since: datetime, until: datetime) -> bool:
    """Whether an order was given back whole between these moments (the one excluded, the other included)."""
    sql = f"SELECT EXISTS (SELECT 1 FROM refund r WHERE r.done_at > ? AND r.done_at <= ? AND {_WHOLE})"
    return bool(reader.scalar(sql, (rfc3339(since), rfc3339(until))))
