"""kill -9 at every named point of the saga and the kitchen, restart, and the ledgers of the devices are asked.

Every order ends paid: one charge, one receipt, one meal. Planted bugs must be caught by the same sweep
(payment.md#the-order-of-writes, guarantees.md#how-each-is-tested).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.judging import judged, violations
from tests.crash.killing import killing_link
from tests.crash.rig import World, world
from tests.crash.sweeping import points, struck, sweep
from tests.samples import part


@pytest.mark.heavy
def test_3_killed_at_named_points_every_order_is_charged_printed_and_cooked_once() -> None:
    names = part(POINTS, 8, of="named points")
    bombs = points(names)
    found, missed = sweep(bombs, World)
    assert found == []
    # A kiosk that is slow to look may see the meal ready at once.
    assert {names[bombs.index(bomb)] for bomb in missed} <= {"portion.cooking"}


def test_3_2_attempt_interrupted_before_its_ingredients_were_held_is_not_refused_for_want_of_them() -> None:
    """The next life takes it up before it has looked at the robot."""
    with world() as place:
        assert struck(place, partial(AtPoint, "t1.after"))
        assert judged(place) == []
        assert [view["status"] for view in place.views.values()] == ["completed"]


def test_3_killed_around_a_receipt_without_a_tag_it_is_found_by_its_number_and_sum() -> None:
    make = partial(World, '[fiscal]\norder_tag = "none"')
    assert sweep(points(("counter.read", "t5.after", "receipt.answered", "t6.after")), make) == ([], [])


@pytest.mark.parametrize(
    ("variant", "names", "seen_as"),
    [
        (planted.no_fd_before, ("t5.after", "receipt.answered"), "receipts"),
        (planted.no_bank_inquiry, ("charge.answered",), "kept"),
        (planted.split_commit, ("planted.split",), "ends"),
        (planted.new_key_while_unknown, ("charge.answered",), "2 charges"),
    ],
    ids=["no fd_before", "no bank inquiry", "split commit", "a new key while unknown"],
)
def test_3_planted_bug_is_caught_by_the_same_sweep(
    variant: Callable[[], Parts], names: tuple[str, ...], seen_as: str
) -> None:
    with world(variant=variant) as place:
        for bomb in points(names):
            struck(place, bomb)
        caught = []
        try:
            place.settle(place.alive(), deadline_s=2)
        except AssertionError as error:
            caught.append(str(error))
            place.found += 1
        caught += violations(place)
        assert any(seen_as in line for line in caught), caught or "the sweep does not see this bug: it proves nothing"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_3_4_killed_in_the_middle_of_a_receipt_the_document_is_printed_once(moment: str) -> None:
    with world() as place:
        for code in (b"\xff\x46", b"\xff\x0c", b"\xff\x45"):
            cut = partial(Parts, open_link=killing_link(code, moment))
            assert struck(place, "", variant=cut), "the receipt is cut"
        assert judged(place) == []
