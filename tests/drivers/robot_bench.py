"""A bench for the cooking complex: simulator, driver and, where a test wants it, a misbehaving wire between them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tty
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from drivers.robot.modbus import ModbusComplex, ModbusTimings
from drivers.robot.port import ComplexCommand, ComplexState, CookingOrder, Health, Job, JobState, Phase
from drivers.sim.pty import PtyPort
from drivers.sim.robot.device import RobotDevice, RobotRules, robot
from tests import folders

#: The complex is a process of its own, and a busy machine may keep it from answering for a while.
TIMINGS = ModbusTimings(timeout_s=1.0, quiet_s=0.05, gap_s=0.0)
RULES = RobotRules(reboot_s=0.05, transition_s=0.02)
PHASES = (Phase(1, 1, 180, 12, 40), Phase(2, 2, 180, 60, 200), Phase(8, 8, 0, 10, 30))
DEADLINE_S = 40.0

T = TypeVar("T")

MAILBOX_WRITE = bytes([1, 16, 0, 0])
CHART_WRITE = bytes([1, 16, 0, 100])
HEALTH_READ = bytes([1, 4, 0, 0])
BINS_READ = bytes([1, 4, 0x01, 0x2C])


def order(job_id: int = 70001, attempt: int = 1, **changes: Any) -> CookingOrder:
    members = {"recipe": 17, "order_id": f"A-{job_id}", "phases": PHASES, "ingredients": ((1, 180), (6, 120))}
    return CookingOrder(job_id=job_id, attempt=attempt, **{**members, **changes})


@dataclass
class Bench:
    """A folder with one complex in it."""

    folder: Path
    opened: list[ModbusComplex] = field(default_factory=list)

    @property
    def link(self) -> Path:
        return self.folder / "robot"

    @property
    def control(self) -> Path:
        return self.folder / "control"

    def complex(self, **settings: Any) -> AbstractAsyncContextManager[RobotDevice]:
        members = {"state": self.folder / "state", "ledger": self.folder / "ledger", "seed": 7, "rules": RULES}
        return robot(self.link, **{**members, **settings})

    def driver(self, link: Path | None = None, timings: ModbusTimings = TIMINGS) -> ModbusComplex:
        driver = ModbusComplex(port=str(link or self.link), timings=timings)
        self.opened.append(driver)
        return driver

    def effects(self) -> Counter[tuple[str, int, int]]:
        """How often each effect is in the ledger: (effect, job id, attempt)."""
        lines = (self.folder / "ledger").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        return Counter((r["effect"], r["job_id"], r["attempt"]) for r in records)

    async def close(self) -> None:
        for driver in self.opened:
            await driver.close()
        shutil.rmtree(self.folder)


@asynccontextmanager
async def new_bench() -> AsyncIterator[Bench]:
    bench = Bench(folders.new())
    try:
        yield bench
    finally:
        await bench.close()


async def until(question: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T:
    """Ask until the answer will do."""
    seen: T | None = None
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                seen = await question()
                if enough(seen):
                    return seen
    except TimeoutError:
        raise AssertionError(f"not within {DEADLINE_S} s; last seen: {seen}") from None


async def until_job(driver: ModbusComplex, state: JobState, job_id: int = 70001, attempt: int = 1) -> Job:
    """Food that is ready may be fetched between two questions."""
    enough = {state, JobState.PICKED_UP} if state is JobState.READY else {state}

    def found(jobs: tuple[Job, ...]) -> bool:
        return any((j.job_id, j.attempt) == (job_id, attempt) and j.state in enough for j in jobs)

    jobs = await until(driver.jobs, found)
    return next(j for j in jobs if (j.job_id, j.attempt) == (job_id, attempt))


async def until_state(driver: ModbusComplex, state: ComplexState) -> Health:
    return await until(driver.health, lambda health: health.state is state)


async def bring_up(driver: ModbusComplex) -> None:
    """Stopped → Idle → Execute."""
    await driver.command(ComplexCommand.RESET)
    await until_state(driver, ComplexState.IDLE)
    await driver.command(ComplexCommand.START)
    await until_state(driver, ComplexState.EXECUTE)


class Wire:
    """Carries requests and answers between `link` and the device at `device_link`, and spoils the one it is told to."""

    def __init__(self, link: Path, device_link: Path) -> None:
        self.requests: list[tuple[float, bytes]] = []
        self._loop = asyncio.get_running_loop()
        self._plans: list[tuple[bytes, str, float]] = []
        self._answer_plan: tuple[str, float] | None = None
        self._port = PtyPort(link, self._request)
        self._port.plug()
        self._device = os.open(device_link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._device)
        self._loop.add_reader(self._device, self._answer)

    def lose_request(self, beginning: bytes) -> None:
        """The next request that begins so never arrives."""
        self._plans.append((beginning, "request", 0.0))

    def spoil_request(self, beginning: bytes) -> None:
        """One of its bits is flipped."""
        self._plans.append((beginning, "spoil", 0.0))

    def double_request(self, beginning: bytes) -> None:
        """A late second copy arrives 50 ms after the first."""
        self._plans.append((beginning, "double", 0.05))

    def lose_answer(self, beginning: bytes) -> None:
        self._plans.append((beginning, "answer", 0.0))

    def delay_answer(self, beginning: bytes, seconds: float) -> None:
        self._plans.append((beginning, "delay", seconds))

    def sent(self, beginning: bytes) -> int:
        return sum(data.startswith(beginning) for _, data in self.requests)

    def close(self) -> None:
        self._loop.remove_reader(self._device)
        os.close(self._device)
        self._port.unplug()

    def _request(self, data: bytes) -> None:
        self.requests.append((self._loop.time(), data))
        plan = next((plan for plan in self._plans if data.startswith(plan[0])), None)
        self._answer_plan = None
        if plan is None:
            os.write(self._device, data)
            return
        self._plans.remove(plan)
        _, kind, seconds = plan
        if kind == "request":
            return
        if kind == "spoil":
            data = data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]
        if kind == "double":
            self._loop.call_later(seconds, os.write, self._device, data)
        self._answer_plan = (kind, seconds)
        os.write(self._device, data)

    def _answer(self) -> None:
        data = os.read(self._device, 4096)
        plan, self._answer_plan = self._answer_plan, None
        if plan is None or plan[0] in ("spoil", "double"):
            self._port.send(data)
        elif plan[0] == "delay":
            self._loop.call_later(plan[1], self._port.send, data)
