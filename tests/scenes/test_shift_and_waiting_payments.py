"""A payment that waits for a person keeps neither the day from its close nor sales from the spare registrar."""

from __future__ import annotations

from typing import Any

from tests.points import At
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_set_aside import CannotPrint, set_aside_while_printing
from tests.scenes.test_several_registrars import with_a_spare
from tests.scenes.test_ways_to_pay import ALL, code_of, tea

CARD = {"tender": "card"}


async def until_waits(place: Restaurant, kind: str) -> dict[str, Any]:
    async def waits() -> dict[str, Any] | None:
        rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
        return next((row for row in rows if row["kind"] == kind), None)

    found: dict[str, Any] = await until(waits)
    return found


async def assert_shift_closes(place: Restaurant) -> None:
    closed = await place.internal("POST", "/internal/shift/close")
    assert (closed.status, closed.body.get("open")) == (200, False), closed.body


async def test_3_4_a_guest_on_the_way_to_the_till_lets_the_shift_close_and_pays_once_there_is_one_again() -> None:
    async with restaurant(ALL) as place:
        guest, order_id = await tea(place)
        code = await code_of(guest, order_id)
        await assert_shift_closes(place)
        refused = await place.internal("POST", f"/internal/till/{code}", CARD)
        assert (refused.status, refused.code) == (503, "fiscal_unavailable")
        assert refused.body["reason"] == "fiscal_shift_closed"
        assert (await place.internal("POST", "/internal/shift/open")).status == 200
        assert (await place.internal("POST", f"/internal/till/{code}", CARD)).status == 200
        await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
        assert len(place.effects("fiscal", "receipt")) == 1


async def test_3_4_a_taking_that_is_not_confirmed_lets_the_shift_close() -> None:
    printed = At("t6.after")
    async with restaurant(ALL, stuck_after_s=0.2, checkpoint=printed) as place:
        guest, order_id = await tea(place)
        printed.do(lambda: place.reader.account.end(capture=False))
        await guest.pay_by("terminal", order_id)  # its firmware let the money go by itself
        await until_waits(place, "capture_uncertain")
        await assert_shift_closes(place)


async def test_3_4_a_payment_that_was_set_aside_lets_the_shift_close() -> None:
    CannotPrint.blind = False
    async with restaurant(receipts=CannotPrint) as place:
        await set_aside_while_printing(place)
        await assert_shift_closes(place)


async def test_3_4_a_guest_on_the_way_to_the_till_keeps_nobody_from_the_spare_registrar() -> None:
    async with restaurant('[payment]\nmethods = ["token", "till"]\n', fallback_after_s=0.0) as place:
        await with_a_spare(place, "fallback = true\nslip = false\npaperless_with_contact = true\n")
        await place.restart()
        await place.until_open()
        guest, order_id = await tea(place)
        code = await code_of(guest, order_id)
        place.fiscal.faults.switch("paper_out", on=True)

        async def taken() -> bool:
            return (await place.internal("POST", f"/internal/till/{code}", CARD)).status == 200

        await until(taken)  # by paper that is in the spare
        await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
        assert (len(place.effects("fiscal", "receipt")), len(place.effects("spare", "receipt"))) == (0, 1)
