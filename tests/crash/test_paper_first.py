"""kill -9 at the points of a payment whose receipt comes before its money: sold, declined, cancelled, paid too late.
Money is kept and one receipt stands, or neither; what is in doubt stays a person's
(payment.md#paper-before-the-money). Short: the points that only such a receipt has and a seeded sample of the others;
long: every one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import PAPER_POINTS, POINTS, QR_POINTS, READER_POINTS, TILL_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.calls import Gone
from tests.crash.devices import QR_BANK
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import ITEMS, Way, buy, points, struck, sweep
from tests.crash.test_qr_payments import cancelled, cancelled_and_paid
from tests.crash.test_ways_to_pay import by
from tests.samples import part, some

_FIRST = partial(World, several_ways=True, paper_first=True)
_MONEY = POINTS[: POINTS.index("t7.after") + 1]
_BEFORE = ("counter.read", "t5.after", "receipt.answered", "t6.after", "announced")
_BY_TOKEN = (*_BEFORE, "t3.after", "charge.answered", "t4.after", "t7.before")
_BY_CODE = ("t5.after", "announced", "t3.after", "charge.noted", "t4.after")
_AT_THE_TILL = (*_MONEY, *TILL_POINTS, "announced", "numbers.ready")
SOME_BY_TOKEN = some(_BY_TOKEN, 1, of="token, paper first", always=("announced",))
SOME_BY_CODE = some(_BY_CODE, 1, of="sbp, paper first", always=("announced",))
SOME_AT_THE_TILL = some(_AT_THE_TILL, 1, of="till, paper first", always=(*TILL_POINTS, "announced", "numbers.ready"))
#: The second document of an attempt, the return, passes the points of a receipt again.
_RETURN = [partial(AtPoint, name, 2) for name in ("counter.read", "t5.after")]


def declined(place: World, port: int) -> Purchase:
    return place.buy(port, ITEMS[len(place.purchases) % len(ITEMS)], card_token="tok_declined")


def test_3_killed_at_the_points_of_the_paper_a_token_is_sold_with_one_receipt() -> None:
    assert sweep(points(SOME_BY_TOKEN), _FIRST) == ([], [])


def test_3_killed_at_the_points_of_the_return_a_declined_tokens_receipt_is_taken_back_once() -> None:
    bombs = [*points(["t5.after", "charge.answered", *PAPER_POINTS]), *_RETURN]
    assert sweep(part(bombs, 3, of="declined, paper first"), _FIRST, declined) == ([], [])


def test_3_killed_at_the_points_of_the_paper_a_code_is_sold_with_one_receipt() -> None:
    assert sweep(points(SOME_BY_CODE), _FIRST, by("sbp")) == ([], [])


@pytest.mark.heavy
def test_3_killed_at_each_point_of_the_paper_and_the_money_at_the_till_it_is_sold_with_one_receipt() -> None:
    assert sweep(points(SOME_AT_THE_TILL), _FIRST, by("till")) == ([], [])


def refused_at_the_till(place: World, port: int) -> Purchase:
    """The paper is printed, and the guest has no money."""
    purchase = place.create(port, ITEMS[len(place.purchases) % len(ITEMS)], method="till")
    place.pay(port, purchase)
    with contextlib.suppress(Gone):
        code = place.order(port, purchase)["payment"]["show"]["code"]
        place.staff("POST", f"/internal/till/{code}/receipt", {"tender": "card"})
        place.until(lambda: _is_printed(place, port, purchase), "the receipt is printed")
        place.staff("DELETE", f"/internal/till/{code}")
        place.until(lambda: place.order(port, purchase)["status"] == "created", "it is taken back")
    return purchase


def _is_printed(place: World, port: int, purchase: Purchase) -> bool:
    return bool((place.order(port, purchase)["payment"]["show"] or {}).get("receipt_first"))


@pytest.mark.parametrize("name", part(PAPER_POINTS[1:], 1, of="refused, paper first"))
def test_3_killed_while_a_receipt_at_the_till_is_taken_back_it_is_taken_back_once(name: str) -> None:
    with world(several_ways=True, paper_first=True) as place:
        assert struck(place, partial(AtPoint, name), refused_at_the_till)
        assert judged(place, patient=False) == []
        assert [view["status"] for view in place.views.values()] == ["created"]


@pytest.mark.parametrize(
    "name", part(["charge.noted", "taking_back.noted", "taking_back.printed"], 1, of="cancel, paper first")
)
def test_3_killed_while_a_guest_cancels_a_code_its_receipt_is_taken_back(name: str) -> None:
    with world(several_ways=True, paper_first=True) as place:
        assert struck(place, partial(AtPoint, name), cancelled)
        place.devices.fault(QR_BANK, "nobody_pays", on=False)
        assert judged(place, patient=False) == []


@pytest.mark.long
@pytest.mark.parametrize("method", ["token", "terminal", "sbp", "till"])
def test_3_killed_at_every_point_of_each_way(method: str) -> None:
    more = {"terminal": READER_POINTS, "sbp": QR_POINTS, "till": (*TILL_POINTS, "numbers.ready")}.get(method, ())
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
        (planted.returned_while_waiting, "charge.noted", by("till"), "its papers are ['receipt', 'refund_receipt']"),
        (planted.tender_forgotten, "announced", by("till"), "paid in cash, its receipt says card"),
    ],
    ids=[
        "a receipt twice",
        "a refund receipt before the final no",
        "no return after a final no",
        "a refund receipt while staff wait for the money",
        "a receipt that says another way to pay",
    ],
)
def test_3_planted_bug_of_the_paper_is_caught(variant: Callable[[], Parts], name: str, way: Way, seen_as: str) -> None:
    with world(variant=variant, several_ways=True, paper_first=True) as place:
        struck(place, partial(AtPoint, name), way)
        found = judged(place, patient=False)
        assert any(seen_as in line for line in found), found or "this sweep proves nothing"
