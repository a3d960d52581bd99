"""What receipts say of money without cash, where the settings say how: as far as it is known when they are printed
(payment.md#money-without-cash-on-the-receipt)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.restaurant import Customer, Restaurant, restaurant, until

WAYS = '[payment]\nmethods = ["token", "terminal", "sbp", "till"]\n{}\n'
TOLD = "[payment.cashless]\ntoken = 1\nterminal = 2\nsbp = 3\n"
AMOUNT = 9900
SOLD = ("paid", "cooking", "ready", "completed")


async def tea(place: Restaurant) -> tuple[Customer, str]:
    guest = await place.guest()
    return guest, str((await guest.order(("tea", 1)))["order_id"])


async def sold_by(place: Restaurant, method: str) -> tuple[Customer, str]:
    guest, order_id = await tea(place)
    if method == "token":
        assert (await guest.pay(order_id)).status == 200
    else:
        await guest.pay_by(method, order_id)
    await guest.until_status(order_id, *SOLD)
    return guest, order_id


def told(place: Restaurant, *effects: str) -> list[list[dict[str, Any]]]:
    return [row["cashless"] for row in place.effects("fiscal", *(effects or ("receipt",)))]


async def test_by_default_nothing_is_said() -> None:
    async with restaurant(WAYS.format("")) as place:
        await sold_by(place, "token")
        assert told(place) == [[]]


async def test_each_way_says_its_sum_its_way_and_by_what_its_bank_finds_the_money() -> None:
    async with restaurant(WAYS.format(TOLD)) as place:
        for method in ("token", "terminal", "sbp"):
            await sold_by(place, method)
        by_token, by_reader, by_code = (rows[0] for rows in told(place))
        assert [row["sum_kopecks"] for row in (by_token, by_reader, by_code)] == [AMOUNT] * 3
        assert [row["way"] for row in (by_token, by_reader, by_code)] == [1, 2, 3]
        assert by_token["identifiers"].startswith("rrn=")
        assert by_token["more"].startswith("auth=")
        assert [part.partition("=")[0] for part in by_reader["identifiers"].split("&")] == ["rrn", "tid", "mid"]
        assert by_code["identifiers"].startswith("id=")


async def test_a_refund_receipt_says_the_same_of_its_own_sum() -> None:
    async with restaurant(WAYS.format(TOLD)) as place:
        guest = await place.guest()
        order_id = str((await guest.order(("tea", 2)))["order_id"])
        assert (await guest.pay(order_id)).status == 200
        await guest.until_status(order_id, "completed")
        body = {"reason": "остыл", "items": [{"item_id": "tea", "quantity": 1}]}
        assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202
        await until(lambda: place.effects("fiscal", "refund_receipt"))
        (sale,), (refund,) = (rows[0] for rows in (told(place), told(place, "refund_receipt")))
        assert (sale["sum_kopecks"], refund["sum_kopecks"]) == (2 * AMOUNT, AMOUNT)
        assert (refund["identifiers"], refund["more"]) == (sale["identifiers"], sale["more"])


async def test_before_the_money_nothing_is_known_but_of_what_is_held() -> None:
    first = '[fiscal]\nreceipt = "before_payment"\n'
    async with restaurant(WAYS.format(TOLD + first)) as place:
        await sold_by(place, "token")
        await sold_by(place, "terminal")
        unknown, held = told(place)
        assert unknown == []
        assert held[0]["identifiers"].startswith("rrn=")


@pytest.mark.parametrize("tender", ["cash", "card"])
async def test_at_the_till_nothing_is_said(tender: str) -> None:
    async with restaurant(WAYS.format(TOLD)) as place:
        guest, order_id = await tea(place)
        code = (await guest.pay_by("till", order_id)).body["show"]["code"]
        more = {"given_kopecks": AMOUNT} if tender == "cash" else {}
        assert (await place.internal("POST", f"/internal/till/{code}", {"tender": tender, **more})).status == 200
        await guest.until_status(order_id, *SOLD)
        assert told(place) == [[]]


async def test_a_register_that_refuses_the_tag_gives_the_money_back() -> None:
    async with restaurant(WAYS.format(TOLD)) as place:
        place.fiscal.faults.switch("refuse_tag", {"tag": 1234})
        guest, order_id = await tea(place)
        refused = await guest.pay(order_id)
        assert (refused.status, refused.body["refunded"]) == (503, True)
        assert told(place) == []
