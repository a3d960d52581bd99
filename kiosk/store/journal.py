"""The journal: who changed what by hand. Lines that money depends on are chained by SHA-256: one that was altered, put
in or taken out afterwards shows (`altered`), and so does a journal that was cut off."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store import meta
from kiosk.store.transaction import Reader, Tx

#: Lines that no money depends on: they go after their days, and no seal is made of them.
PASSING = ("webhooks", "sales_pause", "sales_resume", "stop_list", "pickup_code", "cell_open")
_FROM = "journal_sealed_from"  # in `meta`: the last line that is older than the seals; part of the first seal
_LAST = "journal_seal"  # in `meta`: the seal of the last line, so that one cut off at the end shows too
_BATCH = 1000
_FIRST = -1 << 63  # before every entry there can be


class JournalRow(msgspec.Struct, frozen=True):
    at: datetime
    actor: str
    action: str
    detail: str


class Altered(msgspec.Struct, frozen=True):
    """A line that is not what was written, or behind one that is missing; `entry` 0: the end was cut off."""

    entry: int
    line: str


class _Sealed(msgspec.Struct, frozen=True):
    entry: int
    at: str
    actor: str
    action: str
    detail: str
    seal: str


def add(tx: Tx, actor: str, action: str, detail: str, now: datetime) -> None:
    """Who changed what by hand."""
    at, seal = rfc3339(now), ""
    if action not in PASSING:
        seal = seal_of(last_seal(tx) or _beginning(tx), at, actor, action, detail)
        meta.put(tx, _LAST, seal)
    tx.insert("journal", at=at, actor=actor, action=action, detail=detail, seal=seal)


def last_seal(reader: Reader) -> str:
    """Of all that was written so far; whoever noted it elsewhere can tell later that nothing before it was altered.
    Empty before the first line."""
    return meta.read(reader, _LAST) or ""


def read(reader: Reader, limit: int) -> list[JournalRow]:
    """The latest first."""
    return reader.all(JournalRow, "SELECT at, actor, action, detail FROM journal ORDER BY entry DESC LIMIT ?", (limit,))


def read_between(reader: Reader, first: datetime, last: datetime, actions: Collection[str]) -> list[JournalRow]:
    """Lines of these kinds from `first` up to and without `last`, the earliest first."""
    rows = reader.all(
        JournalRow,
        "SELECT at, actor, action, detail FROM journal WHERE at >= ? AND at < ? ORDER BY at, entry",
        (rfc3339(first), rfc3339(last)),
    )
    return [row for row in rows if row.action in actions]


def altered(reader: Reader) -> list[Altered]:
    """Every line whose seal does not follow from itself and the one before it. Walks through the whole journal."""
    found: list[Altered] = []
    before, after, older_than = _beginning(reader), _FIRST, int(_beginning(reader))
    while rows := _sealed_after(reader, after):
        for row in rows:
            older = not row.seal and 0 < row.entry <= older_than
            if not older and row.seal != seal_of(before, row.at, row.actor, row.action, row.detail):
                found.append(Altered(row.entry, f"{row.at} {row.actor} {row.action} {row.detail}"))
            before = row.seal or before
        after = rows[-1].entry
    if before != (last_seal(reader) or _beginning(reader)):
        found.append(Altered(0, "the last lines are missing"))
    return found


def _beginning(reader: Reader) -> str:
    return meta.read(reader, _FROM) or "0"


def _sealed_after(reader: Reader, entry: int) -> list[_Sealed]:
    return reader.all(
        _Sealed,
        "SELECT entry, at, actor, action, detail, seal FROM journal WHERE entry > ?"
        " AND action NOT IN (SELECT value FROM json_each(?)) ORDER BY entry LIMIT ?",
        (entry, msgspec.json.encode(PASSING).decode(), _BATCH),
    )


def seal_of(before: str, at: str, actor: str, action: str, detail: str) -> str:
    """`before`: the seal of the line before it; of the first line, the number of the last that is older than seals."""
    return hashlib.sha256(msgspec.json.encode([before, at, actor, action, detail])).hexdigest()
