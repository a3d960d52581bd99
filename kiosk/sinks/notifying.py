"""Seed order 5: records what a customer is told about the order; `sending.py` sends it."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.clock import Clock
from kiosk.domain.events import OrderPaidEvent, OrderReadyEvent, OrderRefundedEvent, StoredEvent
from kiosk.domain.notice import PICKUP_CODE, Notices, Template, fill, roubles
from kiosk.domain.text import Text
from kiosk.store import messages
from kiosk.store.database import Tx

SMS, PUSH = "sms", "push"


class Notifying:
    """One message for an event and kind, to the customer's device or else number; guests are told nothing."""

    name = "notifications"
    wants = frozenset({OrderPaidEvent.__name__, OrderReadyEvent.__name__, OrderRefundedEvent.__name__})

    def __init__(self, notices: Notices, restaurant: Text, clock: Clock, wake: Callable[[], None]) -> None:
        self._notices = notices
        self._restaurant = restaurant
        self._clock = clock
        self._wake = wake

    def recorded(self) -> None:
        self._wake()

    def handle(self, tx: Tx, event: StoredEvent) -> None:
        if event.order_id is None:
            return
        to = messages.recipient(tx, event.order_id)
        if to is None:
            return
        notices, told = self._notices, event.decode()
        match told:
            case OrderPaidEvent():
                minutes = max(1, -(-told.ready_in_s // 60))
                members = {"number": told.number, "minutes": str(minutes), "code": PICKUP_CODE}
                self._tell(tx, event, to, "accepted", notices.accepted, **members)
                if told.bonus_spent > 0:
                    self._warn(tx, event, to, told)
            case OrderReadyEvent():
                template = notices.ready if told.cells else notices.ready_at_counter
                cells = ", ".join(str(cell) for cell in told.cells)
                self._tell(tx, event, to, "ready", template, number=told.number, cells=cells, code=PICKUP_CODE)
            case OrderRefundedEvent():
                back = roubles(told.amount_kopecks, to.language)
                self._tell(tx, event, to, "refunded", notices.refunded, number=told.number, sum=back)

    def _tell(
        self, tx: Tx, event: StoredEvent, to: messages.Recipient, kind: str, template: Template, **members: str
    ) -> None:
        channel, address = (PUSH, to.push_address) if to.push_address else (SMS, to.phone)
        self._record(tx, event, to, kind, template, channel, address, members)

    def _warn(self, tx: Tx, event: StoredEvent, to: messages.Recipient, told: OrderPaidEvent) -> None:
        """Always to the number: whoever typed it in may not be its owner (reliability §6.2)."""
        members = {"number": told.number, "points": str(told.bonus_spent)}
        self._record(tx, event, to, "points_spent", self._notices.points_spent, SMS, to.phone, members)

    def _record(
        self,
        tx: Tx,
        event: StoredEvent,
        to: messages.Recipient,
        kind: str,
        template: Template,
        channel: str,
        address: str,
        members: dict[str, str],
    ) -> None:
        words = fill(template, to.language, restaurant=self._restaurant.into(to.language), **members)
        messages.add(
            tx,
            client_id=f"{event.event_id}:{kind}",
            channel=channel,
            address=address,
            title=words.title,
            body=words.body,
            order_id=event.order_id,
            now=self._clock.now(),
        )
