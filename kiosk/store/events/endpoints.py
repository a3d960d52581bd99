"""How far each way out of the outbox is, webhook or broker, and how it is doing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx

Change = Callable[[Tx], bool]


class EndpointRow(msgspec.Struct, frozen=True):
    """`url`: a webhook's, or `kafka:<topic>`; `sequence`: the last event delivered or not wanted; `state`: active,
    suspended (still tried), disabled."""

    url: str
    sequence: int
    state: str
    tries: int
    next_at: datetime | None
    last_error: str | None
    delivered_at: datetime | None


_ENDPOINT = "url, sequence, state, tries, next_at, last_error, delivered_at"


def enrol(tx: Tx, url: str, *, from_first: bool = False) -> None:
    """The endpoint's row; a new one begins with the events after now, or with the first there is."""
    last = 0 if from_first else tx.scalar("SELECT coalesce(max(sequence), 0) FROM event")
    tx.execute(
        "INSERT INTO endpoint (url, sequence, state) VALUES (?, ?, 'active') ON CONFLICT DO NOTHING",
        (url, last),
    )


def advance(tx: Tx, url: str, before: int, sequence: int, now: datetime) -> bool:
    """Delivered up to `sequence`: the back-off begins anew. False when it is no longer at `before`: a replay asked
    for in the meantime wins."""
    moved = tx.execute(
        "UPDATE endpoint SET sequence = ?, state = 'active', tries = 0, next_at = NULL, last_error = NULL,"
        " delivered_at = ? WHERE url = ? AND sequence = ?",
        (sequence, rfc3339(now), url, before),
    )
    return moved.rowcount > 0


def fail(tx: Tx, url: str, state: str, error: str, tries: int, next_at: datetime) -> None:
    """Not delivered: the error, how many tries there were, and when the next one is due."""
    tx.execute(
        "UPDATE endpoint SET state = ?, last_error = ?, tries = ?, next_at = ? WHERE url = ?",
        (state, error, tries, rfc3339(next_at), url),
    )


def rewind(tx: Tx, url: str | None, sequence: int) -> int:
    """Deliver again from `sequence` on, never skip what is still owed; how many endpoints. Without a name that is every
    webhook, but no broker: its consumers replay from its own log."""
    tx.published = True
    return tx.execute(
        "UPDATE endpoint SET sequence = min(sequence, ?), tries = 0, next_at = NULL"
        " WHERE url = ? OR (? IS NULL AND url LIKE 'http%')",
        (max(0, sequence - 1), url, url),
    ).rowcount


def enable(tx: Tx, url: str) -> bool:
    """A disabled endpoint is tried again at once; False where there is none of this address."""
    tx.published = True
    return (
        tx.execute("UPDATE endpoint SET state = 'active', tries = 0, next_at = NULL WHERE url = ?", (url,)).rowcount > 0
    )


def read(reader: Reader, url: str) -> EndpointRow | None:
    """None for an address without a row."""
    return reader.one(EndpointRow, f"SELECT {_ENDPOINT} FROM endpoint WHERE url = ?", (url,))


def read_all(reader: Reader) -> list[EndpointRow]:
    """Every endpoint that was ever configured, by address."""
    return reader.all(EndpointRow, f"SELECT {_ENDPOINT} FROM endpoint ORDER BY url")
