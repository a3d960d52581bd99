"""kill -9 at the named points of a payment at a reader that takes the money at once, of what it gives back and of its
settlement, and its plug pulled: kept once for one receipt, or back once, by the reader's own ledger
(payment.md#a-reader-that-takes-at-once)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import PAPER_POINTS, POINTS, SETTLEMENT_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint, KillsDevice
from tests.crash.calls import Gone, call
from tests.crash.devices import READER
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import ITEMS, Way, points, struck, sweep
from tests.crash.test_ways_to_pay import by
from tests.samples import some

_AFTER = partial(World, several_ways=True, reader="inpas")
_FIRST = partial(World, several_ways=True, reader="inpas", paper_first=True)
_MONEY_POINTS = (*POINTS[: POINTS.index("t7.after") + 1], "numbers.ready")
SOME_AFTER = some(_MONEY_POINTS, 1, of="inpas", always=("numbers.ready", "charge.answered"))
SOME_FIRST = some((*_MONEY_POINTS, "announced"), 1, of="inpas, paper first", always=("announced", "charge.answered"))
_BACK = ("refund.opened", "refund.bank", "refund.noted")
_REVERSAL = ("t4.after", "reversal.noted", "reversal.bank", "reversal.done")
_LONG = pytest.mark.long


def sold_and_lost(place: World, port: int) -> Purchase | None:
    """The reader's answer never comes."""
    place.devices.fault(READER, "lose_answer")
    return by("terminal")(place, port)


@pytest.mark.parametrize(
    ("names", "make"),
    [
        pytest.param(SOME_AFTER, _AFTER, id="after"),
        pytest.param(SOME_FIRST, _FIRST, id="before"),
        pytest.param(_MONEY_POINTS, _AFTER, id="after, every point", marks=_LONG),
        pytest.param((*_MONEY_POINTS, "announced"), _FIRST, id="before, every point", marks=_LONG),
    ],
)
def test_3_killed_at_each_point_of_a_payment_its_money_is_taken_once(
    names: tuple[str, ...], make: Callable[[], World]
) -> None:
    assert sweep(points(names), make, by("terminal")) == ([], [])


@pytest.mark.parametrize("make", [_AFTER, pytest.param(_FIRST, marks=_LONG)], ids=["after", "before"])
def test_3_killed_while_an_answer_is_lost_the_sale_is_found_by_its_number(make: Callable[[], World]) -> None:
    bombs = [partial(AtPoint, name) for name in ("charge.answered", "charge.noted")]
    assert sweep(bombs, make, sold_and_lost) == ([], [])


def declined(place: World, port: int) -> Purchase:
    """Its bank says no, and the receipt that came first is taken back."""
    place.devices.fault(READER, "decline")
    purchase = place.create(port, ITEMS[len(place.purchases) % len(ITEMS)], method="terminal")
    with contextlib.suppress(Gone):
        place.until(lambda: place.is_over(port, purchase, patient=False), "it is refused")
    return purchase


@_LONG
def test_3_killed_at_each_point_of_a_refusal_its_receipt_is_taken_back_once() -> None:
    assert sweep(points(["charge.answered", *PAPER_POINTS]), _FIRST, declined) == ([], [])


def cancelled_and_tapped(place: World, port: int) -> Purchase:
    """The guest cancels, and somebody taps a card all the same."""
    place.devices.fault(READER, "nobody_taps")
    purchase = place.create(port, ITEMS[len(place.purchases) % len(ITEMS)], method="terminal")
    with contextlib.suppress(Gone):
        place.pay(port, purchase)
        place.until(
            lambda: place.devices.control(READER, {"state": True})["state"]["waits_for_card"], "a card is awaited"
        )
        call(port, "DELETE", f"/api/orders/{purchase.order_id}/payment", token=purchase.token)
        place.devices.fault(READER, "nobody_taps", on=False)
        place.until(lambda: place.order(port, purchase)["status"] == "created", "the money is back")
    place.devices.fault(READER, "nobody_taps", on=False)
    return purchase


