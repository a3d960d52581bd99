"""The card reader as a process of its own, as the command line starts it: it is killed and remembers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.errors import OutcomeUnknown
from drivers.link import open_line
from drivers.terminal.port import Sale
from drivers.terminal.vtk.reader import VtkReader
from tests.drivers.register_stand import Stand
from tests.drivers.vtk_rig import TIMINGS
from tests.restaurant import short_folder


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    folder = short_folder()
    found = Stand(folder, "vtk", "--speed", "50")
    found.start()
    yield found
    found.close()
    shutil.rmtree(folder)


def effects(stand: Stand) -> list[tuple[Any, ...]]:
    return [(row["device"], row["effect"], row["operation"]) for row in stand.effects()]


async def test_a_reader_that_was_killed_with_an_approval_in_it_takes_the_money_once(stand: Stand) -> None:
    driver = VtkReader(open_line, stand.port, timings=TIMINGS)
    numbers = await driver.prepare()
    sale = Sale(numbers.operation, 9000)
    assert (await driver.sell(sale)).approved_kopecks == 9000
    stand.kill()
    with pytest.raises(OutcomeUnknown):
        await driver.finish(sale.operation, 9000)
    stand.start()
    found = await driver.find(sale, numbers.before)
    assert found is not None
    assert found.approved_kopecks == 9000
    assert await driver.finish(sale.operation, 9000) == 9000
    assert effects(stand) == [("vtk", "held", 1), ("vtk", "captured", 1)]
    await driver.close()


async def test_faults_come_by_the_control_socket_and_bad_ones_are_refused(stand: Stand) -> None:
    assert stand.control(fault="power_cut", at="never") == {
        "ok": False,
        "error": "fault 'power_cut': at is one of before_bank, after_bank, after_store",
    }
    assert not stand.control(fault="partial", kopecks="much")["ok"]
    assert stand.control(fault="nobody_taps") == {"ok": True}
    told = stand.control(state=True)
    assert (told["state"]["operation"], told["faults"]) == (0, {"nobody_taps": {}})
    assert stand.control(fault="tap") == {"ok": True}
    assert "tap" not in stand.control(state=True)["faults"]
