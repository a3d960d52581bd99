"""The product's `Database` with its threads taken out: a batch is committed whole as one step some time after it was
asked for, a question is answered one step after it was put. File, SQL and commit are the product's own."""

from __future__ import annotations

import queue
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar, cast

from kiosk.store.database import Database
from kiosk.store.file.opening import STATEMENTS_KEPT, prepare_reader
from kiosk.store.transaction import Reader
from tests.vopr.disk import Disk
from tests.vopr.scheduler import Host

T = TypeVar("T")


class SimulatedDatabase(Database):
    """`Parts.database`, on a host."""

    _asked: sqlite3.Connection | None = None

    def _start_writer(self) -> None:
        self._host = cast(Host, self._loop)  # every loop here is one
        self._host.sim.keep(self)  # closed by a finalizer, a dead connection would take the next life's log away
        self._waiting = _Requests(self._host, self._round)
        self._requests = cast(Any, self._waiting)  # as much of a queue as is used

    async def _end_writer(self) -> None:
        await self._host.run_in_executor(None, self._waiting.serve_all)

    def _round(self, request: Any) -> None:
        """A disk that stopped in the middle of it: the power has gone, and nobody has heard what was told since."""
        self._serve_once(request)
        if self._host.sim.disk.stopped:
            self._host.sim.power_cuts += self._host.loses_power
            self._host.die()

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        sim = self._host.sim
        if not sim.disk.stopped:
            host = self._host
            sim.after(5e-5 + sim.rng.random() * 1e-4, host, lambda: _void(host.call_soon(call, *arguments)))

    async def _connect_reader(self) -> Any:
        """All have one connection: no question is put while another is asked."""
        if self._asked is None:
            self._asked = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS_KEPT
            )
            self._host.sim.keep(self._asked)
        return _ReaderConnection(self._asked, self._host)


def _void(handle: object) -> None:
    """Nobody cancels it."""


class _Requests:
    """What the loop puts in is served by a thread some time later, all that waits by then in one batch."""

    def __init__(self, host: Host, serve: Callable[[Any], None]) -> None:
        self._host, self._serve = host, serve
        self._waiting: deque[Any] = deque()
        self._due = False

    def put(self, request: Any) -> None:
        self._waiting.append(request)
        self._plan()

    def get_nowait(self) -> Any:
        if not self._waiting:
            raise queue.Empty
        return self._waiting.popleft()

    def _plan(self) -> None:
        if self._waiting and not self._due:
            self._due = True
            self._host.sim.thread(self._host, self._come)

    def _come(self) -> None:
        self._due = False
        if self._waiting:
            self._serve(self._waiting.popleft())
            self._plan()

    def serve_all(self) -> None:
        while self._waiting:
            self._serve(self._waiting.popleft())


class _ReaderConnection:
    """As much of `aiosqlite.Connection` as the product uses, and its `look`."""

    def __init__(self, connection: sqlite3.Connection, host: Host) -> None:
        self._host = host
        self._connection = connection

    async def prepare(self, trace: Any) -> None:
        await self._host.run_in_executor(None, self._prepare, trace)

    def _prepare(self, trace: Any) -> None:
        prepare_reader(self._connection)
        self._connection.set_trace_callback(trace)

    async def look(self, run: Callable[[Reader], T]) -> T:
        found: T = await self._host.run_in_executor(None, self._look, run)
        return found

    def _look(self, run: Callable[[Reader], T]) -> T:
        self._connection.execute("BEGIN")
        try:
            return run(Reader(self._connection))
        except StopIteration as error:  # no future takes it
            raise RuntimeError(repr(error)) from error
        finally:
            self._connection.rollback()

    async def close(self) -> None:
        self._connection.close()


def leave_behind(path: Path, cut_by: tuple[Disk, Random] | None = None) -> None:
    """What a killed process leaves of its database: the files as they are, in inodes that nobody has open or locked.
    `cut_by`: the machine lost its power too, and what this disk had not flushed is left to chance."""
    for suffix in ("", "-wal"):
        file = path.with_name(path.name + suffix)
        if not file.exists():
            continue
        staged = file.with_name(f"{file.name}.left")
        if cut_by is None:
            shutil.copyfile(file, staged)
        else:
            disk, rng = cut_by
            staged.write_bytes(disk.cut(str(file), file.read_bytes(), rng))
        staged.replace(file)
    for suffix in ("-shm", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
