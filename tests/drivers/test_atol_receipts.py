"""An ATOL receipt is registered once, whatever the line does to its bytes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.fiscal.atol.registrar import AtolRegistrar
from drivers.fiscal.ffd.tlv import AUTOMAT_NUMBER, CASHIER, CASHIER_INN, CUSTOMER_CONTACT, Tlv, text_tlv
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
from drivers.sim.atol.looks import INTERNET
from drivers.sim.drive import INN
from tests.drivers.atol_rig import FAST, TRANSPORTS, AtolRig, atol_rig, receipt

CLOSE = b"\x00\x00\x4a\x00\x01"
LINE = b"\x00\x00\xeb"


async def sell(bench: AtolRig, registrar: AtolRegistrar, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


async def nothing_left_open(bench: AtolRig, registrar: AtolRegistrar) -> bool:
    return not (await registrar.status()).document_open and bench.device.till.receipt is None


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_day_of_shift_sale_refund_x_and_z_runs_over_any_wire(transport: str) -> None:
    patient = replace(FAST, silence_s=3.0, command_s=6.0)
    async with atol_rig(transport, timeouts=patient) as (bench, registrar):
        document = await sell(bench, registrar, receipt(customer_contact="+79990001122", automat_number="K-1"))
        (effect,) = bench.receipts()
        assert effect["fiscal_document_number"] == document.number == 3
        assert (effect["total_kopecks"], effect["order_id"]) == (72800, "ord-1")
        assert (effect["electronic_kopecks"], effect["cash_kopecks"]) == (72800, 0)
        assert [line["name"] for line in effect["lines"]] == ["Борщ с пампушками", "Чай", "Сырники"]
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
        effects = [effect["effect"] for effect in bench.effects()]
        assert effects == ["shift_opened", "receipt", "refund_receipt", "shift_closed"]


async def test_requisites_reach_the_document() -> None:
    async with atol_rig() as (bench, registrar):
        wanted = receipt(customer_contact="a@b.ru", automat_number="K-1", cashier="Иванова", cashier_inn="770123456789")
        document = await sell(bench, registrar, wanted)
        stored = bench.device.till.drive.document(document.number)
        assert stored is not None
        expected = (
            text_tlv(CUSTOMER_CONTACT, "a@b.ru"),
            text_tlv(AUTOMAT_NUMBER, "K-1"),
            text_tlv(CASHIER, "Иванова"),
            text_tlv(CASHIER_INN, "770123456789"),
            Tlv(1055, b"\2"),
        )
        assert set(expected) <= set(stored.tlvs)


async def test_cash_and_card_stand_in_their_own_places() -> None:
    async with atol_rig() as (bench, registrar):
        await sell(bench, registrar, receipt(electronic_kopecks=70000, cash_kopecks=2800))
        (effect,) = bench.receipts()
        assert (effect["electronic_kopecks"], effect["cash_kopecks"]) == (70000, 2800)
        assert (await registrar.totals()).sales.cash_kopecks == 2800


async def test_shifts_open_and_close_once_and_are_told_again() -> None:
    async with atol_rig(shift=False) as (bench, registrar):
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
        with pytest.raises(DeviceRefused, match="shift_over_24h"):
            await sell(bench, registrar, receipt())
        assert (await registrar.close_shift()).shift == 2


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("code", ["9A", "5A"])
async def test_a_lost_answer_to_a_shift_command_is_recovered_or_proved(code: str, forget: bool) -> None:
    async with atol_rig(shift=code == "5A") as (bench, registrar):
        bench.fault("lose_answer", after=code, forget=forget)
        report = await (registrar.open_shift() if code == "9A" else registrar.close_shift())
        assert report.shift == 1
        names = [effect["effect"] for effect in bench.effects()]
        assert names == ["shift_opened"] + ["shift_closed"] * (code == "5A")


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("tag", list(OrderTag))
async def test_a_lost_close_answer_is_recovered_or_proved_by_the_drive(tag: OrderTag, forget: bool) -> None:
    async with atol_rig(order_tag=tag) as (bench, registrar):
        bench.fault("lose_answer", after="4A", forget=forget)
        document = await sell(bench, registrar, receipt())
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("code", ["92", "E8", "EA", "EB", "99", "91", "A430", "3F", "56", "48"])
async def test_a_lost_answer_on_the_way_to_the_close_changes_nothing_of_the_receipt(code: str, forget: bool) -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("lose_answer", after=code, forget=forget)
        try:
            await registrar.print_receipt(receipt(), intent)
        except DeviceRefused:
            assert forget
            assert bench.receipts() == []
            await registrar.print_receipt(receipt(), intent)
        (effect,) = bench.receipts()
        assert [line["name"] for line in effect["lines"]] == ["Борщ с пампушками", "Чай", "Сырники"]
        assert effect["total_kopecks"] == effect["electronic_kopecks"] == 72800


async def test_a_frame_refused_as_broken_is_asked_for_and_runs_once() -> None:
    async with atol_rig() as (bench, registrar):
        broken = 0

        def break_frames(data: bytes) -> bytes:
            nonlocal broken
            if LINE in data and broken < 3:
                broken += 1
                return data[:-1] + bytes((data[-1] ^ 1,))
            return data

        bench.wire.to_device = break_frames
        await sell(bench, registrar, receipt())
        assert broken == 3
        assert len(bench.receipts()[0]["lines"]) == 3


@pytest.mark.parametrize("rate", [0.002, 0.01])
async def test_a_noisy_line_registers_each_receipt_at_most_once(rate: float) -> None:
    async with atol_rig(timeouts=replace(FAST, silence_s=2.0, command_s=4.0)) as (bench, registrar):
        bench.fault("noise", rate=rate)
        claimed = {}
        for number in range(4):
            wanted = receipt(f"n{number}")
            intent = bench.intent(wanted, await registrar.counter())
            try:
                document = await registrar.print_receipt(wanted, intent)
            except (DeviceRefused, DeviceUnreachable, OutcomeUnknown):
                found = await registrar.find_receipt(intent)
                if found is None:
                    continue
                document = found
            claimed[wanted.order_id] = document.number
        assert {effect["order_id"]: effect["fiscal_document_number"] for effect in bench.receipts()} == claimed


async def test_paper_that_ends_at_the_close_is_success_and_before_it_a_refusal() -> None:
    async with atol_rig() as (bench, registrar):
        bench.fault("paper_out", at="close")
        assert (await sell(bench, registrar, receipt())).number == 3
        status = await registrar.status()
        assert (status.paper, status.why_not()) == (Paper.OUT, "no_paper")
        intent = bench.intent(receipt("next"), await registrar.counter())
        with pytest.raises(DeviceRefused, match="no_receipt_paper"):
            await registrar.print_receipt(receipt("next"), intent)
        bench.fault("paper_out", on=False)
        await registrar.resume_printing()
        assert (await registrar.status()).why_not() is None
        assert len(bench.receipts()) == 1


async def test_paper_that_ends_in_mid_receipt_registers_nothing_and_leaves_nothing_open() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        wire = bench.wire

        def tear(data: bytes) -> bytes:
            if CLOSE in data:
                bench.fault("paper_out")
            return data

        wire.to_device = tear
        with pytest.raises(DeviceRefused, match="no_receipt_paper"):
            await registrar.print_receipt(receipt(), intent)
        wire.to_device = bytes
        assert bench.receipts() == []
        assert bench.device.till.receipt is None
        bench.fault("paper_out", on=False)
        assert (await registrar.print_receipt(receipt(), intent)).number == 3


BLOCKING = {"printer_fault": "printer_fault", "cover_open": "cover_open", "drive_full": "drive_full"}


@pytest.mark.parametrize(("fault", "word"), BLOCKING.items())
async def test_what_blocks_the_register_shows_and_refuses(fault: str, word: str) -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault(fault)
        assert (await registrar.status()).blocked == word
        with pytest.raises(DeviceRefused, match=word):
            await registrar.print_receipt(receipt(), intent)
        assert bench.receipts() == []


@pytest.mark.parametrize(("days", "word"), [(2, "drive_replace_now"), (20, "drive_replace_soon"), (90, None)])
async def test_a_drive_that_expires_warns_and_still_sells(days: int, word: str | None) -> None:
    async with atol_rig() as (bench, registrar):
        bench.fault("drive_expires", days=days)
        status = await registrar.status()
        assert status.warnings == (() if word is None else (word,))
        assert status.drive_valid_until == (status.device_time + timedelta(days=days)).date()
        assert (await sell(bench, registrar, receipt())).number == 3


async def test_a_refused_tag_refuses_the_receipt_and_none_prints_it() -> None:
    async with atol_rig() as (bench, registrar):
        bench.fault("refuse_tag", tag=1192)
        with pytest.raises(DeviceRefused, match="drive_bad_parameters"):
            await sell(bench, registrar, receipt())
        assert await nothing_left_open(bench, registrar)
        plain = bench.driver(order_tag=OrderTag.NONE)
        await sell(bench, plain, receipt())
        await plain.close()
        assert [effect["order_id"] for effect in bench.receipts()] == [None]


@pytest.mark.parametrize("vat", [Vat.VAT_5, Vat.VAT_7, Vat.VAT_22])
async def test_a_rate_that_platform_2_5_does_not_know_is_refused_before_anything_is_opened(vat: Vat) -> None:
    async with atol_rig() as (bench, registrar):
        assert vat not in (await registrar.registration()).vats
        wanted = replace(receipt(), lines=(ReceiptLine("Чай", 72800, 1, 72800, vat),))
        with pytest.raises(DeviceRefused, match="vat_unsupported"):
            await sell(bench, registrar, wanted)
        assert bench.receipts() == []


async def test_a_receipt_sent_to_the_customer_needs_no_paper() -> None:
    async with atol_rig() as (bench, registrar):
        bench.fault("paper_out")
        wanted = receipt(paperless=True, customer_contact="a@b.ru")
        assert (await sell(bench, registrar, wanted)).number == 3
        with pytest.raises(DeviceRefused):
            await sell(bench, registrar, receipt("no-address", paperless=True))
        assert len(bench.receipts()) == 1


async def test_registration_tells_what_the_drive_was_registered_with() -> None:
    async with atol_rig() as (_, registrar):
        told = await registrar.registration()
        assert (told.drive_number, told.ffd, told.inn) == ((await registrar.counter()).drive_number, "1.05", INN)
        assert told.tax_systems == frozenset(TaxSystem)
        assert (told.automatic, told.internet) == (True, INTERNET)
        assert told.address
        assert told.vats == {Vat.NONE, Vat.VAT_0, Vat.VAT_10, Vat.VAT_20, Vat.VAT_10_110, Vat.VAT_20_120}


@pytest.mark.parametrize(
    ("ffd", "operation"), [("1.05", Operation.SALE), ("1.1", Operation.SALE), ("1.1", Operation.REFUND)]
)
async def test_a_correction_is_registered_once_and_found(ffd: str, operation: Operation) -> None:
    async with atol_rig(device={"ffd": ffd}) as (bench, registrar):
        wanted = receipt(operation=operation)
        intent = bench.intent(wanted, await registrar.counter(), correction=True)
        bench.fault("lose_answer", after="4A", forget=True)
        correction = Correction(wanted, CorrectionKind.SELF, date(2026, 11, 20))
        document = await registrar.print_correction(correction, intent)
        assert (document.correction, document.operation, document.total_kopecks) == (True, operation, 72800)
        assert await registrar.find_receipt(intent) == document
        assert await registrar.read_document(document.number) == replace(document, shift=0)
        effects = bench.effects()
        assert [effect["effect"] for effect in effects] == ["shift_opened", "correction"]
        assert len(effects[1]["lines"]) == (1 if ffd == "1.05" else 3)


async def test_ffd_1_05_corrects_no_refunds_and_names_no_order() -> None:
    async with atol_rig(device={"ffd": "1.05"}) as (bench, registrar):
        wanted = receipt(operation=Operation.REFUND)
        intent = bench.intent(wanted, await registrar.counter(), correction=True)
        with pytest.raises(DeviceRefused, match="correction_unsupported"):
            await registrar.print_correction(Correction(wanted, CorrectionKind.SELF, date(2026, 11, 20)), intent)
        assert [effect["effect"] for effect in bench.effects()] == ["shift_opened"]
        sale = receipt()
        intent = bench.intent(sale, await registrar.counter(), correction=True)
        document = await registrar.print_correction(Correction(sale, CorrectionKind.SELF, date(2026, 11, 20)), intent)
        assert await registrar.find_receipt(intent) == document


async def test_the_clock_is_set_with_the_shift_closed_only() -> None:
    async with atol_rig() as (_, registrar):
        morning = datetime.fromisoformat("2026-11-23T08:00:00")
        with pytest.raises(DeviceRefused, match="shift_open"):
            await registrar.set_time(morning)
        await registrar.close_shift()
        await registrar.set_time(morning)
        assert (await registrar.status()).device_time == morning


@pytest.mark.parametrize("tag", [OrderTag.TAG_1192, OrderTag.TAG_1084])
async def test_ours_is_found_among_strangers_by_its_order(tag: OrderTag) -> None:
    async with atol_rig(order_tag=tag) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        for order_id in ("stranger", "mine", "other"):
            await sell(bench, registrar, receipt(order_id))
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert found.number == 4


async def test_shift_reports_between_are_no_receipts_and_tell_the_shift() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        await registrar.close_shift()
        await registrar.open_shift()
        assert await registrar.find_receipt(intent) is None
        await sell(bench, registrar, receipt())
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert (found.number, found.shift) == (5, 2)


async def test_only_strangers_are_a_matter_for_a_person() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sell(bench, registrar, receipt("stranger"))
        for work in (registrar.find_receipt(intent), registrar.print_receipt(receipt("mine"), intent)):
            with pytest.raises(ForeignState, match="foreign_documents"):
                await work
        assert len(bench.receipts()) == 1
        assert await registrar.find_receipt(replace(intent, others=frozenset({3}))) is None


@pytest.mark.parametrize(("late", "ours"), [(timedelta(minutes=9), True), (timedelta(hours=2), False)])
async def test_without_a_tag_number_type_total_and_time_tell(late: timedelta, ours: bool) -> None:
    async with atol_rig(order_tag=OrderTag.NONE) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sell(bench, registrar, receipt("mine"))
        late_intent = replace(intent, intended_at=intent.intended_at + late)
        if ours:
            assert await registrar.find_receipt(late_intent) is not None
        else:
            with pytest.raises(ForeignState):
                await registrar.find_receipt(late_intent)


async def test_a_swapped_drive_and_a_counter_that_went_back_stop_everything() -> None:
    async with atol_rig() as (bench, registrar):
        counter = await registrar.counter()
        swapped = bench.intent(receipt(), replace(counter, drive_number="9999000000000001"))
        ahead = bench.intent(receipt(), replace(counter, last_document=counter.last_document + 5))
        for intent, word in ((swapped, "drive_swapped"), (ahead, "counter_went_back")):
            with pytest.raises(ForeignState, match=word):
                await registrar.find_receipt(intent)
            with pytest.raises(ForeignState, match=word):
                await registrar.print_receipt(receipt(), intent)
        assert bench.receipts() == []


async def test_a_document_is_read_by_its_number_and_reports_are_none() -> None:
    async with atol_rig() as (bench, registrar):
        document = await sell(bench, registrar, receipt())
        told = await registrar.read_document(document.number)
        assert told == replace(document, shift=0)
        assert [await registrar.read_document(number) for number in (-1, 0, 1, 2, 99)] == [None] * 5


async def test_a_slow_register_is_waited_for_by_its_task() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        wire = bench.wire

        def slow_at_close(data: bytes) -> bytes:
            if CLOSE in data:
                bench.fault("slow", seconds=0.3)
                asyncio.get_running_loop().call_later(0.1, bench.fault, "slow", False)
            return data

        wire.to_device = slow_at_close
        assert (await registrar.print_receipt(receipt(), intent)).number == 3
        assert len(bench.receipts()) == 1


async def test_a_line_cut_at_the_close_for_long_is_unknown_until_it_is_back() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        wire = bench.wire

        def cut(data: bytes) -> bytes:
            if CLOSE in data:
                bench.reachable = False
                wire.to_host = lambda _: b""
                asyncio.get_running_loop().call_soon(wire.transport.abort)
            return data

        wire.to_device = cut
        with pytest.raises(OutcomeUnknown):
            await registrar.print_receipt(receipt(), intent)
        with pytest.raises(DeviceUnreachable):
            await registrar.find_receipt(intent)
        bench.reachable = True
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [found.number]


async def test_power_lost_at_the_close_is_unknown_then_found() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        wire = bench.wire

        def off(data: bytes) -> bytes:
            if CLOSE in data:
                asyncio.get_running_loop().call_soon(bench.fault, "off")
                wire.to_host = lambda _: b""
            return data

        wire.to_device = off
        with pytest.raises(OutcomeUnknown):
            await registrar.print_receipt(receipt(), intent)
        bench.fault("off", on=False)
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [found.number]


async def test_a_dead_register_is_unreachable_and_works_again_when_it_is_back() -> None:
    async with atol_rig() as (bench, registrar):
        bench.fault("off")
        with pytest.raises(DeviceUnreachable, match="silent"):
            await registrar.status()
        bench.fault("off", on=False)
        assert (await registrar.status()).last_document == 2


async def test_a_cancelled_caller_leaves_a_register_the_next_call_can_use() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("slow", seconds=0.1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(registrar.print_receipt(receipt(), intent), 0.25)
        bench.fault("slow", on=False)
        await registrar.print_receipt(receipt(), intent)
        assert len(bench.receipts()) == 1
