"""Seed 3.2–3.4 and 4 when a device fails: what the customer gets, and that bank, registrar and orders agree after."""

from __future__ import annotations

import asyncio

import pytest

from tests.restaurant import Restaurant, restaurant, until


def assert_ledgers_agree(place: Restaurant) -> None:
    """Every charge has a receipt or was given back; every receipt has a charge; nothing is cooked twice."""
    returned = {line["transaction_id"] for line in place.effects("bank", "voided", "refunded")}
    charged = [line for line in place.effects("bank", "charged") if line["transaction_id"] not in returned]
    stands = sorted((line["order_id"], line["amount_kopecks"]) for line in charged)
    printed = sorted((line["order_id"], line["total_kopecks"]) for line in place.effects("fiscal", "receipt"))
    assert stands == printed
    assert len({order_id for order_id, _ in stands}) == len(stands)
    started = [(line["job_id"], line["attempt"]) for line in place.effects("robot", "started")]
    assert len(started) == len(set(started))


@pytest.mark.parametrize(
    ("token", "reason"), [("tok_declined", "do_not_honor"), ("tok_insufficient_funds", "insufficient_funds")]
)
async def test_3_3_declined_card_charges_nothing_and_another_card_may_try(
    place: Restaurant, token: str, reason: str
) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    declined = await guest.pay(order_id, token=token, key="k1")
    assert (declined.status, declined.code, declined.body["reason"]) == (402, "payment_declined", reason)
    assert (await guest.pay(order_id, token=token, key="k1")).body == declined.body
    order = await guest.look(order_id)
    assert (order["status"], order["payment"]["failure"]) == ("created", "payment_declined")
    assert (await guest.pay(order_id, key="k2")).status == 200
    assert len(place.effects("bank", "charged")) == 1
    assert_ledgers_agree(place)


async def test_3_3_bank_down_ends_with_an_error_and_nothing_charged(place: Restaurant) -> None:
    place.bank.faults.switch("down", on=True)
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    answer = await guest.pay(order_id, key="k1")
    assert (answer.status, answer.code) == (503, "bank_unavailable")
    assert (await guest.look(order_id))["status"] == "created"
    place.bank.faults.switch("down", on=False)

    async def paid() -> bool:
        return (await guest.pay(order_id, key="k1")).status == 200  # the same key: nothing had moved

    await until(paid)
    assert_ledgers_agree(place)


