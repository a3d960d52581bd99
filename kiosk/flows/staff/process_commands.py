"""What staff may ask of the process itself: guest screens load anew, the process ends where systemd brings it back, and
so does the browser of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec

from kiosk import version
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.domain.staff.refusals import BrowserNotRestarted
from kiosk.flows.guards.pages import PageWatch
from kiosk.store import journal
from kiosk.store.database import Database

_version = cache(version)  # pages ask every few seconds
_WITHIN_S, _LOOK_S = 10.0, 0.1


class ProcessView(msgspec.Struct, frozen=True):
    """`restarts`: it may be ended here, because systemd brings it back; `browser`: so may the browser of this machine;
    `screens`: pages that were heard of late; `methods`: the ways to pay by which a trial may be sold."""

    version: str
    begun_at: str
    restarts: bool
    browser: bool
    screens: int
    methods: list[str]


class ProcessCommands:
    def __init__(
        self,
        database: Database,
        page_watch: PageWatch,
        clock: Clock,
        *,
        end: Callable[[], None] | None,
        browser: Path | None,
        methods: list[str],
    ) -> None:
        """`end`: ends the process in order; None where nobody would bring it back. `browser`: the file for which
        `kiosk-browser-restart.path` waits; None without systemd."""
        self._db = database
        self._page_watch = page_watch
        self._clock = clock
        self._end = end
        self._browser = browser
        self._methods = methods
        self._begun_at: datetime = clock.now()

    def view(self) -> ProcessView:
        heard = sum(word is None for word in self._page_watch.silent().values())
        return ProcessView(
            version=_version(),
            begun_at=rfc3339(self._begun_at),
            restarts=self._end is not None,
            browser=self._browser is not None,
            screens=heard,
            methods=self._methods,
        )

    async def reload_screens(self, actor: str) -> None:
        """Each guest screen loads anew as soon as nobody stands before it."""
        await self._db.write(journal.add, actor, "screens_reload", "", self._clock.now())
        self._page_watch.ask_to_reload()

    async def restart(self, actor: str) -> None:
        """What is under way is taken up by the next process, as after a kill. Raises `NotFound` where nobody would
        bring it back."""
        if self._end is None:
            raise NotFound
        await self._db.write(journal.add, actor, "process_restart", "", self._clock.now())
        self._end()

    async def restart_browser(self, actor: str) -> None:
        """By a unit that may: it takes the file away, and then restarts the browser. Raises `NotFound` without systemd,
        `BrowserNotRestarted` where no such unit waits here."""
        if self._browser is None:
            raise NotFound
        await self._db.write(journal.add, actor, "browser_restart", "", self._clock.now())
        try:
            await asyncio.to_thread(self._browser.touch)
            await self._until_taken(self._browser)
        except (TimeoutError, OSError) as error:
            raise BrowserNotRestarted from error

    async def _until_taken(self, file: Path) -> None:
        """Raises `TimeoutError`; nobody finds the file later."""
        end_s = self._clock.monotonic() + _WITHIN_S
        try:
            while await asyncio.to_thread(file.exists):
                if self._clock.monotonic() > end_s:
                    raise TimeoutError
                await self._clock.sleep(_LOOK_S)
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)
