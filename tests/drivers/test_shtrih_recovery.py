"""After a cut of power, line or process the drive's own memory says what was registered (shtrih.md#doubt)."""

from __future__ import annotations

import asyncio

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.errors import error_word
from drivers.fiscal.shtrih.frames import Answer, encode
from drivers.sim.shtrih.register import MODE_DOCUMENT
from tests.drivers.shtrih_rig import Rig, receipt, rig

CLOSE = b"\xff\x45"
LINE = b"\xff\x46"


def off_after(bench: Rig, code: bytes) -> None:
    """Power goes once a command was carried out, before a byte of its answer."""
    wire, device = bench.wire, bench.device

    def watch(data: bytes) -> bytes:
        if data[2:4] == code and data[:1] == b"\x02":
            asyncio.get_running_loop().call_soon(bench.fault, "off")
            wire.to_host = lambda answer: b"" if len(answer) > 1 else answer
        return data

    assert device is bench.device
    wire.to_device = watch


def mend(bench: Rig) -> None:
    bench.fault("off", on=False)
    bench.wire.to_device = bytes
    bench.wire.to_host = bytes


async def test_power_lost_in_the_lines_is_proved_absent_and_cancelled() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        off_after(bench, LINE)
        with pytest.raises(DeviceUnreachable):
            await registrar.print_receipt(receipt(), intent)
        mend(bench)
        assert bench.device.register.mode == MODE_DOCUMENT  # the receipt survived the cut
        assert await registrar.find_receipt(intent) is None
        assert bench.device.register.receipt is None
        assert bench.receipts() == []
        assert (await registrar.print_receipt(receipt(), intent)).number == 3


async def test_a_restart_in_mid_receipt_is_refused_and_nothing_stays_open() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        lines = 0

        def restart_at_second_line(data: bytes) -> bytes:
            nonlocal lines
            lines += data[2:4] == LINE
            if lines == 2 and data[2:4] == LINE:
                lines += 1
                bench.restart()
            return data

        bench.wire.to_device = restart_at_second_line
        with pytest.raises(DeviceRefused):
            await registrar.print_receipt(receipt(), intent)
        assert bench.device.register.receipt is None
        assert bench.receipts() == []
        await registrar.print_receipt(receipt(), intent)
        assert len(bench.receipts()) == 1


async def test_a_document_left_open_by_another_process_is_cancelled_at_the_next_receipt() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.device.register.open_receipt(1, 5)  # by operator 5: 88h needs the system administrator
        mine = bench.driver(password=1)
        await mine.print_receipt(receipt(), intent)
        assert len(bench.receipts()) == 1
        await mine.close()


@pytest.mark.parametrize("times", [1, 9], ids=["once", "always"])
async def test_an_answer_about_another_document_is_never_taken_for_the_one_asked_for(times: int) -> None:
    async with rig() as (bench, registrar):
        for order_id, price in (("first", 100), ("second", 200)):
            sold = receipt(order_id, price=price)
            await registrar.print_receipt(sold, bench.intent(sold, await registrar.counter()))
        about_first: list[bytes] = []

        def keep(data: bytes) -> bytes:
            about_first.extend([data] if data[2:4] == b"\xff\x0a" else [])
            return data

        bench.wire.to_host = keep
        first = await registrar.read_document(3)
        late = about_first[-1:] * times
        bench.wire.to_host = lambda data: late.pop() if late and data[2:4] == b"\xff\x0a" else data
        if times == 1:
            second = await registrar.read_document(4)
            assert first is not None
            assert second is not None
            assert second.total_kopecks == first.total_kopecks + 100
        else:
            with pytest.raises(DeviceUnreachable, match="wrong_document"):
                await registrar.read_document(4)


async def test_a_document_stuck_in_the_drive_is_cancelled() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        drive = bench.device.register.drive
        with bench.world.change() as change:
            drive.begin(change, 0x04)
        assert (await registrar.status()).document_open
        assert await registrar.find_receipt(intent) is None
        assert drive.state.current_document == 0


async def test_a_document_left_half_read_does_not_block_the_next_receipt() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.device.register.reading = [b"\0" * 10, b"\0" * 10]
        assert (await registrar.status()).blocked is None
        bench.device.register.reading = [b"\0" * 10]
        assert (await registrar.print_receipt(receipt(), intent)).number == 3


async def test_firmware_that_cannot_read_documents_out_falls_back_on_number_total_and_time() -> None:
    async with rig() as (bench, registrar):
        bench.wire.to_host = lambda data: b"\x02\x03\xff\x3a\x37\xf1" if data[2:4] == b"\xff\x3a" else data
        bench.fault("lose_answer", after="FF45", forget=True)
        await registrar.print_receipt(receipt(), bench.intent(receipt(), await registrar.counter()))
        assert len(bench.receipts()) == 1


@pytest.mark.parametrize(
    ("error", "registered"),
    [(error, True) for error in (0x2F, 0x30, 0x50, 0x58, 0x6B, 0x72, 0x75, 0x7B)] + [(0x6B, False)],
)
async def test_a_doubtful_error_of_the_close_is_settled_by_the_drive(error: int, registered: bool) -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        refusal = encode(Answer(0xFF45, error).encode())
        if registered:
            bench.wire.to_host = lambda data: refusal if data[2:4] == CLOSE else data
            assert (await registrar.print_receipt(receipt(), intent)).number == 3
        else:
            # The device does not see the close but a question, whose answer goes back as the refused close.
            question = encode(commands.drive_status().payload(30))
            bench.wire.to_device = lambda data: question if data[2:4] == CLOSE else data
            asked = 0

            def refuse(data: bytes) -> bytes:
                nonlocal asked
                open_receipt = bench.device.register.receipt
                composed = open_receipt is not None and len(open_receipt.tlvs) == 1
                if data[2:4] == b"\xff\x01" and composed and not asked:
                    asked += 1
                    return refusal
                return data

            bench.wire.to_host = refuse
            with pytest.raises(DeviceRefused) as refused:
                await registrar.print_receipt(receipt(), intent)
            assert refused.value.code == error_word(error)
        assert len(bench.receipts()) == int(registered)
        assert bench.device.register.receipt is None
