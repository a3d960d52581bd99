"""Whom the kiosk has erased: keyed digests in a file beside the database, for a backup that is put back knows them.

`kiosk.erased` for `kiosk.db`: a line of 64 hexadecimal digits and a moment each. Without the key of this machine no
number can be tried against it. And whether a number still stands in a file, read byte by byte.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from kiosk.clock import rfc3339
from kiosk.store.file.copying import sync

_LINE = re.compile(r"([0-9a-f]{64}) (\d{4}-\d\d-\d\dT[0-9:.]+Z)")
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

    def remember(self, contact: str, now: datetime) -> None:
        """On the disk when this returns. Raises `OSError`."""
        line = f"{self._digests(contact)[0]} {rfc3339(now)}"
        made = not self._path.exists()
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            file.write(f"\n{line}\n")  # the last line may have been cut short
            file.flush()
            os.fsync(file.fileno())
        if made:
            sync(self._path.parent)

    def known(self, contacts: Iterable[str]) -> dict[str, datetime]:
        """Those of them that were erased once, and when last. Raises `OSError`."""
        lines = self._lines()
        found = {contact: [lines[one] for one in self._digests(contact) if one in lines] for contact in contacts}
        return {contact: max(moments) for contact, moments in found.items() if moments}

    def _lines(self) -> dict[str, datetime]:
        """A line that the power cut short is nobody's."""
        try:
            text = self._path.read_text("ascii", "replace")
        except FileNotFoundError:
            return {}
        return {found[1]: datetime.fromisoformat(found[2]) for found in map(_LINE.fullmatch, text.split("\n")) if found}

    def _digests(self, contact: str) -> list[str]:
        return [hmac.digest(key, contact.lower().encode(), hashlib.sha256).hex() for key in self._keys]

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
        stem, wanted = self._database.stem, contact.removeprefix("+").lower().encode()
        beside = sorted(path for path in self._database.parent.iterdir() if path.name.startswith(stem))
        return [path.name for path in beside if not path.name.endswith(_EMPTY) and _holds(path, wanted)]


def _holds(path: Path, wanted: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        rest = b""
        while chunk := file.read(_CHUNK):
            piece = rest + chunk.lower()
            if wanted in piece:
                return True
            rest = piece[-len(wanted) :]
    return False
