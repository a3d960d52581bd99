"""A refund after payment: by staff, by portion, and by the kiosk itself when a portion cannot be cooked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.restaurant import Customer, Restaurant, restaurant, until


async def refunded(place: Restaurant, customer: Customer, order_id: str, count: int = 1) -> dict[str, Any]:
    """The order once `count` refunds of it are done."""

    async def done() -> dict[str, Any] | None:
        order = await customer.look(order_id)
        return order if [refund["status"] for refund in order["refunds"]] == ["done"] * count else None

    found: dict[str, Any] = await until(done)
    return found


def returned_kopecks(place: Restaurant) -> int:
    return sum(line["amount_kopecks"] for line in place.effects("bank", "voided", "refunded"))


async def test_4_completed_order_is_refunded_whole_with_a_refund_receipt(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order(("udon-chicken", 2), ("tea", 1))
    assert (await guest.pay(created["order_id"])).status == 200
    await guest.until_status(created["order_id"], "completed")
    path = f"/internal/orders/{created['order_id']}/refund"
    answer = await place.internal("POST", path, {"reason": "не понравилось"})
    assert answer.status == 202, answer
    order = await refunded(place, guest, created["order_id"])
    assert order["status"] == "refunded"
    assert returned_kopecks(place) == created["amount_kopecks"]
    (receipt,) = place.effects("fiscal", "refund_receipt")
    assert (receipt["total_kopecks"], receipt["order_id"]) == (created["amount_kopecks"], created["order_id"])
    again = await place.internal("POST", path, {"reason": "ещё раз"})
    assert (again.status, again.code) == (409, "order_state")
    assert "OrderRefundedEvent" in [event["type"] for event in await place.events()]


async def test_4_refund_by_item_gives_back_the_sold_price_and_the_rest_stays(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order(("udon-chicken", 2), ("tea", 1))
    order_id = created["order_id"]
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    price = created["items"][0]["price_kopecks"]
    for count in (1, 2):
        body = {"reason": "холодное", "items": [{"item_id": "udon-chicken", "quantity": 1}]}
        assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202
        order = await refunded(place, guest, order_id, count)
        assert order["status"] == "completed"
        assert returned_kopecks(place) == price * count
    over = await place.internal("POST", f"/internal/orders/{order_id}/refund", body)
    assert (over.status, over.code) == (422, "invalid_request")
    assert [line["total_kopecks"] for line in place.effects("fiscal", "refund_receipt")] == [price, price]


async def test_4_unpaid_unknown_and_malformed_refunds_are_refused(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    for path, body, code in (
        (order_id, {"reason": "x"}, "order_state"),
        ("NOSUCH", {"reason": "x"}, "not_found"),
        (order_id, {}, "invalid_request"),
        (order_id, {"reason": "x", "items": []}, "invalid_request"),
    ):
        assert (await place.internal("POST", f"/internal/orders/{path}/refund", body)).code == code
    assert place.ledger("bank") == []


async def station_is_down(place: Restaurant) -> bool:
    """The kiosk has seen that the wok is jammed."""
    checks = (await place.call("GET", "/readyz")).body["checks"]
    return "station_2" in checks and not checks["station_2"]["ok"]


#: A bank that may take its time, and a station that is not waited for.
SOON = "[bank]\ntimeout_s = 20\nabandon_after_s = 30\n[robot]\nstation_wait_s = 0.3"


@pytest.mark.parametrize("seen", [True, False])
async def test_4_portion_that_cannot_be_cooked_is_refunded_and_the_rest_is_handed_out(seen: bool) -> None:
    """Its station jams while the bank is asked: the kiosk has seen it when it looks for the portion's turn, or not."""
    async with restaurant(SOON) as place:
        guest = await place.guest()
        created = await guest.order(("udon-chicken", 1), ("tea", 1))
        place.bank.faults.switch("hold")
        paying = asyncio.create_task(guest.pay(created["order_id"]))
        await until(lambda: place.is_charging(created["order_id"]))
        place.robot.faults.switch("jam", {"station": 2})  # the wok: the noodles need it, the tea does not
        if seen:
            await until(lambda: station_is_down(place))
        place.bank.faults.switch("hold", on=False)
        assert (await paying).status in (200, 202)
        order = await refunded(place, guest, created["order_id"])
        assert order["refunds"][0]["reason"] == "cooking_failed"
        assert order["refunds"][0]["amount_kopecks"] == created["items"][0]["sum_kopecks"]
        done = await guest.until_status(created["order_id"], "completed")
        statuses = sorted(portion["status"] for item in done["items"] for portion in item["portions"])
        assert statuses == ["dropped", "handed_out"]
        assert returned_kopecks(place) == created["items"][0]["sum_kopecks"]


