"""Seed order 6: every meaningful event is counted in real time, by the restaurant's own hour."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kiosk.domain.events import (
    OrderCompletedEvent,
    OrderCreatedEvent,
    OrderPaidEvent,
    OrderRefundedEvent,
    StoredEvent,
)
from kiosk.store import stats
from kiosk.store.database import Tx


class Counting:
    """Idempotent by its cursor: an event is counted in the transaction that moves it."""

    name = stats.CONSUMER
    wants = frozenset(
        kind.__name__ for kind in (OrderCreatedEvent, OrderPaidEvent, OrderCompletedEvent, OrderRefundedEvent)
    )

    def __init__(self, timezone: ZoneInfo) -> None:
        self._timezone = timezone

    def handle(self, tx: Tx, event: StoredEvent) -> None:
        hour = event.at.astimezone(self._timezone).strftime("%Y-%m-%dT%H")
        match event.decode():
            case OrderCreatedEvent():
                stats.count(tx, hour, orders_created=1)
            case OrderPaidEvent() as paid:
                stats.count(tx, hour, orders_paid=1, revenue_kopecks=paid.amount_kopecks, bonus_spent=paid.bonus_spent)
                for item in paid.items:
                    stats.count_dish(tx, hour[:10], item.item_id, item.name, item.quantity, item.sum_kopecks)
            case OrderCompletedEvent():
                stats.count(tx, hour, orders_completed=1)
            case OrderRefundedEvent() as refunded:
                whole = int(refunded.whole)
                stats.count(tx, hour, orders_refunded=whole, refunded_kopecks=refunded.amount_kopecks)

    def recorded(self) -> None:
        """Nothing waits for a count."""
