"""The points' ledger: immutable entries, the balance is their sum; each source enters once."""

from __future__ import annotations

from datetime import datetime

from kiosk.clock import rfc3339
from kiosk.domain.events import BonusChangedEvent
from kiosk.store.events import outbox
from kiosk.store.transaction import Reader, Tx

_BALANCE = "SELECT coalesce(sum(points), 0) FROM bonus_entry WHERE customer_id = ?"


def balance(reader: Reader, customer_id: str) -> int:
    """May be below zero: a debt of points that were taken back after they had been spent."""
    points: int = reader.scalar(_BALANCE, (customer_id,))
    return points


def enter(tx: Tx, customer_id: str, kind: str, points: int, order_id: str, source: str, now: datetime) -> None:
    """One entry and its event; nothing for zero points or a source that has entered already."""
    if not points:
        return
    added = tx.execute(
        "INSERT INTO bonus_entry (customer_id, kind, points, order_id, source, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (customer_id, kind, points, order_id, source, rfc3339(now)),
    )
    if added.rowcount:
        outbox.put(
            tx,
            BonusChangedEvent(
                customer_id=customer_id,
                kind=kind,
                points=points,
                balance=balance(tx, customer_id),
                order_id=order_id,
            ),
            now,
        )


def read_outstanding(reader: Reader) -> int:
    """What all customers together may spend now; a debt of one is no credit of another, and who was erased has none."""
    erased = "SELECT customer_id FROM customer WHERE erased_at IS NOT NULL"
    balances = f"SELECT sum(points) AS points FROM bonus_entry WHERE customer_id NOT IN ({erased}) GROUP BY customer_id"
    points: int = reader.scalar(f"SELECT coalesce(sum(points), 0) FROM ({balances}) WHERE points > 0")
    return points
