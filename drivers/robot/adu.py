"""Modbus frames, sans-IO: what is asked, its frame on a serial line or over TCP, its answer picked from what was heard.

MODBUS Application Protocol 1.1b3 (the PDU), MODBUS over Serial Line 1.02 (RTU: unit, PDU, CRC), MODBUS Messaging on
TCP/IP 1.0b (the MBAP header: transaction, protocol 0, length, unit). A serial frame says neither its length nor which
question it answers, so it is looked for by what was asked; over TCP the transaction's number tells a late answer.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

READ_DISCRETE, READ_INPUT, WRITE_ONE, WRITE_MANY = 2, 4, 6, 16
_EXCEPTION = 0x80
_EXCEPTION_SIZE = 2
_MBAP = struct.Struct(">HHHB")
_LONGEST_PDU = 253
_LAST_NUMBER = 0xFFFF


class ForeignAnswer(Exception):
    """A whole answer, and not to what was asked, or bytes that are no frame at all."""


class ExceptionAnswer(Exception):
    """The device refuses: `code` is Modbus's exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Question:
    """A request's PDU; `answer_size` is that of the PDU which grants it, in bytes."""

    pdu: bytes
    answer_size: int

    @property
    def function(self) -> int:
        return self.pdu[0]


def read_registers(address: int, count: int, function: int = READ_INPUT) -> Question:
    return Question(struct.pack(">BHH", function, address, count), 2 + 2 * count)


def read_bits(address: int, count: int) -> Question:
    """Discrete inputs."""
    return Question(struct.pack(">BHH", READ_DISCRETE, address, count), 2 + (count + 7) // 8)


def write_register(address: int, value: int) -> Question:
    return Question(struct.pack(">BHH", WRITE_ONE, address, value), 5)


def write_registers(address: int, values: Sequence[int]) -> Question:
    head = struct.pack(">BHHB", WRITE_MANY, address, len(values), 2 * len(values))
    return Question(head + struct.pack(f">{len(values)}H", *values), 5)


def granted(question: Question, pdu: bytes) -> list[int]:
    """What was read: registers, or bits as 0 and 1 up to a whole byte; nothing of a write. Raises `ExceptionAnswer`,
    or `ForeignAnswer` where the PDU answers something else."""
    if len(pdu) == _EXCEPTION_SIZE and pdu[0] == question.function | _EXCEPTION:
        raise ExceptionAnswer(pdu[1])
    if len(pdu) != question.answer_size or pdu[0] != question.function:
        raise ForeignAnswer(pdu.hex(" "))
    if question.function in (WRITE_ONE, WRITE_MANY):
        if pdu != question.pdu[: len(pdu)]:
            raise ForeignAnswer(pdu.hex(" "))
        return []
    if pdu[1] != len(pdu) - 2:
        raise ForeignAnswer(pdu.hex(" "))
    if question.function == READ_DISCRETE:
        return [byte >> bit & 1 for byte in pdu[2:] for bit in range(8)]
    return list(struct.unpack(f">{pdu[1] // 2}H", pdu[2:]))


class Framing(Protocol):
    """How PDUs travel. One question at a time: `answer` is that to the last one framed."""

    #: Whether an answer says which question it belongs to: else late ones must be waited out in silence.
    numbered: bool

    def frame(self, question: Question) -> bytes:
        """The bytes to send."""

    def answer(self, heard: bytearray) -> bytes | None:
        """The answer's PDU, cut out of `heard`; None while it is not whole. Raises `ForeignAnswer`."""


class Rtu:
    """Unit, PDU, CRC with its low byte first. Bytes that are no part of the answer (noise, an answer to somebody else)
    are passed over."""

    numbered = False

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._asked: Question | None = None

    def frame(self, question: Question) -> bytes:
        self._asked = question
        return sealed(bytes((self._unit,)) + question.pdu)

    def answer(self, heard: bytearray) -> bytes | None:
        if self._asked is None:
            return None
        forms = (
            (bytes((self._unit, self._asked.function)), self._asked.answer_size),
            (bytes((self._unit, self._asked.function | _EXCEPTION)), _EXCEPTION_SIZE),
        )
        for head, size in forms:
            start = heard.find(head)
            while 0 <= start <= len(heard) - size - 3:
                if is_sealed(frame := bytes(heard[start : start + size + 3])):
                    del heard[: start + size + 3]
                    return frame[1:-2]
                start = heard.find(head, start + 1)
        return None


class ModbusTcp:
    """The MBAP header and the PDU. Whole frames with another transaction's number are answers that came too late."""

    numbered = True

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._number = 0

    def frame(self, question: Question) -> bytes:
        self._number = self._number % _LAST_NUMBER + 1  # never 0: some servers answer everything with it
        return _MBAP.pack(self._number, 0, len(question.pdu) + 1, self._unit) + question.pdu

    def answer(self, heard: bytearray) -> bytes | None:
        while len(heard) >= _MBAP.size:
            number, protocol, length, unit = _MBAP.unpack_from(heard)
            if protocol != 0 or not _EXCEPTION_SIZE <= length - 1 <= _LONGEST_PDU:
                raise ForeignAnswer(f"no MBAP header: {heard[: _MBAP.size].hex(' ')}")
            if len(heard) < (end := _MBAP.size + length - 1):
                return None
            pdu = bytes(heard[_MBAP.size : end])
            del heard[:end]
            if (number, unit) == (self._number, self._unit):
                return pdu
        return None


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
        found.append(byte)
    return tuple(found)


_CRC = _table()


def crc16(data: bytes) -> int:
    """Of an RTU frame, serial line 1.02, 6.2: polynomial A001h, start FFFFh."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def sealed(data: bytes) -> bytes:
    """With its CRC behind it."""
    return data + crc16(data).to_bytes(2, "little")


def is_sealed(frame: bytes) -> bool:
    """Whether the last two bytes are the CRC of the others."""
    return len(frame) > 2 and sealed(frame[:-2]) == frame
