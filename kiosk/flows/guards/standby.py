"""The keeper of the standby copy: a moment behind the database, on another disk; nothing that is sold waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.reasons import STANDBY_LATE, STANDBY_SAME_DISK
from kiosk.periods import USUAL, Periods
from kiosk.store import meta
from kiosk.store.database import Database
from kiosk.store.file.copying import on_a_thread
from kiosk.store.file.standby import NotContinued, Standby, claim

T = TypeVar("T")
_log = structlog.get_logger()
_MEGABYTE = 2**20
#: The log of the database is brought into its file when it has grown by so much and all of it is in the copy.
CUT_BYTES = 4 * _MEGABYTE
#: Larger than this, nothing waits for the copy any more: it is made anew later.
_GIVE_UP_BYTES = 256 * _MEGABYTE
CHECK = "standby"
_LATE_S = 300.0  # from then on a person is called
_STEP_S = 20.0  # a disk that takes longer is stuck
_AGAIN_AT_MOST = 60  # times the first pause
_STARTED = "standby_begun_at"


class _Stuck(OSError):
    """The disk of the copy does not answer."""


class StandbyGuard:
    """`run()` and `tell()` until cancelled. `small`: files beside the database that go along, nobody else's to read."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        small: tuple[Path, ...],
        readiness: Readiness,
        clock: Clock,
        periods: Periods = USUAL,
    ) -> None:
        self._db = database
        self._folder = folder
        self._small = small
        self._readiness = readiness
        self._clock = clock
        self._periods = periods
        self._standby = Standby(database.path, folder)
        self._stuck: Future[Any] | None = None
        self._change = -1  # of the database, when the copy was last brought up to it
        self._level_at: float | None = None  # monotonic, when nothing of the database was missing in the copy
        self._begun_at = clock.monotonic()
        self._failures = 0
        self.error: str | None = None

    @property
    def age_s(self) -> float:
        """How old what the copy does not know yet may be; of no copy since the start."""
        return self._clock.monotonic() - (self._begun_at if self._level_at is None else self._level_at)

    async def run(self) -> None:
        while True:
            await self._clock.sleep(await self.look())

    async def tell(self) -> None:
        """Runs until cancelled, beside `run`: a look at a disk that does not answer may take an hour."""
        while True:
            self._readiness.set(CHECK, self._reason(), blocks=False, detail=self.error or "")
            await self._clock.sleep(self._periods.standby_s)

    def _reason(self) -> str | None:
        if self.age_s > _LATE_S:
            return STANDBY_LATE
        return STANDBY_SAME_DISK if self._standby.same_disk else None

    async def look(self) -> float:
        """Bring the copy up to the database; seconds until the next look."""
        try:
            await self._bring_up()
        except NotContinued as error:
            _log.info("standby_begins_anew", cause=str(error))
            self._standby.forget()
            return self._again_s()
        except DatabaseBroken:
            return self._again_s()
        except OSError as error:
            await self._fail(str(error))
            return self._again_s()
        if self.error is not None:
            _log.info("standby_is_back", after=self.error)
        self.error, self._failures = None, 0
        return self._periods.standby_s

    def _again_s(self) -> float:
        """Soon for the first time, then less and less often."""
        self._failures += 1
        if self._failures == 1:
            return 0.0
        return self._periods.standby_again_s * min(1 << min(self._failures - 2, 6), _AGAIN_AT_MOST)

    async def _fail(self, error: str) -> None:
        """SQLite brings its log into the file by itself again, so that it does not grow."""
        if error != self.error:
            _log.warning("standby_failed", error=error)
        self.error = error
        self._standby.forget()
        with contextlib.suppress(DatabaseBroken):
            await self._db.between(self._standby.let_go)

    async def _bring_up(self) -> None:
        self._require_no_stuck_thread()
        moment, change = self._clock.monotonic(), self._db.change
        if self._standby.copy is not None and change == self._change:
            await self._on_thread(self._standby.see)
            self._level_at = moment
            return
        limit = await self._db.between(self._standby.measure)
        if limit > _GIVE_UP_BYTES:
            raise _Stuck(f"{self._folder} is {limit // _MEGABYTE} MB behind")
        if self._standby.copy is None and not await self._on_thread(self._standby.take_up):
            await self._begin()
        else:
            await self._on_thread(partial(self._standby.follow, limit))
        if self._standby.uncut_bytes > CUT_BYTES:
            rest = await self._db.between(self._standby.cut)
            await self._on_thread(partial(self._standby.take_rest, rest))
        self._change, self._level_at = change, moment

    async def _begin(self) -> None:
        """A new generation, of the whole file. Something is committed first: the log is then certainly not empty."""
        now = self._clock.now()
        await self._on_thread(partial(claim, self._folder, await self._db.write(meta.database_id)))
        await self._db.write(meta.put, _STARTED, rfc3339(now))
        copy, before = await self._on_thread(partial(self._standby.begin, now, self._small))
        try:
            size = await self._db.backup(copy)
        except DatabaseBroken as error:
            raise OSError(f"{copy}: {error}") from error
        limit = await self._db.between(self._standby.measure)
        await self._on_thread(partial(self._standby.finish, copy, before, limit, now))
        _log.info("standby_begun", folder=copy.parent.name, size_bytes=size)

    def _require_no_stuck_thread(self) -> None:
        """What was given up may still be at work with the state that it had: it ends before anything is begun anew."""
        if self._stuck is not None:
            if not self._stuck.done():
                raise _Stuck(f"{self._folder} does not answer")
            self._stuck = None
            self._standby = Standby(self._db.path, self._folder)

    async def _on_thread(self, call: Callable[[], T]) -> T:
        """The other disk may never answer. Raises what `call` raises, and `OSError` where it takes too long."""
        outcome = on_a_thread(call)
        try:
            async with asyncio.timeout(_STEP_S):
                return await asyncio.wrap_future(outcome)
        except TimeoutError as error:
            raise _Stuck(f"{self._folder} does not answer") from error
        finally:
            self._stuck = None if outcome.done() else outcome
