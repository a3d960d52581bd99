"""A working day of each registrar without a person.

Open, sales at all rates, refund, correction, paper out, a lost answer, X, Z, the next day.
"""

from __future__ import annotations

from typing import Any

import pytest

from drivers.sim.shtrih import shtrih
from tests.clocks import JumpingClock
from tests.restaurant import Customer, Restaurant, restaurant, until

DRIVERS = ("shtrih", "atol", "atol-web")
#: Every rate that the generation of the device can encode: (dish, rate).
RATES = {
    "shtrih": (("tea", "none"), ("udon-chicken", "20"), ("fries", "10"), ("ice-cream", "0"), ("salad-egg", "5")),
    "atol": (("tea", "none"), ("udon-chicken", "20"), ("fries", "10"), ("ice-cream", "0")),
    "atol-web": (("tea", "none"), ("udon-chicken", "22"), ("fries", "10"), ("ice-cream", "0"), ("salad-egg", "7")),
}
CLOSE = {"shtrih": "FF45", "atol": "4A", "atol-web": "sell"}


def taxes(driver: str) -> str:
    rows = [f'[[taxes]]\nitem = "{dish}"\nvat = "{rate}"' for dish, rate in RATES[driver] if rate != "none"]
    return "\n".join(rows)


async def bought(place: Restaurant, guest: Customer, dish: str, count: int = 1) -> dict[str, Any]:
    created = await guest.order((dish, count))
    paid = await guest.pay(created["order_id"])
    assert paid.status == 200, paid
    return {**created, **paid.body}


async def shift(place: Restaurant) -> dict[str, Any]:
    found: dict[str, Any] = (await place.internal("GET", "/internal/shift")).body
    return found


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_whole_day_is_sold_closed_compared_and_the_next_one_begins(driver: str) -> None:
    async with restaurant(registrar=driver, tail=taxes(driver)) as place:
        guest = await place.guest()
        first = (await shift(place))["shift"]
        sold = [await bought(place, guest, dish, 1 + n % 2) for n in range(4) for dish, _ in RATES[driver]]
        lines = [line for row in place.effects("fiscal", "receipt") for line in row["lines"]]
        assert len(sold) == len(place.effects("fiscal", "receipt")) == 4 * len(RATES[driver])
        assert lines

        refund = f"/internal/orders/{sold[0]['order_id']}/refund"
        assert (await place.internal("POST", refund, {"reason": "остыл"})).status == 202
        await until(lambda: place.effects("fiscal", "refund_receipt"))

        place.fiscal.faults.switch("paper_out", True, {})
        await place.until_paused("fiscal_no_paper")
        place.fiscal.faults.switch("paper_out", False, {})
        await place.until_open()
        place.fiscal.faults.switch("lose_answer", True, {"after": CLOSE[driver]})
        sold.append(await bought(place, guest, "tea"))

        x_report = (await place.internal("POST", "/internal/shift/report")).body
        assert x_report["differences"] == []
        assert x_report["sales"] == {"count": len(sold), "sum_kopecks": sum(row["amount_kopecks"] for row in sold)}
        assert (x_report["refunds"]["count"], x_report["kind"]) == (1, "x")
        assert {row["name"] for row in x_report["rates"]} == {rate for _, rate in RATES[driver]}

        assert (await place.internal("POST", "/internal/shift/close")).body["open"] is False
        await place.until_paused("fiscal_shift_closed")
        z_report = (await place.internal("GET", f"/internal/shift/reports/{first}")).body
        assert (z_report["kind"], z_report["differences"]) == ("z", [])
        assert z_report["sales"] == x_report["sales"]
        assert "no differences" in z_report["text"]
        assert (await place.internal("POST", "/internal/shift/open")).body["shift"] == first + 1
        await place.until_open()
        await bought(place, guest, "tea")
        types = [event["type"] for event in await place.events()]
        assert (types.count("ShiftOpenedEvent"), types.count("ShiftClosedEvent")) == (2, 1)
        audit = (await place.internal("GET", "/internal/audit")).body
        assert audit["mismatches"] == []


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_receipt_owed_past_its_day_is_made_up_for_by_a_correction(driver: str) -> None:
    clock = JumpingClock()
    async with restaurant("[payment]\nanswer_within_s = 0.2", registrar=driver, clock=clock) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        place.bank.faults.switch("slow", True, {"seconds": 0.4})
        assert (await guest.pay(order_id)).status == 202
        place.fiscal.faults.switch("off", True, {})
        place.bank.faults.switch("slow", False, {})

        async def order() -> dict[str, Any]:
            found: dict[str, Any] = (await place.internal("GET", f"/internal/orders/{order_id}")).body
            return found

        async def cooked() -> bool:
            return (await order())["status"] == "completed"

        await until(cooked)  # the meal is right in both outcomes
        assert (await order())["receipt_unknown"] is True
        clock.jump(24 * 3600)
        place.fiscal.faults.switch("off", False, {})
        (correction,) = await until(lambda: place.effects("fiscal", "correction"))

        async def settled() -> bool:
            return (await order())["receipt_unknown"] is False

        await until(settled)
        assert correction["total_kopecks"] == place.effects("bank", "charged")[0]["amount_kopecks"]
        assert place.effects("fiscal", "receipt") == []
        assert (await order())["receipt"]["fiscal_document_number"] == correction["fiscal_document_number"]


