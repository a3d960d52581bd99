"""Typed answers of an ATOL register: state, registers, drive (atol.md#commands)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drivers.fiscal.atol.frames import bcd_value
from drivers.fiscal.fields import CodecError, Fields
from drivers.fiscal.shifts import Standing

_SHIFT, _PAPER, _COVER = 0x02, 0x08, 0x20


@dataclass(frozen=True, slots=True)
class FullState:
    """3F."""

    time: datetime | None  # None after a reset of its clock: no date
    shift_open: bool
    paper: bool
    cover_open: bool
    registered: bool
    drive_active: bool
    mode: int
    receipt_kind: int  # 0: none is open

    @classmethod
    def parse(cls, data: bytes) -> FullState:
        f = Fields(data)
        f.take(2)
        time = _moment_or_none(f.take(3)[::-1], f.take(3))
        flags = f.uint(1)
        f.take(7)
        mode = f.uint(1)
        f.take(4)
        return cls(
            time=time,
            shift_open=bool(flags & _SHIFT),
            paper=bool(flags & _PAPER),
            cover_open=bool(flags & _COVER),
            registered=bool(flags & 0x01),
            drive_active=bool(flags & 0x40),
            mode=mode,
            receipt_kind=f.uint(1),
        )


@dataclass(frozen=True, slots=True)
class ShortState:
    """45: mode and submode, what keeps the printer from working."""

    mode: int
    submode: int
    no_paper: bool
    printer_fault: bool

    @classmethod
    def parse(cls, data: bytes) -> ShortState:
        f = Fields(data)
        mode, flags = f.uint(1), f.uint(1)
        return cls(mode & 0x0F, mode >> 4, bool(flags & 0x01), bool(flags & 0x1E))


def standing_of(data: bytes) -> Standing:
    """Register 12: 0 closed, 1 open, 2 older than 24 h."""
    try:
        return Standing(Fields(data).uint(1))
    except ValueError as error:
        raise CodecError(f"{data[:1].hex()} is no state of a shift") from error


@dataclass(frozen=True, slots=True)
class ReceiptSums:
    """Register 14."""

    total_kopecks: int
    remainder_kopecks: int
    change_kopecks: int

    @classmethod
    def parse(cls, data: bytes) -> ReceiptSums:
        f = Fields(data)
        return cls(bcd_value(f.take(5)), bcd_value(f.take(5)), bcd_value(f.take(5)))


@dataclass(frozen=True, slots=True)
class LastReceipt:
    """Register 33."""

    number: int
    kind: int
    total_kopecks: int
    issued_at: datetime
    sign: int

    @classmethod
    def parse(cls, data: bytes) -> LastReceipt:
        f = Fields(data)
        number, kind, total = bcd_value(f.take(5)), f.uint(1), bcd_value(f.take(7))
        return cls(number, kind, total, moment(f.take(3), f.take(2) + b"\0"), bcd_value(f.take(5)))


def moment(day: bytes, clock: bytes) -> datetime:
    """DD MM YY and hh mm ss in BCD, the register's local time."""
    numbers = [bcd_value(bytes((byte,))) for byte in day + clock]
    try:
        date, month, year, hour, minute, second = numbers
        return datetime(2000 + year, month, date, hour, minute, second)  # noqa: DTZ001 - the register knows no zone
    except ValueError as error:
        raise CodecError(f"{day.hex()} {clock.hex()} is no date and time") from error


def _moment_or_none(day: bytes, clock: bytes) -> datetime | None:
    try:
        return moment(day, clock)
    except CodecError:
        return None
