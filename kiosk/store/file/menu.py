"""Where the menu of a database came from, asked while nobody has it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kiosk.domain.menu.bundle import Origin
from kiosk.domain.menu.picture import pictures_in


def is_of_file(path: Path) -> bool:
    """Whether the menu's file is what is sold: by the newest revision, or since there is none that could be read."""
    found = _of_newest(path, "origin")
    return found is None or found == Origin.FILE


def pictures_named(path: Path) -> set[str]:
    """Of the newest revision, those that were uploaded."""
    return pictures_in(_of_newest(path, "body") or "")


def _of_newest(path: Path, column: str) -> str | None:
    if not path.is_file():
        return None
    statement = f"SELECT {column} FROM menu_revision ORDER BY revision DESC LIMIT 1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute(statement).fetchone()
    except sqlite3.Error:
        return None
    return None if found is None else found[0]
