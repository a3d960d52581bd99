"""Several portions of one order in one cell (robot.md#several-portions-in-a-cell): driver and simulated complex."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from msgspec import to_builtins

from drivers.errors import DeviceRefused
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import Capability, Cell, CellState, CookingOrder, JobState, Phase
from drivers.sim.robot.device import RobotDevice, RobotRules
from drivers.sim.robot.memory import Ack
from drivers.sim.world import World
from tests.complexes import with_cells
from tests.drivers.robot_bench import RULES, Bench, bring_up, new_bench, order, until, until_job

SHORT, LONG = (Phase(6, 6, 0, 1, 9),), (Phase(6, 6, 0, 60, 90),)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with new_bench() as opened:
        yield opened


def rules(bench: Bench, *sizes: int) -> RobotRules:
    return replace(RULES, description=with_cells(bench.folder / "complex.toml", *sizes))


def portion(job_id: int, together: int, of: str = "A-1", phases: tuple[Phase, ...] = SHORT) -> CookingOrder:
    return order(job_id, order_id=of, together=together, phases=phases)


def places(cells: tuple[Cell, ...]) -> list[list[int]]:
    return [[job.job_id for job in cell.jobs] for cell in cells]


async def placed(driver: ModbusComplex, wanted: list[list[int]]) -> tuple[Cell, ...]:
    return await until(driver.cells, lambda cells: places(cells) == wanted)


def waiting(device: RobotDevice) -> RobotDevice:
    """Its food waits in the cells until they are opened."""
    device.faults.switch("nobody_comes")
    return device


async def test_the_portions_of_an_order_come_into_one_cell_and_leave_it_together(bench: Bench) -> None:
    async with bench.complex(speed=50, rules=rules(bench, 1, 3, 2)) as device:
        waiting(device)
        driver = bench.driver()
        for number, job_id in enumerate((1, 2, 3)):
            await driver.submit(portion(job_id, 3 - number))
        await driver.submit(portion(4, 1, "B-2"))
        assert (await driver.health()).capabilities & Capability.SHARED_CELLS
        cells = await placed(driver, [[4], [1, 2, 3], []])
        assert [cell.size for cell in cells] == [1, 3, 2]
        await until(driver.cells, lambda cells: cells[1].loaded == (1, 2, 3))
        assert {job.cell for job in await driver.jobs() if job.job_id < 4} == {2}
        for job_id in (1, 2, 3):
            await driver.release(job_id, 1)
        with pytest.raises(DeviceRefused) as refused:
            await driver.open_cell(2, 4)
        assert refused.value.code == "no_cell"
        await driver.open_cell(2, 3)  # by any of them
        assert (await driver.cells())[1].state is CellState.OPEN
        await until(driver.cells, lambda cells: cells[1].state is CellState.FREE)
    assert all(bench.effects()["picked_up", job_id, 1] == 1 for job_id in (1, 2, 3))


async def test_an_order_that_no_cell_holds_takes_the_largest_and_then_another(bench: Bench) -> None:
    async with bench.complex(speed=50, rules=rules(bench, 1, 2, 2)) as device:
        waiting(device)
        driver = bench.driver()
        for number, job_id in enumerate((1, 2, 3)):
            await driver.submit(portion(job_id, 3 - number))
        await placed(driver, [[3], [1, 2], []])


async def test_what_wants_its_own_cell_shares_none_and_nothing_joins_it(bench: Bench) -> None:
    async with bench.complex(speed=1, rules=rules(bench, 3, 3, 3)) as device:
        waiting(device)
        driver = bench.driver()
        await driver.submit(portion(1, 0, phases=LONG))
        await placed(driver, [[1], [], []])
        await driver.submit(portion(2, 2, phases=LONG))
        await placed(driver, [[1], [2], []])


async def test_what_comes_to_a_cell_whose_door_is_open_waits_until_it_is_shut(bench: Bench) -> None:
    slow = (Phase(6, 6, 0, 20, 90),)
    async with bench.complex(speed=20, rules=rules(bench, 2)) as device:
        waiting(device)
        driver = bench.driver()
        await driver.submit(portion(2, 2, phases=slow))  # first: the quick one would be over before this is asked for
        await driver.submit(portion(1, 1))
        await until(driver.cells, lambda cells: (cells[0].loaded, cells[0].coming) == ((1,), (2,)))
        await driver.open_cell(1, 1)
        with pytest.raises(DeviceRefused):
            await driver.open_cell(1, 2)  # nothing of it lies there
        cells = await until(driver.cells, lambda cells: cells[0].loaded != (1,))
        assert (cells[0].state, cells[0].coming) == (CellState.RESERVED, (2,))
        await until_job(driver, JobState.READY, 2)
        assert (await driver.cells())[0].loaded == (2,)
    assert bench.effects()["picked_up", 1, 1] == 1


async def test_a_power_cut_leaves_what_lies_there_and_frees_the_place_of_what_was_coming(bench: Bench) -> None:
    async with bench.complex(speed=5, rules=rules(bench, 2, 2)) as device:
        waiting(device)
        driver = bench.driver()
        await driver.submit(portion(1, 2))
        await driver.submit(portion(2, 1, phases=LONG))
        await until_job(driver, JobState.READY, 1)
        assert places(await driver.cells()) == [[1, 2], []]
        device.faults.switch("off")
        device.faults.switch("off", on=False)
        await until(driver.jobs, lambda jobs: jobs[1].state is JobState.INTERRUPTED)
        assert places(await driver.cells()) == [[1], []]
        await bring_up(driver)
        await driver.release(2, 1)
        await driver.submit(replace(portion(2, 1), attempt=2))  # cooked again, it comes to the rest of its order
        await until_job(driver, JobState.READY, 2, 2)
        assert (await driver.cells())[0].loaded == (1, 2)


async def test_an_order_with_room_in_its_own_cell_goes_on_when_no_cell_is_free(bench: Bench) -> None:
    async with bench.complex(speed=20, rules=rules(bench, 2, 1)) as device:
        waiting(device)
        driver = bench.driver()
        await driver.submit(portion(1, 2))
        await driver.submit(portion(3, 1, "B-2"))
        await until(driver.cells, lambda cells: [cell.loaded for cell in cells] == [(1,), (3,)])
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(portion(4, 1, "C-3"))
        assert refused.value.code == "no_cell"


async def test_a_robot_whose_cells_hold_one_portion_is_never_asked_to_share(bench: Bench) -> None:
    alone = replace(rules(bench, 3, 3), shares_cells=False)
    async with bench.complex(speed=50, rules=alone) as device:
        waiting(device)
        driver = bench.driver()
        await driver.submit(portion(1, 2))
        await driver.submit(portion(2, 1))
        cells = await placed(driver, [[1], [2]])
        assert [cell.size for cell in cells] == [1, 1]
        assert not (await driver.health()).capabilities & Capability.SHARED_CELLS


async def test_food_that_was_stored_when_a_cell_held_one_portion_lies_there_still(bench: Bench) -> None:
    world = World("robot", bench.folder / "state", bench.folder / "ledger")
    before = {"job_id": 5, "attempt": 1, "recipe": 17, "order_id": "A-1", "loaded": True, "open": False}
    with world.change() as change:
        change.put("ack", to_builtins(Ack(boot=3)))
        change.put("cell/01", before)
        change.put("cell/02", {**before, "job_id": 0, "loaded": False})
    world.close()
    async with bench.complex(rules=rules(bench, 2, 2)) as device:
        waiting(device)
        cells = await bench.driver().cells()
    assert [(cell.state, cell.loaded) for cell in cells] == [(CellState.LOADED, (5,)), (CellState.FREE, ())]


async def test_food_of_a_cell_that_is_described_as_smaller_since_is_told_until_it_is_taken(bench: Bench) -> None:
    async with bench.complex(speed=50, rules=rules(bench, 2, 2)) as device:
        waiting(device)
        driver = bench.driver()
        for job_id in (1, 2):
            await driver.submit(portion(job_id, 3 - job_id))
        await until(driver.cells, lambda cells: cells[0].loaded == (1, 2))
    async with bench.complex(speed=50, rules=rules(bench, 1, 2)) as device:
        waiting(device)
        cells = await bench.driver().cells()
    assert [(cell.loaded, cell.size) for cell in cells] == [((1, 2), 2), ((), 2)]
