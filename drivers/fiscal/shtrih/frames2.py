"""Shtrih-M protocol 2 framing: numbered frames, a CRC, stuffed bytes; without any I/O (shtrih.md#numbered-frames)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.fields import CodecError, crc16, uint
from drivers.fiscal.shtrih.frames import PAYLOAD_LIMIT

STX, ESCAPE = 0x8F, 0x9F
_ESCAPED = {STX: 0x81, ESCAPE: 0x83}
_PLAIN = {0x81: STX, 0x83: ESCAPE}
_NUMBER_SIZE, _CRC_SIZE, _LENGTH_SIZE = 2, 2, 2
NUMBERS = 0x10000


@dataclass(frozen=True, slots=True)
class Numbered:
    """An empty payload gives the number alone."""

    number: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Sync:
    """The host asks for the device's number."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A bad checksum, an impossible length or a wrong escape."""


Event = Numbered | Sync | Broken


def encode(number: int, payload: bytes) -> bytes:
    if len(payload) > PAYLOAD_LIMIT:
        raise CodecError(f"a frame carries at most {PAYLOAD_LIMIT} bytes, not {len(payload)}")
    return _stuffed(uint(len(payload) + _NUMBER_SIZE, _LENGTH_SIZE) + uint(number, _NUMBER_SIZE) + payload)


def encode_sync() -> bytes:
    return _stuffed(bytes(_LENGTH_SIZE))


def _stuffed(body: bytes) -> bytes:
    whole = body + uint(crc16(body), _CRC_SIZE)
    stuffed = (bytes((ESCAPE, _ESCAPED[byte])) if byte in _ESCAPED else bytes((byte,)) for byte in whole)
    return bytes((STX,)) + b"".join(stuffed)


class Decoder:
    """Takes bytes as they come, skips what is no frame. STX occurs nowhere inside a frame, so it always begins anew."""

    def __init__(self) -> None:
        self._body: bytearray | None = None
        self._escaping = False

    def feed(self, data: bytes) -> list[Event]:
        found: list[Event] = []
        for byte in data:
            if byte == STX:
                if self._body:
                    found.append(Broken())
                self._body, self._escaping = bytearray(), False
            elif self._body is not None and (event := self._take(self._body, byte)) is not None:
                self._body = None
                found.append(event)
        return found

    def _take(self, body: bytearray, byte: int) -> Event | None:
        if byte == ESCAPE and not self._escaping:
            self._escaping = True
            return None
        if self._escaping:
            self._escaping = False
            if byte not in _PLAIN:
                return Broken()
            byte = _PLAIN[byte]
        body.append(byte)
        return _event(bytes(body))


def _event(body: bytes) -> Event | None:
    """None while the frame is not whole."""
    if len(body) < _LENGTH_SIZE:
        return None
    length = int.from_bytes(body[:_LENGTH_SIZE], "little")
    if length == 1 or length > PAYLOAD_LIMIT + _NUMBER_SIZE:
        return Broken()
    if len(body) < _LENGTH_SIZE + length + _CRC_SIZE:
        return None
    inner, crc = body[:-_CRC_SIZE], int.from_bytes(body[-_CRC_SIZE:], "little")
    if crc16(inner) != crc:
        return Broken()
    if not length:
        return Sync()
    return Numbered(int.from_bytes(inner[2:4], "little"), inner[4:])
