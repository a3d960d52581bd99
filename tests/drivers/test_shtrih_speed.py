"""A receipt on the wire costs no more than it must, and a look at the state never stands in its way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from drivers.fiscal.shtrih.frames import Decoder, Frame, code_name, code_of
from tests.bench.fiscal import ALLOWED, receipts
from tests.drivers.shtrih_rig import Tally, receipt, rig

# Each with ENQ, NAK, frame, ACK, answer, ACK.
RECEIPT = ("10", "FF01", "FF46", "FF46", "FF46", "FF0C", "FF45", "FF0A")
BYTES, TURNS = 456, len(RECEIPT) * 4


# A device at rest answers any FF with NAK, so a host may let one out behind its ACK at most (shtrih.md#line).
NOISE: dict[str, Callable[[bytes], bytes]] = {
    "to_device": lambda data: data + b"\xff" if data == b"\x06" else data,
    "to_host": lambda data: b"\xff" + data + b"\xff" if len(data) == 1 else data,
}


def codes(heard: bytes) -> list[str]:
    return [code_name(code_of(event.payload)) for event in Decoder().feed(heard) if isinstance(event, Frame)]


async def test_a_receipt_of_three_lines_costs_eight_exchanges() -> None:
    async with rig() as (bench, registrar):
        await registrar.print_receipt(receipt("o1"), bench.intent(receipt("o1"), await registrar.counter()))
        intent = bench.intent(receipt("o2"), await registrar.counter())
        tally, before = Tally(bench), len(bench.wire.heard)
        await registrar.print_receipt(receipt("o2"), intent)
        assert codes(bytes(bench.wire.heard[before:])) == list(RECEIPT)
        assert tally.bytes_ <= BYTES
        assert tally.turns <= TURNS


async def test_a_look_holds_a_receipt_up_by_one_short_command_at_most() -> None:
    async with rig() as (bench, registrar):
        await registrar.print_receipt(receipt("o1"), bench.intent(receipt("o1"), await registrar.counter()))
        await registrar.status()
        intent = bench.intent(receipt("o2"), await registrar.counter())
        before = len(bench.wire.heard)
        looking = asyncio.create_task(registrar.status())
        printing = asyncio.create_task(registrar.print_receipt(receipt("o2"), intent))
        again = asyncio.create_task(registrar.status())
        document, first, second = await asyncio.gather(printing, looking, again)
        heard = codes(bytes(bench.wire.heard[before:]))
        assert heard[0] == "10"
        assert heard[1 : 1 + len(RECEIPT)] == list(RECEIPT)
        assert first.why_not() is None
        assert (second.last_document, second.document_open) == (document.number, False)


@pytest.mark.parametrize("way", sorted(NOISE))
async def test_ff_around_every_control_byte_is_passed_over(way: str) -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        before = len(bench.wires)
        setattr(bench.wire, way, NOISE[way])
        await registrar.print_receipt(receipt(), intent)
        assert len(bench.receipts()) == 1
        assert len(bench.wires) == before


@pytest.mark.long
async def test_a_receipt_takes_what_line_and_device_need_and_little_more() -> None:
    assert (await receipts("shtrih")).ratio <= ALLOWED
