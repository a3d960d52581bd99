"""The block of what cells hold (robot.md#several-portions-in-a-cell), and the place in a submit, against hand-made
registers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.blocks import Head
from drivers.robot.contents import ContentsRow, cells_of, decode_contents, encode_contents
from drivers.robot.mailbox import Mailbox, Opcode, decode_mailbox, encode_mailbox
from drivers.robot.port import Cell, CellJob, CellState
from drivers.robot.registers import MapError

HEAD = Head(9, 7, 2)
JOBS = st.builds(CellJob, job_id=st.integers(1, 0xFFFFFFFF), loaded=st.booleans())


@st.composite
def rows(draw: st.DrawFn) -> ContentsRow:
    size = draw(st.integers(1, 4))
    jobs = draw(st.lists(JOBS, max_size=size))
    return ContentsRow(draw(st.sampled_from(CellState)), size, draw(st.integers(-0x8000, 0x7FFF)), tuple(jobs))


def test_a_cell_tells_its_state_its_size_and_each_of_its_jobs_in_ten_registers() -> None:
    first, second = CellJob(70001, loaded=True), CellJob(70002, loaded=False)
    told = [ContentsRow(CellState.LOADED, 3, 652, (first, second)), ContentsRow(CellState.FREE, 1, -15)]
    words = encode_contents(HEAD, told)
    assert len(words) == 124  # 700–823
    assert words[:4] == [0x0700, 9, 7, 2]
    assert words[4:14] == [0x1302, 652, 0x0001, 0x1171, 0x0001, 0x1172, 0, 0, 0, 0]
    assert words[14:24] == [0x0100, 0xFFF1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert decode_contents(words) == (HEAD, tuple(told))
    cells = cells_of(told)
    assert cells == (
        Cell(1, CellState.LOADED, (first, second), 65.2, size=3),
        Cell(2, CellState.FREE, (), -1.5, size=1),
    )
    assert (cells[0].loaded, cells[0].coming, cells[0].room) == ((70001,), (70002,), 1)
    assert (cells[0].holds(70002), cells[0].holds(70003)) == (True, False)


@given(st.lists(rows(), max_size=12))
def test_contents_survive_the_way_there_and_back(told: list[ContentsRow]) -> None:
    head = Head(1, 2, len(told))
    assert decode_contents(encode_contents(head, told)) == (head, tuple(told))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ([0x0002, 0], "no size"),
        ([0x0502, 0], "more room than the map has places"),
        ([0x1102, 0, 0, 5, 0, 6], "more jobs than fit"),
        ([0x0202, 0, 0, 0, 0, 6], "a job behind a place that is free"),
        ([0x2202, 0, 0, 5], "food in a place that is free"),
        ([0x1209, 0, 0, 5], "a state that is none"),
    ],
)
def test_a_cell_that_contradicts_itself_is_no_cell(row: list[int], why: str) -> None:
    words = [0x0700, 1, 1, 1, *row]
    with pytest.raises(MapError) as refused:
        decode_contents(words + [0] * (124 - len(words)))
    assert refused.value.code == "bad_value", why


def test_a_submit_carries_how_many_portions_belong_together_in_the_high_byte_of_the_cell() -> None:
    words = encode_mailbox(Mailbox(Opcode.SUBMIT, 70001, 1, cell=3, seq=5, session=6, together=2))
    assert words[7] == 0x0203
    assert (decode_mailbox(words).cell, decode_mailbox(words).together) == (3, 2)
    assert encode_mailbox(Mailbox(Opcode.SUBMIT, 70001, together=300))[7] == 0xFF00
    assert encode_mailbox(Mailbox(Opcode.OPEN_CELL, 70001, cell=3))[7] == 3
