"""Typed commands to the registrar: a payload and how its answer reads (shtrih.md#commands)."""

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
    """10h: mode, flags of paper and cover, result of the last print. The cheapest question, also while it prints."""
    return Request(0x10, b"", ShortStatus.parse)


def full_status() -> Request[FullStatus]:
    """11h: firmware, the register's own date and time, serial number, number of the last closed shift."""
    return Request(0x11, b"", FullStatus.parse)


def print_line(text: str) -> Request[Operator]:
    """On the receipt tape, at least 40 characters wide."""
    return Request(0x17, b"\x02" + text_bytes(text, 200).ljust(40, b"\0"), Operator.parse)


def money_register(number: int) -> Request[RegisterValue]:
    """1Ah: a sum in kopecks; registers above 255 take two bytes for their number."""
    return Request(0x1A, uint(number, 1 if number < 256 else 2), RegisterValue.parse)


def count_register(number: int) -> Request[RegisterValue]:
    """1Bh: a number of operations, 0…255."""
    return Request(0x1B, uint(number, 1), RegisterValue.parse)


def write_table(table: int, row: int, field: int, value: bytes) -> Request[Blob]:
    """1Eh: one field of a table, rows and fields from 1; `value` as long as the shape of the field says (2Eh)."""
    return Request(0x1E, uint(table, 1) + uint(row, 2) + uint(field, 1) + value, Blob.parse)


def read_table(table: int, row: int, field: int) -> Request[TableValue]:
    """1Fh: one field of a table, as bytes whose meaning the shape of the field tells (2Eh)."""
    return Request(0x1F, uint(table, 1) + uint(row, 2) + uint(field, 1), TableValue.parse)


def set_time(moment: datetime) -> Request[Blob]:
    """21h: hour, minute and second of local time; the date goes separately, by 22h and 23h."""
    return Request(0x21, bytes((moment.hour, moment.minute, moment.second)), Blob.parse)


def set_date(day: date) -> Request[Blob]:
    """The register is in mode 6 until `confirm_date` repeats the day."""
    return Request(0x22, bytes((day.day, day.month, day.year - 2000)), Blob.parse)


def confirm_date(day: date) -> Request[Blob]:
    """23h: the same day once more; only then does the register take it and leave mode 6."""
    return Request(0x23, bytes((day.day, day.month, day.year - 2000)), Blob.parse)


def cut(*, partial: bool = False) -> Request[Operator]:
    """25h: through, or with a bridge left for a tear-off (`partial`)."""
    return Request(0x25, uint(partial, 1), Operator.parse)


def table_shape(table: int) -> Request[TableShape]:
    """2Dh: name of a table, number of its rows and fields."""
    return Request(0x2D, uint(table, 1), TableShape.parse)


def field_shape(table: int, field: int) -> Request[FieldShape]:
    """2Eh: name of a field, its type, its length in bytes and the values it may have."""
    return Request(0x2E, uint(table, 1) + uint(field, 1), FieldShape.parse)


def x_report() -> Request[Operator]:
    """40h: the counters of the open shift on paper; no document comes into the drive."""
    return Request(0x40, b"", Operator.parse)


def z_report() -> Request[Operator]:
    """41h: closes the shift with a document in the drive."""
    return Request(0x41, b"", Operator.parse)


def error_text(code: int) -> Request[ErrorText]:
    """6Bh: the register's own words for an error code, cp1251. Needs no password."""
    return Request(ERROR_TEXT, uint(code, 1), ErrorText.parse, anonymous=True)


def legacy_sale(line: LegacyLine) -> Request[Operator]:
    """80h: a line of a sale as registers without FF46 take it; the driver does not use it, the vendor library does."""
    return Request(0x80, line.encode(), Operator.parse)


def legacy_refund(line: LegacyLine) -> Request[Operator]:
    """82h: a line of a refund, otherwise as 80h."""
    return Request(0x82, line.encode(), Operator.parse)


def legacy_close(close: LegacyClose) -> Request[OperatorSum]:
    """85h: closes the receipt with four sums; answers the change in kopecks."""
    return Request(0x85, close.encode(), OperatorSum.parse)


def cancel_receipt() -> Request[Operator]:
    """88h: drops the open receipt; nothing of it is registered."""
    return Request(0x88, b"", Operator.parse)


def subtotal() -> Request[OperatorSum]:
    """89h: the sum of the open receipt so far, in kopecks."""
    return Request(0x89, b"", OperatorSum.parse)


def open_receipt(kind: int) -> Request[Operator]:
    """0 sale, 1 buy, 2 sale refund, 3 buy refund; 80h more for a correction with lines."""
    return Request(0x8D, uint(kind, 1), Operator.parse)


def continue_print() -> Request[Operator]:
    """B0h: goes on with what the end of the paper interrupted (sub-mode 3)."""
    return Request(0xB0, b"", Operator.parse)


def open_shift() -> Request[Operator]:
    """E0h: opens the shift with a document in the drive. May wait for the network for up to two minutes."""
    return Request(0xE0, b"", Operator.parse)


