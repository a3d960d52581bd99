"""The totals of a shift are told on each line, whatever a register counts, with the shift open and closed."""

from __future__ import annotations

from datetime import date

import pytest

from drivers.errors import DeviceRefused
from drivers.fiscal.port import Correction, CorrectionKind, Operation, OperationTotals
from tests.drivers.contract.lines import FORMATS, LINES, line_of, sell
from tests.drivers.shtrih_rig import receipt

TOTAL = receipt().total_kopecks
SALES = OperationTotals(2, 2 * TOTAL, 1000, 2 * TOTAL - 1000)
REFUNDS = OperationTotals(1, TOTAL, 0, TOTAL)
CASES = [(line, ffd, True) for line in LINES for ffd in FORMATS[line]]
#: A Shtrih-M register always counts.
BLIND = [(line, ffd, False) for line in LINES[2:] for ffd in FORMATS[line]]


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize(("line", "ffd", "counts"), [*CASES, *BLIND])
async def test_totals_are_those_of_the_receipts(line: str, ffd: str, counts: bool, closed: bool) -> None:
    async with line_of(line, ffd=ffd) as (bench, registrar):
        if not counts:
            bench.fault("no_counters")
        assert (await registrar.totals()).sales == OperationTotals()
        await sell(bench, registrar, receipt("o1"))
        await sell(bench, registrar, receipt("o2", cash_kopecks=1000, electronic_kopecks=TOTAL - 1000))
        await sell(bench, registrar, receipt("o3", operation=Operation.REFUND))
        intent = bench.intent(receipt("c"), await registrar.counter(), correction=True)
        await registrar.print_correction(Correction(receipt("c"), CorrectionKind.SELF, date(2026, 11, 20)), intent)
        if closed:
            await registrar.close_shift()
        told = await registrar.totals()
        assert (told.shift, told.sales, told.refunds) == (1, SALES, REFUNDS)
        if closed:
            await registrar.open_shift()
            assert (await registrar.totals()).sales == OperationTotals()


async def test_a_document_of_the_shift_that_cannot_be_read_is_named_and_never_counted_as_none() -> None:
    async with line_of("atol-web") as (bench, registrar):
        await sell(bench, registrar, receipt("o1"))
        bench.fault("no_counters")
        bench.fault("wrong_answer", after="getFnDocument", code=123)
        with pytest.raises(DeviceRefused, match="totals_not_told"):
            await registrar.totals()
        assert (await registrar.totals()).sales == OperationTotals(1, TOTAL, 0, TOTAL)
