"""A picture stays as long as a menu names it: any revision that is kept whole, or the draft; a restore tells which are
not there."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from kiosk.domain.menu.bundle import Origin
from kiosk.flows.menu.pictures import PictureTidying
from kiosk.pictures.folder import KEPT_UNUSED, PictureFolder
from kiosk.store.database import Database
from kiosk.store.file.menu import pictures_named
from kiosk.store.menu import drafts, revisions
from tests.clocks import START, ManualClock

NAMES = [f"{n:032x}.webp" for n in range(5)]
OLD = (START - KEPT_UNUSED - timedelta(days=1)).timestamp()


def revision(*images: str) -> revisions.NewRevision:
    body = '{"menu":{"items":[' + ",".join(f'{{"image":"{name}"}}' for name in images) + "]}}"
    return revisions.NewRevision(origin=Origin.EDITOR, actor="me", version="1", differences=1, body=body, codes={})


async def test_only_what_no_menu_names_is_deleted(database: Database, tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "pictures")
    folder.path.mkdir()
    for name in NAMES:
        (folder.path / name).touch()
        os.utime(folder.path / name, (OLD, OLD))
    tidying = PictureTidying(database, folder, ManualClock())
    await database.write(revisions.add, revision(NAMES[0]), START)
    await database.write(revisions.add, revision(NAMES[1], "tea.webp"), START)
    await database.write(drafts.put, 2, 2, "me", revision(NAMES[2]).body, START)
    assert await tidying.look() == NAMES[3:]
    assert sorted(path.name for path in folder.path.iterdir()) == NAMES[:3]
    await database.write(drafts.delete)
    assert await tidying.look() == [NAMES[2]]
    for _ in range(revisions.KEPT - 1):
        await database.write(revisions.add, revision(NAMES[1]), START)
    assert await tidying.look() == [NAMES[0]], "its revision is not kept whole any more"
    assert pictures_named(database.path) == {NAMES[1]}
    assert folder.missing(pictures_named(database.path)) == []
    (folder.path / NAMES[1]).unlink()
    assert folder.missing(pictures_named(database.path)) == [NAMES[1]]


async def test_before_there_is_a_folder_or_a_database_nothing_is_missing(database: Database, tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "pictures")
    assert await PictureTidying(database, folder, ManualClock()).look() == []
    assert pictures_named(tmp_path / "none.db") == set()
