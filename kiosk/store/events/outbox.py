"""The outbox: events in the same transaction as the change they describe, and one cursor for each consumer."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.events import Event, StoredEvent
from kiosk.store.transaction import Reader, Tx

_COLUMNS = "sequence, event_id, type, order_id, at, data"


def put(tx: Tx, event: Event, now: datetime) -> int:
    """Publish with the transaction; the sequence."""
    tx.published = True
    return tx.insert(
        "event",
        event_id=str(uuid.uuid4()),
        type=event.type_name,
        order_id=event.subject,
        at=rfc3339(now),
        data=msgspec.json.encode(event).decode(),
    )


def after(reader: Reader, sequence: int, limit: int) -> list[StoredEvent]:
    return reader.all(
        StoredEvent, f"SELECT {_COLUMNS} FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?", (sequence, limit)
    )


def bounds(reader: Reader) -> tuple[int, int]:
    """(oldest kept, last) sequence; (0, 0) when there is none."""
    oldest = reader.scalar("SELECT min(sequence) FROM event")
    last = reader.scalar("SELECT max(sequence) FROM event")
    return oldest or 0, last or 0


def newest(reader: Reader, limit: int) -> list[StoredEvent]:
    """The newest first."""
    _, last = bounds(reader)
    return after(reader, last - limit, limit)[::-1]


def time_of(reader: Reader, sequence: int) -> datetime | None:
    at = reader.scalar("SELECT at FROM event WHERE sequence = ?", (sequence,))
    return None if at is None else datetime.fromisoformat(at)


def cursor_of(reader: Reader, consumer: str) -> int:
    return reader.scalar("SELECT sequence FROM cursor WHERE consumer = ?", (consumer,)) or 0


def waiting_for(reader: Reader, consumer: str) -> list[StoredEvent]:
    """The next event that the consumer has not seen, if there is one."""
    return after(reader, cursor_of(reader, consumer), 1)


def advance(tx: Tx, consumer: str, sequence: int) -> None:
    """Move a consumer's cursor; belongs into the transaction that records its work."""
    tx.execute(
        "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (consumer) DO UPDATE SET sequence = excluded.sequence",
        (consumer, sequence),
    )
