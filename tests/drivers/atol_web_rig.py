"""A driver and ATOL's web server as a simulated device, joined by a real loopback port."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from drivers.fiscal.atol_web.registrar import AtolWebRegistrar, AtolWebTimeouts
from drivers.fiscal.port import FiscalCounter, FiscalIntent, Receipt
from drivers.sim.atol_web.device import AtolWebDevice
from drivers.sim.gateways.http import serving
from drivers.sim.world import World
from tests.drivers.shtrih_rig import Clock

FAST = AtolWebTimeouts(call_s=1.0, question_s=1.0, task_s=2.0, poll_s=0.02, again_s=0.02)


class WebRig:
    """`restart` is a power cut of the server and its register: the world's memory stays."""

    def __init__(self, folder: Path, **device: Any) -> None:
        self.folder = folder
        self.clock = Clock()
        self._options = {"now": self.clock, "seed": 7, **device}
        self._stack = AsyncExitStack()
        self._port = 0
        self.device: AtolWebDevice

    async def boot(self) -> None:
        world = World("fiscal", self.folder / "state", self.folder / "ledger")
        device = AtolWebDevice(world, **self._options)
        self.device = await self._stack.enter_async_context(serving(device, world, self._port, None))
        self._port = self.device.port

    async def stop(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.boot()

    def fault(self, name: str, on: bool = True, **parameters: Any) -> None:
        self.device.faults.switch(name, on, parameters)

    def effects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "ledger").read_text().splitlines()]

    def receipts(self) -> list[dict[str, Any]]:
        return [effect for effect in self.effects() if effect["effect"] in ("receipt", "refund_receipt")]

    def driver(self, **options: Any) -> AtolWebRegistrar:
        return AtolWebRegistrar(url=self.device.url, **{"timeouts": FAST, **options})

    def intent(self, receipt: Receipt, counter: FiscalCounter, *, correction: bool = False) -> FiscalIntent:
        asked = (counter, receipt.operation, receipt.order_id, receipt.total_kopecks, self.clock.now, correction)
        return FiscalIntent(*asked)


@asynccontextmanager
async def web_rig(
    *, shift: bool = True, device: dict[str, Any] | None = None, **driver: Any
) -> AsyncIterator[tuple[WebRig, AtolWebRegistrar]]:
    folder = Path(tempfile.mkdtemp(prefix="k", dir="/tmp"))
    try:
        bench = WebRig(folder, **(device or {}))
        await bench.boot()
        registrar = bench.driver(**driver)
        if shift:
            await registrar.open_shift()
        yield bench, registrar
        await registrar.close()
        await bench.stop()
    finally:
        shutil.rmtree(folder)
