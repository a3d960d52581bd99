"""Whose document is it? Found by its order, or by number, kind, sum and time; what nobody can tell is for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from drivers.errors import ForeignState
from drivers.fiscal.port import Operation, OrderTag
from tests.drivers.contract.lines import LINES, line_of, sell
from tests.drivers.shtrih_rig import receipt


@pytest.mark.parametrize("tag", [OrderTag.TAG_1192, OrderTag.TAG_1084])
@pytest.mark.parametrize("line", LINES)
async def test_ours_is_found_among_strangers_by_its_order(line: str, tag: OrderTag) -> None:
    async with line_of(line, order_tag=tag) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        for order_id in ("stranger", "mine", "other"):
            await sell(bench, registrar, receipt(order_id))
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert found.number == 4
        assert (await registrar.status()).why_not() is None  # the documents were read to their ends


@pytest.mark.parametrize("line", LINES)
async def test_only_strangers_are_a_matter_for_a_person(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sell(bench, registrar, receipt("stranger"))
        for work in (registrar.find_receipt(intent), registrar.print_receipt(receipt("mine"), intent)):
            with pytest.raises(ForeignState, match="foreign_documents"):
                await work
        assert len(bench.receipts()) == 1
        assert await registrar.find_receipt(replace(intent, others=frozenset({3}))) is None


@pytest.mark.parametrize("line", LINES)
async def test_a_sale_and_a_refund_of_one_order_are_told_apart(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        counter = await registrar.counter()
        refund = receipt(operation=Operation.REFUND)
        for wanted in (receipt(), refund):
            await sell(bench, registrar, wanted)
        found = await registrar.find_receipt(bench.intent(refund, counter))
        assert found is not None
        assert (found.number, found.operation) == (4, Operation.REFUND)


@pytest.mark.parametrize("tag", [OrderTag.TAG_1192, OrderTag.NONE])
@pytest.mark.parametrize("line", LINES)
async def test_a_receipt_is_no_correction_of_the_same_sum(line: str, tag: OrderTag) -> None:
    async with line_of(line, order_tag=tag) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        document = await registrar.print_receipt(receipt(), intent)
        wanted = replace(intent, correction=True)
        with pytest.raises(ForeignState, match="foreign_documents"):
            await registrar.find_receipt(wanted)
        assert await registrar.find_receipt(replace(wanted, others=frozenset({document.number}))) is None


@pytest.mark.parametrize("line", LINES)
async def test_shift_reports_between_are_no_receipts_and_tell_the_shift(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        await registrar.close_shift()
        await registrar.open_shift()
        assert await registrar.find_receipt(intent) is None
        await sell(bench, registrar, receipt())
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert (found.number, found.shift) == (5, 2)


@pytest.mark.parametrize("line", LINES)
async def test_a_report_on_settlements_between_is_nobodys_receipt(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.report_settlements()
        assert await registrar.find_receipt(intent) is None
        await sell(bench, registrar, receipt())
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert found.number == 4


@pytest.mark.parametrize("line", LINES)
async def test_without_a_tag_the_one_document_that_agrees_is_ours(line: str) -> None:
    async with line_of(line, order_tag=OrderTag.NONE) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        bench.clock.forward(seconds=1)  # so the web server knows no request of this intent
        await sell(bench, registrar, receipt("mine"))
        await sell(bench, registrar, receipt("dearer", price=50000))
        assert bench.receipts()[0]["order_id"] is None
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert found.number == 3
        await sell(bench, registrar, receipt("mine too"))
        with pytest.raises(ForeignState, match="foreign_documents"):
            await registrar.find_receipt(intent)


@pytest.mark.parametrize(
    ("late", "ours"), [(timedelta(), True), (timedelta(minutes=9), True), (timedelta(hours=2), False)]
)
@pytest.mark.parametrize("line", LINES)
async def test_without_a_tag_a_document_older_than_the_intent_is_not_adopted(
    line: str, late: timedelta, ours: bool
) -> None:
    async with line_of(line, order_tag=OrderTag.NONE) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sell(bench, registrar, receipt("mine"))
        intent = replace(intent, intended_at=intent.intended_at + late)
        if ours:
            assert await registrar.find_receipt(intent) is not None
        else:
            with pytest.raises(ForeignState):
                await registrar.find_receipt(intent)


@pytest.mark.parametrize("line", LINES)
async def test_a_swapped_drive_and_a_counter_that_went_back_stop_everything(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        counter = await registrar.counter()
        swapped = bench.intent(receipt(), replace(counter, drive_number="9999000000000001"))
        ahead = bench.intent(receipt(), replace(counter, last_document=counter.last_document + 5))
        for intent, word in ((swapped, "drive_swapped"), (ahead, "counter_went_back")):
            for work in (registrar.find_receipt(intent), registrar.print_receipt(receipt(), intent)):
                with pytest.raises(ForeignState, match=word):
                    await work
        assert bench.receipts() == []
