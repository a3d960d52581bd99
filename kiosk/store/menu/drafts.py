"""The menu that is being written: one at a time."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store import meta
from kiosk.store.transaction import Reader, Tx

_EDIT = "menu_edit"  # in `meta`: the last edit of any draft


class DraftRow(msgspec.Struct, frozen=True):
    """`begun_over`: the revision that was sold when it was begun, or last brought up to date; `body`: JSON of its
    bundle."""

    edit: int
    based_on: int
    begun_over: int
    actor: str
    changed_at: datetime
    body: str


def read(reader: Reader) -> DraftRow | None:
    return reader.one(
        DraftRow, "SELECT edit, based_on, begun_over, actor, changed_at, body FROM menu_draft WHERE one = 1"
    )


def put(tx: Tx, based_on: int, begun_over: int, actor: str, body: str, now: datetime) -> DraftRow:
    """In the place of what is there, under the next edit."""
    edit = int(meta.read(tx, _EDIT) or 0) + 1
    meta.put(tx, _EDIT, str(edit))
    tx.execute(
        "INSERT OR REPLACE INTO menu_draft (one, edit, based_on, begun_over, actor, changed_at, body)"
        " VALUES (1, ?, ?, ?, ?, ?, ?)",
        (edit, based_on, begun_over, actor, rfc3339(now), body),
    )
    return DraftRow(edit, based_on, begun_over, actor, now, body)


def delete(tx: Tx) -> None:
    tx.execute("DELETE FROM menu_draft WHERE one = 1")
