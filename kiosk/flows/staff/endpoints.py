"""The ways out of the outbox as staff sees them: how far each webhook and the broker are, replay, enable again."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import endpoints, outbox
from kiosk.store.events.endpoints import Change
from kiosk.store.transaction import Tx


class EndpointView(msgspec.Struct, frozen=True):
    """`lag`: events it has not got yet; `removed`: no longer in the configuration, its place is kept."""

    url: str
    state: str
    sequence: int
    lag: int
    tries: int
    next_at: str | None
    last_error: str | None


class EndpointCommands:
    def __init__(self, database: Database, configured: Collection[str], clock: Clock) -> None:
        self._db = database
        self._configured = configured
        self._clock = clock

    async def endpoints(self) -> list[EndpointView]:
        _, last = await self._db.read(outbox.bounds)
        rows = await self._db.read(endpoints.read_all)
        return [
            EndpointView(
                row.url,
                row.state if row.url in self._configured else "removed",
                row.sequence,
                last - row.sequence,
                row.tries,
                None if row.next_at is None else rfc3339(row.next_at),
                row.last_error,
            )
            for row in rows
        ]

    async def replay(self, sequence: int, url: str | None, actor: str) -> None:
        """Deliver again from `sequence` on. Raises `NotFound`."""
        await self._change(lambda tx: endpoints.rewind(tx, url, sequence) > 0, actor, f"replay {sequence} {url or ''}")

    async def enable(self, url: str, actor: str) -> None:
        """Raises `NotFound`."""
        await self._change(lambda tx: endpoints.enable(tx, url), actor, f"enable {url}")

    async def _change(self, change: Change, actor: str, detail: str) -> None:
        now = self._clock.now()

        def run(tx: Tx) -> None:
            if not change(tx):
                raise NotFound
            journal.add(tx, actor, "webhooks", detail, now)

        await self._db.write(run)
