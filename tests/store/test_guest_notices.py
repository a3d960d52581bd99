"""Who is still to be told that an order is late."""

from __future__ import annotations

from datetime import timedelta

from kiosk.domain.ordering.order import OrderStatus
from kiosk.store.database import Database
from kiosk.store.ordering import messages, orders
from kiosk.store.payment import refunds
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.store import rows


def cook(tx: Tx, order_id: str) -> None:
    order = orders.require(tx, order_id)
    for status in (OrderStatus.PAYING, OrderStatus.PAID):
        order = orders.move(tx, order, status, START)
    tx.execute("UPDATE orders SET promised_at = '2026-11-22T12:05:00.000Z' WHERE order_id = ?", (order_id,))


def untold(tx: Tx) -> list[str]:
    return [row.order_id for row in messages.read_untold(tx, START + timedelta(minutes=10))]


async def test_5_nobody_hears_twice_that_an_order_is_late_nor_of_one_whose_money_goes_back(database: Database) -> None:
    def run(tx: Tx) -> None:
        rows.sell(tx, "ORDER1", "ORDER2", "ORDER3")
        for order_id in ("ORDER1", "ORDER2", "ORDER3"):
            cook(tx, order_id)
        for order_id in ("ORDER1", "ORDER2"):
            messages.keep_guest(tx, order_id, "+79161234567", "ru")
        assert untold(tx) == ["ORDER1", "ORDER2"]  # nobody waits to hear of the third
        told = {"channel": "sms", "address": "+7", "title": "", "body": "", "order_id": "ORDER1", "now": START}
        messages.add(tx, client_id=messages.late_id("ORDER1"), **told)  # type: ignore[arg-type]
        assert untold(tx) == ["ORDER2"]
        payment = rows.pay(tx, rows.payment("ORDER2"))
        refunds.add_refund(
            tx, payment, refund_id="r", amount_kopecks=1, portions=[1], whole=True, reason="-", actor="-", now=START
        )
        assert untold(tx) == []

    await database.write(run)
