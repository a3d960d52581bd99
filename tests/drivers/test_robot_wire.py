"""Lost, late and spoilt frames between the driver and the complex: nothing is cooked twice, nothing is mistaken."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.robot.mailbox import Mailbox, Opcode, encode_chart, encode_mailbox
from drivers.robot.modbus import ModbusComplex, ModbusTimings
from drivers.robot.port import ComplexState, JobState
from drivers.robot.registers import CHART, CHART_SIZE, HEALTH_SIZE, MAILBOX, crc_of, decode_health
from drivers.sim.robot.device import RobotDevice, RobotRules
from drivers.sim.robot.memory import Ack
from drivers.sim.robot.modbus_rtu import crc16
from drivers.sim.world import World
from tests.drivers.robot_bench import (
    BINS_READ,
    CHART_WRITE,
    HEALTH_READ,
    MAILBOX_WRITE,
    PHASES,
    RULES,
    TIMINGS,
    Bench,
    Wire,
    bring_up,
    new_bench,
    order,
    until_job,
    until_state,
)

LABEL_WRITE = bytes([1, 16, 0, 220])
JOBS_READ, CELLS_READ = bytes([1, 4, 0, 100]), bytes([1, 4, 0x01, 0xC2])
CONTENTS_READ = bytes([1, 4, 0x02, 0xBC])


def charts(wire: Wire) -> list[bytes]:
    """Writes of staged phases: whole charts, and parts of them."""
    sent = (data for _, data in wire.requests if data[1] == 16)
    return [data for data in sent if CHART <= int.from_bytes(data[2:4], "big") < CHART + CHART_SIZE]


def rows_read(wire: Wire) -> list[int]:
    """Of the job table, each time."""
    return [(data[5] - 4) // 14 for _, data in wire.requests if data.startswith(JOBS_READ)]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with new_bench() as opened:
        yield opened


async def answered(driver: ModbusComplex) -> None:
    """The line is open. Timeouts of a test are short, and a busy machine's first answer may miss one of them."""
    for _ in range(20):
        with contextlib.suppress(DeviceUnreachable):
            await driver.health()
            return
    raise AssertionError("the robot does not answer")


@asynccontextmanager
async def wired(
    bench: Bench, *, speed: float = 1, timings: ModbusTimings = TIMINGS, rules: RobotRules = RULES
) -> AsyncIterator[tuple[ModbusComplex, Wire]]:
    """A driver that has spoken once, and the wire it speaks over."""
    async with bench.complex(speed=speed, rules=rules):
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire", timings)
        await answered(driver)
        try:
            yield driver, wire
        finally:
            wire.close()


