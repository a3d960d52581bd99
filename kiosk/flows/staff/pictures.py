"""Pictures for the menu, uploaded by staff; each stands in the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.clock import Clock
from kiosk.pictures.folder import PictureFolder, PictureView
from kiosk.store import journal
from kiosk.store.database import Database


class PictureCommands:
    def __init__(self, database: Database, folder: PictureFolder, clock: Clock) -> None:
        self._db = database
        self._folder = folder
        self._clock = clock

    async def add(self, read: Callable[[], Awaitable[bytes]], actor: str) -> PictureView:
        """`read` brings the file; it is called once there is a place for it. Raises `PictureRefused`,
        `PicturesUnavailable`, `TooManyRequests`."""
        with self._folder.place():
            added = await self._folder.add(await read())
        detail = f"{added.image} {added.width}x{added.height} {added.bytes} bytes"
        await self._db.write(journal.add, actor, "menu_picture", detail, self._clock.now())
        return added
