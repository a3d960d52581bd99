"""Uploaded pictures that no menu names any more go after their days."""

from __future__ import annotations

import asyncio

import structlog

from kiosk.clock import Clock
from kiosk.domain.menu.picture import pictures_in
from kiosk.pictures.folder import PictureFolder
from kiosk.store.database import Database
from kiosk.store.menu import drafts, revisions

_log = structlog.get_logger()
_FIRST_S, _EVERY_S = 600.0, 86_400.0  # a start has other things to do


class PictureTidying:
    """`run()` until cancelled. What any revision that is kept whole names stays, and what the draft names."""

    def __init__(self, database: Database, folder: PictureFolder, clock: Clock) -> None:
        self._db = database
        self._folder = folder
        self._clock = clock

    async def run(self) -> None:
        await self._clock.sleep(_FIRST_S)
        while True:
            await self.look()
            await self._clock.sleep(_EVERY_S)

    async def look(self) -> list[str]:
        """What was deleted."""
        named = await self._named()
        try:
            gone = await asyncio.to_thread(self._folder.tidy, named, self._clock.now())
        except OSError as error:
            _log.warning("pictures_not_tidied", error=str(error))
            return []
        if gone:
            _log.info("pictures_forgotten", count=len(gone))
        return gone

    async def _named(self) -> set[str]:
        """One revision after the other: nobody waits for all of them."""
        found: set[str] = set()
        newest = await self._db.read(revisions.newest)
        last = 0 if newest is None else newest.revision
        for revision in range(max(1, last - revisions.KEPT), last + 1):
            body: str | None = await self._db.read(revisions.body, revision)
            found |= pictures_in(body or "")
        draft = await self._db.read(drafts.read)
        return found | pictures_in("" if draft is None else draft.body)
