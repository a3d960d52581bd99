"""A reader behind DualConnector takes the money at once: by whatever goes wrong it is taken once, for an order with a
receipt, or it is back (payment.md#a-reader-that-takes-at-once)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.restaurant import SHORT_INPAS, Customer, Restaurant, restaurant, until

BY_READER = 'refunds = "reader"\n'
ALL = '[payment]\nmethods = ["token", "terminal", "till"]\n[terminal]\ndriver = "inpas"\nsettle_at = ""\n'
FIRST = f'{ALL}[fiscal]\nreceipt = "before_payment"\n[payment.receipt]\ntill = "after_payment"\n'
SOLD = ("paid", "cooking", "ready", "completed")


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant(ALL) as found:
        yield found


async def tea(place: Restaurant) -> tuple[Customer, str]:
    guest = await place.guest()
    return guest, str((await guest.order(("tea", 1)))["order_id"])


def at_reader(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.ledger("terminal")]


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.effects("fiscal", "receipt", "refund_receipt")]


async def until_waits_for_card(place: Restaurant) -> None:
    await until(lambda: place.service.state()["waits_for_card"])


async def test_a_card_is_charged_then_the_receipt_is_printed(place: Restaurant) -> None:
    guest, order_id = await tea(place)
    answer = await guest.pay_by("terminal", order_id, key="k1")
    assert (answer.status, answer.body["stage"], answer.body["show"]) == (202, "charging", {"kind": "card"})
    order = await guest.until_status(order_id, *SOLD)
    assert at_reader(place) == ["charged"]
    assert papers(place) == ["receipt"]
    assert place.ledger("terminal")[0]["at"] < place.effects("fiscal", "receipt")[0]["at"]
    assert order["payment"]["card"]["last4"] == "4242"
    again = await guest.pay_by("terminal", order_id, key="k1")
    assert (again.status, again.body["status"]) == (200, "paid")


async def test_where_paper_comes_first_the_receipt_is_printed_then_the_card_is_charged() -> None:
    async with restaurant(FIRST) as place:
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await guest.until_status(order_id, *SOLD)
        assert (at_reader(place), papers(place)) == (["charged"], ["receipt"])
        assert place.ledger("terminal")[0]["at"] > place.effects("fiscal", "receipt")[0]["at"]


@pytest.mark.parametrize(("fault", "reason"), [("decline", "declined"), ("no_connection", "no_connection")])
async def test_a_refused_card_is_a_refusal_and_the_order_can_be_paid_another_way(
    place: Restaurant, fault: str, reason: str
) -> None:
    place.service.faults.switch(fault)
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await guest.until_status(order_id, "created")
    stored = await guest.pay_by("terminal", order_id, key="k1")
    assert (stored.status, stored.body["reason"]) == (402, reason)
    assert (await guest.pay(order_id)).status == 200
    assert "charged" not in at_reader(place)


async def test_where_paper_comes_first_a_refused_cards_receipt_is_taken_back() -> None:
    async with restaurant(FIRST) as place:
        place.service.faults.switch("decline")
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id, key="k1")
        await guest.until_status(order_id, "created")
        assert papers(place) == ["receipt", "refund_receipt"]
        assert (await guest.pay_by("terminal", order_id, key="k1")).status == 402


async def test_a_card_after_the_wish_to_cancel_is_given_back_at_once(place: Restaurant) -> None:
    """The reader hears no wish: whoever comes next must not pay for this meal."""
    place.service.faults.switch("nobody_taps")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await until_waits_for_card(place)
    assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).body["stage"] == "cancelling"
    place.service.faults.switch("tap")
    await guest.until_status(order_id, "created")
    assert (at_reader(place), papers(place)) == (["charged", "voided"], [])
    stored = await guest.pay_by("terminal", order_id, key="k1")
    assert (stored.status, stored.body["reason"]) == (402, "paid_too_late")


async def test_a_void_whose_bank_was_not_reached_is_asked_for_again_and_others_may_pay(place: Restaurant) -> None:
    place.service.faults.switch("nobody_taps")
    place.service.faults.switch("cancel_offline")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await until_waits_for_card(place)
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    place.service.faults.switch("tap")
    await guest.until_status(order_id, "created")
    assert at_reader(place) == ["charged", "voided"]
    place.service.faults.switch("nobody_taps", on=False)
    await sold(place)


async def test_the_readers_red_key_after_the_wish_to_cancel_takes_nothing(place: Restaurant) -> None:
    place.service.faults.switch("nobody_taps")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await until_waits_for_card(place)
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    place.service.faults.switch("red_button")
    await guest.until_status(order_id, "created")
    assert (await guest.pay_by("terminal", order_id, key="k1")).body["reason"] == "cancelled"
    assert at_reader(place) == []


async def test_a_part_that_was_approved_is_given_back(place: Restaurant) -> None:
    place.service.faults.switch("partial", {"kopecks": 100})
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await guest.until_status(order_id, "created")
    assert at_reader(place) == ["charged", "voided"]
    assert (await guest.pay_by("terminal", order_id, key="k1")).body["reason"] == "partial_approval"
    [back] = (await place.internal("GET", f"/internal/orders/{order_id}")).body["refunds"]
    assert back["amount_kopecks"] == 100  # what was taken, whoever has to give it back


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [("lose_answer", {}), ("undefined", {}), ("errorcode_after", {"code": 13}), ("power_cut", {"at": "after_store"})],
)
async def test_a_sale_whose_answer_is_lost_is_found_and_sold_once(
    place: Restaurant, fault: str, parameters: dict[str, Any]
) -> None:
    place.service.faults.switch(fault, parameters)
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id)
    await guest.until_status(order_id, *SOLD)
    assert (at_reader(place), papers(place)) == (["charged"], ["receipt"])
    assert place.service.heard.count(1) == 1


async def test_a_cable_that_is_pulled_before_the_card_takes_nothing() -> None:
    async with restaurant(ALL, inpas_timings=SHORT_INPAS) as place:
        place.service.faults.switch("nobody_taps")
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id, key="k1")
        await until_waits_for_card(place)
        place.service.faults.switch("unplug")
        await guest.until_status(order_id, "created")
        assert at_reader(place) == []
        place.service.faults.switch("nobody_taps", on=False)
        assert (await guest.pay(order_id)).status == 200


async def test_a_reader_that_is_gone_is_a_reason_on_the_screen_and_closes_no_sales(place: Restaurant) -> None:
    async def ways() -> dict[str, dict[str, Any]]:
        rows = (await place.call("GET", "/api/restaurant")).body["payment_methods"]
        return {row["method"]: row for row in rows}

    async def down() -> bool:
        return not (await ways())["terminal"]["available"]

    for fault in ("off", "down"):
        place.service.faults.switch(fault)
        await until(down)
        assert (await ways())["terminal"]["reason"] == "terminal_down"
        assert (await place.call("GET", "/readyz")).body["checks"]["terminal"]["ok"] is False
        guest, order_id = await tea(place)
        assert (await guest.pay_by("terminal", order_id)).body["reason"] == "terminal_down"
        assert (await guest.pay(order_id)).status == 200
        place.service.faults.switch(fault, on=False)

        async def up() -> bool:
            return not await down()

        await until(up)


async def test_no_receipt_gives_the_money_back_and_says_so(place: Restaurant) -> None:
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id, key="k1")
    await guest.until_status(order_id, "created")
    assert at_reader(place) == ["charged", "voided"]
    stored = await guest.pay_by("terminal", order_id, key="k1")
    assert (stored.status, stored.body["refunded"]) == (503, True)


async def listed(place: Restaurant, stuck_id: str, *kinds: str) -> dict[str, Any] | None:
    rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    mine = [row for row in rows if row["stuck_id"] == stuck_id and row["kind"] in kinds]
    return next((row for row in mine if row["detail"]), None)


async def test_a_reader_that_somebody_else_used_sells_nothing_until_a_person_has_looked() -> None:
    async with restaurant(ALL, stuck_after_s=0.2, inpas_timings=SHORT_INPAS) as place:
        place.service.faults.switch("other_copy", {"after": "1"})
        place.service.faults.switch("lose_answer")
        guest, order_id = await tea(place)
        await guest.pay_by("terminal", order_id)
        await until(lambda: at_reader(place) == ["charged"])
        payment_id = f"{order_id}-1"
        await until(lambda: listed(place, payment_id, "charge_unknown"))
        await place.internal("POST", f"/internal/stuck/{payment_id}", {"move": "refund"})
        row = await until(lambda: listed(place, payment_id, "charge_uncertain"))
        assert row["moves"] == ["retry", "accept"]
        other, other_order = await tea(place)
        assert (await other.pay_by("terminal", other_order)).body["reason"] == "terminal_unsettled"
        place.service.faults.switch("other_copy", on=False)  # the copy was another's, the reader knows better
        await until(lambda: at_reader(place) == ["charged", "voided"])
        await until(lambda: _is_free(place))
        assert (await other.pay_by("terminal", other_order)).status == 202
        await other.until_status(other_order, *SOLD)


async def _is_free(place: Restaurant) -> bool:
    return not (await place.internal("GET", "/internal/stuck")).body["stuck"]


# Money back.


async def given_back(place: Restaurant, order_id: str) -> str:
    answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "холодный"})
    assert answer.status == 202, answer
    return str(answer.body["refund_id"])


async def sold(place: Restaurant) -> tuple[Customer, str]:
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id)
    await guest.until_status(order_id, "completed")
    return guest, order_id


async def test_a_refund_is_a_persons_unless_the_reader_gives_back_without_the_card() -> None:
    async with restaurant(ALL, stuck_after_s=0.2) as place:
        guest, order_id = await sold(place)
        refund_id = await given_back(place, order_id)
        row = await until(lambda: listed(place, refund_id, "refund_pending"))
        assert (row["detail"], row["moves"]) == ("terminal:by_hand", ["retry", "accept"])
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "accept"})
        await guest.until_status(order_id, "refunded")
        assert (at_reader(place), papers(place)) == (["charged"], ["receipt", "refund_receipt"])


@pytest.mark.parametrize("fault", [None, "lose_answer", "undefined"])
async def test_the_reader_voids_on_its_own_day_once_whatever_is_lost(fault: str | None) -> None:
    async with restaurant(ALL + BY_READER) as place:
        guest, order_id = await sold(place)
        await sold(place)
        if fault is not None:
            place.service.faults.switch(fault)
        await given_back(place, order_id)
        await guest.until_status(order_id, "refunded")
        assert at_reader(place) == ["charged", "charged", "voided"]
        assert papers(place) == ["receipt", "receipt", "refund_receipt"]


async def test_the_reader_refunds_after_its_settlement_and_where_its_bank_settled_by_itself() -> None:
    async with restaurant(ALL + BY_READER) as place:
        (guest, order_id), (other, other_order) = await sold(place), await sold(place)
        place.service.faults.switch("no_void")
        await given_back(place, order_id)
        await guest.until_status(order_id, "refunded")
        assert (await place.internal("POST", "/internal/terminal/settle")).status == 200
        heard = place.service.heard.count(4)
        await given_back(place, other_order)
        await other.until_status(other_order, "refunded")
        assert place.service.heard.count(4) == heard
        assert at_reader(place) == ["charged", "charged", "refunded", "settled", "refunded"]


async def test_a_return_that_the_reader_refuses_is_a_persons_and_is_not_asked_for_again() -> None:
    async with restaurant(ALL + BY_READER, stuck_after_s=0.2) as place:
        guest, order_id = await sold(place)
        place.service.faults.switch("refuse_return")
        refund_id = await given_back(place, order_id)
        await until(lambda: listed(place, refund_id, "refund_pending"))
        heard = place.service.heard.count(4), place.service.heard.count(29)
        assert heard == (1, 1)
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "retry"})
        await sold(place)
        assert (place.service.heard.count(4), place.service.heard.count(29)) == heard
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "accept"})
        await guest.until_status(order_id, "refunded")


async def test_while_a_return_is_in_doubt_nothing_is_sold_by_the_reader() -> None:
    async with restaurant(ALL + BY_READER, stuck_after_s=0.2, inpas_timings=SHORT_INPAS) as place:
        guest, order_id = await sold(place)
        place.service.faults.switch("other_copy", {"after": "4"})
        place.service.faults.switch("lose_answer")
        refund_id = await given_back(place, order_id)
        await until(lambda: at_reader(place) == ["charged", "voided"])
        other, other_order = await tea(place)
        await other.pay_by("terminal", other_order)
        order = await other.until_status(other_order, "created")
        assert order["payment"]["failure"] == "payment_method_unavailable"
        row = await until(lambda: listed(place, refund_id, "refund_pending"))
        row = await until(lambda: _proved_nothing(place, refund_id))
        assert row["moves"] == ["retry", "accept"]
        await place.internal("POST", f"/internal/stuck/{refund_id}", {"move": "accept"})
        await guest.until_status(order_id, "refunded")
        assert at_reader(place) == ["charged", "voided"]
        await other.pay_by("terminal", other_order)
        await other.until_status(other_order, *SOLD)


async def _proved_nothing(place: Restaurant, refund_id: str) -> dict[str, Any] | None:
    row = await listed(place, refund_id, "refund_pending")
    return row if row is not None and row["detail"] == "terminal:not_proved" else None


# The reader's day.


async def reader_day(place: Restaurant) -> dict[str, Any]:
    found: dict[str, Any] = (await place.internal("GET", "/internal/terminal")).body
    return found


async def test_a_person_settles_and_sees_what_came_of_it(place: Restaurant) -> None:
    assert await reader_day(place) == {
        "settles": True, "settle_at": "", "under_way": False, "tried_at": None, "asked_by": None, "error": None,
        "text": "", "settled_at": None,
    }  # fmt: skip
    await sold(place)
    answer = await place.internal("POST", "/internal/terminal/settle")
    assert (answer.status, answer.body["error"]) == (200, None), answer
    assert "ИТОГИ СОВПАЛИ 1 / 99.00" in answer.body["text"]
    assert at_reader(place) == ["charged", "settled"]
    assert (await place.call("GET", "/readyz")).body["checks"]["settlement"] == {"ok": True, "reason": None}


async def test_nothing_is_settled_beside_a_payment_and_nothing_sold_beside_a_settlement(place: Restaurant) -> None:
    place.service.faults.switch("nobody_taps")
    guest, order_id = await tea(place)
    await guest.pay_by("terminal", order_id)
    await until_waits_for_card(place)
    refused = await place.internal("POST", "/internal/terminal/settle")
    assert (refused.status, refused.body["reason"]) == (503, "busy")
    place.service.faults.switch("nobody_taps", on=False)
    await guest.until_status(order_id, "completed")
    place.service.faults.switch("lose_answer")
    place.service.faults.switch("other_copy")
    refused = await place.internal("POST", "/internal/terminal/settle")
    assert refused.status == 503
    other, other_order = await tea(place)
    await other.pay_by("terminal", other_order)
    order = await other.until_status(other_order, "created")
    assert order["payment"]["failure"] == "payment_method_unavailable"
    place.service.faults.switch("other_copy", on=False)
    await until(lambda: _is_settled(place))
    assert at_reader(place) == ["charged", "settled"]
    await other.pay_by("terminal", other_order)
    await other.until_status(other_order, *SOLD)


async def _is_settled(place: Restaurant) -> bool:
    return (await reader_day(place))["settled_at"] is not None


def _minutes_ago(minutes: int) -> str:
    return (datetime.now(ZoneInfo("Europe/Moscow")) - timedelta(minutes=minutes)).strftime("%H:%M")


async def test_at_its_hour_the_reader_is_settled_once() -> None:
    at = _minutes_ago(2)
    async with restaurant(ALL.replace('settle_at = ""', f'settle_at = "{at}"')) as place:
        await until(lambda: _is_settled(place))
        found = await reader_day(place)
        assert (found["settle_at"], found["asked_by"]) == (at, "kiosk")
        await place.restart()
        await sold(place)
        assert at_reader(place) == ["settled", "charged"]


async def test_a_settlement_that_fails_is_told_and_closes_no_sales() -> None:
    async with restaurant(ALL) as place:
        place.service.faults.switch("refuse_settlement")
        refused = await place.internal("POST", "/internal/terminal/settle")
        assert (refused.status, refused.body["reason"]) == (503, "no_connection")
        check = (await place.call("GET", "/readyz")).body["checks"]["settlement"]
        assert check == {"ok": False, "reason": "settlement_failed"}
        await sold(place)
        place.service.faults.switch("refuse_settlement", on=False)
        assert (await place.internal("POST", "/internal/terminal/settle")).status == 200
        assert (await place.call("GET", "/readyz")).body["checks"]["settlement"]["ok"]
