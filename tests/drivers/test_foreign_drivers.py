"""What drivers of others ask when they open a register, byte for byte; the simulated registers answer as devices do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.fiscal.atol.frames import bcd
from drivers.fiscal.ffd.tlv import Tlv, parse_tlvs
from drivers.fiscal.fields import fixed_text
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.receipt import SUMS, CloseReceipt, ReceiptOperation
from drivers.fiscal.shtrih.table_answers import FieldShape
from drivers.sim.atol.commands import execute
from drivers.sim.shtrih.device import ShtrihDevice
from drivers.sim.shtrih.setup import ShtrihSetup
from drivers.sim.world import World
from tests import folders
from tests.drivers.atol_rig import atol_rig, receipt
from tests.drivers.test_shtrih_device import Desk

ADMIN = "1E000000"
SALE = ReceiptOperation(
    kind=1, quantity_micro=1_000_000, price_kopecks=100, sum_kopecks=100, tax=8, subject=1, name="A"
)


class ModelDesk(Desk):
    """A Shtrih-M of a chosen model."""

    model = "nano-f"

    def power_on(self) -> None:
        self.world = World("fiscal", self.folder / "state", self.folder / "ledger")
        setup = ShtrihSetup(model=self.model)
        self.device = ShtrihDevice(self.world, self._hear, now=self.clock, byte_s=0.02, setup=setup)

    def hear(self, request: str) -> str:
        return self.ask(bytes.fromhex(request)).hex(" ").upper()


@pytest.fixture
def folder() -> Iterator[Path]:
    path = folders.new()
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def desk(folder: Path) -> ModelDesk:
    return ModelDesk(folder)


def hexed(*parts: str | bytes) -> str:
    return b"".join(part if isinstance(part, bytes) else bytes.fromhex(part) for part in parts).hex(" ").upper()


def named(text: str) -> bytes:
    return fixed_text(text, 40)


# Request, answer. FC and F7 01 as a real ШТРИХ-НАНО-Ф begins them, tables with the names and sizes of its own list.
GOLDEN: tuple[tuple[str, str], ...] = (
    ("FC", hexed("FC00 0000 0200 98 00", "ШТРИХ-НАНО-Ф".encode("cp1251"))),
    (
        "F7 01",
        hexed(
            "F700 08 00 40 13 20 EC 01 00 0C 18 01 0C 10 00 00",
            "00000000 1E000000 00 0E FF00 40 40 B603 12 13 18 11 11",
        ),
    ),
    (f"2D {ADMIN} 04", hexed("2D00", named("Текст в чеке"), "0E00 01")),
    (f"2E {ADMIN} 04 01", hexed("2E00", named("Запрограммированные строки"), "01 40 0000")),
    (f"1F {ADMIN} 04 0100 01", hexed("1F00", bytes(64))),
    (f"2D {ADMIN} 0A", hexed("2D00", named("Служебная"), "0100 13")),
    (f"2E {ADMIN} 0A 03", hexed("2E00", named("Нижний порог напряжения"), "00 01 00 FF")),
    (f"1F {ADMIN} 0A 0100 03", hexed("1F00 1E")),
    (f"2E {ADMIN} 11 0D", hexed("2E00", named("Rus наименование реквизита пользователя"), "01 40 0000")),
    (f"1F {ADMIN} 11 0100 0D", hexed("1F00", fixed_text("Код", 64))),
    (f"1F {ADMIN} 11 0100 11", hexed("1F00 04")),
    (f"1F {ADMIN} 17 0100 0B", hexed("1F00", fixed_text("410001248", 32))),
    (f"1F {ADMIN} 06 0B00 01", hexed("1F00 9808")),
    (f"1F {ADMIN} 14 0100 03", hexed("1F00 0100")),
    (f"C0 {ADMIN} 01" + "00" * 40, "C0 00 1E"),
    (f"C4 {ADMIN} 0100" + "00" * 40, "C4 00 1E"),
    (f"DD {ADMIN} 00 00 00", "DD 00 1E"),
    (f"C1 {ADMIN} 01 02", "C1 00 1E"),
    (f"C2 {ADMIN} 0102030405", "C2 00 1E"),
    (f"C3 {ADMIN} 0100 0200", "C3 00 1E"),
    (f"4F {ADMIN} 01 02 01 01", "4F 00 1E"),
    ("FE F2 00000000", "FE 00"),
    ("FE EC 00000000", "FE 00 86 00 00 00"),
    ("FE F8 00000000", "FE 37"),
)


async def test_a_foreign_driver_that_opens_a_shtrih_gets_the_answers_of_a_device(desk: ModelDesk) -> None:
    before = desk.device.state()["last_document"]
    for request, answer in GOLDEN:
        assert (request, desk.hear(request)) == (request, answer)
    assert desk.device.state()["last_document"] == before


async def test_every_table_and_field_that_is_told_can_be_read(desk: ModelDesk) -> None:
    """As the vendor's program writes out all settings: 2Dh until a number is unknown, 2Eh of a field, 1Fh of a cell."""
    cells = 0
    for table in range(1, 26):
        shape = commands.table_shape(table).parse(desk.ask(commands.table_shape(table).payload(30))[2:])
        for column in range(1, shape.fields + 1):
            answer = desk.ask(commands.field_shape(table, column).payload(30))
            field = FieldShape.parse(answer[2:])
            assert len(answer) == 44 + (2 if field.is_text else 2 * field.size)
            for row in range(1, shape.rows + 1):
                value = desk.ask(commands.read_table(table, row, column).payload(30))
                assert (value[1], len(value) - 2) == (0, field.size)
                cells += 1
        assert desk.error(commands.field_shape(table, shape.fields + 1).payload(30)) == 0x5D
        assert desk.error(commands.read_table(table, shape.rows + 1, 1).payload(30)) == 0x5D
    assert cells > 500
    assert desk.error(commands.table_shape(26).payload(30)) == 0x5D


