"""Answers that some firmware gives and no document explains: what only informs stops no sale, no wait is endless."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceRefused, ForeignState
from drivers.fiscal.port import Vat
from drivers.fiscal.shtrih.frames import encode
from drivers.fiscal.shtrih.session import MODE_DATA
from tests.drivers.shtrih_rig import Rig, receipt, rig

_MODE = 5  # of the answer to 10h: code, error, operator, two bytes of flags, mode


def answering(bench: Rig, answers: dict[bytes, bytes]) -> None:
    """These commands get these answers; the rest is the device's own."""

    def change(data: bytes) -> bytes:
        found = next((code for code in answers if data[:1] == b"\x02" and data[2 : 2 + len(code)] == code), None)
        return data if found is None else encode(found + answers[found])

    bench.wire.to_host = change


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (b"\xff\x3c", b"\0" + bytes(5 + 18 + 4)),  # a ticket without a time
        (b"\xff\x03", b"\0" + bytes(5)),  # a drive without an end
        (b"\xff\x03", b"\0" + b"\xff" * 5),
        (b"\xff\x03", b"\0"),
        (b"\xf7", b"\0"),
        (b"\xf7", b"\0\x1a\x20\0"),
        (b"\xff\x39", b"\0" + b"\1\0" + b"\1\0" + bytes(4) + bytes(5)),  # one unsent, the first is none
    ],
    ids=["ticket", "expiry", "expiry_filler", "expiry_left_out", "no_capabilities", "few_capabilities", "queue"],
)
async def test_3_4_what_only_informs_keeps_no_register_from_selling(code: bytes, answer: bytes) -> None:
    async with rig() as (bench, registrar):
        answering(bench, {code: answer})
        status = await registrar.status()
        assert status.why_not() is None
        assert code == b"\xf7" or None in (status.last_ticket_at, status.drive_valid_until)
        await registrar.registration()
        wanted = receipt()
        assert await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


async def test_3_4_full_state_with_a_byte_more_than_both_known_forms_is_read() -> None:
    async with rig() as (bench, registrar):
        bench.wire.to_host = lambda data: (
            encode(data[2:-1] + b"\0") if data[:1] == b"\x02" and data[2:4] == b"\x11\0" else data
        )
        assert (await registrar.status()).device_time is not None


async def test_3_4_rates_that_cannot_be_read_this_moment_are_read_later() -> None:
    async with rig() as (bench, registrar):
        answering(bench, {b"\x2d": b"\x2f"})
        with pytest.raises(DeviceRefused):
            await registrar.registration()
        bench.wire.to_host = bytes
        assert Vat.VAT_20 in (await registrar.registration()).vats


async def test_3_4_rates_of_the_register_before_are_not_those_of_the_next_one() -> None:
    async with rig() as (bench, registrar):
        assert Vat.VAT_5 in (await registrar.registration()).vats
        for wire in bench.wires:
            wire.transport.abort()
        await registrar.close()
        await registrar.status()
        answering(bench, {b"\x2d": b"\x5d"})  # an older one has no such table
        assert Vat.VAT_5 not in (await registrar.registration()).vats


async def test_3_4_register_that_never_ends_a_document_it_hands_out_is_not_waited_for() -> None:
    async with rig() as (bench, registrar):
        wanted = receipt()
        intent = bench.intent(wanted, await registrar.counter())

        def stuck(data: bytes) -> bytes:
            if data[2:4] == b"\xff\x3b":
                return encode(b"\xff\x3b\x08")
            if data[:1] == b"\x02" and data[2:4] == b"\x10\0":
                payload = bytearray(data[2:-1])
                payload[_MODE] = MODE_DATA
                return encode(bytes(payload))
            return data

        bench.wire.to_host = stuck
        with pytest.raises(DeviceRefused, match="wrong_mode"):
            await registrar.print_receipt(wanted, intent)


async def test_3_4_document_whose_requisites_make_no_sense_is_a_persons_to_judge() -> None:
    async with rig() as (bench, registrar):
        wanted = receipt()
        intent = bench.intent(wanted, await registrar.counter())
        await registrar.print_receipt(wanted, intent)
        pieces = iter((b"\0" + b"\x10\x04\xff\xff" + bytes(246), *[b"\x08"] * 9))

        def odd(data: bytes) -> bytes:
            return encode(b"\xff\x3b" + next(pieces)) if data[2:4] == b"\xff\x3b" else data

        bench.wire.to_host = odd
        with pytest.raises(ForeignState, match="unreadable_document"):
            await registrar.find_receipt(intent)
