"""What nobody could do nobody is late for: a scene's timeouts do not count time in which its process had no turn."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import pytest

from tests.patient_loop import PART_S, STEP_S, PatientLoop, Waiting

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
