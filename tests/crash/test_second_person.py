"""kill -9 while a refund waits for its second person, and while it goes back on their word.

The money comes back once; no request waits whose money is on its way. A planted twin is caught.
"""

from __future__ import annotations

from functools import partial

import pytest

from kiosk.checkpoints import SECOND_PERSON_POINTS
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.calls import call
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import points, struck, sweep

_LIMIT = "\n[service]\nrefund_limit_kopecks = 5000\n"
_PEOPLE = {"Вера": ("owner", "482915"), "Ира": ("shift", "590317")}
_LEFT_OVER = "a request waits whose money is on its way"


def desk(place: World, port: int, name: str) -> str:
    """A session of this person, who is hired where they are not yet."""
    role, pin = _PEOPLE[name]
    people = {row["name"]: row["person_id"] for row in place.staff("GET", "/internal/staff").body["people"]}
    if name not in people:
        added = place.staff("POST", "/internal/staff", {"name": name, "role": role, "pin": pin})
        people = {row["name"]: row["person_id"] for row in added.body["people"]}
    opened = call(port, "POST", "/api/service/session", {"pin": pin, "person_id": people[name]})
    return str(opened.body["access_token"])


def confirm_all(place: World, port: int) -> None:
    """What a life before this one left waiting."""
    vera = desk(place, port, "Вера")
    for row in call(port, "GET", "/api/service/refund-requests", token=vera).body["waiting"]:
        path = f"/api/service/refund-requests/{row['request_id']}/confirm"
        answer = call(port, "POST", path, {}, token=vera)
        assert answer.status == 202, _LEFT_OVER
        next(one for one in place.purchases if one.order_id == row["order_id"]).refunds += 1


def given_back_by_two(place: World, port: int) -> Purchase:
    confirm_all(place, port)
    purchase = place.buy(port)
    if purchase.paid:
        path = f"/api/service/orders/{purchase.order_id}/refund"
        asked = call(port, "POST", path, {"reason": "остыл"}, token=desk(place, port, "Ира"))
        assert asked.code == "second_person_required", asked
        confirm_all(place, port)
    return purchase


def test_4_killed_before_and_after_a_second_persons_yes_the_money_comes_back_once() -> None:
    names = (*SECOND_PERSON_POINTS, "refund.opened", "refund.bank", "refund.printed")
    assert sweep(points(names), partial(World, extra=_LIMIT), given_back_by_two) == ([], [])


def test_4_planted_yes_that_is_written_apart_from_its_refund_is_caught() -> None:
    with world(variant=planted.confirmed_apart, extra=_LIMIT) as place:
        assert struck(place, partial(AtPoint, "refund.opened"), given_back_by_two)
        with pytest.raises(AssertionError, match=_LEFT_OVER):
            confirm_all(place, place.alive())
        place.found = 1
