"""kill -9 at every named point of a payment that its bank holds until the receipt is there: taken once, or let go
(protocols/yookassa.md)."""

from __future__ import annotations

from functools import partial

from kiosk.checkpoints import POINTS, READER_POINTS, RETURN_POINTS
from tests.crash import planted
from tests.crash.judging import judged
from tests.crash.rig import World, world
from tests.crash.sweeping import buy, points, struck, sweep
from tests.crash.ways import given_back

_HOLDS = partial(World, bank="yookassa")
_POINTS = (*POINTS[: POINTS.index("t7.after") + 1], *READER_POINTS)


def test_3_killed_at_each_point_of_a_payment_that_is_held_it_is_taken_once() -> None:
    assert sweep(points(_POINTS), _HOLDS) == ([], [])


def test_3_killed_at_each_point_of_its_refund_it_goes_back_once() -> None:
    names = [name for name in RETURN_POINTS if name.startswith("refund.")]
    assert sweep(points(names), _HOLDS, given_back) == ([], [])


def test_3_planted_bug_of_a_capture_that_is_forgotten_at_the_bank_is_caught() -> None:
    with world(variant=planted.capture_forgotten, bank="yookassa") as place:
        for bomb in points(("t4.after",)):
            struck(place, bomb, buy)
        caught = judged(place)
        assert any("at the bank: ['held']" in line for line in caught), caught or "this sweep proves nothing"
