"""Whoever walks up can pay: a card at the reader, money at the till; each once, whatever fails on the way
(payment.md#ways-to-pay)."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.sim.shtrih.device import ShtrihDevice
from drivers.sim.vtk.device import ReaderRules
from tests.points import At
from tests.restaurant import Customer, Restaurant, restaurant, until

ALL = '[payment]\nmethods = ["token", "terminal", "till"]\n'
AMOUNT = 9900


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant(ALL) as found:
        yield found


async def tea(place: Restaurant) -> tuple[Customer, str]:
    guest = await place.guest()
    return guest, str((await guest.order(("tea", 1)))["order_id"])


def at_reader(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("terminal")]


async def payment_of(guest: Customer, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await guest.look(order_id))["payment"]
    return found


async def until_waits_for_card(place: Restaurant) -> None:
    await until(lambda: place.reader.state()["waits_for_card"])


# A card at the reader.


async def test_a_card_at_the_reader_is_held_then_the_receipt_is_printed_then_the_money_is_taken(
    place: Restaurant,
) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay_by("terminal", order_id, key="k1")
    assert (answer.status, answer.body["stage"], answer.body["show"]) == (202, "charging", {"kind": "card"})
    assert answer.headers["Location"] == f"/api/orders/{order_id}"
    order = await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
    assert at_reader(place) == ["held", "captured"]
    assert len(place.effects("fiscal", "receipt")) == 1
    held, captured = (row["at"] for row in place.ledger("terminal"))
    assert held < place.effects("fiscal", "receipt")[0]["at"] < captured
    assert order["payment"]["method"] == "terminal"
    assert order["payment"]["card"]["last4"] == "4242"
    assert place.ledger("bank") == []
    again = await guest.pay_by("terminal", order_id, key="k1")
    assert (again.status, again.body["status"]) == (200, "paid")


async def test_a_refused_card_is_a_refusal_and_the_order_can_be_paid_another_way(place: Restaurant) -> None:
    place.reader.faults.switch("decline")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    order = await guest.until_status(order_id, "created")
    assert (order["payment"]["failure"], order["payment"]["show"]) == ("payment_declined", None)
    stored = await guest.pay_by("terminal", order_id, key="k1")
    assert (stored.status, stored.body["reason"]) == (402, "response_code_5")
    assert (await guest.pay(order_id)).status == 200
    assert at_reader(place) == ["declined"]


async def test_a_wish_to_cancel_before_the_card_ends_the_attempt_and_takes_nothing(place: Restaurant) -> None:
    place.reader.faults.switch("nobody_taps")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await until_waits_for_card(place)
    assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).status == 202
    await guest.until_status(order_id, "created")
    stored = await guest.pay_by("terminal", order_id, key="k1")
    assert (stored.status, stored.body["reason"]) == (402, "cancelled")
    assert at_reader(place) == ["declined"]
    assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).code == "order_state"


async def test_a_wish_to_cancel_that_is_faster_than_the_reader_is_no_less_heard(place: Restaurant) -> None:
    place.reader.faults.switch("nobody_taps")
    for _ in range(3):
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await guest.call("DELETE", f"/api/orders/{order_id}/payment")
        await guest.until_status(order_id, "created")
    assert set(at_reader(place)) <= {"declined"}


async def test_a_card_approved_after_the_wish_to_cancel_is_let_go(place: Restaurant) -> None:
    place.reader.faults.switch("abr", {"do": "ignored"})
    place.reader.faults.switch("nobody_taps")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id)
    await until_waits_for_card(place)
    assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).body["stage"] == "cancelling"
    place.reader.faults.switch("tap")
    order = await guest.until_status(order_id, "created")
    assert at_reader(place) == ["held", "released"]
    assert order["payment"]["stage"] == "reversed"
    assert place.effects("fiscal", "receipt") == []


async def test_a_partial_approval_is_let_go(place: Restaurant) -> None:
    place.reader.faults.switch("partial", {"kopecks": 100})
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await guest.until_status(order_id, "created")
    assert at_reader(place) == ["held", "released"]
    assert (await guest.pay_by("terminal", order_id, key="k1")).body["reason"] == "partial_approval"


@pytest.mark.parametrize("lost", ["VRP", "FIN"])
async def test_a_lost_answer_of_the_reader_is_asked_for_and_the_money_is_taken_once(lost: str) -> None:
    async with restaurant(ALL, reader=ReaderRules(tap_s=0.05, operation_s=1)) as place:
        place.reader.faults.switch("lose_answer", {"after": lost})
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
        assert at_reader(place) == ["held", "captured"]
        assert len(place.effects("fiscal", "receipt")) == 1


async def test_no_receipt_lets_the_held_money_go_and_says_so() -> None:
    async with restaurant(f"{ALL}[terminal]\nfin_within_s = 0.5") as place:
        place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id, key="k1")
        await guest.until_status(order_id, "created")
        assert at_reader(place) == ["held", "released"]
        stored = await guest.pay_by("terminal", order_id, key="k1")
        assert (stored.status, stored.body["refunded"]) == (503, True)


async def test_a_registrar_that_is_silent_keeps_the_money_and_the_meal_is_given() -> None:
    """What is held cannot be held for long: nobody knows of a receipt, so the money is taken, and the receipt owed."""
    held = At("t4.after")
    async with restaurant(f"{ALL}[terminal]\nfin_within_s = 0.5", checkpoint=held) as place:
        guest, order_id = await tea(place)
        held.do(lambda: place.fiscal.faults.switch("off"))
        await guest.pay_by("terminal", order_id)
        order = await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
        assert order["receipt_unknown"]
        assert at_reader(place) == ["held", "captured"]
        place.fiscal.faults.switch("off", on=False)
        await until(lambda: place.effects("fiscal", "receipt"))


async def test_two_guests_at_one_reader_are_served_one_after_the_other(place: Restaurant) -> None:
    place.reader.faults.switch("nobody_taps")
    first, first_order = await tea(place)
    second, second_order = await tea(place)
    await first.pay_by("terminal", first_order)
    await until_waits_for_card(place)
    busy = await second.pay_by("terminal", second_order, key="k2")
    assert (busy.status, busy.code, busy.body["reason"]) == (503, "payment_method_unavailable", "terminal_busy")
    assert "другого гостя" in busy.body["detail"] or "другим гостем" in busy.body["detail"]
    assert (await second.look(second_order))["status"] == "created"
    place.reader.faults.switch("nobody_taps", on=False)
    place.reader.faults.switch("tap")
    await first.until_status(first_order, "paid", "cooking", "ready", "completed")
    assert (await second.pay_by("terminal", second_order, key="k2")).status == 202
    await second.until_status(second_order, "paid", "cooking", "ready", "completed")


async def test_a_second_way_waits_for_the_end_of_the_first(place: Restaurant) -> None:
    place.reader.faults.switch("nobody_taps")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id)
    await until_waits_for_card(place)
    for answer in (await guest.pay(order_id), await guest.pay_by("till", order_id)):
        assert (answer.status, answer.code) == (409, "payment_in_progress")
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, "created")
    assert (await guest.pay(order_id)).status == 200
    assert len(place.effects("bank", "charged")) == 1
    assert at_reader(place) == ["declined"]


async def test_a_reader_that_is_gone_is_a_reason_on_the_screen_and_closes_no_sales(place: Restaurant) -> None:
    async def ways() -> dict[str, dict[str, Any]]:
        rows = (await place.call("GET", "/api/restaurant")).body["payment_methods"]
        return {row["method"]: row for row in rows}

    assert list(await ways()) == ["token", "terminal", "till"]
    assert all(row["available"] for row in (await ways()).values())
    place.reader.faults.switch("off")

    async def down() -> bool:
        return not (await ways())["terminal"]["available"]

    await until(down)
    row = (await ways())["terminal"]
    assert (row["reason"], row["says"]["en"]) == ("terminal_down", "The card reader is out of order for now.")
    assert (await place.call("GET", "/api/restaurant")).body["sales"]["open"]
    guest, order_id = await tea(place)
    refused = await guest.pay_by("terminal", order_id)
    assert (refused.status, refused.body["method"], refused.body["reason"]) == (503, "terminal", "terminal_down")
    assert (await guest.pay(order_id)).status == 200
    place.reader.faults.switch("off", on=False)

    async def up() -> bool:
        return bool((await ways())["terminal"]["available"])

    await until(up)


async def test_a_bank_that_is_down_closes_its_own_way_alone(place: Restaurant) -> None:
    place.bank.faults.switch("down")

    async def down() -> bool:
        rows = (await place.call("GET", "/api/restaurant")).body["payment_methods"]
        return not next(row for row in rows if row["method"] == "token")["available"]

    await until(down)
    guest, order_id = await tea(place)
    assert (await guest.pay(order_id)).code == "bank_unavailable"
    await guest.pay_by("terminal", order_id)
    await guest.until_status(order_id, "paid", "cooking", "ready", "completed")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"method": "token"}, "$.card_token"),
        ({"method": "terminal", "card_token": "tok_ok"}, "$.card_token"),
        ({"method": "sbp"}, "$.method"),
        ({"method": "cheque"}, "$.method"),
    ],
)
async def test_a_way_that_is_not_offered_or_badly_named_is_refused(
    place: Restaurant, body: dict[str, str], path: str
) -> None:
    guest, order_id = await tea(place)
    answer = await guest.call("POST", f"/api/orders/{order_id}/payment", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["path"] == path
    assert (await guest.look(order_id))["status"] == "created"


async def test_a_kiosk_of_tokens_alone_takes_no_other_way() -> None:
    async with restaurant() as place:
        guest, order_id = await tea(place)
        assert (await guest.pay_by("till", order_id)).code == "invalid_request"
        assert (await guest.pay(order_id)).status == 200


async def test_a_refund_after_a_card_at_the_reader_is_a_matter_for_a_person_at_its_bank() -> None:
    async with restaurant(ALL, stuck_after_s=0.2) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await guest.until_status(order_id, "completed")
        answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "холодный"})
        assert answer.status == 202
        refund_id = answer.body["refund_id"]

        async def waits() -> dict[str, Any] | None:
            rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
            return next((row for row in rows if row["stuck_id"] == refund_id and row["detail"]), None)

        row = await until(waits)
        assert (row["detail"], row["moves"]) == ("terminal:by_hand", ["retry", "accept"])
        moved = await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "accept"})
        assert moved.status == 200, moved
        await guest.until_status(order_id, "refunded")
        assert len(place.effects("fiscal", "refund_receipt")) == 1


async def test_a_reader_that_somebody_else_used_sells_nothing_until_a_person_has_looked() -> None:
    async with restaurant(ALL, reader=ReaderRules(tap_s=0.05, operation_s=1), stuck_after_s=0.2) as place:
        place.reader.faults.switch("lose_answer", {"after": "VRP"})
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await until(lambda: at_reader(place) == ["held"])
        place.reader.faults.switch("foreign_sale")
        payment_id = f"{order_id}-1"

        async def row_of(kind: str) -> dict[str, Any] | None:
            rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
            return next((row for row in rows if (row["stuck_id"], row["kind"]) == (payment_id, kind)), None)

        await until(lambda: row_of("charge_unknown"))
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "refund"})
        row = await until(lambda: row_of("charge_uncertain"))
        assert row["moves"] == ["retry", "accept"]
        other, other_order = await tea(place)
        assert (await other.pay_by("terminal", other_order)).body["reason"] == "terminal_unsettled"
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "accept"})
        assert (await other.pay_by("terminal", other_order)).status == 202
        await other.until_status(other_order, "paid", "cooking", "ready", "completed")


async def test_a_taking_that_the_reader_does_not_confirm_waits_for_a_person() -> None:
    printed = At("t6.after")
    async with restaurant(ALL, stuck_after_s=0.2, checkpoint=printed) as place:
        guest, order_id = await tea(place)
        printed.do(lambda: place.reader.account.end(capture=False))
        await guest.pay_by("terminal", order_id)  # its firmware let the money go by itself
        payment_id = f"{order_id}-1"

        async def waits() -> dict[str, Any] | None:
            rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
            return next((row for row in rows if row["stuck_id"] == payment_id and row["detail"]), None)

        row = await until(waits)
        assert (row["kind"], row["detail"]) == ("capture_uncertain", "terminal:not_captured")
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "accept"})
        await guest.until_status(order_id, "paid", "cooking", "ready", "completed")


async def test_a_taking_that_by_the_banks_papers_never_was_is_refunded_without_money_and_not_cooked() -> None:
    printed = At("t6.after")
    async with restaurant(ALL, stuck_after_s=0.2, checkpoint=printed) as place:
        guest, order_id = await tea(place)
        printed.do(lambda: place.reader.account.end(capture=False))
        await guest.pay_by("terminal", order_id)
        row = await until(lambda: stuck_row(place, f"{order_id}-1", "capture_uncertain"))
        assert row["moves"] == ["retry", "refund", "accept"]
        other, other_order = await tea(place)
        assert (await other.pay_by("terminal", other_order)).body["reason"] == "terminal_busy"
        assert (await place.internal("POST", f"/internal/stuck/{order_id}-1", {"move": "refund"})).status == 200
        await guest.until_status(order_id, "refunded")
        sold, back = place.effects("fiscal", "receipt", "refund_receipt")
        assert (sold["total_kopecks"], back["total_kopecks"]) == (AMOUNT, AMOUNT)
        assert at_reader(place) == ["held", "released"]
        assert [row["effect"] for row in place.ledger("robot")] == []
        assert (await place.internal("GET", "/internal/stuck")).body["stuck"] == []
        assert (await other.pay_by("terminal", other_order)).status == 202
        await other.until_status(other_order, "paid", "cooking", "ready", "completed")


# A reader that is taken away.


async def stuck_row(place: Restaurant, stuck_id: str, kind: str) -> dict[str, Any] | None:
    """A refund once its bank has said why it waits."""
    rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    mine = [row for row in rows if (row["stuck_id"], row["kind"]) == (stuck_id, kind)]
    return next((row for row in mine if row["detail"] or kind != "refund_pending"), None)


async def take_the_reader_away(place: Restaurant) -> None:
    """Its way stands in the settings no more."""
    config = place.folder / "config.toml"
    config.write_text(config.read_text().replace('"terminal", ', ""))
    await place.restart()


async def test_a_refund_of_a_reader_that_is_gone_is_a_matter_for_a_person_and_ends_with_a_receipt() -> None:
    async with restaurant(ALL, stuck_after_s=0.2) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await guest.until_status(order_id, "completed")
        await take_the_reader_away(place)
        answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "холодный"})
        refund_id = answer.body["refund_id"]
        row = await until(lambda: stuck_row(place, refund_id, "refund_pending"))
        assert (row["detail"], row["moves"]) == ("terminal:by_hand", ["retry", "accept"])
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "accept"})
        await until(lambda: place.effects("fiscal", "refund_receipt"))


async def test_a_charge_of_a_reader_that_is_gone_is_given_up_and_ended_by_a_person() -> None:
    async with restaurant(ALL, reader=ReaderRules(tap_s=0.05, operation_s=1), stuck_after_s=0.2) as place:
        place.reader.faults.switch("lose_answer", {"after": "VRP"})
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await until(lambda: at_reader(place) == ["held"])
        place.reader.faults.switch("off")
        await take_the_reader_away(place)
        payment_id = f"{order_id}-1"
        row = await until(lambda: stuck_row(place, payment_id, "charge_unknown"))
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "refund"})
        row = await until(lambda: stuck_row(place, payment_id, "charge_uncertain"))
        assert row["moves"] == ["retry", "accept"]
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "accept"})
        assert (await place.internal("GET", "/internal/stuck")).body["stuck"] == []


async def test_a_charge_given_up_at_a_reader_that_stays_off_is_in_the_list() -> None:
    async with restaurant(ALL, reader=ReaderRules(tap_s=0.05, operation_s=1), stuck_after_s=0.2) as place:
        place.reader.faults.switch("lose_answer", {"after": "VRP"})
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await until(lambda: at_reader(place) == ["held"])
        place.reader.faults.switch("off")
        payment_id = f"{order_id}-1"
        await until(lambda: stuck_row(place, payment_id, "charge_unknown"))
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "refund"})
        row = await until(lambda: stuck_row(place, payment_id, "charge_uncertain"))
        assert row["moves"] == ["retry", "accept"]


async def test_a_return_found_late_ends_by_a_person_also_where_its_reader_is_gone() -> None:
    async with restaurant(ALL, reader=ReaderRules(tap_s=0.05, operation_s=1), stuck_after_s=0.2) as place:
        place.reader.faults.switch("lose_answer", {"after": "VRP"})
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await until(lambda: at_reader(place) == ["held"])
        place.reader.faults.switch("off")
        payment_id = f"{order_id}-1"
        await until(lambda: stuck_row(place, payment_id, "charge_unknown"))
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "refund"})
        await until(lambda: stuck_row(place, payment_id, "charge_uncertain"))
        place.reader.account.end(capture=True)  # its firmware took the money by itself
        place.reader.faults.switch("off", on=False)
        await until(lambda: stuck_row(place, payment_id, "void_pending"))
        await take_the_reader_away(place)
        row = await until(lambda: stuck_row(place, payment_id, "void_pending"))
        assert "accept" in row["moves"]
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "accept"})

        async def settled() -> bool:
            return not (await place.internal("GET", "/internal/stuck")).body["stuck"]

        await until(settled)


# At the till.


async def code_of(guest: Customer, order_id: str) -> str:
    answer = await guest.pay_by("till", order_id, key="k1")
    assert (answer.status, answer.body["show"]["kind"]) == (202, "till"), answer
    return str(answer.body["show"]["code"])


async def test_money_at_the_till_is_taken_for_a_code_journalled_and_on_the_receipt_as_cash(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    code = await code_of(guest, order_id)
    assert (await payment_of(guest, order_id))["show"]["code"] == code
    waiting = (await place.internal("GET", "/internal/till")).body["waiting"]
    assert [(row["code"], row["amount_kopecks"]) for row in waiting] == [(code, AMOUNT)]
    short = await place.internal("POST", f"/internal/till/{code}", {"tender": "cash", "given_kopecks": AMOUNT - 1})
    assert (short.status, short.code, short.body["amount_kopecks"]) == (409, "given_too_little", AMOUNT)
    body = {"tender": "cash", "given_kopecks": 10000}
    taken = await place.internal("POST", f"/internal/till/{code}", body)
    assert (taken.status, taken.body["change_kopecks"]) == (200, 100)
    assert (await place.internal("POST", f"/internal/till/{code}", body)).body == taken.body  # said again
    await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
    assert (await place.internal("POST", f"/internal/till/{code}", body)).body == taken.body
    receipt = place.effects("fiscal", "receipt")
    assert len(receipt) == 1
    assert isinstance(place.fiscal, ShtrihDevice)
    assert place.fiscal.register.drive.state.shift_payments["1:0"] == AMOUNT
    report = (await place.internal("POST", "/internal/shift/report")).body
    assert [(row["name"], row["sum_kopecks"]) for row in report["methods"]] == [("till:cash", AMOUNT)]
    assert report["differences"] == []


async def test_a_card_at_the_till_pays_the_sum_itself(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    code = await code_of(guest, order_id)
    wrong = await place.internal("POST", f"/internal/till/{code}", {"tender": "card", "given_kopecks": 10000})
    assert wrong.code == "invalid_request"
    assert (await place.internal("POST", f"/internal/till/{code}", {"tender": "card"})).body["change_kopecks"] == 0
    await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
    report = (await place.internal("POST", "/internal/shift/report")).body
    assert [row["name"] for row in report["methods"]] == ["till:card"]


async def test_a_code_expires_and_a_cancelled_one_takes_no_money() -> None:
    async with restaurant(f"{ALL}till_expires_s = 0.3") as place:
        guest, order_id = await tea(place)
        code = await code_of(guest, order_id)
        await guest.until_status(order_id, "created")
        assert (await guest.pay_by("till", order_id, key="k1")).body["reason"] == "expired"
        late = await place.internal("POST", f"/internal/till/{code}", {"tender": "card"})
        assert (late.status, late.code) == (404, "till_code_unknown")
    async with restaurant(ALL) as place:
        guest, order_id = await tea(place)
        code = await code_of(guest, order_id)
        await guest.call("DELETE", f"/api/orders/{order_id}/payment")
        await guest.until_status(order_id, "created")
        assert (await place.internal("POST", f"/internal/till/{code}", {"tender": "card"})).status == 404
        assert place.effects("fiscal", "receipt") == []


async def test_a_wish_to_cancel_after_the_money_was_taken_changes_nothing(place: Restaurant) -> None:
    place.fiscal.faults.switch("slow", {"seconds": 0.1})
    guest, order_id = await tea(place)
    code = await code_of(guest, order_id)
    await place.internal("POST", f"/internal/till/{code}", {"tender": "card"})
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    await guest.until_status(order_id, "paid", "cooking", "ready", "completed")


async def test_the_food_of_a_guest_on_the_way_to_the_till_is_sold_to_nobody_else(place: Restaurant) -> None:
    cake = next(row.bin for row in place.kiosk.kitchen.now.bins if row.ingredient == "cake")
    await place.kiosk.devices.robot.set_bin(cake, 1)
    await until(lambda: any(row.ingredient == "cake" and row.level == 1 for row in place.kiosk.kitchen.now.bins))
    guest, other = await place.guest(), await place.guest()
    mine, theirs = [(await each.order(("cake-strawberry", 1)))["order_id"] for each in (guest, other)]
    code = await code_of(guest, mine)
    with sqlite3.connect(place.folder / "kiosk.db", timeout=10) as books:  # as if it had waited for ten minutes
        books.execute("UPDATE reservation SET expires_at = '2026-01-01T00:00:00.000Z'")
    books.close()
    assert (await other.pay(theirs)).status == 409
    assert (await place.internal("POST", f"/internal/till/{code}", {"tender": "card"})).status == 200
    await guest.until_status(mine, "paid", "cooking", "ready", "completed")


async def test_a_code_outlives_a_restart(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    code = await code_of(guest, order_id)
    await place.restart()
    await place.until_open()
    assert (await payment_of(guest, order_id))["show"]["code"] == code
    assert (await place.internal("POST", f"/internal/till/{code}", {"tender": "card"})).status == 200
    await guest.until_status(order_id, "paid", "cooking", "ready", "completed")


async def test_codes_of_those_who_wait_differ(place: Restaurant) -> None:
    codes = [await code_of(*await tea(place)) for _ in range(5)]
    assert len(set(codes)) == 5
    assert (await place.internal("POST", "/internal/till/abcd", {"tender": "card"})).status == 404


async def test_till_money_that_gets_no_receipt_is_given_back_by_hand() -> None:
    async with restaurant(ALL, stuck_after_s=0.2) as place:
        place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
        guest, order_id = await tea(place)
        code = await code_of(guest, order_id)
        await place.internal("POST", f"/internal/till/{code}", {"tender": "cash", "given_kopecks": AMOUNT})

        async def waits() -> dict[str, Any] | None:
            rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
            return next((row for row in rows if row["kind"] == "void_pending"), None)

        row = await until(waits)
        assert row["moves"] == ["retry", "accept"]
        await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "accept"})
        await guest.until_status(order_id, "created")
