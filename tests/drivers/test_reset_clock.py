"""A register whose clock was reset (a battery that is flat) shows no time: it is seen as one that answers, and its
clock can be set as any other."""

from __future__ import annotations

import re
from datetime import datetime

from drivers.fiscal.atol.frames import Decoder, Frame
from drivers.fiscal.atol.frames import encode as atol_encode
from drivers.fiscal.atol_web.office import _status
from drivers.fiscal.shtrih.frames import encode
from tests.drivers.atol_rig import atol_rig
from tests.drivers.shtrih_rig import rig

NOW = datetime(2026, 11, 22, 12, 10, 5)  # noqa: DTZ001 - a register knows no zone
_TIME_OF_11 = slice(25, 31)  # of the payload: DD MM YY hh mm ss
_TIME_OF_3F = slice(3, 9)  # behind 44: YY MM DD hh mm ss


async def test_a_shtrih_without_a_time_is_seen_and_its_clock_set() -> None:
    async with rig(shift=False) as (bench, registrar):
        await registrar.status()

        def no_time(data: bytes) -> bytes:
            if data[:1] != b"\x02" or data[2:4] != b"\x11\0" or b"\x22\x1e\0\0\0" in bench.wire.heard:
                return data
            payload = bytearray(data[2:-1])
            payload[_TIME_OF_11] = bytes(6)
            return encode(bytes(payload))

        bench.wire.to_host = no_time
        status = await registrar.status()
        assert (status.device_time, status.why_not()) == (None, "shift_closed")
        await registrar.set_time(NOW)
        assert (await registrar.status()).device_time == NOW


def without_time(data: bytes) -> bytes:
    """The answer to 3Fh, by whatever way it comes, with zeros for its time."""
    for frame in (event for event in Decoder().feed(data) if isinstance(event, Frame)):
        if found := re.search(rb"\xa3\x44|\xa6.\x44", frame.data, re.DOTALL):
            answer = bytearray(frame.data)
            begin = found.end() - 1
            answer[begin + _TIME_OF_3F.start : begin + _TIME_OF_3F.stop] = bytes(6)
            return atol_encode(frame.id, bytes(answer))
    return data


async def test_an_atol_without_a_time_is_seen_settles_doubts_and_its_clock_is_set() -> None:
    async with atol_rig(shift=False) as (bench, registrar):
        await registrar.status()
        bench.wire.to_host = without_time
        status = await registrar.status()
        assert (status.device_time, status.why_not()) == (None, "shift_closed")
        await registrar.cancel_open_document()
        await registrar.set_time(NOW)
        bench.wire.to_host = bytes
        assert (await registrar.status()).device_time == NOW


async def test_an_atol_web_server_without_a_time_is_seen() -> None:
    device = {"coverOpened": False, "fnPresent": True, "fiscal": True, "blocked": False, "paperPresent": True}
    status = _status(
        {"deviceStatus": {**device, "currentDateTime": "0000-00-00T00:00:00"}},
        {"shiftStatus": {"state": "closed", "number": 3}},
        {"fnInfo": {"serial": "9999078902000273", "livePhase": "fiscalMode"}},
        {"fnStatus": {"fiscalDocumentNumber": 7}},
        {"status": {"notSentCount": 0}},
    )
    assert (status.device_time, status.why_not()) == (None, "shift_closed")
