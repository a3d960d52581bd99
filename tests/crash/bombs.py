"""Checkpoints that kill elsewhere than at a named point: before the n-th event-loop handle, before a line of code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from kiosk.checkpoints import Checkpoints

START = "t1.before"
FROM_THE_START = "process started"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class AtPoint(Checkpoints):
    """Dies at the n-th pass of a named point once the point `start` was passed: in a new order, not in the recovery of
    the one before."""

    def __init__(self, name: str, n: int = 1, start: str = START) -> None:
        super().__init__({})
        self._name = name
        self._left = n
        self._start = start
        self._armed = False

    def __call__(self, name: str) -> None:
        self._armed = self._armed or name == self._start
        if self._armed and name == self._name:
            self._left -= 1
            if self._left == 0:
                self.strike()

    def strike(self) -> None:
        die()


class KillsDevice(AtPoint):
    """The kiosk lives on: at the point it pulls the plug of a device, known by its process id."""

    def __init__(self, name: str, pid: int, start: str = START) -> None:
        super().__init__(name, 1, start)
        self._pid = pid

    def strike(self) -> None:
        os.kill(self._pid, signal.SIGKILL)


class AtHandle(Checkpoints):
    """Dies before the n-th callback the event loop runs after the point `start`, or after the start of the process."""

    def __init__(self, n: int, start: str = START) -> None:
        super().__init__({})
        self._left = n
        self._start = start
        self._armed = False
        self(FROM_THE_START)

    def __call__(self, name: str) -> None:
        if name == self._start and not self._armed:
            self._armed = True
            plain = asyncio.events.Handle._run  # noqa: SLF001  # asyncio's own hand

            def counted(handle: asyncio.Handle) -> Any:
                self._left -= 1
                if self._left == 0:
                    die()
                return plain(handle)

            asyncio.events.Handle._run = counted  # type: ignore[method-assign, assignment]  # noqa: SLF001  # asyncio's own hand


def named(file: Path) -> str:
    """`payment/saga`: several folders have files of one name."""
    return f"{file.parent.name}/{file.stem}"


class _Tracing(Checkpoints):
    """Sees every line of `files` executed after `start`, on the loop and on the writer's thread.

    The loop is traced from then on only: a start of the process under trace takes thrice as long."""

    def __init__(self, files: Iterable[Path], start: str) -> None:
        super().__init__({})
        self._files = {str(path): named(path) for path in files}
        self._start = start
        self._armed = False
        threading.settrace(self._enter)

    def __call__(self, name: str) -> None:
        if self._armed or name != self._start:
            return
        self._armed = True
        sys.settrace(self._enter)
        frame: FrameType | None = sys._getframe()  # noqa: SLF001  # the line that runs
        while frame is not None:  # whoever is in the middle of a line goes on under trace
            if frame.f_code.co_filename in self._files:
                frame.f_trace = self._step
            frame = frame.f_back

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._step if frame.f_code.co_filename in self._files else None

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line" and self._armed:
            self.reached(f"{self._files[frame.f_code.co_filename]}:{frame.f_lineno}")
        return self._step

    def reached(self, line: str) -> None:
        raise NotImplementedError


class AtLine(_Tracing):
    """Dies before `line` (`payment/saga:214`) is executed for the n-th time."""

    def __init__(self, files: Iterable[Path], line: str, start: str = START, n: int = 1) -> None:
        super().__init__(files, start)
        self._line = line
        self._left = n

    def reached(self, line: str) -> None:
        if line == self._line:
            self._left -= 1
            if self._left == 0:
                die()


class LineRecorder(_Tracing):
    """Writes each line to a file when it is reached for the first time."""

    def __init__(self, files: Iterable[Path], book: Path, start: str = START) -> None:
        super().__init__(files, start)
        self._book = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._seen: set[str] = set()

    def reached(self, line: str) -> None:
        if line not in self._seen:
            self._seen.add(line)
            os.write(self._book, f"{line}\n".encode())


class HandleCounter(Checkpoints):
    """Writes how many handles the loop had run at each named point after `start`."""

    def __init__(self, book: Path, start: str = START) -> None:
        super().__init__({})
        self._book = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._start = start
        self._count: list[int] = []

    def __call__(self, name: str) -> None:
        if name == self._start and not self._count:
            self._count.append(0)
            plain = asyncio.events.Handle._run  # noqa: SLF001  # asyncio's own hand

            def counted(handle: asyncio.Handle) -> Any:
                self._count[0] += 1
                return plain(handle)

            asyncio.events.Handle._run = counted  # type: ignore[method-assign, assignment]  # noqa: SLF001  # asyncio's own hand
        if self._count:
            os.write(self._book, f"{name} {self._count[0]}\n".encode())
