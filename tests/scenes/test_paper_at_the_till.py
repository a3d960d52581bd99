"""At the till, too, the receipt may come before the money: staff say how it will be paid, hand the paper over, and take
the money, or the receipt is taken back (payment.md#paper-before-the-money)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.restaurant import Answer, Customer, Restaurant, restaurant, until

FIRST = '[payment]\nmethods = ["token", "till"]\n{}\n[fiscal]\nreceipt = "before_payment"\n'
AMOUNT = 9900
SOLD = ("paid", "cooking", "ready", "completed")
CASH = {"tender": "cash", "given_kopecks": 10_000}


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant(FIRST.format("")) as found:
        yield found


async def with_code(place: Restaurant) -> tuple[Customer, str, str]:
    """A guest, the order and its code; nothing is printed yet."""
    guest = await place.guest()
    order_id = str((await guest.order(("tea", 1)))["order_id"])
    answer = await guest.pay_by("till", order_id, key="k1")
    assert (answer.status, answer.body["stage"]) == (202, "choosing"), answer
    return guest, order_id, str(answer.body["show"]["code"])


async def said(place: Restaurant, code: str, tender: str) -> Answer:
    return await place.internal("POST", f"/internal/till/{code}/receipt", {"tender": tender})


async def shown(guest: Customer, order_id: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await guest.look(order_id))["payment"]["show"]
    return found


async def printed(place: Restaurant, tender: str = "cash") -> tuple[Customer, str, str]:
    """The receipt is in the guest's hand, the money is not taken."""
    guest, order_id, code = await with_code(place)
    assert (await said(place, code, tender)).status == 200

    async def first() -> bool:
        return bool((await shown(guest, order_id) or {}).get("receipt_first"))

    await until(first)
    return guest, order_id, code


def papers(place: Restaurant) -> list[str]:
    return [row["effect"] for row in place.effects("fiscal", "receipt", "refund_receipt", "correction")]


def paid_by(place: Restaurant) -> list[tuple[int, int]]:
    """Cash and electronic kopecks of each document."""
    rows = place.effects("fiscal", "receipt", "refund_receipt")
    return [(row["cash_kopecks"], row["electronic_kopecks"]) for row in rows]


async def waiting(place: Restaurant) -> list[tuple[str, str | None]]:
    rows = (await place.internal("GET", "/internal/till")).body["waiting"]
    return [(row["stage"], row["tender"]) for row in rows]


async def assert_books_agree(place: Restaurant) -> None:
    found = (await place.internal("GET", "/internal/audit")).body
    assert (found["mismatches"], found["skipped"]) == ([], []), found
    assert (await place.internal("POST", "/internal/shift/report")).body["differences"] == []


@pytest.mark.parametrize("tender", ["cash", "card"])
async def test_staff_say_how_it_will_be_paid_the_receipt_says_so_and_then_the_money_is_taken(
    place: Restaurant, tender: str
) -> None:
    guest, order_id, code = await with_code(place)
    assert papers(place) == []
    assert await waiting(place) == [("choosing", None)]
    assert (await said(place, code, tender)).status == 200
    assert (await said(place, code, tender)).status == 200
    await until(lambda: papers(place) == ["receipt"])

    async def to_be_paid() -> bool:
        return await waiting(place) == [("charging", tender)]

    await until(to_be_paid)
    assert (await guest.look(order_id))["status"] == "paying"
    told = {"tender": tender, **({"given_kopecks": 10_000} if tender == "cash" else {})}
    taken = await place.internal("POST", f"/internal/till/{code}", told)
    assert (taken.status, taken.body["change_kopecks"]) == (200, 100 if tender == "cash" else 0)
    assert (await place.internal("POST", f"/internal/till/{code}", told)).body == taken.body
    await guest.until_status(order_id, *SOLD)
    assert paid_by(place) == [(AMOUNT, 0) if tender == "cash" else (0, AMOUNT)]
    report = (await place.internal("POST", "/internal/shift/report")).body
    assert [row["name"] for row in report["methods"]] == [f"till:{tender}"]
    await assert_books_agree(place)


async def test_no_money_is_taken_before_the_receipt_nor_otherwise_than_it_says(place: Restaurant) -> None:
    _, _, code = await with_code(place)
    early = await place.internal("POST", f"/internal/till/{code}", CASH)
    assert (early.status, early.code, early.body["stage"]) == (409, "till_state", "choosing")
    assert (await said(place, code, "cash")).status == 200
    other = await said(place, code, "card")
    assert (other.status, other.code) == (409, "till_state")
    await until(lambda: papers(place) == ["receipt"])

    async def refused() -> bool:
        by_card = await place.internal("POST", f"/internal/till/{code}", {"tender": "card"})
        return by_card.code == "invalid_request"

    await until(refused)
    assert await waiting(place) == [("charging", "cash")]


async def test_where_the_money_comes_first_no_receipt_is_printed_for_a_code() -> None:
    async with restaurant('[payment]\nmethods = ["till"]\n') as place:
        guest = await place.guest()
        order_id = str((await guest.order(("tea", 1)))["order_id"])
        code = (await guest.pay_by("till", order_id)).body["show"]["code"]
        answer = await said(place, code, "cash")
        assert (answer.status, answer.code, answer.body["stage"]) == (409, "till_state", "charging")
        assert (await place.internal("DELETE", f"/internal/till/{code}")).status == 200
        await guest.until_status(order_id, "created")
        assert papers(place) == []


