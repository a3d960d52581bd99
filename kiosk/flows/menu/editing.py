"""The draft of a menu: opened, changed by whoever has seen it, published or thrown away."""

from __future__ import annotations

import asyncio

import msgspec

from drivers.robot.equipment import Equipment
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import InvalidRequest, NotFound
from kiosk.domain.menu.bundle import Bundle, Origin, encoded, look_through
from kiosk.domain.menu.changes import Change, apply
from kiosk.domain.menu.differences import differences
from kiosk.domain.menu.refusals import DraftChanged, DraftExists
from kiosk.domain.menu.rows import MenuError
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.newer import Outrun, brought_up, newer_than, outdated
from kiosk.flows.menu.publishing import MenuPublisher, Publication
from kiosk.flows.menu.views import (
    DraftChanges,
    DraftView,
    NewerView,
    OpenDraft,
    PublishDraft,
    RevisionView,
    UpdateDraft,
    revision_view,
)
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.menu import drafts, revisions
from kiosk.store.menu.drafts import DraftRow
from kiosk.store.menu.revisions import RevisionRow
from kiosk.store.transaction import Reader, Tx

_ACTION = "menu_draft"
_NAMED = 20


class MenuDrafts:
    def __init__(
        self,
        database: Database,
        history: MenuHistory,
        publisher: MenuPublisher,
        equipment: Equipment,
        clock: Clock,
    ) -> None:
        self._db = database
        self._history = history
        self._publisher = publisher
        self._equipment = equipment
        self._clock = clock

    async def open(self, wanted: OpenDraft, actor: str) -> DraftView:
        """Raises `DraftExists`, `NotFound` for a revision that is not kept."""
        sold = self._history.now
        revision = sold if wanted.revision is None else wanted.revision
        bundle, now = await self._history.bundle(revision), self._clock.now()

        def run(tx: Tx) -> DraftRow:
            if (found := drafts.read(tx)) is not None:
                raise DraftExists(*_head(found))
            row = drafts.put(tx, revision, sold, actor, encoded(bundle).decode(), now)
            journal.add(tx, actor, _ACTION, f"{row.edit} opened, of revision {revision}", now)
            return row

        return await self._view(await self._db.write(run))

    async def show(self) -> DraftView:
        """Raises `NotFound`."""
        return await self._view(await self._db.read(_require))

    async def discard(self, actor: str) -> None:
        """Raises `NotFound`."""
        now = self._clock.now()

        def run(tx: Tx) -> None:
            row = _require(tx)
            drafts.delete(tx)
            journal.add(tx, actor, _ACTION, f"{row.edit} discarded", now)

        await self._db.write(run)

    async def change(self, wanted: DraftChanges, actor: str) -> DraftView:
        """All of the changes or none. Raises `NotFound`, `DraftChanged` where whoever asks has not seen the newest
        edit, `InvalidRequest` for what leaves no document."""
        row = await self._db.read(_at, wanted.edit)
        body = await asyncio.to_thread(_changed, row.body, wanted.changes)
        now = self._clock.now()

        def run(tx: Tx) -> DraftRow:
            seen = _at(tx, wanted.edit)
            new = drafts.put(tx, seen.based_on, seen.begun_over, actor, body, now)
            journal.add(tx, actor, _ACTION, f"{new.edit} {_named(wanted.changes)}", now)
            return new

        return await self._view(await self._db.write(run))

    async def bring_up(self, wanted: UpdateDraft, actor: str) -> DraftView:
        """What was published since it was begun is taken over under its changes. Raises `NotFound`, `DraftChanged`,
        `MenuOutdated` where somebody has to choose first, has not seen the newest menu, or nothing can be compared."""
        row = await self._db.read(_at, wanted.edit)
        bundle = await asyncio.to_thread(_bundle, row.body)
        newer = await newer_than(self._history, row.begun_over, bundle)
        if newer is None:
            return await self._view(row)
        if newer.revision != wanted.revision:
            raise outdated(newer)
        sides = {(choice.table, choice.id, choice.field): choice.take for choice in wanted.choices}
        base = await self._history.if_kept(row.begun_over)
        mixed = await brought_up(self._history, newer, base, bundle, lambda *at: sides.get(at, wanted.others))
        body, now = encoded(mixed).decode(), self._clock.now()

        def run(tx: Tx) -> DraftRow:
            new = drafts.put(tx, _at(tx, wanted.edit).based_on, newer.revision, actor, body, now)
            journal.add(tx, actor, _ACTION, f"{new.edit} brought up to revision {newer.revision}", now)
            return new

        return await self._view(await self._db.write(run))

    async def publish(self, wanted: PublishDraft, actor: str) -> RevisionView:
        """The revision that it became; asked again, the same. Raises `NotFound`, `DraftChanged`, `MenuUnsellable`,
        `MenuOutdated` where what somebody else has published since it was begun would be undone."""
        row = await self._db.read(_made_or_at, wanted.edit)
        if isinstance(row, RevisionRow):
            return revision_view(row)
        bundle = await asyncio.to_thread(_bundle, row.body)
        if (newer := await newer_than(self._history, row.begun_over, bundle)) is not None:
            raise outdated(newer)
        publication = Publication(origin=Origin.EDITOR, actor=actor, edit=wanted.edit)

        def take(tx: Tx) -> int | None:
            if isinstance(found := _made_or_at(tx, wanted.edit), RevisionRow):
                return found.revision
            if self._history.now != row.begun_over:
                raise Outrun
            drafts.delete(tx)
            return None

        try:
            return await self._history.view(await self._publisher.publish(bundle, publication, take))
        except Outrun:
            return await self.publish(wanted, actor)  # looked at anew, with what has just been published

    async def _view(self, row: DraftRow) -> DraftView:
        sold = await self._history.bundle(self._history.now)
        bundle = await asyncio.to_thread(_bundle, row.body)
        newer = await newer_than(self._history, row.begun_over, bundle)
        return await asyncio.to_thread(self._looked, row, bundle, sold, newer)

    def _looked(self, row: DraftRow, bundle: Bundle, sold: Bundle, newer: NewerView | None) -> DraftView:
        """On a thread: a large menu takes longer than guests are to wait."""
        return DraftView(
            edit=row.edit,
            based_on=row.based_on,
            by=row.actor,
            changed_at=rfc3339(row.changed_at),
            document=bundle.menu,
            charts=sorted(bundle.charts),
            findings=look_through(bundle, self._equipment).findings,
            differences=differences(sold, bundle),
            newer=newer,
        )


