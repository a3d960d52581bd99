"""The journal: who changed what by hand."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


def add(tx: Tx, actor: str, action: str, detail: str, now: datetime) -> None:
    """Who changed what by hand."""
    tx.insert("journal", at=rfc3339(now), actor=actor, action=action, detail=detail)


class JournalRow(msgspec.Struct, frozen=True):
    at: datetime
    actor: str
    action: str
    detail: str


def read(reader: Reader, limit: int) -> list[JournalRow]:
    """The latest first."""
    return reader.all(JournalRow, "SELECT at, actor, action, detail FROM journal ORDER BY entry DESC LIMIT ?", (limit,))
