"""Shifts of a Shtrih-M registrar: opened and closed once, expired after a day, proved by the drive."""

from __future__ import annotations

from datetime import timedelta

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable
from tests.drivers.shtrih_rig import receipt, rig


async def test_a_fresh_drive_holds_its_registration_alone() -> None:
    async with rig(shift=False) as (_, registrar):
        status = await registrar.status()
        assert (status.last_document, status.shift, status.shift_open) == (1, 0, False)
        assert status.why_not() == "shift_closed"


async def test_a_shift_ends_a_minute_before_its_day() -> None:
    async with rig() as (bench, registrar):
        bench.clock.forward(hours=23, minutes=59, seconds=30)  # table 17 field 8: one minute early
        assert (await registrar.status()).why_not() == "shift_over_24h"


async def test_a_shift_that_expires_in_mid_receipt_refuses_and_leaves_nothing_open() -> None:
    async with rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())

        def late(data: bytes) -> bytes:
            if data[2:4] == b"\xff\x45":
                bench.clock.forward(hours=24)
            return data

        bench.wire.to_device = late
        with pytest.raises(DeviceRefused, match="shift_over_24h"):
            await registrar.print_receipt(receipt(), intent)
        assert bench.device.register.receipt is None
        assert bench.receipts() == []


async def test_the_queue_for_the_tax_operator_shows_and_empties() -> None:
    async with rig(ofd_delay_s=60.0) as (bench, registrar):
        waiting = await registrar.status()
        assert waiting.unsent_documents == 2
        assert waiting.first_unsent_at is not None
        assert waiting.device_time is not None
        assert waiting.device_time - waiting.first_unsent_at < timedelta(minutes=1)
        bench.clock.forward(minutes=2)
        sent = await registrar.status()
        assert (sent.unsent_documents, sent.first_unsent_at) == (0, None)


async def test_device_time_is_the_local_time_of_its_zone() -> None:
    async with rig(timezone="Asia/Vladivostok") as (_, registrar):
        device_time = (await registrar.status()).device_time
        assert device_time is not None
        assert device_time.isoformat() == "2026-11-22T19:00:30"


async def test_a_missing_port_is_unreachable() -> None:
    async with rig() as (bench, registrar):
        await registrar.close()
        bench.reachable = False
        with pytest.raises(DeviceUnreachable, match="port_missing"):
            await registrar.counter()