def _require(reader: Reader) -> DraftRow:
    """Raises `NotFound`."""
    found = drafts.read(reader)
    if found is None:
        raise NotFound
    return found


def _at(reader: Reader, edit: int) -> DraftRow:
    """As it was seen, and still is. Raises `NotFound`, `DraftChanged`."""
    found = _require(reader)
    if found.edit != edit:
        raise DraftChanged(*_head(found))
    return found


def _made_or_at(reader: Reader, edit: int) -> DraftRow | RevisionRow:
    """What was made of the draft as it was seen, else the draft. Raises `NotFound`, `DraftChanged`."""
    return revisions.of_edit(reader, edit) or _at(reader, edit)


def _bundle(body: str) -> Bundle:
    """Raises `NotFound` for a draft of a program that knew more: it can be thrown away and begun anew."""
    try:
        return msgspec.json.decode(body, type=Bundle)
    except msgspec.ValidationError as error:
        raise NotFound from error


def _changed(body: str, changes: list[Change]) -> str:
    """Raises `InvalidRequest`."""
    bundle = _bundle(body)
    try:
        return encoded(msgspec.structs.replace(bundle, menu=apply(bundle.menu, changes))).decode()
    except (MenuError, ValueError) as error:
        path, _, message = str(error).partition(": ")
        raise InvalidRequest.at(path if path.startswith("$") else "$.changes", message or path) from error


def _named(changes: list[Change]) -> str:
    names = list(dict.fromkeys(f"{change.table}/{change.id}" for change in changes))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _head(row: DraftRow) -> tuple[int, str, str]:
    return row.edit, row.actor, rfc3339(row.changed_at)
