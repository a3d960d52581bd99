"""What a consumer of the outbox is."""

from __future__ import annotations

from typing import Protocol

from kiosk.domain.events import StoredEvent
from kiosk.store.transaction import Tx


class EventSink(Protocol):
    """`name` owns a cursor; `handle` only records work, in the cursor's transaction; an event handled again changes
    nothing."""

    name: str
    wants: frozenset[str]

    def handle(self, tx: Tx, event: StoredEvent) -> None: ...

    def recorded(self) -> None:
        """The transaction is committed: wake whoever does the work."""
