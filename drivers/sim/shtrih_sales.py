"""The simulated registrar's commands that print or register: receipts, shifts, reports (protocols/shtrih.md §2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from drivers.fiscal.shtrih_answers import OperatorSum
from drivers.fiscal.shtrih_codec import CodecError, Fields, uint
from drivers.fiscal.shtrih_drive_answers import CORRECTION, SETTLEMENT_REPORT, ClosedReceipt, ClosedReport
from drivers.fiscal.shtrih_receipt import (
    LEGACY_QUANTITY_UNIT,
    QUANTITY_UNIT,
    CloseReceipt,
    LegacyClose,
    LegacyLine,
    ReceiptOperation,
)
from drivers.fiscal.shtrih_tlv import (
    AUTOMAT_NUMBER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    RECEIPT_EXTRA,
    Tlv,
    order_id_of,
    parse_tlvs,
)
from drivers.sim.shtrih_drive import CURRENT_CORRECTION, CURRENT_SHIFT_CLOSE, CURRENT_SHIFT_OPEN, TAX_SYSTEMS, Document
from drivers.sim.shtrih_refusal import Refusal
from drivers.sim.shtrih_register import (
    BUY,
    BUY_REFUND,
    MODE_CLOSED,
    MODE_DOCUMENT,
    MODE_EXPIRED,
    MODE_OPEN,
    REFUND,
    SALE,
    Line,
    OpenReceipt,
    Register,
)
from drivers.sim.shtrih_tables import CUT_IN_RECEIPT, DATE_IN_CLOSE, REGIONAL

_KINDS_8D = (SALE, BUY, REFUND, BUY_REFUND)
_RATES = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x81, 0x82, 0x84, 0x90} | set(range(0xC0 + 11, 0x100))
_TLV_LIMITS = {RECEIPT_EXTRA: 16, AUTOMAT_NUMBER: 20, CUSTOMER_CONTACT: 64, CASHIER_INN: 12}
_TLV_TOTAL = 250
_LINE_LIMIT = 200
_T = TypeVar("_T")


def _op(operator: int) -> bytes:
    return uint(operator, 1)


def open_receipt(register: Register, operator: int, data: bytes) -> bytes:
    if data[0] > 3:
        raise Refusal(0x33)
    if register.mode == MODE_CLOSED:
        open_shift(register, operator, b"")
    register.open_receipt(_KINDS_8D[data[0]], operator)
    return _op(operator)


def operation(register: Register, operator: int, data: bytes) -> bytes:
    line = _parsed(ReceiptOperation.parse, data)
    if line.kind not in _KINDS_8D or line.tax not in _RATES or not 1 <= line.method <= 7 or not line.subject:
        raise Refusal(0x33)
    total = _rounded(line.price_kopecks * line.quantity_micro, QUANTITY_UNIT)
    if line.sum_kopecks is not None:
        if abs(line.sum_kopecks - total) > 1:
            raise Refusal(0x33)
        total = line.sum_kopecks
    _add(register, operator, line.kind, Line(line.name, line.price_kopecks, line.quantity_micro, total, line.tax))
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
    return _op(operator)


def _add(register: Register, operator: int, kind: int, line: Line) -> None:
    """The first line opens the receipt."""
    if not line.quantity_micro:
        raise Refusal(0x62)
    if register.receipt is None:
        register.open_receipt(kind, operator)
    receipt = register.the_receipt(operator)
    if receipt.kind != kind:
        raise Refusal(0x49)
    if register.drive.expired():
        raise Refusal(0x4E)
    if len(receipt.lines) >= _LINE_LIMIT:
        raise Refusal(0x94)
    receipt.lines.append(line)
    register.save_receipt()


def subtotal(register: Register, operator: int, data: bytes) -> bytes:
    return OperatorSum(operator, register.the_receipt(operator).total_kopecks).encode()


def cancel(register: Register, operator: int, data: bytes) -> bytes:
    register.cancel_receipt(operator)
    return _op(operator)


def close(register: Register, operator: int, data: bytes) -> bytes:
    body = _parsed(CloseReceipt.parse, data)
    receipt = _closable(register, operator)
    if body.tax_system.bit_count() != 1 or body.rounding > 99:
        raise Refusal(0x33)
    if not body.tax_system & TAX_SYSTEMS:
        raise Refusal(0x63)
    document, change = _close(register, receipt, receipt.total_kopecks - body.rounding, body.sums, body.tax_system)
    return ClosedReceipt(change, document.number, document.sign, _date_in_answer(register, document)).encode()


def legacy_close(register: Register, operator: int, data: bytes) -> bytes:
    body = _parsed(LegacyClose.parse, data)
    receipt = _closable(register, operator)
    total = receipt.total_kopecks - _rounded(receipt.total_kopecks * body.discount, 10_000)
    _, change = _close(register, receipt, total, body.sums, 0x01)
    return OperatorSum(operator, change).encode()


def _closable(register: Register, operator: int) -> OpenReceipt:
    """Paper is not asked for: a receipt that was begun is registered, its copy waits (§3)."""
    receipt = register.the_receipt(operator)
    if register.printing:
        raise Refusal(0x50)
    register.require_drive()
    if register.drive.expired():
        raise Refusal(0x16)
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


def begin_open_shift(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_CLOSED)
    return _begin(register, CURRENT_SHIFT_OPEN)


def begin_close_shift(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_EXPIRED)
    return _begin(register, CURRENT_SHIFT_CLOSE)


def begin_correction(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN)
    return _begin(register, CURRENT_CORRECTION)


def _begin(register: Register, current_document: int) -> bytes:
    register.require_drive()
    register.report_tlvs = []
    with register.world.change() as change:
        register.drive.begin(change, current_document)
    return b""


def open_shift(register: Register, operator: int, data: bytes) -> bytes:
    _open_shift(register)
    return _op(operator)


def open_shift_in_drive(register: Register, operator: int, data: bytes) -> bytes:
    return _report_answer(register, _open_shift(register))


def _open_shift(register: Register) -> Document:
    if register.drive.state.shift_open:
        raise Refusal(0x3C)
    register.require_mode(MODE_CLOSED)
    register.require_printer()
    register.require_drive()
    with register.world.change() as change:
        document = register.drive.open_shift(change, register.report_tlvs)
        register.print_document(change)
    register.report_tlvs = []
    return document


def close_shift(register: Register, operator: int, data: bytes) -> bytes:
    _close_shift(register)
    return _op(operator)


def close_shift_in_drive(register: Register, operator: int, data: bytes) -> bytes:
    return _report_answer(register, _close_shift(register))


def _close_shift(register: Register) -> Document:
    register.require_mode(MODE_OPEN, MODE_EXPIRED)
    register.require_printer()
    with register.world.change() as change:
        document = register.drive.close_shift(change, register.report_tlvs)
        register.print_document(change)
    register.report_tlvs = []
    return document


def x_report(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_EXPIRED)
    return print_something(register, operator, data)


def z_report(register: Register, operator: int, data: bytes) -> bytes:
    return close_shift(register, operator, data)


def print_text(register: Register, operator: int, data: bytes) -> bytes:
    if register.receipt is None:
        register.require_mode(MODE_OPEN, MODE_EXPIRED, MODE_CLOSED)
        register.require_printer()
    return _op(operator)


def cash_in_out(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN)
    print_something(register, operator, data)
    return _op(operator) + uint(register.drive.state.last_document & 0xFFFF, 2)


def cut(register: Register, operator: int, data: bytes) -> bytes:
    if data[0] > 1:
        raise Refusal(0x33)
    allowed_in_receipt = register.mode == MODE_DOCUMENT and register.tables.number(1, CUT_IN_RECEIPT)
    if not allowed_in_receipt:
        register.require_mode(MODE_OPEN, MODE_EXPIRED, MODE_CLOSED)
    register.require_printer()
    return _op(operator)


def repeat_document(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_EXPIRED, MODE_CLOSED)
    return print_something(register, operator, data)


def continue_print(register: Register, operator: int, data: bytes) -> bytes:
    register.continue_printing()
    return _op(operator)


def print_something(register: Register, operator: int, data: bytes) -> bytes:
    register.require_printer()
    with register.world.change() as change:
        register.print_document(change)
    return _op(operator)


def settlement_report(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_CLOSED)
    register.require_printer()
    register.require_drive()
    with register.world.change() as change:
        document = register.drive.register(change, SETTLEMENT_REPORT)
        register.print_document(change)
    queue = register.drive.unsent()
    first = queue[0].at if queue else document.at
    date3 = bytes((first.year - 2000, first.month, first.day))
    return uint(document.number, 4) + uint(document.sign, 4) + uint(len(queue), 4) + date3


def correction(register: Register, operator: int, data: bytes) -> bytes:
    """FF4A: type, sign, total, five payments, six taxes, tax system."""
    fields = Fields(data)
    kind, sign, total = fields.uint(1), fields.uint(1), fields.uint(5)
    sums = [fields.uint(5) for _ in range(5)]
    if kind > 1 or sign not in (SALE, BUY) or data[-1].bit_count() != 1:
        raise Refusal(0x33)
    if sum(sums) < total:
        raise Refusal(0x45)
    return _report_answer(register, _correct(register, sign, total), receipt=True)


def short_correction(register: Register, operator: int, data: bytes) -> bytes:
    """FF36: total, type."""
    fields = Fields(data)
    total, sign = fields.uint(5), fields.uint(1)
    return _report_answer(register, _correct(register, sign, total), receipt=True)


def _correct(register: Register, sign: int, total: int) -> Document:
    register.require_mode(MODE_OPEN)
    register.require_printer()
    register.require_drive()
    if total <= 0:
        raise Refusal(0x8E)
    tlvs, register.report_tlvs = register.report_tlvs, []
    with register.world.change() as change:
        document = register.drive.register(change, CORRECTION, operation=sign, total_kopecks=total, tlvs=tlvs)
        register.print_document(change)
        change.effect(
            "correction",
            fiscal_document_number=document.number,
            total_kopecks=total,
            order_id=order_id_of(tlvs),
            operation=sign,
            fiscal_sign=document.sign,
            shift=document.shift,
        )
    return document


def _report_answer(register: Register, document: Document, *, receipt: bool = False) -> bytes:
    ordinal = register.drive.state.receipt if receipt else document.shift
    return ClosedReport(ordinal, document.number, document.sign, _date_in_answer(register, document)).encode()


def _date_in_answer(register: Register, document: Document) -> datetime | None:
    return document.at if register.tables.number(REGIONAL, DATE_IN_CLOSE) else None


def _rounded(product: int, unit: int) -> int:
    return (product * 2 + unit) // (unit * 2)


def _parsed(parse: Callable[[bytes], _T], data: bytes) -> _T:
    try:
        return parse(data)
    except CodecError as error:
        raise Refusal(0x7E) from error
