"""Two revisions of the register map: the second carries the whole chart, the first gets what it knows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.robot.equipment import demo_file
from drivers.robot.port import JobState, Phase
from drivers.sim.robot.device import RobotRules
from tests.drivers.robot_bench import RULES, Bench, Wire, new_bench, order, until_job

BRANCHES = (
    Phase(1, 1, 180, 12, 40, after=(), resources=(1,)),
    Phase(2, 2, 190, 60, 200, after=(0,), max_wait_s=120),
    Phase(3, 3, 175, 50, 90, after=(0,), max_wait_s=120),
    Phase(8, 8, 0, 10, 30, after=(1, 2), resources=(1,), max_wait_s=60),
)
EXTENSION_WRITE = bytes([1, 16, 0, 240])


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with new_bench() as opened:
        yield opened


def cooked(bench: Bench) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (bench.folder / "ledger").read_text().splitlines()]
    found: list[dict[str, Any]] = next(line["phases"] for line in lines if line["effect"] == "ready")
    return sorted(found, key=lambda row: int(row["phase"]))


async def test_a_robot_of_the_second_revision_cooks_the_whole_chart(bench: Bench) -> None:
    async with bench.complex(speed=200):
        driver = bench.driver()
        assert (await driver.health()).map_version == 2
        await driver.submit(order(phases=BRANCHES, tolerances=(9, 6)))
        await until_job(driver, JobState.READY)
    rows = cooked(bench)
    assert [row["after"] for row in rows] == [[], [1], [1], [2, 3]]
    assert [row["resources"] for row in rows] == [[1], [], [], [1]]
    assert [row["limit_s"] for row in rows] == [None, 120, 120, 60]
    assert not any(row["limit_passed"] for row in rows)


async def test_a_robot_of_the_first_revision_is_written_nothing_that_it_does_not_know(bench: Bench) -> None:
    async with bench.complex(speed=200, rules=replace(RULES, revision=1)):
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire")
        assert (await driver.health()).map_version == 1
        await driver.submit(order(phases=BRANCHES, tolerances=(9, 6)))
        await until_job(driver, JobState.READY)
        assert wire.sent(EXTENSION_WRITE) == 0
        wire.close()
    rows = cooked(bench)
    assert [row["after"] for row in rows] == [[], [1], [2], [3]]
    assert [row["limit_s"] for row in rows] == [None] * 4


async def test_a_lost_answer_to_the_extension_is_told_and_cooks_nothing_twice(bench: Bench) -> None:
    async with bench.complex(speed=200):
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire")
        wire.lose_answer(EXTENSION_WRITE)
        with pytest.raises(DeviceUnreachable):
            await driver.submit(order(phases=BRANCHES))
        await driver.submit(order(phases=BRANCHES))
        await until_job(driver, JobState.READY)
        wire.close()
    assert bench.effects()["ready", 70001, 1] == 1


@pytest.mark.parametrize(
    "phase",
    [
        Phase(3, 2, 175, 60, 90, after=()),  # nothing is fried in a wok
        Phase(2, 2, 300, 60, 90, after=()),  # no wok is as hot
        Phase(2, 2, 190, 60, 90, more=(5, 0), after=()),  # and heating has one parameter
        Phase(2, 2, 190, 60, 90, after=(), resources=(2,)),
        Phase(2, 9, 190, 60, 90, after=()),
    ],
)
async def test_what_the_complex_cannot_do_is_refused(bench: Bench, phase: Phase) -> None:
    async with bench.complex():
        driver = bench.driver()
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(phases=(phase,)))
        assert refused.value.code == "chart_mismatch"


async def test_a_parameter_of_nothing_is_the_stations_own_setting(bench: Bench) -> None:
    async with bench.complex(speed=200):
        driver = bench.driver()
        await driver.submit(order(phases=(Phase(2, 2, 0, 60, 90, after=()),)))
        await until_job(driver, JobState.READY)


async def test_the_complex_of_a_file_is_what_the_robot_tells(bench: Bench) -> None:
    text = demo_file().read_text("utf-8")
    file = bench.folder / "complex.toml"
    file.write_text(text.replace("slots = 8", "slots = 3").replace('id = "fryer"', 'id = "fryer"\nout = true'), "utf-8")
    async with bench.complex(rules=RobotRules(description=file)):
        driver = bench.driver()
        health = await driver.health()
        assert (health.slots, health.stations) == (3, 7)
        assert 3 not in {row.station for row in await driver.stations()}
        for job in range(3):
            await driver.submit(order(70001 + job))
        with pytest.raises(DeviceRefused) as refused:
            await driver.submit(order(70004))
        assert refused.value.code == "full"
