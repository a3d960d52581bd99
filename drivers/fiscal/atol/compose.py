"""Turns receipts and corrections into the words of ATOL's platform 2.5 (protocols/atol.md §2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from drivers.fiscal.ffd.tlv import (
    AUTOMAT_NUMBER,
    CASHIER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    Tlv,
    encode_tlvs,
    order_tlv,
    text_tlv,
)
from drivers.fiscal.fields import uint
from drivers.fiscal.port import Correction, Operation, OrderTag, Receipt, ReceiptLine, TaxSystem, Vat

# Platform 2.5 knows neither 5, 7 nor 22 %.
TAXES: Mapping[Vat, int] = MappingProxyType(
    {Vat.VAT_20: 1, Vat.VAT_10: 2, Vat.VAT_20_120: 3, Vat.VAT_10_110: 4, Vat.VAT_0: 5, Vat.NONE: 6}
)
TAX_SYSTEMS: Mapping[TaxSystem, int] = MappingProxyType(
    {
        TaxSystem.GENERAL: 0x01,
        TaxSystem.USN_INCOME: 0x02,
        TaxSystem.USN_INCOME_EXPENSE: 0x04,
        TaxSystem.ESHN: 0x10,
        TaxSystem.PATENT: 0x20,
    }
)
RECEIPT_KINDS: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 1, Operation.REFUND: 2})
CORRECTION_KINDS: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 7, Operation.REFUND: 8})
_TAX_SYSTEM, _CORRECTION_KIND, _BASE, _BASE_DATE, _BASE_NUMBER = 1055, 1173, 1174, 1178, 1179
_NO_NUMBER = "б/н"
_CORRECTED = "Коррекция"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the day of the settlement has no zone


def operator_of(receipt: Receipt) -> list[Tlv]:
    """Written before the receipt is opened."""
    found = [text_tlv(CASHIER, receipt.cashier)] if receipt.cashier else []
    if receipt.cashier and receipt.cashier_inn:
        found.append(text_tlv(CASHIER_INN, receipt.cashier_inn.ljust(12)))
    return found


def requisites_of(receipt: Receipt, order_tag: OrderTag) -> list[Tlv]:
    found = [Tlv(_TAX_SYSTEM, bytes((TAX_SYSTEMS[receipt.tax_system],)))]
    if receipt.customer_contact:
        found.insert(0, text_tlv(CUSTOMER_CONTACT, receipt.customer_contact))
    if order_tag is not OrderTag.NONE:
        found.append(order_tlv(int(order_tag.value), receipt.order_id))
    if receipt.automat_number:
        found.append(text_tlv(AUTOMAT_NUMBER, receipt.automat_number))
    return found


def correction_requisites(correction: Correction) -> list[Tlv]:
    """1173 why, 1174 the document behind it: its day and its number."""
    day = datetime.combine(correction.base_date, datetime.min.time())
    stamp = uint(int((day - _EPOCH).total_seconds()), 4)
    base = (Tlv(_BASE_DATE, stamp), text_tlv(_BASE_NUMBER, correction.base_number or _NO_NUMBER))
    return [Tlv(_CORRECTION_KIND, bytes((correction.kind,))), Tlv(_BASE, encode_tlvs(base))]


def by_vat(lines: tuple[ReceiptLine, ...]) -> tuple[ReceiptLine, ...]:
    """FFD 1.05 corrects turnovers only: one position a rate."""
    sums: dict[Vat, int] = {}
    for line in lines:
        sums[line.vat] = sums.get(line.vat, 0) + line.sum_kopecks
    whole = lines[0]
    return tuple(
        replace(whole, name=_CORRECTED, price_kopecks=total, quantity=1, sum_kopecks=total, vat=vat)
        for vat, total in sums.items()
    )
