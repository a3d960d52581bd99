"""A program as a process of its own, forked from this one, which has it imported: a start costs milliseconds."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence

from tests.patient_loop import PatientPolicy, foreign

_STANDARD = 3  # file descriptors


class Forked:
    """`main` with these words behind its name; it inherits nothing that is open here. `stdout` is a pipe's end."""

    def __init__(self, main: Callable[[], None], words: Sequence[str]) -> None:
        self.stdout, written = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._live(main, words, written)
        os.close(written)
        self._ended = False
        self._works = contextlib.ExitStack()
        self._works.enter_context(foreign())

    @staticmethod
    def _live(main: Callable[[], None], words: Sequence[str], stdout: int) -> None:
        """The child: never returns."""
        code = 70
        try:
            gc.freeze()  # what the tests made: a collection in here would copy all of it
            os.dup2(stdout, 1)
            os.closerange(_STANDARD, os.sysconf("SC_OPEN_MAX"))
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.argv = ["", *words]
            asyncio.set_event_loop_policy(PatientPolicy())
            main()
            code = 0
        except BaseException:  # noqa: BLE001 - the child must end here, whatever it was
            traceback.print_exc()
        os._exit(code)

    def dead(self) -> bool:
        return self._ended or os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def end(self, number: int, within_s: float) -> None:
        """By a signal, SIGKILL after `within_s`; returns once it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
        until = time.monotonic() + within_s
        while not self.dead() and time.monotonic() < until:
            select.select([], [], [], 0.005)
        if not self.dead():
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._ended = True
        self._works.close()
        os.close(self.stdout)
