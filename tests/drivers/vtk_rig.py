"""A simulated reader and the driver before it, over a pseudo-terminal or TCP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drivers.link import open_line
from drivers.sim.vtk.device import ReaderRules, VtkDevice, vtk, vtk_over_network
from drivers.terminal.port import Numbers, Sale
from drivers.terminal.vtk.line import VtkTimings
from drivers.terminal.vtk.reader import VtkReader
from tests.restaurant import short_folder

TIMINGS = VtkTimings(answer_s=0.4, end_s=0.4, rest_s=0.3, margin_s=0.3)
RULES = ReaderRules(tap_s=0.01, operation_s=1)
SERIAL, NETWORK = "serial", "network"


@dataclass
class Rig:
    """One reader; `driver()` is another process with the same settings."""

    device: VtkDevice
    port: str
    folder: Path
    drivers: list[VtkReader] = field(default_factory=list)
    passed_s: float = 0.0

    def __post_init__(self) -> None:
        self.device.now_s = self.now_s

    def now_s(self) -> float:
        return asyncio.get_running_loop().time() + self.passed_s

    def pass_time(self, seconds: float) -> None:
        """For both sides: so long neither has said anything."""
        self.passed_s += seconds

    def driver(self, **options: Any) -> VtkReader:
        usual = {"timings": TIMINGS, "now": lambda: datetime(2026, 11, 29, 12, 0, tzinfo=UTC), "now_s": self.now_s}
        found = VtkReader(open_line, self.port, **{**usual, **options})
        self.drivers.append(found)
        return found

    def fault(self, name: str, *, on: bool = True, **parameters: Any) -> None:
        self.device.faults.switch(name, parameters, on=on)

    def effects(self) -> list[tuple[str, int, int]]:
        """(effect, operation, kopecks) of the ledger."""
        lines = (self.folder / "ledger").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        return [(row["effect"], row["operation"], row["amount_kopecks"]) for row in rows]

    async def close(self) -> None:
        for driver in self.drivers:
            await driver.close()


@asynccontextmanager
async def rig(way: str = SERIAL, folder: Path | None = None, rules: ReaderRules = RULES) -> AsyncIterator[Rig]:
    folder = folder or short_folder()
    files: dict[str, Any] = {"state": folder / "state", "ledger": folder / "ledger", "seed": 7, "rules": rules}
    async with AsyncExitStack() as stack:
        if way == SERIAL:
            device = await stack.enter_async_context(vtk(folder / "tty", **files))
            found = Rig(device, str(folder / "tty"), folder)
        else:
            server = await stack.enter_async_context(vtk_over_network(0, **files))
            found = Rig(server.device, f"tcp://127.0.0.1:{server.port}", folder)
        try:
            yield found
        finally:
            await found.close()


async def prepared(driver: VtkReader, amount_kopecks: int = 49900) -> tuple[Sale, Numbers]:
    """The sale that comes next, as it is journalled."""
    numbers = await driver.prepare()
    return Sale(numbers.operation, amount_kopecks, "Заказ 1014"), numbers
