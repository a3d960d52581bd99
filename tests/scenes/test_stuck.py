"""What a person must decide: `kiosk stuck` shows it with the moves that are safe, and each move ends it without SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.fiscal.port import FiscalIntent, Operation, Receipt, ReceiptLine, TaxSystem
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.session import ShtrihSession
from drivers.link import Link, open_serial
from drivers.sim.shtrih.device import ShtrihDevice, shtrih
from tests.clocks import START, JumpingClock
from tests.command import journal
from tests.restaurant import FAST_FISCAL, Answer, Files, Restaurant, restaurant, until
from tests.scenes.test_several_registrars import with_a_spare


class _WatchedLink:
    """Passes bytes on, and says when a receipt is about to be closed."""

    def __init__(self, link: Link, closing: Callable[[], None]) -> None:
        self._link = link
        self._closing = closing

    async def read(self, timeout_s: float) -> bytes:
        return await self._link.read(timeout_s)

    def write(self, data: bytes) -> None:
        if data[2:4] == b"\xff\x45":
            self._closing()
        self._link.write(data)

    def discard(self) -> int:
        return self._link.discard()

    def close(self) -> None:
        self._link.close()


class _Switch:
    """Turns the registrar off in the middle of a receipt, once it is armed."""

    def __init__(self) -> None:
        self.strike: Callable[[], None] = lambda: None

    async def open_link(self, port: str, baudrate: int) -> Link:
        return _WatchedLink(await open_serial(port, baudrate), lambda: self.strike())


async def stuck(place: Restaurant, kind: str) -> dict[str, Any]:
    """The one line of this kind, once it is there."""

    async def found() -> dict[str, Any] | None:
        rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
        return next((row for row in rows if row["kind"] == kind), None)

    row: dict[str, Any] = await until(found)
    return row


async def move(place: Restaurant, stuck_id: str, wanted: str, **more: Any) -> Answer:
    return await place.internal("POST", f"/internal/stuck/{stuck_id}", {"move": wanted, **more})


async def nothing_stuck(place: Restaurant) -> None:
    async def none() -> bool:
        return not (await place.internal("GET", "/internal/stuck")).body["stuck"]

    await until(none)


def armed(place: Restaurant, switch: _Switch) -> asyncio.Event:
    """The next receipt is cut off; set once it is."""
    struck = asyncio.Event()

    def strike() -> None:
        place.fiscal.faults.switch("off", on=True)
        struck.set()

    switch.strike = strike
    return struck


async def receipt_in_doubt(place: Restaurant, switch: _Switch) -> str:
    """An order whose receipt was cut; its registrar stays off."""
    struck = armed(place, switch)
    guest = await place.guest()
    order_id: str = (await guest.order(("tea", 1)))["order_id"]
    answer = await guest.pay(order_id, key="k")
    assert answer.status in (202, 200), answer
    await until(struck.is_set)
    switch.strike = lambda: None
    return order_id


async def another_drive(place: Restaurant, link: Path) -> Any:
    """A registrar with another fiscal drive and a memory of its own, on the same ledger; the first one is unplugged."""
    place.fiscal.faults.switch("link_lost", on=True)
    files = Files(state=place.folder / "second.state", ledger=place.folder / "fiscal.jsonl")
    return shtrih(link, **files, seed=7)


async def test_3_4_swapped_drive_leaves_the_receipt_owed_until_somebody_says_there_is_none() -> None:
    switch = _Switch()
    extra = "[payment]\nanswer_within_s = 0.2"
    async with restaurant(extra, open_link=switch.open_link, stuck_after_s=0.0) as place:
        order_id = await receipt_in_doubt(place, switch)
        await place.stack.enter_async_context(await another_drive(place, place.folder / "fiscal.tty"))

        async def foreign() -> dict[str, Any] | None:
            row = await stuck(place, "receipt_owed")
            return row if row["detail"] == "foreign:drive_swapped" else None

        row = await until(foreign)
        assert (row["money"], row["order_id"]) == ("charged", order_id)
        assert row["moves"] == ["retry", "issue", "adopt"]
        refused = await move(place, row["stuck_id"], "refund")
        assert (refused.status, refused.code) == (409, "order_state")
        refused = await place.internal("POST", "/internal/fiscal/replace-drive", {"reason": "сгорел накопитель"})
        assert (refused.status, refused.body["reason"]) == (503, "receipt_in_doubt")
        assert (await move(place, row["stuck_id"], "issue")).status == 200

        async def taken_over() -> bool:  # not in the very moment of another try
            taken = await place.internal("POST", "/internal/fiscal/replace-drive", {"reason": "сгорел накопитель"})
            return taken.status == 200 and bool(taken.body["done"])

        await until(taken_over)
        await nothing_stuck(place)
        (receipt,) = place.effects("fiscal", "receipt")
        assert receipt["order_id"] == order_id
        audit = (await place.internal("GET", "/internal/audit")).body
        assert audit["mismatches"] == []


async def test_3_4_receipt_that_is_owed_is_not_printed_on_a_drive_that_nobody_put_in() -> None:
    switch = _Switch()
    extra = "[payment]\nanswer_within_s = 0.2"
    async with restaurant(extra, open_link=switch.open_link, stuck_after_s=0.0) as place:
        order_id = await receipt_in_doubt(place, switch)
        link = place.folder / "bench.tty"
        async with await another_drive(place, link):
            await print_by_hand(link, 100)  # its shift is open: it would take a receipt from anybody
        await place.stack.enter_async_context(await another_drive(place, place.folder / "fiscal.tty"))

        async def told(detail: str) -> dict[str, Any] | None:
            row = await stuck(place, "receipt_owed")
            return row if row["detail"] == detail else None

        row = await until(lambda: told("foreign:drive_swapped"))
        assert (await move(place, row["stuck_id"], "issue")).status == 200
        await until(lambda: told("absent:drive_swapped"))
        assert order_id not in [line["order_id"] for line in place.effects("fiscal", "receipt")]


async def test_3_4_nothing_falls_back_to_another_registrar_while_a_receipt_is_in_doubt() -> None:
    switch = _Switch()
    extra = "[payment]\nanswer_within_s = 0.2"
    async with restaurant(extra, open_link=switch.open_link) as place:
        await with_a_spare(place, "fallback = true\n")
        await place.restart()
        await place.until_open()
        order_id = await receipt_in_doubt(place, switch)

        async def closed() -> bool:
            reason = (await place.call("GET", "/api/restaurant")).body["sales"]["reason"] or ""
            return str(reason).startswith("fiscal_")

        await until(closed)
        fallback = place.kiosk.flows.fallback
        assert not await fallback.fall_back()
        assert (await place.internal("GET", "/internal/fiscal")).body["active"] == "till"
        assert journal(place) == []
        place.fiscal.faults.switch("off", on=False)
        await until(lambda: place.effects("fiscal", "receipt"))
        (receipt,) = place.effects("fiscal", "receipt")
        assert receipt["order_id"] == order_id
        assert place.effects("spare", "receipt") == []


async def test_3_4_document_that_only_a_person_recognises_is_adopted_and_not_printed_again() -> None:
    switch = _Switch()
    extra = "[payment]\nanswer_within_s = 0.2"
    async with restaurant(extra, open_link=switch.open_link, stuck_after_s=0.0) as place:
        order_id = await receipt_in_doubt(place, switch)
        amount = place.effects("bank", "charged")[0]["amount_kopecks"]
        link = place.folder / "bench.tty"
        async with await another_drive(place, link):
            number = await print_by_hand(link, amount)
        await place.stack.enter_async_context(await another_drive(place, place.folder / "fiscal.tty"))

        async def foreign() -> dict[str, Any] | None:
            row = await stuck(place, "receipt_owed")
            return row if row["detail"].startswith("foreign:") else None

        row = await until(foreign)
        wrong = await move(place, row["stuck_id"], "adopt", document=number + 7)
        assert (wrong.status, wrong.code) == (422, "invalid_request")
        assert (await move(place, row["stuck_id"], "adopt", document=number)).status == 200
        await nothing_stuck(place)
        assert len(place.effects("fiscal", "receipt")) == 1  # the one made by hand
        order = (await place.internal("GET", f"/internal/orders/{order_id}")).body
        assert order["receipt"]["fiscal_document_number"] == number


async def test_3_4_receipt_in_a_drive_that_is_lost_is_named_by_a_person_and_told_as_such() -> None:
    switch = _Switch()
    extra = "[payment]\nanswer_within_s = 0.2"
    async with restaurant(extra, open_link=switch.open_link, stuck_after_s=0.0) as place:
        order_id = await receipt_in_doubt(place, switch)
        assert isinstance(place.fiscal, ShtrihDevice)
        lost, before = place.fiscal.register.drive.state.serial, place.fiscal.register.drive.state.last_document
        number = before + 1
        await place.stack.enter_async_context(await another_drive(place, place.folder / "fiscal.tty"))
        row = await until(lambda: swapped(place, "receipt_owed"))
        hint = await move(place, row["stuck_id"], "adopt", document=number)
        assert (hint.status, lost in hint.body["errors"][0]["message"]) == (422, True)
        for wrong in (
            {"document": number, "drive": "9999000000000000"},
            {"document": before, "drive": lost},
            {"drive": lost},
        ):
            assert (await move(place, row["stuck_id"], "adopt", **wrong)).status == 422
        named = {"document": number, "drive": lost, "fiscal_sign": 305419896, "issued_at": "2026-11-22T12:01:00+03:00"}
        assert (await move(place, row["stuck_id"], "adopt", **named)).status == 200
        await nothing_stuck(place)
        assert place.effects("fiscal", "receipt") == []  # nothing is printed for it in the new drive
        receipt = (await place.internal("GET", f"/internal/orders/{order_id}")).body["receipt"]
        assert (receipt["fiscal_document_number"], receipt["fiscal_drive_number"]) == (number, lost)
        assert (receipt["fiscal_sign"], receipt["told_by_staff"]) == (305419896, True)
        assert receipt["qr"].startswith("t=20261122T1201&")
        said = f"{row['stuck_id']} {row['detail']} document {number} drive {lost} sign 305419896"
        assert ("stuck_adopt", said) in [written[1:3] for written in journal(place)]
        audit = (await place.internal("GET", "/internal/audit")).body
        assert (audit["mismatches"], audit["skipped"], audit["other_drives"]) == ([], [], 1)


async def test_6_refund_receipt_in_a_drive_that_is_lost_is_named_by_its_number_alone() -> None:
    switch = _Switch()
    extra = "[payment]\nanswer_within_s = 0.2"
    async with restaurant(extra, open_link=switch.open_link, stuck_after_s=0.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).status in (200, 202)
        await guest.until_status(order_id, "completed")
        assert isinstance(place.fiscal, ShtrihDevice)
        lost, number = place.fiscal.register.drive.state.serial, place.fiscal.register.drive.state.last_document + 1
        struck = armed(place, switch)
        await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "x"})
        await until(struck.is_set)
        switch.strike = lambda: None
        await place.stack.enter_async_context(await another_drive(place, place.folder / "fiscal.tty"))
        row = await until(lambda: swapped(place, "refund_pending"))
        named = await move(place, row["stuck_id"], "adopt", document=number, drive=lost)
        assert named.status == 200, named.body["errors"]
        await nothing_stuck(place)
        await guest.until_status(order_id, "refunded")
        assert place.effects("fiscal", "refund_receipt") == []


async def swapped(place: Restaurant, kind: str) -> dict[str, Any] | None:
    row = await stuck(place, kind)
    return row if row["detail"] == "foreign:drive_swapped" else None


async def print_by_hand(link: Path, amount_kopecks: int) -> int:
    """Somebody at the registrar itself makes the missing receipt; its document number."""
    session = ShtrihSession(open_link=open_serial, port=str(link), baudrate=115200, timeouts=FAST_FISCAL)
    registrar = ShtrihRegistrar(session)
    try:
        await registrar.open_shift()
        line = ReceiptLine("Чай", amount_kopecks, 1, amount_kopecks)
        tax_system = TaxSystem.USN_INCOME
        receipt = Receipt(Operation.SALE, "BYHAND", (line,), amount_kopecks, amount_kopecks, tax_system)
        intent = FiscalIntent(await registrar.counter(), Operation.SALE, "BYHAND", amount_kopecks, START)
        return (await registrar.print_receipt(receipt, intent)).number
    finally:
        await registrar.close()


async def test_3_4_staff_ask_for_the_money_back_and_it_goes_once_the_receipt_is_proved_absent() -> None:
    switch = _Switch()
    extra = "[payment]\nanswer_within_s = 0.2\nhold_limit_s = 3600"
    async with restaurant(extra, open_link=switch.open_link, stuck_after_s=0.0) as place:
        order_id = await receipt_in_doubt(place, switch)
        row = await stuck(place, "receipt_held")
        assert row["moves"] == ["retry", "refund"]
        assert (await move(place, row["stuck_id"], "refund")).status == 200
        assert place.effects("bank", "voided") == []  # nothing is proved while the registrar is silent
        place.fiscal.faults.switch("off", on=False)
        await nothing_stuck(place)

        async def returned() -> bool:
            return bool((await place.internal("GET", f"/internal/orders/{order_id}")).body["status"] == "created")

        await until(returned)
        assert len(place.effects("bank", "voided")) == 1
        assert place.effects("fiscal", "receipt") == []
        assert place.effects("robot", "started") == []


async def test_3_3_silent_bank_is_stuck_and_seen_in_the_metrics_until_it_answers() -> None:
    extra = "[payment]\nanswer_within_s = 0.2\n[bank]\nabandon_after_s = 3600"
    async with restaurant(extra, stuck_after_s=0.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        place.bank.faults.switch("lose_answer", on=True)
        place.bank.faults.switch("slow", {"seconds": 30})
        assert (await guest.pay(order_id)).status == 202
        row = await stuck(place, "charge_unknown")
        assert (row["money"], row["moves"]) == ("unknown", ["retry", "refund"])
        place.bank.faults.switch("slow", on=False)
        assert (await move(place, row["stuck_id"], "retry")).status == 200
        await guest.until_status(order_id, "paid", "cooking", "ready", "completed")
        assert len(place.effects("bank", "charged")) == 1


async def test_3_stuck_knows_no_such_id_and_no_such_move(place: Restaurant) -> None:
    assert (await move(place, "nobody", "retry")).status == 404
    assert (await move(place, "nobody", "delete")).code == "invalid_request"
    assert (await place.internal("GET", "/internal/stuck")).body == {"stuck": []}


async def test_4_portion_that_is_not_cooked_by_its_deadline_gives_the_money_back_by_itself() -> None:
    clock = JumpingClock()
    async with restaurant("[robot]\nlate_limit_s = 600", speed=1.0) as place:
        guest = await place.guest()
        tea = (await guest.order(("tea", 1)))["order_id"]
        place.bank.faults.switch("hold", on=True)
        payment_saga = asyncio.create_task(guest.pay(tea))
        await until(lambda: place.is_charging(tea))
        place.robot.faults.switch("estop", on=True)  # between the conditions of payment and cooking
        place.bank.faults.switch("hold", on=False)
        assert (await payment_saga).status == 200
        clock.jump(1200)  # between two starts: the power was off
        await place.restart(clock=clock)

        async def refunded() -> dict[str, Any] | None:
            order: dict[str, Any] = (await place.internal("GET", f"/internal/orders/{tea}")).body
            return order if order["status"] == "refunded" else None

        order = await until(refunded)
        assert [refund["reason"] for refund in order["refunds"]] == ["cooking_failed"]
        assert len(place.effects("bank", "voided", "refunded")) == 1
        assert len(place.effects("fiscal", "refund_receipt")) == 1
        place.robot.faults.switch("estop", on=False)
        assert place.effects("robot", "started") == []


async def test_3_3_bank_that_stays_away_is_given_up_and_a_charge_that_turns_up_goes_back() -> None:
    extra = "[payment]\nanswer_within_s = 0.2\n[bank]\nabandon_after_s = 3600"
    async with restaurant(extra, stuck_after_s=0.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        place.bank.faults.switch("lose_answer", on=True)
        place.bank.faults.switch("slow", {"seconds": 1.5})
        assert (await guest.pay(order_id)).status == 202
        await until(lambda: place.effects("bank", "charged"))
        place.bank.faults.switch("down", on=True)
        row = await stuck(place, "charge_unknown")
        assert (await move(place, row["stuck_id"], "refund")).status == 200
        await guest.until_status(order_id, "cancelled")  # no second key for it while the first is unknown
        assert (await guest.pay(order_id)).code == "order_state"
        place.bank.faults.switch("slow", on=False)
        place.bank.faults.switch("down", on=False)
        await until(lambda: place.effects("bank", "voided"))
        await nothing_stuck(place)
        assert len(place.effects("bank", "charged")) == 1
        assert place.ledger("robot") == []


async def test_3_refund_that_the_bank_refuses_for_good_ends_by_a_persons_word() -> None:
    async with restaurant(stuck_after_s=0.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 2)))["order_id"]
        paid = await guest.pay(order_id)
        assert paid.status == 200
        await guest.until_status(order_id, "completed")
        # Somebody gives everything back in the bank's own cabinet; then staff want it given back here as well.
        where = f"{place.bank.url}/transactions/{paid.body['transaction_id']}/void"
        async with place.client.post(where, headers={"Idempotency-Key": "by-hand"}) as answer:
            assert answer.status == 200
        body = {"reason": "остыл", "items": [{"item_id": "tea", "quantity": 1}]}
        assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202

        async def refused() -> dict[str, Any] | None:
            row = await stuck(place, "refund_pending")
            return row if row["detail"] == "bank:refused" else None

        row = await until(refused)
        assert row["moves"] == ["retry", "accept"]
        assert (await move(place, row["stuck_id"], "accept")).status == 200
        await nothing_stuck(place)
        (receipt,) = place.effects("fiscal", "refund_receipt")
        assert receipt["total_kopecks"] == row["amount_kopecks"]
        assert [line["key"] for line in place.effects("bank", "voided", "refunded")] == ["by-hand"]


async def test_3_4_void_that_the_bank_refuses_for_good_ends_by_a_persons_word() -> None:
    extra = "[payment]\nanswer_within_s = 0.2\nreceipt_retry_s = 3"
    async with restaurant(extra, stuck_after_s=0.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        place.bank.faults.switch("hold", on=True)
        asked = await guest.pay(order_id)
        assert asked.status == 202
        await until(lambda: place.is_charging(order_id))
        place.fiscal.faults.switch("cover_open", on=True)  # after the pre-flight: the receipt is refused
        place.bank.faults.switch("hold", on=False)
        (charge,) = await until(lambda: place.effects("bank", "charged"))
        where = f"{place.bank.url}/transactions/{charge['transaction_id']}/refund"
        part = {"amount_kopecks": charge["amount_kopecks"] // 2}
        async with place.client.post(where, json=part, headers={"Idempotency-Key": "by-hand"}) as answer:
            assert answer.status == 200  # so that neither a void nor the whole refund is taken any more

        async def refused() -> dict[str, Any] | None:
            row = await stuck(place, "void_pending")
            return row if row["detail"] == "bank:refused" else None

        row = await until(refused)
        assert row["moves"] == ["retry", "accept"]
        assert (await move(place, row["stuck_id"], "accept")).status == 200
        await nothing_stuck(place)
        await guest.until_status(order_id, "created")
        assert place.effects("fiscal", "receipt") == []
