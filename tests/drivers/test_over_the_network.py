"""`port = "tcp://host:port"`: the same devices behind a network, with the noise that such lines make."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import DeviceUnreachable
from drivers.fiscal.atol.registrar import AtolRegistrar
from drivers.fiscal.port import FiscalIntent, FiscalOffice
from drivers.fiscal.shtrih.frames import ACK
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.session import Protocol, ShtrihSession
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import open_line, open_tcp
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import ComplexState
from drivers.sim.atol.device import atol
from drivers.sim.robot.device import robot
from drivers.sim.shtrih.device import shtrih
from tests.clocks import START
from tests.drivers.network import adapter
from tests.drivers.robot_bench import RULES
from tests.drivers.shtrih_rig import receipt
from tests.restaurant import Files, short_folder


def noisy(data: bytes) -> bytes:
    """FF follows each ACK."""
    return data + b"\xff" if data == bytes((ACK,)) else data


async def sold(registrar: FiscalOffice) -> int:
    await registrar.open_shift()
    wanted = receipt("o-1")
    intent = FiscalIntent(await registrar.counter(), wanted.operation, "o-1", wanted.total_kopecks, START)
    document = await registrar.print_receipt(wanted, intent)
    assert await registrar.find_receipt(intent) == document
    assert (await registrar.status()).shift_open
    return document.number


def files(folder: Path) -> Files:
    return Files(state=folder / "state", ledger=folder / "ledger")


@pytest.mark.parametrize("protocol", [1, 2])
async def test_3_4_shtrih_sells_over_the_network_whose_line_adds_ff_after_ack(protocol: int) -> None:
    folder = short_folder()
    async with shtrih(folder / "tty", **files(folder), seed=7), adapter(folder / "tty", noisy) as port:
        timeouts = ShtrihTimeouts.on(port)
        assert timeouts.byte_s > ShtrihTimeouts().byte_s
        told: Protocol = 2 if protocol == 2 else 1
        session = ShtrihSession(open_link=open_line, port=port, baudrate=115200, timeouts=timeouts, protocol=told)
        registrar = ShtrihRegistrar(session)
        assert await sold(registrar) == 3
        await registrar.close()


async def test_3_4_atol_sells_over_the_network() -> None:
    folder = short_folder()
    async with atol(folder / "tty", **files(folder), seed=7), adapter(folder / "tty") as port:
        registrar = AtolRegistrar(open_link=open_line, port=port, baudrate=115200)
        assert await sold(registrar) == 3
        await registrar.close()


async def test_4_robot_is_read_over_the_network() -> None:
    folder = short_folder()
    async with robot(folder / "tty", **files(folder), seed=7, rules=RULES), adapter(folder / "tty") as port:
        driver = ModbusComplex(port=port)
        assert (await driver.health()).state is ComplexState.EXECUTE
        assert len(await driver.bins()) > 0
        await driver.close()


async def test_a_host_that_is_not_there_is_a_missing_port() -> None:
    with pytest.raises(DeviceUnreachable) as missing:
        await open_tcp("tcp://127.0.0.1:9")
    assert missing.value.code == "port_missing"
    with pytest.raises(DeviceUnreachable) as missing:
        await ModbusComplex(port="tcp://127.0.0.1:9").health()
    assert missing.value.code == "port_missing"


async def test_a_line_that_is_cut_is_opened_anew() -> None:
    folder = short_folder()
    async with shtrih(folder / "tty", **files(folder), seed=7):
        registrar = None
        async with adapter(folder / "tty") as port:
            registrar = ShtrihRegistrar(ShtrihSession(open_link=open_line, port=port, baudrate=115200))
            await registrar.open_shift()
        with pytest.raises(DeviceUnreachable):
            await registrar.status()
        await registrar.close()