async def test_3_3_silent_bank_that_charged_is_asked_and_the_order_is_paid(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    answer = await guest.pay(order_id, token="tok_unknown")
    assert answer.status == 200, answer
    assert len(place.effects("bank", "charged")) == 1
    assert_ledgers_agree(place)


async def test_3_3_lost_answer_of_the_bank_charges_once(place: Restaurant) -> None:
    place.bank.faults.switch("lose_answer", on=True)
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    assert (await guest.pay(order_id)).status == 200
    assert len(place.effects("bank", "charged")) == 1
    assert_ledgers_agree(place)


@pytest.mark.parametrize("token", ["tok_lost", "tok_500"])
async def test_3_3_bank_that_never_charged_is_abandoned_with_the_order_free(place: Restaurant, token: str) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    answer = await guest.pay(order_id, token=token)
    assert (answer.status, answer.code) == (503, "bank_unavailable")
    assert place.effects("bank", "charged") == []
    assert (await guest.look(order_id))["status"] == "created"
    assert (await guest.pay(order_id)).status == 200
    assert_ledgers_agree(place)


async def test_3_3_unknown_outcome_is_202_and_the_payment_goes_on_without_the_customer() -> None:
    async with restaurant("[payment]\nanswer_within_s = 0.1") as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        answer = await guest.pay(order_id, token="tok_unknown", key="k1")
        assert (answer.status, answer.body["status"]) == (202, "paying")
        assert answer.headers["Location"] == f"/api/orders/{order_id}"
        await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
        assert (await guest.pay(order_id, token="tok_unknown", key="k1")).status == 200
        assert_ledgers_agree(place)


async def test_3_3_late_approval_of_an_abandoned_key_is_voided(place: Restaurant) -> None:
    place.bank.faults.switch("slow", {"seconds": 3.0})  # longer than the kiosk asks and waits
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    answer = await guest.pay(order_id, token="tok_lost")
    assert answer.status in (202, 503)
    place.bank.faults.switch("slow", on=False)
    await guest.until_status(order_id, "created")
    # the bank books the abandoned key after all
    place.bank._decide(f"{order_id}:1", order_id, 9900, "tok_ok")  # noqa: SLF001  # the device's own hand
    await until(lambda: place.effects("bank", "voided"))
    refunds = (await guest.look(order_id))["refunds"]
    assert [refund["reason"] for refund in refunds] == ["late_approval"]


async def test_3_4_printer_without_paper_stops_sales_before_money_moves(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    place.fiscal.faults.switch("paper_out", on=True)
    answer = await guest.pay(order_id)
    assert (answer.status, answer.code) == (503, "fiscal_unavailable")
    assert "refunded" not in answer.body
    assert place.ledger("bank") == []
    await place.until_paused("fiscal_no_paper")
    paused = await guest.call(
        "POST", "/api/orders/create", {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
    )
    assert (paused.status, paused.code, paused.body["reason"]) == (503, "sales_paused", "fiscal_no_paper")
    place.fiscal.faults.switch("paper_out", on=False)
    await place.until_open()
    assert (await guest.pay(order_id)).status == 200
    assert_ledgers_agree(place)


async def test_3_4_registrar_off_stops_sales_before_money_moves(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    place.fiscal.faults.switch("off", on=True)
    answer = await guest.pay(order_id)
    assert (answer.status, answer.code, answer.body["reason"]) == (503, "fiscal_unavailable", "fiscal_offline")
    assert place.ledger("bank") == []
    place.fiscal.faults.switch("off", on=False)
    await place.until_open()
    assert (await guest.pay(order_id)).status == 200
    assert_ledgers_agree(place)


async def test_3_4_receipt_proved_absent_after_the_charge_is_voided_and_said_so(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    answer = await guest.pay(order_id, key="k1")
    assert (answer.status, answer.code, answer.body["refunded"]) == (503, "fiscal_unavailable", True)
    assert (await guest.pay(order_id, key="k1")).body == answer.body
    order = await guest.look(order_id)
    assert order["status"] == "created"
    assert [(refund["kind"], refund["status"]) for refund in order["refunds"]] == [("void", "done")]
    assert len(place.effects("bank", "voided")) == 1
    assert_ledgers_agree(place)
    place.fiscal.faults.switch("refuse_tag", on=False)
    await place.until_open()
    assert (await guest.pay(order_id, key="k2")).status == 200
    assert_ledgers_agree(place)


@pytest.mark.parametrize("command", ["FF45", "FF46", "FF0C"])
async def test_3_4_lost_answer_of_the_registrar_prints_once(place: Restaurant, command: str) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    place.fiscal.faults.switch("lose_answer", {"after": command})
    answer = await guest.pay(order_id)
    assert answer.status == 200, answer
    assert len(place.effects("fiscal", "receipt")) == 1
    assert_ledgers_agree(place)


async def test_3_4_silent_registrar_after_the_charge_holds_then_cooks_and_the_receipt_follows() -> None:
    async with restaurant("[payment]\nanswer_within_s = 0.2") as place:
        place.bank.faults.switch("hold", on=True)
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        answer = await guest.pay(order_id, key="k1")
        assert answer.status == 202
        await until(lambda: place.is_charging(order_id))
        place.fiscal.faults.switch("off", on=True)  # the charge is under way: too late for the pre-flight
        place.bank.faults.switch("hold", on=False)
        await until(lambda: place.effects("bank", "charged"))
        held = await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
        assert held["receipt_unknown"] is True
        assert held["receipt"] is None
        assert held["payment"]["stage"] == "receipt_owed"
        place.fiscal.faults.switch("off", on=False)

        async def receipt_known() -> bool:
            return not (await guest.look(order_id))["receipt_unknown"]

        await until(receipt_known)
        assert (await guest.look(order_id))["receipt"] is not None
        assert (await guest.pay(order_id, key="k1")).status == 200
        await guest.until_status(order_id, "completed")
        assert place.effects("bank", "voided") == []
        assert_ledgers_agree(place)


async def test_3_2_ingredient_gone_between_cart_and_payment_moves_no_money(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    place.robot.faults.switch("bin_empty", {"bin": 23})

    async def sold_out() -> bool:
        rows = (await place.internal("GET", "/internal/menu/availability?item=tea")).body["items"]
        return not rows[0]["available"]

    await until(sold_out)
    answer = await guest.pay(order_id)
    assert (answer.status, answer.code) == (409, "ingredients_unavailable")
    assert [row["ingredient"] for row in answer.body["missing"]] == ["tea"]
    assert place.ledger("bank") == []
    refused = await guest.call(
        "POST", "/api/orders/create", {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
    )
    assert (refused.code, refused.body["items"]) == ("items_unavailable", [{"item_id": "tea", "reason": "sold_out"}])
    assert_ledgers_agree(place)


async def test_3_2_two_orders_race_for_the_last_portion_and_one_is_told_before_paying(place: Restaurant) -> None:
    row = next(row for row in place.kiosk.kitchen.now.bins if row.ingredient == "cake")
    guest, other = await place.guest(), await place.guest()
    first = await guest.order(("cake-strawberry", 1))
    second = await other.order(("cake-strawberry", 1))
    (bin_row,) = [r for r in await place.kiosk.devices.robot.bins() if r.bin == row.bin]
    await place.kiosk.devices.robot.set_bin(bin_row.bin, 1)

    async def known() -> bool:
        return any(r.ingredient == "cake" and r.level == 1 for r in place.kiosk.kitchen.now.bins)

    await until(known)
    answers = await asyncio.gather(guest.pay(first["order_id"]), other.pay(second["order_id"]))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(place.effects("bank", "charged")) == 1
    assert_ledgers_agree(place)


async def test_4_robot_off_pauses_sales_and_a_paid_order_waits_for_it(place: Restaurant) -> None:
    guest = await place.guest()
    paid, unpaid = await guest.order(("tea", 1)), await guest.order(("tea", 1))
    place.robot.faults.switch("link_lost", on=True)
    await place.until_paused("robot_offline")
    answer = await guest.pay(unpaid["order_id"])
    assert (answer.status, answer.code, answer.body["reason"]) == (503, "sales_paused", "robot_offline")
    place.robot.faults.switch("link_lost", on=False)
    await place.until_open()
    assert (await guest.pay(paid["order_id"])).status == 200
    await guest.until_status(paid["order_id"], "completed")
    assert_ledgers_agree(place)


async def test_4_robot_dies_with_the_order_in_its_table_and_the_meal_is_made_once(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    place.robot.faults.switch("power_cut", {"at": "after_store"})
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    ready = place.effects("robot", "ready")
    assert len(ready) == 1
    assert_ledgers_agree(place)


async def test_4_estop_stops_sales_until_a_person_acknowledges(place: Restaurant) -> None:
    place.robot.faults.switch("estop", on=True)
    await place.until_paused("robot_estop")
    pressed = await place.internal("POST", "/internal/robot/acknowledge")
    assert (pressed.status, pressed.code, pressed.body["reason"]) == (503, "device_unavailable", "wrong_state")
    place.robot.faults.switch("estop", on=False)
    await place.until_paused("robot_estop")  # released, still latched
    assert (await place.internal("POST", "/internal/robot/acknowledge")).status == 204
    await place.until_open()


async def test_4_estop_in_the_middle_of_a_meal_gives_back_what_was_begun_and_cooks_the_rest() -> None:
    async with restaurant(speed=20.0) as place:
        guest = await place.guest()
        begun = (await guest.order(("udon-chicken", 1)))["order_id"]
        assert (await guest.pay(begun)).status == 200
        await guest.until_status(begun, "cooking")
        place.robot.faults.switch("estop", on=True)
        await place.until_paused("robot_estop")
        later = await place.guest()
        assert (await guest.until_status(begun, "refunded"))["refunds"][0]["reason"] == "cooking_failed"
        place.robot.faults.switch("estop", on=False)
        assert (await place.internal("POST", "/internal/robot/acknowledge")).status == 204
        await place.until_open()
        fresh = (await later.order(("tea", 1)))["order_id"]
        assert (await later.pay(fresh)).status == 200
        await later.until_status(fresh, "completed")
        assert [line["order_id"] for line in place.effects("robot", "ready")] == [fresh]


async def test_2_sales_pause_when_the_promised_time_would_be_too_long() -> None:
    async with restaurant("[robot]\nmax_promise_s = 60") as place:
        guest = await place.guest()
        answer = await guest.call(
            "POST",
            "/api/orders/create",
            {"items": [{"item_id": "udon-chicken", "quantity": 8}], "service": "dine_in"},
        )
        assert (answer.status, answer.code, answer.body["reason"]) == (503, "sales_paused", "queue_too_long")