async def test_the_text_of_the_last_error_is_told_without_its_number(desk: ModelDesk) -> None:
    assert desk.error(f"1F {ADMIN} 63 0100 01") == 0x5D
    told = desk.ask(b"\x6b")
    assert told == desk.ask(b"\x6b\x5d")
    assert len(told) > 2


async def test_the_registration_is_told_by_the_drive_and_by_its_requisites(desk: ModelDesk) -> None:
    told = desk.ask(bytes.fromhex(f"FF09 {ADMIN}"))[3:]
    assert len(told) == 5 + 12 + 20 + 3 + 8
    assert told[5:37] == b"7700000000  " + b"0000000001012345    "
    assert told[40:44] == b"\1\0\0\0"
    (inn,) = parse_tlvs(desk.ask(bytes.fromhex(f"FF0E {ADMIN} 01 FA03"))[3:])
    assert inn == Tlv(1018, b"7700000000  ")
    assert desk.error(bytes.fromhex(f"FF0E {ADMIN} 01 FFFF")) == 0x08
    assert desk.error(bytes.fromhex(f"FF0E {ADMIN} 02 FA03")) == 0x08


async def test_a_report_of_settlements_takes_requisites_once_it_is_begun(desk: ModelDesk) -> None:
    assert desk.error(f"FF0C {ADMIN} FD03 0100 41") == 0x02
    assert desk.error(f"FF37 {ADMIN}") == 0
    assert desk.error(f"FF0C {ADMIN} FD03 0100 41") == 0
    assert desk.error(f"FF38 {ADMIN}") == 0
    document = desk.device.register.drive.document(2)
    assert document is not None
    assert document.tlvs == (Tlv(1021, b"A"),)
    assert desk.error(f"FF37 {ADMIN}") == 0
    assert desk.error(f"FF08 {ADMIN}") == 0
    assert desk.device.state()["current_document"] == 0


