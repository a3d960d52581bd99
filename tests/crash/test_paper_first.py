"""kill -9 at every point of a payment whose receipt comes before its money: sold, declined, cancelled, paid too late.
Money is kept and one receipt stands, or neither; what is in doubt stays a person's
(payment.md#paper-before-the-money)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import PAPER_POINTS, POINTS, QR_POINTS, READER_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.devices import QR_BANK
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import ITEMS, Way, buy, points, struck, sweep
from tests.crash.test_qr_payments import cancelled, cancelled_and_paid
from tests.crash.test_ways_to_pay import by

_FIRST = partial(World, several_ways=True, paper_first=True)
_MONEY = POINTS[: POINTS.index("t7.after") + 1]
_BEFORE = ("counter.read", "t5.after", "receipt.answered", "t6.after", "announced")
#: The second document of an attempt, the return, passes the points of a receipt again.
_RETURN = [partial(AtPoint, name, 2) for name in ("counter.read", "t5.after")]


def declined(place: World, port: int) -> Purchase:
    return place.buy(port, ITEMS[len(place.purchases) % len(ITEMS)], card_token="tok_declined")


def test_3_killed_at_the_points_of_the_paper_a_token_is_sold_with_one_receipt() -> None:
    assert sweep(points([*_BEFORE, "t3.after", "charge.answered", "t4.after", "t7.before"]), _FIRST) == ([], [])


def test_3_killed_at_the_points_of_the_return_a_declined_tokens_receipt_is_taken_back_once() -> None:
    bombs = [*points(["t5.after", "charge.answered", *PAPER_POINTS]), *_RETURN]
    assert sweep(bombs, _FIRST, declined) == ([], [])


def test_3_killed_at_the_points_of_the_paper_a_code_is_sold_with_one_receipt() -> None:
    assert sweep(points(["t5.after", "announced", "t3.after", "charge.noted", "t4.after"]), _FIRST, by("sbp")) == (
        [],
        [],
    )


@pytest.mark.parametrize("name", ["charge.noted", "taking_back.noted", "taking_back.printed"])
def test_3_killed_while_a_guest_cancels_a_code_its_receipt_is_taken_back(name: str) -> None:
    with world(several_ways=True, paper_first=True) as place:
        assert struck(place, partial(AtPoint, name), cancelled)
        place.devices.fault(QR_BANK, "nobody_pays", on=False)
        assert judged(place, patient=False) == []


@pytest.mark.long
@pytest.mark.parametrize("method", ["token", "terminal", "sbp"])
def test_3_killed_at_every_point_of_each_way(method: str) -> None:
    more = {"terminal": READER_POINTS, "sbp": QR_POINTS}.get(method, ())
    first = () if method == "terminal" else ("announced",)
    assert sweep(points([*_MONEY, *more, *first]), _FIRST, by(method)) == ([], [])


@pytest.mark.long
def test_3_killed_at_every_point_of_a_refusal() -> None:
    names = [name for name in _MONEY if name not in ("t4.after", "t7.before", "t7.after")]
    assert sweep([*points([*names, *PAPER_POINTS]), *_RETURN], _FIRST, declined) == ([], [])


@pytest.mark.long
def test_3_killed_at_every_point_of_what_was_paid_too_late_money_and_paper_go_back() -> None:
    bombs = points(["reversal.noted", "reversal.bank", *PAPER_POINTS[1:]])
    assert sweep(bombs, _FIRST, cancelled_and_paid, patient=False) == ([], [])


@pytest.mark.parametrize(
    ("variant", "name", "way", "seen_as"),
    [
        (planted.no_fd_before, "receipt.answered", buy, "and its papers are ['receipt', 'receipt'"),
        (planted.no_bank_inquiry, "charge.answered", buy, "2 charges"),
        (planted.return_receipt_forgotten, "charge.answered", declined, "and its papers are ['receipt']"),
    ],
    ids=["a receipt twice", "a refund receipt before the final no", "no return after a final no"],
)
def test_3_planted_bug_of_the_paper_is_caught(variant: Callable[[], Parts], name: str, way: Way, seen_as: str) -> None:
    with world(variant=variant, several_ways=True, paper_first=True) as place:
        struck(place, partial(AtPoint, name), way)
        found = judged(place, patient=False)
        assert any(seen_as in line for line in found), found or "this sweep proves nothing"
