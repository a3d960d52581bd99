"""Revisions of the menu: each that was sold, the newest the current one. Nobody is deleted; bodies go with age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.menu.bundle import Origin
from kiosk.store import meta
from kiosk.store.file.menu import FILE_TAKEN, WRITTEN
from kiosk.store.transaction import Reader, Tx

#: So many revisions are kept whole, and may be brought back.
KEPT = 200
_CLOUD = "menu_cloud"  # in `meta`: the number of the cloud's menu that was taken last
_CLOUD_CONTENT = "menu_cloud_content"  # in `meta`: the digest of what it held
_PAGE = 50
_COLUMNS = "revision, origin, source, edit, actor, published_at, version, differences"


class RevisionRow(msgspec.Struct, frozen=True):
    """Without its body."""

    revision: int
    origin: Origin
    source: int | None
    edit: int | None
    actor: str
    published_at: datetime
    version: str
    differences: int


class NewRevision(msgspec.Struct, frozen=True, kw_only=True):
    """`body`: JSON of the bundle; `codes`: of its ingredients."""

    origin: Origin
    actor: str
    version: str
    differences: int
    body: str
    codes: Mapping[str, int]
    source: int | None = None
    edit: int | None = None


class _Known(msgspec.Struct, frozen=True):
    ingredient: str
    code: int


def newest(reader: Reader) -> RevisionRow | None:
    """The current one."""
    last: int | None = reader.scalar("SELECT max(revision) FROM menu_revision")
    return None if last is None else find(reader, last)


def find(reader: Reader, revision: int) -> RevisionRow | None:
    return reader.one(RevisionRow, f"SELECT {_COLUMNS} FROM menu_revision WHERE revision = ?", (revision,))


def of_edit(reader: Reader, edit: int) -> RevisionRow | None:
    """What was made of a draft as it was at that edit."""
    return reader.one(RevisionRow, f"SELECT {_COLUMNS} FROM menu_revision WHERE edit = ?", (edit,))


def written(reader: Reader) -> str | None:
    """JSON of the bundle that the last file held which was published: what its next edition is written upon, whatever
    it was merged with then. None for none; where nobody noted it, of the last that was published as a whole."""
    noted = meta.read(reader, WRITTEN)
    if noted is not None:
        return noted
    last: int | None = reader.scalar(
        "SELECT max(revision) FROM menu_revision WHERE origin = ? OR (origin = ? AND edit IS NULL)",
        (Origin.FILE.value, Origin.EDITOR.value),
    )
    return None if last is None else body(reader, last)


def note_written(tx: Tx, text: str) -> None:
    """`text`: JSON of the bundle."""
    meta.put(tx, WRITTEN, text)


def page(reader: Reader, before: int) -> list[RevisionRow]:
    """The newest first, of those below `before`."""
    return reader.all(
        RevisionRow,
        f"SELECT {_COLUMNS} FROM menu_revision WHERE revision < ? ORDER BY revision DESC LIMIT ?",
        (before, _PAGE),
    )


def body(reader: Reader, revision: int) -> str | None:
    """JSON of its bundle; None for one that there is not, or not whole any more."""
    found: str | None = reader.scalar("SELECT body FROM menu_revision WHERE revision = ?", (revision,))
    return found


def add(tx: Tx, new: NewRevision, now: datetime) -> int:
    """It is the current one from this commit on; its number."""
    found = newest(tx)
    revision = 1 if found is None else found.revision + 1
    tx.insert(
        "menu_revision",
        revision=revision,
        origin=new.origin.value,
        source=new.source,
        edit=new.edit,
        actor=new.actor,
        published_at=rfc3339(now),
        version=new.version,
        differences=new.differences,
        body=new.body,
    )
    tx.execute("UPDATE menu_revision SET body = NULL WHERE revision = ?", (revision - KEPT,))
    for ingredient, code in new.codes.items():
        tx.execute("INSERT OR REPLACE INTO menu_ingredient VALUES (?, ?)", (ingredient, code))
    return revision


def codes(reader: Reader, ingredients: Iterable[str]) -> dict[str, int]:
    """By which number the robot knows them; what no menu ever had is missing."""
    found = {name: _code(reader, name) for name in ingredients}
    return {name: code for name, code in found.items() if code is not None}


def called(reader: Reader, codes: Iterable[int]) -> frozenset[str]:
    """Whatever any menu called the food of these numbers."""
    wanted = set(codes)
    rows = reader.all(_Known, "SELECT ingredient, code FROM menu_ingredient")
    return frozenset(row.ingredient for row in rows if row.code in wanted)


def _code(reader: Reader, ingredient: str) -> int | None:
    found: int | None = reader.scalar("SELECT code FROM menu_ingredient WHERE ingredient = ?", (ingredient,))
    return found


def cloud_taken(reader: Reader) -> int:
    """The number of the cloud's menu that was taken last; 0 before the first."""
    return int(meta.read(reader, _CLOUD) or 0)


def cloud_content(reader: Reader) -> str | None:
    """The digest of what it held; None where nobody noted that."""
    return meta.read(reader, _CLOUD_CONTENT)


def note_cloud(tx: Tx, revision: int, content: str) -> None:
    """`content`: its digest."""
    meta.put(tx, _CLOUD, str(revision))
    meta.put(tx, _CLOUD_CONTENT, content)


def file_taken(reader: Reader) -> str | None:
    """The digest of the menu's file as it was taken in last; None before the first."""
    return meta.read(reader, FILE_TAKEN)


def note_file(tx: Tx, digest: str) -> None:
    meta.put(tx, FILE_TAKEN, digest)
