"""The events (http.md#events), one type each; what is published goes through here and nowhere else."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base: `type_name` is the seed's spelling, `subject` the order_id where there is one."""

    @property
    def type_name(self) -> str:
        return type(self).__name__

    @property
    def subject(self) -> str | None:
        return getattr(self, "order_id", None)


class EventItem(msgspec.Struct, frozen=True):
    item_id: str
    name: str
    quantity: int
    sum_kopecks: int


class _OrderEvent(Event, frozen=True, kw_only=True):
    order_id: str
    number: str


class OrderCreatedEvent(_OrderEvent, frozen=True, kw_only=True):
    customer_id: str | None
    amount_kopecks: int
    items: list[EventItem]
    service: str
    ready_in_s: int


class OrderPaidEvent(_OrderEvent, frozen=True, kw_only=True):
    """`fiscal_document_number` is null only while the receipt is owed (payment.md#when-the-receipt-fails)."""

    customer_id: str | None
    amount_kopecks: int
    bonus_spent: int
    items: list[EventItem]
    transaction_id: str
    fiscal_document_number: int | None
    ready_in_s: int


class OrderCookingEvent(_OrderEvent, frozen=True, kw_only=True):
    ready_in_s: int


class OrderReadyEvent(_OrderEvent, frozen=True, kw_only=True):
    """`whole` false: the order fills the cells that its rest waits for, so what is ready is called already."""

    cell: int | None
    cells: list[int]
    whole: bool = True


class OrderCompletedEvent(_OrderEvent, frozen=True, kw_only=True):
    pass


class OrderCancelledEvent(_OrderEvent, frozen=True, kw_only=True):
    """`by`: `guest`, `staff`, or `kiosk` where nobody paid in time; empty in events from before it was noted."""

    by: str = ""


class OrderRefundedEvent(_OrderEvent, frozen=True, kw_only=True):
    amount_kopecks: int
    reason: str
    whole: bool = True


class PaymentFailedEvent(_OrderEvent, frozen=True, kw_only=True):
    payment_id: str
    code: str
    reason: str | None = None


class BonusChangedEvent(Event, frozen=True, kw_only=True):
    """`kind`: `hold` at an order that spends, `release` of one that was not paid, `accrual`, and after money went back
    `returned` (what had been spent) and `taken_back` (what had been earned)."""

    customer_id: str
    kind: str = ""
    points: int
    balance: int
    order_id: str | None = None


class StockLowEvent(Event, frozen=True, kw_only=True):
    bin: int
    ingredient: str
    level: int
    unit: str


class DeviceFaultEvent(Event, frozen=True, kw_only=True):
    device: str
    code: str
    detail: str = ""


class DeviceRecoveredEvent(Event, frozen=True, kw_only=True):
    device: str


class ShiftOpenedEvent(Event, frozen=True, kw_only=True):
    shift: int
    fiscal_drive_number: str


class ShiftClosedEvent(Event, frozen=True, kw_only=True):
    shift: int
    fiscal_drive_number: str


class MenuPublishedEvent(Event, frozen=True, kw_only=True):
    """Another menu is sold from now on. `origin`: `file`, `editor`, `cloud`, `rollback`; `version`: of its content."""

    revision: int
    version: str
    origin: str
    by: str
    published_at: str


class StoredEvent(msgspec.Struct, frozen=True):
    """One row of the outbox; `data` is the event's JSON."""

    sequence: int
    event_id: str
    type: str
    at: datetime
    order_id: str | None
    data: str

    def decode(self) -> Event:
        return msgspec.json.decode(self.data, type=EVENT_TYPES[self.type])


EVENT_TYPES: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        OrderCreatedEvent,
        OrderPaidEvent,
        OrderCookingEvent,
        OrderReadyEvent,
        OrderCompletedEvent,
        OrderCancelledEvent,
        OrderRefundedEvent,
        PaymentFailedEvent,
        BonusChangedEvent,
        StockLowEvent,
        DeviceFaultEvent,
        DeviceRecoveredEvent,
        ShiftOpenedEvent,
        ShiftClosedEvent,
        MenuPublishedEvent,
    )
}
