"""The database file is looked through after each start and once a day, beside everything else; damage closes sales."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.reasons import BOOKS
from kiosk.domain.text import Text
from kiosk.store import meta
from kiosk.store.database import Database
from kiosk.store.events import device_faults
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
CHECK = "file"
_CHECKED_AT = "file_checked_at"
_EVERY = timedelta(days=1)
_AGAIN_S = 3600.0  # where it could not be looked through
_ENDS_WITHIN_S = 2.0  # who has closed its output
_REAPED_WITHIN_S = 0.2  # who was killed
_RAISED = Text("файл базы данных повреждён", "the database file is damaged")


class FileView(msgspec.Struct, frozen=True):
    """`state`: `waiting`, `running` (`done` pieces of `of`, now at `table`), `sound`, `damaged`."""

    state: str = "waiting"
    done: int = 0
    of: int = 0
    table: str = ""
    damage: str = ""
    checked_at: str | None = None


class _Line(msgspec.Struct, frozen=True):
    done: int = 0
    of: int = 0
    table: str = ""
    damage: str = ""


class FileCheck:
    """`command` starts the process that looks; it is left alone to read, and what it says is all that comes of it."""

    def __init__(
        self, database: Database, command: Sequence[str], readiness: Readiness, clock: Clock, after_s: float
    ) -> None:
        self._db = database
        self._command = command
        self._readiness = readiness
        self._clock = clock
        self._after_s = after_s
        self.view = FileView()

    async def run(self) -> None:
        await self._clock.sleep(self._after_s)
        told = await self._db.read(meta.read, _CHECKED_AT)
        if told is not None and self._db.was_closed:  # after a crash it is looked at in any case
            self.view = FileView("sound", checked_at=told)
            await self._clock.sleep((datetime.fromisoformat(told) + _EVERY - self._clock.now()).total_seconds())
        while True:
            verdict = await self.look()
            await self._clock.sleep(_AGAIN_S if verdict is None else _EVERY.total_seconds())

    async def look(self) -> bool | None:
        """Whether the file is sound; None where it could not be looked through."""
        # asyncio's own starts it just as synchronously, and leaves a pipe behind where it is cancelled twice.
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - S603: our own interpreter and module
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        try:
            damage = await self._follow(process)
            code = await asyncio.to_thread(process.wait, _ENDS_WITHIN_S)  # who closes its output ends
        except subprocess.TimeoutExpired:
            damage, code = "", None
        finally:
            _end(process)
        if damage:
            await self._close(damage)
            return False
        if code != 0:
            _log.warning("file_not_checked", code=code)
            self.view = FileView()
            return None
        await self._open()
        return True

    async def _follow(self, process: subprocess.Popen[bytes]) -> str:
        """The damage that it names, or None."""
        damage, told = "", asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(told), process.stdout
        )
        try:
            async for raw in told:
                line = msgspec.json.decode(raw, type=_Line)
                damage = damage or line.damage
                self.view = FileView("running", line.done, line.of, line.table)
        finally:
            pipe.close()
        return damage

    async def _close(self, damage: str) -> None:
        """Nothing more is sold; the mark makes the next start look through all of it before anything else."""
        now = self._clock.now()
        _log.critical("file_damaged", damage=damage)
        self.view = FileView("damaged", damage=damage, checked_at=rfc3339(now))
        self._readiness.set(CHECK, BOOKS, detail=damage, told=_RAISED)
        self._db.suspect(damage)
        with contextlib.suppress(DatabaseBroken):
            await self._db.write(device_faults.record, CHECK, BOOKS, damage, now)

    async def _open(self) -> None:
        now = self._clock.now()
        _log.info("file_checked")
        self._readiness.set(CHECK, None)

        def run(tx: Tx) -> None:
            device_faults.record(tx, CHECK, None, "", now)
            meta.put(tx, _CHECKED_AT, rfc3339(now))

        with contextlib.suppress(DatabaseBroken):
            await self._db.write(run)
        self.view = FileView("sound", checked_at=rfc3339(now))  # as the next process reads it in the books


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it is left behind, its pipe neither; a disk that never answers holds the loop for a moment only."""
    process.kill()
    if process.stdout is not None:
        process.stdout.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_REAPED_WITHIN_S)
