"""Ready rows: a session, a chart, an order with its lines, a payment."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from kiosk.domain.menu.chart import Chart, ChartPhase
from kiosk.domain.ordering.order import Order, OrderLine, OrderStatus, Service
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.store.identity import sessions
from kiosk.store.ordering import orders
from kiosk.store.payment import payments
from kiosk.store.stock import charts
from kiosk.store.transaction import Tx
from tests.clocks import START

CHART = Chart(1, 1, "Рис", {"rice": 150, "egg": 1}, (ChartPhase(2, 2, 0, 60, 90),))
SESSION = "session-1"


def order_line(line: int = 1, quantity: int = 2) -> OrderLine:
    return OrderLine(
        line, "fried-rice", "Рис", "Rice", quantity, 28900, ["hot"], 1, CHART.fingerprint, {"rice": 150, "egg": 1}
    )


def order(order_id: str = "ORDER1", number: str = "A01") -> Order:
    return Order(
        order_id=order_id,
        number=number,
        terminal_id="kiosk-1",
        session_id=SESSION,
        customer_id=None,
        service=Service.DINE_IN,
        status=OrderStatus.CREATED,
        amount_kopecks=57800,
        ready_in_s=120,
        pickup_code="0042",
        receipt_unknown=False,
        created_at=START,
    )


def payment(order_id: str = "ORDER1", attempt: int = 1, step: PaymentStep = PaymentStep.RESERVING) -> Payment:
    return Payment(
        payment_id=f"{order_id}:{attempt}",
        order_id=order_id,
        attempt=attempt,
        terminal_id="kiosk-1",
        session_id=SESSION,
        method="token",
        step=step,
        amount_kopecks=57800,
        bonus_points=0,
        card_token="tok_ok",
        idempotency_key=None,
        fingerprint="f",
        receipt_to=None,
        created_at=START,
    )


def open_shop(tx: Tx) -> None:
    """The chart and the session every order refers to."""
    charts.prepare(tx, [CHART], START)
    sessions.add(tx, SESSION, "kiosk-1", None, START, START + timedelta(minutes=15))


def sell(tx: Tx, *order_ids: str) -> None:
    """A shop with these orders, two portions each."""
    open_shop(tx)
    for n, order_id in enumerate(order_ids):
        orders.add(tx, msgspec.structs.replace(order(order_id), number=f"A{n + 1:02d}"), [order_line()])


def pay(tx: Tx, found: Payment) -> Payment:
    payments.add(tx, found)
    return payments.require(tx, found.payment_id)
