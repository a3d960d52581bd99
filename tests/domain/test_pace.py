"""What is learned of how long cooking takes, and of ten promises nine are kept."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.port import Job, JobState
from kiosk.domain.kitchen.pace import Pace
from kiosk.domain.menu.chart import ChartPhase
from kiosk.kitchen.stopwatch import Stopwatch

WOK, FRYER = ChartPhase(2, 2, 190, 60, 120), ChartPhase(3, 3, 175, 80, 130)


def test_mean_and_spread_are_those_of_what_was_seen() -> None:
    chance, pace = random.Random(1), Pace()
    for _ in range(300):
        pace = pace.with_phase(WOK, 60 * chance.gauss(1.3, 0.1))
    learned = pace.of(WOK)
    assert learned.mean == pytest.approx(1.3, abs=0.06)
    assert learned.spread == pytest.approx(0.1, abs=0.05)
    assert pace.seconds(WOK) == pytest.approx(78, abs=4)


def test_what_was_never_seen_is_as_fast_as_the_rest() -> None:
    pace = Pace()
    assert pace.seconds(FRYER) == 80
    for _ in range(50):
        pace = pace.with_phase(WOK, 120)
    assert pace.seconds(FRYER) == pytest.approx(160, abs=2)


def test_a_phase_that_stood_still_for_an_hour_teaches_nothing() -> None:
    assert Pace().with_phase(WOK, 3600).learned == {}


def test_one_strange_phase_does_not_set_the_pace_of_all() -> None:
    pace = Pace().with_phase(WOK, 2)
    assert pace.seconds(WOK) > 0.7 * 60
    assert pace.seconds(FRYER) > 0.7 * 80
    assert Pace().with_phase(WOK, 110).seconds(FRYER) < 1.3 * 80


@given(st.lists(st.floats(0.0, 100_000.0), max_size=40))
def test_whatever_was_seen_no_phase_is_expected_in_no_time_or_never(seen_s: list[float]) -> None:
    pace = Pace()
    for took_s in seen_s:
        pace = pace.with_phase(WOK, took_s)
    for phase in (WOK, FRYER):
        assert 0.3 * phase.p2 <= pace.seconds(phase) <= 3.0 * phase.p2


@pytest.mark.parametrize("true_mean", [0.9, 1.0, 1.25])
def test_nine_of_ten_promises_are_kept_however_wrong_the_plan_is(true_mean: float) -> None:
    chance, pace, kept = random.Random(2), Pace(), []
    for _ in range(2000):
        expected_s = chance.uniform(60, 600)
        actual_s = expected_s * chance.gauss(true_mean, 0.08)
        kept.append(actual_s <= pace.promise_s(expected_s))
        pace = pace.with_promise(kept=kept[-1])
    assert 0.86 <= sum(kept[200:]) / len(kept[200:]) <= 0.94


def job(phase: int, state: JobState = JobState.COOKING, *, waits: bool = False) -> Job:
    return Job(7, 1, 1, state, phase, 0, 0, 1, 0, food_spent=True, waits=waits)


def laps(looks: list[Job | None]) -> list[tuple[int, float]]:
    watch, found = Stopwatch(), []
    for second, seen in enumerate(looks):
        found += [(lap.phase, lap.took_s) for lap in watch.look([] if seen is None else [seen], float(second))]
    return found


def test_waiting_between_phases_is_nobodys_time() -> None:
    queued = job(0, JobState.QUEUED)
    looks = [
        queued,
        job(1),
        job(1),
        job(2, waits=True),
        job(2, waits=True),
        job(2),
        job(2),
        job(2),
        job(2, JobState.READY),
    ]
    assert laps([*looks]) == [(1, 2.0), (2, 3.0)]


def test_what_was_begun_before_the_first_look_or_held_is_not_counted() -> None:
    assert laps([job(1), job(1), job(2), job(2), job(2, JobState.READY)]) == [(2, 2.0)]
    held = job(2, JobState.HELD)
    assert laps([job(0, JobState.QUEUED), job(2), held, job(2), job(2), job(2, JobState.READY)]) == []
    assert laps([job(0, JobState.QUEUED), job(1), None, job(1), job(2), job(2, JobState.READY)]) == [(2, 1.0)]


@pytest.mark.parametrize("end", [JobState.INTERRUPTED, JobState.FAILED, JobState.CANCELLED])
def test_a_phase_that_was_broken_off_is_not_counted(end: JobState) -> None:
    queued = job(0, JobState.QUEUED)
    assert laps([queued, job(1), job(1), job(1, end), job(1, end)]) == []
    assert laps([queued, job(1), job(2), job(2, end)]) == [(1, 1.0)]


def test_what_went_on_while_nobody_looked_is_not_counted() -> None:
    watch, found = Stopwatch(), []
    looks = [(0.0, job(0, JobState.QUEUED)), (1.0, job(1)), (602.0, job(2)), (603.0, job(3)), (605.0, job(4))]
    for now_s, seen in looks:
        found += [(lap.phase, lap.took_s) for lap in watch.look([seen], now_s)]
    assert found == [(3, 2.0)]
