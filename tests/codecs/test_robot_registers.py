"""The health block and the register primitives of robot.md#registers, against hand-made registers."""

import binascii
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.port import ComplexState, HealthFlag
from drivers.robot.registers import (
    HealthBlock,
    MapError,
    crc_of,
    decode_health,
    encode_health,
    from_i16,
    i16,
    next_seq,
    split_u32,
    text_of,
    text_registers,
    u32,
)
from drivers.text import shown

U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)

GOLDEN = [
    *(0x5243, 1, 0x0001, 0x86A1, 0x0102, 7, 0x1234, 0x0055),
    *(1, 6, 6, 0b010110, 41, 0xBEEF, 20, 1),
    *(0x0001, 0x1171, 102, 2, 3, 11, 12, 13),
    *(0, 8, 24, 6, 8, 750, 0, 0x4077),  # 0x5243 xor 0x1234
]

HEALTH = HealthBlock(
    serial=100001,
    firmware=0x0102,
    boot=7,
    heartbeat=0x1234,
    echo=0x55,
    mode=1,
    state=ComplexState.EXECUTE,
    requested=6,
    flags=HealthFlag.ESTOP_LATCHED | HealthFlag.DOOR_OPEN | HealthFlag.MATERIAL_LOW,
    last_seq=41,
    last_session=0xBEEF,
    last_opcode=20,
    last_result=1,
    last_job=70001,
    fault_code=102,
    fault_class=2,
    fault_counter=3,
    jobs_generation=11,
    bins_generation=12,
    cells_generation=13,
    capabilities=0,
    slots=8,
    bins=24,
    cells=6,
    stations=8,
    min_cook_temp=750,
)


def test_the_health_block_has_every_field_in_its_register() -> None:
    assert encode_health(HEALTH) == GOLDEN
    assert decode_health(GOLDEN) == HEALTH
    assert not decode_health(GOLDEN).as_health().accepts_jobs  # the e-stop is latched


@given(
    U32,
    st.lists(U16, min_size=22, max_size=22),
    st.sampled_from(ComplexState),
    st.integers(0, 63),
    U32,
)
def test_health_survives_the_way_there_and_back(
    serial: int, words: list[int], state: ComplexState, flags: int, job: int
) -> None:
    own: dict[str, Any] = {"serial": serial, "state": state, "flags": HealthFlag(flags), "last_job": job}
    own["version"] = 1 + serial % 2
    own |= dict(zip((field.name for field in fields(HealthBlock) if field.name not in own), words, strict=True))
    block = HealthBlock(**own)
    assert decode_health(encode_health(block)) == block


@pytest.mark.parametrize(
    ("register", "value", "code"),
    [
        (0, 0x5244, "bad_magic"),
        (1, 0, "map_version"),
        (1, 3, "map_version"),
        (31, 0, "torn_block"),
        (6, 0x1235, "torn_block"),
        (9, 0, "bad_value"),
        (9, 18, "bad_value"),
    ],
)
def test_a_block_that_is_not_ours_is_refused(register: int, value: int, code: str) -> None:
    words = list(GOLDEN)
    words[register] = value
    with pytest.raises(MapError) as refused:
        decode_health(words)
    assert refused.value.code == code


@given(st.lists(U16, max_size=40))
def test_noise_is_never_taken_for_health(words: list[int]) -> None:
    with pytest.raises(MapError):
        decode_health(words)


def test_the_crc_is_ccitt_over_big_endian_registers() -> None:
    assert crc_of([]) == 0xFFFF
    assert crc_of([0x3132, 0x3334, 0x3536, 0x3738]) == 0xA12B
    assert binascii.crc_hqx(b"9", crc_of([0x3132, 0x3334, 0x3536, 0x3738])) == 0x29B1  # the CRC's published check value


def test_the_sequence_skips_zero_when_it_wraps() -> None:
    assert [next_seq(0), next_seq(1), next_seq(65534), next_seq(65535)] == [1, 2, 65535, 1]


@given(U32)
def test_u32_has_its_high_word_first(value: int) -> None:
    assert split_u32(value) == (value >> 16, value & 0xFFFF)
    assert u32(*split_u32(value)) == value


@given(st.integers(-0x8000, 0x7FFF))
def test_i16_is_twos_complement(value: int) -> None:
    assert i16(from_i16(value)) == value


def test_numbers_that_do_not_fit_are_refused() -> None:
    for call in (lambda: split_u32(-1), lambda: split_u32(1 << 32), lambda: from_i16(0x8000)):
        with pytest.raises(MapError):
            call()


def test_text_is_utf8_two_bytes_a_register_and_cut_at_a_character() -> None:
    assert text_registers("AB", 2) == [0x4142, 0]
    assert text_registers("дъ", 2) == [0xD0B4, 0xD18A]
    assert text_of(text_registers("Aдъ", 2)) == "Aд"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_text_that_fits_comes_back(text: str) -> None:
    assert text_of(text_registers(text, 40)) == shown(text)
