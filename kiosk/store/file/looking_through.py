"""The whole file looked through, piece by piece, beside a process that uses it: SQLite checks a
page only when it is read, so a page of last year is found bad when a person needs it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file.opening import is_damage
from kiosk.store.file.soundness import Kinds, looks

#: (pieces done, of how many, the table it is at)
Tell = Callable[[int, int, str], None]


class NotLookedThrough(Exception):
    """The file could not be looked at now, which says nothing about it."""


def look_through(path: Path, kinds: Kinds, tell: Tell) -> None:
    """Reads only. Raises `DatabaseBroken` at damage, else `NotLookedThrough`."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise NotLookedThrough(f"{path}: {error}") from error
    try:
        connection.execute("PRAGMA cell_size_check=1")
        pieces = looks(connection, path, kinds)
        for done, (table, look) in enumerate(pieces):
            tell(done, len(pieces), table)
            look()
    except sqlite3.DatabaseError as error:
        raise (DatabaseBroken if is_damage(error) else NotLookedThrough)(f"{path}: {error}") from error
    finally:
        connection.close()
