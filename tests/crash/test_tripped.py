"""kill -9 while a device is tripped: the next life knows it too, charges nobody, and opens once it is mended."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import partial

from tests.crash.bombs import AtPoint
from tests.crash.calls import Answer, call
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World, world
from tests.crash.sweeping import buy, struck
from tests.crash.ways import STORIES

_TEA = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
_UDON = {"items": [{"item_id": "udon-chicken", "quantity": 1}], "service": "dine_in"}


def create(place: World, port: int, body: Mapping[str, object]) -> Answer:
    return call(port, "POST", "/api/orders/create", body, place.guest(port))


def charged(place: World) -> int:
    return sum(line["effect"] == "charged" for line in place.devices.ledger("bank"))


def test_3_4_killed_while_a_tripped_registrar_gives_money_back_nobody_else_is_charged_by_the_next_life() -> None:
    told = next(story for story in STORIES if story.name == "receipt refused")
    with contextlib.closing(told.make()) as place:
        assert struck(place, partial(AtPoint, "reversal.bank"), told.way)
        port = place.alive()  # the registrar refuses still
        place.until(lambda: place.sales(port)["reason"] == "fiscal_refuses", "the trip outlives the process")
        (first,) = place.purchases
        place.pay(port, first)
        assert first.answer is not None
        assert first.answer.status == 503
        assert create(place, port, _TEA).code == "sales_paused"
        assert charged(place) == 1
        place.wait_open(port)  # mended
        assert buy(place, port) is not None
        assert judged(place) == []


def test_3_3_killed_while_the_bank_is_down_the_next_life_sells_nothing_until_it_answers() -> None:
    with world() as place:
        port = place.alive()
        place.wait_open(port)
        before = place.create(port)
        place.devices.fault("bank", "down")
        for _ in range(2):
            place.until(lambda port=port: place.sales(port)["reason"] == "bank_down", "the bank is down")  # type: ignore[misc]
            assert create(place, port, _TEA).code == "sales_paused"
            place.pay(port, before)
            assert before.answer is not None
            assert before.answer.code == "bank_unavailable"
            port = place.alive()
        assert charged(place) == 0
        place.devices.fault("bank", "down", on=False)
        place.wait_open(port)
        assert isinstance(buy(place, port), Purchase)
        assert judged(place) == []


def test_4_killed_while_a_station_is_jammed_the_next_life_sells_none_of_its_dishes() -> None:
    with world() as place:
        port = place.alive()
        place.wait_open(port)
        place.devices.fault("robot", "jam", station=2)
        for _ in range(2):
            place.until(lambda port=port: create(place, port, _UDON).code == "items_unavailable", "the wok is down")  # type: ignore[misc]
            assert isinstance(buy(place, port), Purchase)
            port = place.alive()
            place.wait_open(port)
        place.devices.fault("robot", "jam", on=False, station=2)
        place.until(lambda: create(place, port, _UDON).status == 201, "the wok is back")
        assert judged(place) == []
