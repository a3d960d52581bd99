"""The simulator judged from outside: by another Modbus library, and by kill -9 of its process."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import minimalmodbus
import pytest

from drivers.errors import DeviceError
from drivers.robot.port import ComplexState, JobState, Phase
from drivers.robot.registers import HEALTH_SIZE, decode_health
from tests.drivers.robot_bench import Bench, bring_up, new_bench, order, until, until_job

PROGRAM = """
import asyncio, sys
from pathlib import Path
from drivers.sim.robot.device import RobotRules, robot

async def main():
    folder = Path(sys.argv[1])
    rules = RobotRules(transition_s=0.02)
    async with robot(folder / "robot", state=folder / "state", ledger=folder / "ledger", speed=float(sys.argv[2]),
                     rules=rules):
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with new_bench() as opened:
        yield opened


@asynccontextmanager
async def process(bench: Bench, speed: float) -> AsyncIterator[None]:
    """The simulator in its own process, killed at the end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(bench.folder), str(speed), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(40):
            assert await child.stdout.readline() == b"up\n"
        yield
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()


def look_through_minimalmodbus(port: str) -> tuple[list[int], list[int], int, str]:
    """Health, jobs, the echoed heartbeat and what an illegal address brings."""
    instrument = minimalmodbus.Instrument(port, 1)
    instrument.serial.baudrate = 115200
    instrument.serial.timeout = 10  # it answers every question: nobody waits for that long
    try:
        health = instrument.read_registers(0, HEALTH_SIZE, functioncode=4)
        jobs = instrument.read_registers(100, 116, functioncode=4)
        instrument.write_register(60, 4711, functioncode=6)
        echo = instrument.read_register(7, functioncode=4)
        try:
            instrument.read_register(99, functioncode=4)
        except minimalmodbus.IllegalRequestError as error:
            return health, jobs, echo, type(error).__name__
        return health, jobs, echo, ""
    finally:
        instrument.serial.close()


async def test_another_modbus_library_reads_health_and_jobs_and_beats(bench: Bench) -> None:
    async with bench.complex(speed=1):
        driver = bench.driver()
        await driver.submit(order())
        await driver.close()
        health, jobs, echo, error = await asyncio.to_thread(look_through_minimalmodbus, str(bench.link))
    assert health[:2] == [0x5243, 2]
    assert decode_health(health).state is ComplexState.EXECUTE
    assert jobs[:4] == [0x0100, health[21], 1, 8]
    assert jobs[4:8] == [0x0001, 0x1171, 1, 17]
    assert jobs[9] == JobState.COOKING
    assert (echo, error) == (4711, "IllegalRequestError")


async def test_killed_in_mid_cooking_the_robot_makes_nothing_twice(bench: Bench) -> None:
    driver = bench.driver()
    async with process(bench, speed=1):
        for job in range(3):
            await driver.submit(order(70001 + job, phases=(Phase(2, 2, 180, 60, 90),)))
        await until_job(driver, JobState.COOKING, 70002)
    async with process(bench, speed=200):
        health = await driver.health()
        assert (health.boot, health.state) == (2, ComplexState.STOPPED)
        states = [job.state for job in await driver.jobs()]
        assert states == [JobState.INTERRUPTED, JobState.INTERRUPTED, JobState.QUEUED]
        await driver.release(70001, 1)
        await bring_up(driver)
        await driver.submit(order(70001))  # released: known, never cooked again
        await driver.submit(order(70001, attempt=2))
        for job_id, attempt in ((70003, 1), (70001, 2)):
            await until_job(driver, JobState.PICKED_UP, job_id, attempt)
    effects = bench.effects()
    assert all(count == 1 for count in effects.values())
    assert {key[1:] for key in effects if key[0] == "ready"} == {(70003, 1), (70001, 2)}
    assert {key[1:] for key in effects if key[0] == "started"} == {(70001, 1), (70002, 1), (70003, 1), (70001, 2)}


async def test_killed_at_any_moment_each_effect_stands_once(bench: Bench) -> None:
    """Four kills while jobs come, cook and are fetched as fast as they can."""
    driver = bench.driver()
    submitted = 0
    for round_ in range(4):
        async with process(bench, speed=1000):
            with contextlib.suppress(DeviceError):
                if (await driver.health()).state is ComplexState.STOPPED:
                    await bring_up(driver)
                for job in await driver.jobs():
                    if job.state not in (JobState.QUEUED, JobState.HELD):
                        await driver.release(job.job_id, job.attempt)
                for _ in range(3 + round_):
                    submitted += 1
                    await driver.submit(order(submitted))
    async with process(bench, speed=1000):
        await bring_up(driver)
        await until(driver.jobs, lambda jobs: all(job.state is not JobState.COOKING for job in jobs))
        known = {job.job_id for job in await driver.jobs()}
    effects = bench.effects()
    assert submitted >= 8  # more than one round got through before the table was full
    assert known
    assert all(count == 1 for count in effects.values())
    for effect, before in (("ready", "started"), ("picked_up", "ready")):
        assert all((before, *key[1:]) in effects for key in effects if key[0] == effect)
