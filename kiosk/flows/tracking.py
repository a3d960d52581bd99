"""«Мой заказ»: what became of an order, for whoever holds its number and its pick-up code, without a session."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import WrongCode
from kiosk.domain.order import Order, OrderStatus, PortionStatus
from kiosk.domain.payment import ReceiptView
from kiosk.flows.handing_out import PickupRequest, holder_of
from kiosk.flows.limiting import Window
from kiosk.flows.views import ItemView, RefundView, order_view
from kiosk.store import orders
from kiosk.store.database import Database

_LATE = timedelta(seconds=60)  # the hall board says `delayed` from here on


class TrackView(msgspec.Struct, frozen=True):
    """`status` also `delayed` and `see_staff`, like on the hall board; `cells` hold what can be taken now."""

    number: str
    status: str
    amount_kopecks: int
    currency: str
    items: list[ItemView]
    ready_in_s: int
    service: str
    cells: list[int]
    receipt_unknown: bool
    receipt: ReceiptView | None
    refunds: list[RefundView]


class Tracking:
    """The code opens one order: wrong ones count against the same five tries as at the cells."""

    def __init__(self, database: Database, clock: Clock, per_minute: int) -> None:
        self._db = database
        self._clock = clock
        self._asked = Window(clock, per_minute, 60)

    async def track(self, request: PickupRequest, device: str, language: str) -> TrackView:
        """Raises `WrongCode` (five tries, then staff), `TooManyRequests`."""
        self._asked.take(device)
        found = await self._db.write(lambda tx: holder_of(tx, request))
        if isinstance(found, WrongCode):
            raise found  # outside the transaction: the spent try stays committed
        async with self._db.read() as reader:
            view = await order_view(reader, found, language, self._clock.now())
            portions = await orders.read_portions(reader, found.order_id)
        failed = any(row.status is PortionStatus.FAILED for row in portions)
        return TrackView(
            number=view.number,
            status="see_staff" if failed else self._told(found),
            amount_kopecks=view.payment.amount_kopecks if view.payment else view.amount_kopecks,
            currency=view.currency,
            items=view.items,
            ready_in_s=view.ready_in_s,
            service=view.service,
            cells=[row.cell for row in portions if row.status is PortionStatus.READY and row.cell is not None],
            receipt_unknown=view.receipt_unknown,
            receipt=view.receipt,
            refunds=view.refunds,
        )

    def _told(self, order: Order) -> str:
        cooking = order.status in (OrderStatus.PAID, OrderStatus.COOKING) and order.promised_at is not None
        late = cooking and order.promised_at is not None and self._clock.now() - order.promised_at > _LATE
        return "delayed" if late else order.status
