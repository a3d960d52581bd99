"""«Мой заказ»: what became of an order, for whoever holds its number and its pick-up code, or its receipt."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import InvalidRequest
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.ordering.order import Order, PortionStatus, is_late
from kiosk.domain.payment.payment import ReceiptView
from kiosk.flows.ordering.pickup import to_take
from kiosk.flows.ordering.proof import Asker, PickupRequest, ProofOfOrder
from kiosk.flows.ordering.views import ItemView, OrderView, RefundView, order_view
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.transaction import Reader

_Figure = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class TrackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either `number` and `pickup_code`, or of the receipt `fiscal_sign` (FFD tag 1077) and `amount_kopecks`."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=8)] | None = None
    pickup_code: Annotated[str, msgspec.Meta(min_length=1, max_length=16)] | None = None
    fiscal_sign: _Figure | None = None
    amount_kopecks: _Figure | None = None


class TrackView(msgspec.Struct, frozen=True):
    """`status` also `delayed` and `see_staff`, like on the hall board; `cells` hold what can be taken now;
    `pickup_code`: for whoever came with the receipt, null before payment."""

    number: str
    status: str
    amount_kopecks: int
    currency: str
    items: list[ItemView]
    ready_in_s: int
    service: str
    cells: list[int]
    pickup_code: str | None
    receipt_unknown: bool
    receipt: ReceiptView | None
    refunds: list[RefundView]


class OrderTracking:
    """Wrong proofs count where those at the cells do."""

    def __init__(self, database: Database, proof_of_order: ProofOfOrder, kitchen: Kitchen, clock: Clock) -> None:
        self._db = database
        self._kitchen = kitchen
        self._proof_of_order = proof_of_order
        self._clock = clock

    async def track(self, request: TrackRequest, asker: Asker, language: str) -> TrackView:
        """Raises `WrongCode`, `TooManyRequests`, `InvalidRequest`."""
        found = await self._prove(request, asker)
        now, kitchen = self._clock.now(), self._kitchen.now

        def look(reader: Reader) -> tuple[OrderView, list[orders.PortionRow]]:
            return order_view(reader, found, language, now, kitchen), orders.portions(reader, found.order_id)

        view, portions = await self._db.read(look)
        staffs = any(row.status is PortionStatus.FAILED or _is_staffs(row) for row in portions)
        return TrackView(
            number=view.number,
            status="see_staff" if staffs else self._told(found),
            amount_kopecks=view.payment.amount_kopecks if view.payment else view.amount_kopecks,
            currency=view.currency,
            items=view.items,
            ready_in_s=view.ready_in_s,
            service=view.service,
            cells=list(dict.fromkeys(cell for cell, _ in to_take(found, portions, now))),
            pickup_code=view.pickup_code,
            receipt_unknown=view.receipt_unknown,
            receipt=view.receipt,
            refunds=view.refunds,
        )

    async def _prove(self, asked: TrackRequest, asker: Asker) -> Order:
        ticket, receipt = (asked.number, asked.pickup_code), (asked.fiscal_sign, asked.amount_kopecks)
        if asked.number is not None and asked.pickup_code is not None and receipt == (None, None):
            return await self._proof_of_order.by_code(PickupRequest(asked.number, asked.pickup_code), asker)
        if asked.fiscal_sign is not None and asked.amount_kopecks is not None and ticket == (None, None):
            return await self._proof_of_order.by_receipt(asked.fiscal_sign, asked.amount_kopecks, asker)
        raise InvalidRequest.at("$", "either number and pickup_code, or fiscal_sign and amount_kopecks")

    def _told(self, order: Order) -> str:
        return "delayed" if is_late(order.status, order.promised_at, self._clock.now()) else order.status


def _is_staffs(row: orders.PortionRow) -> bool:
    """It is ready, and its cell opens for staff alone."""
    return row.status is PortionStatus.READY and row.locked and not row.given_back
