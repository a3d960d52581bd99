"""A correction is registered once, carries what its format asks for, and is found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from drivers.errors import DeviceRefused
from drivers.fiscal.port import Correction, CorrectionKind, Operation
from tests.drivers.contract.lines import FORMATS, LINES, closing_of_correction, kinds, line_of, losses
from tests.drivers.shtrih_rig import receipt

SETTLED_ON = date(2026, 11, 20)
CASES = [
    (line, ffd, operation)
    for line in LINES
    for ffd in FORMATS[line]
    for operation in Operation
    if ffd != "1.05" or operation is Operation.SALE
]


@pytest.mark.parametrize(("line", "ffd", "operation"), CASES)
async def test_a_correction_is_registered_once_and_found_though_its_answer_is_lost(
    line: str, ffd: str, operation: Operation
) -> None:
    for loss in losses(line):
        async with line_of(line, quick=True, ffd=ffd) as (bench, registrar):
            wanted = receipt(operation=operation)
            intent = bench.intent(wanted, await registrar.counter(), correction=True)
            bench.fault("lose_answer", **{"after": closing_of_correction(line, ffd, operation), **loss})
            correction = Correction(wanted, CorrectionKind.ORDERED, SETTLED_ON, "№ 17/2")
            try:
                document = await registrar.print_correction(correction, intent)
            except DeviceRefused:
                assert loss.get("before")
                document = await registrar.print_correction(correction, intent)
            assert (document.correction, document.operation, document.total_kopecks) == (True, operation, 72800)
            assert await registrar.find_receipt(intent) == document
            told = await registrar.read_document(document.number)
            assert told is not None
            assert told == replace(document, shift=told.shift)
            assert not (await registrar.status()).document_open
            assert kinds(bench) == ["shift_opened", "correction"]
            totals = await registrar.totals()
            assert (totals.sales.count, totals.refunds.count) == (0, 0)


@pytest.mark.parametrize("line", [line for line in LINES if "1.05" in FORMATS[line]])
async def test_ffd_1_05_corrects_no_refunds(line: str) -> None:
    async with line_of(line, ffd="1.05") as (bench, registrar):
        wanted = receipt(operation=Operation.REFUND)
        intent = bench.intent(wanted, await registrar.counter(), correction=True)
        with pytest.raises(DeviceRefused, match="correction_unsupported"):
            await registrar.print_correction(Correction(wanted, CorrectionKind.SELF, SETTLED_ON), intent)
        assert not (await registrar.status()).document_open
        assert kinds(bench) == ["shift_opened"]
