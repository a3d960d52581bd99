"""Supervised loops and jobs: what is expected backs off and goes on, a bug is told, a refusal is neither."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kiosk.domain.errors import NotFound
from kiosk.tasks import Tasks
from tests.clocks import ManualClock

DEADLINE_S = 20.0


class Offline(Exception):
    """The expected error of these loops."""


class Loop:
    """A loop that does one thing after another, each time it is started; then it waits for ever."""

    def __init__(self, *scripts: Callable[[], Awaitable[None]]) -> None:
        self._scripts = list(scripts)
        self.starts = 0
        self.waiting = asyncio.Event()

    async def __call__(self) -> None:
        self.starts += 1
        if self._scripts:
            await self._scripts.pop(0)()
        self.waiting.set()
        await asyncio.Event().wait()


async def offline() -> None:
    raise Offline("no answer")


async def bug() -> None:
    raise ZeroDivisionError


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def tasks(clock: ManualClock) -> Tasks:
    return Tasks(clock)


async def soon(event: asyncio.Event) -> None:
    async with asyncio.timeout(DEADLINE_S):
        await event.wait()


async def test_an_expected_error_starts_the_loop_again_later_and_later(tasks: Tasks, clock: ManualClock) -> None:
    loop = Loop(*[offline] * 7)
    tasks.supervise("robot", loop, (Offline,))
    for start in range(1, 8):
        await clock.until_asleep()
        assert loop.starts == start
        clock.advance(clock.asked_s[-1])
    await soon(loop.waiting)
    assert clock.asked_s == [0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0]
    assert not tasks.failed.done()
    await tasks.cancel()


async def test_a_loop_waits_its_time_before_it_starts_again(tasks: Tasks, clock: ManualClock) -> None:
    loop = Loop(offline)
    tasks.supervise("robot", loop, (Offline,))
    await clock.until_asleep()
    clock.advance(0.19)
    await clock.until_asleep()
    assert loop.starts == 1
    clock.advance(0.01)
    await soon(loop.waiting)
    assert loop.starts == 2
    await tasks.cancel()


async def test_after_a_good_while_the_patience_begins_anew(tasks: Tasks, clock: ManualClock) -> None:
    async def last_a_minute() -> None:
        clock.advance(60)
        raise Offline

    loop = Loop(offline, offline, last_a_minute)
    tasks.supervise("robot", loop, (Offline,))
    for _ in range(3):
        await clock.until_asleep()
        clock.advance(clock.asked_s[-1])
    await soon(loop.waiting)
    assert clock.asked_s == [0.2, 0.5, 0.2]
    await tasks.cancel()


async def test_a_bug_in_a_loop_ends_the_process_and_the_loop_stays_down(tasks: Tasks, clock: ManualClock) -> None:
    loop = Loop(bug)
    task = tasks.supervise("cooking", loop, (Offline,))
    async with asyncio.timeout(DEADLINE_S):
        assert isinstance(await tasks.failed, ZeroDivisionError)
        await task
    assert (loop.starts, clock.asked_s) == (1, [])


async def test_the_first_bug_is_the_one_that_is_told(tasks: Tasks) -> None:
    async def another() -> None:
        raise RuntimeError

    first = tasks.supervise("a", Loop(bug), ())
    second = tasks.supervise("b", Loop(another), ())
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.wait([first, second])
    assert isinstance(tasks.failed.result(), ZeroDivisionError)


async def test_a_job_gives_its_result_to_whoever_waits(tasks: Tasks) -> None:
    async def work() -> int:
        return 42

    assert await tasks.start("payment", work()) == 42


async def test_a_refusal_of_a_job_goes_to_the_caller_and_is_no_bug(tasks: Tasks) -> None:
    async def refuse() -> None:
        raise NotFound

    with pytest.raises(NotFound):
        await tasks.start("payment", refuse())
    assert not tasks.failed.done()


async def test_a_bug_of_a_job_goes_to_the_caller_and_ends_the_process(tasks: Tasks) -> None:
    with pytest.raises(ZeroDivisionError):
        await tasks.start("payment", bug())
    assert isinstance(tasks.failed.result(), ZeroDivisionError)


async def test_an_error_that_only_looks_like_a_refusal_is_a_bug(tasks: Tasks) -> None:
    async def pretend() -> None:
        error = RuntimeError()
        error.code = "not_found"  # type: ignore[attr-defined]
        raise error

    with pytest.raises(RuntimeError):
        await tasks.start("payment", pretend())
    assert tasks.failed.done()


async def test_a_job_goes_on_when_whoever_asked_has_gone(tasks: Tasks) -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    async def ask() -> None:
        await asyncio.shield(tasks.start("payment", work()))

    caller = asyncio.create_task(ask())
    await asyncio.wait([caller], timeout=0)
    caller.cancel()
    await asyncio.wait([caller])
    go.set()
    await soon(done)


async def test_draining_lets_jobs_end_and_then_stops_the_loops(tasks: Tasks) -> None:
    loop, ended = Loop(), asyncio.Event()
    supervised = tasks.supervise("robot", loop, ())
    await soon(loop.waiting)

    async def work() -> None:
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.05)
        assert not supervised.done()
        ended.set()

    job = tasks.start("payment", work())
    await tasks.drain(DEADLINE_S)
    assert (ended.is_set(), job.done(), supervised.cancelled()) == (True, True, True)
    assert not tasks.failed.done()


async def test_what_does_not_end_in_time_is_cut_off(tasks: Tasks) -> None:
    job = tasks.start("payment", asyncio.Event().wait())
    async with asyncio.timeout(DEADLINE_S):
        await tasks.drain(0.05)
    assert job.cancelled()
    assert not tasks.failed.done()


async def test_every_task_has_the_name_it_was_given(tasks: Tasks) -> None:
    loop = tasks.supervise("kitchen", Loop(), ())
    job = tasks.start("payment ORDER1:1", asyncio.Event().wait())
    await asyncio.wait([loop, job], timeout=0)
    assert (loop.get_name(), job.get_name()) == ("kitchen", "payment ORDER1:1")
    await tasks.cancel()
