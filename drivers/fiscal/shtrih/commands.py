"""Typed commands to the registrar: a payload and how its answer reads (protocols/shtrih.md §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from drivers.fiscal.ffd.drive import (
    Blob,
    ClosedReceipt,
    ClosedReport,
    DocumentHead,
    DriveExpiry,
    DriveSerial,
    DriveStatus,
    DriveVersion,
    FoundDocument,
    OfdStatus,
    ShiftState,
    Unacknowledged,
)
from drivers.fiscal.ffd.tlv import Tlv, encode_tlvs
from drivers.fiscal.fields import money, text_bytes, uint
from drivers.fiscal.shtrih.answers import (
    Capabilities,
    ErrorText,
    FullStatus,
    Model,
    Operator,
    OperatorSum,
    ShortStatus,
)
from drivers.fiscal.shtrih.frames import code_bytes, code_of
from drivers.fiscal.shtrih.receipt import CloseReceipt, CorrectionTotals, LegacyClose, LegacyLine, ReceiptOperation
from drivers.fiscal.shtrih.table_answers import FieldShape, RegisterValue, TableShape, TableValue

ERROR_TEXT = 0x6B
#: They put a document into the drive: never sent again before the drive was asked.
REGISTERS = frozenset({0x41, 0x85, 0xE0, 0xFF36, 0xFF45, 0xFF4A})

A_co = TypeVar("A_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Request(Generic[A_co]):
    """A command as it goes into a frame, with the parser of the data behind the error byte."""

    payload: bytes
    parse: Callable[[bytes], A_co]

    @property
    def code(self) -> int:
        return code_of(self.payload)


def _payload(code: int, password: int, data: bytes = b"") -> bytes:
    return code_bytes(code) + uint(password, 4) + data


def short_status(password: int) -> Request[ShortStatus]:
    return Request(_payload(0x10, password), ShortStatus.parse)


def full_status(password: int) -> Request[FullStatus]:
    return Request(_payload(0x11, password), FullStatus.parse)


def beep(password: int) -> Request[Operator]:
    return Request(_payload(0x13, password), Operator.parse)


def print_line(password: int, text: str) -> Request[Operator]:
    """On the receipt tape, at least 40 characters wide."""
    return Request(_payload(0x17, password, b"\x02" + text_bytes(text, 200).ljust(40, b"\0")), Operator.parse)


def money_register(password: int, number: int) -> Request[RegisterValue]:
    return Request(_payload(0x1A, password, uint(number, 1 if number < 256 else 2)), RegisterValue.parse)


def count_register(password: int, number: int) -> Request[RegisterValue]:
    return Request(_payload(0x1B, password, uint(number, 1)), RegisterValue.parse)


def write_table(password: int, table: int, row: int, field: int, value: bytes) -> Request[Blob]:
    return Request(_payload(0x1E, password, uint(table, 1) + uint(row, 2) + uint(field, 1) + value), Blob.parse)


def read_table(password: int, table: int, row: int, field: int) -> Request[TableValue]:
    return Request(_payload(0x1F, password, uint(table, 1) + uint(row, 2) + uint(field, 1)), TableValue.parse)


def set_time(password: int, moment: datetime) -> Request[Blob]:
    return Request(_payload(0x21, password, bytes((moment.hour, moment.minute, moment.second))), Blob.parse)


def set_date(password: int, day: date) -> Request[Blob]:
    """The register stands in mode 6 until `confirm_date` repeats the day."""
    return Request(_payload(0x22, password, bytes((day.day, day.month, day.year - 2000))), Blob.parse)


def confirm_date(password: int, day: date) -> Request[Blob]:
    return Request(_payload(0x23, password, bytes((day.day, day.month, day.year - 2000))), Blob.parse)


def cut(password: int, *, partial: bool = False) -> Request[Operator]:
    return Request(_payload(0x25, password, uint(partial, 1)), Operator.parse)


def table_shape(password: int, table: int) -> Request[TableShape]:
    return Request(_payload(0x2D, password, uint(table, 1)), TableShape.parse)


def field_shape(password: int, table: int, field: int) -> Request[FieldShape]:
    return Request(_payload(0x2E, password, uint(table, 1) + uint(field, 1)), FieldShape.parse)


def x_report(password: int) -> Request[Operator]:
    return Request(_payload(0x40, password), Operator.parse)


def z_report(password: int) -> Request[Operator]:
    return Request(_payload(0x41, password), Operator.parse)


def error_text(code: int) -> Request[ErrorText]:
    return Request(code_bytes(ERROR_TEXT) + uint(code, 1), ErrorText.parse)


def legacy_sale(password: int, line: LegacyLine) -> Request[Operator]:
    return Request(_payload(0x80, password, line.encode()), Operator.parse)


def legacy_refund(password: int, line: LegacyLine) -> Request[Operator]:
    return Request(_payload(0x82, password, line.encode()), Operator.parse)


def legacy_close(password: int, close: LegacyClose) -> Request[OperatorSum]:
    return Request(_payload(0x85, password, close.encode()), OperatorSum.parse)


def cancel_receipt(password: int) -> Request[Operator]:
    return Request(_payload(0x88, password), Operator.parse)


def subtotal(password: int) -> Request[OperatorSum]:
    return Request(_payload(0x89, password), OperatorSum.parse)


def open_receipt(password: int, kind: int) -> Request[Operator]:
    """0 sale, 1 buy, 2 sale refund, 3 buy refund; 80h more for a correction with lines."""
    return Request(_payload(0x8D, password, uint(kind, 1)), Operator.parse)


def continue_print(password: int) -> Request[Operator]:
    return Request(_payload(0xB0, password), Operator.parse)


def open_shift(password: int) -> Request[Operator]:
    return Request(_payload(0xE0, password), Operator.parse)


def capabilities() -> Request[Capabilities]:
    return Request(b"\xf7\x01", Capabilities.parse)


def model() -> Request[Model]:
    return Request(b"\xfc", Model.parse)


def drive_status(password: int) -> Request[DriveStatus]:
    return Request(_payload(0xFF01, password), DriveStatus.parse)


def drive_serial(password: int) -> Request[DriveSerial]:
    return Request(_payload(0xFF02, password), DriveSerial.parse)


def drive_expiry(password: int) -> Request[DriveExpiry]:
    return Request(_payload(0xFF03, password), DriveExpiry.parse)


def drive_version(password: int) -> Request[DriveVersion]:
    return Request(_payload(0xFF04, password), DriveVersion.parse)


def cancel_drive_document(password: int) -> Request[Blob]:
    return Request(_payload(0xFF08, password), Blob.parse)


def find_document(password: int, number: int) -> Request[FoundDocument]:
    return Request(_payload(0xFF0A, password, uint(number, 4)), FoundDocument.parse)


def send_tlvs(password: int, tlvs: Iterable[Tlv]) -> Request[Blob]:
    return Request(_payload(0xFF0C, password, encode_tlvs(tlvs)), Blob.parse)


def ofd_status(password: int) -> Request[OfdStatus]:
    return Request(_payload(0xFF39, password), OfdStatus.parse)


def start_reading(password: int, number: int) -> Request[DocumentHead]:
    return Request(_payload(0xFF3A, password, uint(number, 4)), DocumentHead.parse)


def read_piece(password: int) -> Request[Blob]:
    return Request(_payload(0xFF3B, password), Blob.parse)


def unacknowledged(password: int) -> Request[Unacknowledged]:
    return Request(_payload(0xFF3F, password), Unacknowledged.parse)


def shift_state(password: int) -> Request[ShiftState]:
    return Request(_payload(0xFF40, password), ShiftState.parse)


def close_receipt(password: int, close: CloseReceipt) -> Request[ClosedReceipt]:
    return Request(_payload(0xFF45, password, close.encode()), ClosedReceipt.parse)


def operation(password: int, line: ReceiptOperation) -> Request[Blob]:
    return Request(_payload(0xFF46, password, line.encode()), Blob.parse)


def begin_correction(password: int) -> Request[Blob]:
    return Request(_payload(0xFF35, password), Blob.parse)


def short_correction(password: int, total_kopecks: int, sign: int) -> Request[ClosedReport]:
    return Request(_payload(0xFF36, password, money(total_kopecks) + uint(sign, 1)), ClosedReport.parse)


def correction(password: int, totals: CorrectionTotals) -> Request[ClosedReport]:
    return Request(_payload(0xFF4A, password, totals.encode()), ClosedReport.parse)
