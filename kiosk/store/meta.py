"""What the file remembers about itself: single values by key."""

from __future__ import annotations

import secrets

from kiosk.store.transaction import Reader, Tx

_DATABASE = "database_id"


def put(tx: Tx, key: str, value: str) -> None:
    tx.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def read(reader: Reader, key: str) -> str | None:
    value: str | None = reader.scalar("SELECT value FROM meta WHERE key = ?", (key,))
    return value


def database_id(tx: Tx) -> str:
    """Tells this database from every other; a copy of it has the same."""
    found = read(tx, _DATABASE)
    if found is None:
        found = secrets.token_hex(8)
        put(tx, _DATABASE, found)
    return found
