"""The driver and the simulated registrar over a real pseudo-terminal: speed, faults by control, kill -9."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.errors import DeviceError, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.port import FiscalDocument, FiscalIntent, Receipt
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.link import open_serial
from tests.drivers.shtrih_rig import FAST, receipt
from tests.drivers.shtrih_stand import Stand

TIMEOUTS = replace(FAST, byte_s=0.06, ack_s=0.5, enquiry_s=0.3, enquiry_total_s=1.0, command_s=1.0)


@pytest.fixture
def stand() -> Iterator[Stand]:
    folder = Path(tempfile.mkdtemp(prefix="k", dir="/tmp"))
    stand = Stand(folder)
    stand.start()
    yield stand
    stand.kill()
    shutil.rmtree(folder)


@pytest.fixture
async def registrar(stand: Stand) -> AsyncIterator[ShtrihRegistrar]:
    driver = ShtrihRegistrar(open_link=open_serial, port=stand.port, baudrate=115200, timeouts=TIMEOUTS)
    await driver.open_shift()
    yield driver
    await driver.close()


async def intent_of(registrar: ShtrihRegistrar, wanted: Receipt) -> FiscalIntent:
    counter = await registrar.counter()
    return FiscalIntent(counter, wanted.operation, wanted.order_id, wanted.total_kopecks, datetime.now(UTC))


async def sell(registrar: ShtrihRegistrar, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, await intent_of(registrar, wanted))


async def test_faults_are_switched_through_the_control_socket(stand: Stand, registrar: ShtrihRegistrar) -> None:
    assert stand.control(fault="cover_open") == {"ok": True}
    assert (await registrar.status()).blocked == "cover_open"
    assert stand.control(state=True)["faults"] == {"cover_open": {}}
    assert stand.control(fault="cover_open", on=False) == {"ok": True}
    assert stand.control(fault="noise")["ok"] is False
    assert stand.control(fault="jam")["ok"] is False
    assert (await sell(registrar, receipt())).number == 3


async def test_a_pulled_cable_is_unreachable_and_works_when_it_is_back(
    stand: Stand, registrar: ShtrihRegistrar
) -> None:
    stand.control(fault="link_lost")
    for _ in range(2):
        with pytest.raises(DeviceUnreachable):
            await registrar.status()
    stand.control(fault="link_lost", on=False)
    assert (await sell(registrar, receipt())).number == 3


async def test_a_simulator_killed_at_any_moment_registers_each_receipt_once(
    stand: Stand, registrar: ShtrihRegistrar
) -> None:
    """The kill falls into the course of a receipt, later each time; after it the drive tells what happened."""
    claimed: dict[str, int] = {}
    for step in range(6):
        wanted = receipt(f"kill-{step}")
        intent = await intent_of(registrar, wanted)
        printing = asyncio.create_task(registrar.print_receipt(wanted, intent))
        await asyncio.wait([printing], timeout=0.0015 * step)
        stand.kill()
        document = None
        try:
            document = await printing
        except OutcomeUnknown:
            stand.start()
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
    assert len(sold) == len(claimed) == 6
    assert (await registrar.counter()).last_document == 2 + 6
