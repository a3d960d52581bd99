"""What the second revision of the map carries of a chart, against the hand-made registers of robot.md#the-extension."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.extension import HEAD_SIZE, PHASE_WIDTH, decode_extension, encode_extension, extended
from drivers.robot.mailbox import encode_chart
from drivers.robot.port import CookingOrder, Phase
from drivers.robot.registers import CHART, EXTENSION, EXTENSION_SIZE, MapError
from drivers.robot.staging import Staging

EXAMPLE = (
    Phase(1, 1, 180, 12, 40, after=(), resources=(1,)),
    Phase(2, 2, 190, 65, 120, after=(0,), max_wait_s=120),
    Phase(3, 3, 175, 45, 80, after=(0,), max_wait_s=120),
    Phase(8, 8, 0, 15, 40, after=(1, 2), resources=(1,), max_wait_s=60),
)


def order(phases: tuple[Phase, ...], **more: Any) -> CookingOrder:
    return CookingOrder(70001, 1, 17, "A-1", phases, ((1, 180),), **more)


def area(words: list[int]) -> list[int]:
    return words + [0] * (EXTENSION_SIZE - len(words))


def test_the_documents_example_is_what_goes_over_the_line() -> None:
    words = encode_extension(order(EXAMPLE, tolerances=(5,)))
    assert words[:HEAD_SIZE] == [0x0001, 0x1171, 5, *[0] * 11]
    assert words[HEAD_SIZE:] == [
        *(0, 0, 0xFFFF, 1, 0, 0),
        *(0, 0, 120, 0, 0, 1),
        *(0, 0, 120, 0, 0, 1),
        *(0, 0, 60, 1, 0, 6),
    ]
    assert encode_chart(EXAMPLE)[:20] == [1, 1, 180, 12, 40, 2, 2, 190, 65, 120, 3, 3, 175, 45, 80, 8, 8, 0, 15, 40]


def test_the_area_ends_where_the_document_says() -> None:
    assert (CHART + 120, EXTENSION, EXTENSION + EXTENSION_SIZE - 1) == (220, 240, 397)
    assert HEAD_SIZE + 24 * PHASE_WIDTH == EXTENSION_SIZE


def test_predecessors_beyond_sixteen_and_what_can_be_undone_share_a_register() -> None:
    phases = (
        *(Phase(1, 1, 0, 1, 1, after=()) for _ in range(20)),
        Phase(8, 8, 0, 1, 1, after=(0, 16, 19), irreversible=False),
    )
    words = encode_extension(order(phases))
    assert words[-PHASE_WIDTH:] == [0, 0, 0xFFFF, 0, 0x8009, 1]


U16 = st.integers(0, 0xFFFF)


@st.composite
def charts(draw: st.DrawFn) -> tuple[Phase, ...]:
    found = []
    for index in range(draw(st.integers(1, 24))):
        registers = [draw(st.integers(1, 0xFFFF)), *(draw(U16) for _ in range(4))]
        bare = Phase(registers[0], registers[1], registers[2], registers[3], registers[4])
        after = tuple(sorted(draw(st.sets(st.integers(0, index - 1))))) if index else ()
        found.append(
            replace(
                bare,
                more=(draw(U16), draw(U16)),
                after=after,
                resources=tuple(sorted(draw(st.sets(st.integers(1, 8))))),
                max_wait_s=draw(st.none() | st.integers(0, 0xFFFE)),
                irreversible=draw(st.booleans()),
            )
        )
    return tuple(found)


@given(charts(), st.lists(U16, max_size=12))
def test_a_chart_survives_the_way_there_and_back(phases: tuple[Phase, ...], tolerances: list[int]) -> None:
    words = encode_extension(order(phases, tolerances=tuple(tolerances)))
    bare = tuple(Phase(p.operation, p.station, p.p1, p.p2, p.max_s) for p in phases)
    found = decode_extension(area(words), len(phases))
    assert (found.job_id, list(found.tolerances[: len(tolerances)])) == (70001, tolerances)
    assert extended(bare, found) == phases
    assert list(found.words) == words


@given(charts())
def test_it_is_written_in_pieces_that_one_request_carries(phases: tuple[Phase, ...]) -> None:
    words, at = encode_extension(order(phases)), EXTENSION
    sent: list[int] = []
    for address, piece in Staging().writes(EXTENSION, words):
        assert address == at
        assert 0 < len(piece) <= 123
        at += len(piece)
        sent += piece
    assert sent == words


def test_a_phase_without_a_word_of_it_follows_the_one_before() -> None:
    bare = (Phase(1, 1, 0, 1, 1), Phase(2, 2, 0, 1, 1), Phase(8, 8, 0, 1, 1))
    found = extended(bare, decode_extension(area(encode_extension(order(bare))), 3))
    assert [phase.after for phase in found] == [(), (0,), (1,)]
    assert all(phase.irreversible and phase.max_wait_s is None for phase in found)


@pytest.mark.parametrize(
    "phase",
    [
        Phase(1, 1, 0, 1, 1, after=(0,)),
        Phase(1, 1, 0, 1, 1, after=(-1,)),
        Phase(1, 1, 0, 1, 1, resources=(9,)),
        Phase(1, 1, 0, 1, 1, resources=(0,)),
        Phase(1, 1, 0, 1, 1, max_wait_s=0xFFFF),
        Phase(1, 1, 0, 1, 1, more=(1, 2, 3)),
        Phase(1, 1, 0, 1, 1, more=(0x10000,)),
    ],
)
def test_what_the_registers_cannot_say_is_refused(phase: Phase) -> None:
    with pytest.raises(MapError):
        encode_extension(order((phase,)))


@pytest.mark.parametrize(("register", "value"), [(4, 0x0100), (5, 0b10), (5, 0b1000)])
def test_a_robot_refuses_predecessors_that_cannot_be(register: int, value: int) -> None:
    words = area(encode_extension(order(EXAMPLE)))
    words[HEAD_SIZE + PHASE_WIDTH + register] = value
    with pytest.raises(MapError):
        extended(EXAMPLE, decode_extension(words, 4))
