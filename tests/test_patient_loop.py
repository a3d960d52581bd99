"""What nobody could do nobody is late for: a scene's timeouts do not count time in which its process had no turn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Coroutine
from functools import partial

import pytest

from kiosk.store.file.copying import on_a_thread
from tests.clocks import SceneClock
from tests.forked import Forked
from tests.patient_loop import HURRY, PART_S, STEP_S, HurriedLoop, PatientLoop, Waiting, ahead_s

_STALL_S = 0.5
_PATIENCE_S = 0.2


async def _answered_in_time() -> bool:
    """A device that answers at once, on the loop of the one who asks; nobody has a turn before."""
    near, far = os.pipe()
    heard = asyncio.Event()
    asyncio.get_running_loop().add_reader(near, heard.set)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            asyncio.get_running_loop().call_soon(os.write, far, b"!")
            until = time.monotonic() + _STALL_S
            while time.monotonic() < until:
                pass
            await heard.wait()
    except TimeoutError:
        return False
    finally:
        asyncio.get_running_loop().remove_reader(near)
        os.close(near)
        os.close(far)
    return True


@pytest.mark.parametrize(("loop_of", "in_time"), [(PatientLoop, True), (asyncio.SelectorEventLoop, False)])
def test_answer_is_in_time_though_the_process_stood_still(
    loop_of: Callable[[], asyncio.AbstractEventLoop], *, in_time: bool
) -> None:
    with asyncio.Runner(loop_factory=loop_of) as runner:
        assert runner.run(_answered_in_time()) is in_time


async def _pass_s(seconds: float) -> None:
    """A time in which nobody here does anything."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def _gained_s() -> float:
    """By how much time goes ahead of the machine's while nobody works for ten seconds."""
    loop, before_s = asyncio.get_running_loop(), ahead_s()
    began = loop.time()
    await _pass_s(10)
    assert loop.time() - began >= 10
    return ahead_s() - before_s


async def _gained_beside_a_thread_s() -> float:
    near, far = os.pipe()
    loop, before_s = asyncio.get_running_loop(), ahead_s()
    reading = loop.run_in_executor(None, os.read, near, 1)
    await _pass_s(0.1)
    os.write(far, b"!")
    await reading
    os.close(near)
    os.close(far)
    return ahead_s() - before_s


async def _gained_beside_a_thread_of_its_own_s() -> float:
    near, far = os.pipe()
    reading = asyncio.wrap_future(on_a_thread(partial(os.read, near, 1)))
    before_s = ahead_s()
    await _pass_s(0.1)
    gained_s = ahead_s() - before_s
    os.write(far, b"!")
    await reading
    os.close(near)
    os.close(far)
    return gained_s


async def _gained_beside_a_fork_s() -> float:
    fork = Forked(signal.pause, [])
    before_s = ahead_s()
    await _pass_s(0.1)
    gained_s = ahead_s() - before_s
    fork.end(signal.SIGKILL, 10)
    return gained_s


async def _gained_beside_a_child_s() -> float:
    child = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE)
    assert child.stdin is not None
    before_s = ahead_s()
    await _pass_s(0.1)
    gained_s = ahead_s() - before_s
    child.stdin.close()
    await child.wait()
    return gained_s


async def _set_apart_s() -> float:
    """By how much the scene's two clocks part from its loop."""
    loop, clock = asyncio.get_running_loop(), SceneClock()
    at, wall, monotonic_s = loop.time(), clock.now(), clock.monotonic()
    await _pass_s(10)
    passed_s = loop.time() - at
    of_wall_s = (clock.now() - wall).total_seconds()
    return max(abs(of_wall_s - passed_s), abs(clock.monotonic() - monotonic_s - passed_s))


BESIDE = (
    _gained_beside_a_thread_s,
    _gained_beside_a_thread_of_its_own_s,
    _gained_beside_a_fork_s,
    _gained_beside_a_child_s,
)


def _hurried(what: Callable[[], Coroutine[None, None, float]]) -> float:
    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(what())


def test_where_nobody_works_time_goes_ahead_and_the_clocks_of_a_scene_with_it() -> None:
    assert _hurried(_gained_s) > 5
    assert _hurried(_set_apart_s) < 1
    assert ahead_s() == 0, "the loop has ended"


def test_time_goes_no_faster_than_it_may() -> None:
    began = time.monotonic()
    _hurried(_gained_s)
    assert time.monotonic() - began > 9 / HURRY


@pytest.mark.parametrize("beside", BESIDE)
def test_beside_who_works_elsewhere_time_is_the_machines(beside: Callable[[], Coroutine[None, None, float]]) -> None:
    assert _hurried(beside) <= 0.02, "but for what begins before and ends after them"


async def _gained_s_in_a_moment() -> float:
    before_s = ahead_s()
    await _pass_s(0.1)
    return ahead_s() - before_s


def test_process_that_a_fixture_began_before_the_loop_is_counted_until_its_end() -> None:
    fork = Forked(signal.pause, [])
    assert _hurried(_gained_s_in_a_moment) <= 0.02
    fork.end(signal.SIGKILL, 10)
    assert _hurried(_gained_s_in_a_moment) > 0.05


def test_planted_loop_that_counts_nobody_is_caught() -> None:
    class Forgetful(HurriedLoop):
        run_in_executor = PatientLoop.run_in_executor

    with asyncio.Runner(loop_factory=Forgetful) as runner:
        assert runner.run(_gained_beside_a_thread_s()) > 0.02


async def test_scenes_run_on_a_patient_loop_and_a_timeout_still_ends() -> None:
    assert isinstance(asyncio.get_running_loop(), PatientLoop)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()


def test_time_goes_on_while_the_loop_waits_and_by_one_step_while_it_works() -> None:
    now = 100.0
    waiting = Waiting(lambda: now)
    waiting.select(0)
    began = waiting.now_s()
    now += 3.0  # work, or no turn
    assert waiting.now_s() == pytest.approx(began + STEP_S)
    waiting.select(0)
    assert waiting.now_s() == pytest.approx(began + STEP_S)
    now += STEP_S / 2
    assert waiting.now_s() == pytest.approx(began + STEP_S * 1.5)
    waiting.close()


def test_waiting_that_ends_late_counts_as_if_it_had_ended_in_time() -> None:
    moments = iter([100.0, 100.0, 103.0, 106.0, 106.0])  # each part of it ends three seconds late
    waiting = Waiting(lambda: next(moments))
    began = waiting.now_s()
    waiting.select(PART_S + 0.001)
    assert waiting.now_s() - began < 2 * PART_S + 0.02
    waiting.close()
