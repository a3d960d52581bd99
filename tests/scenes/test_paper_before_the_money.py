"""The receipt comes before the money (54-FZ art. 1.2 p. 5.11): it is paid for, or taken back once nobody will
(payment.md#paper-before-the-money)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.restaurant import Customer, Restaurant, restaurant, until

WAYS = '[payment]\nmethods = ["token", "sbp"]\n'
FIRST = WAYS + '[fiscal]\nreceipt = "before_payment"\n'
SOLD = ("paid", "cooking", "ready", "completed")


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
    """What the drive registered, in its order."""
    return [row["effect"] for row in place.effects("fiscal", "receipt", "refund_receipt", "correction")]


async def listed(place: Restaurant, kind: str) -> dict[str, Any] | None:
    rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    return next((row for row in rows if row["kind"] == kind), None)


async def assert_books_agree(place: Restaurant) -> None:
    found = (await place.internal("GET", "/internal/audit")).body
    assert (found["mismatches"], found["skipped"]) == ([], []), found


async def test_a_token_is_charged_after_its_receipt_and_that_receipt_is_the_orders(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay(order_id, key="k1")
    assert (answer.status, answer.body["status"]) == (200, "paid"), answer
    assert papers(place) == ["receipt"]
    printed, charged = place.effects("fiscal", "receipt")[0]["at"], place.effects("bank", "charged")[0]["at"]
    assert printed < charged
    order = await guest.until_status(order_id, *SOLD)
    assert order["receipt"]["qr"] == answer.body["receipt"]["qr"]
    await assert_books_agree(place)


async def test_a_declined_token_is_answered_once_its_receipt_is_taken_back(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay(order_id, "tok_declined", key="k1")
    assert (answer.status, answer.code) == (402, "payment_declined"), answer
    assert papers(place) == ["receipt", "refund_receipt"]
    order = await guest.look(order_id)
    assert (order["status"], order["receipt"], order["refunds"]) == ("created", None, [])
    assert (await guest.pay(order_id, "tok_declined", key="k1")).status == 402
    assert papers(place) == ["receipt", "refund_receipt"]
    await assert_books_agree(place)


async def test_another_card_after_a_refusal_gets_a_receipt_of_its_own(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    await guest.pay(order_id, "tok_declined")
    paid = await guest.pay(order_id)
    assert paid.status == 200, paid
    assert papers(place) == ["receipt", "refund_receipt", "receipt"]
    order = await guest.until_status(order_id, *SOLD)
    assert order["receipt"]["fiscal_document_number"] == paid.body["receipt"]["fiscal_document_number"]
    await assert_books_agree(place)


async def test_a_code_is_shown_after_its_receipt_and_paid(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay_by("sbp", order_id, key="k1")
    assert (answer.status, answer.body["show"]["kind"]) == (202, "qr"), answer
    assert papers(place) == ["receipt"]
    await guest.until_status(order_id, *SOLD)
    assert papers(place) == ["receipt"]
    await assert_books_agree(place)


async def test_a_code_that_the_guest_cancels_is_closed_at_the_bank_before_the_return_receipt(place: Restaurant) -> None:
    place.qr_bank.faults.switch("nobody_pays")
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id, key="k1")
    assert papers(place) == ["receipt"]
    assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).status == 202
    await guest.until_status(order_id, "created")
    assert papers(place) == ["receipt", "refund_receipt"]
    assert (await guest.pay_by("sbp", order_id, key="k1")).body["reason"] == "cancelled"
    await assert_books_agree(place)


async def test_a_code_that_expires_gets_its_return_receipt() -> None:
    text = FIRST + "[sbp]\nscreen_s = 1\npoll_s = 0.1\n"
    async with restaurant(text) as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id = await tea(place)
        await guest.pay_by("sbp", order_id, key="k1")
        order = await guest.until_status(order_id, "created")
        assert order["payment"]["reason"] == "code_expired"
        assert papers(place) == ["receipt", "refund_receipt"]


async def test_without_paper_no_money_is_asked_for(place: Restaurant) -> None:
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    guest, order_id = await tea(place)
    answer = await guest.pay(order_id, key="k1")
    assert (answer.status, answer.code, answer.body.get("refunded")) == (503, "fiscal_unavailable", None), answer
    assert (papers(place), place.ledger("bank")) == ([], [])
    assert (await guest.look(order_id))["status"] == "created"
    await assert_books_agree(place)


async def test_a_lost_answer_of_the_registrar_prints_each_of_both_once(place: Restaurant) -> None:
    place.fiscal.faults.switch("lose_answer", {"after": "close_receipt"})
    guest, order_id = await tea(place)
    answer = await guest.pay(order_id, "tok_declined", key="k1")
    assert answer.status == 402, answer
    assert papers(place) == ["receipt", "refund_receipt"]


async def test_while_the_money_is_in_doubt_no_return_receipt_is_printed_and_a_person_may_end_it() -> None:
    """The bank knows nothing of the key, and may still come to know: a refund receipt could stand beside money."""
    async with restaurant(FIRST, stuck_after_s=0.2) as place:
        guest, order_id = await tea(place)
        answer = await guest.pay(order_id, "tok_500", key="k1")
        assert (answer.status, answer.code) == (503, "bank_unavailable"), answer
        row = await until(lambda: listed(place, "charge_uncertain"))
        assert (row["stuck_id"], row["money"]) == (f"{order_id}-1", "unknown")
        assert papers(place) == ["receipt"]
        assert (await guest.look(order_id))["status"] == "created"
        moved = await place.internal("POST", f"/internal/stuck/{order_id}-1", {"move": "accept"})
        assert moved.status == 200, moved
        await until(lambda: papers(place) == ["receipt", "refund_receipt"])

        async def closed() -> bool:
            return bool((await guest.look(order_id))["payment"]["stage"] == "closed")

        await until(closed)
        await assert_books_agree(place)


async def test_who_plays_costs_no_roll(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    for _ in range(3):
        assert (await guest.pay(order_id, "tok_declined")).status == 402
    answer = await guest.pay(order_id, "tok_declined")
    assert (answer.status, answer.body["reason"]) == (503, "paper_spent"), answer
    assert papers(place) == ["receipt", "refund_receipt"] * 3
    other, other_id = await tea(place)
    assert (await other.pay(other_id)).status == 200


async def test_of_all_visitors_only_so_many_in_an_hour() -> None:
    async with restaurant(FIRST + "unpaid_per_hour = 2\n") as place:
        for _ in range(2):
            guest, order_id = await tea(place)
            assert (await guest.pay(order_id, "tok_declined")).status == 402
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id)).body["reason"] == "paper_spent"


async def test_one_way_alone_may_want_its_receipt_first() -> None:
    async with restaurant(WAYS + '[payment.receipt]\nsbp = "before_payment"\n') as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id = await tea(place)
        await guest.pay_by("sbp", order_id)
        assert papers(place) == ["receipt"]
        other, other_id = await tea(place)
        assert (await other.pay(other_id, "tok_declined")).status == 402
        assert papers(place) == ["receipt"]


async def test_a_refusal_may_be_followed_by_a_correction() -> None:
    async with restaurant(FIRST + 'on_refusal = "correction"\n') as place:
        guest, order_id = await tea(place)
        assert (await guest.pay(order_id, "tok_declined")).status == 402
        assert papers(place) == ["receipt", "correction"]


async def test_a_receipt_that_cannot_be_taken_back_yet_is_seen_by_staff_and_comes_by_itself() -> None:
    async with restaurant(FIRST, stuck_after_s=0.2) as place:
        await taken_back_late(place)


async def taken_back_late(place: Restaurant) -> None:
    place.qr_bank.faults.switch("nobody_pays")
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id, key="k1")
    place.fiscal.faults.switch("paper_out")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")

    row = await until(lambda: listed(place, "paper_unpaid"))
    assert (row["stuck_id"], row["money"]) == (f"{order_id}-1", "none")
    assert (await guest.look(order_id))["payment"]["stage"] == "taking_back"
    place.fiscal.faults.switch("paper_out", on=False)
    await guest.until_status(order_id, "created")
    assert papers(place) == ["receipt", "refund_receipt"]


async def test_a_card_at_the_reader_has_its_receipt_between_the_hold_and_the_money() -> None:
    text = '[payment]\nmethods = ["token", "terminal"]\n[fiscal]\nreceipt = "before_payment"\n'
    async with restaurant(text) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id, key="k1")
        await guest.until_status(order_id, *SOLD)
        held, captured = (row["at"] for row in place.ledger("terminal"))
        assert held < place.effects("fiscal", "receipt")[0]["at"] < captured
        place.reader.faults.switch("decline")
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await guest.until_status(order_id, "created")
        assert papers(place) == ["receipt"]


@pytest.mark.parametrize("fault", ["reject", "expire"])
async def test_a_code_that_was_not_paid_takes_the_receipt_back(quiet: Restaurant, fault: str) -> None:
    guest, order_id = await shown(quiet)
    quiet.qr_bank.faults.switch(fault)
    await guest.until_status(order_id, "created")
    assert papers(quiet) == ["receipt", "refund_receipt"]
    await assert_books_agree(quiet)


async def test_what_is_paid_in_the_moment_of_the_cancel_goes_back_with_its_receipt(quiet: Restaurant) -> None:
    guest, order_id = await shown(quiet)
    quiet.qr_bank.faults.switch("pay_during_cancel")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, "created")
    assert [row["effect"] for row in quiet.ledger("sbp")] == ["charged", "refunded"]
    assert papers(quiet) == ["receipt", "refund_receipt"]
    await assert_books_agree(quiet)


async def test_a_return_receipt_waits_for_the_registrar_and_is_printed_once() -> None:
    async with restaurant(FIRST, stuck_after_s=0.2) as quiet:
        await returned_after_a_restart(quiet)


async def returned_after_a_restart(quiet: Restaurant) -> None:
    quiet.qr_bank.faults.switch("nobody_pays")
    guest, order_id = await shown(quiet)
    quiet.fiscal.faults.switch("off")
    quiet.qr_bank.faults.switch("reject")

    async def waits() -> bool:
        rows = (await quiet.internal("GET", "/internal/stuck")).body["stuck"]
        return [row["kind"] for row in rows if row["order_id"] == order_id] == ["paper_unpaid"]

    await until(waits)
    await quiet.restart(stuck_after_s=0.2)
    quiet.fiscal.faults.switch("off", on=False)
    await guest.until_status(order_id, "created")
    assert papers(quiet) == ["receipt", "refund_receipt"]


async def test_money_that_comes_after_an_attempt_was_given_up_goes_back_and_its_receipt_too(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    assert (await guest.pay(order_id, "tok_lost")).status in (202, 503)
    await guest.until_status(order_id, "created")
    assert papers(place) == ["receipt"]
    # the bank books the abandoned key after all
    place.bank._decide(f"{order_id}:1", order_id, 9900, "tok_ok")  # noqa: SLF001  # the device's own hand
    await until(lambda: papers(place) == ["receipt", "refund_receipt"])
    assert len(place.effects("bank", "voided")) == 1

    async def over() -> bool:
        return bool((await guest.look(order_id))["payment"]["stage"] == "reversed")

    await until(over)
    await assert_books_agree(place)
