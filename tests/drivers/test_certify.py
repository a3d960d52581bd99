"""Two complexes keep the robot's contract, twelve bad ones break it in their own clause and only there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.errors import DeviceError
from drivers.robot.certify.certification import Terms, certify
from drivers.robot.certify.clauses import Certificate, Clause, Outcome, Unfit
from drivers.robot.certify.trial import FIRST_JOB
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import ComplexState, JobState
from drivers.sim.complex2.device import Complex2
from drivers.sim.complex2.firmware import Firmware
from drivers.sim.robot.cells import Cells
from drivers.sim.robot.device import RobotRules, robot
from tests.complexes import with_cells
from tests.drivers.bad_firmware import BAD, BAD_CELLS
from tests.drivers.complex2_bench import PACE, SAMPLE, Bench2, FaultPower, certificate, new_bench2
from tests.drivers.robot_bench import TIMINGS, bring_up, order, until_job
from tests.restaurant import Files

SPEED = 20.0
RULES = RobotRules(heartbeat_s=1.5, transition_s=0.2, reboot_s=0.05)
#: Where a complex that minds its cells badly could show it.
_OF_CELLS = (Clause.HEADS, Clause.GENERATIONS, Clause.MATERIAL, Clause.READY, Clause.CELLS, Clause.SHARING)


@pytest.fixture
async def bench() -> AsyncIterator[Bench2]:
    async with new_bench2() as opened:
        yield opened


def found(certificate: Certificate) -> list[str]:
    """What is not kept, in words a failure can be read from."""
    return [
        f"{verdict.clause} {verdict.outcome} {verdict.code} {verdict.detail}".rstrip()
        for verdict in certificate.verdicts
        if verdict.outcome is not Outcome.KEPT
    ] + ([certificate.left] if certificate.left else [])


@pytest.mark.heavy
async def test_the_second_complex_keeps_the_contract(bench: Bench2) -> None:
    async with bench.complex(speed=SPEED) as device:
        given = await certificate(f"tcp://127.0.0.1:{device.port}", device)
        assert found(given) == ["sharing not_examined no_shared_cells"]
        assert given.passed
        assert [verdict.clause for verdict in given.verdicts] == list(Clause)
        assert device.state()["jobs"] == []
    effects = bench.effects()
    assert all(count == 1 for count in effects.values())
    assert len(effects) > 100


@pytest.mark.heavy
async def test_the_first_complex_keeps_the_contract(bench: Bench2) -> None:
    link, files = bench.folder / "robot", Files(state=bench.folder / "state", ledger=bench.folder / "ledger")
    async with robot(link, **files, seed=7, speed=SPEED, rules=large_cells(bench)) as device:
        given = await certificate(str(link), device)
        assert found(given) == []
        assert given.kept
    assert all(count == 1 for count in bench.effects().values())


def large_cells(bench: Bench2, cells: type[Cells] = Cells) -> RobotRules:
    return replace(RULES, cells=cells, description=with_cells(bench.folder / "complex.toml", 1, 2, 1, 3, 2, 1))


@pytest.mark.parametrize("bad", BAD_CELLS)
async def test_a_complex_that_puts_the_wrong_portions_together_fails_by_that(bench: Bench2, bad: type[Cells]) -> None:
    link, files = bench.folder / "robot", Files(state=bench.folder / "state", ledger=bench.folder / "ledger")
    async with robot(link, **files, seed=7, speed=SPEED, rules=large_cells(bench, bad)) as device:
        given = await certificate(str(link), device, clauses=_OF_CELLS)
    broken = [verdict.clause for verdict in given.verdicts if verdict.outcome is Outcome.BROKEN]
    assert broken == [Clause.SHARING], found(given)


@pytest.mark.heavy
@pytest.mark.parametrize("clause", BAD)
async def test_a_bad_complex_fails_by_its_own_clause_and_only_there(bench: Bench2, clause: Clause) -> None:
    async with bench.complex(speed=1.5 * SPEED, make=BAD[clause]) as device:
        given = await certificate(f"tcp://127.0.0.1:{device.port}", device)
    broken = [verdict.clause for verdict in given.verdicts if verdict.outcome is Outcome.BROKEN]
    assert broken == [clause], found(given)
    assert not given.passed
    unseen = {verdict.clause for verdict in given.verdicts if verdict.outcome is Outcome.NOT_EXAMINED}
    may_be = {Clause.LOAD, Clause.CELLS, Clause.SHARING, Clause.CANCEL, Clause.INTERRUPTED, Clause.STORED}
    assert unseen <= may_be, found(given)


async def test_without_a_switch_for_its_power_the_contract_is_kept_with_reservations(bench: Bench2) -> None:
    async with bench.complex(speed=SPEED) as device:
        wanted = frozenset((Clause.MEMORY, Clause.INTERRUPTED, Clause.STORED))
        terms = Terms(f"tcp://127.0.0.1:{device.port}", (SAMPLE,), clauses=wanted, timings=TIMINGS, pace=PACE)
        given = await certify(terms, lambda word, detail: None)
    assert given.passed
    assert not given.kept
    assert {(verdict.outcome, verdict.code) for verdict in given.verdicts} == {
        (Outcome.NOT_EXAMINED, "no_power_switch")
    }


async def test_a_complex_with_jobs_of_somebody_is_left_alone(bench: Bench2) -> None:
    async with bench.complex(speed=1) as device:
        driver = bench.driver(device.port)
        await bring_up(driver)
        await driver.submit(order())
        await until_job(driver, JobState.COOKING)
        await driver.close()
        before = device.state()
        with pytest.raises(Unfit) as refused:
            await certificate(f"tcp://127.0.0.1:{device.port}", device)
        assert (refused.value.code, refused.value.detail) == ("foreign_jobs", "70001")
        assert device.state() == before


async def test_a_complex_where_another_controller_beats_is_left_alone(bench: Bench2) -> None:
    async with bench.complex(speed=1) as device:
        driver = bench.driver(device.port)

        async def beat() -> None:
            while True:
                await driver.beat()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PACE.beat_s):
                        await asyncio.Event().wait()

        other = asyncio.create_task(beat())
        with pytest.raises(Unfit) as refused:
            await certificate(f"tcp://127.0.0.1:{device.port}", device)
        assert refused.value.code == "controller_present"
        assert device.state()["packml"] == ComplexState.STOPPED
        other.cancel()


async def certificate_when(
    bench: Bench2, port: int, device: Complex2, comes: Callable[[ModbusComplex], Awaitable[None]]
) -> list[str]:
    """Somebody comes once the first clause is examined; the clauses that were examined before it was noticed."""
    examined: list[str] = []
    come = asyncio.Event()

    def tell(word: str, detail: str) -> None:
        examined.append(word)
        come.set()

    async def other() -> None:
        await come.wait()
        await comes(bench.driver(port))

    working = asyncio.create_task(other())
    terms = Terms(f"tcp://127.0.0.1:{port}", (SAMPLE,), power=FaultPower(device), timings=TIMINGS, pace=PACE)
    try:
        with pytest.raises(Unfit) as refused:
            await certify(terms, tell)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    return [refused.value.code, *examined]


async def test_examination_ends_where_somebody_elses_job_appears(bench: Bench2) -> None:
    async def submit(driver: ModbusComplex) -> None:
        while True:
            with contextlib.suppress(DeviceError):  # the mailbox is in use
                await driver.submit(order())
                return

    async with bench.complex(speed=1) as device:
        code, *examined = await certificate_when(bench, device.port, device, submit)
        assert code == "foreign_jobs"
        assert len(examined) < len(Clause)  # how soon depends on how often the machine lets the other beat


async def test_examination_ends_where_another_heart_begins_to_beat(bench: Bench2) -> None:
    async def beat(driver: ModbusComplex) -> None:
        while True:
            await driver.beat()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PACE.beat_s / 3):
                    await asyncio.Event().wait()

    async with bench.complex(speed=SPEED) as device:
        code, *examined = await certificate_when(bench, device.port, device, beat)
        assert code == "controller_present"
        assert len(examined) < len(Clause)  # how soon depends on how often the machine lets the other beat


async def test_what_a_killed_certification_left_is_cleared_away_by_the_next(bench: Bench2) -> None:
    async with bench.complex(speed=SPEED) as device:
        driver = bench.driver(device.port)
        await bring_up(driver)
        await driver.submit(order(FIRST_JOB + 5))
        await driver.close()
        given = await certificate(f"tcp://127.0.0.1:{device.port}", device, clauses=[Clause.HEALTH])
        assert found(given) == []
        assert given.passed
        assert not given.kept, "one clause is not the contract"
        assert device.state()["jobs"] == []


def test_nine_bad_second_complexes_are_nine(tmp_path: Path) -> None:
    assert len(set(BAD.values())) == 9
    assert all(issubclass(bad, Firmware) and bad is not Firmware for bad in BAD.values())
