"""The receipt comes before the money: printed first, taken back after a final no and never before it
(payment.md#paper-before-the-money)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.restaurant import Customer, Restaurant, restaurant, until

FIRST = '[fiscal]\nreceipt = "before_payment"\n[payment]\nmethods = ["token", "sbp"]\n'
AMOUNT = 9900
SOLD = ("paid", "cooking", "ready", "completed")
RECEIPTS = ("receipt", "refund_receipt", "correction")


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant(FIRST) as found:
        yield found


@pytest.fixture
async def quiet() -> AsyncIterator[Restaurant]:
    """Nobody pays a code unless told."""
    async with restaurant(FIRST) as found:
        found.qr_bank.faults.switch("nobody_pays")
        yield found


async def tea(place: Restaurant) -> tuple[Customer, str]:
    guest = await place.guest()
    return guest, str((await guest.order(("tea", 1)))["order_id"])


async def shown(place: Restaurant) -> tuple[Customer, str]:
    """A guest before the code, the receipt in the hand."""
    guest, order_id = await tea(place)
    answer = await guest.pay_by("sbp", order_id, key="k1")
    assert (answer.status, answer.body["show"]["kind"]) == (202, "qr"), answer
    assert papers(place) == ["receipt"]
    return guest, order_id


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.effects("fiscal", *RECEIPTS)]


def moved(place: Restaurant, device: str) -> list[str]:
    return [row["effect"] for row in place.ledger(device)]


async def whole(place: Restaurant) -> None:
    """Nothing is found by any audit, and nothing waits for a person."""
    audit = (await place.internal("GET", "/internal/audit")).body
    assert audit["mismatches"] == []
    assert (await place.internal("GET", "/internal/stuck")).body["stuck"] == []


async def test_by_a_token_the_receipt_is_printed_and_then_the_money_asked_for(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay(order_id, key="k1")
    assert (answer.status, answer.body["status"]) == (200, "paid")
    receipt, charge = place.effects("fiscal", "receipt"), place.ledger("bank")
    assert [row["total_kopecks"] for row in receipt] == [AMOUNT]
    assert [row["effect"] for row in charge] == ["charged"]
    assert receipt[0]["at"] < charge[0]["at"]
    assert (await guest.pay(order_id, key="k1")).body == answer.body
    await whole(place)


async def test_by_a_code_the_receipt_is_printed_before_the_code_is_shown(quiet: Restaurant) -> None:
    guest, order_id = await shown(quiet)
    quiet.qr_bank.faults.switch("pay")
    await guest.until_status(order_id, *SOLD)
    assert (papers(quiet), moved(quiet, "sbp")) == (["receipt"], ["charged"])
    await whole(quiet)


async def test_a_declined_card_takes_the_receipt_back_and_another_card_gets_its_own(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    refused = await guest.pay(order_id, "tok_declined", key="k1")
    assert (refused.status, refused.code) == (402, "payment_declined")
    assert papers(place) == ["receipt", "refund_receipt"]
    assert (await guest.pay(order_id, "tok_declined", key="k1")).body == refused.body
    assert (await guest.look(order_id))["receipt"] is None
    assert (await guest.pay(order_id)).status == 200
    assert papers(place) == ["receipt", "refund_receipt", "receipt"]
    await whole(place)


async def test_where_the_settings_want_it_a_correction_takes_the_receipt_back() -> None:
    async with restaurant(FIRST.replace("[payment]", 'on_refusal = "correction"\n[payment]')) as place:
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id, "tok_declined")).status == 402
        assert papers(place) == ["receipt", "correction"]
        await whole(place)


@pytest.mark.parametrize("fault", ["reject", "expire"])
async def test_a_code_that_was_not_paid_takes_the_receipt_back(quiet: Restaurant, fault: str) -> None:
    guest, order_id = await shown(quiet)
    quiet.qr_bank.faults.switch(fault)
    await guest.until_status(order_id, "created")
    assert papers(quiet) == ["receipt", "refund_receipt"]
    await whole(quiet)


async def test_a_guest_who_cancels_gets_the_return_receipt_once_the_bank_has_ended_the_bill(quiet: Restaurant) -> None:
    guest, order_id = await shown(quiet)
    assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).status == 202
    order = await guest.until_status(order_id, "created")
    assert order["payment"]["reason"] == "cancelled"
    assert papers(quiet) == ["receipt", "refund_receipt"]
    await whole(quiet)


async def test_what_is_paid_in_the_moment_of_the_cancel_goes_back_with_its_receipt(quiet: Restaurant) -> None:
    guest, order_id = await shown(quiet)
    quiet.qr_bank.faults.switch("pay_during_cancel")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, "created")
    assert moved(quiet, "sbp") == ["charged", "refunded"]
    assert papers(quiet) == ["receipt", "refund_receipt"]
    await whole(quiet)


async def test_an_unknown_outcome_takes_no_receipt_back_before_the_final_no(place: Restaurant) -> None:
    """The request is lost; the attempt is given up and stays under inquiry, its paper an open matter of staff."""
    guest, order_id = await tea(place)
    answer = await guest.pay(order_id, "tok_lost")
    assert (answer.status, answer.code) == (503, "bank_unavailable")
    assert papers(place) == ["receipt"]

    async def waits() -> Any:
        rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
        return next((row for row in rows if row["order_id"] == order_id), None)

    row = await until(waits)
    assert (row["kind"], papers(place)) == ("charge_uncertain", ["receipt"])
    told = await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "accept"})
    assert told.status < 300, told
    await until(lambda: papers(place) == ["receipt", "refund_receipt"])

    async def empty() -> bool:
        return not (await place.internal("GET", "/internal/stuck")).body["stuck"]

    await until(empty)
    await whole(place)


async def test_a_receipt_that_cannot_be_printed_asks_for_no_money(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    place.fiscal.faults.switch("refuse_tag", tag=1192)
    answer = await guest.pay(order_id)
    assert (answer.status, answer.code) == (503, "fiscal_unavailable")
    assert "refunded" not in answer.body
    assert (papers(place), place.ledger("bank")) == ([], [])


async def test_a_bank_that_is_away_takes_the_receipt_back(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    place.qr_bank.faults.switch("off")
    answer = await guest.pay_by("sbp", order_id)
    assert (answer.status, answer.code) == (503, "payment_method_unavailable")
    assert papers(place) in ([], ["receipt", "refund_receipt"])
    assert (await guest.look(order_id))["status"] == "created"


async def test_a_return_receipt_waits_for_the_registrar_and_is_printed_once(quiet: Restaurant) -> None:
    guest, order_id = await shown(quiet)
    quiet.fiscal.faults.switch("off")
    quiet.qr_bank.faults.switch("reject")

    async def waits() -> bool:
        rows = (await quiet.internal("GET", "/internal/stuck")).body["stuck"]
        return [row["kind"] for row in rows if row["order_id"] == order_id] == ["paper_unpaid"]

    await until(waits)
    await quiet.restart()
    quiet.fiscal.faults.switch("off", on=False)
    await guest.until_status(order_id, "created")
    assert papers(quiet) == ["receipt", "refund_receipt"]


async def test_who_plays_with_the_receipts_is_told_why_no_more_are_printed() -> None:
    async with restaurant(FIRST.replace("[payment]", "unpaid_per_visitor = 1\n[payment]")) as place:
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id, "tok_declined")).status == 402
        answer = await guest.pay(order_id, "tok_declined")
        assert (answer.status, answer.body["reason"]) == (503, "paper_spent")
        assert papers(place) == ["receipt", "refund_receipt"]
        other, second = await tea(place)
        assert (await other.pay(second)).status == 200


async def test_only_the_ways_that_are_named_print_first() -> None:
    text = '[payment]\nmethods = ["token", "sbp"]\n[payment.receipt]\nsbp = "before_payment"\n'
    async with restaurant(text) as place:
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id, "tok_declined")).status == 402
        assert papers(place) == []
        place.qr_bank.faults.switch("nobody_pays")
        await guest.pay_by("sbp", order_id)
        assert papers(place) == ["receipt"]
