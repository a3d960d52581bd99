"""Seed 3.5–3.7: the order becomes paid and says so, and the answer that its key gets from then on."""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.events import OrderPaidEvent
from kiosk.domain.kitchen.planning import Work
from kiosk.domain.kitchen.state import Kitchen, KitchenState
from kiosk.domain.ordering.order import OrderStatus
from kiosk.domain.payment.bonus import BonusRules
from kiosk.domain.payment.payment import Confirmation, Payment
from kiosk.flows.ordering.create import event_items, promise_until
from kiosk.flows.ordering.views import receipt_view
from kiosk.store.events import outbox
from kiosk.store.fiscal import intents
from kiosk.store.ordering import orders
from kiosk.store.payment import bonuses, payments
from kiosk.store.stock import stocks
from kiosk.store.transaction import Reader, Tx


class Confirmations:
    """Writes within the caller's transaction."""

    def __init__(self, kitchen: Kitchen, bonus: BonusRules) -> None:
        self._kitchen = kitchen
        self._bonus = bonus

    def publish_paid(self, tx: Tx, payment: Payment, now: datetime) -> None:
        """The order becomes paid and says so, in one transaction with whoever calls. Taken up at start it may be ahead
        of the first plan: then what was promised at its creation, behind the queue of that moment, is the least."""
        order = orders.require(tx, payment.order_id)
        order = orders.move(tx, order, OrderStatus.PAID, now)
        lines = orders.lines(tx, order.order_id)
        stocks.commit(tx, order.order_id)
        if payment.customer_id is not None:
            earned = self._bonus.earned(payment.amount_kopecks)
            payments.note(tx, payment, bonus_accrued=earned)
            bonuses.enter(tx, payment.customer_id, "accrual", earned, order.order_id, payment.payment_id, now)
        kitchen = self._kitchen.now
        ready_in_s = kitchen.promise_s(_works(tx, kitchen, order.order_id))
        if not kitchen.planned:
            ready_in_s = max(ready_in_s, order.ready_in_s)
        orders.set_promise(tx, order.order_id, ready_in_s, promise_until(now, ready_in_s))
        intent = intents.of_sale(tx, payment.payment_id)
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

    def confirm(self, reader: Reader, payment: Payment) -> Confirmation:
        order = orders.require(reader, payment.order_id)
        intent = intents.of_sale(reader, payment.payment_id)
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


def _works(reader: Reader, kitchen: KitchenState, order_id: str) -> list[Work]:
    lines = orders.lines(reader, order_id)
    return [kitchen.works.get(line.chart_fingerprint, ()) for line in lines for _ in range(line.quantity)]
