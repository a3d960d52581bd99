"""The ways an order can go besides the straight one: declined, unknown, lost, reversed, given back, late."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from tests.crash.calls import Gone
from tests.crash.rig import Purchase, World
from tests.crash.sweeping import Way, buy

_PATIENCE_S = 15.0


@dataclass(frozen=True)
class Story:
    """How to make the world, and what one order in it does; `patient`: a refused customer tries again."""

    name: str
    way: Way
    make: Callable[[], World] = World
    patient: bool = True


def _with_card(card_token: str) -> Way:
    def way(place: World, port: int) -> Purchase:
        return place.buy(port, card_token=card_token)

    return way


def _refuse_tag(place: World, *, on: bool) -> None:
    place.devices.fault("fiscal", "refuse_tag", on=on, **({"tag": 1192} if on else {}))


def _mended_registrar() -> World:
    return World(mend=lambda place: _refuse_tag(place, on=False))


def receipt_refused(place: World, port: int) -> Purchase | None:
    """The registrar refuses a member of the receipt after the pre-flight was passed: absence is proved, the money goes
    back, and nothing is sold until somebody has mended it."""
    _refuse_tag(place, on=True)
    return buy(place, port)


def given_back(place: World, port: int) -> Purchase:
    """Paid, and all of it asked back by staff."""
    purchase = buy(place, port)
    assert purchase is not None
    if purchase.paid and place.ask_refund(purchase).status == 202:
        purchase.refunds += 1
    return purchase


def partly_given_back(place: World, port: int) -> Purchase:
    """Two cups paid, one asked back."""
    purchase = place.buy(port, quantity=2)
    if purchase.paid and place.ask_refund(purchase, [{"item_id": "tea", "quantity": 1}]).status == 202:
        purchase.refunds += 1
    return purchase


def approved_too_late(place: World, port: int) -> Purchase:
    """The request to the bank is held up on the network until the kiosk has given the key up, and arrives then."""
    purchase = place.buy(port, card_token="tok_lost")
    body = {"order_id": purchase.order_id, "amount_kopecks": purchase.amount_kopecks, "currency": "RUB"}
    request = urllib.request.Request(f"{place.devices.urls['bank']}/transactions", method="POST")
    request.data = json.dumps(body | {"card_token": "tok_ok"}).encode()
    request.add_header("Idempotency-Key", f"{purchase.order_id}:1")
    with urllib.request.urlopen(request, timeout=_PATIENCE_S) as response:
        assert response.status == 201
    with contextlib.suppress(Gone, AssertionError):
        place.until(lambda: _back(place, purchase), "the late approval is voided", 3)
    return purchase


def _back(place: World, purchase: Purchase) -> bool:
    lines = [line for line in place.devices.ledger("bank") if line["order_id"] == purchase.order_id]
    return any(line["effect"] == "voided" for line in lines)


STORIES = (
    Story("sold", buy),
    Story("declined", _with_card("tok_declined")),
    Story("charged without an answer", _with_card("tok_unknown")),
    Story("lost on the way to the bank", _with_card("tok_lost"), patient=False),
    Story("bank answers 500", _with_card("tok_500"), patient=False),
    Story("receipt refused", receipt_refused, _mended_registrar, patient=False),
    Story("given back", given_back),
    Story("partly given back", partly_given_back),
    Story("approved too late", approved_too_late, patient=False),
)
