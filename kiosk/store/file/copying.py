"""Files and the disk: a copy of the whole database made while it is used, and what must not be lost with the power."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import aiosqlite

from kiosk.domain.errors import DatabaseBroken


async def copy(path: Path, file: Path) -> int:
    """Copy the database at `path` to `file`, which does not exist yet, through a connection of its own; its size.
    Raises `DatabaseBroken`."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # nobody else's to read from the beginning
    except FileExistsError as error:
        raise DatabaseBroken(f"{file} exists already") from error
    except OSError as error:
        raise DatabaseBroken(f"{file}: {error.strerror or error}") from error
    source = await aiosqlite.connect(path, isolation_level=None)
    try:
        await source.execute("PRAGMA query_only=1")
        target = sqlite3.connect(file, check_same_thread=False)
        try:
            await source.backup(target)
        finally:
            target.close()
    except sqlite3.Error as error:
        raise DatabaseBroken(str(error)) from error
    finally:
        await source.close()
    return file.stat().st_size


def sync(path: Path) -> None:
    """A file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
