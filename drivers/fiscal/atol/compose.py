"""Turns receipts and corrections into the words of ATOL's platform 2.5 (protocols/atol.md §2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from drivers.fiscal.ffd.requisites import TAX_SYSTEM_BITS, sums_by_rate
from drivers.fiscal.ffd.tlv import (
    AUTOMAT_NUMBER,
    CASHIER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    Tlv,
    order_tlv,
    text_tlv,
)
from drivers.fiscal.port import Operation, OrderTag, Receipt, ReceiptLine, Vat

# Platform 2.5 knows neither 5, 7 nor 22 %.
TAXES: Mapping[Vat, int] = MappingProxyType(
    {Vat.VAT_20: 1, Vat.VAT_10: 2, Vat.VAT_20_120: 3, Vat.VAT_10_110: 4, Vat.VAT_0: 5, Vat.NONE: 6}
)
RECEIPT_KINDS: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 1, Operation.REFUND: 2})
CORRECTION_KINDS: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 7, Operation.REFUND: 8})
_TAX_SYSTEM = 1055
_CORRECTED = "Коррекция"


def operator_of(receipt: Receipt) -> list[Tlv]:
    """Written before the receipt is opened."""
    found = [text_tlv(CASHIER, receipt.cashier)] if receipt.cashier else []
    if receipt.cashier and receipt.cashier_inn:
        found.append(text_tlv(CASHIER_INN, receipt.cashier_inn.ljust(12)))
    return found


def requisites_of(receipt: Receipt, order_tag: OrderTag) -> list[Tlv]:
    found = [Tlv(_TAX_SYSTEM, bytes((TAX_SYSTEM_BITS[receipt.tax_system],)))]
    if receipt.customer_contact:
        found.insert(0, text_tlv(CUSTOMER_CONTACT, receipt.customer_contact))
    if order_tag is not OrderTag.NONE:
        found.append(order_tlv(int(order_tag.value), receipt.order_id))
    if receipt.automat_number:
        found.append(text_tlv(AUTOMAT_NUMBER, receipt.automat_number))
    return found


def by_vat(lines: tuple[ReceiptLine, ...]) -> tuple[ReceiptLine, ...]:
    """FFD 1.05 corrects turnovers only: one position a rate."""
    whole = lines[0]
    return tuple(
        replace(whole, name=_CORRECTED, price_kopecks=total, quantity=1, sum_kopecks=total, vat=vat)
        for vat, total in sums_by_rate(lines).items()
    )
