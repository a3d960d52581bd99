"""Food that nobody fetches: who was told, and the cells where it lies when it may not be eaten any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.kitchen.holding import Told
from kiosk.store.ordering.orders import PORTION_IN_WORK
from kiosk.store.transaction import Reader, Tx


class LockedRow(msgspec.Struct, frozen=True):
    """Food that was thrown away in the books and lies in its cell still."""

    portion_id: int
    cell: int


def read_locked(reader: Reader) -> list[LockedRow]:
    """All of them."""
    return reader.all(LockedRow, "SELECT portion_id, cell FROM locked_cell ORDER BY portion_id, cell")


def lock(tx: Tx, portion_id: int, cell: int, now: datetime) -> None:
    """What lies there is thrown away."""
    tx.execute("INSERT INTO locked_cell VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (portion_id, cell, rfc3339(now)))


def has_locked(reader: Reader, order_id: str) -> bool:
    """Whether something of the order lies in a cell that its guest may not open."""
    sql = "SELECT EXISTS (SELECT 1 FROM locked_cell JOIN portion USING (portion_id) WHERE order_id = ?)"
    return bool(reader.scalar(sql, (order_id,)))


def is_locked(reader: Reader, cell: int, portion_ids: Collection[int]) -> bool:
    """Whether that is so of one of these, in this cell."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM locked_cell WHERE cell = :cell"
        " AND portion_id IN (SELECT value FROM json_each(:portions)))"
    )
    asked = {"cell": cell, "portions": msgspec.json.encode(list(portion_ids)).decode()}
    return bool(reader.scalar(sql, asked))


def share(tx: Tx, order_id: str, cell: int, now: datetime) -> None:
    """What is ready of an order in one cell is fetched together: it may be eaten as long as the first of it may, and
    not beside what was thrown away there."""
    tx.execute(
        "UPDATE portion AS p SET hold_until = CASE WHEN EXISTS (SELECT 1 FROM locked_cell k JOIN portion q"
        "   USING (portion_id) WHERE k.cell = p.cell AND q.order_id = p.order_id"
        "   AND NOT (q.status = 'ready' AND q.cell = k.cell)) THEN :now"
        "  ELSE (SELECT min(q.hold_until) FROM portion q WHERE q.order_id = p.order_id AND q.cell = p.cell"
        "   AND q.status = 'ready') END"
        f" WHERE p.order_id = :order_id AND p.cell = :cell AND {PORTION_IN_WORK} AND p.status = 'ready'",
        {"order_id": order_id, "cell": cell, "now": rfc3339(now)},
    )


def empty(tx: Tx, portion_id: int, cell: int) -> None:
    """Nothing of it lies there any more."""
    tx.execute("DELETE FROM locked_cell WHERE portion_id = ? AND cell = ?", (portion_id, cell))


def see_to_locked(tx: Tx, portion_id: int) -> None:
    """A person has seen to all that lies somewhere of a portion."""
    tx.execute("DELETE FROM locked_cell WHERE portion_id = ?", (portion_id,))


def tell(tx: Tx, portion_ids: Collection[int], told: int) -> bool:
    """So many know now that nobody fetches these, as far as they are ready; False where they knew."""
    sql = (
        f"UPDATE portion AS p SET reminded = :told WHERE {PORTION_IN_WORK} AND p.status = 'ready'"
        " AND p.reminded < :told AND p.portion_id IN (SELECT value FROM json_each(:portions))"
    )
    return tx.execute(sql, {"told": told, "portions": msgspec.json.encode(list(portion_ids)).decode()}).rowcount > 0


def see(tx: Tx, order_id: str) -> None:
    """Staff has seen to what is ready of an order."""
    tx.execute(
        f"UPDATE portion AS p SET reminded = ? WHERE p.order_id = ? AND {PORTION_IN_WORK} AND p.status = 'ready'",
        (Told.SEEN.value, order_id),
    )


def keep_temperatures(tx: Tx, portion_id: int, attempt: int, lowest_c: float, highest_c: float, cold_s: float) -> None:
    """Of an attempt in its cell; what was kept before a restart counts on."""
    tx.execute(
        "UPDATE portion SET lowest_c = min(:lowest_c, ifnull(lowest_c, :lowest_c)),"
        " highest_c = max(:highest_c, ifnull(highest_c, :highest_c)), cold_s = max(:cold_s, ifnull(cold_s, 0))"
        " WHERE portion_id = :portion_id AND attempt = :attempt",
        {
            "portion_id": portion_id,
            "attempt": attempt,
            "lowest_c": lowest_c,
            "highest_c": highest_c,
            "cold_s": float(cold_s),
        },
    )
