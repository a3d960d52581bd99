"""Typed answers of the registrar's own state: modes, model (shtrih.md#modes).

`encode` and `parse` take the bytes after the error byte: the driver parses them, a device encodes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drivers.fiscal.fields import CodecError, Fields, fixed_text, money, text_bytes, text_of, uint
from drivers.fiscal.shtrih.frames import ecr_moment_or_none

FLAG_ROLL = 1 << 1
FLAG_PAPER_SENSOR = 1 << 7
FLAG_COVER_OPEN = 1 << 10
PRINTER_FAILED = 2
_NEAR_END = 1 << 1
_BITS = 8  # bytes of F7h
# Behind the 64 bits of F7h: widths, lengths, passwords, then numbers of tables; 0 or an early end means "not given".
_TAXES_FIELD_AT, _DRIVE_TABLE_AT, _OFD_TABLE_AT, _FFD_TABLE_AT, _FFD_FIELD_AT = 16, 23, 24, 26, 27


@dataclass(frozen=True, slots=True)
class ShortStatus:
    """10h; `last_print` (0 ok, 1 paper, 2 printer, 5 printing) is there only where the firmware sends 17 bytes."""

    operator: int
    flags: int
    mode_byte: int
    submode: int
    operations: int = 0
    battery: int = 0
    supply: int = 0
    drive_error: int = 0
    archive_error: int = 0
    tail: bytes = bytes(3)
    last_print: int | None = None

    @property
    def mode(self) -> int:
        return self.mode_byte & 0x0F

    @property
    def cover_open(self) -> bool:
        return bool(self.flags & FLAG_COVER_OPEN)

    @property
    def has_paper(self) -> bool:
        return self.submode not in (1, 2, 3) and bool(self.flags & (FLAG_ROLL | FLAG_PAPER_SENSOR))

    @property
    def roll_ends(self) -> bool:
        """Believed only where `Capabilities.near_end`: else the bit follows the paper sensor or stays 0."""
        return self.has_paper and not self.flags & FLAG_ROLL

    @property
    def printer_failed(self) -> bool:
        return self.last_print == PRINTER_FAILED

    def encode(self) -> bytes:
        head = uint(self.operator, 1) + uint(self.flags, 2) + bytes((self.mode_byte, self.submode))
        middle = (self.operations & 0xFF, self.battery, self.supply, self.drive_error, self.archive_error)
        last = b"" if self.last_print is None else uint(self.last_print, 1)
        return head + bytes(middle) + uint(self.operations >> 8, 1) + self.tail + last

    @classmethod
    def parse(cls, data: bytes) -> ShortStatus:
        f = Fields(data)
        operator, flags, mode, submode = f.uint(1), f.uint(2), f.uint(1), f.uint(1)
        low, battery, supply, drive, archive, high = f.take(6)
        tail = f.take(3)
        last = f.uint(1) if f.left else None
        return cls(operator, flags, mode, submode, low | high << 8, battery, supply, drive, archive, tail, last)


@dataclass(frozen=True, slots=True)
class FullStatus:
    """11h with the legacy fields that are on the wire; `serial_high` only where the firmware sends 50 bytes."""

    operator: int
    firmware: str
    build: int
    firmware_date: bytes
    hall: int
    document: int
    flags: int
    mode_byte: int
    submode: int
    port: int
    legacy: bytes  # version, build and date of the former fiscal memory
    time: datetime | None  # None after a reset of its clock: 00.00.00
    memory_flags: int
    serial: int
    last_closed_shift: int
    free_records: int
    registrations: int
    registrations_left: int
    inn: int
    serial_high: int | None = None

    def encode(self) -> bytes:
        at = self.time
        head = uint(self.operator, 1) + fixed_text(self.firmware, 2) + uint(self.build, 2) + self.firmware_date
        head += uint(self.hall, 1) + uint(self.document, 2) + uint(self.flags, 2)
        head += bytes((self.mode_byte, self.submode, self.port)) + self.legacy
        head += bytes(6) if at is None else bytes((at.day, at.month, at.year - 2000, at.hour, at.minute, at.second))
        head += bytes((self.memory_flags,))
        head += uint(self.serial, 4) + uint(self.last_closed_shift, 2) + uint(self.free_records, 2)
        head += bytes((self.registrations, self.registrations_left)) + uint(self.inn, 6)
        return head + (b"" if self.serial_high is None else uint(self.serial_high, 2))

    @classmethod
    def parse(cls, data: bytes) -> FullStatus:
        f = Fields(data)
        return cls(
            operator=f.uint(1),
            firmware=f.text(2),
            build=f.uint(2),
            firmware_date=f.take(3),
            hall=f.uint(1),
            document=f.uint(2),
            flags=f.uint(2),
            mode_byte=f.uint(1),
            submode=f.uint(1),
            port=f.uint(1),
            legacy=f.take(7),
            time=ecr_moment_or_none(f.take(3), f.take(3)),
            memory_flags=f.uint(1),
            serial=f.uint(4),
            last_closed_shift=f.uint(2),
            free_records=f.uint(2),
            registrations=f.uint(1),
            registrations_left=f.uint(1),
            inn=f.uint(6),
            serial_high=f.uint(2) if f.left >= 2 else None,
        )


@dataclass(frozen=True, slots=True)
class Model:
    """FCh."""

    kind: int
    subkind: int
    protocol: int
    subprotocol: int
    model: int
    language: int
    name: str

    def encode(self) -> bytes:
        numbers = (self.kind, self.subkind, self.protocol, self.subprotocol, self.model, self.language)
        return bytes(numbers) + text_bytes(self.name, 200)

    @classmethod
    def parse(cls, data: bytes) -> Model:
        f = Fields(data)
        kind, subkind, protocol, subprotocol, model, language = f.take(6)
        return cls(kind, subkind, protocol, subprotocol, model, language, text_of(f.rest()))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """F7h 01: a 64-bit set and what the model adds; older firmware stops anywhere, what it leaves out is "not
    given"."""

    bits: int
    parameters: bytes = b""

    @property
    def near_end(self) -> bool:
        """The roll has a sensor of its own for its end coming near."""
        return bool(self.bits & _NEAR_END)

    @property
    def taxes_by_host_field(self) -> int | None:
        """Of table 1."""
        return self._told(_TAXES_FIELD_AT)

    @property
    def drive_table(self) -> int | None:
        return self._told(_DRIVE_TABLE_AT)

    @property
    def ofd_table(self) -> int | None:
        """The settings table with the operator's address."""
        return self._told(_OFD_TABLE_AT)

    @property
    def ffd_place(self) -> tuple[int, int] | None:
        """Table and field of the format of documents."""
        table, field = self._told(_FFD_TABLE_AT), self._told(_FFD_FIELD_AT)
        return None if table is None or field is None else (table, field)

    def _told(self, at: int) -> int | None:
        return self.parameters[at] or None if at < len(self.parameters) else None

    def encode(self) -> bytes:
        return uint(self.bits, _BITS) + self.parameters

    @classmethod
    def parse(cls, data: bytes) -> Capabilities:
        return cls(int.from_bytes(data[:_BITS], "little"), data[_BITS:])


@dataclass(frozen=True, slots=True)
class Operator:
    """The one byte that most commands answer; empty where the firmware leaves it out (E0h)."""

    number: int | None

    def encode(self) -> bytes:
        return b"" if self.number is None else uint(self.number, 1)

    @classmethod
    def parse(cls, data: bytes) -> Operator:
        return cls(data[0] if data else None)


@dataclass(frozen=True, slots=True)
class OperatorSum:
    """89h subtotal and 85h change."""

    operator: int
    kopecks: int

    def encode(self) -> bytes:
        return uint(self.operator, 1) + money(self.kopecks)

    @classmethod
    def parse(cls, data: bytes) -> OperatorSum:
        f = Fields(data)
        operator, kopecks = f.uint(1), f.money()
        if kopecks is None:
            raise CodecError("a sum is missing")
        return cls(operator, kopecks)


@dataclass(frozen=True, slots=True)
class ErrorText:
    """6Bh."""

    text: str

    def encode(self) -> bytes:
        return text_bytes(self.text, 200)

    @classmethod
    def parse(cls, data: bytes) -> ErrorText:
        return cls(text_of(data))
