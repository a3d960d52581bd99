"""A bench for the second complex: the device at a port of loopback, drivers, certifications, bad firmware."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.robot.certify.certification import Terms, certify
from drivers.robot.certify.clauses import Certificate, Clause
from drivers.robot.certify.trial import Pace, Sample
from drivers.robot.line import ModbusTimings
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import Phase
from drivers.sim.complex2.device import Complex2, complex2
from drivers.sim.complex2.firmware import Habits
from drivers.sim.faults import Controlled
from tests import folders
from tests.drivers.robot_bench import TIMINGS

HABITS = Habits(transition_s=0.02, reboot_s=0.05, heartbeat_s=1.5)
PACE = Pace(beat_s=0.3, away_s=1.8, settled_s=0.6, watched_s=0.5)
#: Eight seconds at two stations with two places each.
SAMPLE = Sample(99, (Phase(1, 1, 100, 5, 60), Phase(8, 8, 0, 5, 60)), ((1, 100), (6, 40)))


@dataclass
class Bench2:
    """A folder with one second complex in it."""

    folder: Path
    opened: list[ModbusComplex] = field(default_factory=list)

    def complex(self, **settings: Any) -> AbstractAsyncContextManager[Complex2]:
        members = {"state": self.folder / "state", "ledger": self.folder / "ledger", "seed": 7, "habits": HABITS}
        return complex2(settings.pop("port", 0), **{**members, **settings})

    def driver(self, port: int, timings: ModbusTimings = TIMINGS) -> ModbusComplex:
        driver = ModbusComplex(port=f"tcp://127.0.0.1:{port}", timings=timings)
        self.opened.append(driver)
        return driver

    def effects(self) -> Counter[tuple[str, int, int]]:
        """How often each effect is in the ledger: (effect, job id, attempt)."""
        records = [json.loads(line) for line in (self.folder / "ledger").read_text().splitlines()]
        return Counter((r["effect"], r["job_id"], r["attempt"]) for r in records)

    async def close(self) -> None:
        for driver in self.opened:
            await driver.close()
        shutil.rmtree(self.folder)


@asynccontextmanager
async def new_bench2() -> AsyncIterator[Bench2]:
    bench = Bench2(folders.new())
    try:
        yield bench
    finally:
        await bench.close()


class FaultPower:
    """The plug of a simulated complex in this process."""

    by_hand = False

    def __init__(self, device: Controlled) -> None:
        self._device = device
        self.cuts = 0

    async def cut(self) -> None:
        self.cuts += 1
        self._device.faults.switch("off")
        self._device.faults.switch("off", on=False)


async def certificate(
    port: str, device: Controlled, *, jobs: int = 24, sample: Sample = SAMPLE, clauses: Iterable[Clause] = Clause
) -> Certificate:
    """With the power cut by its fault, and all waits short."""
    power, wanted = FaultPower(device), frozenset(clauses)
    terms = Terms(port, (sample,), jobs=jobs, power=power, clauses=wanted, timings=TIMINGS, pace=PACE)
    return await certify(terms, lambda word, detail: None)
