"""A driver and ATOL's web server as a simulated device, joined by a real loopback port."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from drivers.fiscal.atol_web.registrar import AtolWebRegistrar, AtolWebTimeouts
from drivers.sim.atol_web.device import AtolWebDevice
from drivers.sim.gateways.http import serving
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.world import World
from tests import folders
from tests.drivers.bench import Bench
from tests.drivers.shtrih_rig import setup_in
from tests.drivers.tcp_line import TcpLine, tcp_line
from tests.restaurant import until

FAST = AtolWebTimeouts(call_s=1.0, question_s=1.0, task_s=2.0, poll_s=0.02, again_s=0.02)


class WebRig(Bench):
    """`restart` is a power cut of the server and its register: the world's memory stays."""

    device: AtolWebDevice

    def __init__(self, folder: Path, usual: Mapping[str, Any], **device: Any) -> None:
        super().__init__(folder, **usual)
        self._options = {"now": self.clock, "seed": 7, **device}
        self._stack = AsyncExitStack()
        self._port = 0
        self.reachable = True
        self.wire: TcpLine  # where the driver was given one

    async def boot(self) -> None:
        world = World("fiscal", self.folder / "state", self.folder / "ledger")
        setup, others = setup_in(RegisterSetup, self._options)
        device = AtolWebDevice(world, setup=setup, **others)
        self.device = await self._stack.enter_async_context(serving(device, world, self._port, None))
        self._port = self.device.port

    async def stop(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.boot()

    @asynccontextmanager
    async def dying_after(self, code: str) -> AsyncIterator[None]:
        """The first that registers something."""
        before = len(self.effects())
        self.fault("slow", seconds=0.2)

        async def die() -> None:
            await until(lambda: len(self.effects()) > before)
            await self.stop()

        dying = asyncio.create_task(die())
        yield
        await dying
        await self.boot()

    def report_settlements(self) -> None:
        self.device.till.report_exchange()

    def driver(self, **options: Any) -> AtolWebRegistrar:
        return AtolWebRegistrar(**{"url": self.device.url, "timeouts": FAST, **self.usual, **options})


@asynccontextmanager
async def web_rig(
    *, shift: bool = True, device: dict[str, Any] | None = None, **driver: Any
) -> AsyncIterator[tuple[WebRig, AtolWebRegistrar]]:
    folder = folders.new()
    try:
        bench = WebRig(folder, driver, **(device or {}))
        await bench.boot()
        registrar = bench.driver()
        if shift:
            await registrar.open_shift()
        yield bench, registrar
        await registrar.close()
        await bench.stop()
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def wired_rig(**driver: Any) -> AsyncIterator[tuple[WebRig, AtolWebRegistrar]]:
    """With a line between them that can be harmed; the shift was opened beside it."""
    async with web_rig(**driver) as (bench, direct):
        async with tcp_line(lambda: bench.device.port, lambda: bench.reachable) as bench.wire:
            bench.usual["url"] = f"http://127.0.0.1:{bench.wire.port}"
            registrar = bench.driver()
            yield bench, registrar
            await registrar.close()
        await direct.close()
