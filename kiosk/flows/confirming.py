"""Seed 3.5–3.7: the order becomes paid and says so, and the answer that its key gets from then on."""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.bonus import BonusRules
from kiosk.domain.events import OrderPaidEvent
from kiosk.domain.order import OrderStatus
from kiosk.domain.payment import Confirmation, Payment
from kiosk.domain.planning import Work
from kiosk.domain.readiness import Kitchen
from kiosk.flows.ordering import event_items, promise_until
from kiosk.flows.views import receipt_view
from kiosk.store import bonuses, orders, outbox, payments, stocks
from kiosk.store.database import Reader, Tx


class Confirming:
    """Writes within the caller's transaction."""

    def __init__(self, kitchen: Kitchen, bonus: BonusRules) -> None:
        self._kitchen = kitchen
        self._bonus = bonus

    def publish_paid(self, tx: Tx, payment: Payment, now: datetime) -> None:
        """The order becomes paid and says so, in one transaction with whoever calls."""
        order = orders.require(tx, payment.order_id)
        order = orders.move(tx, order, OrderStatus.PAID, now)
        lines = orders.lines(tx, order.order_id)
        stocks.commit(tx, order.order_id)
        if payment.customer_id is not None:
            earned = self._bonus.earned(payment.amount_kopecks)
            payments.note(tx, payment, bonus_accrued=earned)
            bonuses.enter(tx, payment.customer_id, "accrual", earned, order.order_id, payment.payment_id, now)
        ready_in_s = self._kitchen.promise_s(self._work(tx, order.order_id))
        orders.set_promise(tx, order.order_id, ready_in_s, promise_until(now, ready_in_s))
        intent = payments.sale_intent(tx, payment.payment_id)
        outbox.put(
            tx,
            OrderPaidEvent(
                order_id=order.order_id,
                number=order.number,
                customer_id=order.customer_id,
                amount_kopecks=payment.amount_kopecks,
                bonus_spent=payment.bonus_points,
                items=event_items(lines),
                transaction_id=payment.transaction_id or "",
                fiscal_document_number=intent.document_number if intent else None,
                ready_in_s=ready_in_s,
            ),
            now,
        )

    def _work(self, reader: Reader, order_id: str) -> list[Work]:
        phases = self._kitchen.phases
        return [
            phases.get(line.chart_fingerprint, [])
            for line in orders.lines(reader, order_id)
            for _ in range(line.quantity)
        ]

    def confirm(self, reader: Reader, payment: Payment) -> Confirmation:
        order = orders.require(reader, payment.order_id)
        intent = payments.sale_intent(reader, payment.payment_id)
        if intent is None:
            raise LookupError(f"no receipt of {payment.payment_id}")
        return Confirmation(
            order_id=order.order_id,
            status=OrderStatus.PAID,
            amount_kopecks=payment.amount_kopecks,
            bonus_spent=payment.bonus_points,
            bonus_accrued=payment.bonus_accrued,
            transaction_id=payment.transaction_id or "",
            pickup_code=order.pickup_code,
            receipt=receipt_view(intent),
        )
