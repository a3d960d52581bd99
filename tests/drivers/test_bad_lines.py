"""A line cut at each byte of a receipt, and each bit of it flipped: one document or a proof of none, on both wires."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from drivers.fiscal.atol.registrar import AtolTimeouts
from drivers.fiscal.shtrih.registrar import ShtrihTimeouts
from tests.drivers import atol_rig as atol
from tests.drivers import shtrih_rig as shtrih
from tests.drivers.bad_lines import WAYS, Bench, Cut, Flip, harmed, length_of

SHTRIH = replace(shtrih.FAST, byte_s=0.025, ack_s=0.06, enquiry_s=0.05, enquiry_total_s=0.2, command_s=0.1)
ATOL = replace(atol.FAST, reply_s=0.03, silence_s=0.25, poll_s=0.03, reopen_s=0.01)


@asynccontextmanager
async def patient(
    rig: AbstractAsyncContextManager[tuple[shtrih.Rig, Any]], timeouts: Any
) -> AsyncIterator[tuple[shtrih.Rig, Any]]:
    """The shift is opened by a driver that a busy machine does not hurry."""
    async with rig as (bench, registrar):
        opener = bench.driver(timeouts=timeouts)
        await opener.open_shift()
        await opener.close()
        yield bench, registrar


BENCHES: dict[str, Bench] = {
    "shtrih": lambda: patient(shtrih.rig(timeouts=SHTRIH, byte_s=0.01, shift=False), ShtrihTimeouts()),
    "atol": lambda: patient(atol.atol_rig(timeouts=ATOL, shift=False), AtolTimeouts()),
}
SAMPLES = 8


async def cut_at(wire: str, way: str, left: int) -> None:
    async with BENCHES[wire]() as (bench, registrar):
        await harmed(bench, registrar, way, Cut(bench, left))


async def flipped(wire: str, way: str, bit: int) -> None:
    async with BENCHES[wire]() as (bench, registrar):
        await harmed(bench, registrar, way, Flip(bit))


@pytest.mark.parametrize("way", WAYS)
async def test_a_shtrih_line_cut_at_some_byte_leaves_one_document(way: str) -> None:
    whole = await length_of(BENCHES["shtrih"], way)
    for left in random.Random(way).sample(range(1, whole + 1), SAMPLES):
        await cut_at("shtrih", way, left)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", sorted(BENCHES))
async def test_some_flipped_bit_leaves_one_document(wire: str, way: str) -> None:
    whole = await length_of(BENCHES[wire], way)
    for bit in random.Random(wire + way).sample(range(8 * whole), 2 * SAMPLES):
        await flipped(wire, way, bit)


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
async def test_a_shtrih_line_cut_at_every_byte_leaves_one_document(way: str) -> None:
    for left in range(1, await length_of(BENCHES["shtrih"], way) + 1):
        await cut_at("shtrih", way, left)


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", sorted(BENCHES))
async def test_every_flipped_bit_leaves_one_document(wire: str, way: str) -> None:
    for bit in range(8 * await length_of(BENCHES[wire], way)):
        await flipped(wire, way, bit)
