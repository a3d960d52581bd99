"""The record of a refund after payment: what of an order can still go back, and what is written when it does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.flows.payment.portions import RefundItem, choose_portions, items_by_line, lines_given_back
from kiosk.store.fiscal import fixes
from kiosk.store.ordering import orders
from kiosk.store.payment import payments, refunds
from kiosk.store.stock import stocks
from kiosk.store.transaction import Reader, Tx

#: Why a sale goes back whose money, by a person's word, never came.
UNTAKEN = "not_taken"
_REFUNDABLE = (OrderStatus.PAID, OrderStatus.COOKING, OrderStatus.READY, OrderStatus.COMPLETED)
_DROPPED = (PortionStatus.PLANNED, PortionStatus.WAITING, PortionStatus.QUEUED, PortionStatus.FAILED)


def open_refund(
    tx: Tx,
    order_id: str,
    items: list[RefundItem] | None,
    portion_ids: Collection[int] | None,
    reason: str,
    actor: str,
    now: datetime,
    begun: frozenset[int] = frozenset(),
) -> refunds.RefundRow:
    """The record, and at once no more cooking of what is given back; what the robot has `begun` it ends."""
    payment, earlier, left, chosen = chosen_of(tx, order_id, items, portion_ids)
    gone = {portion_id for refund in earlier for portion_id in refund.portions}
    lines = lines_given_back(tx, payment, chosen, gone)
    refund = refunds.add_refund(
        tx,
        payment,
        refund_id=f"{payment.payment_id}-r{len(earlier) + 1}",
        amount_kopecks=sum(line.sum_kopecks for line in lines),
        portions=[row.portion_id for row in chosen],
        whole=len(chosen) == len(left),
        reason=reason,
        actor=actor,
        now=now,
    )
    for row in chosen:
        if row.status in _DROPPED and row.portion_id not in begun:
            orders.move_portion(tx, row, PortionStatus.DROPPED)
            stocks.hand_over(tx, [row.portion_id])
    return refund


def reason_of(row: orders.PortionRow) -> str:
    """Of the refund of one portion that a person must decide about."""
    failed = refunds.FailedPortion(row.order_id, row.portion_id, row.fault)
    return orders.WRITTEN_OFF if row.thrown_away else failed.reason


def open_untaken(tx: Tx, payment: Payment, now: datetime) -> None:
    """Of a sale whose money, by a person's word, was held and never taken: nothing of it is cooked, its receipt is
    refunded, and no money moves."""
    refund = open_refund(tx, payment.order_id, None, None, UNTAKEN, payment.reverse_asked_by or "kiosk", now)
    refunds.note_refund(tx, refund.refund_id, bank_done_at=now)


def chosen_of(
    reader: Reader, order_id: str, items: list[RefundItem] | None, portion_ids: Collection[int] | None
) -> tuple[Payment, list[refunds.RefundRow], list[orders.PortionRow], list[orders.PortionRow]]:
    """The payment, its earlier refunds, the portions not given back yet, and those of them that are to go back now.
    Raises `NotFound`, `OrderStateConflict`, `InvalidRequest`."""
    order = orders.get(reader, order_id)
    if order is None:
        raise NotFound
    payment = payments.last(reader, order_id)
    if order.status not in _REFUNDABLE or payment is None or payment.step is not PaymentStep.DONE:
        raise OrderStateConflict(order_status=order.status)
    earlier = refunds.refunds_of(reader, payment.payment_id)
    gone = {portion_id for refund in earlier for portion_id in refund.portions}
    left = [row for row in orders.portions(reader, order_id) if row.portion_id not in gone]
    chosen = choose_portions(left, items_by_line(reader, order_id), items, portion_ids)
    being_fixed = any(fix.done_at is None for fix in fixes.fixes_of(reader, payment.payment_id))
    gone_meanwhile = portion_ids is not None and len(chosen) < len(set(portion_ids))  # another was quicker
    if not chosen or gone_meanwhile or being_fixed:  # its lines are the right receipt's, which is not there yet
        raise OrderStateConflict(order_status=order.status)
    return payment, earlier, left, chosen