@pytest.mark.parametrize(
    "names",
    [_REVERSAL[1:3], pytest.param(("cancel.noted", "charge.answered", *_REVERSAL), marks=_LONG)],
    ids=["some", "every"],
)
def test_3_killed_while_a_card_after_the_wish_to_cancel_is_given_back_it_goes_back_once(names: tuple[str, ...]) -> None:
    assert sweep(points(names), _AFTER, cancelled_and_tapped, patient=False) == ([], [])


def given_back(place: World, port: int, *, lost: bool = False, next_day: bool = False) -> Purchase | None:
    """By a void; on the reader's next day by a refund, which its bank makes as often as it is asked to."""
    purchase = by("terminal")(place, port)
    if purchase is not None and purchase.paid:
        if next_day:
            place.staff("POST", "/internal/terminal/settle")
        if lost:
            place.devices.fault(READER, "lose_answer")
        if place.ask_refund(purchase).status == 202:
            purchase.refunds += 1
    return purchase


@pytest.mark.parametrize(
    ("names", "lost"),
    [
        (_BACK[1:2], True),
        pytest.param(_BACK, True, marks=_LONG),
        pytest.param((*_BACK, "refund.printed", "refund.done"), False, marks=_LONG),
    ],
    ids=["some", "answers are lost", "every point"],
)
def test_3_killed_at_each_point_of_a_refund_the_money_goes_back_once(names: tuple[str, ...], lost: bool) -> None:
    assert sweep(points(names), _AFTER, partial(given_back, lost=lost)) == ([], [])


@pytest.mark.parametrize("name", ["t3.after", pytest.param("t4.after", marks=_LONG)])
def test_3_the_readers_plug_is_pulled_and_the_money_is_taken_once_or_not_at_all(name: str) -> None:
    with _world() as place:
        port = place.live(partial(KillsDevice, name, place.devices.pid(READER)))
        assert port is not None
        place.wait_open(port)
        purchase = place.create(port, method="terminal")
        place.pay(port, purchase)
        place.until(lambda: place.devices.dead(READER), "the plug is pulled")
        place.devices.kill(READER)
        place.devices.restart(READER)
        assert judged(place, patient=False) == []


def _world(variant: Callable[[], Parts] | None = None) -> contextlib.AbstractContextManager[World]:
    return world(variant=variant, several_ways=True, reader="inpas")


def settled(place: World, port: int) -> Purchase | None:
    """Sold, then the reader's day is closed by hand."""
    purchase = by("terminal")(place, port)
    place.staff("POST", "/internal/terminal/settle")
    return purchase


@pytest.mark.parametrize(
    "name", [SETTLEMENT_POINTS[1], *(pytest.param(name, marks=_LONG) for name in SETTLEMENT_POINTS[::2])]
)
def test_killed_at_each_point_of_a_settlement_it_has_an_end_and_the_reader_sells_on(name: str) -> None:
    with _world() as place:
        assert struck(place, partial(AtPoint, name), settled)
        port = place.alive()
        place.wait_open(port)
        place.until(lambda: not place.staff("GET", "/internal/terminal").body["under_way"], "it has its end")
        found = place.staff("GET", "/internal/terminal").body
        asked = name != "settlement.noted"
        assert (found["settled_at"] is not None, found["error"] is None) == (asked, asked)
        by("terminal")(place, port)
        effects = [line["effect"] for line in place.devices.ledger(READER)]
        assert effects == ["charged", *(["settled"] if asked else []), "charged"]
        assert judged(place) == []


@pytest.mark.parametrize(
    ("variant", "way", "name", "seen_as"),
    [
        (planted.new_operation_after_restart, by("terminal"), "charge.answered", "operation 1 belongs to no attempt"),
        (planted.sale_repeated_unasked, by("terminal"), "charge.answered", "['charged', 'charged']"),
        (
            planted.return_repeated_unasked,
            partial(given_back, lost=True, next_day=True),
            "refund.bank",
            "'refunded', 'refunded'",
        ),
    ],
    ids=["a new number after a restart", "a sale repeated unasked", "a return repeated unasked"],
)
def test_3_planted_bug_at_a_reader_that_takes_at_once_is_caught(
    variant: Callable[[], Parts], way: Way, name: str, seen_as: str
) -> None:
    with _world(variant) as place:
        struck(place, partial(AtPoint, name), way)
        caught = judged(place, patient=False)
        assert any(seen_as in line for line in caught), caught or "this sweep proves nothing"
