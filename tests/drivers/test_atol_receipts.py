"""What an ATOL register wants of a receipt, on its own line."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from drivers.errors import DeviceRefused, ForeignState
from drivers.fiscal.atol.frames import Decoder, Frame, encode
from drivers.fiscal.atol.registrar import AtolRegistrar
from drivers.fiscal.ffd.tlv import AUTOMAT_NUMBER, CASHIER, CASHIER_INN, CUSTOMER_CONTACT, Tlv, text_tlv
from drivers.fiscal.port import (
    Correction,
    CorrectionKind,
    FiscalDocument,
    Operation,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Vat,
)
from drivers.sim.atol.looks import INTERNET
from drivers.sim.drive import INN
from tests.drivers.atol_rig import AtolRig, atol_rig, receipt

CLOSE = b"\x00\x00\x4a\x00\x01"
LINE = b"\x00\x00\xeb"


async def sell(bench: AtolRig, registrar: AtolRegistrar, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


async def test_requisites_reach_the_document() -> None:
    async with atol_rig() as (bench, registrar):
        wanted = receipt(customer_contact="a@b.ru", automat_number="K-1", cashier="Иванова", cashier_inn="770123456789")
        document = await sell(bench, registrar, wanted)
        stored = bench.device.till.drive.document(document.number)
        assert stored is not None
        expected = (
            text_tlv(CUSTOMER_CONTACT, "a@b.ru"),
            text_tlv(AUTOMAT_NUMBER, "K-1"),
            text_tlv(CASHIER, "Иванова"),
            text_tlv(CASHIER_INN, "770123456789"),
            Tlv(1055, b"\2"),
        )
        assert set(expected) <= set(stored.tlvs)


async def test_a_frame_refused_as_broken_is_asked_for_and_runs_once() -> None:
    async with atol_rig() as (bench, registrar):
        broken = 0

        def break_frames(data: bytes) -> bytes:
            nonlocal broken
            if LINE in data and broken < 3:
                broken += 1
                return data[:-1] + bytes((data[-1] ^ 1,))
            return data

        bench.wire.to_device = break_frames
        await sell(bench, registrar, receipt())
        assert broken == 3
        assert len(bench.receipts()[0]["lines"]) == 3


async def test_paper_that_ends_in_mid_receipt_registers_nothing_and_leaves_nothing_open() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        wire = bench.wire

        def tear(data: bytes) -> bytes:
            if CLOSE in data:
                bench.fault("paper_out")
            return data

        wire.to_device = tear
        with pytest.raises(DeviceRefused, match="no_receipt_paper"):
            await registrar.print_receipt(receipt(), intent)
        wire.to_device = bytes
        assert bench.receipts() == []
        assert bench.device.till.receipt is None
        bench.fault("paper_out", on=False)
        assert (await registrar.print_receipt(receipt(), intent)).number == 3


async def test_a_printer_that_failed_blocks_shows_and_refuses() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("printer_fault")
        assert (await registrar.status()).blocked == "printer_fault"
        with pytest.raises(DeviceRefused, match="printer_fault"):
            await registrar.print_receipt(receipt(), intent)
        assert bench.receipts() == []


@pytest.mark.parametrize("vat", [Vat.VAT_5, Vat.VAT_7, Vat.VAT_22])
async def test_a_rate_that_platform_2_5_does_not_know_is_refused_before_anything_is_opened(vat: Vat) -> None:
    async with atol_rig() as (bench, registrar):
        assert vat not in (await registrar.registration()).vats
        wanted = replace(receipt(), lines=(ReceiptLine("Чай", 72800, 1, 72800, vat),))
        with pytest.raises(DeviceRefused, match="vat_unsupported"):
            await sell(bench, registrar, wanted)
        assert bench.receipts() == []


async def test_registration_tells_what_the_drive_was_registered_with() -> None:
    async with atol_rig() as (_, registrar):
        told = await registrar.registration()
        assert (told.drive_number, told.ffd, told.inn) == ((await registrar.counter()).drive_number, "1.05", INN)
        assert told.tax_systems == frozenset(TaxSystem)
        assert (told.automatic, told.internet) == (True, INTERNET)
        assert told.address
        assert told.vats == {Vat.NONE, Vat.VAT_0, Vat.VAT_10, Vat.VAT_20, Vat.VAT_10_110, Vat.VAT_20_120}


@pytest.mark.parametrize(("ffd", "lines"), [("1.05", 1), ("1.1", 3)])
async def test_a_correction_has_its_lines_from_ffd_1_1_on(ffd: str, lines: int) -> None:
    async with atol_rig(device={"ffd": ffd}) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter(), correction=True)
        await registrar.print_correction(Correction(receipt(), CorrectionKind.SELF, date(2026, 11, 20)), intent)
        assert len(bench.effects()[-1]["lines"]) == lines


VENDORS_CORRECTION = """
    920007
    e80101000c0403004b2d31
    e80101001f04010001
    e80101009504010000
    e801010096040f009a040400001653699b040300a12fad
    ea000100
    eb0200000000020700000000100000000000020700050000000000000000000000000000000000000000
    e80101005004040000000000
    e80101004e040400d0070000
    e80101004f04040064000000
    e80101005104040088130000
    e80101005004040084030000
    e80101005204040064000000
    e80101005304040064000000
    9900020000015000
    9900010000005700
    4a00010000000000
