"""ATOL "lower level v3" framing and BCD fields, without any I/O (atol.md#frames)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.fields import CodecError
from drivers.text import said, shown

STX = 0xFE
ESCAPE = 0xFD
_ESCAPED = {STX: 0xEE, ESCAPE: 0xED}
_PLAIN = {code: byte for byte, code in _ESCAPED.items()}
_HEADER = 4  # STX, length, length, id

ASYNC_ID = 0xF0  # a result nobody asked for just now
LAST_ID = 0xDF
PAYLOAD_LIMIT = 0x3FFF
_POLYNOMIAL, _START = 0x31, 0xFF


def _table() -> tuple[int, ...]:
    """CRC-8 of each byte; neither reflected nor inverted."""
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1 ^ _POLYNOMIAL) & 0xFF if byte & 0x80 else byte << 1
        found.append(byte)
    return tuple(found)


_CRC = _table()


def crc8(data: bytes) -> int:
    """Over the id and the unescaped data."""
    crc = _START
    for byte in data:
        crc = _CRC[crc ^ byte]
    return crc


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame with a right checksum; empty `data` asks for the packet once more."""

    id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """A frame whose header could be read and whose rest is wrong or cut short by the next frame."""

    id: int


def encode(packet: int, data: bytes) -> bytes:
    if not 0 <= packet <= ASYNC_ID:
        raise CodecError(f"{packet} is no packet id")
    if len(data) > PAYLOAD_LIMIT:
        raise CodecError(f"a frame carries at most {PAYLOAD_LIMIT} bytes, not {len(data)}")
    body = data + bytes((crc8(bytes((packet,)) + data),))
    return bytes((STX, len(data) & 0x7F, len(data) >> 7, packet)) + _escape(body)


def _escape(body: bytes) -> bytes:
    return b"".join(bytes((ESCAPE, _ESCAPED[byte])) if byte in _ESCAPED else bytes((byte,)) for byte in body)


class Decoder:
    """Takes bytes as they come, skips what is no frame. STX occurs nowhere inside a frame, so it always begins anew."""

    def __init__(self) -> None:
        self._head = bytearray()  # STX, length, length, id; empty between frames
        self._body = bytearray()  # unescaped data and checksum
        self._escaping = False

    def feed(self, data: bytes) -> list[Frame | Broken]:
        found: list[Frame | Broken] = []
        for byte in data:
            event = self._begin() if byte == STX else self._take(byte)
            if event is not None:
                found.append(event)
        return found

    def _begin(self) -> Broken | None:
        cut = self._give_up() if len(self._head) == _HEADER else None
        self._reset()
        self._head.append(STX)
        return cut

    def _take(self, byte: int) -> Frame | Broken | None:
        if not self._head:
            return None
        if len(self._head) < _HEADER:
            self._head.append(byte)
            if byte > (ASYNC_ID if len(self._head) == _HEADER else 0x7F):
                self._reset()
            return None
        if byte == ESCAPE and not self._escaping:
            self._escaping = True
            return None
        if self._escaping:
            self._escaping = False
            if byte not in _PLAIN:
                return self._give_up()
            byte = _PLAIN[byte]
        self._body.append(byte)
        size = self._head[1] | self._head[2] << 7
        return self._finish() if len(self._body) == size + 1 else None

    def _finish(self) -> Frame | Broken:
        packet, data, crc = self._head[3], bytes(self._body[:-1]), self._body[-1]
        if crc8(bytes((packet,)) + data) != crc:
            return self._give_up()
        self._reset()
        return Frame(packet, data)

    def _give_up(self) -> Broken:
        broken = Broken(self._head[3])
        self._reset()
        return broken

    def _reset(self) -> None:
        self._head.clear()
        self._body.clear()
        self._escaping = False


def bcd(value: int, size: int) -> bytes:
    """`size` bytes, two decimal digits each, big-endian."""
    digits = f"{value:0{2 * size}d}"
    if value < 0 or len(digits) != 2 * size:
        raise CodecError(f"{value} does not fit {size} bytes of BCD")
    return bytes.fromhex(digits)


def bcd_value(raw: bytes) -> int:
    digits = raw.hex()
    if not digits.isdecimal():
        raise CodecError(f"{digits} is no BCD")
    return int(digits)


# The register's font has these two swapped (atol.md#values).
_SWAPPED = str.maketrans("№$", "$№")


def text_bytes(text: str) -> bytes:
    return said(text).translate(_SWAPPED).encode("cp866", errors="replace")


def text_of(raw: bytes) -> str:
    return shown(raw.decode("cp866", errors="replace").translate(_SWAPPED))
