"""kill -9 at the named points of a payment by a code of Raiffeisen's, of its cancel and of its returns: the money is
kept once or goes back once, part by part, by the bank's own ledger (payment.md#by-qr-code). Those marked long: all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import CANCEL_POINTS, PAPER_POINTS, POINTS, QR_POINTS, RETURN_POINTS
from tests.crash import planted
from tests.crash.bombs import AtPoint, KillsDevice
from tests.crash.calls import Gone
from tests.crash.devices import QR_BANK
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import Way, points, struck, sweep
from tests.crash.test_qr_payments import cancelled, given_back
from tests.crash.test_ways_to_pay import by

_RAIF = partial(World, several_ways=True, qr_bank="raif")
_FIRST = partial(_RAIF, paper_first=True)
_MONEY = (*POINTS[: POINTS.index("t7.after") + 1], *QR_POINTS)
_REFUND = tuple(name for name in RETURN_POINTS if name.startswith("refund."))
_REVERSAL = tuple(name for name in RETURN_POINTS if name.startswith("reversal."))
_LOOK = [partial(AtPoint, name, 2) for name in ("charge.answered", "charge.noted")]
_CANCELLED = (*CANCEL_POINTS, "charge.answered", "charge.noted")
_CANCELS = [*((name, False) for name in _CANCELLED), *((name, True) for name in (*_CANCELLED, *PAPER_POINTS[1:]))]
_LONG = pytest.mark.long


def partly_given_back(place: World, port: int) -> Purchase:
    """Two of a dish paid by code, one asked back."""
    purchase = place.create(port, method="sbp", quantity=2)

    def is_paid() -> bool:
        place.is_over(port, purchase, patient=True)
        return purchase.paid

    place.until(is_paid, "the order is paid")
    if place.ask_refund(purchase, [{"item_id": "tea", "quantity": 1}]).status == 202:
        purchase.refunds += 1
    return purchase


def _refuse_tag(place: World, *, on: bool) -> None:
    place.devices.fault("fiscal", "refuse_tag", on=on, **({"tag": 1192} if on else {}))


def without_receipt(place: World, port: int) -> Purchase:
    """Paid by code, and the register refuses the receipt: the money goes back under a name of its own."""
    _refuse_tag(place, on=True)
    with contextlib.suppress(Gone):
        purchase = place.create(port, method="sbp")
        place.pay(port, purchase)
        place.until(lambda: place.order(port, purchase)["status"] == "created", "the money is back")
    return place.purchases[-1]


def _mended() -> World:
    return _RAIF(mend=lambda place: _refuse_tag(place, on=False))


def test_3_killed_between_the_bill_its_answer_and_the_money_it_is_taken_once() -> None:
    assert sweep(points(("charge.answered", "charge.noted", "t4.after")), _RAIF, by("sbp")) == ([], [])


@pytest.mark.parametrize(
    ("way", "make", "name"),
    [(partly_given_back, _RAIF, "refund.bank"), (without_receipt, _mended, "reversal.bank")],
)
def test_3_killed_once_the_bank_has_a_return_by_name_it_is_not_made_twice(
    way: Way, make: Callable[[], World], name: str
) -> None:
    assert sweep(points((name,)), make, way, patient=False) == ([], [])


def test_3_planted_bug_of_an_order_named_anew_after_a_restart_is_caught() -> None:
    with world(variant=planted.new_order_after_restart, several_ways=True, qr_bank="raif") as place:
        port = place.live(partial(AtPoint, "charge.answered"))
        assert port is not None
        place.wait_open(port)
        with contextlib.suppress(Gone):
            by("sbp")(place, port)
        assert place.until_dead(5.0)
        caught = judged(place, patient=False)
        assert any("kept by QR code instead of" in line for line in caught), caught or "this sweep proves nothing"


@_LONG
@pytest.mark.parametrize("make", [_RAIF, _FIRST], ids=["after", "before"])
def test_3_killed_at_every_point_of_a_payment_its_money_is_taken_once(make: Callable[[], World]) -> None:
    first = ["announced"] if make is _FIRST else []
    found, missed = sweep([*points([*_MONEY, *first]), *_LOOK], make, by("sbp"))
    assert found == []
    assert [bomb for bomb in missed if bomb not in _LOOK] == []


@_LONG
@pytest.mark.parametrize(("name", "paper_first"), _CANCELS)
def test_3_killed_at_every_point_while_a_guest_cancels_nothing_is_kept(name: str, paper_first: bool) -> None:
    with world(several_ways=True, qr_bank="raif", paper_first=paper_first) as place:
        assert struck(place, partial(AtPoint, name), cancelled)
        place.devices.fault(QR_BANK, "nobody_pays", on=False)
        assert judged(place, patient=False) == []


@_LONG
@pytest.mark.parametrize("make", [_RAIF, _FIRST], ids=["after", "before"])
@pytest.mark.parametrize("way", [given_back, partly_given_back])
def test_3_killed_at_every_point_of_a_refund_it_goes_back_once(way: Way, make: Callable[[], World]) -> None:
    assert sweep(points(_REFUND), make, way) == ([], [])


@_LONG
def test_3_killed_at_every_point_of_a_reversal_it_goes_back_once() -> None:
    assert sweep(points(_REVERSAL), _mended, without_receipt, patient=False) == ([], [])


@_LONG
@pytest.mark.parametrize("name", ["t3.after", "charge.noted", "t4.after"])
def test_3_the_banks_plug_is_pulled_and_the_money_is_taken_once_or_not_at_all(name: str) -> None:
    with world(several_ways=True, qr_bank="raif") as place:
        port = place.live(partial(KillsDevice, name, place.devices.pid(QR_BANK)))
        assert port is not None
        place.wait_open(port)
        purchase = place.create(port, method="sbp")
        place.pay(port, purchase)
        place.until(lambda: place.devices.dead(QR_BANK), "the plug is pulled")
        place.devices.kill(QR_BANK)
        place.devices.restart(QR_BANK)
        assert judged(place, patient=False) == []
