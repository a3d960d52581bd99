"""A working day of each registrar without a person.

Open, sales at all rates, refund, correction, paper out, a lost answer, X, Z, the next day.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import pytest

from drivers.fiscal.port import FiscalIntent, Operation, Receipt, ReceiptLine, TaxSystem
from kiosk.config import load
from tests.clocks import JumpingClock
from tests.command import kiosk
from tests.restaurant import FAST_LOOKS, Customer, Restaurant, restaurant, start_kiosk, test_parts, until
from tests.scenes.test_signing_in import FREE, signed_in
from tests.scenes.test_staff_desk import at_the_desk, overview

DRIVERS = ("shtrih", "atol", "atol-web")
DISHES = {
    "tea": "none", "udon-chicken": "0", "fries": "10", "ice-cream": "10/110", "salad-egg": "20", "cola": "5",
    "tea-cold": "5/105", "soup-chicken": "7", "soup-tofu": "7/107", "salad-tofu": "22", "curry-tofu": "22/122",
    "pasta-cheese": "20/120",
}  # fmt: skip
#: What the generation of the device cannot encode.
UNKNOWN = {"shtrih": ("20/120",), "atol": ("5", "5/105", "7", "7/107", "22", "22/122"), "atol-web": ()}
SALES = 20
PHONE_OF_SUPPORT = "Вопросы:"
CLOSE = {"shtrih": "FF45", "atol": "4A", "atol-web": "sell"}


def rates_of(driver: str) -> dict[str, str]:
    """Dish and rate, every rate the device can encode."""
    return {dish: rate for dish, rate in DISHES.items() if rate not in UNKNOWN[driver]}


def taxes(driver: str) -> str:
    rows = [f'[[taxes]]\nitem = "{dish}"\nvat = "{rate}"' for dish, rate in rates_of(driver).items()]
    return "\n".join(rows)


async def bought(place: Restaurant, guest: Customer, dish: str, count: int = 1, **more: Any) -> dict[str, Any]:
    created = await guest.order((dish, count))
    paid = await guest.pay(created["order_id"], **more)
    assert paid.status == 200, paid
    return {**created, **paid.body}


async def shift(place: Restaurant) -> dict[str, Any]:
    found: dict[str, Any] = (await place.internal("GET", "/internal/shift")).body
    return found


@pytest.mark.heavy
@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_whole_day_is_sold_closed_compared_and_the_next_one_begins(driver: str) -> None:
    async with restaurant(FREE, registrar=driver, tail=taxes(driver)) as place:
        guest = await signed_in(place)
        first = (await shift(place))["shift"]
        rates = rates_of(driver)
        sold = [
            await bought(place, guest, dish, 1 + n % 2) for n, dish in zip(range(SALES - 1), cycle(rates), strict=False)
        ]
        points = (await guest.call("GET", "/api/me")).body["bonus_points"]
        sold.append(
            await bought(place, guest, "salad-egg", 3, bonus_points=points - points % 3 - 2)
        )  # no multiple of 3
        receipts = place.effects("fiscal", "receipt")
        assert [row["total_kopecks"] for row in receipts] == [row["amount_kopecks"] for row in sold]
        assert len(receipts) == SALES
        assert sold[-1]["bonus_spent"] > 0
        assert len(receipts[-1]["lines"]) == 2  # one line split so that price × quantity = sum

        refund = f"/internal/orders/{sold[0]['order_id']}/refund"
        assert (await place.internal("POST", refund, {"reason": "остыл"})).status == 202
        await until(lambda: place.effects("fiscal", "refund_receipt"))

        place.fiscal.faults.switch("paper_out", on=True)
        await place.until_paused("fiscal_no_paper")
        place.fiscal.faults.switch("paper_out", on=False)
        await place.until_open()
        place.fiscal.faults.switch("off", on=True)
        await place.until_paused("fiscal_offline")
        place.fiscal.faults.switch("off", on=False)
        await place.until_open()
        place.fiscal.faults.switch("lose_answer", {"after": CLOSE[driver]})
        sold.append(await bought(place, guest, "tea"))

        x_report = (await place.internal("POST", "/internal/shift/report")).body
        assert x_report["differences"] == []
        assert x_report["sales"] == {"count": len(sold), "sum_kopecks": sum(row["amount_kopecks"] for row in sold)}
        assert (x_report["refunds"]["count"], x_report["kind"]) == (1, "x")
        assert {row["name"] for row in x_report["rates"]} == set(rates.values())

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
        place.bank.faults.switch("hold", on=True)
        assert (await guest.pay(order_id)).status == 202
        await until(lambda: place.is_charging(order_id))
        place.fiscal.faults.switch("off", on=True)
        place.bank.faults.switch("hold", on=False)

        async def order() -> dict[str, Any]:
            found: dict[str, Any] = (await place.internal("GET", f"/internal/orders/{order_id}")).body
            return found

        async def cooked() -> bool:
            return bool((await order())["status"] == "completed")

        await until(cooked)  # the meal is right in both outcomes
        assert (await order())["receipt_unknown"] is True
        clock.jump(24 * 3600)
        place.fiscal.faults.switch("off", on=False)
        (correction,) = await until(lambda: place.effects("fiscal", "correction"))

        async def settled() -> bool:
            return (await order())["receipt_unknown"] is False

        await until(settled)
        assert correction["total_kopecks"] == place.effects("bank", "charged")[0]["amount_kopecks"]
        assert place.effects("fiscal", "receipt") == []
        assert (await order())["receipt"]["fiscal_document_number"] == correction["fiscal_document_number"]


async def until_reported(place: Restaurant, number: int) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        answer = await place.internal("GET", f"/internal/shift/reports/{number}")
        return answer.body if answer.status == 200 else None

    report: dict[str, Any] = await until(found)
    return report


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_shift_closed_behind_our_back_is_reported_and_the_next_one_opened(driver: str) -> None:
    """At the device, or by a process that died before it wrote down what it had done."""
    async with restaurant(registrar=driver) as place:
        guest = await place.guest()
        first = (await shift(place))["shift"]
        sold = await bought(place, guest, "tea")
        registrar = place.kiosk.devices.registrar
        async with place.kiosk.flows.desk.turn():
            await registrar.close_shift()
        report = await until_reported(place, first)
        assert report["sales"] == {"count": 1, "sum_kopecks": sold["amount_kopecks"]}
        assert report["differences"] == []
        await place.until_open()
        assert (await shift(place))["shift"] == first + 1
        types = [event["type"] for event in await place.events()]
        assert (types.count("ShiftOpenedEvent"), types.count("ShiftClosedEvent")) == (2, 1)


async def test_a_difference_of_the_day_outlives_the_process_and_ends_when_a_person_accepts_it() -> None:
    async with restaurant(periods=replace(FAST_LOOKS, shift_difference_s=0.5)) as place:
        guest = await place.guest()
        first = (await shift(place))["shift"]
        await bought(place, guest, "tea")
        registrar = place.kiosk.devices.registrar
        async with place.kiosk.flows.desk.turn():  # a receipt that our books know nothing of
            asked = foreign_receipt()
            counter = await registrar.counter()
            intent = FiscalIntent(counter, asked.operation, asked.order_id, asked.total_kopecks, datetime.now(UTC))
            await registrar.print_receipt(asked, intent)
        report = (await place.internal("POST", "/internal/shift/close")).body
        assert report["open"] is False
        (difference,) = (await until_reported(place, first))["differences"]
        assert difference.startswith("sales: the registrar says 2")
        await place.restart()

        async def named() -> list[dict[str, Any]]:
            stuck = (await place.internal("GET", "/internal/stuck")).body["stuck"]
            return [row for row in stuck if "day_difference" in row["detail"]]

        (finding,) = await until(named)
        assert "the registrar says 2" in finding["detail"]
        assert "fiscal_day" in await faults(place)
        accepted = await place.internal("POST", f"/internal/stuck/{finding['stuck_id']}", {"move": "accept"})
        assert accepted.status == 200, accepted

        async def over() -> bool:
            return "fiscal_day" not in await faults(place)

        await until(over)


def foreign_receipt() -> Receipt:
    line = ReceiptLine("Проба", 100, 1, 100)
    return Receipt(Operation.SALE, "somebody", (line,), 100, 100, TaxSystem.USN_INCOME)


async def faults(place: Restaurant) -> set[str]:
    """Devices whose fault was published and whose recovery was not."""
    standing: set[str] = set()
    for event in await place.events():
        if event["type"] == "DeviceFaultEvent":
            standing.add(event["data"]["device"])
        elif event["type"] == "DeviceRecoveredEvent":
            standing.discard(event["data"]["device"])
    return standing


async def test_a_bank_that_holds_its_list_holds_neither_the_next_shift_nor_a_receipt() -> None:
    async with restaurant("[bank]\ntimeout_s = 60\nabandon_after_s = 120") as place:
        first = (await shift(place))["shift"]
        sold = await bought(place, await place.guest(), "tea")
        place.bank.faults.switch("hold", on=True)
        closing = asyncio.create_task(place.internal("POST", "/internal/shift/close"))
        report = await until_reported(place, first)
        assert (report["bank_asked"], report["sales"]["sum_kopecks"]) == (False, sold["amount_kopecks"])
        assert "the bank's list is not compared yet" in report["text"]
        assert (await place.internal("POST", "/internal/shift/open")).body["shift"] == first + 1
        await place.until_open()
        assert await place.kiosk.flows.receipts.why_not_ready() is None  # its turn is free
        assert not closing.done()
        place.bank.faults.switch("hold", on=False)
        await bought(place, await place.guest(), "tea")
        assert (await closing).status == 200
        report = await until_reported(place, first)
        assert (report["bank_asked"], report["differences"]) == (True, [])


async def test_a_bank_that_was_not_asked_before_the_process_died_is_asked_by_the_next_one() -> None:
    async with restaurant("[bank]\ntimeout_s = 60\nabandon_after_s = 120") as place:
        first = (await shift(place))["shift"]
        await bought(place, await place.guest(), "tea")
        place.bank.faults.switch("hold", on=True)
        async with place.kiosk.flows.desk.turn():
            await place.kiosk.devices.registrar.close_shift()
        assert not (await until_reported(place, first))["bank_asked"]
        await place.restart()
        place.bank.faults.switch("hold", on=False)

        async def asked() -> bool:
            return bool((await until_reported(place, first))["bank_asked"])

        await until(asked)


async def test_a_registrar_that_does_not_count_tells_its_totals_by_its_documents() -> None:
    async with restaurant(registrar="atol-web") as place:
        guest = await place.guest()
        sold = await bought(place, guest, "tea")
        place.fiscal.faults.switch("no_counters", on=True)
        assert (await place.internal("POST", "/internal/shift/close")).body["open"] is False
        report = await until_reported(place, sold["receipt"]["shift"])
        assert report["differences"] == []
        assert report["sales"] == {"count": 1, "sum_kopecks": sold["amount_kopecks"]}


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


async def test_a_correction_that_the_registrar_does_not_take_is_seen_and_goes_on_when_asked() -> None:
    async with restaurant(tail='[[taxes]]\nvat = "20"\nvalid_from = 2019-01-02', stuck_after_s=0.0) as place:
        sold = await bought(place, await place.guest(), "tea")
        file = place.folder / "config.toml"
        file.write_text(file.read_text().replace('vat = "20"', 'vat = "10"'))
        await place.kiosk.stop()
        place.kiosk = await start_kiosk(place.stack, load(file), test_parts(stuck_after_s=0.0))
        await place.until_open()
        place.fiscal.faults.switch("off", on=True)
        asked = {"order_id": sold["order_id"], "reason": "ставка не та"}
        assert (await place.internal("POST", "/internal/fiscal/correct", asked)).status == 202

        async def waiting() -> dict[str, Any] | None:
            rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
            return next((row for row in rows if row["detail"]), None)

        row = await until(waiting)
        assert (row["kind"], row["order_id"], row["moves"]) == ("correction_pending", sold["order_id"], ["retry"])
        place.fiscal.faults.switch("off", on=False)
        answer = await place.internal("POST", f"/internal/stuck/{row['stuck_id']}", {"move": "retry"})
        assert answer.status == 200, answer
        await until(lambda: len(place.effects("fiscal", "correction")) == 2)

        async def nothing_waits() -> bool:
            return not (await place.internal("GET", "/internal/stuck")).body["stuck"]

        await until(nothing_waits)


async def until_told(place: Restaurant, words: str) -> None:
    """A fault with these words went out."""

    async def told() -> bool:
        return any(words in event["data"].get("detail", "") for event in await place.events())

    await until(told)


async def test_a_device_registered_for_somebody_else_sells_nothing_and_says_why() -> None:
    async with restaurant('[restaurant]\ninn = "7711111110"', sales_open=False) as place:
        await place.until_paused("fiscal_registration_mismatch")
        words = "inn: 7711111110 in the settings, 7700000000 in the device"
        await until_told(place, words)
        assert words in (await place.internal("GET", "/internal/devices")).body["own"]["fiscal"]
        told = await kiosk(place, "check")
        assert any("BAD" in line and "fiscal" in line and words in line for line in told.out.splitlines()), told
        lights = {light["name"]: light for light in (await overview(await at_the_desk(place)))["lights"]}
        assert words in lights["fiscal"]["own"]
        await place.kiosk.stop()
        alone = await kiosk(place, "check")
        assert (alone.code, words in alone.out) == (1, True), alone
        assert place.effects("fiscal", "shift_opened") == []


async def test_a_rate_the_device_cannot_encode_is_refused_at_start() -> None:
    async with restaurant(registrar="atol", tail='[[taxes]]\nvat = "22"', sales_open=False) as place:
        await place.until_paused("fiscal_registration_mismatch")
        await until_told(place, "vat: 22 in the settings")


@pytest.mark.parametrize(
    ("driver", "documents"),
    [
        ("shtrih", ["receipt", "correction", "correction"]),
        ("atol", ["receipt", "refund_receipt", "receipt"]),  # FFD 1.05
        ("atol-web", ["receipt", "correction", "correction"]),
    ],
)
async def test_a_receipt_with_a_wrong_rate_is_taken_back_and_made_right(driver: str, documents: list[str]) -> None:
    async with restaurant(registrar=driver, tail='[[taxes]]\nvat = "20"\nvalid_from = 2019-01-02') as place:
        guest = await place.guest()
        sold = await bought(place, guest, "tea", 2)
        order_id = sold["order_id"]
        asked = {"order_id": order_id, "reason": "ставка не та"}
        same = await place.internal("POST", "/internal/fiscal/correct", asked)
        assert (same.status, same.code) == (409, "order_state")  # nothing differs yet

        file = place.folder / "config.toml"
        file.write_text(file.read_text().replace('vat = "20"', 'vat = "10"'))
        await place.restart()
        await place.until_open()
        desk = await at_the_desk(place)
        estimate = await desk.call("GET", f"/api/service/corrections/{order_id}")
        place.fiscal.faults.switch("lose_answer", {"after": CLOSE[driver]})
        answer = await place.internal("POST", "/internal/fiscal/correct", asked)
        assert (estimate.status, estimate.body) == (200, answer.body)  # and it had written nothing
        assert (answer.status, [line["vat"] for line in answer.body["becomes"]]) == (202, ["10"])
        await place.restart()  # in the middle of it or not: each document stands once
        effects = ("receipt", "refund_receipt", "correction")
        await until(lambda: len(place.effects("fiscal", *effects)) == 3)
        assert [row["effect"] for row in place.effects("fiscal", *effects)] == documents

        async def settled() -> bool:
            receipt = (await place.internal("GET", f"/internal/orders/{order_id}")).body["receipt"]
            last = place.effects("fiscal", *effects)[-1]
            return bool(receipt["fiscal_document_number"] == last["fiscal_document_number"])

        await until(settled)
        assert len(place.effects("bank", "charged")) == 1
        assert place.effects("bank", "refunded", "voided") == []
        refund = f"/internal/orders/{order_id}/refund"

        async def accepted() -> bool:
            return (await place.internal("POST", refund, {"reason": "остыл"})).status == 202

        await until(accepted)
        known = documents.count("refund_receipt")
        await until(lambda: len(place.effects("fiscal", "refund_receipt")) == known + 1)
        assert place.effects("fiscal", "refund_receipt")[-1]["total_kopecks"] == sold["amount_kopecks"]

        async def refunded() -> bool:
            return bool((await place.internal("GET", f"/internal/orders/{order_id}")).body["status"] == "refunded")

        await until(refunded)
        audit = (await place.internal("GET", "/internal/audit")).body
        assert audit["mismatches"] == []
        assert (await place.internal("POST", "/internal/shift/close")).body["open"] is False
        report = (await place.internal("GET", f"/internal/shift/reports/{sold['receipt']['shift']}")).body
        assert report["differences"] == []
        assert [row["name"] for row in report["rates"] if row["sum_kopecks"]] == []  # all came back


async def test_3_4_shift_is_not_closed_by_hand_in_a_payment_that_began_while_the_hand_waited() -> None:
    async with restaurant("[bank]\ntimeout_s = 60\nabandon_after_s = 120") as place:
        place.bank.faults.switch("hold", on=True)
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        keeper = place.kiosk.flows.shift_keeper
        async with keeper.hand:
            closing = asyncio.create_task(place.internal("POST", "/internal/shift/close"))
            payment_saga = asyncio.create_task(guest.pay(order_id))
            await until(lambda: place.is_charging(order_id))
        refused = await closing
        place.bank.faults.switch("hold", on=False)
        assert (refused.status, refused.body.get("reason")) == (503, "payment_under_way"), refused.body
        assert (await payment_saga).status == 200
        assert place.effects("fiscal", "shift_closed") == []
        assert not keeper.held_closed


async def test_3_4_shift_that_somebody_opened_at_the_device_is_recorded() -> None:
    async with restaurant() as place:
        await bought(place, await place.guest(), "tea")
        with sqlite3.connect(place.folder / "kiosk.db", timeout=10) as books:  # as if it were another one's
            books.execute("DELETE FROM shift")
        books.close()

        def recorded() -> bool:
            with contextlib.closing(sqlite3.connect(place.folder / "kiosk.db", timeout=10)) as file:
                return bool(file.execute("SELECT count(*) FROM shift WHERE closed_at IS NULL").fetchone()[0])

        await until(recorded)


async def test_a_slip_with_number_and_code_follows_the_receipt() -> None:
    async with restaurant() as place:
        guest = await place.guest()
        sold = await bought(place, guest, "tea")

        def printed() -> bool:
            text = "\n".join(place.fiscal.state()["paper"])
            return f"ЗАКАЗ {sold['number']}\nКод выдачи {sold['pickup_code']}" in text and PHONE_OF_SUPPORT in text

        await until(printed)
