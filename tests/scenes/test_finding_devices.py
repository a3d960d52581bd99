"""`kiosk check --find`: an installer plugs a register in and is told what to write into the settings."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.atol.device import atol
from drivers.sim.robot.device import robot
from drivers.sim.shtrih.device import shtrih
from kiosk.wiring.finding import Found, find
from tests.drivers.network import adapter
from tests.restaurant import short_folder

Device = Callable[..., AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def at(link: Path, device: Device, **options: Any) -> AsyncIterator[Path]:
    state = link.with_suffix(".state"), link.with_suffix(".ledger")
    async with device(link, state=state[0], ledger=state[1], seed=7, **options) as found:
        yield found


def wrote(ledger: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []


@pytest.mark.parametrize(("device", "driver"), [(shtrih, "shtrih"), (atol, "atol")])
async def test_0_register_is_found_and_nothing_is_printed_or_registered(device: Device, driver: str) -> None:
    link = short_folder() / "tty"
    async with at(link, device):
        before = wrote(link.with_suffix(".ledger"))
        searched = await find([str(link)], 30)
        (found,) = searched.found
        assert (found.driver, found.port, found.baudrate) == (driver, str(link), 115200)
        assert len(found.drive_number) == 16
        assert wrote(link.with_suffix(".ledger")) == before
        section = tomllib.loads(found.section())["fiscal"]
        assert section["driver"] == driver
        assert section["port"] == str(link)


async def test_0_register_behind_the_network_is_found_without_a_rate() -> None:
    link = short_folder() / "tty"
    async with at(link, shtrih), adapter(link) as port:
        (found,) = (await find([port], 30)).found
        assert (found.driver, found.port, found.baudrate, found.protocol) == ("shtrih", port, 0, 1)


async def test_0_what_is_no_register_is_told_and_goes_on_working() -> None:
    link = short_folder() / "tty"
    async with at(link, robot, speed=1.0) as complex_:
        searched = await find([str(link), str(link.with_name("none")), "tcp://127.0.0.1:9"], 30)
        assert searched.found == []
        said = list(searched.ports.values())
        assert said == ["no register answers", "port_missing", "port_missing"]
        assert complex_ is not None


async def test_0_wrong_password_is_a_register_that_says_so() -> None:
    link = short_folder() / "tty"
    async with at(link, shtrih):
        (found,) = (await find([str(link)], 12345)).found
        assert isinstance(found, Found)
        assert found.driver == "shtrih"
        assert found.says or found.drive_number
