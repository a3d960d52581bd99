"""Every command the driver gives an ATOL register, typed: bytes out, answer back (atol.md#commands)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from drivers.fiscal.atol.answers import (
    FullState,
    LastReceipt,
    ReceiptSums,
    ShortState,
    moment,
    standing_of,
)
from drivers.fiscal.atol.frames import bcd, bcd_value, text_bytes
from drivers.fiscal.ffd.drive import Blob, DriveStatus, ShiftState
from drivers.fiscal.ffd.exchange import OfdStatus
from drivers.fiscal.ffd.tlv import Tlv, parse_tlvs
from drivers.fiscal.fields import CodecError, Fields, uint
from drivers.fiscal.port import ReceiptLine
from drivers.fiscal.shifts import Standing

_A = TypeVar("_A", covariant=True)
_QUESTION, _ACTION = 2, 3  # bytes before the data of an answer: 55, error and, of actions, its extension
CASH, ELECTRONIC = 1, 2
_QUANTITY_UNIT = 1000
_POSITION, _TOTAL_POSITION = 0x0A, 0x02
_NO_TAX = 5
_FULL_PAYMENT = 4
_ELECTRONIC_ONLY = 0x04
_PLACES = {1: 0, 4: 1, 2: 2, 5: 3}  # of a kind of receipt in register 0C


@dataclass(frozen=True, slots=True)
class Request(Generic[_A]):
    """`head`: how many bytes come before the data; `answers`: the first of them. Behind the arguments of a `signed`
    command the session puts its password."""

    code: int
    arguments: bytes
    parse: Callable[[bytes], _A]
    head: int = _ACTION
    answers: int = 0x55
    signed: bool = False


def _done(data: bytes) -> None:  # noqa: ARG001  # the shape of what reads an answer
    return None


def _action(code: int, arguments: bytes = b"") -> Request[None]:
    return Request(code, arguments, _done)


def _register(number: int, parse: Callable[[bytes], _A], first: int = 0, second: int = 0) -> Request[_A]:
    return Request(0x91, bytes((number, first, second)), parse, _QUESTION)


def _drive(code: int, parse: Callable[[bytes], _A], arguments: bytes = b"") -> Request[_A]:
    return Request(0xA4, bytes((code,)) + arguments, parse, _QUESTION)


def full_state() -> Request[FullState]:
    """3Fh: the register's date and time, flags (registered, shift open, paper, cover, drive), mode, open receipt."""
    return Request(0x3F, b"", FullState.parse, 1, 0x44)


def short_state() -> Request[ShortState]:
    """45h: mode and sub-mode, whether paper is missing or the printer has failed."""
    return Request(0x45, b"", ShortState.parse, 1)


def enter_mode(mode: int) -> Request[None]:
    """56h: registration, reports or settings; each command belongs to one of them."""
    return Request(0x56, bytes((mode,)), _done, signed=True)


def leave_mode() -> Request[None]:
    """48h: back to the choice of modes; drops nothing that is registered."""
    return _action(0x48)


def open_shift() -> Request[None]:
    """9Ah: opens the shift with a document in the drive and on paper."""
    return _action(0x9A, b"\0")


def close_shift() -> Request[None]:
    """5Ah: the Z report: closes the shift with a document in the drive."""
    return _action(0x5A)


def x_report() -> Request[None]:
    """67h 1: the counters of the open shift on paper; no document comes into the drive."""
    return _action(0x67, b"\1")


def open_receipt(kind: int, *, paperless: bool) -> Request[None]:
    """92h: `kind` 1 sale, 2 refund, 7 and 8 their corrections; `paperless` keeps the receipt off the paper."""
    return _action(0x92, bytes((_ELECTRONIC_ONLY if paperless else 0, kind)))


def write_tag(tlv: Tlv) -> Request[None]:
    """E8h: one requisite (TLV) of the document that is open."""
    return _action(0xE8, b"\1\1\0" + tlv.encode())


def begin_position() -> Request[None]:
    """EAh: a line of the receipt begins; its requisites may follow by E8h."""
    return _action(0xEA, b"\0\1\0")


def end_position(line: ReceiptLine, tax: int) -> Request[None]:
    """EBh: price and sum in kopecks, quantity in thousandths, `tax` as a row of the table of rates, name in cp866."""
    return _action(
        0xEB,
        bytes((_POSITION,))
        + _amount(line.price_kopecks, line.quantity, line.sum_kopecks)
        + bytes((tax,))
        + bytes(7)
        + bytes((1, line.subject, _FULL_PAYMENT, 0))
        + bytes(9)
        + text_bytes(line.name)[:128],
    )


def end_total(total_kopecks: int) -> Request[None]:
    """The one position of a correction by its totals: without a name, its taxes follow as requisites."""
    amount = _amount(total_kopecks, 1, total_kopecks)
    return _action(0xEB, bytes((_TOTAL_POSITION,)) + amount + bytes((_NO_TAX,)) + bytes(20))


