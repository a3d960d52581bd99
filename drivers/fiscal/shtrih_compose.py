"""Turns a receipt into the words of the Shtrih-M command set (protocols/shtrih.md §2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.fiscal.port import Operation, OrderTag, Receipt, ReceiptLine, TaxSystem, Vat
from drivers.fiscal.shtrih_receipt import QUANTITY_UNIT, SUMS, CloseReceipt, ReceiptOperation
from drivers.fiscal.shtrih_tlv import (
    AUTOMAT_NUMBER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    Tlv,
    order_tlv,
    text_tlv,
)

# FF46 takes one bit-coded byte; which rate "basic" is, 20 or 22 %, the firmware's table 6 says.
_VAT: Mapping[Vat, int] = MappingProxyType(
    {
        Vat.VAT_20: 0x01,
        Vat.VAT_22: 0x01,
        Vat.VAT_10: 0x02,
        Vat.VAT_0: 0x04,
        Vat.NONE: 0x08,
        Vat.VAT_5: 0x81,
        Vat.VAT_7: 0x82,
        Vat.VAT_20_120: 0x10,
        Vat.VAT_22_122: 0x10,
        Vat.VAT_10_110: 0x20,
        Vat.VAT_5_105: 0x84,
        Vat.VAT_7_107: 0x90,
    }
)
_TAX_SYSTEM: Mapping[TaxSystem, int] = MappingProxyType(
    {
        TaxSystem.GENERAL: 0x01,
        TaxSystem.USN_INCOME: 0x02,
        TaxSystem.USN_INCOME_EXPENSE: 0x04,
        TaxSystem.ESHN: 0x10,
        TaxSystem.PATENT: 0x20,
    }
)
_KIND: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 1, Operation.REFUND: 2})


def operation_of(line: ReceiptLine, operation: Operation) -> ReceiptOperation:
    return ReceiptOperation(
        kind=_KIND[operation],
        quantity_micro=line.quantity * QUANTITY_UNIT,
        price_kopecks=line.price_kopecks,
        sum_kopecks=line.sum_kopecks,
        tax=_VAT[line.vat],
        subject=line.subject,
        name=line.name,
    )


def requisites_of(receipt: Receipt, order_tag: OrderTag) -> list[Tlv]:
    """One FF0C each, so that a refusal names its requisite."""
    found = []
    if receipt.customer_contact:
        found.append(text_tlv(CUSTOMER_CONTACT, receipt.customer_contact))
    if order_tag is not OrderTag.NONE:
        found.append(order_tlv(int(order_tag.value), receipt.order_id))
    if receipt.automat_number:
        found.append(text_tlv(AUTOMAT_NUMBER, receipt.automat_number))
    if receipt.cashier_inn:
        found.append(text_tlv(CASHIER_INN, receipt.cashier_inn.ljust(12)))
    return found


def closing_of(receipt: Receipt) -> CloseReceipt:
    """Cash stands first, the card second; the device computes the taxes."""
    sums = (receipt.cash_kopecks, receipt.electronic_kopecks) + (0,) * (SUMS - 2)
    return CloseReceipt(sums=sums, tax_system=_TAX_SYSTEM[receipt.tax_system])
