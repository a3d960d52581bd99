"""A guest pays by a QR code of Raiffeisen's: unlike at the other bank each return has a name of its own, so that parts
go back by it, and a cancel never moves money (payment.md#by-qr-code)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.sim.qr_bank import QrRules
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_qr_payments import AMOUNT, SOLD, bill, moved, shown, stuck_row, tea
from tests.scenes.test_restore import backed_up, put_back

QR = '[payment]\nmethods = ["token", "sbp", "till"]\n[sbp]\ndriver = "raif"\n'
PAPER_FIRST = f'{QR}[payment.receipt]\nsbp = "before_payment"\n'


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant(QR) as found:
        yield found


@pytest.fixture
async def quiet() -> AsyncIterator[Restaurant]:
    """Nobody pays unless told."""
    async with restaurant(QR) as found:
        found.qr_bank.faults.switch("nobody_pays")
        yield found


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("fiscal") if "receipt" in row["effect"]]


def returns(place: Restaurant) -> list[tuple[str, int, str]]:
    """At the bank: name, kopecks, state."""
    rows = place.qr_bank.state()["refunds"]
    return [(row["id"], row["amount_kopecks"], row["state"]) for row in rows]


async def refunded(place: Restaurant, order_id: str, items: list[dict[str, Any]] | None = None) -> str:
    body = {"reason": "холодный", **({} if items is None else {"items": items})}
    answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", body)
    assert answer.status == 202, answer
    return str(answer.body["refund_id"])


async def test_a_guest_scans_the_code_pays_and_gets_one_receipt_and_the_meal(place: Restaurant) -> None:
    guest, order_id, show = await shown(place)
    assert show["qr"] == bill(place)["qr"]
    assert bill(place)["id"] == f"{order_id}-1"
    order = await guest.until_status(order_id, *SOLD)
    assert moved(place) == ["charged"]
    assert order["payment"]["transaction_id"] == str(bill(place)["transaction"])
    assert [row["total_kopecks"] for row in place.effects("fiscal", "receipt")] == [AMOUNT]
    again = await guest.pay_by("sbp", order_id, key="k1")
    assert (again.status, again.body["status"]) == (200, "paid")


async def test_where_the_paper_comes_first_the_code_is_shown_after_it_and_a_final_no_takes_it_back() -> None:
    async with restaurant(f"{PAPER_FIRST}") as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id = await tea(place)
        await guest.pay_by("sbp", order_id, key="k1")

        async def is_shown() -> bool:
            return bool(((await guest.look(order_id))["payment"] or {}).get("show"))

        await until(is_shown)
        assert papers(place) == ["receipt"]
        await guest.call("DELETE", f"/api/orders/{order_id}/payment")
        await guest.until_status(order_id, "created")
        assert papers(place) == ["receipt", "refund_receipt"]
        place.qr_bank.faults.switch("nobody_pays", on=False)
        await guest.pay_by("sbp", order_id, key="k2")
        await guest.until_status(order_id, *SOLD)
        assert (papers(place), moved(place)) == (["receipt", "refund_receipt", "receipt"], ["declined", "charged"])


async def test_a_code_that_nobody_paid_is_cancelled_at_the_bank_and_another_way_is_open() -> None:
    async with restaurant(f"{QR}screen_s = 0.5\n") as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id, _ = await shown(place)
        order = await guest.until_status(order_id, "created")
        assert (order["payment"]["reason"], bill(place)["state"]) == ("code_expired", "CANCELLED")
        assert (await guest.pay(order_id)).status == 200


async def test_a_code_whose_day_has_passed_at_the_bank_is_a_refusal(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("expire")
    order = await guest.until_status(order_id, "created")
    assert order["payment"]["reason"] == "code_expired"


async def test_a_payment_that_the_payers_bank_refuses_leaves_the_code_for_another_try(quiet: Restaurant) -> None:
    guest, order_id, show = await shown(quiet)
    quiet.qr_bank.faults.switch("reject")
    assert (await guest.look(order_id))["payment"]["show"] == show
    quiet.qr_bank.faults.switch("pay")
    await guest.until_status(order_id, *SOLD)
    assert moved(quiet) == ["charged"]


async def test_what_is_paid_in_the_moment_of_the_cancel_is_the_orders(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("pay_during_cancel")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, *SOLD)
    assert (moved(quiet), papers(quiet)) == (["charged"], ["receipt"])


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_is_being_paid_is_no_final_no_whatever_its_order_is_called(
    quiet: Restaurant, cancelled: bool
) -> None:
    for fault in ("in_transfer", *(["cancels_in_transfer"] if cancelled else [])):
        quiet.qr_bank.faults.switch(fault)
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("pay")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")

    async def no_code() -> bool:
        order = await guest.look(order_id)
        return order["status"] == "paying" and order["payment"]["show"] is None

    await until(no_code)
    assert (await guest.pay_by("till", order_id)).code == "payment_in_progress"
    await until(lambda: moved(quiet) == (["declined"] if cancelled else []))  # the cancel has come to the bank
    quiet.qr_bank.faults.switch("in_transfer", on=False)
    await guest.until_status(order_id, *SOLD)
    assert moved(quiet) == [*(["declined"] if cancelled else []), "charged"]


async def test_money_that_comes_after_staff_gave_the_payment_up_goes_back_by_itself() -> None:
    async with restaurant(f"{QR}screen_s = 0.6\n", stuck_after_s=0.2) as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id, _ = await shown(place)
        place.qr_bank.faults.switch("in_transfer")
        place.qr_bank.faults.switch("pay")
        payment_id = f"{order_id}-1"
        await until(lambda: stuck_row(place, payment_id, "charge_unknown"))
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "refund"})
        await guest.until_status(order_id, "cancelled")
        place.qr_bank.faults.switch("in_transfer", on=False)
        await until(lambda: moved(place) == ["charged", "refunded"])
        assert returns(place) == [(f"{payment_id}-void", AMOUNT, "COMPLETED")]

        async def settled() -> bool:
            return not (await place.internal("GET", "/internal/stuck")).body["stuck"]

        await until(settled)
        assert papers(place) == []


async def test_no_receipt_sends_the_money_back_by_itself(place: Restaurant) -> None:
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id, key="k1")
    await guest.until_status(order_id, "created")
    assert moved(place) == ["charged", "refunded"]
    stored = await guest.pay_by("sbp", order_id, key="k1")
    assert (stored.status, stored.body["refunded"]) == (503, True)
    assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


@pytest.mark.parametrize("call", ["link", "order", "status", "payment-info"])
@pytest.mark.parametrize(("fault", "member"), [("lose_answer", "after"), ("lose_request", "of")])
async def test_a_lost_word_is_asked_for_and_the_guest_pays_once(
    place: Restaurant, call: str, fault: str, member: str
) -> None:
    place.qr_bank.faults.switch(fault, {member: call})
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, *SOLD)
    assert moved(place) == ["charged"]
    assert len(place.qr_bank.account.bills()) == 1
    assert papers(place) == ["receipt"]


@pytest.mark.parametrize(("fault", "member"), [("lose_answer", "after"), ("lose_request", "of")])
async def test_a_lost_word_of_a_cancel_is_asked_for(quiet: Restaurant, fault: str, member: str) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch(fault, {member: "cancel"})
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, "created")
    assert moved(quiet) == ["declined"]


async def test_an_answer_of_later_and_an_unknown_word_are_waited_out(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("odd_state", {"word": "FROZEN"})
    quiet.qr_bank.faults.switch("try_later", {"times": 2})
    quiet.qr_bank.faults.switch("pay")
    assert (await guest.look(order_id))["status"] == "paying"
    quiet.qr_bank.faults.switch("odd_state", on=False)
    await guest.until_status(order_id, *SOLD)


async def test_a_bank_that_is_silent_is_a_reason_on_the_screen_and_a_code_that_is_shown_stays(
    quiet: Restaurant,
) -> None:
    guest, order_id, show = await shown(quiet)
    quiet.qr_bank.faults.switch("down")

    async def closed() -> bool:
        rows = (await quiet.call("GET", "/api/restaurant")).body["payment_methods"]
        return any(row["method"] == "sbp" and row["reason"] == "sbp_down" for row in rows)

    await until(closed)
    assert (await guest.look(order_id))["payment"]["show"] == show
    quiet.qr_bank.faults.switch("pay")  # the payer's bank does not care
    quiet.qr_bank.faults.switch("down", on=False)
    await guest.until_status(order_id, *SOLD)
    assert moved(quiet) == ["charged"]


async def test_a_wrong_key_closes_the_way_with_its_reason() -> None:
    async with restaurant(QR, phone=QrRules(600, "", "secret")) as place:

        async def refused() -> bool:
            rows = (await place.call("GET", "/api/restaurant")).body["payment_methods"]
            return any(row["method"] == "sbp" and row["reason"] == "sbp_refuses" for row in rows)

        await until(refused)


async def test_a_code_outlives_a_restart_and_is_paid_once(quiet: Restaurant) -> None:
    guest, order_id, show = await shown(quiet)
    await quiet.restart()
    await quiet.until_open()
    assert (await guest.look(order_id))["payment"]["show"] == show
    quiet.qr_bank.faults.switch("pay")
    await guest.until_status(order_id, *SOLD)
    assert moved(quiet) == ["charged"]


@pytest.mark.parametrize(("fault", "member"), [("lose_answer", "after"), ("lose_request", "of")])
async def test_a_refund_of_all_goes_back_once_also_when_its_word_is_lost(
    place: Restaurant, fault: str, member: str
) -> None:
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, "completed")
    place.qr_bank.faults.switch(fault, {member: "refund"})
    await refunded(place, order_id)
    await guest.until_status(order_id, "refunded")
    assert (moved(place), papers(place)) == (["charged", "refunded"], ["receipt", "refund_receipt"])
    assert returns(place) == [(f"{order_id}-1-r1", AMOUNT, "COMPLETED")]
    assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def test_a_dish_is_given_back_by_the_bank_and_then_the_other_each_under_a_name_of_its_own(
    place: Restaurant,
) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 2)))["order_id"]
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, "completed")
    await refunded(place, order_id, [{"item_id": "tea", "quantity": 1}])
    await until(lambda: papers(place) == ["receipt", "refund_receipt"])
    assert returns(place) == [(f"{order_id}-1-r1", AMOUNT, "COMPLETED")]
    await refunded(place, order_id)
    await guest.until_status(order_id, "refunded")
    assert [row[0] for row in returns(place)] == [f"{order_id}-1-r1", f"{order_id}-1-r2"]
    assert [row["amount_kopecks"] for row in place.ledger("sbp")] == [2 * AMOUNT, AMOUNT, AMOUNT]
    assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def test_a_refund_that_the_bank_declines_is_made_anew_until_it_is_done(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, "completed")
    place.qr_bank.faults.switch("decline_refunds")
    await refunded(place, order_id)
    await until(lambda: len(returns(place)) > 1)
    place.qr_bank.faults.switch("decline_refunds", on=False)
    await guest.until_status(order_id, "refunded")
    assert moved(place) == ["charged", "refunded"]


async def test_a_return_of_more_than_is_left_there_is_a_matter_for_a_person() -> None:
    async with restaurant(QR, stuck_after_s=0.2) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("sbp", order_id)
        await guest.until_status(order_id, "completed")
        await _by_hand_at_the_bank(place)
        refund_id = await refunded(place, order_id)
        row = await until(lambda: stuck_row(place, refund_id, "refund_pending"))
        assert (row["detail"], row["moves"]) == ("sbp:refused", ["retry", "accept"])
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "accept"})
        await guest.until_status(order_id, "refunded")
        assert moved(place) == ["charged", "refunded"]


async def _by_hand_at_the_bank(place: Restaurant) -> None:
    """Somebody gives all of it back in the bank's cabinet."""
    account: Any = place.qr_bank.account
    account.give_back(bill(place), "cabinet-1", AMOUNT, "COMPLETED")


async def test_money_that_went_back_after_the_backup_is_no_payment_of_the_books_that_are_put_back() -> None:
    async with restaurant(QR) as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id, _ = await shown(place)
        await backed_up(place)
        place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
        place.qr_bank.faults.switch("pay")
        await guest.until_status(order_id, "created")
        place.fiscal.faults.switch("refuse_tag", on=False)
        await put_back(place)
        await place.until_open()
        order = await guest.until_status(order_id, "created")
        assert order["payment"]["reason"] == "paid_too_late"
        assert (moved(place), papers(place)) == (["charged", "refunded"], [])
