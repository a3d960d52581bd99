"""Frames of Modbus against the bytes of its specifications, and against anything that a line may bring."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.robot.adu import (
    ExceptionAnswer,
    ForeignAnswer,
    Framing,
    ModbusTcp,
    Question,
    Rtu,
    crc16,
    granted,
    is_sealed,
    read_bits,
    read_registers,
    sealed,
    write_register,
    write_registers,
)

READ_HOLDING = 3  # the specifications' own examples; no block of the complex is read so
WORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=123)
QUESTIONS = st.one_of(
    st.builds(read_registers, st.integers(0, 0xFFFF), st.integers(1, 125)),
    st.builds(read_bits, st.integers(0, 0xFFFF), st.integers(1, 2000)),
    st.builds(write_register, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.builds(write_registers, st.integers(0, 0xFFFF), WORDS),
)


def framing(kind: type[Rtu] | type[ModbusTcp], question: Question) -> tuple[Framing, bytes]:
    found = kind(0x11)
    return found, found.frame(question)


def answer_to(question: Question, frame: bytes, pdu: bytes) -> bytes:
    """As a device would send it: with the number of the request over TCP, with its CRC on a line."""
    if frame[-2:] == crc16(frame[:-2]).to_bytes(2, "little"):
        return sealed(frame[:1] + pdu)
    return frame[:4] + struct.pack(">HB", len(pdu) + 1, frame[6]) + pdu


def good(question: Question) -> bytes:
    """The PDU that grants it."""
    if question.function in (6, 16):
        return question.pdu[:5]
    size = question.answer_size - 2
    return bytes((question.function, size & 0xFF)) + bytes(range(256))[:size] + bytes(max(0, size - 256))


# The specifications' own bytes.


def test_crc_is_that_of_the_serial_line_specification() -> None:
    """MODBUS over Serial Line 1.02, 6.2.2: 02 07 has the CRC 1241h, its low byte 41h first."""
    assert crc16(bytes((0x02, 0x07))) == 0x1241
    assert sealed(bytes((0x02, 0x07))) == bytes.fromhex("02 07 41 12")


def test_header_is_that_of_the_messaging_guide() -> None:
    """MODBUS Messaging on TCP/IP 1.0b, 3.1.3: register 5 is asked of unit FFh; here as transaction 1."""
    assert ModbusTcp(0xFF).frame(read_registers(4, 1, READ_HOLDING)) == bytes.fromhex(
        "00 01 00 00 00 06 FF 03 00 04 00 01"
    )


@pytest.mark.parametrize(
    ("question", "pdu", "answer", "registers"),
    [
        (read_registers(8, 1), "04 00 08 00 01", "04 02 00 0A", [10]),
        (read_registers(0x6B, 3, READ_HOLDING), "03 00 6B 00 03", "03 06 02 2B 00 00 00 64", [555, 0, 100]),
        (write_register(1, 3), "06 00 01 00 03", "06 00 01 00 03", []),
        (write_registers(1, [0x000A, 0x0102]), "10 00 01 00 02 04 00 0A 01 02", "10 00 01 00 02", []),
    ],
)
def test_requests_and_answers_are_those_of_the_application_protocol(
    question: Question, pdu: str, answer: str, registers: list[int]
) -> None:
    """MODBUS Application Protocol 1.1b3: 6.4, 6.3, 6.6, 6.12."""
    assert question.pdu == bytes.fromhex(pdu)
    assert granted(question, bytes.fromhex(answer)) == registers


def test_discrete_inputs_are_those_of_the_application_protocol() -> None:
    """6.2: inputs 197–218 are AC DB 35."""
    bits = granted(read_bits(196, 22), bytes.fromhex("02 03 AC DB 35"))
    assert bits[:8] == [0, 0, 1, 1, 0, 1, 0, 1]
    assert bits[16:22] == [1, 0, 1, 0, 1, 1]


def test_an_exception_is_that_of_the_application_protocol() -> None:
    """7: an illegal data address."""
    with pytest.raises(ExceptionAnswer) as refused:
        granted(read_registers(0x4A1, 1), bytes.fromhex("84 02"))
    assert refused.value.code == 2


# Everything else that may be heard.


@pytest.mark.parametrize("kind", [Rtu, ModbusTcp])
@given(question=QUESTIONS, cuts=st.lists(st.integers(1, 40), max_size=8))
@example(question=read_registers(0, 125), cuts=[1] * 8)
def test_an_answer_is_found_in_whatever_pieces_it_comes(
    kind: type[Rtu] | type[ModbusTcp], question: Question, cuts: list[int]
) -> None:
    found, frame = framing(kind, question)
    if question.answer_size > 252:
        return  # no device can answer that in one frame
    data = answer_to(question, frame, good(question))
    heard = bytearray()
    for cut in cuts:
        piece, data = data[:cut], data[cut:]
        heard += piece
        if data:
            assert found.answer(heard) is None
    if data:
        heard += data
    assert found.answer(heard) == good(question)
    assert heard == b""


@pytest.mark.parametrize("kind", [Rtu, ModbusTcp])
@given(question=QUESTIONS, noise=st.binary(max_size=600))
@example(question=read_registers(0, 32), noise=bytes.fromhex("00 01 00 00 00 02 11 04"))
@example(question=read_registers(0, 32), noise=bytes.fromhex("00 01 00 00 ff ff 11 04"))
def test_nothing_but_an_answer_is_taken_for_one(
    kind: type[Rtu] | type[ModbusTcp], question: Question, noise: bytes
) -> None:
    """Whatever comes is waited for, refused by name, or is in truth an answer: no other exception, no endless loop."""
    found, _ = framing(kind, question)
    try:
        pdu = found.answer(bytearray(noise))
        registers = None if pdu is None else granted(question, pdu)
    except (ForeignAnswer, ExceptionAnswer):
        return
    if registers is not None:
        assert pdu is not None
        assert len(pdu) == question.answer_size


@given(question=QUESTIONS, before=st.binary(max_size=12), behind=st.binary(max_size=12))
def test_noise_around_a_frame_on_a_serial_line_is_passed_over(question: Question, before: bytes, behind: bytes) -> None:
    found, frame = framing(Rtu, question)
    if question.answer_size > 252:
        return
    pdu = found.answer(bytearray(before + answer_to(question, frame, good(question)) + behind))
    assert pdu is not None


@given(question=QUESTIONS, bit=st.integers(0, 8 * 30 - 1))
def test_a_flipped_bit_is_no_answer_on_a_serial_line(question: Question, bit: int) -> None:
    found, frame = framing(Rtu, question)
    if question.answer_size > 252:
        return
    data = bytearray(answer_to(question, frame, good(question)))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    assert not is_sealed(bytes(data))
    assert found.answer(data) is None


@given(question=QUESTIONS, late=st.integers(1, 0xFFFF))
def test_an_answer_with_another_number_is_dropped(question: Question, late: int) -> None:
    found, _ = framing(ModbusTcp, question)
    frame = found.frame(question)
    data = answer_to(question, frame, good(question)) if question.answer_size <= 252 else b""
    stale = struct.pack(">H", (int.from_bytes(frame[:2], "big") + late) & 0xFFFF) + data[2:]
    heard = bytearray(stale + data)
    assert found.answer(heard) == (good(question) if data else None)
    assert heard == b"" or not data


@pytest.mark.parametrize(
    "header", ["00 01 00 01 00 06 11", "00 01 00 00 00 02 11 04", "00 01 00 00 00 ff 11", "ff" * 7]
)
def test_bytes_that_are_no_header_end_the_connection(header: str) -> None:
    found, _ = framing(ModbusTcp, read_registers(0, 1))
    with pytest.raises(ForeignAnswer):
        found.answer(bytearray.fromhex(header))


def test_the_number_runs_from_1_to_65535_and_again() -> None:
    line = ModbusTcp(1)
    numbers = [int.from_bytes(line.frame(read_registers(0, 1))[:2], "big") for _ in range(0x10001)]
    assert numbers[:2] == [1, 2]
    assert numbers[-3:] == [0xFFFF, 1, 2]
    assert 0 not in numbers
