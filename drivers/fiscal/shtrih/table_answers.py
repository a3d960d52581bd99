"""Typed answers about the registrar's counters and settings tables (shtrih.md#settings).

`encode` and `parse` take the bytes after the error byte: the driver parses them, a device encodes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.fields import CodecError, Fields, fixed_text, text_of, uint


@dataclass(frozen=True, slots=True)
class RegisterValue:
    """1Ah (six bytes of kopecks) and 1Bh (two bytes)."""

    operator: int
    value: int
    size: int = 6

    def encode(self) -> bytes:
        return uint(self.operator, 1) + uint(self.value, self.size)

    @classmethod
    def parse(cls, data: bytes) -> RegisterValue:
        f = Fields(data)
        operator, size = f.uint(1), f.left
        if not size:
            raise CodecError("a register without a value")
        return cls(operator, f.uint(size), size)


@dataclass(frozen=True, slots=True)
class TableShape:
    """2Dh."""

    name: str
    rows: int
    fields: int

    def encode(self) -> bytes:
        return fixed_text(self.name, 40) + uint(self.rows, 2) + uint(self.fields, 1)

    @classmethod
    def parse(cls, data: bytes) -> TableShape:
        f = Fields(data)
        return cls(f.text(40), f.uint(2), f.uint(1))


@dataclass(frozen=True, slots=True)
class FieldShape:
    """2Eh; bounds are there for numbers only, a text has two zero bytes in their place."""

    name: str
    is_text: bool
    size: int
    minimum: int | None = None
    maximum: int | None = None

    def encode(self) -> bytes:
        head = fixed_text(self.name, 40) + bytes((self.is_text, self.size))
        if self.is_text:
            return head + bytes(2)
        if self.minimum is None or self.maximum is None:
            return head
        return head + uint(self.minimum, self.size) + uint(self.maximum, self.size)

    @classmethod
    def parse(cls, data: bytes) -> FieldShape:
        f = Fields(data)
        name, is_text, size = f.text(40), bool(f.uint(1)), f.uint(1)
        return cls(name, is_text, size, *((f.uint(size), f.uint(size)) if f.left and not is_text else ()))


@dataclass(frozen=True, slots=True)
class TableValue:
    """1Fh: raw, its meaning is in 2Eh."""

    raw: bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.raw, "little")

    @property
    def text(self) -> str:
        return text_of(self.raw)

    def encode(self) -> bytes:
        return self.raw

    @classmethod
    def parse(cls, data: bytes) -> TableValue:
        return cls(data)
