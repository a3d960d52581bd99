"""VTK framing over a serial line and over TCP, without any I/O (protocols/vtk.md#frames).

A frame with a wrong CRC or from a foreign protocol is passed over: the protocol has no word to refuse it with. Noise
may hold a byte that begins a frame, so what follows a start that came to nothing is looked at again.
"""

from __future__ import annotations

import binascii
from typing import Protocol

from drivers.terminal.vtk.tlv import CodecError

START = 0x1F
KIOSK = bytes.fromhex("96FB")
READER = bytes.fromhex("97FB")
#: Longer than a slip or a block of the reader's own traffic; what claims more is noise, two starts in a row too.
LONGEST = 4096
_LENGTH, _CRC, _DISCRIMINATOR = 2, 2, 2


def crc(data: bytes) -> int:
    """CRC16-CCITT, polynomial 1021, initial value FFFF, not reflected."""
    return binascii.crc_hqx(data, 0xFFFF)


def encode_tcp(sender: bytes, fields: bytes) -> bytes:
    """`sender`: `KIOSK` or `READER`. Raises `CodecError` for more than a frame takes."""
    size = len(sender) + len(fields)
    if size > LONGEST:
        raise CodecError(f"a frame carries at most {LONGEST} bytes, not {size}")
    return size.to_bytes(_LENGTH, "big") + sender + fields


def encode_serial(sender: bytes, fields: bytes) -> bytes:
    """As `encode_tcp`."""
    body = bytes((START,)) + encode_tcp(sender, fields)
    return body + crc(body).to_bytes(_CRC, "big")


class Decoder(Protocol):
    """Takes bytes as they come and gives the fields of each whole frame that the other side has sent."""

    def feed(self, data: bytes) -> list[bytes]: ...

    @property
    def pending(self) -> bool:
        """Whether the beginning of a frame waits for its rest."""

    def abandon(self) -> list[bytes]:
        """The rest did not come in time: frames that stand behind that beginning."""


class SerialDecoder:
    """`sender`: whose frames are wanted."""

    def __init__(self, sender: bytes = READER) -> None:
        self._sender = sender
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        found: list[bytes] = []
        while (frame := self._next()) is not None:
            if frame.startswith(self._sender):
                found.append(frame[_DISCRIMINATOR:])
        return found

    def abandon(self) -> list[bytes]:
        del self._buffer[:1]
        return self.feed(b"")

    def _next(self) -> bytes | None:
        """Discriminator and fields of the next sound frame, whoever sent it."""
        buffer = self._buffer
        while True:
            start = buffer.find(START)
            del buffer[: len(buffer) if start < 0 else start]
            if len(buffer) < 1 + _LENGTH:
                return None
            size = int.from_bytes(buffer[1 : 1 + _LENGTH], "big")
            end = 1 + _LENGTH + size
            if _DISCRIMINATOR <= size <= LONGEST:
                if len(buffer) < end + _CRC:
                    return None
                if crc(bytes(buffer[:end])) == int.from_bytes(buffer[end : end + _CRC], "big"):
                    body = bytes(buffer[1 + _LENGTH : end])
                    del buffer[: end + _CRC]
                    return body
            del buffer[:1]  # no frame begins here


class TcpDecoder:
    """`sender`: whose frames are wanted. A length of no frame loses the place in the stream for good: `CodecError`,
    the connection is to be made anew."""

    def __init__(self, sender: bytes = READER) -> None:
        self._sender = sender
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        buffer, found = self._buffer, []
        while len(buffer) >= _LENGTH:
            size = int.from_bytes(buffer[:_LENGTH], "big")
            if not _DISCRIMINATOR <= size <= LONGEST:
                raise CodecError(f"a frame of {size} bytes")
            if len(buffer) < _LENGTH + size:
                break
            frame = bytes(buffer[_LENGTH : _LENGTH + size])
            del buffer[: _LENGTH + size]
            if frame.startswith(self._sender):
                found.append(frame[_DISCRIMINATOR:])
        return found

    def abandon(self) -> list[bytes]:
        raise CodecError("the rest of a frame did not come")
