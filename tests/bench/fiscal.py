"""How long a receipt of three lines takes on a serial line of 115200 baud, against what the line itself needs."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.fiscal.atol import frames as atol
from drivers.fiscal.atol.registrar import AtolTimeouts
from drivers.fiscal.shtrih.frames import STX, code_of
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import Link, StreamLink
from tests.drivers.atol_rig import AtolRig
from tests.drivers.shtrih_rig import LineRig, Rig, Wire, receipt

BAUD, BITS_PER_BYTE = 115200, 10  # 8N1
RECEIPTS = 5
ALLOWED = 1.15
# Seen on real devices (shtrih.md#timing): from a frame to its ACK, and from there to the answer.
_ACK_S = 0.007
_SHTRIH_WORK_S: Mapping[int, float] = MappingProxyType(
    {0x10: 0.010, 0xFF01: 0.055, 0xFF0A: 0.055, 0xFF0C: 0.009, 0xFF40: 0.010, 0xFF45: 0.45, 0xFF46: 0.009}
)
# No trace of a real ATOL register is known: the same work is taken to last as long.
_ATOL_WORK_S: Mapping[int, float] = MappingProxyType({0x4A: 0.45, 0xA4: 0.055})
_SHORT_WORK_S = 0.009


class PacedWire(Wire):
    """Bytes take their time; the device works as long as a real one. `wire_s` and `work_s` are the least possible."""

    def __init__(self, rig: LineRig) -> None:
        super().__init__(rig, "paced")
        self.wire_s = self.work_s = 0.0
        self.bytes_, self.turns = 0, 0
        self._free_at = 0.0
        self._way = ""

    def asked(self, data: bytes) -> None:
        """What the host sends: sets the device to work."""

    def delay_of(self, data: bytes) -> float:
        """How long a real device takes before it says this."""
        raise NotImplementedError

    def data_received(self, data: bytes) -> None:
        self._count("host", data)
        self.asked(data)
        self._free_at = max(self._free_at, asyncio.get_running_loop().time())
        self._after(self._wire(data), self._deliver, data)

    def send(self, data: bytes) -> None:
        self._count("device", data)
        work = self.delay_of(data)
        self.work_s += work
        self._after(work + self._wire(data), self._emit, data)

    def _count(self, way: str, data: bytes) -> None:
        self.bytes_ += len(data)
        self.turns += way != self._way
        self._way = way

    def _wire(self, data: bytes) -> float:
        spent = len(data) * BITS_PER_BYTE / BAUD
        self.wire_s += spent
        return spent

    def _after(self, delay_s: float, target: object, data: bytes) -> None:
        """After what the line did last, not after now: a late timer is no fault of the driver."""
        self._free_at += delay_s
        asyncio.get_running_loop().call_at(self._free_at, target, data)  # type: ignore[arg-type]


class ShtrihWire(PacedWire):
    """The ACK of a frame and its answer leave together from the simulator: here each after its work."""

    _works_s = 0.0

    def asked(self, data: bytes) -> None:
        if data[0] == STX:
            self._works_s = _SHTRIH_WORK_S.get(code_of(data[2:-1]), 0.01)

    def delay_of(self, data: bytes) -> float:
        if data[0] != STX:
            return _ACK_S if self._works_s else 0.0
        works_s, self._works_s = self._works_s, 0.0
        return works_s


class AtolWire(PacedWire):
    """A task's result comes after its work, other replies at once."""

    _works_s = 0.0

    def asked(self, data: bytes) -> None:
        frame = _atol_frame(data)
        if frame.data[:1] == b"\xc1":
            self._works_s = _ATOL_WORK_S.get(frame.data[5], _SHORT_WORK_S)

    def delay_of(self, data: bytes) -> float:
        return self._works_s if _atol_frame(data).id == atol.ASYNC_ID else 0.0


def _atol_frame(data: bytes) -> atol.Frame:
    (frame,) = atol.Decoder().feed(data)
    assert isinstance(frame, atol.Frame)
    return frame


@dataclass(frozen=True, slots=True)
class Vendor:
    rig: Callable[..., LineRig]
    wire: Callable[[LineRig], PacedWire]
    timeouts: Callable[[], Any]


VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {"shtrih": Vendor(Rig, ShtrihWire, ShtrihTimeouts), "atol": Vendor(AtolRig, AtolWire, AtolTimeouts)}
)


@dataclass(frozen=True, slots=True)
class ReceiptFigures:
    """Of the median receipt."""

    bytes_: int
    turns: int
    least_s: float
    took_s: float

    @property
    def ratio(self) -> float:
        return self.took_s / self.least_s


@asynccontextmanager
async def paced(vendor: str) -> AsyncIterator[tuple[LineRig, Any]]:
    """A simulated register behind a paced line, and its driver."""
    folder, made = Path(tempfile.mkdtemp(prefix="k", dir="/tmp")), VENDORS[vendor]

    async def open_link(port: str, baudrate: int) -> Link:
        host, device = socket.socketpair()
        loop = asyncio.get_running_loop()
        link = StreamLink(port)
        await loop.create_connection(lambda: link, sock=host)
        _, wire = await loop.create_connection(lambda: made.wire(bench), sock=device)
        bench.wires.append(wire)
        return link

    try:
        bench = made.rig(folder, "paced")
        registrar = bench.driver(open_link=open_link, timeouts=made.timeouts())
        await registrar.open_shift()
        yield bench, registrar
        await registrar.close()
        bench.world.close()
    finally:
        shutil.rmtree(folder)


async def one_receipt(bench: LineRig, registrar: Any, order_id: str) -> ReceiptFigures:
    """From the order to print to the document in hand."""
    asked = receipt(order_id)
    intent = bench.intent(asked, await registrar.counter())
    wire, loop = bench.wire, asyncio.get_running_loop()
    assert isinstance(wire, PacedWire)
    wire.wire_s = wire.work_s = 0.0
    wire.bytes_ = wire.turns = 0
    started = loop.time()
    await registrar.print_receipt(asked, intent)
    took_s = loop.time() - started
    return ReceiptFigures(wire.bytes_, wire.turns, wire.wire_s + wire.work_s, took_s)


async def receipts(vendor: str) -> ReceiptFigures:
    """The first receipt asks what later ones know."""
    async with paced(vendor) as (bench, registrar):
        await one_receipt(bench, registrar, "first")
        figures = [await one_receipt(bench, registrar, f"o{number}") for number in range(RECEIPTS)]
    return sorted(figures, key=lambda figure: figure.took_s)[len(figures) // 2]


async def report() -> None:
    for vendor in VENDORS:
        figures = await receipts(vendor)
        print(f"fiscal, {vendor}: a receipt of three lines at {BAUD} baud")
        print(f"  {figures.bytes_} bytes, {figures.turns} turns")
        least, took = figures.least_s * 1000, figures.took_s * 1000
        print(f"  the line and the device need {least:.0f} ms, it takes {took:.0f} ms")
        print(f"  {figures.ratio:.3f} of the least, {ALLOWED} allowed")


if __name__ == "__main__":
    asyncio.run(report())