async def test_a_discount_on_the_receipt_changes_what_must_be_paid(desk: ModelDesk) -> None:
    desk.open_shift()
    off = f"FF4B {ADMIN} 1E00000000 0000000000 08"
    assert desk.error(off) == 0x55
    assert desk.error(commands.operation(SALE).payload(30)) == 0
    assert desk.error(f"FF4B {ADMIN} FF00000000 0000000000 08") == 0x5A
    assert desk.error(off) == 0
    assert desk.ask(commands.subtotal().payload(30))[3:] == bytes((70, 0, 0, 0, 0))
    close = CloseReceipt(sums=(70,) + (0,) * (SUMS - 1), tax_system=2)
    assert desk.error(commands.close_receipt(close).payload(30)) == 0
    document = desk.device.register.drive.document(3)
    assert document is not None
    assert document.total_kopecks == 70


@pytest.mark.parametrize(
    "print_", [f"17 {ADMIN} 02" + "41" * 40, f"C1 {ADMIN} 01 02", f"4F {ADMIN} 01 02 01 01", f"C2 {ADMIN} 0102030405"]
)
async def test_what_prints_is_refused_while_the_printer_is_busy_or_without_paper(desk: ModelDesk, print_: str) -> None:
    desk.device.faults.switch("slow_print", {"seconds": 30})
    assert desk.error(print_) == 0
    assert desk.error(print_) == 0x50
    assert desk.error(f"FF01 {ADMIN}") == 0
    assert desk.error(f"1F {ADMIN} 11 0100 11") == 0
    desk.device.faults.switch("slow_print", on=False)
    desk.device.faults.switch("off", on=True)
    desk.device.faults.switch("off", on=False)
    desk.device.faults.switch("paper_out", on=True)
    assert desk.error(print_) == 0x6B


async def test_the_table_of_the_exchange_shows_the_queue(desk: ModelDesk) -> None:
    desk.open_shift()
    unsent = desk.device.state()["unsent_documents"]
    assert unsent > 0
    assert desk.hear(f"1F {ADMIN} 14 0100 03") == hexed("1F00", unsent.to_bytes(2, "little"))
    assert desk.error(f"1E {ADMIN} 14 0100 03 0000") == 0x7A


class MobileDesk(ModelDesk):
    model = "mobile-f"


async def test_a_mobile_model_has_its_tables_under_other_numbers(folder: Path) -> None:
    desk = MobileDesk(folder)
    assert desk.hear("F7 01").endswith("0D 0E 10 0A 1D")
    assert desk.hear(f"1F {ADMIN} 0A 0100 1D") == "1F 00 04"
    assert desk.error(f"1F {ADMIN} 11 0100 11") == 0x5D
    assert desk.ask(bytes.fromhex(f"2D {ADMIN} 0D"))[2:16] == b"Fiscal storage"
    assert desk.ask(bytes.fromhex(f"2D {ADMIN} 0E"))[2:15] == "Параметры ОФД".encode("cp1251")


# ATOL: tasks as the vendor's driver puts them (password 0000 first) and their answers.
ATOL_GOLDEN: tuple[tuple[str, str], ...] = (
    ("A5", "00 03 01 45 00 00 03 00 00 12 45 " + hexed("АТОЛ 77Ф".encode("cp866"))),
    ("45", "55 00 00"),
    ("91 04 00 00", "55 00 00 00 00 00 00 00"),
    ("91 05 00 00", "55 00 00 00 00 00 00 00"),
    ("91 08 00 00", "55 00 00 00"),
    ("91 09 00 00", "55 00 00 00"),
    ("91 0C 00 00", "55 00 00 00 00 00 00 00 00"),
    ("91 41 01 00", "55 00 00 00 00 00 00"),
    *((f"91 {number} 00 00", "55 00 00 00 00 00 00 00 00") for number in ("28", "32", "38", "40")),
    ("91 2C 00 00", "55 00 00 00 01"),  # its registration
    ("91 7F 00 00", "55 6C 00"),
    ("58", "55 00" + " 00" * 14),
    ("74 01", "4C 00"),
    ("46 02 00 01 01", "55 66 00"),
    ("56 04 00 00 00 30", "55 00 00"),
    ("46 02 00 01 01", "55 00 00"),
    ("46 03 00 1E 01", "55 00 00 00 00 00"),
    ("46 63 00 01 01", "55 91 00"),
    ("46 02 00 02 01", "55 92 00"),
    ("46 02 00 01 FF", "55 93 00"),
    ("48", "55 00 00"),
    ("EF 00", "55 7A 00"),
)


