"""Lines that go dead at a byte or flip a bit: what both serial registrar drivers have to live through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalDocument
from tests.drivers.shtrih_rig import Rig, receipt

WAYS = ("to_device", "to_host")
_T = TypeVar("_T")
TRIES = 3  # the second is enough; a busy machine may miss a short timeout once more
Bench = Callable[[], AbstractAsyncContextManager[tuple[Rig, Any]]]


class Harm(Protocol):
    """What happens to the bytes of one way."""

    passed: int

    def take(self, data: bytes) -> bytes: ...


class Count:
    """No harm: how many bytes there are."""

    def __init__(self) -> None:
        self.passed = 0

    def take(self, data: bytes) -> bytes:
        self.passed += len(data)
        return data


class Cut(Count):
    """The line goes dead after `left` bytes and can be opened again soon."""

    def __init__(self, bench: Rig, left: int) -> None:
        super().__init__()
        self.bench = bench
        self.left = left
        self.struck = False

    def take(self, data: bytes) -> bytes:
        self.passed += len(data)
        if self.struck:
            return b""
        if self.passed < self.left:
            return data
        self.struck = True
        self.bench.reachable = False
        loop = asyncio.get_running_loop()
        loop.call_soon(self.bench.wire.transport.abort)
        loop.call_later(0.02, setattr, self.bench, "reachable", True)
        return data[: len(data) - (self.passed - self.left)]


class Flip(Count):
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


async def harmed(bench: Rig, registrar: Any, way: str, harm: Harm) -> None:
    """Prints one receipt over a line that harms it; asserts one document, found by whoever asks."""
    intent = bench.intent(receipt(), await _found(bench, registrar.counter))
    setattr(bench.wire, way, harm.take)
    document: FiscalDocument | None = None
    tries = 0
    while document is None:
        tries += 1
        assert tries <= TRIES
        try:
            document = await registrar.print_receipt(receipt(), intent)
        except DeviceError:
            document = await _found(bench, lambda: registrar.find_receipt(intent))
            assert (document is not None) == bool(bench.receipts())
    (told,) = bench.receipts()
    assert (told["fiscal_document_number"], told["total_kopecks"]) == (document.number, document.total_kopecks)
    assert [(line["price_kopecks"], line["quantity"]) for line in told["lines"]] == [(36400, 1), (9000, 2), (18400, 1)]
    assert (told["electronic_kopecks"], told["order_id"]) == (72800, "ord-1")
    assert [line["name"] for line in told["lines"]] == ["Борщ с пампушками", "Чай", "Сырники"]


async def _found(bench: Rig, ask: Callable[[], Awaitable[_T]]) -> _T:
    """The line is whole again, or becomes so at once."""
    for _ in range(5):
        bench.reachable = True
        try:
            return await ask()
        except DeviceError as error:
            last = error
    raise last


async def length_of(make: Bench, way: str) -> int:
    """How many bytes one receipt takes that way."""
    count = Count()
    async with make() as (bench, registrar):
        await harmed(bench, registrar, way, count)
    return count.passed
