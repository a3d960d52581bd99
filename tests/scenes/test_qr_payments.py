"""A guest pays by a QR code on the screen: once, whatever fails between the screen, the bank and the phone
(payment.md#by-qr-code)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.restaurant import Customer, Restaurant, restaurant, until

QR = '[payment]\nmethods = ["token", "sbp", "till"]\n'
AMOUNT = 9900
SOLD = ("paid", "cooking", "ready", "completed")


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


async def tea(place: Restaurant) -> tuple[Customer, str]:
    guest = await place.guest()
    return guest, str((await guest.order(("tea", 1)))["order_id"])


async def shown(place: Restaurant) -> tuple[Customer, str, dict[str, Any]]:
    """A guest before the code."""
    guest, order_id = await tea(place)
    answer = await guest.pay_by("sbp", order_id, key="k1")
    assert (answer.status, answer.body["stage"], answer.body["show"]["kind"]) == (202, "charging", "qr"), answer
    return guest, order_id, answer.body["show"]


def moved(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("sbp")]


def bill(place: Restaurant) -> dict[str, Any]:
    found: dict[str, Any] = place.qr_bank.account.bills()[-1]
    return found


async def stuck_row(place: Restaurant, stuck_id: str, kind: str) -> dict[str, Any] | None:
    """A refund once its bank has said why it waits."""
    rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    mine = [row for row in rows if (row["stuck_id"], row["kind"]) == (stuck_id, kind)]
    return next((row for row in mine if row["detail"] or kind != "refund_pending"), None)


async def test_a_guest_scans_the_code_pays_and_gets_one_receipt_and_the_meal(place: Restaurant) -> None:
    guest, order_id, show = await shown(place)
    assert show["qr"].startswith("https://qr.nspk.ru/")
    assert "expires_at" in show
    assert bill(place)["order"] == f"{order_id}-1"
    order = await guest.until_status(order_id, *SOLD)
    assert moved(place) == ["charged"]
    assert order["payment"]["transaction_id"] == bill(place)["transfer"]
    receipts = place.effects("fiscal", "receipt")
    assert [row["total_kopecks"] for row in receipts] == [AMOUNT]
    again = await guest.pay_by("sbp", order_id, key="k1")
    assert (again.status, again.body["status"]) == (200, "paid")
    assert place.ledger("bank") == []


async def test_a_payment_the_payers_bank_refuses_is_a_refusal_and_another_way_is_open(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("reject")
    order = await guest.until_status(order_id, "created")
    assert (order["payment"]["failure"], order["payment"]["reason"]) == ("payment_declined", "declined")
    assert (await guest.pay(order_id)).status == 200
    assert moved(quiet) == ["declined"]


async def test_a_code_that_nobody_paid_is_cancelled_at_the_bank_and_another_way_is_open() -> None:
    async with restaurant(f"{QR}[sbp]\nscreen_s = 0.5") as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id, _ = await shown(place)
        order = await guest.until_status(order_id, "created")
        assert order["payment"]["reason"] == "code_expired"
        assert bill(place)["state"] == "CANCELED"
        assert (await guest.pay(order_id)).status == 200


async def test_a_code_whose_day_has_passed_at_the_bank_is_a_refusal(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("expire")
    order = await guest.until_status(order_id, "created")
    assert order["payment"]["reason"] == "code_expired"


async def test_a_wish_to_cancel_ends_the_bill_at_the_bank(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).status == 202
    order = await guest.until_status(order_id, "created")
    assert (order["payment"]["reason"], bill(quiet)["state"]) == ("cancelled", "CANCELED")


async def test_what_was_paid_before_the_wish_to_cancel_is_the_orders(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("pay")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, *SOLD)
    assert moved(quiet) == ["charged"]


async def test_what_is_paid_in_the_moment_of_the_cancel_goes_back_and_the_guest_is_told(quiet: Restaurant) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("pay_during_cancel")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    order = await guest.until_status(order_id, "created")
    assert moved(quiet) == ["charged", "refunded"]
    assert (order["payment"]["stage"], order["payment"]["reason"]) == ("reversed", "paid_too_late")
    assert order["payment"]["transaction_id"] == bill(quiet)["transfer"]
    assert quiet.effects("fiscal", "receipt") == []
    assert (await guest.pay_by("sbp", order_id, key="k1")).body["reason"] == "paid_too_late"


async def test_while_a_return_is_on_its_way_no_other_way_is_begun_and_it_is_not_asked_for_twice(
    quiet: Restaurant,
) -> None:
    guest, order_id, _ = await shown(quiet)
    for fault in ("async_refunds", "pay_during_cancel"):
        quiet.qr_bank.faults.switch(fault)
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")

    async def returning() -> bool:
        return bool((await guest.look(order_id))["payment"]["stage"] == "reversing")

    await until(returning)
    assert (await guest.pay(order_id)).code == "payment_in_progress"
    quiet.qr_bank.faults.switch("async_refunds", on=False)
    await guest.until_status(order_id, "created")
    assert moved(quiet) == ["charged", "refunded"]


async def test_a_payment_under_way_cannot_be_cancelled_and_no_other_way_is_begun_meanwhile(quiet: Restaurant) -> None:
    quiet.qr_bank.faults.switch("in_transfer")
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch("pay")
    assert bill(quiet)["state"] == "AUTHORIZING"
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")

    async def in_doubt() -> bool:
        order = await guest.look(order_id)
        return order["status"] == "paying" and order["payment"]["show"] is None

    await until(in_doubt)
    assert (await guest.pay_by("till", order_id)).code == "payment_in_progress"
    quiet.qr_bank.faults.switch("in_transfer", on=False)
    await guest.until_status(order_id, *SOLD)
    assert moved(quiet) == ["charged"]


@pytest.mark.parametrize("method", ["Init", "GetQr", "GetState"])
@pytest.mark.parametrize("fault", ["lose_answer", "lose_request"])
async def test_a_lost_word_on_the_way_to_the_code_is_asked_for_and_the_guest_pays_once(
    place: Restaurant, method: str, fault: str
) -> None:
    place.qr_bank.faults.switch(fault, {"after": method, "of": method})
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, *SOLD)
    assert moved(place) == ["charged"]
    assert len(place.qr_bank.account.bills()) == 1
    assert len(place.effects("fiscal", "receipt")) == 1


@pytest.mark.parametrize("fault", ["lose_answer", "lose_request"])
@pytest.mark.parametrize("paid", [False, True])
async def test_a_lost_word_of_a_cancel_is_asked_for_and_leaves_no_money_behind(
    quiet: Restaurant, fault: str, paid: bool
) -> None:
    guest, order_id, _ = await shown(quiet)
    quiet.qr_bank.faults.switch(fault, {"after": "Cancel", "of": "Cancel"})
    if paid:
        quiet.qr_bank.faults.switch("pay_during_cancel")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, "created")
    assert moved(quiet) == (["charged", "refunded"] if paid else ["declined"])


@pytest.mark.parametrize("code", ["8", "20"])
async def test_a_number_that_the_bank_has_already_is_asked_about(place: Restaurant, code: str) -> None:
    place.qr_bank.faults.switch("repeated", {"code": code})
    place.qr_bank.faults.switch("lose_answer", {"after": "Init"})
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, *SOLD)
    assert len(place.qr_bank.account.bills()) == 1


async def test_an_answer_of_later_and_an_unknown_word_are_waited_out(quiet: Restaurant) -> None:
    quiet.qr_bank.faults.switch("try_later", {"times": 2})
    guest, order_id = await tea(quiet)
    await guest.pay_by("sbp", order_id)

    async def is_shown() -> bool:
        return (await guest.look(order_id))["payment"]["show"] is not None

    await until(is_shown)
    quiet.qr_bank.faults.switch("odd_state", {"word": "FROZEN"})
    quiet.qr_bank.faults.switch("pay")
    assert (await guest.look(order_id))["status"] == "paying"
    quiet.qr_bank.faults.switch("odd_state", on=False)
    await guest.until_status(order_id, *SOLD)


async def test_a_bank_whose_clock_is_ahead_refuses_the_date_and_the_order_can_be_paid_otherwise(
    place: Restaurant,
) -> None:
    place.qr_bank.faults.switch("clock_ahead", {"seconds": 3600})
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id, key="k1")
    await guest.until_status(order_id, "created")
    assert (await guest.pay_by("sbp", order_id, key="k1")).body["reason"] == "error_3017"
    assert (await guest.pay(order_id)).status == 200


async def test_a_bank_that_is_down_is_a_reason_on_the_screen_and_a_code_that_is_shown_stays() -> None:
    async with restaurant(QR) as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id, show = await shown(place)
        place.qr_bank.faults.switch("down")

        async def closed() -> bool:
            rows = (await place.call("GET", "/api/restaurant")).body["payment_methods"]
            return any(row["method"] == "sbp" and row["reason"] == "sbp_down" for row in rows)

        await until(closed)
        assert (await guest.look(order_id))["payment"]["show"] == show
        other, other_order = await tea(place)
        refused = await other.pay_by("sbp", other_order)
        assert (refused.status, refused.body["reason"]) == (503, "sbp_down")
        assert (await other.pay(other_order)).status == 200
        place.qr_bank.faults.switch("pay")  # the payer's bank does not care
        place.qr_bank.faults.switch("down", on=False)
        await guest.until_status(order_id, *SOLD)
        assert moved(place) == ["charged"]


async def test_a_wrong_signature_closes_the_way_with_its_reason(place: Restaurant) -> None:
    file = place.folder / "sbp.password"
    file.write_text("another")
    config = place.folder / "config.toml"
    config.write_text(config.read_text().replace("[sbp]", f'[sbp]\npassword_file = "{file}"'))
    await place.restart()

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


async def test_no_receipt_sends_the_money_back_by_itself(place: Restaurant) -> None:
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id, key="k1")
    await guest.until_status(order_id, "created")
    assert moved(place) == ["charged", "refunded"]
    stored = await guest.pay_by("sbp", order_id, key="k1")
    assert (stored.status, stored.body["refunded"]) == (503, True)


async def test_a_refund_of_all_goes_back_by_the_bank_once_also_when_its_answer_is_lost(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, "completed")
    place.qr_bank.faults.switch("lose_answer", {"after": "Cancel"})
    answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "холодный"})
    assert answer.status == 202
    await guest.until_status(order_id, "refunded")
    assert moved(place) == ["charged", "refunded"]
    assert len(place.effects("fiscal", "refund_receipt")) == 1


async def test_a_refund_of_a_part_is_a_matter_for_a_person() -> None:
    async with restaurant(QR, stuck_after_s=0.2) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 2)))["order_id"]
        await guest.pay_by("sbp", order_id)
        await guest.until_status(order_id, "completed")
        body = {"reason": "холодный", "items": [{"item_id": "tea", "quantity": 1}]}
        refund_id = (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).body["refund_id"]
        row = await until(lambda: stuck_row(place, refund_id, "refund_pending"))
        assert (row["detail"], row["moves"]) == ("sbp:by_hand", ["retry", "accept"])
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "accept"})
        await until(lambda: place.effects("fiscal", "refund_receipt"))
        assert moved(place) == ["charged"]


async def test_a_refund_from_an_empty_account_stays_on_the_list_until_the_bank_can() -> None:
    async with restaurant(QR, stuck_after_s=0.2) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("sbp", order_id)
        await guest.until_status(order_id, "completed")
        place.qr_bank.faults.switch("no_funds")
        answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "холодный"})
        refund_id = answer.body["refund_id"]
        row = await until(lambda: stuck_row(place, refund_id, "refund_pending"))
        assert (row["detail"], row["moves"]) == ("sbp:no_funds", ["retry", "accept"])
        place.qr_bank.faults.switch("no_funds", on=False)
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "retry"})
        await guest.until_status(order_id, "refunded")
        assert moved(place) == ["charged", "refunded"]


async def test_a_return_of_another_sum_than_was_paid_ends_by_a_persons_word() -> None:
    async with restaurant(QR, stuck_after_s=0.2) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("sbp", order_id)
        await guest.until_status(order_id, "completed")
        place.qr_bank.account.move({**bill(place), "amount_kopecks": AMOUNT + 100}, "CONFIRMED")
        answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "холодный"})
        row = await until(lambda: stuck_row(place, answer.body["refund_id"], "refund_pending"))
        assert (row["detail"], row["moves"]) == ("foreign:other_sum", ["retry", "accept"])
        assert "сумм" in row["says"]["ru"]
        await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "accept"})
        await until(lambda: place.effects("fiscal", "refund_receipt"))
        assert "refunded" not in moved(place)


async def test_money_that_comes_after_staff_gave_the_payment_up_goes_back_by_itself() -> None:
    async with restaurant(f"{QR}[sbp]\nscreen_s = 0.6", stuck_after_s=0.2) as place:
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

        async def settled() -> bool:
            return not (await place.internal("GET", "/internal/stuck")).body["stuck"]

        await until(settled)
        assert place.effects("fiscal", "receipt") == []


async def test_the_cash_report_names_what_came_by_codes(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, *SOLD)
    report = (await place.internal("POST", "/internal/shift/report")).body
    assert [(row["name"], row["sum_kopecks"]) for row in report["methods"]] == [("sbp", AMOUNT)]
    assert report["differences"] == []


async def test_the_audit_asks_the_bank_of_each_payment_by_code_and_names_what_does_not_fit(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    await guest.pay_by("sbp", order_id)
    await guest.until_status(order_id, "completed")
    audit = (await place.internal("GET", "/internal/audit")).body
    assert (audit["mismatches"], audit["skipped"]) == ([], [])
    place.qr_bank.account.move(bill(place), "REFUNDED")  # by somebody at the bank's cabinet
    audit = (await place.internal("GET", "/internal/audit")).body
    assert [(row["check"], row["subject"]) for row in audit["mismatches"]] == [("bank_disagrees", f"{order_id}-1")]
    place.qr_bank.faults.switch("down")

    async def skipped() -> bool:
        return "sbp: connection_refused" in (await place.internal("GET", "/internal/audit")).body["skipped"]

    await until(skipped)
