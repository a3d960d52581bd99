"""The menus that were sold: what is sold now, every revision, and an older one brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kiosk.clock import rfc3339
from kiosk.domain.errors import NotFound
from kiosk.domain.menu.bundle import Bundle, Origin, decoded
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.differences import differences
from kiosk.flows.menu.publishing import MenuPublisher, Publication
from kiosk.flows.menu.views import (
    MenuDocumentView,
    RevisionDetailView,
    RevisionsView,
    RevisionView,
    detail_view,
    draft_head,
    revision_view,
)
from kiosk.store.database import Database
from kiosk.store.menu import drafts, revisions
from kiosk.store.menu.drafts import DraftRow
from kiosk.store.menu.revisions import RevisionRow
from kiosk.store.transaction import Reader, Tx


class MenuHistory:
    """`languages`: those that a menu is told in, for whoever writes one."""

    def __init__(
        self, database: Database, menu: CurrentMenu, publisher: MenuPublisher, languages: Sequence[str]
    ) -> None:
        self._db = database
        self._menu = menu
        self._publisher = publisher
        self._languages = languages

    @property
    def now(self) -> int:
        """The revision that is sold."""
        return self._menu.revision

    async def document(self) -> MenuDocumentView:
        revision = self.now
        row, draft = await self._db.read(_look, revision)
        bundle = await self.bundle(revision)
        return MenuDocumentView(
            revision=revision,
            version=row.version,
            published_at=rfc3339(row.published_at),
            by=row.actor,
            origin=row.origin.value,
            document=bundle.menu,
            charts=sorted(bundle.charts),
            languages=list(self._languages),
            draft=None if draft is None else draft_head(draft),
            troubles=self._publisher.troubles(),
        )

    async def revisions(self, before: int) -> RevisionsView:
        """A page of those below `before`, the newest first."""
        return RevisionsView([revision_view(row) for row in await self._db.read(revisions.page, before)])

    async def revision(self, revision: int) -> RevisionDetailView:
        """Raises `NotFound`, also for one that is not kept whole."""
        row = await self._db.read(_require, revision)
        bundle, before = await self.bundle(revision), await self.if_kept(revision - 1)
        found = [] if before is None else await asyncio.to_thread(differences, before, bundle)
        return detail_view(row, bundle, found)

    async def view(self, revision: int) -> RevisionView:
        """Raises `NotFound`."""
        return revision_view(await self._db.read(_require, revision))

    async def bundle(self, revision: int) -> Bundle:
        """Raises `NotFound` for one that is not there, or not whole any more."""
        found = await self.if_kept(revision)
        if found is None:
            raise NotFound
        return found

    async def bring_back(self, revision: int, actor: str) -> RevisionView:
        """A new revision with its content, checked anew; where that is what was done last, nothing more. Raises
        `NotFound`, `MenuUnsellable`."""
        bundle = await self.bundle(revision)
        publication = Publication(origin=Origin.ROLLBACK, actor=actor, source=revision)

        def unless_done(tx: Tx) -> int | None:
            newest = revisions.newest(tx)
            if newest is None or newest.revision != self.now:
                return None
            brought = newest.origin is Origin.ROLLBACK and newest.source == revision
            return newest.revision if brought or newest.revision == revision else None

        return await self.view(await self._publisher.publish(bundle, publication, unless_done))

    async def if_kept(self, revision: int) -> Bundle | None:
        """None for one that is not there, not whole any more, or that this program cannot read."""
        return await asyncio.to_thread(decoded, await self._db.read(revisions.body, revision))


def _look(reader: Reader, revision: int) -> tuple[RevisionRow, DraftRow | None]:
    return _require(reader, revision), drafts.read(reader)


def _require(reader: Reader, revision: int) -> RevisionRow:
    found = revisions.find(reader, revision)
    if found is None:
        raise NotFound
    return found
