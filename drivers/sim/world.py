"""A simulated device's non-volatile memory and the ledger of what really happened in the world.

The memory is an SQLite file (safe against kill -9), the ledger append-only JSON Lines. An effect is committed to the
memory first and then written to the ledger; at start the ledger is completed from the memory and a torn last line
closed, so each effect is written once.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from drivers.sim.site import HERE, Site

Json = Any  # what a device remembers is its own affair


class Change:
    """One atomic change of the device's memory together with its effects."""

    def __init__(self, connection: sqlite3.Connection, device: str, site: Site) -> None:
        self._connection = connection
        self._device = device
        self._site = site
        self.lines: list[bytes] = []

    def put(self, key: str, value: Json) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, msgspec.json.encode(value).decode())
        )

    def delete(self, key: str) -> None:
        self._connection.execute("DELETE FROM memory WHERE key = ?", (key,))

    def effect(self, effect: str, **members: Json) -> None:
        """Record what happened in the world: one ledger line, `at` and `device` added."""
        at = self._site.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"at": at, "device": self._device, "effect": effect, **members}, ensure_ascii=False)
        self._connection.execute("INSERT INTO effect (line) VALUES (?)", (line,))
        self.lines.append(line.encode() + b"\n")


class World:
    """`get`, `scan` and `change()` over the state file; opened by one process, used from one thread. Raises `OSError`
    for a file that cannot be it."""

    def __init__(self, device: str, state: Path, ledger: Path, site: Site = HERE) -> None:
        self._device = device
        self.site = site
        self._known: dict[str, str | None] = {}  # as stored: a device asks for the same at every look
        for file in (state, ledger):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(_private(file))  # phones and codes are in both; SQLite's own log gets the mode of its file
        try:
            self._connection = sqlite3.connect(state, isolation_level=None, check_same_thread=False)
            self._connection.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
                "CREATE TABLE IF NOT EXISTS effect (n INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL) STRICT;"
            )
        except sqlite3.Error as error:
            raise OSError(f"{state}: {error}") from error
        self._ledger = _private(ledger)
        self._complete_ledger()

    def get(self, key: str, default: Json = None) -> Json:
        value = self._known[key] if key in self._known else self._read(key)
        return default if value is None else msgspec.json.decode(value)

    def _read(self, key: str) -> str | None:
        """What is under way in a change is not kept: it may be undone."""
        row = self._connection.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        value: str | None = None if row is None else row[0]
        if not self._connection.in_transaction:
            self._known[key] = value
        return value

    def scan(self, prefix: str) -> Iterator[tuple[str, Json]]:
        """All (key, value) whose key begins with `prefix`, by key."""
        rows = self._connection.execute(
            "SELECT key, value FROM memory WHERE key >= ? AND key < ? ORDER BY key", (prefix, prefix + "\U0010ffff")
        ).fetchall()
        for key, value in rows:
            yield key, msgspec.json.decode(value)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """All or nothing; the effects reach the ledger after the memory is committed."""
        change = Change(self._connection, self._device, self.site)
        self._connection.execute("BEGIN IMMEDIATE")
        self._known.clear()
        try:
            yield change
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        if change.lines:
            os.write(self._ledger, b"".join(change.lines))

    def close(self) -> None:
        self._connection.close()
        os.close(self._ledger)

    def _complete_ledger(self) -> None:
        """Cut a torn tail, then append every effect the ledger does not hold yet."""
        content = os.pread(self._ledger, os.fstat(self._ledger).st_size, 0)
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) != len(content):
            os.ftruncate(self._ledger, len(whole))
        missing = self._connection.execute(
            "SELECT line FROM effect ORDER BY n LIMIT -1 OFFSET ?", (whole.count(b"\n"),)
        ).fetchall()
        for (line,) in missing:
            os.write(self._ledger, line.encode() + b"\n")


def _private(file: Path) -> int:
    """Open for appending, made where it is missing, nobody else's to read. Raises `OSError`."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    if os.fstat(descriptor).st_mode & 0o077:
        os.fchmod(descriptor, 0o600)
    return descriptor