@pytest.mark.parametrize("fault", ["bank", "registrar"])
async def test_4_refund_waits_for_its_devices_and_is_done_once(place: Restaurant, fault: str) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 1))
    assert (await guest.pay(created["order_id"])).status == 200
    await guest.until_status(created["order_id"], "completed")
    if fault == "bank":
        place.bank.faults.switch("lose_answer", on=True)
    else:
        place.fiscal.faults.switch("lose_answer", {"after": "FF45", "forget": True})
    body = {"reason": "x"}
    assert (await place.internal("POST", f"/internal/orders/{created['order_id']}/refund", body)).status == 202
    await refunded(place, guest, created["order_id"])
    assert len(place.effects("bank", "voided", "refunded")) == 1
    assert len(place.effects("fiscal", "refund_receipt")) == 1


async def test_4_points_come_back_and_earned_ones_are_taken_back_pro_rata() -> None:
    from tests.scenes.test_signing_in import FREE, signed_in

    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        first = await customer.order(("udon-chicken", 4))
        await customer.pay(first["order_id"])
        points = (await customer.call("GET", "/api/me")).body["bonus_points"]
        second = await customer.order(("udon-chicken", 2))
        paid = await customer.pay(second["order_id"], bonus_points=points)
        earned = paid.body["bonus_accrued"]
        await customer.until_status(second["order_id"], "completed")
        path = f"/internal/orders/{second['order_id']}/refund"
        one = {"reason": "x", "items": [{"item_id": "udon-chicken", "quantity": 1}]}
        assert (await place.internal("POST", path, one)).status == 202
        await refunded(place, customer, second["order_id"])
        half = (await customer.call("GET", "/api/me")).body["bonus_points"]
        assert 0 < half - earned < points
        assert (await place.internal("POST", path, {"reason": "x"})).status == 202
        await refunded(place, customer, second["order_id"], 2)
        assert (await customer.call("GET", "/api/me")).body["bonus_points"] == points
        assert returned_kopecks(place) == paid.body["amount_kopecks"]


async def test_4_portion_given_back_while_it_is_cooked_and_then_lost_does_not_hold_the_rest() -> None:
    async with restaurant(speed=90.0) as place:
        guest = await place.guest()
        created = await guest.order(("udon-chicken", 1), ("tea", 1))
        order_id = created["order_id"]
        assert (await guest.pay(order_id)).status == 200

        async def begun() -> bool:
            return bool((await guest.look(order_id))["items"][0]["portions"] == [{"status": "cooking"}])

        await until(begun)
        place.robot.faults.switch("jam", {"station": 2})  # under the noodles, which are begun
        body = {"reason": "передумал", "items": [{"item_id": "udon-chicken", "quantity": 1}]}
        assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202
        await refunded(place, guest, order_id)
        await until(lambda: place.effects("robot", "failed"))
        done = await guest.until_status(order_id, "completed")
        assert [portion["status"] for item in done["items"] for portion in item["portions"]] == [
            "dropped",
            "handed_out",
        ]
        assert returned_kopecks(place) == created["items"][0]["sum_kopecks"]
        assert len(done["refunds"]) == 1


async def test_4_empty_bin_holds_the_dishes_that_need_it_and_no_others(place: Restaurant) -> None:
    noodles, tea = await place.guest(), await place.guest()
    first = (await noodles.order(("udon-chicken", 1)))["order_id"]
    second = (await tea.order(("tea", 1)))["order_id"]
    place.bank.faults.switch("hold", on=True)
    payment_saga = [asyncio.create_task(noodles.pay(first)), asyncio.create_task(tea.pay(second))]
    for order_id in (first, second):
        await until(lambda order_id=order_id: place.is_charging(order_id))  # type: ignore[misc]
    place.robot.faults.switch("cells_full", on=True)  # nothing is taken yet
    place.bank.faults.switch("hold", on=False)
    assert [answer.status for answer in await asyncio.gather(*payment_saga)] == [200, 200]
    place.robot.faults.switch("bin_empty", {"bin": 1})
    place.robot.faults.switch("cells_full", on=False)
    await tea.until_status(second, "completed")
    assert (await noodles.look(first))["status"] == "paid"
    assert (await place.internal("POST", "/internal/stock/refill", {"bin": 1, "amount": 5000})).status == 204
    await noodles.until_status(first, "completed")


@pytest.mark.parametrize("shown", ["number", "fiscal_document_number", "fiscal_sign"])
async def test_staff_gives_money_back_by_what_the_guest_can_show(place: Restaurant, shown: str) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 2))
    paid = await guest.pay(created["order_id"])
    assert paid.status == 200
    word = created["number"].lower() if shown == "number" else paid.body["receipt"][shown]
    asked = {"reason": "остыл", "items": [{"item_id": "tea", "quantity": 1}]}
    opened = await place.internal("POST", f"/internal/orders/{word}/refund", asked)
    assert opened.status == 202, opened
    await refunded(place, guest, created["order_id"])
    assert sum(line["amount_kopecks"] for line in place.effects("bank", "refunded")) == created["amount_kopecks"] // 2
    missing = await place.internal("POST", "/internal/orders/99999999999999/refund", {"reason": "x"})
    assert (missing.status, missing.code) == (404, "not_found")
