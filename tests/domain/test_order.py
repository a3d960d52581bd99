"""Orders and portions: every cell of the transition tables, numbers and ids."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.errors import OrderStateConflict
from kiosk.domain.ordering.order import (
    ORDER_TRANSITIONS,
    PENDING_PORTIONS,
    PORTION_TRANSITIONS,
    OrderStatus,
    PortionStatus,
    check_order_transition,
    new_order_id,
    new_pickup_code,
    ticket_number,
)

S = TypeVar("S", bound=StrEnum)

#: Rows: from; columns: to, in the order of the rows.
ORDER_TABLE = """
created    . x . . . . x .
paying     x . x . . . . .
paid       . . . x x . . x
cooking    . . . . x . . x
ready      . . . x . x . x
completed  . . . . . . . x
cancelled  . . . . . . . .
refunded   . . . . . . . .
"""
PORTION_TABLE = """
planned     . x . . . . . . . x
waiting     . . x x x x . . x x
submitting  . x . x x x . . x x
queued      . x . . x x . . x x
cooking     . x . . . x . . x .
ready       . . . . . . x . x .
handed_out  . . . . . . . . . .
written_off . . . . . . . . . .
failed      . x . . . . x x . x
dropped     . . . . . . . . . .
"""


def cells(table: str) -> dict[tuple[str, str], bool]:
    """(from, to) → allowed, of a drawn table."""
    rows = [line.split() for line in table.strip().splitlines()]
    names = [row[0] for row in rows]
    return {(row[0], to): mark == "x" for row in rows for to, mark in zip(names, row[1:], strict=True)}


def dead_ends(transitions: Mapping[S, frozenset[S]]) -> set[S]:
    """States from which no final one can be reached."""
    arrived = {state for state, onward in transitions.items() if not onward}
    while more := {state for state, onward in transitions.items() if state not in arrived and onward & arrived}:
        arrived |= more
    return set(transitions) - arrived


@pytest.mark.parametrize(("move", "allowed"), cells(ORDER_TABLE).items(), ids=lambda value: str(value))
def test_an_order_moves_by_the_table_only(move: tuple[str, str], allowed: bool) -> None:
    current, wanted = OrderStatus(move[0]), OrderStatus(move[1])
    if allowed:
        check_order_transition(current, wanted)
        return
    with pytest.raises(OrderStateConflict) as refusal:
        check_order_transition(current, wanted)
    assert refusal.value.members == {"order_status": current}


@pytest.mark.parametrize(("move", "allowed"), cells(PORTION_TABLE).items(), ids=lambda value: str(value))
def test_a_portion_moves_by_the_table_only(move: tuple[str, str], allowed: bool) -> None:
    assert (PortionStatus(move[1]) in PORTION_TRANSITIONS[PortionStatus(move[0])]) is allowed


def test_the_tables_know_every_state() -> None:
    assert ORDER_TRANSITIONS.keys() == set(OrderStatus)
    assert PORTION_TRANSITIONS.keys() == set(PortionStatus)
    assert {move[0] for move in cells(ORDER_TABLE)} == set(OrderStatus)
    assert {move[0] for move in cells(PORTION_TABLE)} == set(PortionStatus)


def test_nothing_is_stuck_for_ever() -> None:
    assert dead_ends(ORDER_TRANSITIONS) == set()
    assert dead_ends(PORTION_TRANSITIONS) == set()


def test_money_that_was_taken_can_always_be_given_back() -> None:
    for status in (OrderStatus.PAID, OrderStatus.COOKING, OrderStatus.READY, OrderStatus.COMPLETED):
        assert OrderStatus.REFUNDED in ORDER_TRANSITIONS[status]
        assert OrderStatus.CANCELLED not in ORDER_TRANSITIONS[status]


def test_a_portion_in_the_robots_hands_is_pending() -> None:
    assert {PortionStatus.SUBMITTING, PortionStatus.QUEUED, PortionStatus.COOKING} < set(PENDING_PORTIONS)
    assert PortionStatus.PLANNED not in PENDING_PORTIONS


@given(st.integers(min_value=0, max_value=10**9))
def test_a_called_number_is_short_and_cannot_be_misread(serial: int) -> None:
    assert re.fullmatch(r"[A-Z][0-9][0-9]", ticket_number(serial))
    assert ticket_number(serial)[0] not in "IJOQ"
    assert not ticket_number(serial).endswith("00")


@given(st.integers(min_value=0, max_value=10**9))
def test_a_number_comes_again_only_after_1980_others(start: int) -> None:
    numbers = [ticket_number(start + n) for n in range(1980)]
    assert len(set(numbers)) == 1980
    assert ticket_number(start + 1980) == numbers[0]


def test_the_first_numbers_are_those_a_hall_expects() -> None:
    assert [ticket_number(n) for n in (0, 1, 98, 99)] == ["A01", "A02", "A99", "B01"]


moments = st.datetimes(datetime(2026, 1, 1), datetime(2038, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments)
def test_an_order_id_fits_the_registrar_and_the_robot(moment: datetime) -> None:
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{16}", new_order_id(moment))


@given(moments, st.integers(min_value=2, max_value=10**12))
def test_order_ids_sort_by_time(moment: datetime, later_ms: int) -> None:
    later = min(moment + timedelta(milliseconds=later_ms), datetime(2039, 1, 1, tzinfo=UTC))
    assert new_order_id(moment) < new_order_id(later)


def test_orders_of_one_moment_have_ids_of_their_own() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    assert len({new_order_id(moment) for _ in range(1000)}) == 1000


def test_a_pickup_code_has_four_digits() -> None:
    codes = {new_pickup_code() for _ in range(200)}
    assert all(re.fullmatch(r"\d{4}", code) for code in codes)
    assert len(codes) > 100


def test_the_drawn_tables_are_whole() -> None:
    for table, states in ((ORDER_TABLE, OrderStatus), (PORTION_TABLE, PortionStatus)):
        assert cells(table).keys() == set(itertools.product(list(states), repeat=2))
