"""A registrar driver and a simulated registrar joined by a socket pair whose wire can be made bad."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

from drivers.errors import DeviceUnreachable
from drivers.fiscal.ffd.drive import SETTLEMENT_REPORT
from drivers.fiscal.port import Operation, OrderTag, Receipt, ReceiptLine, TaxSystem
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.session import Protocol as ProtocolVersion
from drivers.fiscal.shtrih.session import ShtrihSession
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import Link, StreamLink
from drivers.sim.drive import FiscalDrive
from drivers.sim.faults import Controlled
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.shtrih.device import ShtrihDevice
from drivers.sim.shtrih.setup import ShtrihSetup
from drivers.sim.world import World
from tests import folders
from tests.drivers.bench import Bench

FAST = ShtrihTimeouts(
    byte_s=0.035,
    ack_s=0.15,
    enquiry_s=0.08,
    enquiry_total_s=0.3,
    command_s=0.2,
    commands_s={},
    recovery_s=0.3,
    printing_s=1.0,
    poll_s=0.01,
)
TRANSPORTS = ("plain", "byte_by_byte", "lost_answers", "delayed")


class Wire(asyncio.Protocol):
    """The device's end. `to_device` and `to_host` may change, drop or repeat what passes."""

    def __init__(self, rig: LineRig, transport_kind: str) -> None:
        self.rig = rig
        self.kind = transport_kind
        self.heard = bytearray()
        self.frames = 0
        self.to_device: Callable[[bytes], bytes] = bytes
        self.to_host: Callable[[bytes], bytes] = bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._pass(self.to_device(data), self._deliver)

    def send(self, data: bytes) -> None:
        data = self.to_host(data)
        if self.kind == "lost_answers" and len(data) > 1:
            self.frames += 1
            data = b"" if self.frames % 2 else data
        self._pass(data, self._emit)

    def _pass(self, data: bytes, target: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        if self.kind == "byte_by_byte":
            for byte in data:
                loop.call_soon(target, bytes((byte,)))
        elif self.kind == "delayed":
            loop.call_later(0.004, target, data)
        elif data:
            target(data)

    def _deliver(self, data: bytes) -> None:
        self.heard += data
        self.rig.device.feed(data)

    def _emit(self, data: bytes) -> None:
        if data and not self.transport.is_closing():
            self.transport.write(data)


class Fed(Controlled, Protocol):
    """A device at the end of a line."""

    def feed(self, data: bytes) -> None: ...


S = TypeVar("S", bound=RegisterSetup)


def setup_in(kind: type[S], options: Mapping[str, Any]) -> tuple[S, dict[str, Any]]:
    """What of a device's options is its setup, and the others."""
    own = {field.name for field in fields(kind)}
    others = {name: value for name, value in options.items() if name not in own}
    return kind(**{name: value for name, value in options.items() if name in own}), others


class LineRig(Bench):
    """`restart` is a power cut of the device that forgets all but the world's memory."""

    device: Fed
    world: World

    def __init__(self, folder: Path, transport: str, usual: Mapping[str, Any] | None = None, **device: Any) -> None:
        super().__init__(folder, **(usual or {}))
        self.transport = transport
        self.options = {"now": self.clock, "byte_s": 0.02, **device}
        self.wires: list[Wire] = []
        self.reachable = True
        self._boot()

    def _boot(self) -> None:
        """Builds `world` and `device` from what the folder has kept."""
        raise NotImplementedError

    def restart(self) -> None:
        self.device.faults.switch("off", on=True)
        self.world.close()
        self._boot()

    def gives(self, code: str, data: bytes) -> bool:
        """Is it this command?"""
        raise NotImplementedError

    @asynccontextmanager
    async def dying_after(self, code: str) -> AsyncIterator[None]:
        with self._mute_after(code, lambda: self.fault("off")):
            yield
        self.fault("off", on=False)

    @asynccontextmanager
    async def cut_after(self, code: str) -> AsyncIterator[None]:
        with self._mute_after(code, self._abort):
            yield
        self.reachable = True

    def _abort(self) -> None:
        self.reachable = False
        self.wire.transport.abort()

    @contextmanager
    def _mute_after(self, code: str, strike: Callable[[], None]) -> Iterator[None]:
        wire = self.wire

        def watch(data: bytes) -> bytes:
            if self.gives(code, data):
                asyncio.get_running_loop().call_soon(strike)
                wire.to_host = lambda answer: answer if len(answer) == 1 else b""
            return data

        wire.to_device = watch
        yield
        wire.to_device = wire.to_host = bytes

    @property
    def drive(self) -> FiscalDrive:
        raise NotImplementedError

    def report_settlements(self) -> None:
        with self.world.change() as change:
            self.drive.register(change, SETTLEMENT_REPORT)

    @property
    def wire(self) -> Wire:
        return self.wires[-1]

    def _send(self, data: bytes) -> None:
        if self.wires:
            self.wire.send(data)

    async def open_link(self, port: str, baudrate: int) -> Link:
        if not self.reachable:
            raise DeviceUnreachable(port, "port_missing")
        host, device = socket.socketpair()
        loop = asyncio.get_running_loop()
        link = StreamLink(port)
        await loop.create_connection(lambda: link, sock=host)
        _, wire = await loop.create_connection(lambda: Wire(self, self.transport), sock=device)
        self.wires.append(wire)
        return link


class Rig(LineRig):
    """A Shtrih-M register."""

    device: ShtrihDevice

    def _boot(self) -> None:
        self.world = World("fiscal", self.folder / "state", self.folder / "ledger")
        setup, others = setup_in(ShtrihSetup, self.options)
        self.device = ShtrihDevice(self.world, self._send, seed=7, setup=setup, **others)

    def gives(self, code: str, data: bytes) -> bool:
        """Is it this command, by operator 30?"""
        return bytes.fromhex(code) + b"\x1e\0\0\0" in data

    @property
    def drive(self) -> FiscalDrive:
        return self.device.register.drive

    def leave_a_receipt_open(self) -> None:
        self.device.register.open_receipt(1, 5)  # by another operator

    def driver(self, **options: Any) -> ShtrihRegistrar:
        wanted = {"open_link": self.open_link, "timeouts": FAST, **self.usual, **options}
        line = {name: wanted.pop(name) for name in ("open_link", "timeouts", "password", "protocol") if name in wanted}
        return ShtrihRegistrar(ShtrihSession(port="test", baudrate=115200, **line), **wanted)


class Tally:
    """Bytes both ways and how often the line turns round."""

    def __init__(self, bench: LineRig) -> None:
        self.bytes_ = self.turns = 0
        self._way = ""
        bench.wire.to_device = lambda data: self._pass("host", data)
        bench.wire.to_host = lambda data: self._pass("device", data)

    def _pass(self, way: str, data: bytes) -> bytes:
        self.bytes_ += len(data)
        self.turns += way != self._way
        self._way = way
        return data


@asynccontextmanager
async def rig(
    transport: str = "plain",
    *,
    order_tag: OrderTag = OrderTag.TAG_1192,
    timeouts: ShtrihTimeouts = FAST,
    shift: bool = True,
    protocol: ProtocolVersion = 1,
    **device: Any,
) -> AsyncIterator[tuple[Rig, ShtrihRegistrar]]:
    folder = folders.new()
    try:
        usual = {"order_tag": order_tag, "timeouts": timeouts, "protocol": protocol}
        bench = Rig(folder, transport, usual, **device)
        registrar = bench.driver()
        if shift:
            await registrar.open_shift()
        yield bench, registrar
        await registrar.close()
        bench.world.close()
    finally:
        shutil.rmtree(folder)


def receipt(
    order_id: str = "ord-1", *, operation: Operation = Operation.SALE, price: int = 36400, **more: Any
) -> Receipt:
    lines = (
        ReceiptLine("Борщ с пампушками", price, 1, price),
        ReceiptLine("Чай", 9000, 2, 18000),
        ReceiptLine("Сырники", 18400, 1, 18400, subject=1),
    )
    total = sum(line.sum_kopecks for line in lines)
    return Receipt(
        operation=operation,
        order_id=order_id,
        lines=lines,
        total_kopecks=total,
        tax_system=TaxSystem.USN_INCOME,
        **{"electronic_kopecks": total, **more},
    )
