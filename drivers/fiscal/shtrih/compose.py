"""Turns a receipt into the words of the Shtrih-M command set (shtrih.md#receipt)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.errors import DeviceRefused
from drivers.fiscal.ffd.cashless import cashless_tlv
from drivers.fiscal.ffd.requisites import TAX_SYSTEM_BITS, included_vat, sums_by_rate
from drivers.fiscal.ffd.tlv import (
    AUTOMAT_NUMBER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    Tlv,
    order_tlv,
    text_tlv,
)
from drivers.fiscal.port import DEVICE, Correction, Operation, OrderTag, Receipt, ReceiptLine, Vat
from drivers.fiscal.shtrih.receipt import QUANTITY_UNIT, SUMS, TAXES, CloseReceipt, CorrectionTotals, ReceiptOperation

_KIND: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 1, Operation.REFUND: 2})
RECEIPT_KIND: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 0, Operation.REFUND: 2})  # 8Dh
CORRECTION_SIGN = 1  # FF4A, FF36: a settlement that brought money
# FF4A: the tax in the sum where there is one, else the turnover.
_TAX_PLACES: Mapping[Vat, int] = MappingProxyType(
    {
        Vat.VAT_20: 0,
        Vat.VAT_22: 0,
        Vat.VAT_10: 1,
        Vat.VAT_0: 2,
        Vat.NONE: 3,
        Vat.VAT_20_120: 4,
        Vat.VAT_22_122: 4,
        Vat.VAT_10_110: 5,
    }
)


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
    if receipt.cashless is not None:
        found.append(cashless_tlv(receipt.cashless))
    if receipt.cashier_inn:
        found.append(text_tlv(CASHIER_INN, receipt.cashier_inn.ljust(12)))
    return found


def closing_of(receipt: Receipt) -> CloseReceipt:
    """Cash comes first, the card second; the device computes the taxes."""
    sums = (receipt.cash_kopecks, receipt.electronic_kopecks) + (0,) * (SUMS - 2)
    return CloseReceipt(sums=sums, tax_system=TAX_SYSTEM_BITS[receipt.tax_system])


def correction_totals(correction: Correction) -> CorrectionTotals:
    """FF4A: money and taxes of the whole, without lines. Raises `DeviceRefused` for a rate it has no place for."""
    receipt = correction.receipt
    taxes = [0] * TAXES
    for vat, turnover in sums_by_rate(receipt.lines).items():
        if vat not in _TAX_PLACES:
            raise DeviceRefused(DEVICE, "vat_unsupported", f"{vat.value} in a correction of totals")
        taxes[_TAX_PLACES[vat]] += included_vat(vat, turnover)
    return CorrectionTotals(
        kind=int(correction.kind),
        sign=CORRECTION_SIGN,
        total_kopecks=receipt.total_kopecks,
        sums=(receipt.cash_kopecks, receipt.electronic_kopecks, 0, 0, 0),
        taxes=tuple(taxes),
        tax_system=TAX_SYSTEM_BITS[receipt.tax_system],
    )
