"""The second complex as robot.md wants it: what it does by itself, with its faults, and through power cuts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import (
    BinFlag,
    CellState,
    ComplexCommand,
    ComplexState,
    HealthFlag,
    JobState,
    Phase,
    StationState,
)
from tests.drivers.complex2_bench import Bench2, new_bench2
from tests.drivers.robot_bench import bring_up, order, until, until_job, until_state
from tests.restaurant import until as until_true

CUTS = ("before_store", "after_store", "after_ack")
SLOW = (Phase(2, 2, 180, 3000, 6000),)


@pytest.fixture
async def bench() -> AsyncIterator[Bench2]:
    async with new_bench2() as opened:
        yield opened


async def up(bench: Bench2, port: int) -> ModbusComplex:
    driver = bench.driver(port)
    await bring_up(driver)
    return driver


async def again(driver: ModbusComplex, boot: int) -> None:
    """Until it was switched on once more."""

    async def boots() -> int:
        try:
            return (await driver.health()).boot
        except DeviceError:
            return 0

    await until(boots, lambda shown: shown > boot)


@pytest.mark.parametrize("at", CUTS)
async def test_a_power_cut_at_any_point_of_an_order_leaves_it_once_or_not_at_all(bench: Bench2, at: str) -> None:
    async with bench.complex(speed=1) as device:
        driver = await up(bench, device.port)
        boot = (await driver.health()).boot
        device.faults.switch("power_cut", {"at": at})
        with contextlib.suppress(DeviceError):
            await driver.submit(order(phases=SLOW))
        await again(driver, boot)
        known = {job.job_id: job.state for job in await driver.jobs()}
        assert known in ({}, {70001: JobState.INTERRUPTED}, {70001: JobState.QUEUED})
        assert bool(known) or at == "before_store"
        assert (await driver.health()).state is ComplexState.STOPPED
        await bring_up(driver)
        await driver.submit(order(phases=SLOW))
        assert [job.job_id for job in await driver.jobs()] == [70001]
    assert all(count == 1 for count in bench.effects().values())


async def test_what_was_cooking_is_interrupted_and_what_waited_goes_on(bench: Bench2) -> None:
    async with bench.complex(speed=1) as device:
        driver = await up(bench, device.port)
        for job in range(5):
            await driver.submit(order(70001 + job, phases=SLOW))
        states = [job.state for job in await driver.jobs()]
        assert states == [JobState.COOKING] * 3 + [JobState.QUEUED] * 2, "three places at station 2"
        boot = (await driver.health()).boot
        device.cut_power()
        await again(driver, boot)
        jobs = await driver.jobs()
        assert [job.state for job in jobs] == [JobState.INTERRUPTED] * 3 + [JobState.QUEUED] * 2
        assert [job.food_spent for job in jobs] == [True] * 3 + [False] * 2
        assert all(cell.state is CellState.FREE for cell in await driver.cells())
        await bring_up(driver)
        await until_job(driver, JobState.COOKING, 70004)
        assert [job.state for job in await driver.jobs()][:3] == [JobState.INTERRUPTED] * 3


async def test_an_emergency_stop_stays_latched_until_somebody_says_that_he_has_looked(bench: Bench2) -> None:
    async with bench.complex(speed=1) as device:
        driver = await up(bench, device.port)
        await driver.submit(order(phases=SLOW))
        device.faults.switch("estop")
        health = await until_state(driver, ComplexState.ABORTED)
        assert health.flags & (HealthFlag.ESTOP_PRESSED | HealthFlag.ESTOP_LATCHED)
        assert [job.state for job in await driver.jobs()] == [JobState.INTERRUPTED]
        with pytest.raises(DeviceRefused):
            await driver.acknowledge_fault()
        device.faults.switch("estop", on=False)
        with pytest.raises(DeviceRefused):
            await driver.command(ComplexCommand.CLEAR)
        await driver.acknowledge_fault()
        await driver.command(ComplexCommand.CLEAR)
        await until_state(driver, ComplexState.STOPPED)
        assert await driver.fault_text() == ""


async def test_an_empty_bin_holds_its_job_and_no_other(bench: Bench2) -> None:
    plating = (Phase(8, 8, 0, 100, 60000),)
    async with bench.complex(speed=200) as device:
        driver = await up(bench, device.port)
        for job in (70001, 70002):
            await driver.submit(order(job, phases=plating))
        await driver.submit(order(70003, phases=plating, ingredients=((3, 100),)))  # waits: two places at station 8
        device.faults.switch("bin_empty", {"bin": 3})
        assert (await until_job(driver, JobState.HELD, 70003)).fault == 203
        assert (await driver.bins())[2].flags & BinFlag.EMPTY
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(70004, phases=plating, ingredients=((3, 100),)))
        assert refused.value.code == "no_material"
        await driver.submit(order(70005, phases=plating))
        await until_job(driver, JobState.PICKED_UP, 70005)
        device.faults.switch("bin_empty", on=False)
        await until_job(driver, JobState.PICKED_UP, 70003)


async def test_a_jam_holds_what_is_there_and_its_end_lets_it_go_on(bench: Bench2) -> None:
    async with bench.complex(speed=50) as device:
        driver = await up(bench, device.port)
        await driver.submit(order(phases=(Phase(2, 2, 180, 50, 6000),)))
        device.faults.switch("jam", {"station": 2})
        job = await until_job(driver, JobState.HELD)
        assert job.fault == 102
        assert "102" in await driver.fault_text()
        stations = {station.station: station.state for station in await driver.stations()}
        assert stations[2] is StationState.FAULT
        device.faults.switch("jam", on=False)
        await until_job(driver, JobState.PICKED_UP)


async def test_a_jam_that_lasts_longer_than_the_phase_may_fails_the_job(bench: Bench2) -> None:
    async with bench.complex(speed=200) as device:
        driver = await up(bench, device.port)
        await driver.submit(order(phases=(Phase(2, 2, 180, 50, 60),)))
        device.faults.switch("jam", {"station": 2})
        job = await until_job(driver, JobState.FAILED)
        assert (job.fault, job.cell, job.food_spent) == (102, 0, True)
    assert bench.effects()["failed", 70001, 1] == 1


async def test_an_open_door_holds_and_its_closing_lets_go_on(bench: Bench2) -> None:
    async with bench.complex(speed=1) as device:
        driver = await up(bench, device.port)
        device.faults.switch("door_open")
        assert (await until_state(driver, ComplexState.HELD)).flags & HealthFlag.DOOR_OPEN
        device.faults.switch("door_open", on=False)
        await until_state(driver, ComplexState.EXECUTE)


async def test_full_cells_suspend_and_an_empty_one_sets_going_again(bench: Bench2) -> None:
    async with bench.complex(speed=200) as device:
        driver = await up(bench, device.port)
        device.faults.switch("nobody_comes")
        for job in range(9):
            await driver.submit(order(80001 + job, phases=(Phase(8, 8, 0, 2, 60),)))
            await until_job(driver, JobState.READY, 80001 + job)
            await driver.release(80001 + job, 1)
        await driver.submit(order(80010, phases=(Phase(8, 8, 0, 2, 60),)))
        assert (await until_state(driver, ComplexState.SUSPENDED)).flags & HealthFlag.NO_CELL
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(80011, phases=(Phase(8, 8, 0, 2, 60),)))
        assert refused.value.code == "wrong_state"
        await driver.open_cell(1, 80001)
        await until_job(driver, JobState.READY, 80010)
        await until_state(driver, ComplexState.EXECUTE)


async def test_a_bin_is_filled_by_a_person_and_not_above_its_brim(bench: Bench2) -> None:
    async with bench.complex(speed=1) as device:
        driver = await up(bench, device.port)
        await driver.set_bin(3, 1234)
        assert (await driver.bins())[2].level == 1234
        with pytest.raises(DeviceRefused):
            await driver.set_bin(3, 60000)


async def test_a_lost_cable_stops_nothing_that_cooks(bench: Bench2) -> None:
    async with bench.complex(speed=200) as device:
        driver = await up(bench, device.port)
        await driver.submit(order())
        device.faults.switch("link_lost")
        with pytest.raises(DeviceError):
            await driver.health()

        await until_true(lambda: bench.effects()["picked_up", 70001, 1] == 1)
        device.faults.switch("link_lost", on=False)
        await again(driver, 0)
        await until_job(driver, JobState.PICKED_UP)


async def test_a_noisy_line_cooks_each_job_once(bench: Bench2) -> None:
    async with bench.complex(speed=200) as device:
        driver = await up(bench, device.port)
        device.faults.switch("noise", {"rate": 0.0005})
        taken: set[int] = set()
        for job in range(70001, 70009):
            for _ in range(40):
                try:
                    await driver.submit(order(job))
                except DeviceError:
                    continue
                taken.add(job)
                break
        device.faults.switch("noise", on=False)
        assert len(taken) == 8
        for job in taken:
            await until_job(driver, JobState.PICKED_UP, job)
    assert all(count == 1 for count in bench.effects().values())
