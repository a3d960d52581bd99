"""What a run has reached is counted by point and by what was broken then; what it never came to is named."""

from __future__ import annotations

from kiosk.checkpoints import Checkpoints
from tests.vopr.__main__ import sums
from tests.vopr.coverage import KILL, POINTS, UNDISTURBED, Noted, Reached, figures, together, told
from tests.vopr.living import Report

_ONE, _OTHER = "t3.after", "t4.after"
_FAULT = "bank down"


def test_4_a_point_counts_under_every_fault_that_is_in_force_when_it_is_passed() -> None:
    reached = Reached()
    noted = Noted(Checkpoints({}), reached)
    noted(_ONE)
    reached.breaks(_FAULT, on=True)
    noted(_OTHER)
    reached.breaks(_FAULT, on=False)
    noted(_OTHER)
    assert reached.pairs == {(_ONE, UNDISTURBED): 1, (_OTHER, _FAULT): 1, (_OTHER, UNDISTURBED): 1}


def test_4_a_death_counts_at_the_point_that_its_life_passed_last() -> None:
    reached = Reached()
    reached.dies(KILL)
    reached.passes(_ONE)
    reached.dies(KILL)
    reached.begin_life()
    reached.dies(KILL)
    assert reached.pairs == {(_ONE, UNDISTURBED): 1, (_ONE, KILL): 1}


def test_4_points_that_were_never_passed_are_named() -> None:
    pairs = {(name, UNDISTURBED): 1 for name in POINTS if name != _OTHER} | {(_ONE, _FAULT): 2}
    found = figures(pairs)
    assert found == {"points": len(POINTS) - 1, "kinds": 1, "pairs": 1, "never": [_OTHER]}
    assert f"never: {_OTHER}\n" in told(pairs)
    assert f"{_FAULT} 1" in told(pairs)


def test_4_a_day_that_sold_nothing_has_reached_nothing() -> None:
    sold, idle = Report(1, sold=1, reached={(_ONE, KILL): 1}), Report(2, sold=0, reached={(_OTHER, KILL): 5})
    assert sums([sold, idle])["reached"]["points"] == 1
    assert sums([idle])["reached"]["points"] == 0


def test_4_days_are_added_up() -> None:
    assert together([{(_ONE, KILL): 1}, {(_ONE, KILL): 2, (_OTHER, KILL): 1}]) == {(_ONE, KILL): 3, (_OTHER, KILL): 1}
