"""The product's `Database` with its threads taken out: a batch is committed whole as one step some time after it was
asked for, a question is answered one step after it was put. File, SQL and commit are the product's own."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar, cast

from tests.databases.on_the_loop import LoopDatabase
from tests.vopr.disk import Disk
from tests.vopr.scheduler import Host

T = TypeVar("T")


class SimulatedDatabase(LoopDatabase):
    """`Parts.database`, on a host."""

    def _start_writer(self) -> None:
        self._host = cast(Host, self._loop)  # every loop here is one
        self._host.sim.keep(self)  # closed by a finalizer, a dead connection would take the next life's log away
        super()._start_writer()

    def _later(self, call: Callable[[], None]) -> None:
        self._host.sim.thread(self._host, call)

    def _elsewhere(self, call: Callable[[], T]) -> Awaitable[T]:
        return self._host.run_in_executor(None, call)

    def _round(self, request: Any) -> None:
        """A disk that stopped in the middle of it: the power has gone, and nobody has heard what was told since."""
        super()._round(request)
        if self._host.sim.disk.stopped:
            self._host.sim.power_cuts += self._host.loses_power
            self._host.die()

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        sim = self._host.sim
        if not sim.disk.stopped:
            host = self._host
            sim.after(5e-5 + sim.rng.random() * 1e-4, host, lambda: _void(host.call_soon(call, *arguments)))

    async def _connect_reader(self) -> Any:
        found = await super()._connect_reader()
        self._host.sim.keep(self._asked)
        return found


def _void(handle: object) -> None:
    """Nobody cancels it."""


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
