"""kill -9 at the named points of a payment at the card reader and at the till, and the plug of the reader pulled.

What is held is taken once or let go, by the reader's own ledger; one receipt, one meal. Planted bugs are caught
(payment.md#ways-to-pay). Short: the points that only a reader has and a seeded sample of the others; long: every one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from kiosk.checkpoints import CANCEL_POINTS, POINTS, READER_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint, KillsDevice
from tests.crash.calls import Gone, call
from tests.crash.devices import READER
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import ITEMS, Way, points, struck, sweep
from tests.samples import part, some

_MONEY_POINTS = (*POINTS[: POINTS.index("t7.after") + 1], *READER_POINTS)
_AT_THE_TILL = tuple(name for name in _MONEY_POINTS if not name.startswith("capture."))
SOME_AT_THE_READER = some(_MONEY_POINTS, 1, of="terminal", always=(*READER_POINTS, "charge.answered"))
SOME_AT_THE_TILL = some(_AT_THE_TILL, 2, of="till", always=("t3.after",))
_SEVERAL = partial(World, several_ways=True)
_LONG = pytest.mark.long


def by(method: str) -> Way:
    def way(place: World, port: int) -> Purchase:
        """Until it is paid: the answer to the call itself only says what the guest is to do."""
        purchase = place.create(port, ITEMS[len(place.purchases) % len(ITEMS)], method=method)
        place.until(lambda: _is_paid(place, port, purchase), "the order is paid")
        return purchase

    return way


def _is_paid(place: World, port: int, purchase: Purchase) -> bool:
    place.is_over(port, purchase, patient=True)  # who finds the reader busy with the order before asks again
    return purchase.answer is not None and purchase.answer.status in (200, 402)


@pytest.mark.parametrize(
    ("method", "names"),
    [
        pytest.param("terminal", SOME_AT_THE_READER, id="terminal"),
        pytest.param("till", SOME_AT_THE_TILL, id="till"),
        pytest.param("terminal", _MONEY_POINTS, id="terminal, every point", marks=_LONG),
        pytest.param("till", _AT_THE_TILL, id="till, every point", marks=_LONG),
    ],
)
def test_3_killed_at_each_point_of_a_payment_its_money_is_taken_once(method: str, names: Iterable[str]) -> None:
    assert sweep(points(names), _SEVERAL, by(method)) == ([], [])


def test_3_killed_before_the_reader_was_asked_the_sale_did_not_begin_and_is_not_begun_now() -> None:
    """The guest has gone: whoever stands at the reader next must not pay for that meal."""
    with world(several_ways=True) as place:
        assert struck(place, partial(AtPoint, "t3.after"), by("terminal"))
        assert judged(place, patient=False) == []
        assert [view["status"] for view in place.views.values()] == ["created"]
        assert place.devices.ledger(READER) == []


def cancelled(place: World, port: int) -> Purchase:
    """A guest who changes his mind before the card."""
    place.devices.fault(READER, "nobody_taps")
    purchase = place.create(port, method="terminal")
    place.pay(port, purchase)
    with contextlib.suppress(Gone):
        place.until(
            lambda: place.devices.control(READER, {"state": True})["state"]["waits_for_card"], "a card is awaited"
        )
        call(port, "DELETE", f"/api/orders/{purchase.order_id}/payment", token=purchase.token)
        place.until(lambda: place.order(port, purchase)["status"] == "created", "it is cancelled")
    return purchase


@pytest.mark.parametrize("name", part([*CANCEL_POINTS, "charge.answered"], 1, of="cancel, terminal"))
def test_3_killed_while_a_guest_cancels_nothing_is_kept(name: str) -> None:
    with world(several_ways=True) as place:
        assert struck(place, partial(AtPoint, name), cancelled)
        place.devices.fault(READER, "nobody_taps", on=False)
        assert judged(place, patient=False) == []


@pytest.mark.parametrize(
    "name", part(["t3.after", "t4.after", "capture.noted", "numbers.ready", "t5.after"], 1, of="plug, terminal")
)
def test_3_the_readers_plug_is_pulled_and_the_money_is_taken_once_or_let_go(name: str) -> None:
    with world(several_ways=True) as place:
        bomb = partial(KillsDevice, name, place.devices.pid(READER))
        port = place.live(bomb)
        assert port is not None
        place.wait_open(port)
        purchase = place.create(port, method="terminal")
        place.pay(port, purchase)
        place.until(lambda: place.devices.dead(READER), "the plug is pulled")
        place.devices.kill(READER)
        place.devices.restart(READER)
        assert judged(place, patient=False) == []


@pytest.mark.parametrize(
    ("variant", "names", "seen_as"),
    [
        (planted.new_operation_after_restart, ("charge.answered",), "operation 1 of the reader: ['held']"),
        (planted.capture_forgotten, ("t4.after",), "of the reader: ['held']"),
    ],
    ids=["a new operation number after a restart", "capture forgotten"],
)
def test_3_planted_bug_at_the_reader_is_caught(
    variant: Callable[[], Parts], names: tuple[str, ...], seen_as: str
) -> None:
    with world(variant=variant, several_ways=True) as place:
        for bomb in points(names):
            struck(place, bomb, by("terminal"))
        caught = judged(place)
        assert any(seen_as in line for line in caught), caught or "the sweep does not see this bug: it proves nothing"


def test_3_planted_bug_of_a_sale_begun_although_its_number_says_it_never_did_is_caught() -> None:
    with world(variant=planted.sale_begun_late, several_ways=True) as place:
        assert struck(place, partial(AtPoint, "t3.after"), by("terminal"))
        judged(place, patient=False)
        place.found += len(place.devices.ledger(READER))
        assert place.devices.ledger(READER), "the sweep does not see this bug: it proves nothing"
