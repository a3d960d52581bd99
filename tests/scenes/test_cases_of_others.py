"""What befell others and has no scene of its own elsewhere (payment.md#cases-of-others)."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from tests.restaurant import Customer, Restaurant, restaurant, until

SOLD = ("paid", "cooking", "ready", "completed")


async def _asked(place: Restaurant, order_id: str, token: str, key: str) -> int:
    """A request to the bank that was held up on the network for long."""
    body: dict[str, Any] = {"order_id": order_id, "amount_kopecks": 9900, "currency": "RUB", "card_token": token}
    headers = {"Idempotency-Key": key}
    async with place.client.post(f"{place.bank.url}/transactions", json=body, headers=headers) as answer:
        return answer.status


async def _given_up(place: Restaurant) -> tuple[Customer, str]:
    """An attempt that the bank never heard of; the order can be paid again."""
    guest = await place.guest()
    order_id = str((await guest.order(("tea", 1)))["order_id"])
    await guest.pay(order_id, "tok_lost", key="k1")
    await guest.until_status(order_id, "created")
    return guest, order_id


def _steps(place: Restaurant, order_id: str) -> dict[int, str]:
    with contextlib.closing(sqlite3.connect(place.folder / "kiosk.db", timeout=10)) as books:
        return dict(books.execute("SELECT attempt, step FROM payment WHERE order_id = ?", (order_id,)))


async def test_17_a_late_refusal_of_the_first_attempt_leaves_the_order_that_the_second_paid() -> None:
    async with restaurant() as place:
        guest, order_id = await _given_up(place)
        assert (await guest.pay(order_id)).status == 200
        assert await _asked(place, order_id, "tok_declined", f"{order_id}:1") == 402

        await until(lambda: _steps(place, order_id)[1] == "closed")
        assert (await guest.look(order_id))["status"] in SOLD
        assert len(place.effects("bank", "charged")) == 1
        assert place.effects("bank", "voided") == []


async def test_16_a_late_success_of_the_first_attempt_goes_back_and_the_second_stays() -> None:
    async with restaurant() as place:
        guest, order_id = await _given_up(place)
        paid = await guest.pay(order_id)
        assert await _asked(place, order_id, "tok_ok", f"{order_id}:1") == 201
        await until(lambda: place.effects("bank", "voided"))
        order = await guest.look(order_id)
        assert order["status"] in SOLD
        assert order["payment"]["transaction_id"] == paid.body["transaction_id"]
        assert [row["key"] for row in place.effects("bank", "charged")] == [f"{order_id}:2", f"{order_id}:1"]
        assert place.effects("bank", "voided")[0]["transaction_id"] != paid.body["transaction_id"]