def _amount(price_kopecks: int, quantity: int, sum_kopecks: int) -> bytes:
    return bcd(price_kopecks, 7) + bcd(quantity * _QUANTITY_UNIT, 5) + bcd(sum_kopecks, 7)


def pay(kind: int, kopecks: int) -> Request[None]:
    """99h: `kopecks` paid by `kind` (1 cash, 2 electronic); several calls add up."""
    return _action(0x99, bytes((0, kind)) + bcd(kopecks, 5))


def close_receipt() -> Request[None]:
    """4Ah: registers the receipt; what is not paid yet counts as cash."""
    return _action(0x4A, bytes((0, CASH)) + bcd(0, 5))


def cancel_receipt() -> Request[None]:
    """59h: drops the open receipt; nothing of it is registered."""
    return _action(0x59)


def print_line(text: str) -> Request[None]:
    """4Ch: one line of text outside a document."""
    return _action(0x4C, text_bytes(text))


def cut() -> Request[None]:
    """75h 1: cuts the paper, with a bridge left for a tear-off."""
    return _action(0x75, b"\1")


def continue_print() -> Request[None]:
    """55h: goes on with what the end of the paper interrupted."""
    return _action(0x55)


def set_moment(now: datetime) -> Request[None]:
    """EDh: local date and time, only while the shift is closed."""
    numbers = (now.day, now.month, now.year % 100, now.hour, now.minute, now.second)
    return _action(0xED, b"".join(bcd(number, 1) for number in numbers))


def shift_clock() -> Request[Standing]:
    """Register 12h: state of the shift and the moment it expires."""
    return _register(0x12, standing_of)


def receipt_sums() -> Request[ReceiptSums]:
    """Register 14h: what the open receipt adds up to, in kopecks."""
    return _register(0x14, ReceiptSums.parse)


def last_receipt() -> Request[LastReceipt]:
    """Register 33h: number, sign, moment and sum of the last document."""
    return _register(0x33, LastReceipt.parse)


def payment_total(kind: int, payment: int) -> Request[int]:
    """Register 03h: kopecks of the shift by `kind` of receipt and `payment` (1 cash, 2 electronic)."""
    return _register(0x03, lambda data: bcd_value(Fields(data).take(6)), kind, payment)


def receipt_count(kind: int) -> Request[int]:
    """Receipts of this kind in the shift."""
    return _register(0x41, lambda data: bcd_value(Fields(data).take(5)), kind)


def receipt_total(kind: int) -> Request[int]:
    """Their sum in kopecks."""
    return _register(0x0C, lambda data: bcd_value(Fields(data).take(7)), _PLACES[kind])


def device_serial() -> Request[str]:
    """Register 16h: 14 digits."""
    return _register(0x16, lambda data: str(bcd_value(Fields(data).take(7))).zfill(14))


def drive_expiry() -> Request[date | None]:
    """Register 1Ah: the last day on which the drive registers, None where the register shows none."""
    return _register(0x1A, _expiry)


def _expiry(data: bytes) -> date | None:
    """Only shown: where it cannot be read the rest of the state still counts."""
    try:
        return moment(Fields(data[2:]).take(3), bytes(3)).date()
    except CodecError:
        return None


def ffd_version() -> Request[int]:
    """Register 36h: number of the format of documents (2: 1.05, 3: 1.1, 4: 1.2)."""
    return _register(0x36, lambda data: Fields(data).uint(1))


def extended_error() -> Request[bytes]:
    """Register 37h: what the last error says beyond its code."""
    return _register(0x37, bytes)


def drive_status() -> Request[DriveStatus]:
    """A4h 30h: phase of life, open document, shift, warnings, serial number and the number of the last document."""
    return _drive(0x30, DriveStatus.parse)


def drive_shift() -> Request[ShiftState]:
    """A4h 10h: open or closed, number of the shift, number of the last receipt in it."""
    return _drive(0x10, ShiftState.parse)


def exchange() -> Request[OfdStatus]:
    """A4h 20h: how many documents the operator has not acknowledged, number and time of the oldest."""
    return _drive(0x20, OfdStatus.parse)


def find_document(number: int) -> Request[Blob]:
    """The answer is read by `drivers.fiscal.ffd.drive.understood`."""
    return _drive(0x40, Blob.parse, uint(number, 4))


def start_reading(number: int) -> Request[None]:
    """A4h 45h: opens a document of the archive; its requisites follow by 46h."""
    return _drive(0x45, _done, uint(number, 4))


def read_next() -> Request[list[Tlv]]:
    """A4h 46h: the next requisites of that document."""
    return _drive(0x46, parse_tlvs)


def registration_tag(tag: int) -> Request[bytes]:
    """E9h: the value of one requisite of the registration, as bytes."""
    return Request(0xE9, uint(tag, 2) + b"\0", _requisite, _QUESTION)


def _requisite(data: bytes) -> bytes:
    """A count of blocks, then the requisite."""
    fields = Fields(data)
    fields.take(3)
    return fields.take(fields.uint(2))
