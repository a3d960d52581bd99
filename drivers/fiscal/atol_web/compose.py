"""Turns receipts and corrections into JSON tasks of ATOL's driver (atol_web.md#tasks)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from drivers.errors import DeviceRefused
from drivers.fiscal.ffd.requisites import NO_NUMBER, included_vat, sums_by_rate
from drivers.fiscal.ffd.tags import FFD_1_05
from drivers.fiscal.port import (
    DEVICE,
    Correction,
    CorrectionKind,
    Operation,
    OrderTag,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Vat,
)
from drivers.text import said

FULL_PAYMENT = "fullPayment"
_OPERATIONS: Mapping[Operation, str] = MappingProxyType({Operation.SALE: "sell", Operation.REFUND: "sellReturn"})
_CORRECTIONS: Mapping[Operation, str] = MappingProxyType(
    {Operation.SALE: "sellCorrection", Operation.REFUND: "sellReturnCorrection"}
)
_TAXATION: Mapping[TaxSystem, str] = MappingProxyType(
    {
        TaxSystem.GENERAL: "osn",
        TaxSystem.USN_INCOME: "usnIncome",
        TaxSystem.USN_INCOME_EXPENSE: "usnIncomeOutcome",
        TaxSystem.ESHN: "esn",
        TaxSystem.PATENT: "patent",
    }
)
TAX_SYSTEMS: Mapping[str, TaxSystem] = MappingProxyType({word: system for system, word in _TAXATION.items()})
_SUBJECTS: Mapping[int, str] = MappingProxyType({1: "commodity", 2: "excise", 3: "job", 4: "service"})
_ORDER_NAME = "Заказ"


def receipt_task(receipt: Receipt, order_tag: OrderTag) -> dict[str, Any]:
    """Raises `DeviceRefused` for what the tasks of the driver have no public word for."""
    if receipt.cashless is not None:
        raise DeviceRefused(DEVICE, "requisite_unsupported", "1234")
    lines = [_position(line) for line in receipt.lines]
    return _common(receipt, _OPERATIONS[receipt.operation]) | {"items": [*lines, *_order(receipt, order_tag)]}


def correction_task(correction: Correction, order_tag: OrderTag, ffd: str) -> dict[str, Any]:
    """FFD 1.05 takes totals by VAT rate, later ones lines. Raises `DeviceRefused`: 1.05 corrects no refunds."""
    receipt = correction.receipt
    if ffd == FFD_1_05 and receipt.operation is not Operation.SALE:
        raise DeviceRefused(DEVICE, "correction_unsupported", "FFD 1.05 corrects no refunds")
    kind = {CorrectionKind.SELF: "self", CorrectionKind.ORDERED: "instruction"}[correction.kind]
    task = _common(receipt, _CORRECTIONS[receipt.operation]) | {
        "correctionType": kind,
        "correctionBaseDate": correction.base_date.strftime("%Y.%m.%d"),
        "correctionBaseNumber": correction.base_number or NO_NUMBER,
    }
    if ffd == FFD_1_05:
        return task | {"items": _order(receipt, order_tag), "taxes": _taxes(receipt)}
    return task | {"items": [*map(_position, receipt.lines), *_order(receipt, order_tag)]}


def _common(receipt: Receipt, kind: str) -> dict[str, Any]:
    task: dict[str, Any] = {
        "type": kind,
        "taxationType": _TAXATION[receipt.tax_system],
        "payments": _payments(receipt),
        "total": roubles(receipt.total_kopecks),
    }
    if receipt.paperless:
        task["electronically"] = True
    if receipt.customer_contact:
        task["clientInfo"] = {"emailOrPhone": receipt.customer_contact}
    if receipt.automat_number:
        task["machineNumber"] = receipt.automat_number
    if receipt.cashier:
        inn = {"vatin": receipt.cashier_inn} if receipt.cashier_inn else {}
        task["operator"] = {"name": said(receipt.cashier), **inn}
    return task


def _position(line: ReceiptLine) -> dict[str, Any]:
    return {
        "type": "position",
        "name": said(line.name),
        "price": roubles(line.price_kopecks),
        "quantity": line.quantity,
        "amount": roubles(line.sum_kopecks),
        "paymentMethod": FULL_PAYMENT,
        "paymentObject": _SUBJECTS.get(line.subject, "commodity"),
        "tax": {"type": vat_word(line.vat)},
    }


def _order(receipt: Receipt, order_tag: OrderTag) -> list[dict[str, Any]]:
    if order_tag is OrderTag.TAG_1192:
        return [{"type": "additionalAttribute", "value": receipt.order_id, "print": True}]
    if order_tag is OrderTag.TAG_1084:
        return [{"type": "userAttribute", "name": _ORDER_NAME, "value": receipt.order_id, "print": True}]
    return []


def _payments(receipt: Receipt) -> list[dict[str, Any]]:
    sums = (("cash", receipt.cash_kopecks), ("electronically", receipt.electronic_kopecks))
    return [{"type": kind, "sum": roubles(kopecks)} for kind, kopecks in sums if kopecks]


def _taxes(receipt: Receipt) -> list[dict[str, Any]]:
    """One entry a rate; the driver computes the tax of each turnover by itself."""
    sums = sums_by_rate(receipt.lines).items()
    return [{"type": vat_word(vat), "sum": roubles(included_vat(vat, total))} for vat, total in sums]


def vat_word(vat: Vat) -> str:
    """`vat20`; of an advance `vat120`."""
    return "none" if vat is Vat.NONE else f"vat{vat.value.rpartition('/')[2]}"


def roubles(kopecks: int) -> float:
    """Two decimals: the shortest text of such a float has no more either."""
    return kopecks / 100
