"""Power cuts, restarts, e-stop and the other faults of the complex, seen through the driver."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.robot.modbus import ModbusComplex, ModbusTimings
from drivers.robot.port import (
    BinFlag,
    CellState,
    ComplexCommand,
    ComplexState,
    Health,
    HealthFlag,
    JobState,
    Phase,
)
from drivers.sim.robot.device import RobotRules
from tests.drivers.robot_bench import (
    MAILBOX_WRITE,
    Bench,
    Wire,
    bring_up,
    new_bench,
    order,
    until,
    until_job,
    until_state,
)

WOK = (Phase(2, 2, 180, 20, 60),)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with new_bench() as opened:
        yield opened


async def health_at_last(driver: ModbusComplex) -> Health:
    async def ask() -> Health | None:
        with contextlib.suppress(DeviceUnreachable):
            return await driver.health()
        return None

    health = await until(ask, lambda seen: seen is not None)
    assert health is not None
    return health


async def unreachable_at_last(driver: ModbusComplex) -> str:
    async def ask() -> str:
        try:
            await driver.health()
        except DeviceUnreachable as error:
            return error.code
        return ""

    return await until(ask, bool)


async def test_a_power_cut_before_the_store_leaves_no_trace(bench: Bench) -> None:
    """The robot reboots before the driver looks: its next look proves the command unseen, and Stopped refuses it."""
    async with bench.complex() as device:
        driver = bench.driver()
        await driver.health()
        device.faults.switch("power_cut", {"at": "before_store"})
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order())
        assert refused.value.code == "wrong_state"
        assert await driver.jobs() == ()
        assert (await driver.health()).boot == 2
        await bring_up(driver)
        await driver.submit(order())
    assert bench.effects()["started", 70001, 1] == 1


@pytest.mark.parametrize("at", ["after_store", "after_ack"])
async def test_a_power_cut_after_the_store_keeps_the_job(bench: Bench, at: str) -> None:
    async with bench.complex() as device:
        driver = bench.driver()
        await driver.health()
        device.faults.switch("power_cut", {"at": at})
        await driver.submit(order())
        health = await driver.health()
        assert (health.boot, health.state) == (2, ComplexState.STOPPED)
        assert [(job.job_id, job.state) for job in await driver.jobs()] == [(70001, JobState.QUEUED)]
        await bring_up(driver)
        await until_job(driver, JobState.COOKING)
        assert device.faults.listing() == {}  # it struck once
    assert bench.effects() == {("started", 70001, 1): 1}


async def test_a_power_cut_that_outlasts_the_driver_leaves_the_outcome_unknown(bench: Bench) -> None:
    async with bench.complex(rules=RobotRules(reboot_s=5.0)) as device:
        driver = bench.driver()
        await driver.health()
        device.faults.switch("power_cut", {"at": "after_store"})
        with pytest.raises(OutcomeUnknown):
            await driver.submit(order())
        await health_at_last(driver)
        assert [job.job_id for job in await driver.jobs()] == [70001]
        with pytest.raises(DeviceRefused):  # stopped
            await driver.submit(order(70002))
        await driver.submit(order())  # already known, in any state


async def test_a_restart_interrupts_cooking_jobs_and_keeps_queued_ones(bench: Bench) -> None:
    async with bench.complex(speed=1):
        driver = bench.driver()
        for job in range(3):
            await driver.submit(order(70001 + job, phases=WOK))
    async with bench.complex(speed=200):
        assert (await driver.health()).state is ComplexState.STOPPED
        jobs = {job.job_id: job for job in await driver.jobs()}
        assert {job.state for job in (jobs[70001], jobs[70002])} == {JobState.INTERRUPTED}
        assert jobs[70001].food_spent
        assert jobs[70003].state is JobState.QUEUED
        assert all(cell.state is CellState.FREE for cell in await driver.cells())
        with pytest.raises(DeviceRefused):
            await driver.submit(order(70004))
        for _ in range(20):  # it does not start by itself
            assert (await driver.jobs())[2].state is JobState.QUEUED
        await driver.release(70001, 1)
        await bring_up(driver)
        await until_job(driver, JobState.PICKED_UP, 70003)
        assert (await until_job(driver, JobState.INTERRUPTED, 70002)).food_spent
    effects = bench.effects()
    assert [effects["started", 70001 + job, 1] for job in range(3)] == [1, 1, 1]
    assert [effects["ready", 70001 + job, 1] for job in range(3)] == [0, 0, 1]


async def test_food_in_a_cell_outlives_a_restart(bench: Bench) -> None:
    async with bench.complex(speed=50):
        driver = bench.driver()
        await driver.submit(order(phases=(Phase(6, 6, 0, 1, 2),)))
        await until_job(driver, JobState.READY)
        await driver.release(70001, 1)
    async with bench.complex(speed=50):
        cell = (await driver.cells())[0]
        assert (cell.state, cell.loaded) == (CellState.LOADED, (70001,))
        await until(driver.cells, lambda cells: cells[0].state is CellState.FREE)
    assert bench.effects()["picked_up", 70001, 1] == 1


async def test_the_emergency_stop_stays_latched_until_a_person_confirms(bench: Bench) -> None:
    async with bench.complex() as device:
        driver = bench.driver()
        await driver.submit(order())
        device.faults.switch("estop", on=True)
        health = await until_state(driver, ComplexState.ABORTED)
        assert health.flags & HealthFlag.ESTOP_PRESSED
        assert health.flags & HealthFlag.ESTOP_LATCHED
        assert not health.accepts_jobs
        assert "аварийная" in await driver.fault_text()
        assert (await driver.jobs())[0].state is JobState.INTERRUPTED
        with pytest.raises(DeviceRefused):  # still pressed
            await driver.acknowledge_fault()

        device.faults.switch("estop", on=False)
        health = await driver.health()
        assert health.flags & (HealthFlag.ESTOP_PRESSED | HealthFlag.ESTOP_LATCHED) == HealthFlag.ESTOP_LATCHED
        with pytest.raises(DeviceRefused):  # released, not confirmed
            await driver.command(ComplexCommand.CLEAR)

        await driver.acknowledge_fault()
        await driver.command(ComplexCommand.CLEAR)
        await until_state(driver, ComplexState.STOPPED)
        await bring_up(driver)
        assert (await driver.health()).accepts_jobs
        assert (await driver.jobs())[0].state is JobState.INTERRUPTED
    assert bench.effects() == {("started", 70001, 1): 1}


async def test_the_latch_outlives_a_power_cut(bench: Bench) -> None:
    async with bench.complex() as device:
        device.faults.switch("estop", on=True)
    async with bench.complex():
        driver = bench.driver()
        health = await driver.health()
        assert (health.state, health.flags) == (ComplexState.ABORTED, HealthFlag.ESTOP_LATCHED)


async def test_an_unplugged_cable_is_noticed_and_plugged_in_again(bench: Bench) -> None:
    async with bench.complex(speed=1) as device:
        driver = bench.driver()
        await driver.submit(order())
        device.faults.switch("link_lost", on=True)
        assert await unreachable_at_last(driver) in ("no_answer", "link_lost", "port_missing")
        device.faults.switch("link_lost", on=False)
        health = await health_at_last(driver)
        assert (health.boot, health.state) == (1, ComplexState.EXECUTE)  # the kitchen knew nothing of it
        assert (await driver.jobs())[0].state is JobState.COOKING


async def test_a_complex_without_power_is_silent_and_comes_back_stopped(bench: Bench) -> None:
    async with bench.complex() as device:
        driver = bench.driver()
        await driver.submit(order())
        device.faults.switch("off", on=True)
        with pytest.raises(DeviceUnreachable) as silent:
            await driver.health()
        assert silent.value.code == "no_answer"
        device.faults.switch("off", on=False)
        health = await driver.health()
        assert (health.boot, health.state) == (2, ComplexState.STOPPED)
        assert (await driver.jobs())[0].state is JobState.INTERRUPTED


async def test_an_empty_bin_holds_the_job_until_it_is_filled(bench: Bench) -> None:
    async with bench.complex(speed=200) as device:
        driver = bench.driver()
        long = (Phase(2, 2, 180, 4000, 5000),)
        for job in (1, 2):  # the wok is taken
            await driver.submit(order(job, phases=long))
        await driver.submit(order(phases=WOK))
        await driver.submit(order(70002, phases=(Phase(5, 5, 0, 20, 30),), ingredients=((14, 10),)))
        device.faults.switch("bin_empty", {"bin": 6})
        held = await until_job(driver, JobState.HELD)
        assert (held.fault, held.food_spent) == (206, False)
        chicken = (await driver.bins())[5]
        assert (chicken.level, chicken.flags) == (0, BinFlag.LOW | BinFlag.EMPTY)
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(70003, phases=WOK))
        assert refused.value.code == "no_material"
        await until_job(driver, JobState.PICKED_UP, 70002)  # another dish goes on
        await driver.set_bin(6, 8000)
        await until_job(driver, JobState.QUEUED)
    assert bench.effects()["failed", 70001, 1] == 0


async def test_a_held_job_is_cooked_after_the_bin_was_filled(bench: Bench) -> None:
    async with bench.complex(speed=20) as device:  # the third waits a second for a wok: time to empty the bin
        driver = bench.driver()
        await driver.command(ComplexCommand.HOLD)
        await until_state(driver, ComplexState.HELD)
        await driver.command(ComplexCommand.UNHOLD)
        await until_state(driver, ComplexState.EXECUTE)
        for job in (1, 2):
            await driver.submit(order(job, phases=WOK))
        await driver.submit(order(phases=WOK))
        device.faults.switch("bin_empty", {"bin": 6})
        await until_job(driver, JobState.HELD)
        await driver.set_bin(6, 8000)
        await until_job(driver, JobState.PICKED_UP)
    assert bench.effects()["started", 70001, 1] == 1


async def test_switching_the_empty_bin_off_restores_its_level(bench: Bench) -> None:
    async with bench.complex() as device:
        driver = bench.driver()
        device.faults.switch("bin_empty", {"bin": 6})
        device.faults.switch("bin_empty", {"bin": 7})
        assert [b.bin for b in await driver.bins() if b.flags & BinFlag.EMPTY] == [6, 7]
        device.faults.switch("bin_empty", on=False)
        assert [b.level for b in (await driver.bins())[5:7]] == [8000, 8000]


async def test_a_jam_holds_the_jobs_of_its_station_and_then_fails_them(bench: Bench) -> None:
    async with bench.complex(speed=200, rules=RobotRules(hold_limit_s=60, transition_s=0)) as device:
        driver = bench.driver()
        await driver.submit(order(phases=(Phase(3, 3, 170, 400, 500),)))
        await until_job(driver, JobState.COOKING)
        device.faults.switch("jam", {"station": 3})
        held = await until_job(driver, JobState.HELD)
        assert (held.fault, held.food_spent) == (103, True)
        assert (await driver.health()).fault_code == 103
        assert "fryer" in await driver.fault_text()
        assert (await until_job(driver, JobState.FAILED)).cell == 0
        device.faults.switch("jam", on=False)
        assert (await driver.health()).fault_code == 0
        assert (await driver.cells())[0].state is CellState.FREE
    assert bench.effects() == {("started", 70001, 1): 1, ("failed", 70001, 1): 1}


async def test_a_jam_that_is_freed_lets_the_job_go_on(bench: Bench) -> None:
    async with bench.complex(speed=200) as device:
        driver = bench.driver()
        await driver.submit(order(phases=(Phase(3, 3, 170, 60, 80),)))
        await until_job(driver, JobState.COOKING)
        device.faults.switch("jam", {"station": 3})
        await until_job(driver, JobState.HELD)
        device.faults.switch("jam", on=False)
        await until_job(driver, JobState.PICKED_UP)
    assert bench.effects()["started", 70001, 1] == 1


async def test_full_cells_suspend_the_complex_until_one_is_free(bench: Bench) -> None:
    async with bench.complex(speed=1) as device:
        driver = bench.driver()
        device.faults.switch("cells_full", on=True)
        health = await until_state(driver, ComplexState.SUSPENDED)
        assert health.flags & HealthFlag.NO_CELL
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order())
        assert refused.value.code == "no_cell"
        device.faults.switch("cells_full", on=False)
        await until_state(driver, ComplexState.EXECUTE)
        await driver.submit(order())


async def test_six_cells_are_filled_and_the_seventh_job_waits_for_one(bench: Bench) -> None:
    async with bench.complex(speed=15):
        driver = bench.driver()
        for job in range(7):
            await driver.submit(order(70001 + job, phases=(Phase(6, 1 + job % 8, 0, 6, 9),)))
        await until_state(driver, ComplexState.SUSPENDED)
        await until_job(driver, JobState.QUEUED, 70007)
        await until_job(driver, JobState.COOKING, 70007)  # a customer has come
        assert JobState.PICKED_UP in {job.state for job in await driver.jobs()}
        assert (await driver.health()).state is ComplexState.EXECUTE


async def test_an_open_door_holds_the_complex(bench: Bench) -> None:
    async with bench.complex() as device:
        driver = bench.driver()
        device.faults.switch("door_open", on=True)
        assert (await until_state(driver, ComplexState.HELD)).flags & HealthFlag.DOOR_OPEN
        device.faults.switch("door_open", on=False)
        await until_state(driver, ComplexState.EXECUTE)


async def test_the_control_socket_switches_faults_and_shows_the_state(bench: Bench) -> None:
    async with bench.complex(control=bench.control):
        reader, writer = await asyncio.open_unix_connection(bench.control)

        async def ask(line: dict[str, Any]) -> dict[str, Any]:
            writer.write(json.dumps(line).encode() + b"\n")
            async with asyncio.timeout(40):
                answer: dict[str, Any] = json.loads(await reader.readline())
            return answer

        assert await ask({"fault": "jam", "station": 2}) == {"ok": True}
        answer = await ask({"state": True})
        assert answer["faults"] == {"jam": {"station": 2}}
        assert (answer["state"]["complex"], answer["state"]["fault"]) == ("execute", "Заклинило: wok")
        for wrong in (
            {"fault": "jam"},
            {"fault": "jam", "station": 9},
            {"fault": "bin_empty", "bin": "6"},
            {"fault": "power_cut", "at": "noon"},
            {"fault": "noise", "rate": "much"},
            {"fault": "earthquake"},
        ):
            assert (await ask(wrong))["ok"] is False
        assert (await ask({"fault": "off"}))["ok"]
        assert (await ask({"state": True}))["state"] == {"power": False}
        writer.close()


async def test_a_lost_command_and_a_power_cut_together_cook_nothing(bench: Bench) -> None:
    async with bench.complex() as device:
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire", ModbusTimings(timeout_s=0.2, quiet_s=0.1, gap_s=0.0))
        await driver.health()
        device.faults.switch("power_cut", {"at": "before_store"})
        wire.lose_request(MAILBOX_WRITE)
        with pytest.raises(OutcomeUnknown):  # the first copy is lost, the second meets the power cut
            await driver.submit(order())
        assert await driver.jobs() == ()
        with pytest.raises(DeviceRefused, match="wrong_state"):
            await driver.submit(order())
        wire.close()
    assert bench.effects() == {}