"""


async def test_by_ffd_1_05_a_correction_is_byte_for_byte_that_of_the_vendors_driver() -> None:
    """As its version 10.8 gave it to a register, questions left out: one total, the taxes as requisites, no order."""
    turnovers = {Vat.VAT_20: 12000, Vat.VAT_10: 1100, Vat.NONE: 5000, Vat.VAT_0: 900, Vat.VAT_20_120: 600,
                 Vat.VAT_10_110: 1100}  # fmt: skip
    lines = tuple(ReceiptLine("Борщ", sold, 1, sold, vat) for vat, sold in turnovers.items())
    wanted = Receipt(
        Operation.SALE, "o", lines, 20700, 15000, TaxSystem.GENERAL, cash_kopecks=5700, automat_number="K-1",
        customer_contact="a@b.ru",
    )  # fmt: skip
    async with atol_rig(device={"ffd": "1.05"}) as (bench, registrar):
        intent = bench.intent(wanted, await registrar.counter(), correction=True)
        before = len(bench.wire.heard)
        document = await registrar.print_correction(Correction(wanted, CorrectionKind.SELF, date(2025, 12, 30)), intent)
        heard = Decoder().feed(bytes(bench.wire.heard[before:]))
        tasks = [frame.data[5:].hex() for frame in heard if isinstance(frame, Frame) and frame.data[:1] == b"\xc1"]
        composing = tasks[tasks.index("920007") : tasks.index("4a00010000000000") + 1]
        assert [task for task in composing if task[:2] != "91"] == VENDORS_CORRECTION.split()
        assert await registrar.find_receipt(intent) == document
        later = replace(intent, intended_at=intent.intended_at + timedelta(hours=2))
        with pytest.raises(ForeignState):
            await registrar.find_receipt(later)


async def test_a_slow_register_is_waited_for_by_its_task() -> None:
    async with atol_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        wire = bench.wire

        def slow_at_close(data: bytes) -> bytes:
            if CLOSE in data:
                bench.fault("slow", seconds=0.3)
                asyncio.get_running_loop().call_later(0.1, partial(bench.fault, "slow", on=False))
            return data

        wire.to_device = slow_at_close
        assert (await registrar.print_receipt(receipt(), intent)).number == 3
        assert len(bench.receipts()) == 1


async def test_an_action_answered_without_the_extension_of_its_error_is_done() -> None:
    async with atol_rig() as (bench, registrar):

        def shorter(data: bytes) -> bytes:
            for frame in (event for event in Decoder().feed(data) if isinstance(event, Frame)):
                if found := re.fullmatch(rb"(\xa3|\xa6.)\x55\0\0", frame.data, re.DOTALL):
                    return encode(frame.id, found[1] + b"\x55\0")
            return data

        intent = bench.intent(receipt(), await registrar.counter())
        bench.wire.to_host = shorter
        assert (await registrar.print_receipt(receipt(), intent)).number == 3
        assert len(bench.receipts()) == 1
