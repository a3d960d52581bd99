"""A menu published as a whole, by hand: of a file, or as `kiosk menu export` wrote it."""

from __future__ import annotations

import asyncio

import msgspec

from kiosk.domain.errors import InvalidRequest
from kiosk.domain.menu.bundle import Origin, version_of
from kiosk.domain.menu.whole import WholeMenu
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.newer import Outrun, brought_up, newer_than, outdated
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
        else has published since would be undone, `NotFound` to merge with what is not kept any more."""
        whole = await self._db.read(revisions.newest_whole)
        over = whole if wanted.revision is None else wanted.revision
        bundle = wanted.bundle
        newer = await newer_than(self._history, over, bundle)
        if newer is not None and version_of(bundle) != version_of(await self._history.bundle(newer.revision)):
            if not wanted.merge:
                raise outdated(newer)
            bundle = await brought_up(self._history, newer, over, bundle, lambda *_: None)
        if newer is not None:
            over = newer.revision
        version = await asyncio.to_thread(version_of, bundle)

        def unless_done(tx: Tx) -> int | None:
            newest = revisions.newest(tx)
            if newest is not None and newest.version == version and newest.revision == self._history.now:
                return newest.revision
            if self._history.now != over:
                raise Outrun
            return None

        publication = Publication(origin=Origin.EDITOR, actor=actor)
        try:
            return await self._history.view(await self._publisher.publish(bundle, publication, unless_done))
        except Outrun:
            return await self.publish(wanted, actor)  # looked at anew, with what has just been published


def whole_menu(body: bytes) -> WholeMenu:
    """Of its JSON. Raises `InvalidRequest`."""
    try:
        return msgspec.json.decode(body, type=WholeMenu)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest.at("$", str(error)) from error
