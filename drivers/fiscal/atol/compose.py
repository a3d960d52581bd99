"""Turns receipts and corrections into the words of ATOL's platform 2.5 (atol.md#sale)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.fiscal.ffd.cashless import cashless_tlv
from drivers.fiscal.ffd.requisites import TAX_SYSTEM_BITS, included_vat, sums_by_rate
from drivers.fiscal.ffd.tlv import (
    AUTOMAT_NUMBER,
    CASHIER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    Tlv,
    order_tlv,
    text_tlv,
)
from drivers.fiscal.fields import uint
from drivers.fiscal.port import Operation, OrderTag, Receipt, Vat

# Platform 2.5 knows neither 5, 7 nor 22 %.
TAXES: Mapping[Vat, int] = MappingProxyType(
    {Vat.VAT_20: 1, Vat.VAT_10: 2, Vat.VAT_20_120: 3, Vat.VAT_10_110: 4, Vat.VAT_0: 5, Vat.NONE: 6}
)
RECEIPT_KINDS: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 1, Operation.REFUND: 2})
CORRECTION_KINDS: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 7, Operation.REFUND: 8})
_TAX_SYSTEM = 1055
_TAX_TAGS: Mapping[Vat, int] = MappingProxyType(
    {
        Vat.VAT_20: 1102,
        Vat.VAT_10: 1103,
        Vat.VAT_0: 1104,
        Vat.NONE: 1105,
        Vat.VAT_20_120: 1106,
        Vat.VAT_10_110: 1107,
    }
)


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
    if receipt.cashless is not None:
        found.append(cashless_tlv(receipt.cashless))
    return found


def without_order(receipt: Receipt) -> list[Tlv]:
    """By FFD 1.05 a correction names neither an order nor a customer."""
    found = [text_tlv(AUTOMAT_NUMBER, receipt.automat_number)] if receipt.automat_number else []
    return [*found, Tlv(_TAX_SYSTEM, bytes((TAX_SYSTEM_BITS[receipt.tax_system],)))]


def taxes_of(receipt: Receipt) -> list[Tlv]:
    """1102…1107 of a correction by its totals, in kopecks; 1104 first clears what its one position put there."""
    sums = sums_by_rate(receipt.lines).items()
    found = [Tlv(_TAX_TAGS[vat], uint(included_vat(vat, turnover), 4)) for vat, turnover in sums]
    return [Tlv(_TAX_TAGS[Vat.VAT_0], bytes(4)), *found]
