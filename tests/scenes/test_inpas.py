"""A reader behind DualConnector takes the money at once: by whatever goes wrong it is taken once, for an order with a
receipt, or it is back (payment.md#a-reader-that-takes-at-once)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.restaurant import Customer, Restaurant, restaurant, until

ALL = '[payment]\nmethods = ["token", "terminal", "till"]\n[terminal]\ndriver = "inpas"\nsettle_at = ""\n'
FIRST = f'{ALL}[fiscal]\nreceipt = "before_payment"\n[payment.receipt]\ntill = "after_payment"\n'
SOLD = ("paid", "cooking", "ready", "completed")


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant(ALL) as found:
        yield found


async def tea(place: Restaurant) -> tuple[Customer, str]:
    guest = await place.guest()
    return guest, str((await guest.order(("tea", 1)))["order_id"])


def at_reader(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("terminal")]


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.effects("fiscal", "receipt", "refund_receipt")]


async def until_waits_for_card(place: Restaurant) -> None:
    await until(lambda: place.service.state()["waits_for_card"])


async def test_a_card_is_charged_then_the_receipt_is_printed(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay_by("terminal", order_id, key="k1")
    assert answer.status == 202, answer.body
    order = await guest.until_status(order_id, *SOLD)
    assert at_reader(place) == ["charged"]
    assert papers(place) == ["receipt"]
    assert place.ledger("terminal")[0]["at"] < place.effects("fiscal", "receipt")[0]["at"]
    assert order["payment"]["card"]["last4"] == "4242"
    again = await guest.pay_by("terminal", order_id, key="k1")
    assert (again.status, again.body["status"]) == (200, "paid")


async def test_where_paper_comes_first_the_receipt_is_printed_then_the_card_is_charged() -> None:
    async with restaurant(FIRST) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await guest.until_status(order_id, *SOLD)
        assert (at_reader(place), papers(place)) == (["charged"], ["receipt"])
        assert place.ledger("terminal")[0]["at"] > place.effects("fiscal", "receipt")[0]["at"]
