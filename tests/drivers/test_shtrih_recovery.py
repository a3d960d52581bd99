"""After a cut of power, line or process the drive's own memory says what was registered (protocols/shtrih.md §3)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.fiscal.port import FiscalCounter, Operation, OrderTag
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.errors import error_word
from drivers.fiscal.shtrih.frames import Answer, encode
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.sim.shtrih.register import MODE_DATA, MODE_DOCUMENT
from tests.drivers.shtrih_rig import FAST, Rig, receipt, rig

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


async def test_power_lost_at_the_close_is_unknown_then_found() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        off_after(bench, CLOSE)
        with pytest.raises(OutcomeUnknown):
            await registrar.print_receipt(receipt(), intent)
        with pytest.raises((OutcomeUnknown, DeviceUnreachable)):
            await registrar.find_receipt(intent)
        mend(bench)
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [found.number]


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


async def test_a_cut_line_at_the_close_is_unknown_until_it_is_back() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        wire = bench.wire

        def cut(data: bytes) -> bytes:
            if data[2:4] == CLOSE:
                bench.reachable = False
                wire.to_host = lambda _: b""
                asyncio.get_running_loop().call_soon(wire.transport.abort)
            return data

        wire.to_device = cut
        with pytest.raises(OutcomeUnknown):
            await registrar.print_receipt(receipt(), intent)
        with pytest.raises(DeviceUnreachable):
            await registrar.find_receipt(intent)
        bench.reachable = True
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert len(bench.receipts()) == 1


async def test_a_cancelled_caller_leaves_a_device_the_next_call_can_use() -> None:
    async with rig(timeouts=replace(FAST, command_s=5.0)) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("slow", seconds=0.1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(registrar.print_receipt(receipt(), intent), 0.35)
        bench.fault("slow", on=False)
        await registrar.print_receipt(receipt(), intent)
        assert len(bench.receipts()) == 1


async def test_a_dead_registrar_is_unreachable_and_works_again_when_it_is_back() -> None:
    async with rig() as (bench, registrar):
        bench.fault("off")
        with pytest.raises(DeviceUnreachable, match="silent"):
            await registrar.status()
        bench.fault("off", on=False)
        assert (await registrar.status()).last_document == 2


async def test_shift_reports_between_are_no_receipts() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        await registrar.close_shift()
        await registrar.open_shift()
        assert await registrar.find_receipt(intent) is None
        fresh = bench.intent(receipt(), await registrar.counter())
        await registrar.print_receipt(receipt(), fresh)
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert (found.number, found.shift) == (5, 2)


@pytest.mark.parametrize("tag", [OrderTag.TAG_1192, OrderTag.TAG_1084])
async def test_ours_is_found_among_strangers_by_its_order(tag: OrderTag) -> None:
    async with rig(order_tag=tag) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        for order_id in ("stranger", "mine", "other"):
            await registrar.print_receipt(receipt(order_id), bench.intent(receipt(order_id), await registrar.counter()))
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert found.number == 4
        assert bench.device.register.mode != MODE_DATA  # the documents were read to their ends


async def test_only_strangers_are_a_matter_for_a_person() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await registrar.print_receipt(receipt("stranger"), bench.intent(receipt("stranger"), await registrar.counter()))
        with pytest.raises(ForeignState, match="foreign_documents"):
            await registrar.find_receipt(intent)
        with pytest.raises(ForeignState):
            await registrar.print_receipt(receipt("mine"), intent)
        assert len(bench.receipts()) == 1


async def test_a_sale_and_a_refund_of_one_order_are_told_apart() -> None:
    async with rig() as (bench, registrar):
        counter = await registrar.counter()
        refund = receipt(operation=Operation.REFUND)
        for wanted in (receipt(), refund):
            await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))
        found = await registrar.find_receipt(bench.intent(refund, counter))
        assert found is not None
        assert (found.number, found.operation) == (4, Operation.REFUND)


async def sold_without_tag(bench: Rig, registrar: ShtrihRegistrar, order_id: str, price: int = 36400) -> None:
    wanted = receipt(order_id, price=price)
    await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


async def test_without_a_tag_the_one_document_that_agrees_is_ours() -> None:
    async with rig(order_tag=OrderTag.NONE) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sold_without_tag(bench, registrar, "mine")
        await sold_without_tag(bench, registrar, "dearer", price=50000)
        assert bench.receipts()[0]["order_id"] is None
        found = await registrar.find_receipt(intent)
        assert found is not None
        assert found.number == 3


async def test_without_a_tag_two_that_agree_are_a_matter_for_a_person() -> None:
    async with rig(order_tag=OrderTag.NONE) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        for order_id in ("a", "b"):
            await sold_without_tag(bench, registrar, order_id)
        with pytest.raises(ForeignState):
            await registrar.find_receipt(intent)


@pytest.mark.parametrize(
    ("late", "ours"), [(timedelta(), True), (timedelta(minutes=9), True), (timedelta(hours=2), False)]
)
async def test_without_a_tag_a_document_older_than_the_intent_is_not_adopted(late: timedelta, ours: bool) -> None:
    async with rig(order_tag=OrderTag.NONE) as (bench, registrar):
        intent = bench.intent(receipt("mine"), await registrar.counter())
        await sold_without_tag(bench, registrar, "mine")
        intent = replace(intent, intended_at=intent.intended_at + late)
        if ours:
            assert await registrar.find_receipt(intent) is not None
        else:
            with pytest.raises(ForeignState):
                await registrar.find_receipt(intent)


async def test_the_lost_close_is_found_without_a_tag_too() -> None:
    async with rig(order_tag=OrderTag.NONE) as (bench, registrar):
        bench.fault("lose_answer", after="FF45", forget=True)
        await sold_without_tag(bench, registrar, "mine")
        assert len(bench.receipts()) == 1


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


async def test_a_swapped_drive_stops_everything() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        foreign = replace(intent, counter=replace(intent.counter, drive_number="9999000000000001"))
        with pytest.raises(ForeignState, match="drive_swapped"):
            await registrar.find_receipt(foreign)
        with pytest.raises(ForeignState, match="drive_swapped"):
            await registrar.print_receipt(receipt(), foreign)
        assert bench.receipts() == []


async def test_a_counter_that_went_back_stops_everything() -> None:
    async with rig() as (bench, registrar):
        counter = await registrar.counter()
        ahead = bench.intent(receipt(), FiscalCounter(counter.drive_number, counter.last_document + 5, 1))
        with pytest.raises(ForeignState, match="counter_went_back"):
            await registrar.find_receipt(ahead)


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
