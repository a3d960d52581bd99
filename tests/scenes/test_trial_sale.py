"""A new site sells one dish for a trial and gives the money back, by the command alone."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from kiosk.trial_sale import NoSale, TrialSale
from tests.restaurant import Restaurant, restaurant


async def try_sale(place: Restaurant, method: str) -> list[str]:
    async def staff(verb: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        answer = await place.internal(verb, path, body)
        return answer.status, answer.body

    steps: list[str] = []
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{place.kiosk.public_port}"
        sale = TrialSale(url, session, staff, steps.append, tokens=False)
        await sale.run(method)
    return steps


async def test_the_cheapest_dish_is_sold_has_its_receipt_and_goes_back_with_another() -> None:
    async with restaurant('[payment]\nmethods = ["token", "sbp"]\n') as place:
        steps = await try_sale(place, "sbp")
        assert [step.split()[0] for step in steps] == ["order", "pay", "paid,", "given"]
        receipts = place.effects("fiscal", "receipt", "refund_receipt")
        assert [row["operation"] for row in receipts] == [1, 2]
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


@pytest.mark.heavy
async def test_a_trial_that_cannot_be_says_why_and_sells_nothing(place: Restaurant) -> None:
    with pytest.raises(NoSale, match="bridge of the screen"):
        await try_sale(place, "token")
    assert (await place.internal("POST", "/internal/sales/pause")).status in (200, 204)
    with pytest.raises(NoSale, match=r"sales are closed \(staff\)"):
        await try_sale(place, "sbp")
    assert place.ledger("bank") == []
