"""A receipt is registered as it was asked for, or refused with nothing left open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.fiscal.port import Operation, OrderTag, Paper
from tests.drivers.contract.lines import LINES, WIRES, kinds, line_of, numbers, sell
from tests.drivers.shtrih_rig import receipt


@pytest.mark.parametrize(("line", "wire"), WIRES)
async def test_a_day_of_shift_sale_refund_x_and_z_runs_over_any_wire(line: str, wire: str) -> None:
    async with line_of(line, wire=wire) as (bench, registrar):
        document = await sell(bench, registrar, receipt(customer_contact="+79990001122", automat_number="K-1"))
        (effect,) = bench.receipts()
        assert effect["fiscal_document_number"] == document.number == 3
        assert (effect["total_kopecks"], effect["order_id"]) == (72800, "ord-1")
        assert (effect["electronic_kopecks"], effect["cash_kopecks"]) == (72800, 0)
        assert [row["name"] for row in effect["lines"]] == ["Борщ с пампушками", "Чай", "Сырники"]
        assert [row["sum_kopecks"] for row in effect["lines"]] == [36400, 18000, 18400]
        assert (document.total_kopecks, document.operation, document.shift) == (72800, Operation.SALE, 1)
        assert document.fiscal_sign == effect["fiscal_sign"]
        assert document.issued_at.isoformat() == "2026-11-22T12:00:00"
        assert (await registrar.counter()).last_document == 3
        refunded = await sell(bench, registrar, receipt(operation=Operation.REFUND))
        await registrar.x_report()
        await registrar.print_text(("Огонёк", "спасибо"), cut=True)
        totals = await registrar.totals()
        report = await registrar.close_shift()
        assert refunded.operation is Operation.REFUND
        assert (totals.shift, totals.sales.count, totals.sales.electronic_kopecks) == (1, 1, 72800)
        assert (totals.refunds.count, totals.refunds.total_kopecks) == (1, 72800)
        assert (report.shift, report.document_number) == (1, 5)
        assert kinds(bench) == ["shift_opened", "receipt", "refund_receipt", "shift_closed"]


@pytest.mark.parametrize("line", LINES)
async def test_cash_and_card_stand_in_their_own_places(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        await sell(bench, registrar, receipt(electronic_kopecks=70000, cash_kopecks=2800))
        (effect,) = bench.receipts()
        assert (effect["electronic_kopecks"], effect["cash_kopecks"]) == (70000, 2800)
        sales = (await registrar.totals()).sales
        assert (sales.cash_kopecks, sales.electronic_kopecks, sales.total_kopecks) == (2800, 70000, 72800)


@pytest.mark.parametrize("line", LINES)
async def test_the_same_intent_given_again_returns_the_document(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        first = await registrar.print_receipt(receipt(), intent)
        assert await registrar.print_receipt(receipt(), intent) == first
        other = bench.driver()
        assert await other.find_receipt(intent) == await other.print_receipt(receipt(), intent) == first
        await other.close()
        assert len(bench.receipts()) == 1


@pytest.mark.parametrize("line", LINES)
async def test_an_old_counter_is_refused_where_the_document_is_not_there(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        await registrar.close_shift()
        await registrar.open_shift()
        with pytest.raises(DeviceRefused, match="counter_moved"):
            await registrar.print_receipt(receipt(), intent)
        assert bench.receipts() == []


@pytest.mark.parametrize("line", LINES)
async def test_paper_that_ends_with_the_receipt_is_success_and_before_it_a_refusal(line: str) -> None:
    async with line_of(line) as (bench, registrar):
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
        assert numbers(bench) == [3]
        assert (await registrar.print_receipt(receipt("next"), intent)).number == 4


@pytest.mark.parametrize("fault", ["cover_open", "drive_full"])
@pytest.mark.parametrize("line", LINES)
async def test_what_blocks_the_register_shows_and_refuses(line: str, fault: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault(fault)
        assert (await registrar.status()).blocked == fault
        with pytest.raises(DeviceRefused, match=f"{fault}|no_receipt_paper"):
            await registrar.print_receipt(receipt(), intent)
        bench.fault(fault, on=False)
        assert bench.receipts() == []
        assert (await registrar.status()).why_not() is None
        assert (await registrar.print_receipt(receipt(), intent)).number == 3


@pytest.mark.parametrize(("days", "word"), [(2, "drive_replace_now"), (20, "drive_replace_soon"), (90, None)])
@pytest.mark.parametrize("line", LINES)
async def test_a_drive_that_expires_warns_and_still_sells(line: str, days: int, word: str | None) -> None:
    async with line_of(line) as (bench, registrar):
        bench.fault("drive_expires", days=days)
        status = await registrar.status()
        assert (status.warnings == ()) if word is None else (word in status.warnings)
        assert "drive_replace_now" not in status.warnings or days == 2
        assert status.device_time is not None
        assert status.drive_valid_until == (status.device_time + timedelta(days=days)).date()
        assert (await sell(bench, registrar, receipt())).number == 3


@pytest.mark.parametrize("line", LINES)
async def test_a_refused_tag_refuses_the_receipt_another_or_none_prints_it(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        bench.fault("refuse_tag", tag=1192)
        with pytest.raises(DeviceRefused, match="bad_parameters"):
            await sell(bench, registrar, receipt())
        assert not (await registrar.status()).document_open
        for tag in (OrderTag.TAG_1084, OrderTag.NONE):
            other = bench.driver(order_tag=tag)
            await sell(bench, other, receipt())
            await other.close()
        assert [effect["order_id"] for effect in bench.receipts()] == ["ord-1", None]


@pytest.mark.parametrize("line", LINES)
async def test_a_receipt_sent_to_the_customer_needs_no_paper_but_an_address(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        bench.fault("paper_out")
        assert (await sell(bench, registrar, receipt(paperless=True, customer_contact="a@b.ru"))).number == 3
        with pytest.raises(DeviceRefused):
            await sell(bench, registrar, receipt("no-address", paperless=True))
        assert not (await registrar.status()).document_open
        assert len(bench.receipts()) == 1


@pytest.mark.parametrize("line", LINES)
async def test_a_document_is_read_by_its_number_and_reports_are_none(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        document = await sell(bench, registrar, receipt())
        told = await registrar.read_document(document.number)
        assert told is not None
        assert told == replace(document, shift=told.shift)
        assert told.shift in (0, document.shift)
        assert [await registrar.read_document(number) for number in (-1, 0, 1, 2, 99)] == [None] * 5


@pytest.mark.parametrize("days", [0, 1, -1])
@pytest.mark.parametrize("line", LINES)
async def test_the_clock_is_set_with_the_shift_closed_only(line: str, days: int) -> None:
    async with line_of(line) as (_, registrar):
        morning = datetime.fromisoformat("2026-11-22T12:34:56") + timedelta(days=days)
        with pytest.raises(DeviceRefused, match="shift_open"):
            await registrar.set_time(morning)
        await registrar.close_shift()
        await registrar.set_time(morning)
        assert (await registrar.status()).device_time == morning


@pytest.mark.parametrize("line", LINES)
async def test_a_cancelled_caller_leaves_a_register_the_next_call_can_use(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("slow", seconds=0.1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(registrar.print_receipt(receipt(), intent), 0.3)
        bench.fault("slow", on=False)
        await registrar.print_receipt(receipt(), intent)
        assert len(bench.receipts()) == 1


@pytest.mark.parametrize("line", LINES)
async def test_a_dead_register_is_unreachable_and_works_again_when_it_is_back(line: str) -> None:
    async with line_of(line, quick=True) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("off")
        with pytest.raises(DeviceUnreachable, match="silent"):
            await registrar.status()
        with pytest.raises(DeviceUnreachable):
            await registrar.print_receipt(receipt(), intent)
        bench.fault("off", on=False)
        assert (await registrar.status()).last_document == 2
        assert await registrar.find_receipt(intent) is None
        assert (await registrar.print_receipt(receipt(), intent)).number == 3
