"""A database before the first start's own rows, as the migrations leave it: a worker makes it once, for every test that
is not about making it. Making it costs more than all else of a start."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from kiosk.store.file.opening import migrate, open_writer


def lay_ready(path: Path) -> None:
    """At `path`, where nothing is yet; nobody else may read it, as of any that the kiosk makes."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(ready_database())


def ready_in_memory() -> sqlite3.Connection:
    """The same for one example of many: a copy that is gone with its connection."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _migrated().backup(connection)
    connection.row_factory = sqlite3.Row
    return connection


@cache
def _migrated() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection)
    return connection


@cache
def ready_database() -> bytes:
    """Its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kiosk.db"
        open_writer(path).close()
        return path.read_bytes()
