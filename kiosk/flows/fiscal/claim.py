"""What is to be registered: a claim, the receipt it makes, and the intent as the registrar is asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from drivers.fiscal.port import (
    Cashless,
    FiscalCounter,
    FiscalDocument,
    FiscalIntent,
    Operation,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Vat,
)
from kiosk.domain.fiscal.receipt import PricedLine, receipt_lines
from kiosk.domain.fiscal.tax import TaxTable
from kiosk.domain.payment.bonus import POINT_KOPECKS
from kiosk.domain.payment.payment import Payment, Tender
from kiosk.flows.fiscal.cashless import cashless_of
from kiosk.store.fiscal import intents
from kiosk.store.ordering import orders
from kiosk.store.transaction import Reader, Tx

_REHEARSAL = "Проверка"
_REHEARSED = "rrn=000000000000"


class Seller(msgspec.Struct, frozen=True):
    """What the restaurant puts on every receipt."""

    tax_system: TaxSystem
    taxes: TaxTable
    zone: ZoneInfo  # of the drive's clock
    automat_numbers: dict[str, str]  # by terminal; empty when attended
    cashier: str | None = None
    cashier_inn: str | None = None
    paperless_with_contact: bool = False
    cashless_ways: Mapping[str, int] = {}  # 1236 by way to pay; of another way nothing is said
    slip: tuple[str, ...] = ()  # above and below an order's number; empty: no slip


class Claim(msgspec.Struct, frozen=True):
    """One document to be registered: the sale of a payment, a refund of it, or, without a refund's record, the return
    receipt of a sale that was never paid."""

    payment: Payment
    operation: Operation
    lines: list[PricedLine]
    total_kopecks: int
    refund_id: str | None = None
    fix: int = 0

    @property
    def is_sale(self) -> bool:
        """The payment's own receipt, which its step waits for."""
        return self.operation is Operation.SALE and self.refund_id is None and not self.fix

    @property
    def takes_back(self) -> bool:
        """The whole of a receipt whose money was refused for good."""
        return self.operation is Operation.REFUND and self.refund_id is None and not self.fix


def sale_lines(reader: Reader, seller: Seller, payment: Payment, now: datetime) -> list[PricedLine]:
    """As sold, points spread, each line at the rate of the day it was paid."""
    order = orders.require(reader, payment.order_id)
    paid_at = payment.charged_at or now
    day = paid_at.astimezone(seller.zone).date()
    discount_kopecks = payment.bonus_points * POINT_KOPECKS
    return receipt_lines(
        orders.lines(reader, order.order_id),
        discount_kopecks,
        lambda item: seller.taxes.of(item, order.service, day),
    )


def standing_lines(reader: Reader, payment_id: str, before: int | None = None) -> list[PricedLine]:
    """The lines of the receipt that is valid now, or was before the n-th correction."""
    return intents.sold_lines(reader, intents.standing_sale(reader, payment_id, before).intent_id)


def receipt_of(seller: Seller, claim: Claim) -> Receipt:
    payment = claim.payment
    cash_kopecks = claim.total_kopecks if payment.tender is Tender.CASH else 0
    way = None if cash_kopecks else seller.cashless_ways.get(payment.method)
    return Receipt(
        operation=claim.operation,
        order_id=payment.order_id,
        lines=tuple(
            ReceiptLine(line.name, line.price_kopecks, line.quantity, line.sum_kopecks, Vat(line.vat), line.subject)
            for line in claim.lines
        ),
        total_kopecks=claim.total_kopecks,
        electronic_kopecks=claim.total_kopecks - cash_kopecks,
        cash_kopecks=cash_kopecks,
        tax_system=seller.tax_system,
        customer_contact=payment.receipt_to,
        automat_number=seller.automat_numbers.get(payment.terminal_id),
        cashier=seller.cashier,
        cashier_inn=seller.cashier_inn,
        paperless=seller.paperless_with_contact and payment.receipt_to is not None,
        cashless=None if way is None else cashless_of(payment, way, claim.total_kopecks),
    )


def rehearsal_of(seller: Seller, day: date) -> Receipt:
    """What a sale of ours has in it: a rouble at every rate of the day, and every requisite but the customer's own."""
    lines = tuple(
        ReceiptLine(_REHEARSAL, POINT_KOPECKS, 1, POINT_KOPECKS, Vat(vat)) for vat in sorted(seller.taxes.rates(day))
    )
    total_kopecks = POINT_KOPECKS * len(lines)
    return Receipt(
        operation=Operation.SALE,
        order_id="0",
        lines=lines,
        total_kopecks=total_kopecks,
        electronic_kopecks=total_kopecks,
        tax_system=seller.tax_system,
        automat_number=next(iter(seller.automat_numbers.values()), None),
        cashier=seller.cashier,
        cashier_inn=seller.cashier_inn,
        cashless=Cashless(total_kopecks, way, _REHEARSED) if (way := _any_way(seller)) is not None else None,
    )


def _any_way(seller: Seller) -> int | None:
    return next(iter(seller.cashless_ways.values()), None)


def intent_of(reader: Reader, claim: Claim) -> intents.IntentRow | None:
    payment_id = claim.payment.payment_id
    if claim.fix:
        return intents.of_fix(reader, payment_id, claim.fix, claim.operation.name.lower())
    return intents.intent_of(reader, payment_id, claim.refund_id, claim.operation.name.lower())


def as_asked(intent: intents.IntentRow, others: frozenset[int] = frozenset()) -> FiscalIntent:
    return FiscalIntent(
        counter=FiscalCounter(intent.drive_number, intent.fd_before, intent.shift),
        operation=Operation.SALE if intent.operation == "sale" else Operation.REFUND,
        order_id=intent.order_id,
        total_kopecks=intent.total_kopecks,
        intended_at=intent.intended_at,
        correction=intent.correction,
        others=others,
    )


def register(tx: Tx, intent: intents.IntentRow, document: FiscalDocument | None, zone: ZoneInfo) -> None:
    """None: it is in the books already."""
    if document is None:
        return
    intents.register(
        tx,
        intent.intent_id,
        drive_number=document.drive_number,
        document_number=document.number,
        fiscal_sign=document.fiscal_sign,
        document_shift=document.shift,
        issued_at=document.issued_at.replace(tzinfo=zone).isoformat(timespec="minutes"),
    )
