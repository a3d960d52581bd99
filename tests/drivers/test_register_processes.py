"""The drivers of registers against simulators that are processes: real pseudo-terminals, faults by control, kill -9."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drivers.errors import DeviceError, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.atol.registrar import AtolRegistrar
from drivers.fiscal.atol_web.registrar import AtolWebRegistrar
from drivers.fiscal.port import FiscalDocument, FiscalIntent, Receipt
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.session import ShtrihSession
from drivers.link import open_serial
from drivers.sim.embedded import EmbeddedSimulators
from drivers.sim.endpoints import Wanted
from tests import folders
from tests.drivers import atol_rig, atol_web_rig
from tests.drivers.register_stand import TIMEOUTS, Stand
from tests.drivers.shtrih_rig import receipt
from tests.restaurant import until

SERIAL = replace(atol_rig.FAST, reply_s=0.3, silence_s=1.0, poll_s=0.3)
Registrar = ShtrihRegistrar | AtolRegistrar | AtolWebRegistrar


@pytest.fixture(params=["shtrih", "atol", "atol-web"])
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    folder = folders.new()
    stand = Stand(folder, request.param)
    stand.start()
    yield stand
    stand.close()
    shutil.rmtree(folder)


def driver(stand: Stand) -> Registrar:
    if stand.device == "shtrih":
        session = ShtrihSession(open_link=open_serial, port=stand.port, baudrate=115200, timeouts=TIMEOUTS)
        return ShtrihRegistrar(session)
    if stand.device == "atol-web":
        return AtolWebRegistrar(url=stand.url, timeouts=atol_web_rig.FAST)
    return AtolRegistrar(open_link=open_serial, port=stand.port, baudrate=115200, timeouts=SERIAL)


@pytest.fixture
async def registrar(stand: Stand) -> AsyncIterator[Registrar]:
    found = driver(stand)
    await found.open_shift()
    yield found
    await found.close()


async def intent_of(registrar: Registrar, wanted: Receipt) -> FiscalIntent:
    counter = await registrar.counter()
    return FiscalIntent(counter, wanted.operation, wanted.order_id, wanted.total_kopecks, datetime.now(UTC))


async def sell(registrar: Registrar, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, await intent_of(registrar, wanted))


async def test_faults_are_switched_through_the_control_socket(stand: Stand, registrar: Registrar) -> None:
    assert stand.control(fault="cover_open") == {"ok": True}
    assert (await registrar.status()).blocked == "cover_open"
    assert stand.control(state=True)["faults"] == {"cover_open": {}}
    assert stand.control(fault="cover_open", on=False) == {"ok": True}
    assert stand.control(fault="slow")["ok"] is False  # of how many seconds?
    assert stand.control(fault="jam")["ok"] is False
    assert (await sell(registrar, receipt())).number == 3


async def test_a_way_that_is_cut_is_unreachable_and_works_when_it_is_back(stand: Stand, registrar: Registrar) -> None:
    fault = "down" if isinstance(registrar, AtolWebRegistrar) else "link_lost"
    stand.control(fault=fault)
    for _ in range(2):
        with pytest.raises(DeviceUnreachable):
            await registrar.status()
    stand.control(fault=fault, on=False)

    async def answers() -> bool:
        try:
            return bool(await registrar.status())
        except DeviceUnreachable:
            return False

    await until(answers)
    assert (await sell(registrar, receipt())).number == 3


async def test_a_register_switched_off_is_unreachable_and_works_when_it_is_on(
    stand: Stand, registrar: Registrar
) -> None:
    stand.control(fault="off")
    with pytest.raises(DeviceUnreachable, match="silent"):
        await registrar.status()
    stand.control(fault="off", on=False)
    assert (await registrar.status()).last_document == 2


@pytest.mark.parametrize("kills", [2, pytest.param(16, marks=pytest.mark.long)])
@pytest.mark.parametrize("anew", [False, True])
async def test_a_simulator_killed_at_any_moment_registers_each_receipt_once(
    stand: Stand, registrar: Registrar, anew: bool, kills: int
) -> None:
    """The kill falls into the course of a receipt, later each time; after it the drive tells what happened."""
    claimed: dict[str, int] = {}
    for step in range(kills):
        wanted = receipt(f"kill-{step}")
        intent = await intent_of(registrar, wanted)
        printing = asyncio.create_task(registrar.print_receipt(wanted, intent))
        await asyncio.wait([printing], timeout=0.04 * (step + 0.5) / kills)
        stand.kill()
        document = None
        try:
            document = await printing
        except OutcomeUnknown:
            stand.start()
            if anew:
                other = driver(stand)
                document = await other.find_receipt(intent)
                await other.close()
            else:
                document = await registrar.find_receipt(intent)
        except DeviceError:
            stand.start()
            assert await registrar.find_receipt(intent) is None
        else:
            stand.start()
        if document is None:
            document = await registrar.print_receipt(wanted, intent)
        claimed[wanted.order_id] = document.number
    sold = [effect for effect in stand.effects() if effect["effect"] == "receipt"]
    assert {effect["order_id"]: effect["fiscal_document_number"] for effect in sold} == claimed
    assert len(sold) == len(claimed) == kills


@pytest.mark.parametrize("device", ["atol", "atol-web"])
async def test_the_form_inside_a_process_answers_the_same_driver(device: str) -> None:
    folder = folders.new()
    simulators = EmbeddedSimulators(Wanted(folder, bank=False, fiscal=True, robot=False, fiscal_driver=device))
    try:
        endpoints = simulators.start()
        found: Registrar
        if device == "atol":
            found = AtolRegistrar(open_link=open_serial, port=endpoints.fiscal_port, baudrate=115200, timeouts=SERIAL)
        else:
            found = AtolWebRegistrar(url=endpoints.fiscal_url, timeouts=atol_web_rig.FAST)
        await found.open_shift()
        assert (await sell(found, receipt())).number == 3
        await found.close()
    finally:
        simulators.stop()
        shutil.rmtree(folder)