async def test_shift_closes_at_its_hour_between_payments_and_opens_again() -> None:
    clock = JumpingClock()
    async with restaurant('[fiscal]\nclose_at = "03:30"', clock=clock) as place:
        first = (await shift(place))["shift"]
        clock.jump(24 * 3600 - 60)

        async def next_shift() -> bool:
            found = await place.internal("GET", "/internal/shift")
            return bool(found.status == 200 and found.body["open"] and found.body["shift"] == first + 1)

        await until(next_shift)
        await place.until_open()
        z_report = (await place.internal("GET", f"/internal/shift/reports/{first}")).body
        assert (z_report["kind"], z_report["sales"]) == ("z", {"count": 0, "sum_kopecks": 0})


async def until_told(place: Restaurant, words: str) -> None:
    """A fault with these words went out."""

    async def told() -> bool:
        return any(words in event["data"].get("detail", "") for event in await place.events())

    await until(told)


async def test_a_device_registered_for_somebody_else_sells_nothing_and_says_why() -> None:
    async with restaurant('[restaurant]\ninn = "7711111111"', sales_open=False) as place:
        await place.until_paused("fiscal_registration_mismatch")
        await until_told(place, "7711111111")
        assert place.effects("fiscal", "shift_opened") == []


async def test_a_rate_the_device_cannot_encode_is_refused_at_start() -> None:
    async with restaurant(registrar="atol", tail='[[taxes]]\nvat = "22"', sales_open=False) as place:
        await place.until_paused("fiscal_registration_mismatch")
        await until_told(place, "rate 22")


async def test_another_registrar_is_sold_through_by_a_technician_and_each_receipt_keeps_its_drive() -> None:
    async with restaurant() as place:
        guest = await place.guest()
        before = await bought(place, guest, "tea")
        spare = {"state": place.folder / "spare.state", "ledger": place.folder / "spare.jsonl"}
        await place.stack.enter_async_context(shtrih(place.folder / "spare.tty", **spare, seed=7))
        file = place.folder / "config.toml"
        text = file.read_text().replace("[fiscal]", '[[fiscal]]\nname = "till"')
        file.write_text(f'{text}\n[[fiscal]]\nname = "spare"\nport = "{place.folder}/spare.tty"\n')
        await place.restart()
        await place.until_open()
        assert (await place.internal("GET", "/internal/fiscal")).body == {
            "active": "till",
            "registrars": ["till", "spare"],
        }
        unknown = await place.internal("POST", "/internal/fiscal/use", {"name": "nobody"})
        assert (unknown.status, unknown.code) == (404, "not_found")
        used = await place.internal("POST", "/internal/fiscal/use", {"name": "spare"})
        assert (used.status, used.body["active"]) == (200, "spare")
        await place.until_open()
        after = await bought(place, guest, "tea")
        assert before["receipt"]["fiscal_drive_number"] != after["receipt"]["fiscal_drive_number"]
        assert len(place.effects("fiscal", "receipt")) == len(place.effects("spare", "receipt")) == 1
        assert len(place.effects("fiscal", "shift_closed")) == 1  # the one left is closed
        await place.restart()
        await place.until_open()
        assert (await place.internal("GET", "/internal/fiscal")).body["active"] == "spare"  # the choice is kept
        refund = f"/internal/orders/{after['order_id']}/refund"
        assert (await place.internal("POST", refund, {"reason": "остыл"})).status == 202
        await until(lambda: place.effects("spare", "refund_receipt"))


async def test_a_slip_with_number_and_code_follows_the_receipt() -> None:
    async with restaurant() as place:
        guest = await place.guest()
        sold = await bought(place, guest, "tea")

        async def printed() -> str | None:
            text = "\n".join(place.fiscal.state()["paper"])
            return text if f"ЗАКАЗ {sold['number']}" in text else None

        text = await until(printed)
        assert f"Код выдачи {sold['pickup_code']}" in text
