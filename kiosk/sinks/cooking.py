"""Seed order 4: OrderPaidEvent gives the portions to the kitchen; they wait in their own table."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.domain.events import OrderPaidEvent, StoredEvent
from kiosk.store.ordering import orders
from kiosk.store.transaction import Tx


class CookingSink:
    """Records the work; `kitchen.py` does it."""

    name = "cooking"
    wants = frozenset({OrderPaidEvent.__name__})

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def handle(self, tx: Tx, event: StoredEvent) -> None:
        if event.order_id is not None:
            orders.plan_to_wait(tx, event.order_id)

    def recorded(self) -> None:
        self._wake()
