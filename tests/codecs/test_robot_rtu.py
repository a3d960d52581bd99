"""The simulator's Modbus RTU framing, against frames printed in Modbus textbooks and against broken ones."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sim.robot.modbus_rtu import ILLEGAL_ADDRESS, ModbusError, RtuSlave, crc16


class Memory:
    """Two hundred holding registers, which are the input registers too."""

    def __init__(self) -> None:
        self.words = list(range(200))

    def read_discrete(self, address: int, count: int) -> Sequence[bool]:
        return [bool(word & 1) for word in self.read_holding(address, count)]

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        if address + count > 200:
            raise ModbusError(ILLEGAL_ADDRESS)
        return self.words[address : address + count]

    read_input = read_holding

    def write_holding(self, address: int, values: Sequence[int]) -> None:
        if address + len(values) > 200:
            raise ModbusError(ILLEGAL_ADDRESS)
        self.words[address : address + len(values)] = values


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def slave(memory: Memory) -> RtuSlave:
    return RtuSlave(17, memory)


def frame(text: str) -> bytes:
    body = bytes.fromhex(text)
    return body + crc16(body)


@pytest.mark.parametrize(
    "printed",
    [
        "11 03 00 6B 00 03 76 87",
        "11 04 00 08 00 01 B2 98",
        "11 06 00 01 00 03 9A 9B",
        "11 10 00 01 00 02 04 00 0A 01 02 C6 F0",
    ],
)
def test_the_crc_is_that_of_the_textbook(printed: str) -> None:
    data = bytes.fromhex(printed)
    assert crc16(data[:-2]) == data[-2:]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("11 03 00 6B 00 03", "11 03 06 00 6B 00 6C 00 6D"),
        ("11 04 00 08 00 01", "11 04 02 00 08"),
        ("11 02 00 00 00 0A", "11 02 02 AA 02"),
        ("11 06 00 01 00 03", "11 06 00 01 00 03"),
        ("11 10 00 01 00 02 04 00 0A 01 02", "11 10 00 01 00 02"),
        ("11 17 00 03 00 02 00 04 00 01 02 00 FF", "11 17 04 00 03 00 FF"),
        ("11 2B 0E 01 00", "11 AB 01"),
        ("11 03 00 C8 00 01", "11 83 02"),
        ("11 03 00 00 00 00", "11 83 03"),
        ("11 03 00 00 00 7E", "11 83 03"),
        ("11 10 00 01 00 03 04 00 0A 01 02", "11 90 03"),
    ],
)
def test_each_function_answers_as_the_standard_says(slave: RtuSlave, request_: str, answer: str) -> None:
    assert slave.receive(frame(request_), 1.0).hex(" ") == frame(answer).hex(" ")


def test_a_frame_may_come_byte_by_byte(slave: RtuSlave) -> None:
    request = frame("11 04 00 08 00 01")
    answers = [slave.receive(request[i : i + 1], 1 + i * 0.0001) for i in range(len(request))]
    assert answers[:-1] == [b""] * 7
    assert answers[-1] == frame("11 04 02 00 08")


def test_silence_ends_a_frame_that_was_cut_short(slave: RtuSlave) -> None:
    request = frame("11 04 00 08 00 01")
    assert slave.receive(request[:5], 1.0) == b""
    assert slave.receive(request, 1.1) == frame("11 04 02 00 08")


def test_without_silence_what_follows_a_cut_frame_is_lost(slave: RtuSlave) -> None:
    request = frame("11 04 00 08 00 01")
    assert slave.receive(request[:5], 1.0) == b""
    assert slave.receive(request, 1.001) == b""


def test_a_bad_crc_and_another_unit_meet_silence(slave: RtuSlave, memory: Memory) -> None:
    request = bytearray(frame("11 06 00 01 00 03"))
    request[5] ^= 1
    assert slave.receive(bytes(request), 1.0) == b""
    assert slave.receive(frame("12 06 00 01 00 03"), 2.0) == b""
    assert slave.receive(frame("00 06 00 01 00 03"), 3.0) == b""
    assert memory.words[1] == 1


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8))
def test_no_bytes_break_the_slave(chunks: list[bytes]) -> None:
    slave = RtuSlave(17, Memory())
    for i, chunk in enumerate(chunks):
        slave.receive(chunk, i * 0.001)
    assert slave.receive(frame("11 04 00 08 00 01"), 1000.0)[:2] == b"\x11\x04"


@given(st.sampled_from([2, 3, 4, 6, 16, 23]), st.binary(max_size=250))
def test_a_well_framed_request_of_any_contents_is_answered_or_ignored(function: int, body: bytes) -> None:
    data = bytes([17, function]) + body
    answer = RtuSlave(17, Memory()).receive(data + crc16(data), 1.0)
    assert answer == b"" or (answer[0] == 17 and answer[1] & 0x7F == function and crc16(answer[:-2]) == answer[-2:])


def test_a_bit_read_packs_the_lowest_address_into_the_lowest_bit(slave: RtuSlave) -> None:
    answer = slave.receive(frame("11 02 00 01 00 03"), 1.0)
    assert struct.unpack("BBBB", answer[:4]) == (17, 2, 1, 0b101)
