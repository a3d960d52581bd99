"""The slave's side of Modbus RTU, sans-IO: bytes in, answers out; what is not a whole good frame meets silence."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Protocol

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3

_READ_DISCRETE, _READ_HOLDING, _READ_INPUT, _WRITE_ONE, _WRITE_MANY, _READ_WRITE = 2, 3, 4, 6, 16, 23
_FIXED = frozenset({_READ_DISCRETE, _READ_HOLDING, _READ_INPUT, _WRITE_ONE})
_COUNT_AT = {_WRITE_MANY: 6, _READ_WRITE: 10}  # where the byte count is in the frame
_MAX_READ, _MAX_READ_BITS, _MAX_WRITE, _MAX_MIXED_WRITE = 125, 2000, 123, 121
_MAX_FRAME = 256


class ModbusError(Exception):
    """Answered as an exception response with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Registers(Protocol):
    """What a slave serves. Each call is one atomic look or change; all raise `ModbusError`."""

    def read_discrete(self, address: int, count: int) -> Sequence[bool]: ...

    def read_holding(self, address: int, count: int) -> Sequence[int]: ...

    def read_input(self, address: int, count: int) -> Sequence[int]: ...

    def write_holding(self, address: int, values: Sequence[int]) -> None: ...


def _crc_of(byte: int) -> int:
    crc = byte
    for _ in range(8):
        crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


_CRC_OF = tuple(map(_crc_of, range(256)))


def crc16(data: bytes) -> bytes:
    """The frame's CRC, low byte first as it is sent."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_OF[(crc ^ byte) & 0xFF]
    return struct.pack("<H", crc)


class RtuSlave:
    """One unit on the line. `silence_s` ends a frame: 3.5 characters are 1.75 ms above 19200 baud, but a
    pseudo-terminal has no character clock and a busy machine may pause inside a frame."""

    def __init__(self, unit: int, registers: Registers, silence_s: float = 0.01) -> None:
        self._unit = unit
        self._registers = registers
        self._silence_s = silence_s
        self._buffer = bytearray()
        self._last_at = 0.0

    def receive(self, data: bytes, now: float) -> bytes:
        """The answer to the frame that `data` completes, else nothing."""
        if now - self._last_at > self._silence_s:
            self._buffer.clear()
        self._last_at = now
        self._buffer += data
        frame = self._complete()
        if frame is None or frame[0] != self._unit:
            return b""
        answer = bytes([self._unit]) + self._answer(frame[1:])
        return answer + crc16(answer)

    def _complete(self) -> bytes | None:
        """The frame without its CRC. Broken bytes are thrown away: the master asks again after a silence."""
        size = _frame_size(self._buffer)
        if size > _MAX_FRAME:
            self._buffer.clear()
        if len(self._buffer) < max(size, 4):
            return None
        frame = bytes(self._buffer)
        self._buffer.clear()
        return frame[:-2] if size == len(frame) and crc16(frame[:-2]) == frame[-2:] else None

    def _answer(self, pdu: bytes) -> bytes:
        try:
            return pdu[:1] + self._serve(pdu[0], pdu[1:])
        except ModbusError as error:
            return bytes([pdu[0] | 0x80, error.code])

    def _serve(self, function: int, body: bytes) -> bytes:
        if function in (_READ_HOLDING, _READ_INPUT):
            address, count = _range(body, _MAX_READ)
            read = self._registers.read_holding if function == _READ_HOLDING else self._registers.read_input
            return _registers(read(address, count))
        if function == _READ_DISCRETE:
            return _bits(self._registers.read_discrete(*_range(body, _MAX_READ_BITS)))
        if function == _WRITE_ONE:
            address, value = struct.unpack(">HH", body)
            self._registers.write_holding(address, [value])
            return body
        if function == _WRITE_MANY:
            self._registers.write_holding(*_block(body, _MAX_WRITE))
            return body[:4]
        if function == _READ_WRITE:
            address, count = _range(body[:4], _MAX_READ)
            self._registers.write_holding(*_block(body[4:], _MAX_MIXED_WRITE))
            return _registers(self._registers.read_holding(address, count))
        raise ModbusError(ILLEGAL_FUNCTION)


def _frame_size(buffer: bytes | bytearray) -> int:
    """How long the frame in `buffer` will be; of a function that is not served: all of it if its CRC is good."""
    if len(buffer) < 2:
        return 4
    function = buffer[1]
    if function in _FIXED:
        return 8
    if function in _COUNT_AT:
        at = _COUNT_AT[function]
        return at + 3 + buffer[at] if len(buffer) > at else at + 3
    return len(buffer) if crc16(bytes(buffer[:-2])) == bytes(buffer[-2:]) else len(buffer) + 1


def _range(body: bytes, most: int) -> tuple[int, int]:
    address, count = struct.unpack(">HH", body)
    if not 1 <= count <= most:
        raise ModbusError(ILLEGAL_VALUE)
    return address, count


def _block(body: bytes, most: int) -> tuple[int, list[int]]:
    """Address, count, byte count, values."""
    address, count = _range(body[:4], most)
    if body[4] != 2 * count or len(body) != 5 + 2 * count:
        raise ModbusError(ILLEGAL_VALUE)
    return address, list(struct.unpack(f">{count}H", body[5:]))


def _registers(values: Sequence[int]) -> bytes:
    return bytes([2 * len(values)]) + struct.pack(f">{len(values)}H", *values)


def _bits(values: Sequence[bool]) -> bytes:
    data = bytearray((len(values) + 7) // 8)
    for i, value in enumerate(values):
        data[i // 8] |= value << i % 8
    return bytes([len(data)]) + bytes(data)
