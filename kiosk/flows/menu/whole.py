"""A menu published as a whole, by hand: of a file, or as `kiosk menu export` wrote it."""

from __future__ import annotations

import asyncio

import msgspec

from kiosk.domain.errors import InvalidRequest
from kiosk.domain.menu.bundle import Bundle, Origin, decoded, encoded, version_of
from kiosk.domain.menu.whole import WholeMenu
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.newer import Outrun, brought_up, newer_to, outdated
from kiosk.flows.menu.publishing import MenuPublisher, Publication
from kiosk.flows.menu.views import RevisionView
from kiosk.store.database import Database
from kiosk.store.menu import revisions
from kiosk.store.transaction import Tx


class WholeMenus:
    def __init__(self, database: Database, history: MenuHistory, publisher: MenuPublisher) -> None:
        self._db = database
        self._history = history
        self._publisher = publisher

    async def publish(self, wanted: WholeMenu, actor: str) -> RevisionView:
        """The same as is sold already is no new revision. Raises `MenuUnsellable`, `MenuOutdated` where what somebody
        else has published since would be undone."""
        return await self._publish(wanted, await self._written_upon(wanted), actor)

    async def _written_upon(self, wanted: WholeMenu) -> Bundle | None:
        """None: it is not kept any more."""
        if (revision := wanted.over or wanted.revision) is not None:
            return await self._history.if_kept(revision)
        return await asyncio.to_thread(decoded, await self._db.read(revisions.written))

    async def _publish(self, wanted: WholeMenu, base: Bundle | None, actor: str) -> RevisionView:
        seen = self._history.now
        bundle, version = await self._made_of(wanted, base)

        def unless_done(tx: Tx) -> int | None:
            if self._history.now != seen:
                raise Outrun
            if wanted.revision is None:
                revisions.note_written(tx, encoded(wanted.bundle).decode())
            newest = revisions.newest(tx)
            done = newest is not None and (newest.revision, newest.version) == (seen, version)
            return seen if done else None

        publication = Publication(origin=Origin.EDITOR, actor=actor)
        try:
            return await self._history.view(await self._publisher.publish(bundle, publication, unless_done))
        except Outrun:
            return await self._publish(wanted, base, actor)  # looked at anew, with what has just been published

    async def _made_of(self, wanted: WholeMenu, base: Bundle | None) -> tuple[Bundle, str]:
        """What is to be sold, and its version. Raises `MenuOutdated`."""
        mine, sold = wanted.bundle, await self._history.bundle(self._history.now)
        version = await asyncio.to_thread(version_of, mine)
        known = (version, None if base is None else await asyncio.to_thread(version_of, base))
        if await asyncio.to_thread(version_of, sold) in known:
            return mine, version
        newer = await newer_to(self._history, base, mine)
        if not wanted.merge:
            raise outdated(newer)
        bundle = await brought_up(self._history, newer, base, mine, lambda *_: None)
        return bundle, await asyncio.to_thread(version_of, bundle)


def whole_menu(body: bytes) -> WholeMenu:
    """Of its JSON. Raises `InvalidRequest`."""
    try:
        return msgspec.json.decode(body, type=WholeMenu)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest.at("$", str(error)) from error
