"""Lines that go dead at a byte or flip a bit, and power that goes at a packet: what a receipt has to live through."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalDocument, FiscalIntent, FiscalOffice, OrderTag
from tests.drivers.atol_web_rig import WebRig
from tests.drivers.shtrih_rig import LineRig, receipt

WAYS = ("to_device", "to_host")
_T = TypeVar("_T")
TRIES = 3  # the second is enough; a busy machine may miss a short timeout once more
Wired = LineRig | WebRig  # what stands at a line that can be harmed
Line = Callable[[], AbstractAsyncContextManager[tuple[Any, Any]]]


class Harm:
    """What happens to the bytes of one way; of itself nothing: it counts them."""

    def __init__(self) -> None:
        self.passed = 0
        self.struck = asyncio.Event()

    def take(self, data: bytes) -> bytes:
        self.passed += len(data)
        return data


class Cut(Harm):
    """The line goes dead after `left` bytes and can be opened again soon."""

    def __init__(self, bench: Wired, left: int) -> None:
        super().__init__()
        self.bench = bench
        self.left = left

    def take(self, data: bytes) -> bytes:
        self.passed += len(data)
        if self.struck.is_set():
            return b""
        if self.passed < self.left:
            return data
        self.struck.set()
        self.bench.reachable = False
        loop = asyncio.get_running_loop()
        loop.call_soon(self.bench.wire.transport.abort)
        loop.call_later(0.02, setattr, self.bench, "reachable", True)  # noqa: FBT003  # of setattr
        return data[: len(data) - (self.passed - self.left)]


class Killed(Harm):
    """The process that talks to the register is gone at its n-th packet, sent or not; the line stays as it is."""

    def __init__(self, packet: int, *, sent: bool) -> None:
        super().__init__()
        self.packet = packet
        self.sent = sent

    def take(self, data: bytes) -> bytes:
        if self.struck.is_set():
            return b""
        self.packet -= 1
        if self.packet:
            return data
        self.struck.set()
        return data if self.sent else b""


class Flip(Harm):
    """One bit of one byte arrives wrong."""

    def __init__(self, bit: int) -> None:
        super().__init__()
        self.byte, self.mask = bit // 8, 1 << bit % 8

    def take(self, data: bytes) -> bytes:
        at = self.byte - self.passed
        self.passed += len(data)
        if not 0 <= at < len(data):
            return data
        return data[:at] + bytes((data[at] ^ self.mask,)) + data[at + 1 :]


class PowerCut(Harm):
    """The register loses power with the n-th packet to it, after carrying it out or before hearing it."""

    def __init__(self, bench: LineRig, packet: int, *, executed: bool) -> None:
        super().__init__()
        self.bench = bench
        self.packet = packet
        self.executed = executed

    def take(self, data: bytes) -> bytes:
        self.packet -= 1
        if self.packet:
            return data
        self.struck.set()
        wire = self.bench.wire
        if self.executed:
            wire.to_host = lambda _: b""
            self.bench.device.feed(data)
            wire.to_host = bytes
        self.bench.restart()
        return b""


async def harmed(bench: Wired, registrar: FiscalOffice, way: str, harm: Harm, *, dies: bool = False) -> None:
    """Prints one receipt over a line that harms it; asserts one document, found by whoever asks. `dies`: the process
    that printed does so with the strike, and another one asks."""
    intent = bench.intent(receipt(), await _found(bench, registrar.counter))
    setattr(bench.wire, way, harm.take)
    document: FiscalDocument | None = None
    if dies:
        document = await _until_struck(registrar, intent, harm)
        await registrar.close()
        registrar = bench.driver()
    tries = 0
    while document is None:
        if tries or dies:
            document = await _found(bench, lambda: registrar.find_receipt(intent))
            assert (document is not None) == bool(bench.receipts())
        tries += 1
        assert tries <= TRIES
        with contextlib.suppress(DeviceError):
            document = document or await registrar.print_receipt(receipt(), intent)
    (told,) = bench.receipts()
    assert (told["fiscal_document_number"], told["total_kopecks"]) == (document.number, document.total_kopecks)
    assert [(line["price_kopecks"], line["quantity"]) for line in told["lines"]] == [(36400, 1), (9000, 2), (18400, 1)]
    named = bench.usual.get("order_tag") is not OrderTag.NONE
    assert (told["electronic_kopecks"], told["order_id"]) == (72800, "ord-1" if named else None)
    assert [line["name"] for line in told["lines"]] == ["Борщ с пампушками", "Чай", "Сырники"]
    assert not (await _found(bench, registrar.status)).document_open
    if dies:
        await registrar.close()


async def _until_struck(registrar: FiscalOffice, intent: FiscalIntent, harm: Harm) -> FiscalDocument | None:
    printing = asyncio.create_task(registrar.print_receipt(receipt(), intent))
    striking = asyncio.create_task(harm.struck.wait())
    await asyncio.wait({printing, striking}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
    striking.cancel()
    printing.cancel()
    try:
        return await printing
    except (DeviceError, asyncio.CancelledError):
        return None


async def _found(bench: Wired, ask: Callable[[], Awaitable[_T]]) -> _T:
    """The line is whole again, or becomes so at once."""
    for _ in range(5):
        bench.reachable = True
        try:
            return await ask()
        except DeviceError as error:
            last = error
    raise last


async def length_of(make: Line, way: str) -> int:
    """How many bytes one receipt takes that way."""
    count = Harm()
    async with make() as (bench, registrar):
        await registrar.print_receipt(receipt(), _counted(bench, await registrar.counter(), way, count))
    return count.passed


def _counted(bench: Wired, counter: Any, way: str, count: Harm) -> FiscalIntent:
    setattr(bench.wire, way, count.take)
    return bench.intent(receipt(), counter)
