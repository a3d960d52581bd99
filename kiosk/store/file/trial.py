"""An upgrade tried out on a copy of the database before the database itself is touched (operation.md#updates)."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file.looking_through import NotLookedThrough, look_through
from kiosk.store.file.opening import make_private, open_writer
from kiosk.store.file.soundness import Kinds


def try_out(path: Path, kinds: Kinds) -> str:
    """Bring a copy of the database to the version of this program and look through all of it; a sentence of how that
    went well. The old program may use the database meanwhile. Raises `DatabaseBroken`, `OSError` without room."""
    if not path.exists():
        return "no database yet, the first start makes it"
    with tempfile.TemporaryDirectory(prefix=f"{path.name}.trial-", dir=path.parent) as place:
        copy = Path(place) / path.name
        make_private(copy)
        try:
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            open_writer(copy).close()
            look_through(copy, kinds, lambda _done, _of, _table: None)
        except (sqlite3.Error, NotLookedThrough) as error:
            raise DatabaseBroken(f"{path}: {error}") from error
        return f"a copy of {copy.stat().st_size} bytes was brought to this version and is sound"


def last_event(path: Path) -> int:
    """The number of the newest event, 0 of none: whether something happened between two copies of one database.
    Raises `DatabaseBroken`."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found: int | None = connection.execute("SELECT max(sequence) FROM event").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseBroken(f"{path}: {error}") from error
    return found or 0
