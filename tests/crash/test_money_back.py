"""kill -9 while money goes back: refunds whole and by portion, reversals, late approvals, points; and the last portion.

Money comes back once, its refund receipt is printed once, points return, the ledgers agree. A planted twin is caught.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from drivers.sim.world import World as Memory
from kiosk.checkpoints import RETURN_POINTS
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.calls import call
from tests.crash.customers import sign_in
from tests.crash.judging import judged
from tests.crash.rig import Bomb, Purchase, World, world
from tests.crash.sweeping import points, struck, sweep
from tests.crash.ways import STORIES, Story, partly_given_back

PHONE = "+79161234567"
_TEA_BIN, _ONE_TEA_ML = 23, 300
_SHORT = ("refund.opened", "refund.bank", "refund.printed", "reversal.bank", "late.bank")
_STORY_OF = {"refund": "given back", "reversal": "receipt refused", "late": "approved too late"}


def story(name: str) -> Story:
    return next(found for found in STORIES if found.name == name)


def killed_while(kind: str, chosen: Iterable[str]) -> tuple[list[str], list[Bomb]]:
    told, names = story(_STORY_OF[kind]), [name for name in chosen if name.startswith(f"{kind}.")]
    return sweep(points(names), told.make, told.way, patient=told.patient)


@pytest.mark.parametrize("kind", _STORY_OF)
def test_4_killed_while_money_goes_back_it_comes_back_once(kind: str) -> None:
    assert killed_while(kind, _SHORT) == ([], [])


@pytest.mark.long
@pytest.mark.parametrize("kind", _STORY_OF)
def test_4_killed_at_each_point_while_money_goes_back_it_comes_back_once(kind: str) -> None:
    for _ in range(5):
        assert killed_while(kind, RETURN_POINTS) == ([], [])


def test_4_killed_in_a_refund_of_one_portion_the_rest_is_eaten_and_one_share_comes_back() -> None:
    names = ("refund.bank", "refund.printed")
    assert sweep(points(names), World, partly_given_back) == ([], [])


def test_4_planted_bug_of_a_fresh_key_for_each_try_of_a_refund_is_caught() -> None:
    with world(variant=planted.fresh_refund_key) as place:
        assert struck(place, partial(AtPoint, "refund.bank"), partly_given_back)
        caught = judged(place)
        assert any("came back instead of" in line for line in caught), caught or "it proves nothing"


def spending(place: World, port: int) -> Purchase:
    """A customer pays with what points there are; every third card is declined, the points must return."""
    token = next((p.token for p in place.purchases if p.phone), "") or sign_in(place, port, PHONE)
    balance = call(port, "GET", "/api/me", token=token).body["bonus_points"]
    card = "tok_declined" if len(place.purchases) % 3 == 2 else "tok_ok"
    return place.buy(port, "udon-chicken", card, token=token, phone=PHONE, points=max(0, min(7, balance)))


def test_4_killed_while_points_are_spent_the_balance_is_right() -> None:
    names = ("t7.after", "t1.after", "charge.answered", "t7.before")
    found, missed = sweep(points(names), partial(World, effects=True, speed=400.0), spending)
    assert found == []
    assert len(missed) <= 1  # a declined card passes no later point


def one_tea_left(folder: Path) -> None:
    memory = Memory("robot", folder / "robot.state", folder / "robot.jsonl")
    with memory.change() as change:
        change.put(f"bin/{_TEA_BIN:02}", _ONE_TEA_ML)
    memory.close()


_LONG = pytest.mark.long


@pytest.mark.parametrize(
    "name",
    [
        "t3.after",
        *(pytest.param(name, marks=_LONG) for name in ("t1.after", "t2.after", "t5.after", "t7.after")),
    ],
)
def test_4_two_orders_race_for_the_last_portion_and_a_kill_lets_only_one_have_it(name: str) -> None:
    def race(place: World, port: int) -> None:
        both = [place.create(port), place.create(port)]
        asked = [place.begin_pay(port, purchase) for purchase in both]
        for purchase, pending in zip(both, asked, strict=True):
            purchase.answer = pending.answer()

    with world(prepare=one_tea_left) as place:
        assert struck(place, partial(AtPoint, name), race)
        assert judged(place) == []
        assert sorted(view["status"] for view in place.views.values()) == ["completed", "created"]
