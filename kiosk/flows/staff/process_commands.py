"""What staff may ask of the process itself: guest screens load anew, the process ends where systemd brings it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

import msgspec

from kiosk import version
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.flows.guards.pages import PageWatch
from kiosk.store import journal
from kiosk.store.database import Database

_version = cache(version)  # pages ask every few seconds


class ProcessView(msgspec.Struct, frozen=True):
    """`restarts`: it may be ended here, because systemd brings it back; `screens`: pages that were heard of late;
    `methods`: the ways to pay by which a trial may be sold."""

    version: str
    begun_at: str
    restarts: bool
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
        methods: list[str],
    ) -> None:
        """`end`: ends the process in order; None where nobody would bring it back."""
        self._db = database
        self._page_watch = page_watch
        self._clock = clock
        self._end = end
        self._methods = methods
        self._begun_at: datetime = clock.now()

    def view(self) -> ProcessView:
        heard = sum(word is None for word in self._page_watch.silent().values())
        return ProcessView(_version(), rfc3339(self._begun_at), self._end is not None, heard, self._methods)

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
