"""Typed answers of the fiscal drive behind the registrar, commands FFxx (drive.md#documents).

`encode` and `parse` take the bytes after the error byte: the driver parses them, a device encodes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TypeVar

from drivers.errors import ForeignState
from drivers.fiscal.fields import (
    CodecError,
    Fields,
    moment_bytes,
    moment_of,
    moment_or_none,
    money,
    some_moment,
    uint,
)
from drivers.text import shown

A = TypeVar("A")
T = TypeVar("T")

REGISTRATION = 1
SHIFT_OPEN_REPORT = 2
RECEIPT = 3
STRICT_FORM = 4
SHIFT_CLOSE_REPORT = 5
REREGISTRATION = 0x0B
SETTLEMENT_REPORT = 21
CORRECTION = 31
STRICT_CORRECTION = 41

_MEMORY_LOW, _FAILED = 0x04, 0x80
_WARNINGS: Mapping[int, str] = MappingProxyType(
    {0x01: "drive_replace_now", 0x02: "drive_replace_soon", _MEMORY_LOW: "drive_memory_low", 0x08: "ofd_timeout"}
)


@dataclass(frozen=True, slots=True)
class DriveStatus:
    """FF01. `current_document`: 0 none, 02 shift open, 04 receipt, 08 shift close, 14h correction, 17h report.
    `warnings`: bit 0 replace within 3 days, 1 within 30, 2 archive 90 % full, 3 operator silent, 7 the drive failed."""

    life: int
    current_document: int
    has_data: int
    shift_open: bool
    warnings: int
    last_document_at: datetime | None
    serial: str
    last_document: int

    @property
    def fiscal(self) -> bool:
        return self.life & 0x03 == 0x03 and not self.life & 0x04

    @property
    def warning_words(self) -> tuple[str, ...]:
        return tuple(word for bit, word in _WARNINGS.items() if self.warnings & bit)

    @property
    def failure(self) -> str | None:
        """Why the drive takes no document any more."""
        if not self.warnings & _FAILED:
            return None
        return "drive_full" if self.warnings & _MEMORY_LOW else "drive_failure"

    def encode(self) -> bytes:
        head = bytes((self.life, self.current_document, self.has_data, self.shift_open, self.warnings))
        return head + some_moment(self.last_document_at) + _serial(self.serial) + uint(self.last_document, 4)

    @classmethod
    def parse(cls, data: bytes) -> DriveStatus:
        f = Fields(data)
        life, current, has_data, shift, warnings = f.take(5)
        at = moment_or_none(f.take(5))
        return cls(life, current, has_data, bool(shift), warnings, at, _parse_serial(f.take(16)), f.uint(4))


@dataclass(frozen=True, slots=True)
class DriveSerial:
    """FF02."""

    serial: str

    def encode(self) -> bytes:
        return _serial(self.serial)

    @classmethod
    def parse(cls, data: bytes) -> DriveSerial:
        return cls(_parse_serial(Fields(data).take(16)))


@dataclass(frozen=True, slots=True)
class DriveExpiry:
    """FF03; what follows the date differs between firmwares. It only informs: what is no date is none."""

    until: date | None
    rest: bytes = b""

    def encode(self) -> bytes:
        day = self.until
        return (bytes(3) if day is None else bytes((day.year - 2000, day.month, day.day))) + self.rest

    @classmethod
    def parse(cls, data: bytes) -> DriveExpiry:
        try:
            year, month, day = data[:3]
            return cls(date(2000 + year, month, day), data[3:])
        except ValueError:
            return cls(None, data[3:])


@dataclass(frozen=True, slots=True)
class DriveVersion:
    """FF04: 16 characters and 0 debug, 1 serial."""

    version: str
    kind: int

    def encode(self) -> bytes:
        return _serial(self.version.ljust(16)) + uint(self.kind, 1)

    @classmethod
    def parse(cls, data: bytes) -> DriveVersion:
        f = Fields(data)
        return cls(_parse_serial(f.take(16)).rstrip(), f.uint(1))


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """FF0A. `operation` and `total_kopecks` of receipts and corrections, `shift` of shift reports, else `rest`."""

    kind: int
    ticket: int
    issued_at: datetime
    number: int
    sign: int
    operation: int = 0
    total_kopecks: int = 0
    shift: int = 0
    rest: bytes = b""

    @property
    def is_receipt(self) -> bool:
        return self.kind in (RECEIPT, STRICT_FORM)

    @property
    def is_correction(self) -> bool:
        return self.kind in (CORRECTION, STRICT_CORRECTION)

    @property
    def is_settlement(self) -> bool:
        return self.is_receipt or self.is_correction

    @property
    def is_shift_report(self) -> bool:
        return self.kind in (SHIFT_OPEN_REPORT, SHIFT_CLOSE_REPORT)

    def encode(self) -> bytes:
        head = bytes((self.kind, self.ticket)) + moment_bytes(self.issued_at)
        head += uint(self.number, 4) + uint(self.sign, 4)
        if self.is_settlement:
            return head + uint(self.operation, 1) + money(self.total_kopecks) + self.rest
        if self.is_shift_report:
            return head + uint(self.shift, 2) + self.rest
        return head + self.rest

    @classmethod
    def parse(cls, data: bytes) -> FoundDocument:
        f = Fields(data)
        kind, ticket = f.uint(1), f.uint(1)
        common = cls(kind, ticket, moment_of(f.take(5)), f.uint(4), f.uint(4))
        operation = total = shift = 0
        if common.is_settlement:
            operation, total = f.uint(1), f.uint(5)
        elif common.is_shift_report:
            shift = f.uint(2)
        at, number, sign = common.issued_at, common.number, common.sign
        return cls(kind, ticket, at, number, sign, operation, total, shift, f.rest())


def understood(device: str, number: int, read: Callable[[A], T], told: A) -> T:
    """What a register reports about a document that its drive holds. Raises `ForeignState`: what nobody can read of it
    is a matter for a person, and the register is not away."""
    try:
        return read(told)
    except CodecError as error:
        raise ForeignState(device, "unreadable_document", f"FD {number}: {error}") from error


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """FF3A: type and length of a document that FF3B then hands out."""

    kind: int
    length: int

    def encode(self) -> bytes:
        return uint(self.kind, 2) + uint(self.length, 2)

    @classmethod
    def parse(cls, data: bytes) -> DocumentHead:
        f = Fields(data)
        return cls(f.uint(2), f.uint(2))


@dataclass(frozen=True, slots=True)
class Blob:
    """FF3B: the next piece of a document; also the answer of commands that return nothing."""

    data: bytes = b""

    def encode(self) -> bytes:
        return self.data

    @classmethod
    def parse(cls, data: bytes) -> Blob:
        return cls(data)


@dataclass(frozen=True, slots=True)
class ShiftState:
    """FF40."""

    open: bool
    number: int
    receipt: int

    def encode(self) -> bytes:
        return uint(self.open, 1) + uint(self.number, 2) + uint(self.receipt, 2)

    @classmethod
    def parse(cls, data: bytes) -> ShiftState:
        f = Fields(data)
        return cls(bool(f.uint(1)), f.uint(2), f.uint(2))


@dataclass(frozen=True, slots=True)
class ClosedReceipt:
    """FF45; the date is there only where table 17 field 36 is 1."""

    change_kopecks: int
    number: int
    sign: int
    issued_at: datetime | None = None

    def encode(self) -> bytes:
        date5 = b"" if self.issued_at is None else moment_bytes(self.issued_at)
        return money(self.change_kopecks) + uint(self.number, 4) + uint(self.sign, 4) + date5

    @classmethod
    def parse(cls, data: bytes) -> ClosedReceipt:
        f = Fields(data)
        return cls(f.uint(5), f.uint(4), f.uint(4), moment_or_none(f.take(5)) if f.left >= 5 else None)


@dataclass(frozen=True, slots=True)
class ClosedReport:
    """FF0B, FF43, FF4A, FF36: shift or receipt number and the document."""

    ordinal: int
    number: int
    sign: int
    issued_at: datetime | None = None

    def encode(self) -> bytes:
        date5 = b"" if self.issued_at is None else moment_bytes(self.issued_at)
        return uint(self.ordinal, 2) + uint(self.number, 4) + uint(self.sign, 4) + date5

    @classmethod
    def parse(cls, data: bytes) -> ClosedReport:
        f = Fields(data)
        return cls(f.uint(2), f.uint(4), f.uint(4), moment_or_none(f.take(5)) if f.left >= 5 else None)


def _serial(text: str) -> bytes:
    raw = text.encode("ascii", errors="replace")
    if len(raw) != 16:
        raise CodecError(f"{text!r} has not 16 characters")
    return raw


def _parse_serial(raw: bytes) -> str:
    return shown(raw.decode("ascii", errors="replace").strip("\0"))
