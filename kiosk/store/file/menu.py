"""Where the menu of a database came from, asked while nobody has it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from kiosk.domain.menu.picture import pictures_in

FILE_TAKEN = "menu_file"  # in `meta`: the digest of the file that was taken in last
WRITTEN = "menu_written"  # in `meta`: the last file that was published, as it was written: JSON of its bundle


class Kept(NamedTuple):
    """The newest revision of the books; `file_taken`: the digest of the menu's file as it was taken in last;
    `written`: JSON of the bundle that the last file held which was published."""

    revision: int
    origin: str
    body: str
    file_taken: str | None
    written: str | None


def newest_kept(path: Path) -> Kept | None:
    """None where there is none that could be read."""
    if not path.is_file():
        return None
    # A reader would leave a log beside a file that was closed in order, and the next start take that for a crash.
    whole = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{whole}", uri=True)) as connection:
            found = connection.execute(
                "SELECT revision, origin, body, (SELECT value FROM meta WHERE key = ?),"
                " (SELECT value FROM meta WHERE key = ?) FROM menu_revision ORDER BY revision DESC LIMIT 1",
                (FILE_TAKEN, WRITTEN),
            ).fetchone()
    except sqlite3.Error:
        return None
    return None if found is None else Kept(found[0], found[1], found[2] or "", found[3], found[4])


def pictures_named(path: Path) -> set[str]:
    """Of the newest revision, those that were uploaded."""
    found = newest_kept(path)
    return set() if found is None else pictures_in(found.body)
