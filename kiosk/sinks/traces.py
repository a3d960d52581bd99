"""Each order that is over as one trace, to a collector of OpenTelemetry (operation.md#traces)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from drivers.errors import DeviceError
from drivers.webhook.port import WebhookSender
from kiosk import version
from kiosk.domain.events import OrderCancelledEvent, OrderCompletedEvent, OrderRefundedEvent, StoredEvent
from kiosk.domain.ordering.order import Order, OrderStatus
from kiosk.domain.traces import Step, between, document
from kiosk.sinks.relay import Failure
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.stock import records
from kiosk.store.transaction import Reader

_ENDS = {kind.__name__ for kind in (OrderCompletedEvent, OrderCancelledEvent, OrderRefundedEvent)}
_ORDER = "order"
#: To be sent once more, by the protocol (OTLP over HTTP, retryable response codes); anything else would never be taken.
_AGAIN = frozenset({429, 502, 503, 504})


class TraceCollector:
    """`Target`. An order that ends twice (completed, later given back) is sent twice under the same numbers. Nothing in
    it says who the guest is."""

    kind = "traces"
    from_first = False

    def __init__(self, url: str, sender: WebhookSender, database: Database, restaurant: str) -> None:
        self.url = collector_url(url)
        self._url = url
        self._sender = sender
        self._db = database
        self._restaurant = restaurant

    def wants(self, event: StoredEvent) -> bool:
        return event.type in _ENDS and event.order_id is not None

    async def deliver(self, event: StoredEvent) -> Failure | None:
        """What the collector refuses for good is not sent again: a trace is no book."""
        order_id = event.order_id or ""
        steps = await self._db.read(read_steps, order_id)
        if not steps:
            return None  # in an archive by now
        body = msgspec.json.encode(document(order_id, steps, self._restaurant, version()))
        try:
            delivery = await self._sender.deliver(self._url, {"Content-Type": "application/json"}, body)
        except DeviceError as error:
            return Failure(str(error))
        if delivery.status in _AGAIN:
            return Failure(f"HTTP {delivery.status}", delivery.retry_after_s or 0.0)
        return None


def collector_url(url: str) -> str:
    """Its name among the endpoints."""
    return f"{TraceCollector.kind}:{url}"


def read_steps(reader: Reader, order_id: str) -> list[Step]:
    """The order, from status to status, and each of its portions. Empty where the order is not here."""
    order = orders.find(reader, order_id)
    if order is None:
        return []
    moments = [(entry.status, entry.at) for entry in orders.read_timeline(reader, order_id)]
    if not moments:
        return []
    whole = Step(
        _ORDER,
        moments[0][1],
        max(at for _, at in moments),
        failed=order.status == OrderStatus.REFUNDED,
        attributes={
            "order.id": order_id,
            "order.number": order.number,
            "order.status": order.status,
            "order.amount_kopecks": order.amount_kopecks,
        },
    )
    return [whole, *_numbered(between(moments, _ORDER)), *_portions(reader, order)]


def _numbered(steps: list[Step]) -> Iterator[Step]:
    """A status that comes twice (a second try to pay) is told apart by its number."""
    seen: dict[str, int] = {}
    for step in steps:
        seen[step.name] = seen.get(step.name, 0) + 1
        many = seen[step.name]
        yield step if many == 1 else msgspec.structs.replace(step, name=f"{step.name} {many}")


def _portions(reader: Reader, order: Order) -> Iterator[Step]:
    for row in records.read_records(reader, order.order_id):
        name = f"portion {row.portion_id}"
        told: list[tuple[str, datetime | None]] = [
            (f"{name}: queued", row.accepted_at),
            (f"{name}: cooked", row.begun_at),
            (f"{name}: in its cell", row.ready_at),
            ("", row.fetched_at),
        ]
        moments = [(step, at) for step, at in told if at is not None]
        if len(moments) < 2:
            continue
        attributes: dict[str, str | int] = {"dish": row.item_id, "chart": row.chart, "attempt": row.attempt}
        if row.cell is not None:
            attributes["cell"] = row.cell
        begun_at, ended_at = moments[0][1], max(at for _, at in moments)
        yield Step(name, begun_at, ended_at, _ORDER, row.status == "failed", attributes)
        yield from between(moments, name)
