"""The mailbox, the staged chart and the label of robot.md#registers, against hand-made registers."""

import binascii
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.mailbox import (
    Mailbox,
    Opcode,
    decode_chart,
    decode_label,
    decode_mailbox,
    encode_chart,
    encode_label,
    encode_mailbox,
)
from drivers.robot.port import Phase
from drivers.robot.registers import MapError, crc_of

U8 = st.integers(0, 0xFF)
U16 = st.integers(0, 0xFFFF)
PAIRS = st.lists(st.tuples(U16, U16), max_size=12).map(tuple)
BOXES = st.builds(
    Mailbox,
    opcode=U16,
    job_id=st.integers(0, 0xFFFFFFFF),
    attempt=U16,
    recipe=U16,
    chart_crc=U16,
    cell=U8,
    together=U8,
    ingredients=PAIRS,
    seq=U16,
    session=U16,
)
PHASES = st.lists(st.builds(Phase, st.integers(1, 0xFFFF), U16, U16, U16, U16), max_size=24).map(tuple)

SUBMIT = Mailbox(Opcode.SUBMIT, 70001, 1, 17, 0x1D0F, 0, ((1, 180), (6, 120)), seq=41, session=0xBEEF)


def test_a_submit_has_every_field_in_its_register() -> None:
    words = encode_mailbox(SUBMIT)
    assert len(words) == 36
    assert words[:13] == [41, 20, 0x0001, 0x1171, 1, 17, 0x1D0F, 0, 2, 1, 180, 6, 120]
    assert words[13:33] == [0] * 20
    assert words[33] == 0xBEEF
    assert words[34] == binascii.crc_hqx(struct.pack(">34H", *words[:34]), 0xFFFF)
    assert words[35] == 41


@given(BOXES)
def test_a_mailbox_survives_the_way_there_and_back(box: Mailbox) -> None:
    assert decode_mailbox(encode_mailbox(box)) == box


@given(BOXES, st.integers(0, 35), st.integers(1, 0xFFFF))
def test_a_mailbox_changed_anywhere_is_refused(box: Mailbox, register: int, difference: int) -> None:
    words = encode_mailbox(box)
    words[register] ^= difference
    with pytest.raises(MapError) as refused:
        decode_mailbox(words)
    assert refused.value.code in ("bad_crc", "bad_commit")


@given(st.lists(U16, min_size=36, max_size=36))
def test_noise_is_never_taken_for_a_command(words: list[int]) -> None:
    words[34] = crc_of(words[:34]) ^ 1
    with pytest.raises(MapError):
        decode_mailbox(words)


def test_more_ingredients_than_the_map_has_places_for_are_refused() -> None:
    with pytest.raises(MapError):
        encode_mailbox(Mailbox(Opcode.SUBMIT, 1, ingredients=((1, 1),) * 13))
    words = encode_mailbox(Mailbox(Opcode.SUBMIT, 1))
    words[8] = 13
    words[34] = crc_of(words[:34])
    with pytest.raises(MapError):
        decode_mailbox(words)


def test_a_chart_is_padded_to_twenty_four_phases() -> None:
    words = encode_chart((Phase(1, 1, 180, 12, 40), Phase(2, 2, 180, 150, 200)))
    assert words == [1, 1, 180, 12, 40, 2, 2, 180, 150, 200, *[0] * 110]
    assert crc_of(words) == _bitwise_crc(struct.pack(">120H", *words))


@given(PHASES)
def test_a_chart_survives_the_way_there_and_back(phases: tuple[Phase, ...]) -> None:
    assert decode_chart(encode_chart(phases)) == phases


def test_a_chart_of_twenty_five_phases_is_refused() -> None:
    with pytest.raises(MapError):
        encode_chart((Phase(1, 1, 0, 1, 1),) * 25)
    with pytest.raises(MapError):
        encode_chart((Phase(1, 1, 70000, 1, 1),))


def test_a_label_carries_the_job_and_its_order() -> None:
    words = encode_label(70001, "A-17")
    assert words == [0x0001, 0x1171, 0x412D, 0x3137, *[0] * 6]
    assert decode_label(words) == (70001, "A-17")
    assert decode_label(encode_label(1, "0123456789abcdef")) == (1, "0123456789abcdef")


@pytest.mark.parametrize("order_id", ["0123456789abcdefg", "заказ"])
def test_a_label_that_does_not_fit_is_refused(order_id: str) -> None:
    with pytest.raises(MapError):
        encode_label(1, order_id)


@given(st.lists(U16, min_size=10, max_size=10))
def test_any_label_registers_decode(words: list[int]) -> None:
    assert decode_label(words)[1].isascii()


def _bitwise_crc(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
