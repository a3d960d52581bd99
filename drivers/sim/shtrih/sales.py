"""The simulated registrar's receipts: lines, requisites, closing (shtrih.md#receipt)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from drivers.fiscal.ffd.cashless import sound_cashless
from drivers.fiscal.ffd.drive import ClosedReceipt
from drivers.fiscal.ffd.tlv import (
    AUTOMAT_NUMBER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    RECEIPT_EXTRA,
    Tlv,
    parse_tlvs,
)
from drivers.fiscal.fields import CodecError, Fields, text_of, uint
from drivers.fiscal.shtrih.answers import OperatorSum
from drivers.fiscal.shtrih.receipt import (
    LEGACY_QUANTITY_UNIT,
    QUANTITY_UNIT,
    CloseReceipt,
    LegacyClose,
    LegacyLine,
    ReceiptOperation,
)
from drivers.sim.drive import TAX_SYSTEMS, Document
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.open_receipt import Line, OpenReceipt
from drivers.sim.shtrih.register import (
    BUY,
    BUY_REFUND,
    MODE_CLOSED,
    REFUND,
    SALE,
    Register,
)
from drivers.sim.shtrih.tables import DATE_IN_CLOSE, REGIONAL

_KINDS_8D = (SALE, BUY, REFUND, BUY_REFUND)
CORRECTION_FLAG = 0x80  # of 8Dh: a correction with lines
_RATES = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x81, 0x82, 0x84, 0x88} | set(range(0xC0 + 11, 0x100))
_TLV_LIMITS = {RECEIPT_EXTRA: 16, AUTOMAT_NUMBER: 20, CUSTOMER_CONTACT: 64, CASHIER_INN: 12}
_TLV_TOTAL = 250
_LINE_LIMIT = 200
_T = TypeVar("_T")


def operator_byte(operator: int) -> bytes:
    return uint(operator, 1)


def open_receipt(register: Register, operator: int, data: bytes) -> bytes:
    correction, kind = bool(data[0] & CORRECTION_FLAG), data[0] & ~CORRECTION_FLAG
    if kind > 3 or (correction and register.setup.ffd == "1.05"):
        raise Refusal(0x33)
    if register.mode == MODE_CLOSED:
        register.open_shift()
    register.open_receipt(_KINDS_8D[kind], operator, correction=correction)
    return operator_byte(operator)


def operation(register: Register, operator: int, data: bytes) -> bytes:
    line = _parsed(ReceiptOperation.parse, data)
    if line.kind not in _KINDS_8D or line.tax not in _RATES or not 1 <= line.method <= 7 or not line.subject:
        raise Refusal(0x33)
    total = _rounded(line.price_kopecks * line.quantity_micro, QUANTITY_UNIT)
    if line.sum_kopecks is not None:
        if abs(line.sum_kopecks - total) > 1:
            raise Refusal(0x33)
        total = line.sum_kopecks
    tax = register.turned(line.tax)
    _add(register, operator, line.kind, Line(line.name, line.price_kopecks, line.quantity_micro, total, tax))
    return b""


def legacy_sale(register: Register, operator: int, data: bytes) -> bytes:
    return _legacy_line(register, operator, data, SALE)


def legacy_refund(register: Register, operator: int, data: bytes) -> bytes:
    return _legacy_line(register, operator, data, REFUND)


def _legacy_line(register: Register, operator: int, data: bytes, kind: int) -> bytes:
    line = _parsed(LegacyLine.parse, data)
    if max(line.taxes) > 6:
        raise Refusal(0x33)
    total = _rounded(line.price_kopecks * line.quantity_milli, LEGACY_QUANTITY_UNIT)
    micro = line.quantity_milli * QUANTITY_UNIT // LEGACY_QUANTITY_UNIT
    _add(register, operator, kind, Line(line.name, line.price_kopecks, micro, total, line.taxes[0]))
    return operator_byte(operator)


def _add(register: Register, operator: int, kind: int, line: Line) -> None:
    """The first line opens the receipt."""
    if not line.quantity_micro:
        raise Refusal(0x62)
    if register.receipt is None:
        register.open_receipt(kind, operator)
    receipt = register.the_receipt(operator)
    if register.printing:
        raise Refusal(0x50)
    if receipt.kind != kind:
        raise Refusal(0x49)
    if register.drive.expired():
        raise Refusal(0x4E)
    if len(receipt.lines) >= _LINE_LIMIT:
        raise Refusal(0x94)
    receipt.lines.append(line)
    register.save_receipt()
    register.print_line()


def discount(register: Register, operator: int, data: bytes) -> bytes:
    """FF4B: off the whole receipt, or on top of it; one of both sums."""
    fields = Fields(data)
    off, on_top, tax = fields.uint(5), fields.uint(5), fields.uint(1)
    receipt = register.the_receipt(operator, sysadmin=True)
    if bool(off) == bool(on_top) or not receipt.lines:
        raise Refusal(0x33)
    if off > receipt.total_kopecks:
        raise Refusal(0x5A)
    name = text_of(fields.rest()) or ("Скидка" if off else "Надбавка")
    receipt.lines.append(Line(name, on_top - off, QUANTITY_UNIT, on_top - off, tax))
    register.save_receipt()
    return b""


def subtotal(register: Register, operator: int, data: bytes) -> bytes:
    return OperatorSum(operator, register.the_receipt(operator).total_kopecks).encode()


def cancel(register: Register, operator: int, data: bytes) -> bytes:
    register.cancel_receipt(operator)
    return operator_byte(operator)


def close(register: Register, operator: int, data: bytes) -> bytes:
    body = _parsed(CloseReceipt.parse, data)
    receipt = _closable(register, operator)
    if body.tax_system.bit_count() != 1 or body.rounding > 99:
        raise Refusal(0x33)
    if not body.tax_system & TAX_SYSTEMS:
        raise Refusal(0x63)
    document, change = _close(register, receipt, receipt.total_kopecks - body.rounding, body.sums, body.tax_system)
    return ClosedReceipt(change, document.number, document.sign, date_in_answer(register, document)).encode()


def legacy_close(register: Register, operator: int, data: bytes) -> bytes:
    body = _parsed(LegacyClose.parse, data)
    receipt = _closable(register, operator)
    total = receipt.total_kopecks - _rounded(receipt.total_kopecks * body.discount, 10_000)
    _, change = _close(register, receipt, total, body.sums, 0x01)
    return OperatorSum(operator, change).encode()


def _closable(register: Register, operator: int) -> OpenReceipt:
    """Paper is not asked for: a receipt that was begun is registered, its copy waits (shtrih.md#doubt)."""
    receipt = register.the_receipt(operator)
    if register.printing:
        raise Refusal(0x50)
    register.require_drive()
    if register.drive.expired():
        raise Refusal(0x16)
    register.require_requisites(receipt.kind, receipt.tlvs, operator, correction=receipt.correction)
    return receipt


def _close(
    register: Register, receipt: OpenReceipt, total: int, sums: tuple[int, ...], tax_system: int
) -> tuple[Document, int]:
    if total <= 0:
        raise Refusal(0x8E)
    if sum(sums) < total:
        raise Refusal(0x45)
    cashless = sum(sums[1:])
    if cashless > total:
        raise Refusal(0x4D)
    try:
        sound_cashless(receipt.tlvs, cashless, correction=receipt.correction)
    except CodecError as error:
        raise Refusal(0x33) from error
    document = register.close_receipt(
        receipt, total_kopecks=total, cash_kopecks=total - cashless, tax_system=tax_system
    )
    return document, sum(sums) - total


def send_tlv(register: Register, operator: int, data: bytes) -> bytes:
    tlvs = checked_tlvs(register, data)
    if register.receipt is not None:
        register.the_receipt(operator, sysadmin=True).tlvs += tlvs
        register.save_receipt()
    elif register.drive.state.current_document:
        register.report_tlvs += tlvs
    else:
        raise Refusal(0x02)
    return b""


def send_item_tlv(register: Register, operator: int, data: bytes) -> bytes:
    checked_tlvs(register, data)
    if not register.the_receipt(operator, sysadmin=True).lines:
        raise Refusal(0x02)
    return b""


def checked_tlvs(register: Register, data: bytes) -> list[Tlv]:
    if len(data) > _TLV_TOTAL:
        raise Refusal(0x10)
    try:
        tlvs = parse_tlvs(data)
    except CodecError as error:
        raise Refusal(0x33) from error
    refused = register.faults.on("refuse_tag")
    for tlv in tlvs:
        if refused is not None and str(refused["tag"]) == str(tlv.tag):
            raise Refusal(0x33)
        if not tlv.value or len(tlv.value) > _TLV_LIMITS.get(tlv.tag, _TLV_TOTAL):
            raise Refusal(0x33)
    return tlvs


def date_in_answer(register: Register, document: Document) -> datetime | None:
    return document.at if register.tables.number(REGIONAL, DATE_IN_CLOSE) else None


def _rounded(product: int, unit: int) -> int:
    return (product * 2 + unit) // (unit * 2)


def _parsed(parse: Callable[[bytes], _T], data: bytes) -> _T:
    try:
        return parse(data)
    except CodecError as error:
        raise Refusal(0x7E) from error
