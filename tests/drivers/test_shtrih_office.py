"""The fiscal day of a Shtrih-M registrar: registration, totals, clock, corrections, warnings."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from drivers.errors import DeviceRefused, OutcomeUnknown
from drivers.fiscal.ffd.tlv import parse_tlvs
from drivers.fiscal.port import (
    Correction,
    CorrectionKind,
    FiscalDocument,
    FiscalIntent,
    FiscalOffice,
    Operation,
    OperationTotals,
    Paper,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Vat,
)
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.sim.shtrih.tables import REGIONAL, TURNS_RATES
from tests.drivers.shtrih_rig import Rig, receipt, rig

SETTLED_ON = date(2026, 11, 20)


async def sell(bench: Rig, registrar: ShtrihRegistrar, asked: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(asked, bench.intent(asked, await registrar.counter()))


def correction(asked: Receipt, kind: CorrectionKind = CorrectionKind.SELF, number: str = "") -> Correction:
    return Correction(asked, kind, SETTLED_ON, number)


async def corrections(bench: Rig, registrar: ShtrihRegistrar, asked: Receipt) -> FiscalIntent:
    counter = await registrar.counter()
    return FiscalIntent(counter, asked.operation, asked.order_id, asked.total_kopecks, bench.clock.now, correction=True)


async def test_the_registration_is_what_the_tables_tell() -> None:
    async with rig() as (_, registrar):
        office: FiscalOffice = registrar
        told = await office.registration()
        assert (told.inn, told.ffd) == ("7700000000", "1.2")
        assert (told.address, told.place) == ("г. Москва, ул. Примерная, д. 1", "Киоск самообслуживания")
        assert told.tax_systems is not None
        assert told.tax_systems >= {TaxSystem.GENERAL, TaxSystem.USN_INCOME}
        assert (told.automatic, told.internet) == (True, True)
        assert told.drive_number == (await registrar.status()).drive_number
        assert told.registration_number == "0000000001012345"
        assert told.device_serial == "0000000000000001"


@pytest.mark.parametrize("ffd", ["1.05", "1.1", "1.2"])
async def test_the_format_of_documents_is_told(ffd: str) -> None:
    async with rig(ffd=ffd) as (_, registrar):
        assert (await registrar.registration()).ffd == ffd


async def test_only_rates_that_table_6_holds_are_told_and_sold() -> None:
    async with rig() as (bench, registrar):
        assert (await registrar.registration()).vats == set(Vat)
    async with rig() as (bench, registrar):
        bench.fault("unknown_command", code="2D")  # an older firmware
        line = ReceiptLine("Чай", 100, 1, 100, Vat.VAT_22)
        asked = Receipt(Operation.SALE, "o1", (line,), 100, 100, TaxSystem.GENERAL)
        with pytest.raises(DeviceRefused, match="vat_unsupported"):
            await sell(bench, registrar, asked)
        assert bench.receipts() == []
        assert bench.device.register.receipt is None


@pytest.mark.parametrize(
    ("vat", "code"),
    [
        (Vat.VAT_20, 0x01),
        (Vat.VAT_10, 0x02),
        (Vat.VAT_0, 0x04),
        (Vat.NONE, 0x08),
        (Vat.VAT_20_120, 0x10),
        (Vat.VAT_10_110, 0x20),
        (Vat.VAT_5, 0x81),
        (Vat.VAT_7, 0x82),
        (Vat.VAT_5_105, 0x84),
        (Vat.VAT_7_107, 0x88),
        (Vat.VAT_22, 0xCB),
        (Vat.VAT_22_122, 0xCC),
    ],
)
async def test_a_rate_is_coded_as_the_register_holds_it(vat: Vat, code: int) -> None:
    async with rig() as (bench, registrar):
        line = ReceiptLine("Чай", 100, 1, 100, vat)
        seen: list[int] = []

        def look(data: bytes) -> bytes:
            if data[2:4] == b"\xff\x46":
                seen.append(data[2 + 2 + 4 + 22])
            return data

        bench.wire.to_device = look
        await sell(bench, registrar, Receipt(Operation.SALE, "o1", (line,), 100, 100, TaxSystem.GENERAL))
        assert seen == [code]


@pytest.mark.parametrize("ffd", ["1.1", "1.2"])
async def test_a_correction_of_a_sale_of_2025_keeps_its_rate_and_the_next_sale_does_not(ffd: str) -> None:
    async with rig(ffd=ffd) as (bench, registrar):
        line = ReceiptLine("Чай", 12000, 1, 12000, Vat.VAT_20)
        asked = Receipt(Operation.SALE, "c1", (line,), 12000, 12000, TaxSystem.GENERAL)
        for base, code in ((date(2025, 12, 30), 0x01), (date(2026, 2, 1), 0xCB)):
            intent = await corrections(bench, registrar, asked)
            await registrar.print_correction(Correction(asked, CorrectionKind.SELF, base), intent)
            assert bench.effects()[-1]["lines"][0]["tax"] == code
            assert bench.device.register.tables.number(REGIONAL, TURNS_RATES) == 1
        bench.fault("refuse_tag", tag=1173)
        intent = await corrections(bench, registrar, asked)
        with pytest.raises(DeviceRefused):
            await registrar.print_correction(Correction(asked, CorrectionKind.SELF, date(2025, 12, 30)), intent)
        assert bench.device.register.tables.number(REGIONAL, TURNS_RATES) == 1  # set back, whatever became of it


async def test_a_register_that_leaves_taxes_to_the_host_is_told() -> None:
    async with rig() as (bench, registrar):
        assert (await registrar.registration()).taxes_left_out is None
        bench.device.register.tables.write(1, 1, 14, b"\1")
        assert (await registrar.registration()).taxes_left_out == "table 1 field 14 = 1"


async def test_without_counters_in_the_closing_report_the_receipts_are_summed_up() -> None:
    async with rig() as (bench, registrar):
        total = receipt().total_kopecks
        await sell(bench, registrar, receipt("o1", cash_kopecks=1000, electronic_kopecks=total - 1000))
        await sell(bench, registrar, receipt("o2", operation=Operation.REFUND))
        report = await registrar.close_shift()
        key = f"document:{report.document_number:08d}"
        stored = bench.world.get(key)
        with bench.world.change() as change:
            change.put(key, {**stored, "tlvs": []})
        told = await registrar.totals()
        assert told.sales == OperationTotals(1, total, 1000, total - 1000)
        assert told.refunds == OperationTotals(1, total, 0, total)


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("code", ["21", "22", "23"])
async def test_the_clock_is_set_though_an_answer_is_lost(code: str, forget: bool) -> None:
    async with rig(shift=False) as (bench, registrar):
        bench.fault("lose_answer", after=code, forget=forget)
        now = datetime.fromisoformat("2026-11-23T00:00:01")
        await registrar.set_time(now)
        assert (await registrar.status()).device_time == now


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("ffd", ["1.1", "1.2"])
async def test_a_correction_has_lines_and_says_what_it_corrects(ffd: str, operation: Operation) -> None:
    async with rig(ffd=ffd) as (bench, registrar):
        asked = receipt("c1", operation=operation)
        intent = await corrections(bench, registrar, asked)
        wanted = correction(asked, CorrectionKind.ORDERED, "17-04/5")
        printed = await registrar.print_correction(wanted, intent)
        (effect,) = [effect for effect in bench.effects() if effect["effect"] == "correction"]
        assert (effect["order_id"], effect["total_kopecks"]) == ("c1", asked.total_kopecks)
        assert len(effect["lines"]) == 3
        assert (printed.correction, printed.operation) == (True, operation)
        document = bench.device.register.drive.document(printed.number)
        assert document is not None
        carried = {tlv.tag: tlv.value for tlv in document.tlvs}
        assert carried[1173] == b"\1"
        base = {tlv.tag: tlv for tlv in parse_tlvs(carried[1174])}
        assert datetime.fromtimestamp(int.from_bytes(base[1178].value, "little")).date() == SETTLED_ON  # noqa: DTZ006
        assert base[1179].text == "17-04/5"
        assert await registrar.find_receipt(intent) == printed
        assert await registrar.read_document(printed.number) == FiscalDocument(
            **{name: getattr(printed, name) for name in FiscalDocument.__slots__} | {"shift": 0}
        )
        assert (await registrar.totals()).sales == OperationTotals()


async def test_ffd_1_05_corrects_totals() -> None:
    async with rig(ffd="1.05") as (bench, registrar):
        asked = receipt("c1")
        intent = await corrections(bench, registrar, asked)
        printed = await registrar.print_correction(correction(asked), intent)
        (effect,) = [effect for effect in bench.effects() if effect["effect"] == "correction"]
        assert (effect["electronic_kopecks"], effect["lines"]) == (asked.total_kopecks, [])
        assert await registrar.find_receipt(intent) == printed


async def test_a_firmware_without_ff4a_corrects_by_the_older_command() -> None:
    async with rig(ffd="1.05") as (bench, registrar):
        bench.fault("unknown_command", code="FF4A")
        asked = receipt("c1")
        intent = await corrections(bench, registrar, asked)
        printed = await registrar.print_correction(correction(asked), intent)
        assert printed.correction
        (effect,) = [effect for effect in bench.effects() if effect["effect"] == "correction"]
        assert (effect["order_id"], effect["total_kopecks"]) == ("c1", asked.total_kopecks)
        assert await registrar.find_receipt(intent) == printed


@pytest.mark.parametrize("code", ["F7", "FF03"])
async def test_a_question_the_firmware_does_not_know_is_done_without(code: str) -> None:
    async with rig() as (bench, registrar):
        bench.fault("unknown_command", code=code)
        bench.fault("paper_low")
        status = await registrar.status()
        assert status.why_not() is None
        assert (status.paper is Paper.LOW, status.drive_valid_until is None) == (code != "F7", code == "FF03")


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize(("ffd", "code"), [("1.05", "FF35"), ("1.2", "8D")])
async def test_a_correction_whose_answer_is_lost_is_registered_at_most_once(ffd: str, code: str, forget: bool) -> None:
    async with rig(ffd=ffd) as (bench, registrar):
        asked = receipt("c1")
        intent = await corrections(bench, registrar, asked)
        bench.fault("lose_answer", after=code, forget=forget)
        try:
            printed = await registrar.print_correction(correction(asked), intent)
        except DeviceRefused:
            printed = None
        assert await registrar.find_receipt(intent) == printed
        assert len([effect for effect in bench.effects() if effect["effect"] == "correction"]) == (printed is not None)
        assert bench.device.register.drive.state.current_document == 0


async def test_a_roll_that_ends_soon_still_prints() -> None:
    async with rig() as (bench, registrar):
        bench.fault("paper_low")
        status = await registrar.status()
        assert (status.paper, status.why_not()) == (Paper.LOW, None)
        await sell(bench, registrar, receipt())


async def test_a_register_without_the_sensor_never_says_that_the_roll_ends() -> None:
    async with rig(last_print_told=False) as (bench, registrar):
        bench.fault("paper_low")
        assert (await registrar.status()).paper is Paper.PRESENT


async def test_a_printer_that_failed_blocks_until_it_prints_again() -> None:
    async with rig() as (bench, registrar):
        bench.fault("printer_fault")
        assert (await registrar.status()).why_not() == "printer_fault"
        with pytest.raises((DeviceRefused, OutcomeUnknown)):
            await sell(bench, registrar, receipt())
        bench.fault("printer_fault", on=False)
        assert (await registrar.status()).why_not() is None
        await sell(bench, registrar, receipt())


async def test_a_cutter_that_failed_is_named_and_receipts_go_on() -> None:
    async with rig() as (bench, registrar):
        bench.fault("cutter_fault")
        await registrar.print_text(("Смена",), cut=False)
        with pytest.raises(DeviceRefused, match="cutter_failure"):
            await registrar.print_text(("Смена",), cut=True)
        await sell(bench, registrar, receipt())


@pytest.mark.parametrize(("told", "serial"), [(False, False), (True, False), (True, True)])
async def test_both_lengths_of_a_state_are_understood(told: bool, serial: bool) -> None:
    async with rig(last_print_told=told, long_serial=serial) as (bench, registrar):
        assert (await registrar.status()).why_not() is None
        await sell(bench, registrar, receipt())
        assert len(bench.receipts()) == 1
