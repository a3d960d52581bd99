"""What the outside is shown of an order; one shape for creation, history and a single order (http.md#public-calls)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.fiscal.receipt import receipt_qr
from kiosk.domain.kitchen.state import KitchenState
from kiosk.domain.ordering.order import CURRENCY, Order, OrderLine
from kiosk.domain.payment.payment import Payment, ReceiptView
from kiosk.store.fiscal import intents
from kiosk.store.ordering import orders
from kiosk.store.payment import payments, refunds
from kiosk.store.transaction import Reader


class PortionView(msgspec.Struct, frozen=True):
    status: str


class ItemView(msgspec.Struct, frozen=True, omit_defaults=True):
    item_id: str
    name: str
    quantity: int
    price_kopecks: int
    sum_kopecks: int
    modifiers: list[str]
    combo_id: str | None = None
    portions: list[PortionView] | None = None


class CardView(msgspec.Struct, frozen=True):
    brand: str | None
    last4: str | None


class ShowView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the guest is told while the money is awaited: `kind` `card` (at the reader), `qr` (with the text of the
    code), `till` (with `code`). `receipt_first`: the receipt is on paper already."""

    kind: str
    qr: str | None = None
    code: str | None = None
    expires_at: str | None = None
    receipt_first: bool = False


class PaymentView(msgspec.Struct, frozen=True):
    attempt: int
    stage: str
    method: str
    amount_kopecks: int
    bonus_spent: int
    bonus_accrued: int
    transaction_id: str | None
    card: CardView
    failure: str | None
    reason: str | None = None
    show: ShowView | None = None


class RefundView(msgspec.Struct, frozen=True):
    refund_id: str
    kind: str
    status: str
    amount_kopecks: int
    reason: str
    at: str


class TimelineView(msgspec.Struct, frozen=True):
    status: str
    at: str


class CreatedView(msgspec.Struct, frozen=True):
    """The 201 of `create`."""

    order_id: str
    number: str
    status: str
    amount_kopecks: int
    currency: str
    items: list[ItemView]
    ready_in_s: int


class OrderView(msgspec.Struct, frozen=True):
    order_id: str
    number: str
    status: str
    amount_kopecks: int
    currency: str
    items: list[ItemView]
    ready_in_s: int
    service: str
    created_at: str
    pickup_code: str | None
    receipt_unknown: bool
    payment: PaymentView | None
    receipt: ReceiptView | None
    refunds: list[RefundView]
    timeline: list[TimelineView]


def item_view(line: OrderLine, language: str, portions: list[PortionView] | None = None) -> ItemView:
    return ItemView(
        item_id=line.item_id,
        name=line.name(language),
        quantity=line.quantity,
        price_kopecks=line.price_kopecks,
        sum_kopecks=line.sum_kopecks,
        modifiers=line.options,
        combo_id=line.combo_id,
        portions=portions,
    )


def created_view(order: Order, lines: list[OrderLine], language: str) -> CreatedView:
    return CreatedView(
        order_id=order.order_id,
        number=order.number,
        status=order.status,
        amount_kopecks=order.amount_kopecks,
        currency=CURRENCY,
        items=[item_view(line, language) for line in lines],
        ready_in_s=order.ready_in_s,
    )


def receipt_view(intent: intents.IntentRow) -> ReceiptView:
    """The registered document behind an intent; its time is kept with the drive's offset, shown in UTC."""
    found = intent.registered()
    qr = None
    if found.fiscal_sign is not None and found.issued_at is not None:
        qr = receipt_qr(
            issued_at=found.issued_at,
            total_kopecks=intent.total_kopecks,
            drive_number=intent.drive_number,
            document_number=found.number,
            fiscal_sign=found.fiscal_sign,
            operation=1 if intent.operation == "sale" else 2,
        )
    return ReceiptView(
        fiscal_document_number=found.number,
        fiscal_sign=found.fiscal_sign,
        fiscal_drive_number=intent.drive_number,
        shift=found.shift or intent.shift,
        issued_at=None if found.issued_at is None else rfc3339(found.issued_at),
        qr=qr,
        told_by_staff=intent.told_by is not None,
    )


def order_view(reader: Reader, order: Order, language: str, now: datetime, kitchen: KitchenState) -> OrderView:
    """Everything about one order, read in one snapshot."""
    lines = orders.lines(reader, order.order_id)
    portions: dict[int, list[PortionView]] = {}
    for row in orders.portions(reader, order.order_id):
        portions.setdefault(row.line, []).append(PortionView(row.status))
    payment = payments.last(reader, order.order_id)
    intent = intents.registered_sale(reader, order.order_id)
    asked_to_pay = order.status not in ("created", "cancelled")  # whoever leaves a slow payment takes the code along
    ready_in_s = order.ready_in_s
    if order.promised_at is not None:
        ready_in_s = kitchen.left_s(order.order_id, order.promised_at, now)
    return OrderView(
        order_id=order.order_id,
        number=order.number,
        status=order.status,
        amount_kopecks=order.amount_kopecks,
        currency=CURRENCY,
        items=[item_view(line, language, portions.get(line.line, [])) for line in lines],
        ready_in_s=ready_in_s,
        service=order.service,
        created_at=rfc3339(order.created_at),
        pickup_code=order.pickup_code if asked_to_pay else None,
        receipt_unknown=order.receipt_unknown,
        payment=None if payment is None else payment_view(payment),
        receipt=None if intent is None else receipt_view(intent),
        refunds=[refund_view(row) for row in refunds.read_refunds(reader, order.order_id)],
        timeline=[TimelineView(row.status, rfc3339(row.at)) for row in orders.read_timeline(reader, order.order_id)],
    )


def show_view(payment: Payment) -> ShowView | None:
    """None while nobody has to do anything."""
    show = payment.show
    if show is None:
        return None
    expires_at = None if show.expires_at is None else rfc3339(show.expires_at)
    return ShowView(show.kind, show.qr, show.code, expires_at, show.receipt_first)


def payment_view(payment: Payment) -> PaymentView:
    return PaymentView(
        attempt=payment.attempt,
        stage=payment.stage,
        method=payment.method,
        amount_kopecks=payment.amount_kopecks,
        bonus_spent=payment.bonus_points,
        bonus_accrued=payment.bonus_accrued,
        transaction_id=payment.transaction_id,
        card=CardView(payment.card_brand, payment.card_last4),
        failure=payment.failure,
        reason=payment.failure_reason,
        show=show_view(payment),
    )


def refund_view(row: refunds.RefundRow) -> RefundView:
    return RefundView(row.refund_id, row.kind, row.step, row.amount_kopecks, row.reason, rfc3339(row.created_at))
