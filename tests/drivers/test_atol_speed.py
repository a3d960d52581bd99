"""A receipt on ATOL's wire costs no more than it must, and a look at the state never stands in its way."""

from __future__ import annotations

import asyncio

import pytest

from drivers.fiscal.atol.frames import Decoder, Frame
from drivers.fiscal.atol.registrar import AtolTimeouts
from tests.bench.fiscal import ALLOWED, receipts
from tests.drivers.atol_rig import atol_rig, receipt
from tests.drivers.shtrih_rig import Tally

# Each task: ADD, its state and result, ACK, its reply.
TASKS, BYTES, TURNS = 19, 1100, 19 * 4
LINE = ("EA", "EB")
# What is counted is the wire, not how fast this machine is: nobody asks twice because the answer took a moment.
PATIENT = AtolTimeouts(reply_s=5.0, silence_s=20.0, poll_s=20.0, reopen_s=0.02, command_s=20.0, commands_s={})
RECEIPT = ("3F", "A4", "3F", "45", "91", "45", "92", "E8", "E8", *LINE, *LINE, *LINE, "99", "91", "4A", "91")


def codes(heard: bytes) -> list[str]:
    """Of the tasks that were added."""
    frames = [event for event in Decoder().feed(heard) if isinstance(event, Frame)]
    return [f"{frame.data[5]:02X}" for frame in frames if frame.data[0] == 0xC1]


async def test_a_receipt_of_three_lines_costs_as_many_tasks_as_it_must() -> None:
    async with atol_rig(timeouts=PATIENT) as (bench, registrar):
        await registrar.print_receipt(receipt("o1"), bench.intent(receipt("o1"), await registrar.counter()))
        intent = bench.intent(receipt("o2"), await registrar.counter())
        tally, before = Tally(bench), len(bench.wire.heard)
        await registrar.print_receipt(receipt("o2"), intent)
        assert codes(bytes(bench.wire.heard[before:])) == list(RECEIPT)
        assert tally.bytes_ <= BYTES
        assert tally.turns <= TURNS


async def test_a_look_holds_a_receipt_up_by_one_short_command_at_most() -> None:
    async with atol_rig(timeouts=PATIENT) as (bench, registrar):
        await registrar.print_receipt(receipt("o1"), bench.intent(receipt("o1"), await registrar.counter()))
        intent = bench.intent(receipt("o2"), await registrar.counter())
        before = len(bench.wire.heard)
        looking = asyncio.create_task(registrar.status())
        printing = asyncio.create_task(registrar.print_receipt(receipt("o2"), intent))
        again = asyncio.create_task(registrar.status())
        document, first, second = await asyncio.gather(printing, looking, again)
        heard = codes(bytes(bench.wire.heard[before:]))
        assert heard[0] == "3F"
        assert heard[1 : 1 + len(RECEIPT)] == list(RECEIPT)
        assert first.why_not() is None
        assert (second.last_document, second.document_open) == (document.number, False)


@pytest.mark.long
async def test_a_receipt_takes_what_line_and_device_need_and_little_more() -> None:
    assert (await receipts("atol")).ratio <= ALLOWED
