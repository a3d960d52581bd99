"""Where a Shtrih-M model keeps its settings: told by F7h, known by its model, or the usual place."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import DeviceError
from drivers.fiscal.shtrih.answers import Capabilities
from drivers.fiscal.shtrih.frames import Answer, Decoder, Frame, code_name, code_of, encode
from drivers.fiscal.shtrih.layout import Layout, layout_of
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.sim.shtrih.models import MODELS
from tests.drivers.shtrih_rig import Rig, receipt, rig

# The vendor's test vectors of F7h, behind code and error: a mobile model; one that ends before the numbers of tables.
MOBILE = bytes.fromhex("0800C0F73F080000 0000010C0A0000 00000000 1E000000 0006FF0028000000 0D0E100A1D")
SHORT = bytes.fromhex("5AA04003000C0000 0C18010C100000 00000000 1E000000 0006FF004040B603")


def codes(heard: bytes) -> list[str]:
    return [code_name(code_of(event.payload)) for event in Decoder().feed(heard) if isinstance(event, Frame)]


def test_the_vendors_vectors_tell_tables_and_the_place_of_the_format() -> None:
    told = Capabilities.parse(MOBILE)
    assert (told.drive_table, told.ofd_table, told.ffd_place) == (13, 14, (10, 29))
    assert told.near_end is False
    assert told.encode() == MOBILE
    short = Capabilities.parse(SHORT)
    assert (short.drive_table, short.ofd_table, short.ffd_place) == (None, None, None)
    assert short.near_end is True


def test_what_is_not_told_is_known_by_the_model_and_else_the_usual() -> None:
    assert layout_of(None, None) == Layout()
    mobile = layout_of(Capabilities.parse(MOBILE), 19)
    assert (mobile.drive_table, mobile.ofd_table, mobile.network_table) == (13, 14, None)
    assert mobile.ffd_places[0] == (10, 29)
    for model in (16, 20, 21, 45, 46):
        known = layout_of(Capabilities.parse(SHORT), model)
        assert known.ffd_places[:2] == ((10, 29), (10, 38))
        assert (known.drive_table, known.ofd_table) == (18, 19)
    assert layout_of(Capabilities.parse(SHORT), 250).ffd_places[0] == (17, 17)


@pytest.mark.parametrize("ffd", ["1.05", "1.1", "1.2"])
@pytest.mark.parametrize("model", sorted(MODELS))
async def test_each_model_tells_its_registration_and_where_documents_go(model: str, ffd: str) -> None:
    async with rig(model=model, ffd=ffd) as (bench, registrar):
        told = await registrar.registration()
        assert (told.ffd, told.inn, told.registration_number) == (ffd, "7700000000", "0000000001012345")
        assert (told.automatic, told.internet, told.taxes_left_out) == (True, True, None)
        assert told.place == "Киоск самообслуживания"
        way = await registrar.ofd.settings()
        assert (way.address, way.port) == ("connect.ofd.example", 7779)
        assert way.by_host is (None if model == "mobile-f" else False if not model.startswith("mobile") else None)
        await sell(bench, registrar)
        assert len(bench.receipts()) == 1


async def sell(bench: Rig, registrar: ShtrihRegistrar, order: str = "o1") -> None:
    asked = receipt(order)
    await registrar.print_receipt(asked, bench.intent(asked, await registrar.counter()))


async def test_a_register_is_asked_once_for_each_opening_of_the_line() -> None:
    async with rig() as (bench, registrar):
        for _ in range(3):
            await registrar.registration()
            await registrar.ofd.settings()
            await registrar.status()
        await sell(bench, registrar)
        assert codes(bytes(bench.wire.heard)).count("F7") == 1
        assert codes(bytes(bench.wire.heard)).count("FC") == 1
        bench.wire.transport.close()
        await asyncio.wait_for(_reopened(bench, registrar), 40)
        assert codes(bytes(bench.wire.heard)).count("F7") == 1


async def _reopened(bench: Rig, registrar: ShtrihRegistrar) -> None:
    lines = len(bench.wires)
    while len(bench.wires) == lines:
        try:
            await registrar.registration()
        except DeviceError:
            continue
    await registrar.registration()


async def test_a_register_that_is_exchanged_is_asked_anew() -> None:
    async with rig(model="nano-f") as (bench, registrar):
        assert (await registrar.registration()).ffd == "1.2"
        bench.options["model"] = "mobile-f"
        bench.restart()
        bench.wire.transport.close()
        await asyncio.wait_for(_reopened(bench, registrar), 40)
        assert (await registrar.registration()).registration_number == "0000000001012345"
        assert (await registrar.ofd.settings()).by_host is None


async def test_the_field_of_taxes_is_the_one_the_model_tells() -> None:
    async with rig(model="mobile-f") as (bench, registrar):
        bench.device.register.tables.write(1, 1, 14, b"\1")  # means something else there
        assert (await registrar.registration()).taxes_left_out is None
        bench.device.register.tables.write(1, 1, 6, b"\1")
        assert (await registrar.registration()).taxes_left_out == "table 1 field 6 = 1"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["F7", "FC"]))
def test_whatever_is_answered_about_the_model_only_the_drivers_errors_come_of_it(answer: bytes, code: str) -> None:
    async def run() -> None:
        async with rig(shift=False) as (bench, registrar):
            await registrar.status()

            def other(data: bytes) -> bytes:
                frames = [event for event in Decoder().feed(data[1:]) if isinstance(event, Frame)]
                if not frames or frames[0].payload[0] != int(code, 16):
                    return data
                return data[:1] + encode(Answer(int(code, 16), 0, answer).encode())

            bench.wire.to_host = other
            for question in (registrar.registration, registrar.ofd.settings, registrar.status):
                try:
                    await question()
                except DeviceError as error:
                    assert error.code == "no_answer"  # noqa: PT017 - nothing else may come of it
                    assert len(answer) < (8 if code == "F7" else 6)

    asyncio.run(run())
