"""Mandatory requisites by FFD version, document and settlement: the table, and the registers that insist on it."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest

from drivers.errors import DeviceRefused
from drivers.fiscal.ffd import tags, tlv
from drivers.fiscal.ffd.tags import Document, Occasion, Settlement, Source
from drivers.fiscal.ffd.tlv import Tlv
from drivers.fiscal.port import Correction, CorrectionKind, FiscalIntent, Operation, Receipt
from tests.drivers.atol_rig import AtolRig, atol_rig
from tests.drivers.shtrih_rig import Rig, receipt, rig

FORMATS = (tags.FFD_1_05, tags.FFD_1_1, tags.FFD_1_2)
CASES = list(itertools.product(FORMATS, Document, Settlement))
CONTACT = "+79990000000"


@pytest.mark.parametrize(("ffd", "document", "settlement"), CASES)
def test_an_automat_names_itself_and_a_cashier_himself(ffd: str, document: Document, settlement: Settlement) -> None:
    wanted = Occasion(document, settlement, ffd).mandatory(Source.HOST, Source.EITHER)
    assert (tlv.AUTOMAT_NUMBER in wanted) == (settlement is Settlement.AUTOMAT)
    assert (tlv.CASHIER in wanted) == (settlement is Settlement.ATTENDED)
    assert (tlv.CORRECTION_KIND in wanted) == (document is Document.CORRECTION)
    assert {tlv.ADDRESS, tlv.PLACE} <= Occasion(document, settlement, ffd).mandatory(Source.REGISTER)


@pytest.mark.parametrize(("ffd", "document", "settlement"), CASES)
def test_what_a_line_says_depends_on_the_format(ffd: str, document: Document, settlement: Settlement) -> None:
    line = Occasion(document, settlement, ffd).mandatory(*Source, of_line=True)
    totals_only = document is Document.CORRECTION and ffd == tags.FFD_1_05
    assert ({tags.SUBJECT, tags.METHOD} <= line) == (not totals_only)
    assert (tags.MEASURE in line) == (ffd == tags.FFD_1_2)
    document_tags = Occasion(document, settlement, ffd).mandatory(*Source)
    assert (tags.INTERNET_SETTLEMENT in document_tags) == (ffd == tags.FFD_1_2)


@pytest.mark.parametrize("document", Document)
def test_without_paper_a_receipt_needs_the_customer(document: Document) -> None:
    paperless = Occasion(document, Settlement.AUTOMAT, tags.FFD_1_2, paperless=True).missing({tlv.AUTOMAT_NUMBER})
    assert (tlv.CUSTOMER_CONTACT in paperless) == (document is not Document.CORRECTION)


@pytest.mark.parametrize(
    ("ffd", "ordered", "wanted"), [("1.05", False, True), ("1.2", False, False), ("1.2", True, True)]
)
def test_the_base_of_a_correction_is_numbered_where_somebody_ordered_it(ffd: str, ordered: bool, wanted: bool) -> None:
    occasion = Occasion(Document.CORRECTION, Settlement.AUTOMAT, ffd, ordered=ordered)
    assert (tlv.CORRECTION_BASE_NUMBER in occasion.missing(set())) == wanted


def test_the_parts_of_a_base_count_and_a_broken_one_does_not() -> None:
    base = Tlv(tlv.CORRECTION_BASE, Tlv(tlv.CORRECTION_BASE_DATE, bytes(4)).encode())
    assert tags.tags_of([base]) == {tlv.CORRECTION_BASE, tlv.CORRECTION_BASE_DATE}
    assert tags.tags_of([Tlv(tlv.CORRECTION_BASE, b"\1")]) == {tlv.CORRECTION_BASE}


async def shtrih_sells(asked: Receipt, **device: Any) -> list[dict[str, Any]]:
    async with rig(**device) as (bench, registrar):
        await registrar.print_receipt(asked, bench.intent(asked, await registrar.counter()))
        return bench.receipts()


async def atol_sells(asked: Receipt, **device: Any) -> list[dict[str, Any]]:
    async with atol_rig(device=device) as (bench, registrar):
        await registrar.print_receipt(asked, bench.intent(asked, await registrar.counter()))
        return bench.receipts()


@pytest.mark.parametrize("ffd", FORMATS)
@pytest.mark.parametrize("operation", list(Operation))
async def test_an_automat_without_a_number_of_its_own_wants_one_in_each_receipt(ffd: str, operation: Operation) -> None:
    nameless, named = receipt(operation=operation), receipt(operation=operation, automat_number="7")
    with pytest.raises(DeviceRefused):
        await shtrih_sells(nameless, ffd=ffd, automat_number="")
    with pytest.raises(DeviceRefused):
        await atol_sells(nameless, ffd=ffd, automat_number="")
    assert len(await shtrih_sells(named, ffd=ffd, automat_number="")) == 1
    assert len(await atol_sells(named, ffd=ffd, automat_number="")) == 1


@pytest.mark.parametrize("ffd", FORMATS)
async def test_where_people_sell_the_receipt_names_who(ffd: str) -> None:
    named = receipt(cashier="Иванова А. П.", cashier_inn="500100732259")
    with pytest.raises(DeviceRefused):
        await shtrih_sells(receipt(), ffd=ffd, automatic=False, cashier="")
    with pytest.raises(DeviceRefused):
        await atol_sells(receipt(), ffd=ffd, automatic=False)
    assert len(await shtrih_sells(named, ffd=ffd, automatic=False, cashier="")) == 1
    assert len(await atol_sells(named, ffd=ffd, automatic=False)) == 1


async def correct(bench: Rig | AtolRig, registrar: Any, kind: CorrectionKind, number: str) -> None:
    asked = receipt("c1")
    counter = await registrar.counter()
    intent = FiscalIntent(counter, asked.operation, "c1", asked.total_kopecks, bench.clock.now, correction=True)
    await registrar.print_correction(Correction(asked, kind, date(2026, 11, 20), number), intent)


@pytest.mark.parametrize("ffd", FORMATS)
async def test_an_ordered_correction_without_the_order_is_refused(ffd: str) -> None:
    async with rig(ffd=ffd) as (bench, registrar):
        await correct(bench, registrar, CorrectionKind.SELF, "")
        await correct(bench, registrar, CorrectionKind.ORDERED, "17-04/5")
        if ffd != tags.FFD_1_05:
            with pytest.raises(DeviceRefused, match="bad_parameters"):
                await correct(bench, registrar, CorrectionKind.ORDERED, "")
        assert bench.device.register.drive.state.current_document == 0


async def test_a_receipt_without_paper_leaves_the_printer_on_for_the_next() -> None:
    async with rig() as (bench, registrar):
        bench.fault("paper_out")
        asked = receipt(paperless=True, customer_contact=CONTACT)
        await registrar.print_receipt(asked, bench.intent(asked, await registrar.counter()))
        assert len(bench.receipts()) == 1
        assert not bench.device.register.off_paper
        on_paper = receipt("o2")
        with pytest.raises(DeviceRefused, match="no_receipt_paper"):
            await registrar.print_receipt(on_paper, bench.intent(on_paper, await registrar.counter()))


async def test_a_paperless_receipt_that_failed_does_not_take_the_paper_of_the_next_document() -> None:
    async with rig() as (bench, registrar):
        bench.fault("refuse_tag", tag="1192")
        asked = receipt(paperless=True, customer_contact=CONTACT)
        with pytest.raises(DeviceRefused):
            await registrar.print_receipt(asked, bench.intent(asked, await registrar.counter()))
        assert bench.device.register.off_paper
        await registrar.x_report()
        assert not bench.device.register.off_paper


async def test_a_process_that_died_over_a_paperless_receipt_prints_the_next_one() -> None:
    async with rig() as (bench, registrar):
        bench.device.register.tables.write(17, 1, 7, b"\1")
        await registrar.close()
        mine = bench.driver()
        asked = receipt()
        await mine.print_receipt(asked, bench.intent(asked, await mine.counter()))
        assert not bench.device.register.off_paper
        await mine.close()


async def test_no_paper_and_no_contact_is_refused_before_anything_is_opened() -> None:
    asked = receipt(paperless=True)
    with pytest.raises(DeviceRefused, match="1008"):
        await shtrih_sells(asked)
    with pytest.raises(DeviceRefused):
        await atol_sells(asked)
