"""An ATOL receipt while the line is cut, or the process dies, at each byte of it: one document, or a proof of none."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalDocument, OrderTag
from tests.drivers.atol_rig import FAST, AtolRig, atol_rig, receipt

TIMEOUTS = replace(FAST, reply_s=0.05, silence_s=1.5, poll_s=0.05, reopen_s=0.01, command_s=3.0)
WAYS = ("to_device", "to_host")
SAMPLES = 10


class Cut:
    """The line goes dead after `left` more bytes one way; `comes_back` opens it again soon."""

    def __init__(self, bench: AtolRig, way: str, left: int, *, comes_back: bool) -> None:
        self.bench = bench
        self.left = left
        self.comes_back = comes_back
        self.passed = 0
        self.struck = asyncio.Event()
        setattr(bench.wire, way, self.take)

    def take(self, data: bytes) -> bytes:
        self.passed += len(data)
        if self.struck.is_set():
            return b""
        if self.passed < self.left:
            return data
        kept = data[: len(data) - (self.passed - self.left)]
        self.struck.set()
        self.bench.reachable = False
        loop = asyncio.get_running_loop()
        loop.call_soon(self.bench.wire.transport.abort)
        if self.comes_back:
            loop.call_later(0.02, setattr, self.bench, "reachable", True)
        return kept


async def length_of(way: str) -> int:
    """How many bytes one receipt takes that way."""
    async with atol_rig(timeouts=TIMEOUTS) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        cut = Cut(bench, way, 1 << 30, comes_back=False)
        await registrar.print_receipt(receipt(), intent)
        return cut.passed


async def cut_at(way: str, left: int, *, dies: bool, tag: OrderTag = OrderTag.TAG_1192) -> None:
    async with atol_rig(timeouts=TIMEOUTS, order_tag=tag) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        cut = Cut(bench, way, left, comes_back=not dies)
        printing = asyncio.create_task(registrar.print_receipt(receipt(), intent))
        if dies:
            striking = asyncio.create_task(cut.struck.wait())
            await asyncio.wait({printing, striking}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
            striking.cancel()
            printing.cancel()
            await registrar.close()
            registrar = bench.driver(timeouts=TIMEOUTS, order_tag=tag)
        document: FiscalDocument | None = None
        try:
            document = await printing
        except (DeviceError, asyncio.CancelledError):
            bench.reachable = True
            document = await registrar.find_receipt(intent)
            assert (document is not None) == bool(bench.receipts())
            if document is None:
                document = await registrar.print_receipt(receipt(), intent)
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number], (way, left)
        assert bench.receipts()[0]["total_kopecks"] == document.total_kopecks == 72800
        assert len(bench.receipts()[0]["lines"]) == 3
        assert bench.device.till.receipt is None


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_a_line_cut_at_some_byte_leaves_one_document(way: str, dies: bool) -> None:
    whole = await length_of(way)
    chosen = random.Random(f"{way}{dies}").sample(range(1, whole + 1), SAMPLES)
    # The last tenth holds the close and its proof.
    for left in (*chosen, *range(whole - 40, whole + 1, 10)):
        await cut_at(way, left, dies=dies)


async def test_a_line_cut_around_the_close_is_settled_without_a_tag_too() -> None:
    whole = await length_of("to_host")
    for left in range(whole - 60, whole + 1, 12):
        await cut_at("to_host", left, dies=True, tag=OrderTag.NONE)


async def power_cut_at(frame: int, *, executed: bool, dies: bool) -> bool:
    """The register loses power with the n-th packet of a receipt, after carrying it out or before hearing it; it comes
    back with an empty task buffer. False where the receipt has fewer packets."""
    async with atol_rig(timeouts=TIMEOUTS) as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        left = frame
        wire = bench.wire

        def watch(data: bytes) -> bytes:
            nonlocal left
            left -= 1
            if left != 0:
                return data
            if executed:
                wire.to_host = lambda _: b""
                bench.device.feed(data)
                wire.to_host = bytes
            bench.restart()
            return b""

        wire.to_device = watch
        printing = asyncio.create_task(registrar.print_receipt(receipt(), intent))
        document: FiscalDocument | None = None
        try:
            document = await printing
        except DeviceError:
            if dies:
                await registrar.close()
                registrar = bench.driver(timeouts=TIMEOUTS)
            document = await registrar.find_receipt(intent)
            assert (document is not None) == bool(bench.receipts())
            if document is None:
                document = await registrar.print_receipt(receipt(), intent)
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number], (frame, executed)
        assert len(bench.receipts()[0]["lines"]) == 3
        assert bench.receipts()[0]["electronic_kopecks"] == 72800
        return left <= 0


@pytest.mark.parametrize("executed", [False, True])
async def test_a_register_that_loses_power_at_any_packet_leaves_one_document(executed: bool) -> None:
    frame = 1
    while await power_cut_at(frame, executed=executed, dies=frame % 2 == 0):
        frame += 1
    assert frame > 30


@pytest.mark.long
@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_a_line_cut_at_every_byte_leaves_one_document(way: str, dies: bool) -> None:
    for left in range(1, await length_of(way) + 1):
        await cut_at(way, left, dies=dies)
