"""A whole fiscal day on each line: every rate, a refund, a correction of a sale of 2025, the end of the paper, a power
cut, X, Z and the next morning. The device's ledger is the judge."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from drivers.errors import DeviceRefused, OutcomeUnknown
from drivers.fiscal.port import (
    Correction,
    CorrectionKind,
    FiscalDocument,
    FiscalOffice,
    Operation,
    OperationTotals,
    Paper,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Vat,
)
from tests.drivers.bench import Bench
from tests.drivers.contract.lines import CLOSE, LINES, kinds, line_of, sell

PRICE = 12_200
#: The tax byte that the register's own books show for a rate.
SHTRIH = {
    Vat.NONE: 0x08, Vat.VAT_0: 0x04, Vat.VAT_5: 0x81, Vat.VAT_7: 0x82, Vat.VAT_10: 0x02, Vat.VAT_20: 0xCB,
    Vat.VAT_22: 0xCB, Vat.VAT_5_105: 0x84, Vat.VAT_7_107: 0x88, Vat.VAT_10_110: 0x20, Vat.VAT_20_120: 0xCC,
    Vat.VAT_22_122: 0xCC,
}  # fmt: skip
#: Platform 2.5 knows no others.
ATOL = {Vat.VAT_20: 1, Vat.VAT_10: 2, Vat.VAT_20_120: 3, Vat.VAT_10_110: 4, Vat.VAT_0: 5, Vat.NONE: 6}
ATOL_WEB = ATOL | {
    Vat.VAT_5: 7, Vat.VAT_7: 8, Vat.VAT_5_105: 9, Vat.VAT_7_107: 10, Vat.VAT_22: 11, Vat.VAT_22_122: 12,
}  # fmt: skip
BYTES = {"shtrih 1": SHTRIH, "shtrih 2": SHTRIH, "atol": ATOL, "atol-web": ATOL_WEB}
RATE_OF_2025 = {"shtrih 1": 0x01, "shtrih 2": 0x01, "atol": 1, "atol-web": 1}


def asked(order_id: str, *vats: Vat, operation: Operation = Operation.SALE, cash_kopecks: int = 0) -> Receipt:
    lines = tuple(ReceiptLine(f"Борщ «{vat.value}»", PRICE, 1, PRICE, vat) for vat in vats)
    total = PRICE * len(lines)
    rest = total - cash_kopecks
    return Receipt(operation, order_id, lines, total, rest, TaxSystem.GENERAL, cash_kopecks=cash_kopecks)


class Day:
    """What was sold, as this side knows it."""

    def __init__(self, bench: Bench, registrar: FiscalOffice) -> None:
        self.bench = bench
        self.registrar = registrar
        self.documents: list[FiscalDocument] = []

    async def sell(self, wanted: Receipt) -> FiscalDocument:
        self.documents.append(await sell(self.bench, self.registrar, wanted))
        return self.documents[-1]

    def told(self, document: FiscalDocument) -> dict[str, Any]:
        (found,) = [row for row in self.bench.effects() if row["fiscal_document_number"] == document.number]
        return found


@pytest.mark.parametrize("line", LINES)
async def test_a_whole_fiscal_day(line: str) -> None:
    async with line_of(line, shift=False, quick=True, ffd="1.1" if line == "atol" else "1.2") as (bench, registrar):
        day = Day(bench, registrar)
        opened = await registrar.open_shift()
        assert (opened.shift, (await registrar.status()).why_not()) == (1, None)
        await every_rate_is_sold(day, line)
        await a_mixed_receipt_is_refunded_in_part(day)
        await a_sale_of_2025_is_corrected(day, line)
        await the_paper_ends(day)
        await the_power_goes_at_the_close(day, line)
        await the_day_is_counted_and_closed(day, line)
        await the_next_morning_counts_anew(day)


async def every_rate_is_sold(day: Day, line: str) -> None:
    known = BYTES[line]
    assert (await day.registrar.registration()).vats == set(known)
    for vat in Vat:
        wanted = asked(f"r-{vat.name}", vat)
        if vat in known:
            assert [row["tax"] for row in day.told(await day.sell(wanted))["lines"]] == [known[vat]], vat
        else:
            with pytest.raises(DeviceRefused, match="vat_unsupported"):
                await sell(day.bench, day.registrar, wanted)
    both = await day.sell(asked("mixed", *known, cash_kopecks=1_000))
    assert [row["tax"] for row in day.told(both)["lines"]] == list(known.values())
    assert (day.told(both)["cash_kopecks"], both.total_kopecks) == (1_000, PRICE * len(known))


async def a_mixed_receipt_is_refunded_in_part(day: Day) -> None:
    refund = await day.sell(asked("mixed", Vat.VAT_20, Vat.NONE, operation=Operation.REFUND))
    assert (refund.operation, day.told(refund)["effect"]) == (Operation.REFUND, "refund_receipt")


async def a_sale_of_2025_is_corrected(day: Day, line: str) -> None:
    """Its rate stays 20 %, whatever the register makes of that since."""
    wanted = asked("of-2025", Vat.VAT_20)
    intent = day.bench.intent(wanted, await day.registrar.counter(), correction=True)
    correction = Correction(wanted, CorrectionKind.SELF, date(2025, 12, 30))
    document = await day.registrar.print_correction(correction, intent)
    assert document.correction
    assert day.told(document)["effect"] == "correction"
    assert [row["tax"] for row in day.told(document)["lines"]] == [RATE_OF_2025[line]]
    assert await day.registrar.find_receipt(intent) == document
    after = await day.sell(asked("after", Vat.VAT_20))
    assert [row["tax"] for row in day.told(after)["lines"]] == [BYTES[line][Vat.VAT_20]]


async def the_paper_ends(day: Day) -> None:
    """With a receipt: it stands. Before one: nothing does."""
    day.bench.fault("paper_out", at="close")
    await day.sell(asked("last-of-the-roll", Vat.NONE))
    assert (await day.registrar.status()).paper is Paper.OUT
    day.bench.fault("paper_out")
    with pytest.raises(DeviceRefused, match="no_receipt_paper"):
        await sell(day.bench, day.registrar, asked("no-paper", Vat.NONE))
    day.bench.fault("paper_out", on=False)
    await day.registrar.resume_printing()
    assert (await day.registrar.status()).why_not() is None
    await day.sell(asked("new-roll", Vat.NONE))


async def the_power_goes_at_the_close(day: Day, line: str) -> None:
    wanted = asked("dark", Vat.VAT_10)
    intent = day.bench.intent(wanted, await day.registrar.counter())
    async with day.bench.dying_after(CLOSE[line]):
        with pytest.raises(OutcomeUnknown):
            await day.registrar.print_receipt(wanted, intent)
    found = await day.registrar.find_receipt(intent)
    assert found is not None
    day.documents.append(found)


async def the_day_is_counted_and_closed(day: Day, line: str) -> None:
    numbers = [document.number for document in day.documents]
    assert [row["fiscal_document_number"] for row in day.bench.receipts()] == numbers
    assert kinds(day.bench).count("correction") == 1
    sales = [document.total_kopecks for document in day.documents if document.operation is Operation.SALE]
    wanted = OperationTotals(len(sales), sum(sales), 1_000, sum(sales) - 1_000)
    refunds = OperationTotals(1, 2 * PRICE, 0, 2 * PRICE)
    await day.registrar.x_report()
    totals = await day.registrar.totals()
    assert (totals.shift, totals.sales, totals.refunds) == (1, wanted, refunds)
    closed = await day.registrar.close_shift()
    last = max(numbers)
    assert (closed.shift, closed.document_number) == (1, last + 1)
    after = await day.registrar.totals()
    assert (after.shift, after.sales, after.refunds) == (1, wanted, refunds)
    status = await day.registrar.status()
    assert (status.last_document, status.why_not()) == (last + 1, "shift_closed")
    for document in day.documents:
        read = await day.registrar.read_document(document.number)
        assert read is not None
        assert (read.fiscal_sign, read.total_kopecks) == (document.fiscal_sign, document.total_kopecks)


async def the_next_morning_counts_anew(day: Day) -> None:
    day.bench.clock.forward(hours=15)
    assert (await day.registrar.open_shift()).shift == 2
    assert (await day.registrar.totals()).sales == OperationTotals()
    document = await day.sell(asked("morning", Vat.NONE))
    assert document.shift == 2
    assert (await day.registrar.totals()).sales == OperationTotals(1, PRICE, 0, PRICE)
    assert kinds(day.bench)[-2:] == ["shift_opened", "receipt"]
