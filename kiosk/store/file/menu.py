"""Where the menu of a database came from, asked while nobody has it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kiosk.domain.menu.bundle import Origin


def is_of_file(path: Path) -> bool:
    """Whether the menu's file is what is sold: by the newest revision, or since there is none that could be read."""
    if not path.is_file():
        return True
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT origin FROM menu_revision ORDER BY revision DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        return True
    return found is None or found[0] == Origin.FILE
