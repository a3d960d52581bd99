"""An answer is lost, forgotten or the register dies over it: one document, or a proof that there is none."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.once import Once
from drivers.fiscal.port import FiscalDocument, FiscalIntent, FiscalOffice, OrderTag
from tests.drivers.bench import Bench
from tests.drivers.contract.lines import CLOSE, LINES, SERIAL, line_of, losses, numbers, planted
from tests.drivers.shtrih_rig import receipt

#: Commands and questions on the way to the close.
BEFORE_THE_CLOSE: dict[str, tuple[str, ...]] = {
    "shtrih 1": ("FF46", "FF0C", "10", "FF01"),
    "shtrih 2": ("FF46", "FF0C", "10", "FF01"),
    "atol": ("92", "E8", "EA", "EB", "99", "91", "A430", "3F", "56", "48"),
    "atol-web": ("getFnInfo", "getFnStatus", "getShiftStatus"),
}


async def a_lost_close(line: str, loss: dict[str, Any], tag: OrderTag, once: type[Once] = Once) -> None:
    """Asserts one document, told by whoever asks."""
    async with line_of(line, order_tag=tag, quick=True) as (bench, registrar):
        planted(registrar, once)
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("lose_answer", **{"after": CLOSE[line], **loss})
        try:
            document = await registrar.print_receipt(receipt(), intent)
        except DeviceRefused:
            assert loss.get("before"), "a receipt that stands was called absent"
            assert await registrar.find_receipt(intent) is None
            document = await registrar.print_receipt(receipt(), intent)
        assert document.number == 3
        assert numbers(bench) == [3]
        assert await registrar.find_receipt(intent) == document


@pytest.mark.parametrize("tag", list(OrderTag))
@pytest.mark.parametrize(("line", "loss"), [(line, loss) for line in LINES for loss in losses(line)])
async def test_a_lost_close_answer_is_recovered_or_proved_by_the_drive(
    line: str, loss: dict[str, Any], tag: OrderTag
) -> None:
    await a_lost_close(line, loss, tag)


class Hasty(Once):
    """The planted fault: what a register refuses or does not answer is taken for absent."""

    async def look(self, intent: FiscalIntent) -> FiscalDocument | None:
        return None


@pytest.mark.parametrize("line", LINES)
async def test_planted_conclusion_that_says_absent_too_early_is_caught(line: str) -> None:
    loss = {"forget": True} if line in SERIAL else {}
    with pytest.raises(AssertionError, match="called absent"):
        await a_lost_close(line, loss, OrderTag.TAG_1192, Hasty)


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize(("line", "code"), [(line, code) for line in LINES for code in BEFORE_THE_CLOSE[line]])
async def test_a_lost_answer_on_the_way_to_the_close_changes_nothing_of_the_receipt(
    line: str, code: str, forget: bool
) -> None:
    async with line_of(line, quick=True) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("lose_answer", after=code, forget=forget)
        try:
            await registrar.print_receipt(receipt(), intent)
        except (DeviceRefused, DeviceUnreachable):
            assert forget or line == "atol-web"
            assert bench.receipts() == []
            assert not (await registrar.status()).document_open
            await registrar.print_receipt(receipt(), intent)
        (effect,) = bench.receipts()
        assert effect["fiscal_document_number"] == 3
        assert [row["name"] for row in effect["lines"]] == ["Борщ с пампушками", "Чай", "Сырники"]
        assert effect["total_kopecks"] == effect["electronic_kopecks"] == 72800


@pytest.mark.parametrize("line", LINES)
async def test_power_lost_at_the_close_is_unknown_then_found(line: str) -> None:
    async with line_of(line, quick=True) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        async with bench.dying_after(CLOSE[line]):
            with pytest.raises(OutcomeUnknown):
                await registrar.print_receipt(receipt(), intent)
            with pytest.raises((OutcomeUnknown, DeviceUnreachable)):
                await registrar.find_receipt(intent)
        await found_alone(bench, registrar, intent)


@pytest.mark.parametrize("line", SERIAL)
async def test_a_line_cut_at_the_close_is_unknown_until_it_is_back(line: str) -> None:
    async with line_of(line, quick=True) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        async with bench.cut_after(CLOSE[line]):
            with pytest.raises(OutcomeUnknown):
                await registrar.print_receipt(receipt(), intent)
            with pytest.raises(DeviceUnreachable):
                await registrar.find_receipt(intent)
        await found_alone(bench, registrar, intent)


async def found_alone(bench: Bench, registrar: FiscalOffice, intent: FiscalIntent) -> None:
    found = await registrar.find_receipt(intent)
    assert found is not None
    assert numbers(bench) == [found.number]


@pytest.mark.parametrize("line", SERIAL)
async def test_a_document_left_open_by_another_process_is_cancelled_at_the_next_receipt(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.leave_a_receipt_open()
        assert (await registrar.status()).document_open
        assert await registrar.find_receipt(intent) is None
        assert not (await registrar.status()).document_open
        bench.leave_a_receipt_open()
        await registrar.print_receipt(receipt(), intent)
        assert numbers(bench) == [3]


@pytest.mark.parametrize("rate", [0.002, 0.004, 0.008])
@pytest.mark.parametrize("line", SERIAL)
async def test_a_noisy_line_registers_each_receipt_at_most_once_and_never_lies(line: str, rate: float) -> None:
    async with line_of(line, lossy=True) as (bench, registrar):
        claimed: dict[str, int] = {}
        for number in range(4):
            wanted = receipt(f"n{number}")
            bench.fault("noise", on=False)
            intent = bench.intent(wanted, await registrar.counter())
            bench.fault("noise", rate=rate)
            try:
                document: FiscalDocument | None = await registrar.print_receipt(wanted, intent)
            except (DeviceRefused, DeviceUnreachable, OutcomeUnknown):
                bench.fault("noise", on=False)
                document = await registrar.find_receipt(intent)
            if document is not None:
                claimed[wanted.order_id] = document.number
        assert {effect["order_id"]: effect["fiscal_document_number"] for effect in bench.receipts()} == claimed