async def test_a_lost_acknowledgement_is_found_in_health(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_answer(MAILBOX_WRITE)
        await driver.submit(order())
        assert wire.sent(MAILBOX_WRITE) == 1
        assert len(await driver.jobs()) == 1
    assert bench.effects()["started", 70001, 1] == 1


async def test_a_lost_command_is_sent_once_more_under_the_same_number(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_request(MAILBOX_WRITE)
        await driver.submit(order())
        sent = [data for _, data in wire.requests if data.startswith(MAILBOX_WRITE)]
        assert len(sent) == 2
        assert sent[0] == sent[1]
    assert bench.effects()["started", 70001, 1] == 1


async def test_a_command_spoilt_on_the_way_is_sent_once_more(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.spoil_request(MAILBOX_WRITE)
        await driver.submit(order())
        assert wire.sent(MAILBOX_WRITE) == 2


async def test_a_command_lost_twice_has_an_unknown_outcome(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_request(MAILBOX_WRITE)
        wire.lose_request(MAILBOX_WRITE)
        with pytest.raises(OutcomeUnknown) as unknown:
            await driver.submit(order())
        assert unknown.value.code == "not_acknowledged"
        assert await driver.jobs() == ()
        await driver.submit(order())
    assert bench.effects()["started", 70001, 1] == 1


async def test_silence_after_a_command_has_an_unknown_outcome(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_answer(MAILBOX_WRITE)
        submitting = asyncio.create_task(driver.submit(order()))
        while not wire.sent(MAILBOX_WRITE):
            await asyncio.wait([submitting], timeout=0.001)
        wire.lose_answer(HEALTH_READ)
        wire.lose_answer(HEALTH_READ)
        with pytest.raises(OutcomeUnknown):
            await submitting
        assert [job.job_id for job in await driver.jobs()] == [70001]  # looked for, and found


async def test_a_second_copy_of_a_command_changes_nothing(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_answer(MAILBOX_WRITE)
        wire.double_request(MAILBOX_WRITE)
        await driver.submit(order())
        await driver.submit(order(70002))
        assert [job.job_id for job in await driver.jobs()] == [70001, 70002]
    assert bench.effects() == {("started", 70001, 1): 1, ("started", 70002, 1): 1}


async def test_a_chart_that_does_not_arrive_cooks_nothing(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_request(CHART_WRITE)
        with pytest.raises(DeviceUnreachable):
            await driver.submit(order())
        assert wire.sent(MAILBOX_WRITE) == 0
        assert await driver.jobs() == ()


async def test_a_dish_that_was_staged_before_is_ordered_without_its_chart(bench: Bench) -> None:
    async with wired(bench, speed=200) as (driver, wire):
        await driver.submit(order())
        await driver.submit(order(70002))
        assert len(charts(wire)) == 1
        assert wire.sent(LABEL_WRITE) == 2
        await until_job(driver, JobState.READY, 70002)
    assert bench.effects()["started", 70002, 1] == 1
    assert '"order_id": "A-70002"' in (bench.folder / "ledger").read_text()


async def test_of_another_chart_only_what_differs_is_written(bench: Bench) -> None:
    async with wired(bench, speed=200) as (driver, wire):
        await driver.submit(order())
        longer = replace(PHASES[1], p2=61)
        await driver.submit(order(70002, phases=(PHASES[0], longer, PHASES[2])))
        _, part = charts(wire)
        assert part[2:7] == bytes([0, CHART + 5 + 3, 0, 1, 2])  # the second phase's seconds
        await until_job(driver, JobState.READY, 70002)


async def test_a_chart_that_somebody_else_staged_meanwhile_is_refused_and_all_is_written_again(bench: Bench) -> None:
    async with bench.complex(speed=200) as device:
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire")
        await driver.submit(order())
        Raw(device).write(CHART, encode_chart(PHASES[:2]))
        await driver.submit(order(70002))
        assert wire.sent(CHART_WRITE) == 2
        assert wire.sent(MAILBOX_WRITE) == 3  # the second one was refused by its chart
        await driver.submit(order(70003))  # it may be a robot that keeps nothing
        assert wire.sent(CHART_WRITE) == 3
        assert wire.sent(MAILBOX_WRITE) == 4
        for job_id in (70001, 70002, 70003):
            await until_job(driver, JobState.READY, job_id)
        wire.close()
    assert {key: n for key, n in bench.effects().items() if key[0] == "started"} == {
        ("started", job_id, 1): 1 for job_id in (70001, 70002, 70003)
    }


async def test_a_chart_that_the_complex_cannot_cook_is_refused_once_more_and_told(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        for job_id in (70001, 70002):
            with pytest.raises(DeviceRefused) as refused:
                await driver.submit(order(job_id, phases=(replace(PHASES[0], station=9),)))
            assert refused.value.code == "chart_mismatch"
        assert await driver.jobs() == ()
        await driver.submit(order(70003))
        await driver.submit(order(70004))
        assert len(charts(wire)) == 3  # what cannot be cooked twice, and once what can


async def test_after_a_power_cut_the_whole_chart_is_staged(bench: Bench) -> None:
    async with bench.complex(speed=200) as device:
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire")
        await driver.submit(order())
        await until_job(driver, JobState.READY)
        device.faults.switch("off")
        device.faults.switch("off", on=False)
        await until_state(driver, ComplexState.STOPPED)
        await bring_up(driver)
        await driver.submit(order(70002))
        assert wire.sent(CHART_WRITE) == 2
        assert wire.sent(MAILBOX_WRITE) == 4  # with reset and start: nobody had to be refused to find that out
        await until_job(driver, JobState.READY, 70002)
        wire.close()


async def test_a_job_is_looked_for_where_it_should_stand_and_then_everywhere(bench: Bench) -> None:
    async with bench.complex() as device:
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire")
        assert await driver.jobs() == ()
        await driver.submit(order())
        await driver.submit(order(70002))
        assert rows_read(wire) == [8, 1, 2]
        assert Raw(device).write(MAILBOX, submission(3)) == 0  # somebody else's job comes first
        await driver.health()
        await driver.submit(order(70003))
        assert rows_read(wire) == [8, 1, 2, 3, 8]
        assert [job.job_id for job in await driver.jobs()] == [70001, 70002, 5, 70003]
        wire.close()


@pytest.mark.parametrize(
    ("shares", "block", "width", "other"),
    [(True, CONTENTS_READ, 10, CELLS_READ), (False, CELLS_READ, 4, CONTENTS_READ)],
)
async def test_rows_that_do_not_exist_are_not_read_twice(
    bench: Bench, *, shares: bool, block: bytes, width: int, other: bytes
) -> None:
    async with wired(bench, rules=replace(RULES, shares_cells=shares)) as (driver, wire):
        for _ in range(2):
            assert len(await driver.cells()) == 6
        sizes = [data[5] for _, data in wire.requests if data.startswith(block)]
        assert sizes == [4 + width * 12, 4 + width * 6]
        assert wire.sent(other) == 0, "of two blocks of cells one is read"


async def test_a_lost_question_is_asked_again(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_request(BINS_READ)
        assert len(await driver.bins()) == 24
        assert wire.sent(BINS_READ) == 2


async def test_a_late_answer_is_not_taken_for_the_next_one(bench: Bench) -> None:
    """The bins' answer arrives after its timeout, inside the silence that follows."""
    timings = ModbusTimings(timeout_s=0.1, quiet_s=0.2, gap_s=0.0)
    async with wired(bench, timings=timings) as (driver, wire):
        wire.delay_answer(BINS_READ, 0.2)
        wire.lose_answer(BINS_READ)
        with pytest.raises(DeviceUnreachable):
            await driver.bins()
        assert await driver.jobs() == ()
        assert (await driver.health()).boot == 1
        asked, again, following = (at for at, _ in wire.requests[1:4])
        # the clock of the wire is late on a busy machine
        assert min(again - asked, following - again) >= timings.quiet_s / 2


async def test_after_a_cancelled_call_the_line_stays_silent(bench: Bench) -> None:
    timings = ModbusTimings(timeout_s=5.0, quiet_s=0.4, gap_s=0.0)  # a busy machine's answers are none of this
    async with wired(bench, timings=timings) as (driver, wire):
        wire.delay_answer(BINS_READ, 0.05)
        asked = asyncio.create_task(driver.bins())
        while not wire.sent(BINS_READ):
            await asyncio.wait([asked], timeout=0.001)
        asked.cancel()
        assert len(await driver.cells()) == 6
        (cancelled_at, _), (next_at, _) = wire.requests[-2:]
        assert next_at - cancelled_at >= timings.quiet_s / 2  # the wire's clock is late on a busy machine


async def test_an_answer_later_than_the_silence_is_caught_by_its_header(bench: Bench) -> None:
    timings = ModbusTimings(timeout_s=0.4, quiet_s=0.08, gap_s=0.0)
    async with wired(bench, timings=timings) as (driver, wire):
        wire.delay_answer(BINS_READ, 1.08)
        wire.lose_answer(BINS_READ)
        with pytest.raises(DeviceUnreachable):
            await driver.bins()
        wire.lose_answer(CELLS_READ)  # the cells' own answer: the late one comes in its place
        assert len(await driver.cells()) == 6


async def test_a_block_is_read_again_only_when_its_generation_says_so(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        await driver.bins()
        await driver.health()
        await driver.bins()
        assert wire.sent(BINS_READ) == 1
        await driver.bins()  # no health was read since: the generation may have changed
        assert wire.sent(BINS_READ) == 2
        await driver.submit(order())
        await driver.health()
        assert (await driver.bins())[0].level == 7820
        assert wire.sent(BINS_READ) == 3


async def test_a_cached_block_grows_old(bench: Bench) -> None:
    timings = ModbusTimings(timeout_s=0.2, quiet_s=0.05, gap_s=0.0, refresh_s=0.0)
    async with wired(bench, timings=timings) as (driver, wire):
        await driver.bins()
        await driver.health()
        await driver.bins()
        assert wire.sent(BINS_READ) == 2


async def test_noise_on_the_line_cooks_nothing_twice_and_loses_nothing(bench: Bench) -> None:
    timings = ModbusTimings(timeout_s=0.03, quiet_s=0.03, gap_s=0.0)
    async with bench.complex(speed=1000) as device:
        driver = bench.driver(timings=timings)
        device.faults.switch("noise", {"rate": 0.08})
        for job in range(8):
            await _at_last(driver, 90000 + job)
        device.faults.switch("noise", on=False)
    effects = bench.effects()
    assert {key: n for key, n in effects.items() if key[0] == "started"} == {
        ("started", 90000 + job, 1): 1 for job in range(8)
    }


async def _at_last(driver: ModbusComplex, job_id: int) -> None:
    """Submit, cook, release, each as often as it takes."""
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: driver.submit(order(job_id)),
        lambda: until_job(driver, JobState.PICKED_UP, job_id),
        lambda: driver.release(job_id, 1),
    ]
    async with asyncio.timeout(30):
        while steps:
            with contextlib.suppress(DeviceUnreachable, OutcomeUnknown, ForeignState):
                await steps[0]()
                steps.pop(0)


class Raw:
    """A foreign master on the same device, for what the driver never sends."""

    def __init__(self, device: RobotDevice) -> None:
        self._device = device

    def read(self, address: int, count: int) -> list[int]:
        answer = self._ask(bytes([1, 4]) + address.to_bytes(2, "big") + count.to_bytes(2, "big"))
        return [int.from_bytes(answer[i : i + 2], "big") for i in range(3, 3 + 2 * count, 2)]

    def write(self, address: int, words: list[int]) -> int:
        """0, or the exception code."""
        head = bytes([1, 16]) + address.to_bytes(2, "big") + len(words).to_bytes(2, "big") + bytes([2 * len(words)])
        answer = self._ask(head + b"".join(word.to_bytes(2, "big") for word in words))
        return answer[2] if answer[1] & 0x80 else 0

    def _ask(self, body: bytes) -> bytes:
        return self._device.receive(body + crc16(body))


def submission(seq: int, job_id: int = 5) -> list[int]:
    chart = encode_chart(order().phases)
    return encode_mailbox(Mailbox(Opcode.SUBMIT, job_id, 1, 17, crc_of(chart), seq=seq, session=3))


async def test_the_robot_accepts_a_number_once_and_no_gap(bench: Bench) -> None:
    async with bench.complex() as device:
        raw = Raw(device)
        raw.write(CHART, encode_chart(order().phases))
        assert raw.write(MAILBOX, submission(1)) == 0
        assert raw.write(MAILBOX, submission(1)) == 0  # a replay repeats the acknowledgement
        assert raw.write(MAILBOX, submission(1, job_id=6)) == 0  # even with other contents: nothing is done
        assert raw.write(MAILBOX, submission(3, job_id=7)) == 3  # a gap
        health = decode_health(raw.read(0, HEALTH_SIZE))
        assert (health.last_seq, health.last_session, health.last_job, health.last_result) == (1, 3, 5, 1)
        assert [job["job_id"] for job in device.state()["jobs"]] == [5]


async def test_the_number_after_65535_is_one(bench: Bench) -> None:
    world = World("robot", bench.folder / "state", bench.folder / "ledger")
    with world.change() as change:
        change.put("ack", {**asdict(Ack()), "seq": 65535})
    world.close()
    async with bench.complex() as device:
        raw = Raw(device)
        for seq in (0, 2, 65534):
            assert raw.write(MAILBOX, submission(seq)) == 3
        assert raw.write(MAILBOX, submission(1)) == 0


@pytest.mark.parametrize("register", [0, 1, 3, 20, 33, 34, 35])
async def test_a_mailbox_with_a_wrong_crc_or_commit_does_nothing(bench: Bench, register: int) -> None:
    async with bench.complex() as device:
        raw = Raw(device)
        raw.write(CHART, encode_chart(order().phases))
        words = submission(1)
        words[register] ^= 1
        assert raw.write(MAILBOX, words) == 3
        assert raw.write(MAILBOX, submission(1)[:35]) == 3  # half a command is none
        assert decode_health(raw.read(0, HEALTH_SIZE)).last_seq == 0
        assert device.state()["jobs"] == []


async def test_another_chart_in_the_staging_area_is_a_mismatch(bench: Bench) -> None:
    async with bench.complex() as device:
        raw = Raw(device)
        raw.write(CHART, encode_chart(order().phases[:2]))
        assert raw.write(MAILBOX, submission(1)) == 0
        assert decode_health(raw.read(0, HEALTH_SIZE)).last_result == 5
        assert device.state()["jobs"] == []


async def test_a_foreign_label_leaves_the_order_id_empty(bench: Bench) -> None:
    async with bench.complex() as device:
        raw = Raw(device)
        raw.write(CHART, encode_chart(order().phases))
        raw.write(220, [0, 6, 0x4142, 0, 0, 0, 0, 0, 0, 0])
        assert raw.write(MAILBOX, submission(1)) == 0
        device.advance()
    assert '"order_id": ""' in (bench.folder / "ledger").read_text()


async def test_a_foreign_master_in_between_leaves_the_outcome_unknown(bench: Bench) -> None:
    async with bench.complex() as device:
        wire = Wire(bench.folder / "wire", bench.link)
        driver = bench.driver(bench.folder / "wire")
        await driver.health()
        wire.lose_request(MAILBOX_WRITE)
        submitting = asyncio.create_task(driver.submit(order()))
        while not wire.sent(MAILBOX_WRITE):
            await asyncio.wait([submitting], timeout=0.001)
        Raw(device).write(MAILBOX, encode_mailbox(Mailbox(Opcode.ACK_FAULT, seq=1, session=9)))
        with pytest.raises(OutcomeUnknown):
            await submitting
        wire.close()


async def test_a_refusal_whose_answer_was_lost_is_still_a_refusal(bench: Bench) -> None:
    async with wired(bench) as (driver, wire):
        wire.lose_answer(MAILBOX_WRITE)
        with pytest.raises(DeviceRefused) as refused:
            await driver.release(1, 1)
        assert refused.value.code == "wrong_state"
