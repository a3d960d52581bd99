"""kill -9 at the named points of a payment that its bank holds until the receipt is there: taken once, or let go
(protocols/yookassa.md). Short: the points of the capture and a seeded sample of the others; long: every one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import PAPER_POINTS, POINTS, READER_POINTS, RETURN_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import Way, buy, points, struck, sweep
from tests.crash.ways import given_back
from tests.samples import part, some

_HOLDS = partial(World, bank="yookassa")
_FIRST = partial(World, bank="yookassa", paper_first=True)
_POINTS = (*POINTS[: POINTS.index("t7.after") + 1], *READER_POINTS)
SOME_HELD = some(_POINTS, 1, of="yookassa", always=(*READER_POINTS, "charge.answered"))


def let_go_before_it_is_taken(place: World, port: int) -> Purchase | None:
    """Its bank ends the hold by itself: the receipt is printed, and no money will come."""
    place.devices.fault("bank", "end_at_capture", reason="expired_on_capture")
    return buy(place, port)


def refused_once(place: World, port: int) -> Purchase | None:
    """The bank takes no capture for a while, and holds the money."""
    place.devices.fault("bank", "refuse_captures")
    return buy(place, port)


@pytest.mark.parametrize(
    "names", [SOME_HELD, pytest.param(_POINTS, marks=pytest.mark.long)], ids=["some", "every point"]
)
def test_3_killed_at_each_point_of_a_payment_that_is_held_it_is_taken_once(names: tuple[str, ...]) -> None:
    assert sweep(points(names), _HOLDS) == ([], [])


def test_3_killed_at_each_point_of_its_refund_it_goes_back_once() -> None:
    names = [name for name in RETURN_POINTS if name.startswith("refund.")]
    assert sweep(points(part(names, 2, of="refund, yookassa")), _HOLDS, given_back) == ([], [])


def test_3_planted_bug_of_a_capture_that_is_forgotten_at_the_bank_is_caught() -> None:
    with world(variant=planted.capture_forgotten, bank="yookassa") as place:
        for bomb in points(("t4.after",)):
            struck(place, bomb, buy)
        caught = judged(place)
        assert any("at the bank: ['held']" in line for line in caught), caught or "this sweep proves nothing"


@pytest.mark.heavy
def test_3_killed_at_each_point_of_a_capture_that_comes_too_late_its_receipt_is_taken_back_once() -> None:
    names = ["t5.after", "receipt.answered", "t6.after", "capture.noted", "capture.answered", *PAPER_POINTS[1:]]
    bombs = [*points(names), *(partial(AtPoint, name, 2) for name in ("counter.read", "t5.after"))]
    assert sweep(part(bombs, 4, of="too late, yookassa"), _FIRST, let_go_before_it_is_taken) == ([], [])


@pytest.mark.parametrize(
    ("variant", "way", "seen_as"),
    [
        (planted.refused_capture_taken_for_money, let_go_before_it_is_taken, "charged None instead of"),
        (planted.any_refused_capture_is_the_end, refused_once, "at the bank: ['held']"),
    ],
    ids=["sold without the money", "a refund receipt before the final no"],
)
def test_3_planted_bug_of_a_refused_capture_is_caught(variant: Callable[[], Parts], way: Way, seen_as: str) -> None:
    with world(variant=variant, bank="yookassa", paper_first=True) as place:
        struck(place, partial(AtPoint, "capture.noted"), way)
        found = judged(place, patient=False)
        assert any(seen_as in line for line in found), found or "this sweep proves nothing"
