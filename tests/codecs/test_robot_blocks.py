"""The jobs, bins, cells, stations and fault text blocks of robot.md#registers, against hand-made registers."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot import blocks
from drivers.robot.blocks import CellRow, Head, JobSlot, StationRow
from drivers.robot.port import Bin, BinFlag, BinUnit, Cell, CellJob, CellState, JobState
from drivers.robot.registers import MapError

U16 = st.integers(0, 0xFFFF)
U32 = st.integers(1, 0xFFFFFFFF)
HEAD = Head(5, 7, 8)

SLOTS = st.builds(
    JobSlot,
    job_id=U32,
    attempt=U16,
    recipe=U16,
    chart_crc=U16,
    state=st.sampled_from(JobState),
    phase=U16,
    progress_permille=U16,
    remaining_s=U16,
    cell=U16,
    fault=U16,
    accepted_seq=U16,
    food_spent=st.booleans(),
)


def test_a_job_lies_in_fourteen_registers_of_its_slot() -> None:
    slot = JobSlot(70001, 2, 17, 0xABCD, JobState.COOKING, 3, 450, 95, 4, 102, 41, food_spent=True)
    words = blocks.encode_jobs(HEAD, [None, slot])
    assert len(words) == 116  # input registers 100–215
    assert words[:4] == [0x0100, 5, 7, 8]
    assert words[4:18] == [0] * 14
    assert words[18:32] == [0x0001, 0x1171, 2, 17, 0xABCD, 2, 3, 450, 95, 4, 102, 41, 1, 0]
    assert words[32:] == [0] * 84


@given(st.lists(st.none() | SLOTS, min_size=8, max_size=8))
def test_jobs_survive_the_way_there_and_back(slots: list[JobSlot | None]) -> None:
    assert blocks.decode_jobs(blocks.encode_jobs(HEAD, slots)) == (HEAD, tuple(slots))


def test_a_bin_shares_a_register_between_unit_and_flags() -> None:
    egg = Bin(2, 13, BinUnit.PIECE, BinFlag.LOW | BinFlag.EMPTY, 0, 200, 6)
    words = blocks.encode_bins(Head(1, 1, 24), [Bin(1, 1, BinUnit.GRAM, BinFlag(0), 7820, 8000, 180), egg])
    assert len(words) == 124  # 300–423
    assert words[:14] == [0x0300, 1, 1, 24, 1, 0x0001, 7820, 8000, 180, 13, 0x0302, 0, 200, 6]
    assert blocks.decode_bins(words)[1][1] == egg
    assert len(blocks.decode_bins(words)[1]) == 2  # a place without a bin is none


def test_cells_that_do_not_exist_are_not_free_cells() -> None:
    rows = [CellRow(CellState.LOADED, 70001, 652), CellRow(CellState.FREE, 0, -15)]
    words = blocks.encode_cells(Head(9, 7, 2), rows)
    assert len(words) == 52  # 450–501
    assert words[:12] == [0x0450, 9, 7, 2, 2, 0x0001, 0x1171, 652, 0, 0, 0, 0xFFF1]
    head, decoded = blocks.decode_cells(words)
    assert (head, decoded) == (Head(9, 7, 2), tuple(rows))
    assert blocks.as_cells(decoded) == (
        Cell(1, CellState.LOADED, (CellJob(70001, loaded=True),), 65.2),
        Cell(2, CellState.FREE, (), -1.5),
    )


def test_stations_have_signed_temperatures() -> None:
    row = StationRow(6, 1, 3, -180, -200, 40)
    words = blocks.encode_stations(Head(1, 2, 1), [row])
    assert len(words) == 52  # 520–571
    assert words[:10] == [0x0520, 1, 2, 1, 6, 1, 3, 0xFF4C, 0xFF38, 40]
    assert blocks.decode_stations(words) == (Head(1, 2, 1), (row,))


def test_fault_text_is_forty_registers_of_utf8() -> None:
    words = blocks.encode_fault_text(Head(1, 2, 40), "Дверь")
    assert len(words) == 44  # 600–643
    assert words[:6] == [0x0600, 1, 2, 40, 0xD094, 0xD0B2]
    assert blocks.decode_fault_text(words)[1] == "Дверь"


DECODERS: list[tuple[Callable[[Sequence[int]], Any], int]] = [
    (blocks.decode_jobs, 0x0100),
    (blocks.decode_bins, 0x0300),
    (blocks.decode_cells, 0x0450),
    (blocks.decode_stations, 0x0520),
    (blocks.decode_fault_text, 0x0600),
]
SIZES = (116, 124, 52, 52, 44)
ROWS = (8, 24, 12, 8, 40)


@pytest.mark.parametrize("number", range(5))
def test_the_block_of_another_address_is_refused(number: int) -> None:
    decode, _ = DECODERS[number]
    for other, (_, tag) in enumerate(DECODERS):
        if other != number:
            with pytest.raises(MapError) as refused:
                decode([tag, 1, 1, 1, *[0] * (SIZES[number] - 4)])
            assert refused.value.code == "bad_header"
    with pytest.raises(MapError) as refused:
        decode([DECODERS[number][1], 1, 1, 1])
    assert refused.value.code == "bad_length"


@given(st.integers(0, 4), st.data())
def test_any_registers_decode_or_are_refused(number: int, data: st.DataObject) -> None:
    decode, tag = DECODERS[number]
    body = data.draw(st.lists(U16, min_size=SIZES[number] - 1, max_size=SIZES[number] - 1))
    words = [tag, *body]
    if words[3] > ROWS[number]:
        with pytest.raises(MapError):
            decode(words)
    else:
        with contextlib.suppress(MapError):  # a state or a unit that does not exist
            assert decode(words)[0] == Head(*words[1:4])


def test_the_temperature_of_a_bin_is_a_signed_register_and_a_bin_without_a_sensor_has_none() -> None:
    words = blocks.encode_bin_temperatures(Head(3, 1, 24), [40, -185, 0, blocks.NOT_MEASURED])
    assert len(words) == 28  # 660–687
    assert words[:8] == [0x0660, 3, 1, 24, 40, 0xFF47, 0, 0x8000]
    assert blocks.decode_bin_temperatures(words)[1][:4] == (4.0, -18.5, 0.0, None)


@pytest.mark.parametrize(("decidegrees", "celsius"), [(650, 65.0), (-5, -0.5), (0, None), (blocks.NOT_MEASURED, None)])
def test_cells_and_stations_that_write_nothing_measure_nothing(decidegrees: int, celsius: float | None) -> None:
    (cell,) = blocks.as_cells([CellRow(CellState.LOADED, 7, decidegrees)])
    (station,) = blocks.as_stations([StationRow(3, 0, 0, decidegrees, 0, 0)])
    assert (cell.temp_c, station.temp_c) == (celsius, celsius)
