"""The driver against the simulated complex over a real pseudo-terminal: what goes well, and what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.robot.port import (
    BinFlag,
    BinUnit,
    CellState,
    ComplexCommand,
    ComplexState,
    CookingOrder,
    HealthFlag,
    JobState,
    Phase,
)
from drivers.sim.robot.device import RobotRules
from tests.drivers.robot_bench import Bench, bring_up, new_bench, order, until, until_job, until_state


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with new_bench() as opened:
        yield opened


async def test_an_order_is_cooked_released_and_fetched(bench: Bench) -> None:
    async with bench.complex(speed=50) as device:
        device.faults.switch("nobody_comes", on=True)  # until it was seen ready
        driver = bench.driver()
        await driver.submit(order())
        cooking = await until_job(driver, JobState.COOKING)
        assert cooking.food_spent
        assert cooking.cell == 1
        ready = await until_job(driver, JobState.READY)
        assert (ready.progress_permille, ready.remaining_s) == (1000, 0)
        device.faults.switch("nobody_comes", on=False)
        await driver.release(70001, 1)
        assert await driver.jobs() == ()
        await until(driver.cells, lambda cells: cells[0].state is CellState.FREE)
    effects = bench.effects()
    assert effects == {("started", 70001, 1): 1, ("ready", 70001, 1): 1, ("picked_up", 70001, 1): 1}
    assert '"order_id": "A-70001"' in (bench.folder / "ledger").read_text()


async def test_the_cell_keeps_the_job_until_the_food_is_taken(bench: Bench) -> None:
    phases = (Phase(6, 6, 0, 1, 1),)
    async with bench.complex(speed=20, rules=RobotRules(transition_s=0)):
        driver = bench.driver()
        await driver.submit(order(phases=phases))
        await until_job(driver, JobState.READY)
        await driver.release(70001, 1)
        cell = (await driver.cells())[0]
        assert (cell.state, cell.loaded) == (CellState.LOADED, (70001,))
        await driver.open_cell(1, 70001)
        assert (await driver.cells())[0].state is CellState.OPEN
        await until(driver.cells, lambda cells: (cells[0].state, cells[0].jobs) == (CellState.FREE, ()))
        with pytest.raises(DeviceRefused) as refused:
            await driver.open_cell(1, 70001)
        assert refused.value.code == "no_cell"


async def test_a_fetched_job_is_shown_as_picked_up_until_it_is_released(bench: Bench) -> None:
    async with bench.complex(speed=1000):
        driver = bench.driver()
        await driver.submit(order())
        await until_job(driver, JobState.PICKED_UP)
        await driver.release(70001, 1)
        await driver.release(70001, 1)  # already known
        assert await driver.jobs() == ()


async def test_food_is_promised_at_once_and_taken_when_cooking_begins(bench: Bench) -> None:
    async with bench.complex(speed=1):
        driver = bench.driver()
        for job in range(3):  # the dispenser has two places
            await driver.submit(order(70001 + job))
        udon = (await driver.bins())[0]
        assert (udon.ingredient, udon.unit, udon.level, udon.capacity, udon.committed) == (
            1,
            BinUnit.GRAM,
            8000 - 360,
            8000,
            180,
        )
        assert [job.state for job in await driver.jobs()] == [JobState.COOKING, JobState.COOKING, JobState.QUEUED]
        await driver.cancel(70003, 1)
        await driver.cancel(70003, 1)
        assert (await driver.bins())[0].committed == 0
        with pytest.raises(DeviceRefused) as refused:
            await driver.cancel(70001, 1)
        assert refused.value.code == "wrong_state"


async def test_sixteen_jobs_at_a_thousandfold_speed_are_each_made_once(bench: Bench) -> None:
    async with bench.complex(speed=1000):
        driver = bench.driver()
        for job in range(16):
            await driver.submit(order(80000 + job))
            if job >= 7:
                await until_job(driver, JobState.PICKED_UP, 80000 + job - 7)
                await driver.release(80000 + job - 7, 1)
        for job in range(9, 16):
            await until_job(driver, JobState.PICKED_UP, 80000 + job)
    expected = {(effect, 80000 + job, 1): 1 for job in range(16) for effect in ("started", "ready", "picked_up")}
    assert bench.effects() == expected


async def test_the_same_submit_twice_cooks_once_also_after_release(bench: Bench) -> None:
    async with bench.complex(speed=1000):
        driver = bench.driver()
        await driver.submit(order())
        await driver.submit(order())
        assert len(await driver.jobs()) == 1
        await until_job(driver, JobState.PICKED_UP)
        await driver.release(70001, 1)
        await driver.submit(order())
        assert await driver.jobs() == ()
        await driver.submit(order(attempt=2))  # a decision of its own
        await until_job(driver, JobState.PICKED_UP, attempt=2)
    effects = bench.effects()
    assert (effects["started", 70001, 1], effects["started", 70001, 2]) == (1, 1)


async def test_a_ninth_job_is_refused_as_full(bench: Bench) -> None:
    async with bench.complex(speed=1):
        driver = bench.driver()
        for job in range(8):
            await driver.submit(order(70001 + job))
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(70009))
        assert refused.value.code == "full"
        assert len(await driver.jobs()) == 8


@pytest.mark.parametrize("ingredients", [((4, 8001),), ((4, 5000), (4, 3001)), ((99, 1),)])
async def test_what_the_bins_do_not_hold_is_refused(bench: Bench, ingredients: tuple[tuple[int, int], ...]) -> None:
    async with bench.complex():
        driver = bench.driver()
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(ingredients=ingredients))
        assert refused.value.code == "no_material"


async def test_promised_food_is_not_promised_again(bench: Bench) -> None:
    async with bench.complex():
        driver = bench.driver()
        for job in range(3):
            await driver.submit(order(70001 + job, ingredients=((12, 2500),)))
        with pytest.raises(DeviceRefused) as refused:  # 500 left: 5000 taken, 2500 promised
            await driver.submit(order(70004, ingredients=((12, 501),)))
        assert refused.value.code == "no_material"
        await driver.submit(order(70005, ingredients=((12, 500),)))


async def test_an_order_the_map_cannot_carry_is_refused_before_the_wire(bench: Bench) -> None:
    driver = bench.driver()  # nothing is plugged in: it would be unreachable
    phase = Phase(1, 1, 0, 1, 1)
    for bad in (
        order(order_id="заказ"),
        order(order_id="x" * 17),
        order(phases=()),
        order(phases=(phase,) * 25),
        order(ingredients=((1, 1),) * 13),
        order(ingredients=((1, 70000),)),
        order(job_id=0),
    ):
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(bad)
        assert refused.value.code == "bad_request"


async def test_a_station_that_does_not_exist_is_a_chart_mismatch(bench: Bench) -> None:
    async with bench.complex():
        driver = bench.driver()
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(phases=(Phase(1, 9, 0, 1, 1),)))
        assert refused.value.code == "chart_mismatch"


async def test_a_bin_is_set_and_its_level_seen(bench: Bench) -> None:
    async with bench.complex():
        driver = bench.driver()
        await driver.set_bin(13, 20)
        egg = (await driver.bins())[12]
        assert (egg.level, egg.flags) == (20, BinFlag.LOW)
        assert (await driver.health()).flags & HealthFlag.MATERIAL_LOW
        for bin_number, level in ((25, 1), (13, 201), (0, 1)):
            with pytest.raises(DeviceRefused) as refused:
                await driver.set_bin(bin_number, level)
            assert refused.value.code == "bad_request"


async def test_the_machine_is_stopped_and_started_again(bench: Bench) -> None:
    async with bench.complex():
        driver = bench.driver()
        with pytest.raises(DeviceRefused) as refused:
            await driver.command(ComplexCommand.RESET)
        assert refused.value.code == "wrong_state"
        await driver.command(ComplexCommand.STOP)
        await until_state(driver, ComplexState.STOPPED)
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order())
        assert refused.value.code == "wrong_state"
        await bring_up(driver)
        await driver.submit(order())


async def test_stopping_brings_cooking_jobs_to_their_end(bench: Bench) -> None:
    async with bench.complex(speed=100):
        driver = bench.driver()
        for job in range(3):
            await driver.submit(order(70001 + job, phases=(Phase(5, 5, 0, 40, 60),)))
        await driver.command(ComplexCommand.STOP)
        await until_state(driver, ComplexState.STOPPED)
        assert (await until_job(driver, JobState.QUEUED, 70003)).food_spent is False
        assert all(job.state in (JobState.READY, JobState.PICKED_UP) for job in (await driver.jobs())[:2])


async def test_without_heartbeat_accepted_jobs_are_finished_and_none_taken(bench: Bench) -> None:
    async with bench.complex(speed=400, rules=RobotRules(heartbeat_s=0.15)):
        driver = bench.driver()
        await driver.submit(order(1))  # before the first heartbeat there is none to lose

        async def beat_and_submit(wanted: CookingOrder) -> None:
            """Again where a busy machine let the heartbeat run out between the two."""

            async def accepted() -> bool:
                await driver.beat()
                try:
                    await driver.submit(wanted)
                except DeviceRefused as refused:
                    if refused.code != "wrong_state":
                        raise
                    return False
                return True

            await until(accepted, bool)

        async def refusal() -> str:
            try:
                await driver.submit(order(3))
                await driver.cancel(3, 1)
                await driver.release(3, 1)
            except DeviceRefused as refused:
                return refused.code
            return ""

        phases = (Phase(1, 1, 0, 2000, 3000),)
        await beat_and_submit(order(2))
        await beat_and_submit(order(9, phases=phases))
        await beat_and_submit(order(10, phases=phases))  # the dispenser is taken: job 3 stays queued
        assert await until(refusal, bool) == "wrong_state"
        await until_job(driver, JobState.PICKED_UP, 1)
        await beat_and_submit(order(4))


async def test_blocks_are_read_again_when_their_generation_changes(bench: Bench) -> None:
    async with bench.complex(speed=1) as device:
        driver, other = bench.driver(), bench.driver()
        assert (await driver.bins())[5].level == 8000
        before = (await driver.health()).bins_generation
        assert (await driver.bins())[5].level == 8000
        device.faults.switch("bin_empty", {"bin": 6})
        assert (await driver.health()).bins_generation != before
        assert (await driver.bins())[5].flags & BinFlag.EMPTY
        with pytest.raises(DeviceUnreachable) as busy:
            await other.health()
        assert busy.value.code == "port_busy"


async def test_the_port_may_come_later(bench: Bench) -> None:
    driver = bench.driver()
    with pytest.raises(DeviceUnreachable) as missing:
        await driver.health()
    assert missing.value.code == "port_missing"
    async with bench.complex():
        assert (await driver.health()).state is ComplexState.EXECUTE
    with pytest.raises(DeviceUnreachable):
        await driver.health()

    async def boot() -> int:
        """A port is still held for a moment where the one before it was just given up."""
        try:
            return (await driver.health()).boot
        except DeviceUnreachable:
            return 0

    async with bench.complex():
        assert await until(boot, bool) == 2


async def test_a_file_that_is_no_terminal_is_unreachable(bench: Bench) -> None:
    plain: Path = bench.folder / "plain"
    plain.write_text("")
    with pytest.raises(DeviceUnreachable):
        await bench.driver(plain).health()
