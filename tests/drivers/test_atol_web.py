"""An ATOL receipt sent through the vendor's web server is registered once, whatever becomes of the answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.fiscal.atol_web.registrar import AtolWebRegistrar
from drivers.fiscal.atol_web.requests import uuid_of
from drivers.fiscal.port import (
    Correction,
    CorrectionKind,
    FiscalDocument,
    Operation,
    OrderTag,
    Paper,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Vat,
)
from drivers.sim.drive import INN
from tests.drivers.atol_web_rig import WebRig, web_rig
from tests.drivers.shtrih_rig import receipt
from tests.restaurant import until


async def sell(bench: WebRig, registrar: AtolWebRegistrar, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


@pytest.mark.parametrize("api", ["v2", "v1"])
async def test_a_day_of_shift_sale_refund_x_and_z(api: str) -> None:
    async with web_rig(api=api) as (bench, registrar):
        document = await sell(bench, registrar, receipt(customer_contact="+79990001122", automat_number="K-1"))
        (effect,) = bench.receipts()
        assert effect["fiscal_document_number"] == document.number == 3
        assert (effect["total_kopecks"], effect["order_id"]) == (72800, "ord-1")
        assert [line["sum_kopecks"] for line in effect["lines"]] == [36400, 18000, 18400]
        assert (document.total_kopecks, document.operation, document.shift) == (72800, Operation.SALE, 1)
        assert document.fiscal_sign == effect["fiscal_sign"]
        assert document.issued_at.isoformat() == "2026-11-22T12:00:00"
        refunded = await sell(bench, registrar, receipt(operation=Operation.REFUND))
        await registrar.x_report()
        await registrar.print_text(("Огонёк", "спасибо"), cut=True)
        totals = await registrar.totals()
        report = await registrar.close_shift()
        assert refunded.operation is Operation.REFUND
        assert (totals.shift, totals.sales.count, totals.sales.electronic_kopecks) == (1, 1, 72800)
        assert (totals.refunds.count, totals.refunds.total_kopecks) == (1, 72800)
        assert (report.shift, report.document_number) == (1, 5)
        names = [effect["effect"] for effect in bench.effects()]
        assert names == ["shift_opened", "receipt", "refund_receipt", "shift_closed"]


async def test_shifts_open_and_close_once_and_are_told_again() -> None:
    async with web_rig(shift=False) as (bench, registrar):
        assert (await registrar.status()).why_not() == "shift_closed"
        first = await registrar.open_shift()
        for number in range(3):
            await sell(bench, registrar, receipt(f"o{number}"))
        assert await registrar.open_shift() == first
        closed = await registrar.close_shift()
        assert await registrar.close_shift() == closed
        bench.clock.forward(hours=1)
        await registrar.open_shift()
        bench.clock.forward(hours=25)
        assert (await registrar.status()).why_not() == "shift_over_24h"
        with pytest.raises(DeviceRefused, match="shift_over_24h"):
            await registrar.open_shift()
        assert (await registrar.close_shift()).shift == 2


@pytest.mark.parametrize("kind", ["openShift", "closeShift"])
@pytest.mark.parametrize("reached", [True, False])
async def test_a_shift_report_of_unknown_outcome_is_settled_by_the_drive(kind: str, reached: bool) -> None:
    async with web_rig(shift=kind == "closeShift") as (bench, registrar):
        bench.fault("lose_answer", after=kind, before=not reached)
        work = registrar.open_shift if kind == "openShift" else registrar.close_shift
        if reached:
            assert (await work()).shift == 1
        else:
            with pytest.raises(DeviceRefused):
                await work()
            assert (await work()).shift == 1
        names = [effect["effect"] for effect in bench.effects()]
        assert names == ["shift_opened"] if kind == "openShift" else ["shift_opened", "shift_closed"]


@pytest.mark.parametrize("after", ["POST", "GET"])
async def test_a_broken_http_answer_registers_once(after: str) -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("lose_answer", after=after)
        document = await registrar.print_receipt(receipt(), intent)
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


async def test_a_post_that_arrives_after_it_was_given_up_registers_nothing_more() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        left, original = 2, bench.device._takes  # the second POST is the receipt's, the first reads the counter

        def late(name: str, what: str) -> dict[str, object] | None:
            nonlocal left
            left -= what == "POST"
            return {"late": 0.15} if what == "POST" and left == 0 else original(name, what)

        bench.device._takes = late  # type: ignore[method-assign,assignment]
        document = await registrar.print_receipt(receipt(), intent)
        assert left < 0
        handle = bench.device._late
        assert handle is not None
        await until(lambda: asyncio.get_running_loop().time() > handle.when() + 0.05)
        await registrar.status()
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


async def test_a_blocked_receipt_is_found_in_the_drive_and_the_queue_goes_on() -> None:
    async with web_rig() as (bench, registrar):
        bench.fault("lose_answer", after="sell")
        document = await sell(bench, registrar, receipt())
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]
        assert bench.device.state()["blocked"] is None
        await sell(bench, registrar, receipt("next"))
        assert len(bench.receipts()) == 2


async def test_a_blocked_receipt_that_never_reached_the_register_is_proved_absent() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("lose_answer", after="sell", before=True)
        with pytest.raises(DeviceRefused):
            await registrar.print_receipt(receipt(), intent)
        assert bench.receipts() == []
        assert await registrar.find_receipt(intent) is None
        assert (await registrar.print_receipt(receipt(), intent)).number == 3  # under its second uuid
        assert len(bench.receipts()) == 1


async def test_another_process_derives_the_same_uuid_and_adopts_what_was_done() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        document = await registrar.print_receipt(receipt(), intent)
        other = bench.driver()
        assert await other.find_receipt(intent) == document
        assert await other.print_receipt(receipt(), intent) == document
        await other.close()
        assert len(bench.receipts()) == 1
        assert uuid_of(intent, 0) != uuid_of(replace(intent, order_id="other"), 0) != uuid_of(intent, 1)


async def test_a_caller_that_left_finds_its_receipt_later() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("slow", seconds=0.3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(registrar.print_receipt(receipt(), intent), 0.5)
        bench.fault("slow", on=False)
        await registrar.print_receipt(receipt(), intent)
        assert len(bench.receipts()) == 1


async def test_a_server_that_is_down_is_unreachable_and_nothing_is_sold() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        await bench.stop()
        with pytest.raises(DeviceUnreachable):
            await registrar.status()
        with pytest.raises(DeviceUnreachable):
            await registrar.print_receipt(receipt(), intent)
        await bench.boot()
        assert await registrar.find_receipt(intent) is None
        assert (await registrar.print_receipt(receipt(), intent)).number == 3


async def test_a_server_that_dies_under_a_receipt_leaves_its_outcome_unknown_then_known() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("slow", seconds=0.2)
        printing = asyncio.create_task(registrar.print_receipt(receipt(), intent))
        await until(bench.receipts)
        await bench.stop()
        with pytest.raises(OutcomeUnknown):
            await printing
        await bench.boot()
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [found.number]


async def test_a_dead_register_behind_the_server_is_silence() -> None:
    async with web_rig() as (bench, registrar):
        bench.fault("off")
        with pytest.raises(DeviceUnreachable, match="silent"):
            await registrar.status()
        bench.fault("off", on=False)
        assert (await registrar.status()).last_document == 2


async def test_paper_that_ends_after_registering_is_success_and_before_it_a_refusal() -> None:
    async with web_rig() as (bench, registrar):
        bench.fault("paper_out", at="close")
        assert (await sell(bench, registrar, receipt())).number == 3
        status = await registrar.status()
        assert (status.paper, status.why_not()) == (Paper.OUT, "no_paper")
        bench.fault("paper_out")
        intent = bench.intent(receipt("next"), await registrar.counter())
        with pytest.raises(DeviceRefused, match="no_receipt_paper"):
            await registrar.print_receipt(receipt("next"), intent)
        bench.fault("paper_out", on=False)
        await registrar.resume_printing()
        assert (await registrar.status()).why_not() is None
        assert len(bench.receipts()) == 1


@pytest.mark.parametrize(("fault", "word"), [("cover_open", "cover_open"), ("drive_full", "drive_full")])
async def test_what_blocks_the_register_shows_and_refuses(fault: str, word: str) -> None:
    async with web_rig() as (bench, registrar):
        counter = await registrar.counter()
        bench.fault(fault)
        assert (await registrar.status()).blocked == word
        with pytest.raises(DeviceRefused):
            await registrar.print_receipt(receipt(), bench.intent(receipt(), counter))
        assert bench.receipts() == []


@pytest.mark.parametrize("tag", [OrderTag.TAG_1192, OrderTag.TAG_1084])
async def test_ours_is_found_among_strangers_by_its_order(tag: OrderTag) -> None:
    async with web_rig(order_tag=tag) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        for order_id in ("stranger", "mine", "other"):
            await sell(bench, registrar, receipt(order_id))
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert found.number == 4


async def test_only_strangers_are_a_matter_for_a_person() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sell(bench, registrar, receipt("stranger"))
        for work in (registrar.find_receipt(intent), registrar.print_receipt(receipt("mine"), intent)):
            with pytest.raises(ForeignState, match="foreign_documents"):
                await work
        assert len(bench.receipts()) == 1
        assert await registrar.find_receipt(replace(intent, others=frozenset({3}))) is None


@pytest.mark.parametrize(("late", "ours"), [(timedelta(minutes=9), True), (timedelta(hours=2), False)])
async def test_without_a_tag_number_type_total_and_time_tell(late: timedelta, ours: bool) -> None:
    async with web_rig(order_tag=OrderTag.NONE) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sell(bench, registrar, receipt("mine"))
        late_intent = replace(intent, intended_at=intent.intended_at + late)
        if ours:
            assert await registrar.find_receipt(late_intent) is not None
        else:
            with pytest.raises(ForeignState):
                await registrar.find_receipt(late_intent)


async def test_a_swapped_drive_and_a_counter_that_went_back_stop_everything() -> None:
    async with web_rig() as (bench, registrar):
        counter = await registrar.counter()
        swapped = bench.intent(receipt(), replace(counter, drive_number="9999000000000001"))
        ahead = bench.intent(receipt(), replace(counter, last_document=counter.last_document + 5))
        for intent, word in ((swapped, "drive_swapped"), (ahead, "counter_went_back")):
            with pytest.raises(ForeignState, match=word):
                await registrar.find_receipt(intent)
            with pytest.raises(ForeignState, match=word):
                await registrar.print_receipt(receipt(), intent)
        assert bench.receipts() == []


@pytest.mark.parametrize(("days", "word"), [(2, "drive_replace_now"), (20, "drive_replace_soon"), (90, None)])
async def test_a_drive_that_expires_warns_and_still_sells(days: int, word: str | None) -> None:
    async with web_rig() as (bench, registrar):
        bench.fault("drive_expires", days=days)
        status = await registrar.status()
        assert status.warnings == (() if word is None else (word,))
        assert status.drive_valid_until == (status.device_time + timedelta(days=days)).date()
        assert (await sell(bench, registrar, receipt())).number == 3


async def test_a_refused_tag_refuses_the_receipt_and_none_prints_it() -> None:
    async with web_rig() as (bench, registrar):
        bench.fault("refuse_tag", tag=1192)
        with pytest.raises(DeviceRefused, match="drive_bad_parameters"):
            await sell(bench, registrar, receipt())
        plain = bench.driver(order_tag=OrderTag.NONE)
        await sell(bench, plain, receipt())
        await plain.close()
        assert [effect["order_id"] for effect in bench.receipts()] == [None]


@pytest.mark.parametrize(
    ("ffd", "operation"), [("1.05", Operation.SALE), ("1.2", Operation.SALE), ("1.2", Operation.REFUND)]
)
async def test_a_correction_is_registered_once_and_found(ffd: str, operation: Operation) -> None:
    async with web_rig(device={"ffd": ffd}) as (bench, registrar):
        wanted = receipt(operation=operation)
        intent = bench.intent(wanted, await registrar.counter(), correction=True)
        bench.fault("lose_answer", after="sellCorrection" if operation is Operation.SALE else "sellReturnCorrection")
        correction = Correction(wanted, CorrectionKind.ORDERED, date(2026, 11, 20), "№ 17/2")
        document = await registrar.print_correction(correction, intent)
        assert (document.correction, document.operation, document.total_kopecks) == (True, operation, 72800)
        assert await registrar.find_receipt(intent) == document
        assert await registrar.read_document(document.number) == document
        names = [effect["effect"] for effect in bench.effects()]
        assert names == ["shift_opened", "correction"]


async def test_ffd_1_05_corrects_no_refunds_and_names_no_order() -> None:
    async with web_rig(device={"ffd": "1.05"}) as (bench, registrar):
        wanted = receipt(operation=Operation.REFUND)
        intent = bench.intent(wanted, await registrar.counter(), correction=True)
        with pytest.raises(DeviceRefused, match="correction_unsupported"):
            await registrar.print_correction(Correction(wanted, CorrectionKind.SELF, date(2026, 11, 20)), intent)
        assert [effect["effect"] for effect in bench.effects()] == ["shift_opened"]
        sale = receipt()
        intent = bench.intent(sale, await registrar.counter(), correction=True)
        document = await registrar.print_correction(Correction(sale, CorrectionKind.SELF, date(2026, 11, 20)), intent)
        assert await registrar.find_receipt(intent) == document


async def test_a_correction_is_no_receipt_and_a_receipt_no_correction() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        await registrar.print_receipt(receipt(), intent)
        with pytest.raises(ForeignState):
            await registrar.find_receipt(replace(intent, correction=True))


async def test_a_receipt_sent_to_the_customer_needs_no_paper() -> None:
    async with web_rig() as (bench, registrar):
        bench.fault("paper_out")
        wanted = receipt(paperless=True, customer_contact="a@b.ru")
        assert (await sell(bench, registrar, wanted)).number == 3
        with pytest.raises(DeviceRefused):
            await sell(bench, registrar, receipt("no-address", paperless=True))
        assert len(bench.receipts()) == 1


@pytest.mark.parametrize("vat", list(Vat))
async def test_every_rate_has_its_word(vat: Vat) -> None:
    async with web_rig() as (bench, registrar):
        wanted = replace(receipt(), lines=(ReceiptLine("Чай", 72800, 1, 72800, vat),))
        await sell(bench, registrar, wanted)
        taxes = ["20", "10", "20/120", "10/110", "0", "none", "5", "7", "5/105", "7/107", "22", "22/122"]
        assert bench.receipts()[0]["lines"][0]["tax"] == taxes.index(vat.value) + 1


async def test_registration_tells_what_the_drive_was_registered_with() -> None:
    async with web_rig() as (_, registrar):
        told = await registrar.registration()
        assert (told.drive_number, told.ffd) == ((await registrar.counter()).drive_number, "1.2")
        assert told.tax_systems == frozenset(TaxSystem)
        assert told.inn == INN
        assert Vat.VAT_22 in told.vats


async def test_the_clock_is_set_with_the_shift_closed_only() -> None:
    async with web_rig() as (_, registrar):
        morning = datetime.fromisoformat("2026-11-23T08:00:00")
        with pytest.raises(DeviceRefused, match="shift_open"):
            await registrar.set_time(morning)
        await registrar.close_shift()
        await registrar.set_time(morning)
        assert (await registrar.status()).device_time == morning


async def test_a_document_is_read_by_its_number_and_reports_are_none() -> None:
    async with web_rig() as (bench, registrar):
        document = await sell(bench, registrar, receipt())
        assert await registrar.read_document(document.number) == document
        assert [await registrar.read_document(number) for number in (-1, 0, 1, 2, 99)] == [None] * 5


@pytest.mark.parametrize("moment", [f"{word} {n}" for word in ("POST", "GET") for n in range(1, 9)])
async def test_a_server_killed_around_any_call_registers_exactly_once(moment: str) -> None:
    """The n-th answer of that kind is lost together with the server, which comes back as after a power cut."""
    word, count = moment.split()
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        left = int(count)
        killed = asyncio.Event()
        original = bench.device._takes

        def loses(name: str, what: str) -> dict[str, object] | None:
            nonlocal left
            left -= what == word
            if what == word and left == 0:
                killed.set()
                return {}
            return original(name, what) if not killed.is_set() else None

        bench.device._takes = loses  # type: ignore[method-assign,assignment]
        printing = asyncio.create_task(registrar.print_receipt(receipt(), intent))
        waiting = asyncio.create_task(killed.wait())
        await asyncio.wait({printing, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        waiting.cancel()
        if killed.is_set():
            await bench.restart()
        document = None
        try:
            document = await printing
        except DeviceError:
            document = await bench.driver().find_receipt(intent)
        if document is None:
            document = await registrar.print_receipt(receipt(), intent)
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


async def test_basic_authorisation_is_sent_where_a_user_is_named() -> None:
    async with web_rig(user="kiosk", password="secret") as (_, registrar):
        assert registrar._server._headers == {"Authorization": "Basic a2lvc2s6c2VjcmV0"}
        assert (await registrar.status()).shift_open
