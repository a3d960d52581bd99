"""The driver over Modbus TCP: found out by itself, late answers dropped, a stream out of step begun anew."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import ComplexState, JobState
from drivers.robot.registers import HEALTH_SIZE
from drivers.sim.complex2.device import Complex2
from drivers.sim.robot.device import robot
from tests.drivers.complex2_bench import Bench2, new_bench2
from tests.drivers.network import adapter
from tests.drivers.robot_bench import RULES, TIMINGS, bring_up, order, until, until_job
from tests.drivers.tcp_line import TcpLine, tcp_line
from tests.restaurant import Files

MAILBOX_WRITE = bytes((1, 16, 0, 0))
HEALTH_READ = bytes((1, 4, 0, 0))


@pytest.fixture
async def bench() -> AsyncIterator[Bench2]:
    async with new_bench2() as opened:
        yield opened


@asynccontextmanager
async def through_a_line(bench: Bench2, speed: float = 1) -> AsyncIterator[tuple[Complex2, TcpLine, ModbusComplex]]:
    """A complex that executes, and a driver whose line can be harmed."""
    async with bench.complex(speed=speed) as device, tcp_line(lambda: device.port, lambda: True) as line:
        driver = bench.driver(line.port)
        await bring_up(driver)
        try:
            yield device, line, driver
        finally:
            await driver.close()


@dataclass
class Once:
    """Harms the first piece that begins as told behind its header, and lets all else pass."""

    beginning: bytes
    harm: Callable[[bytes], bytes]
    met: list[bytes] = field(default_factory=list)

    def __call__(self, data: bytes) -> bytes:
        if self.met or not data[6:].startswith(self.beginning):
            return data
        self.met.append(data)
        return self.harm(data)


async def test_a_job_is_cooked_over_modbus_tcp(bench: Bench2) -> None:
    async with bench.complex(speed=200) as device:
        driver = bench.driver(device.port)
        assert (await driver.health()).state is ComplexState.STOPPED
        await bring_up(driver)
        await driver.submit(order())
        await until_job(driver, JobState.PICKED_UP)
        await driver.release(70001, 1)
        assert await driver.jobs() == ()
    assert bench.effects() == {(effect, 70001, 1): 1 for effect in ("started", "ready", "picked_up")}


async def test_a_serial_line_behind_an_adapter_is_found_out_by_itself(bench: Bench2) -> None:
    link = bench.folder / "robot"
    files = Files(state=bench.folder / "state", ledger=bench.folder / "ledger")
    async with robot(link, **files, seed=7, rules=RULES), adapter(link) as port:
        driver = ModbusComplex(port=port, timings=TIMINGS)
        bench.opened.append(driver)
        assert (await driver.health()).state is ComplexState.EXECUTE
        await driver.submit(order())
        assert len(await driver.jobs()) == 1


async def test_the_first_word_may_be_an_order(bench: Bench2) -> None:
    """No order goes out in a language that nobody has understood yet."""
    link = bench.folder / "robot"
    files = Files(state=bench.folder / "state", ledger=bench.folder / "ledger")
    async with robot(link, **files, seed=7, rules=RULES), adapter(link) as port:
        driver = ModbusComplex(port=port, timings=TIMINGS)
        bench.opened.append(driver)
        await driver.submit(order())
        assert [job.job_id for job in await driver.jobs()] == [70001]


async def test_a_lost_acknowledgement_is_found_in_health(bench: Bench2) -> None:
    async with through_a_line(bench) as (_, line, driver):
        line.to_host = lost = Once(MAILBOX_WRITE, lambda data: b"")
        await driver.submit(order())
        assert lost.met
        assert len(await driver.jobs()) == 1
    assert bench.effects()["started", 70001, 1] == 1


async def test_a_lost_order_is_sent_once_more(bench: Bench2) -> None:
    async with through_a_line(bench) as (_, line, driver):
        line.to_device = lost = Once(MAILBOX_WRITE, lambda data: b"")
        await driver.submit(order())
        assert lost.met
    assert bench.effects()["started", 70001, 1] == 1


async def test_a_late_answer_is_not_taken_for_the_next_one(bench: Bench2) -> None:
    """The health of before comes with the answer to the next question, which is of the same length."""
    async with through_a_line(bench) as (_, line, driver):
        kept: list[bytes] = []

        def held(data: bytes) -> bytes:
            kept.append(data)
            return b""

        line.to_host = Once(HEALTH_READ[:2], held)
        before = await driver.health()
        await driver.submit(order())
        line.to_host = Once(HEALTH_READ[:2], lambda data: kept[0] + data)
        after = await driver.health()
        assert before.jobs_generation != after.jobs_generation


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:5],
        lambda data: data[:-1],
        lambda data: data[:2] + b"\x00\x01" + data[4:],
        lambda data: data[:4] + b"\xff\xff" + data[6:],
        lambda data: data[:4] + b"\x00\x00" + data[6:],
        lambda data: data[:6] + b"\x07" + data[7:],
        lambda data: b"\xde\xad\xbe\xef" * 60,
        lambda data: data[:7] + b"\x03" + data[8:],
        lambda data: data[:4] + struct.pack(">HB", 5, 1) + b"\x04\x02\x52\x43",
        lambda data: b"\x00\x00" + data[2:],
    ],
)
async def test_garbage_short_and_foreign_frames_are_no_answer_and_the_next_question_is_answered(
    bench: Bench2, harm: Callable[[bytes], bytes]
) -> None:
    async with through_a_line(bench) as (_, line, driver):
        line.to_host = spoilt = Once(HEALTH_READ[:2], harm)
        assert (await driver.health()).state is ComplexState.EXECUTE
        assert spoilt.met
        assert (await driver.health()).state is ComplexState.EXECUTE


async def test_a_connection_that_breaks_in_an_order_leaves_one_meal(bench: Bench2) -> None:
    async with through_a_line(bench) as (device, line, driver):

        def cut(data: bytes) -> bytes:
            asyncio.get_running_loop().call_soon(line.abort)
            return data

        line.to_device = Once(MAILBOX_WRITE, cut)
        try:
            await driver.submit(order())
        except (OutcomeUnknown, DeviceUnreachable):
            await until(driver.health, lambda health: True)
            await driver.submit(order())
        assert len(device.state()["jobs"]) == 1
    assert bench.effects()["started", 70001, 1] == 1


async def test_a_complex_that_was_off_is_found_again(bench: Bench2) -> None:
    async with bench.complex() as device:
        driver = bench.driver(device.port)
        boot = (await driver.health()).boot
        device.faults.switch("off")
        with pytest.raises(DeviceUnreachable):
            await driver.health()
        device.faults.switch("off", on=False)

        async def heard() -> int:
            try:
                return (await driver.health()).boot
            except DeviceUnreachable:
                return 0

        assert await until(heard, bool) == boot + 1


async def test_a_connection_on_which_nothing_comes_is_given_up(bench: Bench2) -> None:
    """The far end lost its power: no byte and no end ever comes on the old connection."""
    async with bench.complex() as device, tcp_line(lambda: device.port, lambda: True) as line:
        driver = bench.driver(line.port)
        await driver.health()
        line.to_host = lambda data: b""
        for _ in range(2):
            with pytest.raises(DeviceUnreachable):
                await driver.health()
        line.to_host = bytes
        assert await until(lambda: _state(driver), lambda state: state is not None) is ComplexState.STOPPED
        assert line.opened >= 2


async def _state(driver: ModbusComplex) -> ComplexState | None:
    try:
        return (await driver.health()).state
    except DeviceUnreachable:
        return None


def refused(refusal: bytes, data: bytes) -> bytes:
    """The number of the request, and this in place of its answer."""
    return data[:4] + refusal


async def test_exceptions_mean_what_they_mean_on_a_serial_line(bench: Bench2) -> None:
    async with through_a_line(bench) as (_, line, driver):
        for code, error in ((2, ForeignState), (3, DeviceRefused), (6, DeviceUnreachable), (4, OutcomeUnknown)):
            refusal = struct.pack(">HBBB", 3, 1, 0x84, code)
            line.to_host = partial(refused, refusal)
            with pytest.raises(error):
                await driver.health()


async def test_an_answer_in_single_bytes_is_an_answer(bench: Bench2) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readexactly(12)
        words = [0x5243, 1, *[0] * (HEALTH_SIZE - 2)]
        words[9], words[31] = ComplexState.IDLE, 0x5243
        pdu = bytes((4, 64)) + struct.pack(">32H", *words)
        for byte in request[:4] + struct.pack(">HB", len(pdu) + 1, 1) + pdu:
            writer.write(bytes((byte,)))
            await writer.drain()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    driver = bench.driver(server.sockets[0].getsockname()[1])
    assert (await driver.health()).state is ComplexState.IDLE
    await driver.close()
    server.close()
