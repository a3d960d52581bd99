"""Shtrih-M protocol 1 framing, codes and answers, without any I/O (shtrih.md#line)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from drivers.fiscal.fields import CodecError

STX = 0x02
ENQ = 0x05
ACK = 0x06
NAK = 0x15
NOISE = 0xFF  # the byte that some transports add around control bytes

PAYLOAD_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame with a right checksum."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no frame: stray ones, a frame of length 0, a bad checksum, or one that stopped half way."""

    data: bytes
    reason: Literal["stray", "length", "lrc", "timeout"]


def lrc(body: bytes) -> int:
    """XOR of length, code and data."""
    check = 0
    for byte in body:
        check ^= byte
    return check


def encode(payload: bytes) -> bytes:
    """`payload` is code and data (or code, error and data of an answer)."""
    if not 1 <= len(payload) <= PAYLOAD_LIMIT:
        raise CodecError(f"a frame carries 1 to {PAYLOAD_LIMIT} bytes, not {len(payload)}")
    body = bytes((len(payload),)) + payload
    return bytes((STX,)) + body + bytes((lrc(body),))


class Decoder:
    """Takes bytes as they come; keeps less than one frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame | Garbage]:
        self._buffer += data
        events: list[Frame | Garbage] = []
        while (event := self._next()) is not None:
            events.append(event)
        return events

    @property
    def wants(self) -> int:
        """Bytes that belong to the frame that has begun, as far as it says by now; 0 before one has."""
        if not self._buffer:
            return 0
        return 1 if len(self._buffer) < 2 else self._buffer[1] + 3 - len(self._buffer)

    def abandon(self) -> Garbage | None:
        """The rest of a frame did not come in time."""
        if not self._buffer:
            return None
        return Garbage(self._take(len(self._buffer)), "timeout")

    def _next(self) -> Frame | Garbage | None:
        buffer = self._buffer
        if not buffer:
            return None
        if buffer[0] != STX:
            start = buffer.find(STX)
            return Garbage(self._take(len(buffer) if start < 0 else start), "stray")
        if len(buffer) < 2:
            return None
        if buffer[1] == 0:
            return Garbage(self._take(2), "length")
        size = buffer[1] + 3
        if len(buffer) < size:
            return None
        frame = self._take(size)
        return Frame(frame[2:-1]) if lrc(frame[1:-1]) == frame[-1] else Garbage(frame, "lrc")

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


def code_of(payload: bytes) -> int:
    """One byte, or two for codes that begin with FF."""
    if not payload:
        raise CodecError("an empty payload")
    if payload[0] != 0xFF:
        return payload[0]
    if len(payload) < 2:
        raise CodecError("a two-byte code cut short")
    return 0xFF00 | payload[1]


def code_bytes(code: int) -> bytes:
    return code.to_bytes(2 if code > 0xFF else 1, "big")


def code_name(code: int) -> str:
    """As people write it: `E0`, `FF45`."""
    return code_bytes(code).hex().upper()


@dataclass(frozen=True, slots=True)
class Answer:
    """Code echo, error and, where the error is 0, data."""

    code: int
    error: int
    data: bytes = b""

    def encode(self) -> bytes:
        head = code_bytes(self.code) + bytes((self.error,))
        return head if self.error else head + self.data

    @classmethod
    def parse(cls, payload: bytes) -> Answer:
        code = code_of(payload)
        rest = payload[len(code_bytes(code)) :]
        if not rest:
            raise CodecError(f"answer {code_name(code)} has no error byte")
        return cls(code, rest[0], b"" if rest[0] else rest[1:])


def ecr_moment_or_none(date: bytes, time: bytes) -> datetime | None:
    """DD MM YY and HH MM SS of the register itself; a clock that was reset shows 00.00.00."""
    try:
        day, month, year = date
        hour, minute, second = time
        return datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 - as above
    except ValueError:
        return None
