"""A line that loses, spoils and delays, the kiosk killed a hundred times and the robot fifty, over some three hundred
meals: nothing is cooked twice, nothing is lost. On either complex."""

from __future__ import annotations

import contextlib
import random
import signal

import pytest

from tests.crash.bad_line import main as bad_line
from tests.crash.calls import Gone
from tests.crash.judging import violations
from tests.crash.rig import World, pause, world
from tests.forked import Forked

_SEED = 16
#: However long a robot takes that is switched off all the time.
_PATIENT = "[robot]\nmax_promise_s = 1000000\nlate_limit_s = 1000000"
_SETTLES_S = 1800.0  # a meal takes seconds where every tenth frame is harmed
_BINS = {"tea": 23, "cola": 24, "fries": 12, "udon-chicken": 1}
_CAPACITY = {23: 20000, 24: 20000, 12: 8000, 1: 8000}


def live_on(place: World, rng: random.Random, lives: int, cuts: int) -> None:
    """Each life sells an order or two and ends somewhere; in `cuts` of them the robot's power goes too."""
    cut = set(rng.sample(range(lives), cuts))
    for life in range(lives):
        port = place.live()
        assert port is not None
        with contextlib.suppress(Gone):
            place.wait_open(port)
            for number in _CAPACITY if life % 10 == 0 else ():
                place.staff("POST", "/internal/stock/refill", {"bin": number, "amount": _CAPACITY[number]})
            _buy(place, port, rng.choice(list(_BINS)))
            pause(rng.random())
        if life in cut:
            place.devices.kill("robot")
            pause(rng.random() / 4)
            place.devices.restart("robot")


def _buy(place: World, port: int, item: str) -> None:
    """Three portions; nothing where the robot was lost again in that very moment, or its bins are not known yet."""
    try:
        place.buy(port, item, quantity=3)
    except AssertionError as refused:
        if not any(code in str(refused) for code in ("sales_paused", "items_unavailable")):
            raise


@pytest.mark.parametrize("robot", ["robot", "complex2"])
@pytest.mark.parametrize(
    ("lives", "cuts"),
    [pytest.param(6, 3, id="short", marks=pytest.mark.long), pytest.param(100, 50, marks=pytest.mark.long, id="long")],
)
def test_4_nothing_is_cooked_twice_or_lost_on_a_bad_line(robot: str, lives: int, cuts: int) -> None:
    with world(_PATIENT, robot=robot) as place:
        line = Forked(bad_line, [*place.devices.robot_ends(), str(_SEED)])
        try:
            live_on(place, random.Random(_SEED), lives, cuts)
            place.settle(place.alive(), deadline_s=_SETTLES_S)
            assert violations(place) == []
            assert len(place.devices.ledger("robot")) >= 2 * lives
        finally:
            line.end(signal.SIGKILL, 5)
