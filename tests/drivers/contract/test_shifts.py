"""A shift is opened and closed once, proved by the drive, and nothing is sold in one that is older than a day."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.errors import DeviceRefused, OutcomeUnknown
from tests.drivers.contract.lines import (
    CLOSE_SHIFT,
    LINES,
    OPEN_SHIFT,
    kinds,
    line_of,
    losses,
    sell,
)
from tests.drivers.shtrih_rig import receipt


@pytest.mark.parametrize("line", LINES)
async def test_shifts_open_and_close_once_and_are_told_again(line: str) -> None:
    async with line_of(line, shift=False) as (bench, registrar):
        assert (await registrar.status()).why_not() == "shift_closed"
        first = await registrar.open_shift()
        assert (first.shift, first.document_number) == (1, 2)
        assert bench.effects()[0]["fiscal_sign"] == first.fiscal_sign
        for number in range(3):
            await sell(bench, registrar, receipt(f"o{number}"))
        assert await registrar.open_shift() == first
        closed = await registrar.close_shift()
        assert (closed.shift, closed.document_number) == (1, 6)
        assert await registrar.close_shift() == closed
        assert (await registrar.open_shift()).shift == 2
        assert kinds(bench) == ["shift_opened", "receipt", "receipt", "receipt", "shift_closed", "shift_opened"]


@pytest.mark.parametrize("line", LINES)
async def test_a_shift_older_than_a_day_sells_nothing_and_closes(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        bench.clock.forward(hours=25)
        status = await registrar.status()
        assert (status.shift_expired, status.why_not()) == (True, "shift_over_24h")
        for refused in (registrar.open_shift(), sell(bench, registrar, receipt())):
            with pytest.raises(DeviceRefused, match="shift_over_24h"):
                await refused
        await registrar.x_report()
        assert (await registrar.close_shift()).shift == 1
        assert (await registrar.open_shift()).shift == 2
        assert (await registrar.status()).why_not() is None
        assert bench.receipts() == []


@pytest.mark.parametrize("what", ["sale", "x", "z"])
@pytest.mark.parametrize("line", LINES)
async def test_nothing_of_a_shift_works_without_one(line: str, what: str) -> None:
    async with line_of(line, shift=False) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        with pytest.raises(DeviceRefused, match="shift_closed"):
            await {
                "sale": lambda: registrar.print_receipt(receipt(), intent),
                "x": registrar.x_report,
                "z": registrar.close_shift,
            }[what]()
        assert bench.effects() == []


@pytest.mark.parametrize("line", LINES)
async def test_without_paper_no_shift_opens_or_closes(line: str) -> None:
    async with line_of(line, shift=False) as (bench, registrar):
        for act in (registrar.open_shift, registrar.close_shift):
            bench.fault("paper_out")
            with pytest.raises(DeviceRefused, match="no_receipt_paper"):
                await act()
            bench.fault("paper_out", on=False)
            await act()
        assert kinds(bench) == ["shift_opened", "shift_closed"]


@pytest.mark.parametrize("opens", [True, False], ids=["open", "close"])
@pytest.mark.parametrize(("line", "loss"), [(line, loss) for line in LINES for loss in losses(line)])
async def test_a_lost_answer_to_a_shift_command_is_settled_by_the_drive(
    line: str, loss: dict[str, Any], opens: bool
) -> None:
    async with line_of(line, shift=not opens, quick=True) as (bench, registrar):
        work = registrar.open_shift if opens else registrar.close_shift
        bench.fault("lose_answer", **{"after": (OPEN_SHIFT if opens else CLOSE_SHIFT)[line], **loss})
        try:
            report = await work()
        except DeviceRefused:
            assert loss.get("before")
            report = await work()
        effect = bench.effects()[-1]
        assert (report.shift, report.document_number) == (1, effect["fiscal_document_number"])
        assert report.fiscal_sign == effect["fiscal_sign"]
        assert kinds(bench) == ["shift_opened"] + ["shift_closed"] * (not opens)


@pytest.mark.parametrize("line", LINES)
async def test_an_unanswered_close_is_unknown_and_returns_its_report_when_asked_again(line: str) -> None:
    async with line_of(line, quick=True) as (bench, registrar):
        async with bench.dying_after(CLOSE_SHIFT[line]):
            with pytest.raises(OutcomeUnknown):
                await registrar.close_shift()
        report = await registrar.close_shift()
        assert (report.shift, report.document_number) == (1, 3)
        assert kinds(bench) == ["shift_opened", "shift_closed"]


@pytest.mark.parametrize("name", LINES)
async def test_30_days_without_a_ticket_let_the_shift_be_closed_and_nothing_else_registered(name: str) -> None:
    async with line_of(name, ofd_delay_s=1e9) as (bench, registrar):
        await sell(bench, registrar, receipt())
        bench.clock.forward(days=6)
        assert "ofd_timeout" in (await registrar.status()).warnings
        bench.clock.forward(days=24)
        await registrar.close_shift()
        with pytest.raises(DeviceRefused) as refused:
            await registrar.open_shift()
        assert refused.value.code == "ofd_wait_expired"
