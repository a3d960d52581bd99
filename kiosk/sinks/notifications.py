"""Seed order 5: records what a customer is told about the order; `kiosk.messages.delivery` sends it."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.domain.events import (
    OrderCancelledEvent,
    OrderPaidEvent,
    OrderReadyEvent,
    OrderRefundedEvent,
    StoredEvent,
)
from kiosk.domain.ordering.notice import PICKUP_CODE, roubles
from kiosk.messages.notices import NoticeBook
from kiosk.store.ordering import messages
from kiosk.store.transaction import Tx


class NotificationSink:
    """One message for an event and kind. A guest who asked for it is told from readiness on: what was paid stood on
    the screen a moment ago. Others without an account get no message."""

    name = "notifications"
    wants = frozenset(
        {OrderPaidEvent.__name__, OrderReadyEvent.__name__, OrderRefundedEvent.__name__, OrderCancelledEvent.__name__}
    )

    def __init__(self, book: NoticeBook, wake: Callable[[], None]) -> None:
        self._book = book
        self._wake = wake

    def recorded(self) -> None:
        self._wake()

    def handle(self, tx: Tx, event: StoredEvent) -> None:
        if event.order_id is None:
            return
        to = messages.recipient(tx, event.order_id)
        if to is None:
            return
        told, texts, ident = event.decode(), self._book.texts, f"{event.event_id}:{{}}".format
        match told:
            case OrderPaidEvent() if not to.guest:
                minutes = max(1, -(-told.ready_in_s // 60))
                words = {"number": told.number, "minutes": str(minutes), "code": PICKUP_CODE}
                self._book.tell(tx, ident("accepted"), event.order_id, to, texts.accepted, **words)
                if told.bonus_spent > 0:
                    words = {"number": told.number, "points": str(told.bonus_spent)}
                    self._book.warn(tx, ident("points_spent"), event.order_id, to, texts.points_spent, **words)
            case OrderReadyEvent():
                template = texts.ready if told.cells else texts.ready_at_counter
                cells = ", ".join(str(cell) for cell in told.cells)
                words = {"number": told.number, "cells": cells, "code": PICKUP_CODE}
                self._book.tell(tx, ident("ready"), event.order_id, to, template, **words)
            case OrderRefundedEvent():
                template = texts.refunded if told.whole else texts.refunded_part
                words = {"number": told.number, "sum": roubles(told.amount_kopecks, to.language)}
                self._book.tell(tx, ident("refunded"), event.order_id, to, template, **words)
            case OrderCancelledEvent(by="staff"):
                self._book.tell(tx, ident("cancelled"), event.order_id, to, texts.cancelled, number=told.number)
        if isinstance(told, OrderCancelledEvent) or (isinstance(told, OrderRefundedEvent) and told.whole):
            messages.forget_guest(tx, event.order_id)  # it is over, nothing more can be sent
