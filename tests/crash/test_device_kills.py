"""SIGKILL of each simulated device at the points of an order; switched on again, it remembers, and the order ends with
one charge, one receipt, one meal, or with everything given back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import POINTS
from kiosk.wiring import Parts
from tests.crash.bombs import KillsDevice
from tests.crash.calls import Gone
from tests.crash.devices import START_S
from tests.crash.judging import judged
from tests.crash.killing import killing_link
from tests.crash.rig import Bomb, Purchase, World, pause, world
from tests.crash.sweeping import buy

_SHORT = (
    ("bank", "t3.after"), ("fiscal", "t5.after"), ("robot", "portion.submitting"),
)  # fmt: skip
_RECEIPT = (b"\xff\x46", b"\xff\x0c", b"\xff\x45")
_OFF_S = 0.3
#: In an order where all goes well some points are never passed.
_SOME_POINTS_ARE_NOT_PASSED_S = 3.0


def unplugged(
    place: World, device: str, bomb: Bomb, variant: Callable[[], Parts] | None = None, patience_s: float = START_S
) -> bool:
    """One order during which the device dies and comes back; whether it died."""
    place.scenarios += 1
    port = place.live(bomb, variant)
    assert port is not None
    place.wait_open(port)
    purchase = place.create(port)
    asked = place.begin_pay(port, purchase)
    with contextlib.suppress(AssertionError):
        place.until(lambda: place.devices.dead(device), f"{device} dies", patience_s)
    died = place.devices.dead(device)
    if died:
        place.devices.kill(device)
        pause(_OFF_S)
        place.devices.restart(device)
    with contextlib.suppress(Gone):
        purchase.answer = asked.answer()
    place.until(lambda: place.is_over(port, purchase, patient=True), f"the order ends, {device} is back")
    return died


def at(place: World, device: str, point: str) -> Bomb:
    return partial(KillsDevice, point, place.devices.pid(device))


@pytest.mark.heavy
def test_4_device_killed_in_the_middle_of_an_order_remembers_and_the_order_ends_well() -> None:
    with world() as place:
        for device, point in _SHORT:
            assert unplugged(place, device, at(place, device, point)), point
        assert judged(place) == []


@pytest.mark.parametrize("moment", ["after", pytest.param("before", marks=pytest.mark.long)])
def test_4_registrar_killed_in_the_middle_of_a_receipt_prints_it_once_or_the_money_is_back(moment: str) -> None:
    with world() as place:
        for code in _RECEIPT if moment == "before" else _RECEIPT[-1:]:
            link = killing_link(code, moment, place.devices.pid("fiscal"))
            assert unplugged(place, "fiscal", "", partial(Parts, open_link=link)), code
        assert judged(place) == []


def both_die(place: World, device: str, point: str) -> Purchase | None:
    """The kiosk and the device die at the same moment, as in a power cut of the whole site."""
    place.scenarios += 1
    port = place.live(at(place, device, point))
    assert port is not None
    place.wait_open(port)
    purchase = place.create(port)
    asked = place.begin_pay(port, purchase)
    with contextlib.suppress(AssertionError):
        place.until(lambda: place.devices.dead(device), f"{device} dies", 3)
    place.end_life()
    with contextlib.suppress(Gone):
        asked.answer()
    if place.devices.dead(device):
        place.devices.kill(device)
        place.devices.restart(device)
    return purchase


def test_4_power_of_the_whole_site_fails_and_comes_back() -> None:
    with world() as place:
        for device, point in (("bank", "t3.after"), ("fiscal", "t5.after"), ("robot", "portion.cooking")):
            both_die(place, device, point)
        assert judged(place) == []


@pytest.mark.long
@pytest.mark.parametrize("device", ["bank", "fiscal", "robot"])
def test_4_device_killed_at_every_point_of_an_order_remembers_and_the_order_ends_well(device: str) -> None:
    with world() as place:
        for point in POINTS:
            unplugged(place, device, at(place, device, point), patience_s=_SOME_POINTS_ARE_NOT_PASSED_S)
        assert judged(place) == []
    with world() as place:
        for point in POINTS:
            both_die(place, device, point)
            port = place.alive()
            place.wait_open(port)
            assert buy(place, port) is not None
        assert judged(place) == []
