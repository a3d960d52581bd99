"""Protocol 2 of a Shtrih-M registrar: framing, a day over it, and one document whatever gets lost."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.fiscal.port import Operation
from drivers.fiscal.shtrih.frames2 import Broken, Decoder, Event, Numbered, Sync, crc16, encode, encode_sync
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from tests.drivers.bad_lines import WAYS, Cut, Flip, harmed, length_of
from tests.drivers.shtrih_rig import FAST, Rig, receipt, rig

SAMPLES = 8


@asynccontextmanager
async def numbered(**device: Any) -> AsyncIterator[tuple[Rig, ShtrihRegistrar]]:
    timeouts = replace(FAST, command_s=0.08, enquiry_s=0.05, enquiry_total_s=0.2)
    async with rig(shift=False, **device) as (bench, _):
        registrar = bench.driver(protocol=2, timeouts=timeouts)
        await registrar.open_shift()
        yield bench, registrar
        await registrar.close()


def test_the_checksum_is_the_known_one() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert encode_sync() == bytes((0x8F, 0, 0)) + crc16(bytes(2)).to_bytes(2, "little")


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=255)), max_size=5), st.integers(1, 50))
def test_frames_come_out_as_they_went_in(sent: list[tuple[int, bytes]], piece: int) -> None:
    wire = b"".join(encode(number, payload) for number, payload in sent) + encode_sync()
    decoder, events = Decoder(), list[Event]()
    for at in range(0, len(wire), piece):
        events += decoder.feed(wire[at : at + piece])
    assert events == [*(Numbered(number, payload) for number, payload in sent), Sync()]


@given(st.binary(max_size=600))
def test_any_bytes_leave_a_decoder_that_reads_the_next_frame(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    assert decoder.feed(encode(7, b"\x10\x00"))[-1] == Numbered(7, b"\x10\x00")


@given(st.binary(min_size=1, max_size=40), st.integers(0, 400), st.integers(0, 7))
def test_a_flipped_bit_never_passes(payload: bytes, at: int, bit: int) -> None:
    wire = bytearray(encode(7, payload))
    wire[at % len(wire)] ^= 1 << bit
    events = Decoder().feed(bytes(wire))
    assert Numbered(7, payload) not in events
    assert all(isinstance(event, Broken) for event in events)


async def test_a_day_is_lived_over_numbered_frames() -> None:
    async with numbered() as (bench, registrar):
        assert (await registrar.status()).why_not() is None
        sold = await registrar.print_receipt(receipt("o1"), bench.intent(receipt("o1"), await registrar.counter()))
        refund = receipt("o2", operation=Operation.REFUND)
        await registrar.print_receipt(refund, bench.intent(refund, await registrar.counter()))
        assert (await registrar.totals()).sales.count == 1
        await registrar.x_report()
        assert (await registrar.close_shift()).document_number == sold.number + 2
        assert bytes((0x05,)) not in bench.wire.heard[:1]


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("code", ["FF45", "FF46", "FF0C", "FF0A"])
async def test_a_lost_answer_is_settled_by_the_drive(code: str, forget: bool) -> None:
    async with numbered() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("lose_answer", after=code, forget=forget)
        try:
            document = await registrar.print_receipt(receipt(), intent)
        except DeviceRefused:
            assert bench.receipts() == []
            document = await registrar.print_receipt(receipt(), intent)
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


async def test_a_device_that_is_off_is_unreachable_and_comes_back_with_another_number() -> None:
    async with numbered() as (bench, registrar):
        bench.fault("off")
        with pytest.raises(DeviceUnreachable):
            await registrar.status()
        bench.fault("off", on=False)
        assert (await registrar.status()).why_not() is None


@pytest.mark.parametrize("way", WAYS)
async def test_some_cut_or_flipped_bit_leaves_one_document(way: str) -> None:
    whole, rng = await length_of(numbered, way), random.Random(way)
    for left in rng.sample(range(1, whole + 1), SAMPLES):
        async with numbered() as (bench, registrar):
            await harmed(bench, registrar, way, Cut(bench, left))
    for bit in rng.sample(range(8 * whole), SAMPLES):
        async with numbered() as (bench, registrar):
            await harmed(bench, registrar, way, Flip(bit))


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
async def test_every_flipped_bit_leaves_one_document(way: str) -> None:
    for bit in range(8 * await length_of(numbered, way)):
        async with numbered() as (bench, registrar):
            await harmed(bench, registrar, way, Flip(bit))