@pytest.mark.parametrize("who", ["staff", "guest"])
async def test_a_guest_who_does_not_pay_after_all_gets_the_return_receipt(place: Restaurant, who: str) -> None:
    guest, order_id, code = await printed(place)
    if who == "staff":
        assert (await place.internal("DELETE", f"/internal/till/{code}")).status == 200
    else:
        assert (await guest.call("DELETE", f"/api/orders/{order_id}/payment")).status == 202
    await guest.until_status(order_id, "created")
    assert papers(place) == ["receipt", "refund_receipt"]
    assert paid_by(place) == [(AMOUNT, 0)] * 2
    late = await place.internal("POST", f"/internal/till/{code}", CASH)
    assert (late.status, late.code) == (404, "till_code_unknown")
    assert (await guest.pay_by("till", order_id, key="k1")).body["reason"] == "cancelled"
    assert (await guest.pay(order_id)).status == 200
    assert papers(place) == ["receipt", "refund_receipt", "receipt"]
    await assert_books_agree(place)


async def test_who_leaves_before_anything_is_printed_costs_no_paper(place: Restaurant) -> None:
    guest, order_id, code = await with_code(place)
    assert (await place.internal("DELETE", f"/internal/till/{code}")).status == 200
    await guest.until_status(order_id, "created")
    assert papers(place) == []
    assert (await said(place, code, "cash")).code == "till_code_unknown"


async def test_a_code_that_nobody_came_with_expires_without_paper_and_a_printed_one_is_taken_back() -> None:
    async with restaurant(FIRST.format("till_expires_s = 0.3")) as place:
        guest, order_id, code = await with_code(place)
        await guest.until_status(order_id, "created")
        assert (await guest.pay_by("till", order_id, key="k1")).body["reason"] == "expired"
        assert papers(place) == []
        assert (await said(place, code, "cash")).code == "till_code_unknown"


async def test_without_a_registrar_staff_are_told_so_and_the_code_stays_good(place: Restaurant) -> None:
    guest, order_id, code = await with_code(place)
    place.fiscal.faults.switch("off")
    refused = await said(place, code, "card")
    assert (refused.status, refused.code) == (503, "fiscal_unavailable")
    assert (await shown(guest, order_id) or {})["code"] == code
    place.fiscal.faults.switch("off", on=False)
    assert (await said(place, code, "card")).status == 200
    await until(lambda: papers(place) == ["receipt"])


async def test_a_receipt_that_cannot_be_printed_ends_the_attempt_and_no_money_is_taken(place: Restaurant) -> None:
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    guest, order_id, code = await with_code(place)
    assert (await said(place, code, "cash")).status == 200
    await guest.until_status(order_id, "created")
    assert (await guest.look(order_id))["payment"]["failure"] == "fiscal_unavailable"
    assert papers(place) == []
    assert (await place.internal("POST", f"/internal/till/{code}", CASH)).status == 404


@pytest.mark.parametrize("when", ["choosing", "printed"])
async def test_a_code_outlives_a_restart_and_its_receipt_is_printed_once(place: Restaurant, when: str) -> None:
    guest, order_id, code = await (with_code(place) if when == "choosing" else printed(place))
    await place.restart()
    await place.until_open()
    if when == "choosing":
        assert (await said(place, code, "cash")).status == 200

    async def takes() -> bool:
        return (await place.internal("POST", f"/internal/till/{code}", CASH)).status == 200

    await until(takes)
    await guest.until_status(order_id, *SOLD)
    assert papers(place) == ["receipt"]
    await assert_books_agree(place)


async def test_who_waits_to_choose_holds_no_shift_open(place: Restaurant) -> None:
    guest, order_id, code = await with_code(place)
    closed = await place.internal("POST", "/internal/shift/close")
    assert (closed.status, closed.body.get("open")) == (200, False), closed.body
    refused = await said(place, code, "cash")
    assert (refused.status, refused.body["reason"]) == (503, "fiscal_shift_closed")
    assert (await place.internal("POST", "/internal/shift/open")).status == 200
    assert (await said(place, code, "cash")).status == 200
    await until(lambda: papers(place) == ["receipt"])
    assert (await guest.look(order_id))["status"] == "paying"


async def test_the_till_alone_may_want_its_receipt_first() -> None:
    text = '[payment]\nmethods = ["token", "till"]\n[payment.receipt]\ntill = "before_payment"\n'
    async with restaurant(text) as place:
        _, _, code = await with_code(place)
        assert (await said(place, code, "cash")).status == 200
        await until(lambda: papers(place) == ["receipt"])


async def test_a_refusal_at_the_till_may_be_followed_by_a_correction() -> None:
    async with restaurant(FIRST.format("") + 'on_refusal = "correction"\n') as place:
        guest, order_id, code = await printed(place)
        await place.internal("DELETE", f"/internal/till/{code}")
        await guest.until_status(order_id, "created")
        assert papers(place) == ["receipt", "correction"]
