"""A line cut at each byte of a receipt, each bit of it flipped, power gone at each packet: one document or a proof of
none, on every line; a flipped bit of HTTP never passes TCP's checksum."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from drivers.fiscal.atol.registrar import AtolTimeouts
from drivers.fiscal.port import OrderTag
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from tests.drivers.atol_rig import FAST as ATOL
from tests.drivers.atol_rig import atol_rig
from tests.drivers.atol_web_rig import FAST as WEB
from tests.drivers.atol_web_rig import wired_rig
from tests.drivers.contract.harm import WAYS, Cut, Flip, Killed, Line, PowerCut, harmed, length_of
from tests.drivers.contract.lines import LINES, SERIAL
from tests.drivers.shtrih_rig import FAST as SHTRIH
from tests.drivers.shtrih_rig import LineRig, rig

_SHTRIH = replace(SHTRIH, byte_s=0.025, ack_s=0.06, enquiry_s=0.05, enquiry_total_s=0.2, command_s=0.1)
_ATOL = replace(ATOL, reply_s=0.03, silence_s=0.25, poll_s=0.03, reopen_s=0.01)
_SURVIVOR = replace(_ATOL, reply_s=0.05, silence_s=1.5, command_s=3.0)  # of a line cut for longer, or of a dead process
_WEB = replace(WEB, again_s=0.03)  # longer than the line is gone
SAMPLES = 8
PARTS = 4  # of a long sweep
LENGTHS: dict[str, int] = {}


@asynccontextmanager
async def patient(
    made: AbstractAsyncContextManager[tuple[LineRig, Any]], timeouts: Any
) -> AsyncIterator[tuple[LineRig, Any]]:
    """The shift is opened by a driver that a busy machine does not hurry."""
    async with made as (bench, registrar):
        opener = bench.driver(timeouts=timeouts)
        await opener.open_shift()
        await opener.close()
        yield bench, registrar


def line(name: str, tag: OrderTag = OrderTag.TAG_1192, *, survives: bool = False) -> Line:
    if name == "atol-web":
        return lambda: wired_rig(timeouts=_WEB, order_tag=tag)
    if name == "atol":
        waits = _SURVIVOR if survives else _ATOL
        return lambda: patient(atol_rig(timeouts=waits, shift=False, order_tag=tag), AtolTimeouts())
    if name not in ("shtrih 1", "shtrih 2"):
        raise KeyError(name)
    options: dict[str, Any] = {"timeouts": _SHTRIH, "byte_s": 0.01, "shift": False, "order_tag": tag}
    protocol: Mapping[str, Any] = MappingProxyType({"protocol": 2} if name == "shtrih 2" else {})
    return lambda: patient(rig(**options, **protocol), ShtrihTimeouts())


async def length(name: str, way: str) -> int:
    key = f"{name} {way}"
    if key not in LENGTHS:
        LENGTHS[key] = await length_of(line(name), way)
    return LENGTHS[key]


async def cut_at(name: str, way: str, left: int, *, dies: bool, tag: OrderTag = OrderTag.TAG_1192) -> None:
    async with line(name, tag, survives=dies)() as (bench, registrar):
        await harmed(bench, registrar, way, Cut(bench, left), dies=dies)


async def flipped(name: str, way: str, bit: int) -> None:
    async with line(name)() as (bench, registrar):
        await harmed(bench, registrar, way, Flip(bit))


@pytest.mark.parametrize("dies", [False, True], ids=["the line", "the process"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LINES)
async def test_a_cut_at_some_byte_leaves_one_document(name: str, way: str, dies: bool) -> None:
    whole = await length(name, way)
    chosen = random.Random(f"{name}{way}{dies}").sample(range(1, whole + 1), SAMPLES)
    # The last tenth holds the close and its proof.
    for left in (*chosen, *range(whole - 40, whole + 1, 10)):
        await cut_at(name, way, left, dies=dies)


@pytest.mark.parametrize("name", LINES)
async def test_a_cut_around_the_close_is_settled_without_a_tag_too(name: str) -> None:
    whole = await length(name, "to_host")
    for left in range(whole - 60, whole + 1, 12):
        await cut_at(name, "to_host", left, dies=True, tag=OrderTag.NONE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SERIAL)
async def test_some_flipped_bit_leaves_one_document(name: str, way: str) -> None:
    whole = await length(name, way)
    for bit in random.Random(name + way).sample(range(8 * whole), 2 * SAMPLES):
        await flipped(name, way, bit)


@pytest.mark.parametrize("executed", [False, True], ids=["not heard", "carried out"])
@pytest.mark.parametrize("name", SERIAL)
async def test_power_that_goes_at_any_packet_leaves_one_document(name: str, executed: bool) -> None:
    """The register comes back with the memory it has without power."""
    packet, struck = 0, True
    while struck:
        packet += 1
        async with line(name, survives=True)() as (bench, registrar):
            cut = PowerCut(bench, packet, executed=executed)
            await harmed(bench, registrar, "to_device", cut)
            struck = cut.struck.is_set()
    assert packet > 8


@pytest.mark.parametrize("sent", [False, True], ids=["not sent", "sent"])
@pytest.mark.parametrize("name", SERIAL)
async def test_a_host_killed_at_any_frame_leaves_one_document(name: str, sent: bool) -> None:
    """Another process then asks the register, whose answers and numbers of frames go on where they were."""
    packet, struck = 0, True
    while struck:
        packet += 1
        async with line(name, survives=True)() as (bench, registrar):
            killed = Killed(packet, sent=sent)
            await harmed(bench, registrar, "to_device", killed, dies=True)
            struck = killed.struck.is_set()
    assert packet > 8


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("dies", [False, True], ids=["the line", "the process"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LINES)
async def test_a_cut_at_every_byte_leaves_one_document(name: str, way: str, dies: bool, part: int) -> None:
    for left in range(1 + part, await length(name, way) + 1, PARTS):
        await cut_at(name, way, left, dies=dies)


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SERIAL)
async def test_every_flipped_bit_leaves_one_document(name: str, way: str) -> None:
    for bit in range(8 * await length(name, way)):
        await flipped(name, way, bit)
