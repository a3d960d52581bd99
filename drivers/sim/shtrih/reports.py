"""The simulated registrar's shifts, reports, corrections and plain printing (shtrih.md#commands)."""

from __future__ import annotations

from drivers.fiscal.ffd.drive import CORRECTION, SETTLEMENT_REPORT, ClosedReport
from drivers.fiscal.ffd.tlv import CORRECTION_KIND, Tlv, order_id_of
from drivers.fiscal.fields import Fields, uint
from drivers.fiscal.shtrih.receipt import CorrectionTotals
from drivers.sim.drive import (
    CURRENT_CORRECTION,
    CURRENT_SETTLEMENT_REPORT,
    CURRENT_SHIFT_CLOSE,
    CURRENT_SHIFT_OPEN,
    Document,
)
from drivers.sim.papers import paid, shift_counters, taxed
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.register import BUY, MODE_CLOSED, MODE_DOCUMENT, MODE_EXPIRED, MODE_OPEN, SALE, Register
from drivers.sim.shtrih.sales import date_in_answer, operator_byte
from drivers.sim.shtrih.tables import CUT_IN_RECEIPT


def begin_open_shift(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_CLOSED)
    return _begin(register, CURRENT_SHIFT_OPEN)


def begin_close_shift(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_EXPIRED)
    return _begin(register, CURRENT_SHIFT_CLOSE)


def begin_correction(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN)
    return _begin(register, CURRENT_CORRECTION)


def begin_settlement_report(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_CLOSED)
    return _begin(register, CURRENT_SETTLEMENT_REPORT)


def _begin(register: Register, current_document: int) -> bytes:
    register.require_drive()
    register.report_tlvs = []
    with register.world.change() as change:
        register.drive.begin(change, current_document)
    return b""


def open_shift(register: Register, operator: int, data: bytes) -> bytes:
    register.open_shift()
    return operator_byte(operator)


def open_shift_in_drive(register: Register, operator: int, data: bytes) -> bytes:
    return _report_answer(register, register.open_shift())


def close_shift(register: Register, operator: int, data: bytes) -> bytes:
    _close_shift(register)
    return operator_byte(operator)


def close_shift_in_drive(register: Register, operator: int, data: bytes) -> bytes:
    return _report_answer(register, _close_shift(register))


def _close_shift(register: Register) -> Document:
    register.require_mode(MODE_OPEN, MODE_EXPIRED)
    register.require_printer()
    with register.world.change() as change:
        counters = shift_counters(register.drive.state)
        document = register.drive.close_shift(change, (*register.report_tlvs, counters))
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
        register.print_line()
    return operator_byte(operator)


def print_line(register: Register, operator: int, data: bytes) -> bytes:
    answer = print_text(register, operator, data)
    register.paper.append(data[1:].split(b"\0")[0].decode("cp1251", "replace"))
    return answer


def cash_in_out(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN)
    print_something(register, operator, data)
    return operator_byte(operator) + uint(register.drive.state.last_document & 0xFFFF, 2)


def cut(register: Register, operator: int, data: bytes) -> bytes:
    if data[0] > 1:
        raise Refusal(0x33)
    allowed_in_receipt = register.mode == MODE_DOCUMENT and register.tables.number(1, CUT_IN_RECEIPT)
    if not allowed_in_receipt:
        register.require_mode(MODE_OPEN, MODE_EXPIRED, MODE_CLOSED)
    register.require_printer()
    if register.faults.on("cutter_fault") is not None:
        raise Refusal(0x71)
    return operator_byte(operator)


def repeat_document(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_EXPIRED, MODE_CLOSED)
    return print_something(register, operator, data)


def continue_print(register: Register, operator: int, data: bytes) -> bytes:
    register.continue_printing()
    return operator_byte(operator)


def print_something(register: Register, operator: int, data: bytes) -> bytes:
    register.require_printer()
    with register.world.change() as change:
        register.print_document(change)
    return operator_byte(operator)


def settlement_report(register: Register, operator: int, data: bytes) -> bytes:
    register.require_mode(MODE_OPEN, MODE_CLOSED)
    register.require_printer()
    register.require_drive()
    with register.world.change() as change:
        document = register.drive.register(change, SETTLEMENT_REPORT, tlvs=register.report_tlvs)
        register.print_document(change)
    register.report_tlvs = []
    queue = register.drive.unsent()
    first = queue[0].at if queue else document.at
    date3 = bytes((first.year - 2000, first.month, first.day))
    return uint(document.number, 4) + uint(document.sign, 4) + uint(len(queue), 4) + date3


def correction(register: Register, operator: int, data: bytes) -> bytes:
    """FF4A, of totals: from FFD 1.1 on a correction has lines and is opened by 8Dh."""
    body = CorrectionTotals.parse(data)
    if body.kind > 1 or body.sign not in (SALE, BUY) or body.tax_system.bit_count() != 1:
        raise Refusal(0x33)
    if sum(body.sums) < body.total_kopecks:
        raise Refusal(0x45)
    kind = Tlv(CORRECTION_KIND, bytes((body.kind,)))
    register.require_requisites(body.sign, [*register.report_tlvs, kind], operator, correction=True)
    document = _correct(register, body.sign, body.total_kopecks, body.sums[0], body.tax_system)
    return _report_answer(register, document, receipt=True)


def short_correction(register: Register, operator: int, data: bytes) -> bytes:
    """FF36: total, type."""
    fields = Fields(data)
    total, sign = fields.uint(5), fields.uint(1)
    if sign not in (SALE, BUY):
        raise Refusal(0x33)
    return _report_answer(register, _correct(register, sign, total, total, 0x01), receipt=True)


def _correct(register: Register, sign: int, total: int, cash: int, tax_system: int) -> Document:
    register.require_mode(MODE_OPEN)
    register.require_printer()
    register.require_drive()
    if register.setup.ffd != "1.05":
        raise Refusal(0x35)
    if total <= 0:
        raise Refusal(0x8E)
    tlvs, register.report_tlvs = register.report_tlvs, []
    with register.world.change() as change:
        document = register.drive.register(
            change,
            CORRECTION,
            operation=sign,
            total_kopecks=total,
            tlvs=(*tlvs, taxed(tax_system), *paid(cash, total - cash)),
        )
        register.print_document(change)
        change.effect(
            "correction",
            fiscal_document_number=document.number,
            total_kopecks=total,
            order_id=order_id_of(tlvs),
            electronic_kopecks=total - cash,
            cash_kopecks=cash,
            operation=sign,
            tax_system=tax_system,
            fiscal_sign=document.sign,
            drive_number=register.drive.state.serial,
            shift=document.shift,
            lines=[],
        )
    return document


def _report_answer(register: Register, document: Document, *, receipt: bool = False) -> bytes:
    ordinal = register.drive.state.receipt if receipt else document.shift
    return ClosedReport(ordinal, document.number, document.sign, date_in_answer(register, document)).encode()
