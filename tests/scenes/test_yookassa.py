"""The card's token at YooKassa: held, then the receipt, then taken; each change once (protocols/yookassa.md)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.clocks import PassingClock
from tests.restaurant import Customer, Restaurant, restaurant, until

SHOP = '[bank]\ndriver = "yookassa"\n'
AMOUNT = 9900
SOLD = ("paid", "cooking", "ready", "completed")


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant(SHOP) as found:
        yield found


async def tea(place: Restaurant) -> tuple[Customer, str]:
    guest = await place.guest()
    return guest, str((await guest.order(("tea", 1)))["order_id"])


def moved(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("bank")]


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.effects("fiscal", "receipt", "refund_receipt", "correction")]


async def assert_books_agree(place: Restaurant) -> None:
    found = (await place.internal("GET", "/internal/audit")).body
    assert (found["mismatches"], found["skipped"]) == ([], []), found
    report = (await place.internal("POST", "/internal/shift/report")).body
    assert report["differences"] == []


async def test_the_money_is_held_the_receipt_printed_then_the_money_taken(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay(order_id, key="k1")
    assert (answer.status, answer.body["status"]) == (200, "paid")
    assert moved(place) == ["held", "captured"]
    held, captured = (row["at"] for row in place.ledger("bank"))
    assert held < place.effects("fiscal", "receipt")[0]["at"] < captured
    assert (await guest.pay(order_id, key="k1")).body == answer.body
    report = (await place.internal("POST", "/internal/shift/report")).body
    assert report["differences"] == []
    audit = (await place.internal("GET", "/internal/audit")).body
    assert (audit["mismatches"], audit["skipped"]) == ([], [])


async def test_in_one_stage_it_is_charged_at_once() -> None:
    async with restaurant(f"{SHOP}hold = false\n") as place:
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id)).status == 200
        assert moved(place) == ["charged"]


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_declined", "general_decline"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_3ds", "confirmation_required"),
        ("no_token_of_theirs", "invalid_request"),
    ],
)
async def test_a_refusal_is_final_and_another_card_pays(place: Restaurant, token: str, reason: str) -> None:
    guest, order_id = await tea(place)
    refused = await guest.pay(order_id, token)
    assert (refused.status, refused.body["reason"]) == (402, reason)
    assert (await guest.pay(order_id)).status == 200
    assert [word for word in moved(place) if word != "declined"] == ["held", "captured"]


async def test_a_charge_whose_answer_is_lost_is_asked_for_and_taken_once(place: Restaurant) -> None:
    place.bank.faults.switch("lose_answer")
    guest, order_id = await tea(place)
    await guest.pay(order_id)
    await guest.until_status(order_id, *SOLD)
    assert moved(place) == ["held", "captured"]


async def test_a_failure_of_the_bank_itself_is_tried_under_the_same_key_and_charges_nothing(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    await guest.pay(order_id, "tok_500", key="k1")
    order = await guest.until_status(order_id, "created")
    assert order["payment"]["stage"] in ("abandoned", "closed", "refused")
    assert moved(place) == []


async def test_no_receipt_lets_the_held_money_go() -> None:
    async with restaurant(f"{SHOP}[terminal]\nfin_within_s = 0.5") as place:
        place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
        guest, order_id = await tea(place)
        refused = await guest.pay(order_id)
        assert (refused.status, refused.body["refunded"]) == (503, True)
        assert moved(place) == ["held", "released"]


@pytest.mark.parametrize("quantity", [1, 2])
async def test_a_refund_goes_back_by_the_bank_once_whole_or_in_part(place: Restaurant, quantity: int) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 2)))["order_id"]
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    place.bank.faults.switch("lose_answer")
    body: dict[str, Any] = {"reason": "холодный", "items": [{"item_id": "tea", "quantity": quantity}]}
    assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202
    await until(lambda: place.effects("fiscal", "refund_receipt"))
    back = place.effects("bank", "refunded")
    assert [row["amount_kopecks"] for row in back] == [AMOUNT * quantity]


async def stuck_row(place: Restaurant, kind: str, detail: str) -> dict[str, Any] | None:
    rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    return next((row for row in rows if (row["kind"], row["detail"]) == (kind, detail)), None)


async def test_a_refund_that_the_bank_refuses_by_a_code_of_its_own_ends_by_a_persons_word() -> None:
    async with restaurant(SHOP, stuck_after_s=0.0) as place:
        guest, order_id = await tea(place)
        paid = await guest.pay(order_id)
        await guest.until_status(order_id, "completed")
        # Somebody gives it back in the bank's own cabinet.
        back = {"payment_id": paid.body["transaction_id"], "amount": {"value": "99.00", "currency": "RUB"}}
        headers = {"Idempotence-Key": "by-hand", "Authorization": "Basic x"}
        async with place.client.post(f"{place.bank.url}/refunds", json=back, headers=headers) as answer:
            assert answer.status == 200
        await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "остыл"})
        row = await until(lambda: stuck_row(place, "refund_pending", "bank:refused"))
        assert row["moves"] == ["retry", "accept"]
        assert (await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "accept"})).status == 200
        await until(lambda: place.effects("fiscal", "refund_receipt"))
        assert [line["key"] for line in place.effects("bank", "refunded")] == ["by-hand"]


async def test_a_hold_that_the_bank_ended_for_a_reason_of_its_own_is_no_money_to_give_back() -> None:
    clock = PassingClock()
    extra = "[payment]\nanswer_within_s = 0.2\nreceipt_retry_s = 3"
    async with restaurant(f"{SHOP}{extra}", clock=clock) as place:
        place.bank.faults.switch("hold")
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id)).status == 202
        await until(lambda: place.is_charging(order_id))
        place.fiscal.faults.switch("cover_open")  # after the pre-flight: the receipt is refused
        place.bank.faults.switch("hold", on=False)
        await until(lambda: place.effects("bank", "held"))
        place.bank.faults.switch("end_holds", {"reason": "fraud_suspected"})

        async def delayed() -> bool:
            order = (await place.internal("GET", f"/internal/orders/{order_id}")).body
            return bool(order["payment"]["stage"] == "receipt_delayed")

        await until(delayed)
        clock.jump(30)  # so long the money is held without a receipt
        await guest.until_status(order_id, "created")
        assert moved(place) == ["held", "released"]
        assert place.effects("fiscal", "receipt") == []


@pytest.mark.parametrize("order", ["after_payment", "before_payment"])
async def test_a_capture_that_comes_too_late_takes_its_receipt_back_and_the_order_may_be_paid_again(order: str) -> None:
    async with restaurant(f'{SHOP}[fiscal]\nreceipt = "{order}"\n') as place:
        place.bank.faults.switch("end_at_capture", {"reason": "expired_on_capture"})
        guest, order_id = await tea(place)
        refused = await guest.pay(order_id, key="k1")
        assert (refused.status, refused.code, refused.body["reason"]) == (402, "payment_declined", "hold_ended")
        assert (moved(place), papers(place)) == (["held", "released"], ["receipt", "refund_receipt"])
        order_now = await guest.look(order_id)
        assert (order_now["status"], order_now["receipt"], order_now["refunds"]) == ("created", None, [])
        assert (await guest.pay(order_id, key="k1")).body == refused.body
        assert place.effects("robot", "started") == []

        place.bank.faults.switch("end_at_capture", on=False)
        assert (await guest.pay(order_id)).status == 200
        assert moved(place) == ["held", "released", "held", "captured"]
        assert papers(place) == ["receipt", "refund_receipt", "receipt"]
        await assert_books_agree(place)


async def test_a_capture_that_comes_too_late_may_be_followed_by_a_correction() -> None:
    async with restaurant(f'{SHOP}[fiscal]\non_refusal = "correction"\n') as place:
        place.bank.faults.switch("end_at_capture", {"reason": "expired_on_capture"})
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id)).status == 402
        assert papers(place) == ["receipt", "correction"]


async def test_a_refused_capture_of_what_is_still_held_is_no_last_word() -> None:
    async with restaurant(SHOP + "[payment]\nanswer_within_s = 0.2\n", stuck_after_s=0.2) as place:
        place.bank.faults.switch("refuse_captures")
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id)).status == 202
        row = await until(lambda: stuck_row(place, "capture_uncertain", "bank:not_captured"))
        assert (row["money"], row["moves"]) == ("unknown", ["retry", "refund", "accept"])
        assert (moved(place), papers(place)) == (["held"], ["receipt"])
        place.bank.faults.switch("refuse_captures", on=False)
        await guest.until_status(order_id, *SOLD)
        assert (moved(place), papers(place)) == (["held", "captured"], ["receipt"])
        await assert_books_agree(place)


async def test_a_capture_that_comes_too_late_while_the_registrar_is_silent_prints_nothing_new() -> None:
    """The money was to be taken unseen; its bank let it go; the receipt that nobody could see was never printed."""
    text = f"{SHOP}[terminal]\nfin_within_s = 0.3\n[payment]\nanswer_within_s = 0.2\n"
    async with restaurant(text) as place:
        place.bank.faults.switch("end_at_capture", {"reason": "expired_on_capture"})
        place.bank.faults.switch("hold")
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id)).status == 202
        await until(lambda: place.is_charging(order_id))
        place.fiscal.faults.switch("off")
        place.bank.faults.switch("hold", on=False)
        await until(lambda: moved(place) == ["held", "released"])
        assert (await guest.look(order_id))["status"] == "paying"
        place.fiscal.faults.switch("off", on=False)
        await guest.until_status(order_id, "created")
        assert (moved(place), papers(place)) == (["held", "released"], [])
        assert place.effects("robot", "started") == []
        await assert_books_agree(place)


async def test_a_bank_that_takes_no_charge_of_this_shop_is_closed_after_three_guests(place: Restaurant) -> None:
    place.bank.faults.switch("refuse_charges", {"status": 400})
    for _ in range(3):
        guest, order_id = await tea(place)
        refused = await guest.pay(order_id)
        assert (refused.status, refused.body["reason"]) == (402, "invalid_request")

    async def closed() -> bool:
        rows = (await place.call("GET", "/api/restaurant")).body["payment_methods"]
        return any((row["method"], row["reason"]) == ("token", "bank_down") for row in rows)

    await until(closed)
    assert moved(place) == []


async def test_a_wrong_address_is_a_bank_that_is_away_and_no_decline(place: Restaurant) -> None:
    place.bank.faults.switch("refuse_charges", {"status": 404})
    guest, order_id = await tea(place)
    refused = await guest.pay(order_id)
    assert (refused.status, refused.code) == (503, "bank_unavailable")
    place.bank.faults.switch("refuse_charges", on=False)
    assert (await guest.pay(order_id)).status == 200


async def test_a_refund_from_an_empty_account_goes_back_as_soon_as_there_is_money() -> None:
    async with restaurant(SHOP, stuck_after_s=0.0) as place:
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id)).status == 200
        await guest.until_status(order_id, "completed")
        place.bank.faults.switch("cancel_refunds")
        await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "остыл"})
        row = await until(lambda: stuck_row(place, "refund_pending", "bank:refused"))
        place.bank.faults.switch("cancel_refunds", on=False)
        await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "retry"})
        await guest.until_status(order_id, "refunded")
        assert [line["amount_kopecks"] for line in place.effects("bank", "refunded")] == [AMOUNT]
