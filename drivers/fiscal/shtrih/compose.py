"""Turns a receipt into the words of the Shtrih-M command set (protocols/shtrih.md §2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from drivers.errors import DeviceRefused
from drivers.fiscal.ffd.tlv import (
    AUTOMAT_NUMBER,
    CASHIER_INN,
    CORRECTION_BASE,
    CORRECTION_BASE_DATE,
    CORRECTION_BASE_NUMBER,
    CORRECTION_KIND,
    CUSTOMER_CONTACT,
    Tlv,
    encode_tlvs,
    order_tlv,
    text_tlv,
)
from drivers.fiscal.fields import uint
from drivers.fiscal.port import DEVICE, Correction, Operation, OrderTag, Receipt, ReceiptLine, TaxSystem, Vat
from drivers.fiscal.shtrih.receipt import QUANTITY_UNIT, SUMS, TAXES, CloseReceipt, CorrectionTotals, ReceiptOperation

TAX_SYSTEMS: Mapping[TaxSystem, int] = MappingProxyType(
    {
        TaxSystem.GENERAL: 0x01,
        TaxSystem.USN_INCOME: 0x02,
        TaxSystem.USN_INCOME_EXPENSE: 0x04,
        TaxSystem.ESHN: 0x10,
        TaxSystem.PATENT: 0x20,
    }
)
_KIND: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 1, Operation.REFUND: 2})
RECEIPT_KIND: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 0, Operation.REFUND: 2})  # 8Dh
CORRECTION_SIGN = 1  # FF4A, FF36: a settlement that brought money
# FF4A: the tax in the sum where there is one, else the turnover; what stands behind the place is (n, d) of n / d.
_TAX_PLACES: Mapping[Vat, tuple[int, int, int]] = MappingProxyType(
    {
        Vat.VAT_20: (0, 20, 120),
        Vat.VAT_22: (0, 22, 122),
        Vat.VAT_10: (1, 10, 110),
        Vat.VAT_0: (2, 1, 1),
        Vat.NONE: (3, 1, 1),
        Vat.VAT_20_120: (4, 20, 120),
        Vat.VAT_22_122: (4, 22, 122),
        Vat.VAT_10_110: (5, 10, 110),
    }
)
_NO_NUMBER = "б/н"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the day of the settlement has no zone


def operation_of(line: ReceiptLine, operation: Operation, codes: Mapping[Vat, int]) -> ReceiptOperation:
    return ReceiptOperation(
        kind=_KIND[operation],
        quantity_micro=line.quantity * QUANTITY_UNIT,
        price_kopecks=line.price_kopecks,
        sum_kopecks=line.sum_kopecks,
        tax=codes[line.vat],
        subject=line.subject,
        name=line.name,
    )


def requisites_of(receipt: Receipt, order_tag: OrderTag) -> list[Tlv]:
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
    return CloseReceipt(sums=sums, tax_system=TAX_SYSTEMS[receipt.tax_system])


def correction_of(correction: Correction) -> list[Tlv]:
    """1173 why, 1174 the document behind it."""
    return [Tlv(CORRECTION_KIND, bytes((correction.kind,))), base_of(correction)]


def base_of(correction: Correction, *, ffd: str = "1.2") -> Tlv:
    """1174: its day and its number, which FFD 1.05 wants even where there is none."""
    day = datetime.combine(correction.base_date, datetime.min.time())
    parts = [Tlv(CORRECTION_BASE_DATE, uint(int((day - _EPOCH).total_seconds()), 4))]
    number = correction.base_number or (_NO_NUMBER if ffd == "1.05" else "")
    if number:
        parts.append(text_tlv(CORRECTION_BASE_NUMBER, number))
    return Tlv(CORRECTION_BASE, encode_tlvs(parts))


def correction_totals(correction: Correction) -> CorrectionTotals:
    """FF4A: money and taxes of the whole, without lines. Raises `DeviceRefused` for a rate it has no place for."""
    receipt = correction.receipt
    turnovers: dict[Vat, int] = {}
    for line in receipt.lines:
        turnovers[line.vat] = turnovers.get(line.vat, 0) + line.sum_kopecks
    taxes = [0] * TAXES
    for vat, turnover in turnovers.items():
        if vat not in _TAX_PLACES:
            raise DeviceRefused(DEVICE, "vat_unsupported", f"{vat.value} in a correction of totals")
        place, part, whole = _TAX_PLACES[vat]
        taxes[place] += (2 * turnover * part + whole) // (2 * whole)
    return CorrectionTotals(
        kind=int(correction.kind),
        sign=CORRECTION_SIGN,
        total_kopecks=receipt.total_kopecks,
        sums=(receipt.cash_kopecks, receipt.electronic_kopecks, 0, 0, 0),
        taxes=tuple(taxes),
        tax_system=TAX_SYSTEMS[receipt.tax_system],
    )