async def test_a_foreign_driver_that_opens_an_atol_gets_the_answers_of_a_device() -> None:
    async with atol_rig(shift=False) as (bench, _):
        machine = bench.device.machine
        for task, answer in ATOL_GOLDEN:
            told, _error = execute(machine, bytes(2) + bytes.fromhex(task))
            assert (task, told.hex(" ").upper()) == (task, answer)


async def test_atols_archive_tells_sign_sums_lines_drive_and_number_in_the_shift() -> None:
    async with atol_rig() as (bench, registrar):
        for order in ("o1", "o2"):
            document = await registrar.print_receipt(
                receipt(order), bench.intent(receipt(order), await registrar.counter())
            )
        machine, tlvs = bench.device.machine, []
        execute(machine, bytes.fromhex("0000 A4 45") + document.number.to_bytes(4, "little"))
        while True:
            told, error = execute(machine, bytes.fromhex("0000 A4 46"))
            if error:
                break
            tlvs += parse_tlvs(told[2:])
        found = {tlv.tag: tlv.value for tlv in tlvs}
        assert found[1077] == b"\x31\x04" + int(document.fiscal_sign).to_bytes(4, "big")
        assert found[1041] == document.drive_number.encode()
        assert found[1042] == b"\2\0\0\0"
        assert int.from_bytes(found[1031], "little") == 0
        assert int.from_bytes(found[1081], "little") == document.total_kopecks
        items = [{part.tag: part for part in parse_tlvs(tlv.value)} for tlv in tlvs if tlv.tag == 1059]
        assert [item[1030].text for item in items] == ["Борщ с пампушками", "Чай", "Сырники"]
        assert [int.from_bytes(item[1043].value, "little") for item in items] == [36400, 18000, 18400]
        assert items[1][1023].value == b"\3" + (2000).to_bytes(2, "little")


async def test_the_total_of_the_last_shift_outlives_its_closing_and_a_power_cut() -> None:
    async with atol_rig() as (bench, registrar):
        await registrar.print_receipt(receipt("o1"), bench.intent(receipt("o1"), await registrar.counter()))
        total = receipt("o1").total_kopecks
        await registrar.close_shift()
        bench.restart()
        told, error = execute(bench.device.machine, bytes.fromhex("0000 58"))
        assert (told[2:], error) == (bcd(total, 7) + bcd(0, 7), False)


async def test_atol_counts_what_was_ever_sold_and_what_waits_for_the_operator() -> None:
    async with atol_rig(device={"ofd_delay_s": 1e6}) as (bench, registrar):
        for order in ("o1", "o2"):
            await registrar.print_receipt(receipt(order), bench.intent(receipt(order), await registrar.counter()))
            await registrar.close_shift()
            await registrar.open_shift()
        bench.restart()
        machine = bench.device.machine
        told, _ = execute(machine, bytes.fromhex("0000 91 28 01 00"))
        assert told[2:] == bcd(2 * receipt("o1").total_kopecks, 7)
        told, _ = execute(machine, bytes.fromhex("0000 91 2C 00 00"))
        assert told[2:] == bcd(bench.drive.state.last_document, 3)
