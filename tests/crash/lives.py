"""One life of the kiosk, forked from this process, which has everything imported: a start costs a fraction of a second.

A bomb says where it dies; a variant of the saga with a planted bug is made in the child.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from drivers.terminal.inpas.reader import InpasTimings
from kiosk.checkpoints import VARIABLE, Checkpoints
from kiosk.config import load
from kiosk.wiring import Parts, run
from tests.crash.devices import START_S
from tests.patient_loop import PatientPolicy
from tests.restaurant import FAST_FISCAL, FAST_READER, FAST_ROBOT

#: Where the next life dies: a named point, or whatever a checkpoint of the test's own does in the child.
Bomb = str | Callable[[], Checkpoints]

#: A sale that a kill cut off before the wire is waited for so long.
_INPAS = InpasTimings(answer_s=10.0, sale_s=8.0, settle_s=8.0, margin_s=0.5, test_s=0.3)


def parts_of(bomb: Bomb, variant: Callable[[], Parts]) -> Parts:
    """What a life is built of."""
    parts = variant()
    parts.checkpoint = Checkpoints({VARIABLE: bomb}) if isinstance(bomb, str) else bomb()
    parts.fiscal_timeouts, parts.robot_timings = FAST_FISCAL, FAST_ROBOT
    parts.reader_timings, parts.inpas_timings = FAST_READER, _INPAS
    parts.periods = replace(parts.periods, inquiry_s=0.2, lag_s=0.25)
    parts.gateway_timeout_s, parts.refusal_probe_s = 1.0, 0.5
    parts.check_file_after_s = 3600.0  # a process of its own: where it is the subject
    return parts


class KioskProcess:
    """One life of the kiosk."""

    def __init__(self, folder: Path, bomb: Bomb = "", variant: Callable[[], Parts] | None = None) -> None:
        self._folder = folder
        self._port_file = folder / "port"
        self._port_file.unlink(missing_ok=True)
        self.pid = os.fork()
        if self.pid == 0:
            self._live(bomb, variant or Parts)

    def _live(self, bomb: Bomb, variant: Callable[[], Parts]) -> None:
        """The child: never returns."""
        try:
            gc.freeze()  # what the tests made: a collection in here would copy all of it
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            parts = parts_of(bomb, variant)
            staged = self._port_file.with_suffix(".new")

            def started(kiosk: Any) -> None:
                staged.write_text(str(kiosk.public_port))
                staged.rename(self._port_file)

            asyncio.set_event_loop_policy(PatientPolicy())
            code = asyncio.run(run(load(self._folder / "config.toml"), parts, started))
        except BaseException:  # noqa: BLE001 - the child must end here, whatever it was
            traceback.print_exc()
            code = 70
        os._exit(code)

    def dead(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def port(self) -> int | None:
        """Its port once it listens; None when it died before."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self._port_file.exists():
                return int(self._port_file.read_text())
            if self.dead():
                return None
            pause()
        raise AssertionError("the kiosk did not start")

    def kill(self) -> int:
        """By SIGKILL, if it lives; how it ended (minus the signal, or the exit code)."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def pause(seconds: float = 0.005) -> None:
    """One look a few milliseconds later; a kernel wait, since there is no event to wait for across processes."""
    select.select([], [], [], seconds)
