"""List scheduling: nothing is held twice, no wait is too long, nobody is delayed by who comes later."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.timetable import RESOURCES, Step, Timetable, joined

ARM = RESOURCES + 1
ROOM = {1: 2, 2: 2, 3: 1, ARM: 1}
Times = list[tuple[float, float]]


def step(
    *places: int, after: Sequence[int] = (), took_s: float = 30, wait_s: float | None = None, spread: float = 0
) -> Step:
    return Step(places, tuple(after), took_s * (1 - spread), took_s * (1 + spread), wait_s)


@st.composite
def jobs(draw: st.DrawFn) -> list[Step]:
    found: list[Step] = []
    for index in range(draw(st.integers(1, 5))):
        places = [draw(st.sampled_from([1, 2, 3]))] + ([ARM] if draw(st.booleans()) else [])
        after = sorted(draw(st.sets(st.integers(0, index - 1), max_size=2))) if index else []
        wait_s = draw(st.none() | st.integers(10, 90)) if after else None
        found.append(step(*places, after=after, took_s=draw(st.integers(5, 60)), wait_s=wait_s, spread=0.1))
    return found


def held_twice(booked: Sequence[tuple[Sequence[Step], Times]]) -> list[tuple[int, float]]:
    edges: dict[int, list[tuple[float, int]]] = {}
    for work, times in booked:
        for one, (start, end) in zip(work, times, strict=True):
            for place in one.places:  # what is kept for it before its own food can be there is held by that
                own = [times[k][1] for k in one.after if place in work[k].places]
                edges.setdefault(place, []).extend([(max(start, *own, start) + 1e-4, 1), (end - 1e-4, -1)])
    found = []
    for place, changes in edges.items():
        held = 0
        for at, change in sorted(changes):
            held += change
            if held > ROOM[place]:
                found.append((place, at))
    return found


@given(st.lists(jobs(), max_size=8))
def test_nothing_is_held_twice_and_every_order_of_phases_is_kept(works: list[list[Step]]) -> None:
    table, booked = Timetable(ROOM), []
    for work in works:
        times = table.place(work)
        table.book_all(work, times)
        booked.append((work, times))
        for one, (_, end) in zip(work, times, strict=True):
            assert all(end >= times[k][1] + one.most_s - 1e-4 for k in one.after)
    assert held_twice(booked) == []


@given(st.lists(jobs(), max_size=6), jobs())
def test_a_wait_is_never_longer_than_its_limit_where_a_chain_can_keep_it(
    works: list[list[Step]], last: list[Step]
) -> None:
    table = Timetable(ROOM)
    for work in works:
        table.book_all(work, table.place(work))
    chain = [
        Step(one.places, (n - 1,) if n else (), one.least_s, one.most_s, one.max_wait_s if n else None)
        for n, one in enumerate(last)
    ]
    times = table.place(chain)
    for one, (start, _) in zip(chain, times, strict=True):
        for k in one.after:
            if one.max_wait_s is not None:
                assert start <= times[k][0] + chain[k].least_s + one.max_wait_s + 1e-4


@given(st.lists(jobs(), min_size=1, max_size=6), jobs())
def test_who_comes_later_moves_nobody(works: list[list[Step]], more: list[Step]) -> None:
    def all_times(rows: list[list[Step]]) -> list[Times]:
        table, found = Timetable(ROOM), []
        for work in rows:
            found.append(table.place(work))
            table.book_all(work, found[-1])
        return found

    assert all_times([*works, more])[: len(works)] == all_times(works)


def test_hot_food_is_begun_only_when_who_takes_it_will_be_free() -> None:
    table = Timetable(ROOM)
    table.book(ARM, 40, 200)
    noodles = [step(2, took_s=60), step(3, ARM, after=[0], took_s=15, wait_s=20)]
    assert table.place(noodles) == [(120, 180), (200, 215)]
    assert table.place([noodles[0], step(3, ARM, after=[0], took_s=15)]) == [(0, 60), (200, 215)]


def test_a_limit_shorter_than_the_uncertainty_keeps_the_place_from_the_earliest_end_on() -> None:
    table = Timetable(ROOM)
    fry = step(2, took_s=80, spread=0.1)
    assert table.place([fry, step(3, after=[0], took_s=10, wait_s=5)]) == [(0, 88), (77, 98)]


def test_branches_go_side_by_side_and_share_one_arm_in_turn() -> None:
    table = Timetable(ROOM)
    work = [step(1, took_s=10), step(2, ARM, after=[0]), step(3, ARM, after=[0]), step(1, after=[1, 2])]
    assert table.place(work) == [(0, 10), (10, 40), (40, 70), (70, 100)]
    free = [step(1, took_s=10), step(2, after=[0]), step(3, after=[0]), step(1, after=[1, 2])]
    assert table.place(free) == [(0, 10), (10, 40), (10, 40), (40, 70)]


def test_limits_that_nobody_could_keep_are_broken_rather_than_waited_for() -> None:
    work = [
        step(3, took_s=10),
        step(3, after=[0], took_s=30),
        step(2, after=[0], wait_s=0),
        step(3, after=[1, 2], wait_s=0),
    ]
    times = Timetable({3: 1, 2: 1}).place(work)
    assert len(times) == 4


def test_food_that_stays_where_it_is_is_one_step() -> None:
    wok = [
        step(1, ARM),
        step(2, after=[0], took_s=60),
        step(2, after=[1], took_s=20, wait_s=0),
        step(3, after=[2], wait_s=60),
    ]
    found = joined(wok)
    assert [(row.places, row.after, row.most_s, row.phases) for row in found] == [
        ((1, ARM), (), 30, 1),
        ((2,), (0,), 80, 2),
        ((3,), (1,), 30, 1),
    ]
    branched = [step(2), step(2, after=[0]), step(2, after=[0])]
    assert joined(branched) == tuple(branched)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_place_takes_as_many_as_it_has_room_for(count: int) -> None:
    table = Timetable({1: count})
    for _ in range(count):
        table.book(1, 0, 10)
    assert table.fit(1, 0, 5) == 10
    assert table.copy().fit(1, 0, 5) == 10
