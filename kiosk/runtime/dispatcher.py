"""Carries events from the outbox to the sinks: one cursor and one loop each, so a slow one holds up only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.errors import DomainError
from kiosk.domain.events import StoredEvent
from kiosk.sinks.port import EventSink
from kiosk.store import outbox, records
from kiosk.store.database import ConstraintBroken, Database, Tx

_log = structlog.get_logger()
_BATCH = 200


class Dispatcher:
    """`run(sink)` is a loop for ever; a commit wakes it, the cursor tells where it stands."""

    def __init__(self, database: Database, clock: Clock, checkpoint: Callable[[str], None] = pass_by) -> None:
        self._db = database
        self._clock = clock
        self._cp = checkpoint

    async def run(self, sink: EventSink) -> None:
        wake = asyncio.Event()
        self._db.watch_events(wake.set)
        position = await self._db.read(outbox.cursor_of, sink.name)
        while True:
            wake.clear()
            events = await self._db.read(outbox.after, position, _BATCH)
            if not events:
                await wake.wait()
                continue
            position = await self._deliver(sink, events)

    async def _deliver(self, sink: EventSink, events: list[StoredEvent]) -> int:
        wanted = [event for event in events if event.type in sink.wants]
        for event in wanted:
            await self._hand_over(sink, event)
        last = events[-1].sequence
        if not wanted or wanted[-1].sequence != last:
            await self._db.write(outbox.advance, sink.name, last)
        if wanted:
            sink.recorded()
        return last

    async def _hand_over(self, sink: EventSink, event: StoredEvent) -> None:
        def run(tx: Tx) -> None:
            sink.handle(tx, event)
            self._cp(f"{sink.name}.handled")
            outbox.advance(tx, sink.name, event.sequence)

        try:
            await self._db.write(run)
            self._cp(f"{sink.name}.moved")
        except (DomainError, LookupError, ValueError, ConstraintBroken, msgspec.ValidationError) as error:
            # A poisoned event parks its own order, never the consumer.
            _log.error("event_parked", sink=sink.name, sequence=event.sequence, error=repr(error))
            now, detail = self._clock.now(), f"{sink.name} {event.sequence} {error!r}"

            def park(tx: Tx) -> None:
                records.journal(tx, "kiosk", "event_parked", detail, now)
                outbox.advance(tx, sink.name, event.sequence)

            await self._db.write(park)
