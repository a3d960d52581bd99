"""Writes down what a customer or a guest is to be told: one message for each cause, in its transaction."""

from __future__ import annotations

from kiosk.clock import Clock
from kiosk.domain.ordering.notice import PICKUP_CODE, Notices, Template, fill
from kiosk.domain.text import Text
from kiosk.store.ordering import messages
from kiosk.store.transaction import Tx

SMS, PUSH = "sms", "push"


class NoticeBook:
    """To the customer's device, else to the number; the texts in `texts`."""

    def __init__(self, texts: Notices, restaurant: Text, clock: Clock) -> None:
        self.texts = texts
        self._restaurant = restaurant
        self._clock = clock

    def tell(
        self, tx: Tx, client_id: str, order_id: str, to: messages.Recipient, template: Template, **members: str
    ) -> None:
        channel, address = (PUSH, to.push_address) if to.push_address else (SMS, to.phone)
        self._record(tx, client_id, order_id, to.language, template, channel, address, members)

    def warn(
        self, tx: Tx, client_id: str, order_id: str, to: messages.Recipient, template: Template, **members: str
    ) -> None:
        """Always to the number: whoever typed it in may not be its owner (access.md#signing-in-by-the-number-alone)."""
        self._record(tx, client_id, order_id, to.language, template, SMS, to.phone, members)

    def remind(
        self, tx: Tx, order_id: str, portion_id: int, attempt: int, to: messages.Recipient, *, number: str, cells: str
    ) -> None:
        """That food stands in its cell: once for each time that this portion was cooked."""
        client_id = f"{order_id}:forgotten:{portion_id}.{attempt}"
        template = self.texts.forgotten if cells else self.texts.ready_at_counter
        words = {"number": number, "code": PICKUP_CODE, **({"cells": cells} if cells else {})}
        self.tell(tx, client_id, order_id, to, template, **words)

    def _record(
        self,
        tx: Tx,
        client_id: str,
        order_id: str,
        language: str,
        template: Template,
        channel: str,
        address: str,
        members: dict[str, str],
    ) -> None:
        words = fill(template, language, restaurant=self._restaurant.into(language), **members)
        messages.add(
            tx,
            client_id=client_id,
            channel=channel,
            address=address,
            title=words.title,
            body=words.body,
            order_id=order_id,
            now=self._clock.now(),
        )
