"""Tag, length, value: what a VTK frame carries, without any I/O (protocols/vtk.md#fields)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

Field = tuple[int, bytes]

_SHORT = 0x80  # lengths below it are one byte
_LONGEST = 0xFFFF


class CodecError(ValueError):
    """Bytes that are no message of this protocol, or a value that does not go into one."""


class Tag(IntEnum):
    """Fields of a message. Those that are not named here are passed over."""

    NAME = 0x01
    OPERATION = 0x03
    AMOUNT = 0x04
    KEEPALIVE = 0x05
    TIMEOUT = 0x06
    QR = 0x0A
    DESTINATION = 0x0B
    COUNTER = 0x0C
    DATA = 0x0D
    CONFIRMED_DATA = 0x0E
    PRODUCT_NAME = 0x0F
    TIME = 0x11
    SYSTEM = 0x12
    SLIP = 0x13


def encode_field(tag: int, value: bytes) -> bytes:
    """Raises `CodecError` for a value longer than two bytes of length can say."""
    size = len(value)
    if size > _LONGEST:
        raise CodecError(f"a field carries at most {_LONGEST} bytes, not {size}")
    if size < _SHORT:
        return bytes((tag, size)) + value
    if size <= 0xFF:
        return bytes((tag, 0x81, size)) + value
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + value


def encode_fields(fields: Iterable[Field]) -> bytes:
    return b"".join(encode_field(tag, value) for tag, value in fields)


def parse_fields(data: bytes) -> tuple[Field, ...]:
    """In the order of the wire. Raises `CodecError` for a field that ends beyond the data, or a length of no form."""
    return tuple(_fields(data))


def _fields(data: bytes) -> Iterator[Field]:
    at = 0
    while at < len(data):
        tag = data[at]
        size, start = _size_at(data, at + 1)
        end = start + size
        if end > len(data):
            raise CodecError(f"field {tag:02X} of {size} bytes ends beyond the message")
        yield tag, data[start:end]
        at = end


def _size_at(data: bytes, at: int) -> tuple[int, int]:
    """The length that stands there, and where the value begins."""
    if at >= len(data):
        raise CodecError("a field without a length")
    first = data[at]
    if first < _SHORT:
        return first, at + 1
    count = first - _SHORT
    if count not in (1, 2) or at + 1 + count > len(data):
        raise CodecError(f"length {first:02X}")
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count
