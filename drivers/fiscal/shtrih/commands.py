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
    ShiftState,
)
from drivers.fiscal.ffd.exchange import (
    BlockSize,
    KeptTicket,
    OfdBuffer,
    OfdStatus,
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
from drivers.fiscal.shtrih.frames import code_bytes
from drivers.fiscal.shtrih.receipt import CloseReceipt, CorrectionTotals, LegacyClose, LegacyLine, ReceiptOperation
from drivers.fiscal.shtrih.table_answers import FieldShape, RegisterValue, TableShape, TableValue

ERROR_TEXT = 0x6B
#: They put a document into the drive: never sent again before the drive was asked.
REGISTERS = frozenset({0x41, 0x85, 0xE0, 0xFF36, 0xFF45, 0xFF4A})

A_co = TypeVar("A_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Request(Generic[A_co]):
    """A command and the parser of the data behind the error byte. The session puts its password behind the code:
    `operator` is another's, `anonymous` are the commands that have none."""

    code: int
    data: bytes
    parse: Callable[[bytes], A_co]
    operator: int | None = None
    anonymous: bool = False

    def payload(self, password: int) -> bytes:
        """As it goes into a frame."""
        operator = password if self.operator is None else self.operator
        return code_bytes(self.code) + (b"" if self.anonymous else uint(operator, 4)) + self.data


def short_status() -> Request[ShortStatus]:
    return Request(0x10, b"", ShortStatus.parse)


def full_status() -> Request[FullStatus]:
    return Request(0x11, b"", FullStatus.parse)


def beep() -> Request[Operator]:
    return Request(0x13, b"", Operator.parse)


def print_line(text: str) -> Request[Operator]:
    """On the receipt tape, at least 40 characters wide."""
    return Request(0x17, b"\x02" + text_bytes(text, 200).ljust(40, b"\0"), Operator.parse)


def money_register(number: int) -> Request[RegisterValue]:
    return Request(0x1A, uint(number, 1 if number < 256 else 2), RegisterValue.parse)


def count_register(number: int) -> Request[RegisterValue]:
    return Request(0x1B, uint(number, 1), RegisterValue.parse)


def write_table(table: int, row: int, field: int, value: bytes) -> Request[Blob]:
    return Request(0x1E, uint(table, 1) + uint(row, 2) + uint(field, 1) + value, Blob.parse)


def read_table(table: int, row: int, field: int) -> Request[TableValue]:
    return Request(0x1F, uint(table, 1) + uint(row, 2) + uint(field, 1), TableValue.parse)


def set_time(moment: datetime) -> Request[Blob]:
    return Request(0x21, bytes((moment.hour, moment.minute, moment.second)), Blob.parse)


def set_date(day: date) -> Request[Blob]:
    """The register stands in mode 6 until `confirm_date` repeats the day."""
    return Request(0x22, bytes((day.day, day.month, day.year - 2000)), Blob.parse)


def confirm_date(day: date) -> Request[Blob]:
    return Request(0x23, bytes((day.day, day.month, day.year - 2000)), Blob.parse)


def cut(*, partial: bool = False) -> Request[Operator]:
    return Request(0x25, uint(partial, 1), Operator.parse)


def table_shape(table: int) -> Request[TableShape]:
    return Request(0x2D, uint(table, 1), TableShape.parse)


def field_shape(table: int, field: int) -> Request[FieldShape]:
    return Request(0x2E, uint(table, 1) + uint(field, 1), FieldShape.parse)


def x_report() -> Request[Operator]:
    return Request(0x40, b"", Operator.parse)


def z_report() -> Request[Operator]:
    return Request(0x41, b"", Operator.parse)


def error_text(code: int) -> Request[ErrorText]:
    return Request(ERROR_TEXT, uint(code, 1), ErrorText.parse, anonymous=True)


def legacy_sale(line: LegacyLine) -> Request[Operator]:
    return Request(0x80, line.encode(), Operator.parse)


def legacy_refund(line: LegacyLine) -> Request[Operator]:
    return Request(0x82, line.encode(), Operator.parse)


def legacy_close(close: LegacyClose) -> Request[OperatorSum]:
    return Request(0x85, close.encode(), OperatorSum.parse)


def cancel_receipt() -> Request[Operator]:
    return Request(0x88, b"", Operator.parse)


def subtotal() -> Request[OperatorSum]:
    return Request(0x89, b"", OperatorSum.parse)


def open_receipt(kind: int) -> Request[Operator]:
    """0 sale, 1 buy, 2 sale refund, 3 buy refund; 80h more for a correction with lines."""
    return Request(0x8D, uint(kind, 1), Operator.parse)


def continue_print() -> Request[Operator]:
    return Request(0xB0, b"", Operator.parse)


def open_shift() -> Request[Operator]:
    return Request(0xE0, b"", Operator.parse)


def capabilities() -> Request[Capabilities]:
    return Request(0xF7, b"\x01", Capabilities.parse, anonymous=True)


def model() -> Request[Model]:
    return Request(0xFC, b"", Model.parse, anonymous=True)


def drive_status() -> Request[DriveStatus]:
    return Request(0xFF01, b"", DriveStatus.parse)


def drive_serial() -> Request[DriveSerial]:
    return Request(0xFF02, b"", DriveSerial.parse)


def drive_expiry() -> Request[DriveExpiry]:
    return Request(0xFF03, b"", DriveExpiry.parse)


def drive_version() -> Request[DriveVersion]:
    return Request(0xFF04, b"", DriveVersion.parse)


def cancel_drive_document() -> Request[Blob]:
    return Request(0xFF08, b"", Blob.parse)


def find_document(number: int) -> Request[Blob]:
    """The answer is read by `drivers.fiscal.ffd.drive.understood`."""
    return Request(0xFF0A, uint(number, 4), Blob.parse)


def send_tlvs(tlvs: Iterable[Tlv]) -> Request[Blob]:
    return Request(0xFF0C, encode_tlvs(tlvs), Blob.parse)


def ofd_status() -> Request[OfdStatus]:
    return Request(0xFF39, b"", OfdStatus.parse)


def start_reading(number: int) -> Request[DocumentHead]:
    return Request(0xFF3A, uint(number, 4), DocumentHead.parse)


def read_piece() -> Request[Blob]:
    return Request(0xFF3B, b"", Blob.parse)


def unacknowledged() -> Request[Unacknowledged]:
    return Request(0xFF3F, b"", Unacknowledged.parse)


def shift_state() -> Request[ShiftState]:
    return Request(0xFF40, b"", ShiftState.parse)


def close_receipt(close: CloseReceipt) -> Request[ClosedReceipt]:
    return Request(0xFF45, close.encode(), ClosedReceipt.parse)


def operation(line: ReceiptOperation) -> Request[Blob]:
    return Request(0xFF46, line.encode(), Blob.parse)


def begin_correction() -> Request[Blob]:
    return Request(0xFF35, b"", Blob.parse)


def short_correction(total_kopecks: int, sign: int) -> Request[ClosedReport]:
    return Request(0xFF36, money(total_kopecks) + uint(sign, 1), ClosedReport.parse)


def correction(totals: CorrectionTotals) -> Request[ClosedReport]:
    return Request(0xFF4A, totals.encode(), ClosedReport.parse)


def ofd_buffer() -> Request[OfdBuffer]:
    return Request(0xFF30, b"", OfdBuffer.parse)


def read_ofd_block(offset: int, size: int) -> Request[Blob]:
    return Request(0xFF31, uint(offset, 2) + uint(size, 1), Blob.parse)


def begin_ticket(size: int) -> Request[BlockSize]:
    return Request(0xFF32, uint(size, 2), BlockSize.parse)


def write_ticket_block(offset: int, block: bytes) -> Request[Blob]:
    """The last block makes the drive judge the whole ticket."""
    return Request(0xFF33, uint(offset, 2) + uint(len(block), 1) + block, Blob.parse)


def ticket(number: int) -> Request[KeptTicket]:
    return Request(0xFF3C, uint(number, 4), KeptTicket.parse)
