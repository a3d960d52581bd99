"""The power supply by RFC 9271: bytes of `upsd` 2.8.0 with its driver `dummy-ups`, faults of the server, and noise."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.power.nut import NutUps, state_of
from drivers.power.port import PowerState
from drivers.sim.nut.device import NutDevice, nut

#: What `upsd` 2.8.0 answered to LIST VAR.
ON_MAINS = r"""BEGIN LIST VAR ups
VAR ups battery.charge "100"
VAR ups battery.runtime "1800"
VAR ups device.mfr "Dummy Manufacturer"
VAR ups device.model "Back \\\"UPS\\\" 600"
VAR ups device.type "ups"
VAR ups driver.name "dummy-ups"
VAR ups driver.parameter.mode "dummy-loop"
VAR ups ups.mfr "Dummy Manufacturer"
VAR ups ups.model "Back \"UPS\" 600"
VAR ups ups.status "OL"
END LIST VAR ups"""
ENDING = """BEGIN LIST VAR ups
VAR ups battery.charge "8"
VAR ups battery.runtime "95"
VAR ups ups.model "Dummy UPS"
VAR ups ups.status "OB DISCHRG LB RB"
END LIST VAR ups"""
_TIMEOUT_S = 1.0


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[NutDevice]:
    async with nut(0, state=tmp_path / "nut.state", ledger=tmp_path / "nut.jsonl") as found:
        yield found


def client(device: NutDevice, name: str = "ups") -> NutUps:
    return NutUps(name, "127.0.0.1", device.port, _TIMEOUT_S)


def told(
    words: str, charge_percent: float | None = None, runtime_s: float | None = None, model: str = ""
) -> PowerState:
    return PowerState(
        on_battery="OB" in words,
        low="LB" in words or "FSD" in words,
        replace="RB" in words,
        charge_percent=charge_percent,
        runtime_s=runtime_s,
        words=words,
        model=model,
    )


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (ON_MAINS, told("OL", 100.0, 1800.0, 'Back "UPS" 600')),
        (ENDING, told("OB DISCHRG LB RB", 8.0, 95.0, "Dummy UPS")),
        ('VAR ups ups.status "FSD OB"\nEND LIST VAR ups', told("FSD OB")),
        ('VAR ups ups.status "OL BOOST"\nVAR ups battery.charge "x"\nEND LIST VAR ups', told("OL BOOST")),
        ('VAR ups battery.charge "400"\nVAR ups ups.status "OL"\nEND LIST VAR ups', told("OL")),
        ('VAR ups battery.charge "NaN"\nVAR ups ups.status "OL"\nEND LIST VAR ups', told("OL")),
    ],
)
def test_answer_of_the_server_is_read_as_it_stands(answer: str, state: PowerState) -> None:
    assert state_of(answer.splitlines(), "ups") == state


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("ERR DRIVER-NOT-CONNECTED", DeviceUnreachable, "no_data"),
        ("ERR DATA-STALE", DeviceUnreachable, "no_data"),
        ("ERR UNKNOWN-UPS", DeviceRefused, "refused"),
        ("ERR ACCESS-DENIED", DeviceRefused, "refused"),
        ("ERR", DeviceRefused, "refused"),
        ('VAR ups ups.status "WAIT"\nEND LIST VAR ups', DeviceUnreachable, "no_data"),
        ('VAR other ups.status "OL"\nEND LIST VAR ups', DeviceUnreachable, "no_data"),
        ("END LIST VAR ups", DeviceUnreachable, "no_data"),
    ],
)
def test_what_says_nothing_of_the_mains_is_no_word_of_them(answer: str, kind: type[DeviceError], code: str) -> None:
    with pytest.raises(kind) as raised:
        state_of(answer.splitlines(), "ups")
    assert raised.value.code == code


@given(st.lists(st.text(max_size=80), max_size=20))
def test_any_lines_are_a_state_or_an_error_of_a_device(lines: list[str]) -> None:
    with contextlib.suppress(DeviceError):
        state_of(lines, "ups")


async def test_mains_that_go_and_come_back(device: NutDevice) -> None:
    state = await client(device).state()
    assert (state.on_battery, state.low, state.replace, state.charge_percent) == (False, False, False, 100.0)
    device.faults.switch("mains_lost")
    device.faults.switch("worn")
    state = await client(device).state()
    assert (state.on_battery, state.low, state.replace) == (True, False, True)
    device.faults.switch("battery_low")
    assert (await client(device).state()).low
    device.faults.switch("mains_lost", on=False)
    assert not (await client(device).state()).on_battery


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("stale", DeviceUnreachable, "no_data"),
        ("unknown", DeviceRefused, "refused"),
        ("hold", DeviceUnreachable, "offline"),
        ("garbage", DeviceUnreachable, "offline"),
        ("endless", DeviceUnreachable, "offline"),
    ],
)
async def test_fault_of_the_server_is_told_and_over_once_it_is_mended(
    device: NutDevice, fault: str, kind: type[DeviceError], code: str
) -> None:
    device.faults.switch(fault)
    with pytest.raises(kind) as raised:
        await client(device).state()
    assert raised.value.code == code
    device.faults.switch(fault, on=False)
    assert not (await client(device).state()).on_battery


async def test_server_that_is_gone_or_knows_no_such_supply(device: NutDevice) -> None:
    with pytest.raises(DeviceRefused):
        await client(device, "other").state()
    port = device.port
    await device.stop()
    with pytest.raises(DeviceUnreachable):
        await NutUps("ups", "127.0.0.1", port, _TIMEOUT_S).state()


@pytest.mark.parametrize(
    "answer", [b"", b"x" * 5000, b'VAR ups a "b"\n' * 2000, b"\xff\n" * 9, b"BEGIN LIST VAR ups\n"]
)
async def test_bytes_of_whoever_listens_there_are_an_error_in_time(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeviceUnreachable):
            await NutUps("ups", "127.0.0.1", port, _TIMEOUT_S).state()
    finally:
        server.close()
