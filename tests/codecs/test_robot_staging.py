"""What lies in the robot's staging registers: only what differs is written, and what is not there is never left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.robot.registers import CHART, CHART_SIZE
from drivers.robot.staging import MOST_IN_A_WRITE, Staging

CHARTS = st.lists(
    st.lists(st.integers(0, 3), min_size=CHART_SIZE + 30, max_size=CHART_SIZE + 30), min_size=1, max_size=5
)
FATES = st.lists(st.sampled_from(["answered", "lost", "answer lost"]), min_size=1, max_size=30)


class Robot:
    """Registers that a write reaches, or not."""

    def __init__(self) -> None:
        self.held: dict[int, int] = {}


def stage(staging: Staging, robot: Robot, words: list[int], fates: list[str]) -> bool:
    """Whether all of it was answered."""
    staging.begin()
    for address, part in staging.writes(CHART, words):
        assert 0 < len(part) <= MOST_IN_A_WRITE
        staging.sent(address, part)
        fate = fates.pop(0) if fates else "answered"
        if fate != "lost":
            robot.held.update(enumerate(part, address))
        if fate != "answered":
            return False
        staging.arrived(address, part)
    return True


@given(CHARTS, FATES)
def test_after_every_answer_the_robot_has_what_was_wanted_whatever_was_lost_before(
    charts: list[list[int]], fates: list[str]
) -> None:
    staging, robot = Staging(), Robot()
    for words in charts:
        if stage(staging, robot, words, fates):
            assert [robot.held[CHART + n] for n in range(len(words))] == words


def test_what_lies_there_is_not_written_again() -> None:
    staging, robot, words = Staging(), Robot(), [7] * 20
    assert stage(staging, robot, words, [])
    before = staging.spared
    staging.begin()
    assert staging.writes(CHART, words) == []
    assert (before, staging.spared) == (False, True)
    assert staging.writes(CHART, [7, 8, 7, 9, *words[4:]]) == [(CHART + 1, [8, 7, 9])]


def test_after_a_power_cut_everything_is_written_again() -> None:
    staging, words = Staging(), [7] * 20
    assert stage(staging, Robot(), words, [])
    staging.forget()
    assert staging.writes(CHART, words) == [(CHART, words)]


def test_a_robot_that_keeps_nothing_is_written_everything_each_time() -> None:
    staging, words = Staging(), [7] * 20
    assert stage(staging, Robot(), words, [])
    staging.keeps = False
    staging.begin()
    assert staging.writes(CHART, words) == [(CHART, words)]
    assert not staging.spared
