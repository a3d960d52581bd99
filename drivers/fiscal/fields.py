"""Fields of registers and of the fiscal drive: little-endian numbers, sums, cp1251 texts, dates."""

from __future__ import annotations

import binascii
from datetime import datetime

from drivers.text import said, shown

NOT_GIVEN = b"\xff" * 5  # a money field left to the device


class CodecError(ValueError):
    """Bytes that are not of the protocol's form, or values that do not fit their fields."""


class Fields:
    """Reads little-endian fields one after another; `CodecError` where the bytes end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises `CodecError`."""
        if self._at + count > len(self._data):
            raise CodecError(f"{len(self._data)} bytes are too few")
        self._at += count
        return self._data[self._at - count : self._at]

    def uint(self, count: int) -> int:
        """The next `count` bytes as an unsigned little-endian number."""
        return int.from_bytes(self.take(count), "little")

    def money(self) -> int | None:
        """Kopecks, or None for "not given"."""
        raw = self.take(5)
        return None if raw == NOT_GIVEN else int.from_bytes(raw, "little")

    def text(self, count: int) -> str:
        """The next `count` bytes as cp1251 up to a zero byte."""
        return text_of(self.take(count))

    def rest(self) -> bytes:
        """All that is left, perhaps nothing."""
        return self.take(len(self._data) - self._at)

    @property
    def left(self) -> int:
        """How many bytes have not been read yet."""
        return len(self._data) - self._at

    def end(self) -> None:
        """Raises `CodecError` where bytes are left."""
        if self.left:
            raise CodecError(f"{self.left} bytes too many")


def uint(value: int, count: int) -> bytes:
    """`count` bytes, little-endian. Raises `CodecError` where the value is negative or too large."""
    try:
        return value.to_bytes(count, "little")
    except OverflowError as error:
        raise CodecError(f"{value} does not fit {count} bytes") from error


def crc16(data: bytes) -> int:
    """CRC16-CCITT: polynomial 1021h, begins with FFFFh, the highest bit first."""
    return binascii.crc_hqx(data, 0xFFFF)


def money(kopecks: int | None) -> bytes:
    """Five bytes; None leaves the sum to the device, so the value of five FF cannot be written."""
    if kopecks is None:
        return NOT_GIVEN
    raw = uint(kopecks, 5)
    if raw == NOT_GIVEN:
        raise CodecError(f"{kopecks} means 'not given'")
    return raw


def text_of(raw: bytes) -> str:
    """cp1251, a zero byte ends it."""
    return shown(raw.split(b"\0", 1)[0].decode("cp1251", errors="replace"))


def text_bytes(text: str, limit: int) -> bytes:
    """cp1251, at most `limit` bytes; what it does not have becomes a question mark."""
    return said(text).encode("cp1251", errors="replace")[:limit]


def fixed_text(text: str, size: int) -> bytes:
    """As `text_bytes`, filled up with zero bytes to `size`."""
    return text_bytes(text, size).ljust(size, b"\0")


def moment_bytes(moment: datetime) -> bytes:
    """A date of the fiscal drive: YY MM DD hh mm."""
    return bytes((moment.year - 2000, moment.month, moment.day, moment.hour, moment.minute))


def moment_of(raw: bytes) -> datetime:
    """Naive local time of the drive."""
    try:
        year, month, day, hour, minute = raw
        return datetime(2000 + year, month, day, hour, minute)  # noqa: DTZ001 - the drive knows no time zone
    except ValueError as error:
        raise CodecError(f"{raw.hex()} is no date of the drive") from error


def some_moment(moment: datetime | None) -> bytes:
    """Five bytes, zeros for None."""
    return bytes(5) if moment is None else moment_bytes(moment)


def moment_or_none(raw: bytes) -> datetime | None:
    """An empty queue shows zeros or filler bytes where the date would be."""
    try:
        return moment_of(raw)
    except CodecError:
        return None
