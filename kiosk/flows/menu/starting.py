"""Which menu a process begins to sell: that of the books, unless somebody has changed the file that a site keeps."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog

from drivers.robot.equipment import Equipment
from kiosk.domain.menu.bundle import Bundle, Origin, build, encoded, holds, version_of
from kiosk.domain.menu.chart import ChartError
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.rows import MenuError
from kiosk.flows.menu.publishing import Publication, keep
from kiosk.store.database import Database
from kiosk.store.menu import revisions
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_ACTOR = "kiosk"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMenu:
    """What stands in the file, built for this complex. `digest`: of what is written there; `own`: the site's file, not
    the demo's, which came with the program."""

    bundle: Bundle
    digest: str
    menu: Menu
    own: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """`lost`: of a newer revision that cannot be sold here, its number and why."""

    menu: Menu
    revision: int
    lost: tuple[int, str] | None = None


async def begin(database: Database, file: FileMenu, equipment: Equipment, now: datetime) -> Begun:
    """A file that is another than it was when it was last taken in, or published, becomes a revision, else the newest
    stands; where that cannot be built for this complex, the newest older one that can. Raises `MenuError` where none
    can."""
    newest, taken = await database.read(_look)
    version = version_of(file.bundle)
    if newest is not None and file.digest != taken and holds(await database.read(revisions.written), file.bundle):
        await database.write(revisions.note_file, file.digest)
    elif newest is None or (file.digest != taken and (file.own or newest.origin is Origin.FILE)):
        revision = await database.write(_take_in, file, now)
        _log.info("menu_taken_in", revision=revision)
        return Begun(file.menu, revision)
    if newest.version == version:
        return Begun(file.menu, newest.revision)
    return await _newest_that_can_be_sold(database, newest.revision, equipment)


def _look(reader: Reader) -> tuple[revisions.RevisionRow | None, str | None]:
    return revisions.newest(reader), revisions.file_taken(reader)


def _take_in(tx: Tx, file: FileMenu, now: datetime) -> int:
    revisions.note_file(tx, file.digest)
    revisions.note_written(tx, encoded(file.bundle).decode())
    return keep(tx, file.bundle, file.menu, Publication(origin=Origin.FILE, actor=_ACTOR), now)


async def _newest_that_can_be_sold(database: Database, newest: int, equipment: Equipment) -> Begun:
    lost: tuple[int, str] | None = None
    for revision in range(newest, max(0, newest - revisions.KEPT), -1):
        body = await database.read(revisions.body, revision)
        if body is None:
            continue
        try:
            bundle = msgspec.json.decode(body, type=Bundle)
            return Begun(await asyncio.to_thread(build, bundle, equipment), revision, lost)
        except (MenuError, ChartError, msgspec.ValidationError) as error:
            _log.error("menu_revision_unsellable", revision=revision, why=str(error))
            lost = lost or (revision, str(error))
    number, why = lost or (newest, "it is not kept any more")
    raise MenuError(f"revision {number} of the menu: {why}")
