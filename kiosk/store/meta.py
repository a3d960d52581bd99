"""What the file remembers about itself: single values by key."""

from __future__ import annotations

from kiosk.store.transaction import Reader, Tx


def put(tx: Tx, key: str, value: str) -> None:
    tx.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def read(reader: Reader, key: str) -> str | None:
    value: str | None = reader.scalar("SELECT value FROM meta WHERE key = ?", (key,))
    return value
