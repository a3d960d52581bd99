"""Whom the kiosk has erased: keyed digests in a file beside the database, for a backup that is put back knows them.

`kiosk.erased` for `kiosk.db`: one line of 64 hexadecimal digits each. Without the key of this machine no number can be
tried against it. And whether a number still stands in a file, read byte by byte.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from kiosk.store.file.copying import sync

_CHUNK = 1 << 20
_WAIT_MS = 200  # the writer waits as long at most
#: Files beside the database that never hold a row of it.
_EMPTY = (".lock", ".reserve", ".erased", "-shm")


class Erasures:
    """Blocks its thread: files are read and brought to the disk."""

    def __init__(self, database: Path, keys: Sequence[bytes]) -> None:
        """`keys`: the newest first; with each of them somebody may have been remembered."""
        self._database = database
        self._path = database.with_suffix(".erased")
        self._keys = [hmac.digest(key, b"erased", hashlib.sha256) for key in keys]

    def remember(self, contact: str) -> None:
        """On the disk when this returns; a contact that is there already is written once. Raises `OSError`."""
        line = self._digests(contact)[0]
        if line in self._lines():
            return
        made = not self._path.exists()
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            file.write(f"\n{line}\n")  # the last line may have been cut short
            file.flush()
            os.fsync(file.fileno())
        if made:
            sync(self._path.parent)

    def known(self, contacts: Iterable[str]) -> set[str]:
        """Those of them that were erased once. Raises `OSError`."""
        lines = self._lines()
        return {contact for contact in contacts if not lines.isdisjoint(self._digests(contact))} if lines else set()

    def _lines(self) -> set[str]:
        """A line that the power cut short is nobody's."""
        try:
            return set(self._path.read_text("ascii", "replace").split())
        except FileNotFoundError:
            return set()

    def _digests(self, contact: str) -> list[str]:
        return [hmac.digest(key, contact.encode(), hashlib.sha256).hex() for key in self._keys]

    def empty_log(self) -> bool:
        """Bring what stands in the database's log to its place, and the log to nothing; False where somebody else at
        the file prevented it."""
        try:
            with closing(sqlite3.connect(self._database, isolation_level=None)) as connection:
                connection.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
                busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:
            return False
        return not busy

    def still_in(self, contact: str) -> list[str]:
        """The names of files of the database, its archives and copies beside it, in which the contact can be read.
        Raises `OSError`."""
        stem, wanted = self._database.stem, contact.removeprefix("+").encode()
        beside = sorted(path for path in self._database.parent.iterdir() if path.name.startswith(stem))
        return [path.name for path in beside if not path.name.endswith(_EMPTY) and _holds(path, wanted)]


def _holds(path: Path, wanted: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        rest = b""
        while chunk := file.read(_CHUNK):
            if wanted in rest + chunk:
                return True
            rest = chunk[-len(wanted) :]
    return False