def capabilities() -> Request[Capabilities]:
    """F7h 01: bits of what the model can, width of a line, numbers of the tables used. Needs no password."""
    return Request(0xF7, b"\x01", Capabilities.parse, anonymous=True)


def model() -> Request[Model]:
    """FCh: type, model number and name of the device. Needs no password."""
    return Request(0xFC, b"", Model.parse, anonymous=True)


def drive_status() -> Request[DriveStatus]:
    """FF01: phase of life, open document, shift, warnings, serial number and the number of the last document."""
    return Request(0xFF01, b"", DriveStatus.parse)


def drive_serial() -> Request[DriveSerial]:
    """FF02: the 16 digits of the drive alone."""
    return Request(0xFF02, b"", DriveSerial.parse)


def drive_expiry() -> Request[DriveExpiry]:
    """FF03: the last day on which the drive registers."""
    return Request(0xFF03, b"", DriveExpiry.parse)


def drive_version() -> Request[DriveVersion]:
    """FF04: version and kind (series or debug) of the drive’s program."""
    return Request(0xFF04, b"", DriveVersion.parse)


def cancel_drive_document() -> Request[Blob]:
    """FF08: drops a document that was begun in the drive and not finished."""
    return Request(0xFF08, b"", Blob.parse)


def find_document(number: int) -> Request[Blob]:
    """The answer is read by `drivers.fiscal.ffd.drive.understood`."""
    return Request(0xFF0A, uint(number, 4), Blob.parse)


def send_tlvs(tlvs: Iterable[Tlv]) -> Request[Blob]:
    """FF0C: requisites of the document that is open, at most 250 bytes in one command."""
    return Request(0xFF0C, encode_tlvs(tlvs), Blob.parse)


def ofd_status() -> Request[OfdStatus]:
    """FF39: state of the exchange: how many documents are unsent, number and time of the oldest."""
    return Request(0xFF39, b"", OfdStatus.parse)


def start_reading(number: int) -> Request[DocumentHead]:
    """FF3A: opens a document of the archive for reading; answers its kind and length. The pieces follow by FF3B."""
    return Request(0xFF3A, uint(number, 4), DocumentHead.parse)


def read_piece() -> Request[Blob]:
    """FF3B: the next requisites of the document opened by FF3A, as TLV bytes; empty or error 08h at its end."""
    return Request(0xFF3B, b"", Blob.parse)


def unacknowledged() -> Request[Unacknowledged]:
    """FF3F: how many documents have no operator's ticket yet."""
    return Request(0xFF3F, b"", Unacknowledged.parse)


def shift_state() -> Request[ShiftState]:
    """FF40: open or closed, number of the shift, number of the last receipt in it."""
    return Request(0xFF40, b"", ShiftState.parse)


def close_receipt(close: CloseReceipt) -> Request[ClosedReceipt]:
    """FF45: the sums of payment, taxes and tax system; registers the receipt. Answers change, number and fiscal
    sign."""
    return Request(0xFF45, close.encode(), ClosedReceipt.parse)


def operation(line: ReceiptOperation) -> Request[Blob]:
    """FF46: one line of the open receipt, quantity in millionths, money in kopecks."""
    return Request(0xFF46, line.encode(), Blob.parse)


def begin_correction() -> Request[Blob]:
    """FF35: begins a correction by its totals (FFD 1.05); requisites follow by FF0C."""
    return Request(0xFF35, b"", Blob.parse)


def short_correction(total_kopecks: int, sign: int) -> Request[ClosedReport]:
    """FF36: registers a correction by its total in kopecks; `sign` is tag 1054. Answers number and fiscal sign."""
    return Request(0xFF36, money(total_kopecks) + uint(sign, 1), ClosedReport.parse)


def correction(totals: CorrectionTotals) -> Request[ClosedReport]:
    """FF4A: registers a correction by totals of payment and taxes. Answers number and fiscal sign."""
    return Request(0xFF4A, totals.encode(), ClosedReport.parse)


def ofd_buffer() -> Request[OfdBuffer]:
    """FF30: bytes of the message that waits for the operator, 0 where none does; it is read by FF31."""
    return Request(0xFF30, b"", OfdBuffer.parse)


def read_ofd_block(offset: int, size: int) -> Request[Blob]:
    """FF31: `size` bytes of that document from `offset` on, ready for the operator's server."""
    return Request(0xFF31, uint(offset, 2) + uint(size, 1), Blob.parse)


def begin_ticket(size: int) -> Request[BlockSize]:
    """FF32: an operator's answer of `size` bytes is to come; answers how large a block FF33 may be."""
    return Request(0xFF32, uint(size, 2), BlockSize.parse)


def write_ticket_block(offset: int, block: bytes) -> Request[Blob]:
    """The last block makes the drive judge the whole ticket."""
    return Request(0xFF33, uint(offset, 2) + uint(len(block), 1) + block, Blob.parse)


def ticket(number: int) -> Request[KeptTicket]:
    """FF3C: the operator's answer to document `number` as the drive keeps it."""
    return Request(0xFF3C, uint(number, 4), KeptTicket.parse)
