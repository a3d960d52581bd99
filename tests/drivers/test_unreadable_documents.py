"""A document in the drive that nobody can read is a matter for a person; the register that tells it is not away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.errors import ForeignState
from drivers.fiscal.atol.frames import Decoder, Frame
from drivers.fiscal.atol.frames import encode as atol_encode
from drivers.fiscal.fields import moment_bytes
from drivers.fiscal.port import FiscalRegistrar
from drivers.fiscal.shtrih.frames import encode
from tests.drivers.atol_rig import atol_rig
from tests.drivers.shtrih_rig import LineRig, receipt, rig

Change = Callable[[bytes], bytes]


def shtrih_answers(change: Change) -> Change:
    return lambda data: encode(change(data[2:-1])) if data[:1] == b"\x02" else data


def atol_answers(change: Change) -> Change:
    def changed(data: bytes) -> bytes:
        frames = [event for event in Decoder().feed(data) if isinstance(event, Frame)]
        return b"".join(atol_encode(frame.id, change(frame.data)) for frame in frames) or data

    return changed


async def without_its_moment(bench: LineRig, registrar: FiscalRegistrar, answers: Callable[[Change], Change]) -> None:
    wanted = receipt()
    intent = bench.intent(wanted, await registrar.counter())
    printed = await registrar.print_receipt(wanted, intent)
    moment = moment_bytes(printed.issued_at)
    bench.wire.to_host = answers(lambda told: told.replace(moment, bytes(len(moment))))
    assert (await registrar.status()).drive_number == printed.drive_number
    for asking in (registrar.read_document(printed.number), registrar.find_receipt(intent)):
        with pytest.raises(ForeignState, match="unreadable_document"):
            await asking
    assert len(bench.receipts()) == 1
    bench.wire.to_host = bytes
    assert await registrar.find_receipt(intent) == printed


async def test_3_4_document_of_a_shtrih_without_a_moment_is_a_persons_to_judge() -> None:
    async with rig() as (bench, registrar):
        await without_its_moment(bench, registrar, shtrih_answers)


async def test_3_4_document_of_an_atol_without_a_moment_is_a_persons_to_judge() -> None:
    async with atol_rig() as (bench, registrar):
        await without_its_moment(bench, registrar, atol_answers)
