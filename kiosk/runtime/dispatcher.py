"""Carries events from the outbox to the sinks: one cursor and one loop each, so a slow one holds up only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import structlog

from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.errors import DomainError
from kiosk.domain.events import StoredEvent
from kiosk.sinks.port import EventSink
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.transaction import ConstraintBroken, Tx

_log = structlog.get_logger()
_BATCH = 200
#: A cursor that only passes by what its sink does not want is written down once no event has come for so long: a commit
#: of its own after each order would stand in the way of the next one.
_QUIET_S = 0.05
#: What a single event can be at fault for.
_POISON = (DomainError, LookupError, ValueError, ConstraintBroken, msgspec.ValidationError)


class Dispatcher:
    """`run(sink)` runs until cancelled; a commit wakes it, the cursor says how far it is."""

    def __init__(self, database: Database, clock: Clock, checkpoint: Callable[[str], None] = pass_by) -> None:
        self._db = database
        self._clock = clock
        self._cp = checkpoint

    async def run(self, sink: EventSink) -> None:
        wake = asyncio.Event()
        self._db.watch_events(wake.set)
        position = stored = await self._db.read(outbox.cursor_of, sink.name)
        while True:
            wake.clear()
            events = await self._db.read(outbox.after, position, _BATCH)
            if events:
                stored = await self._deliver(sink, events) or stored
                position = events[-1].sequence
            if len(events) == _BATCH:
                continue  # there may be more; whatever was committed since the question has woken us
            if stored == position:
                await wake.wait()
            elif not await _woken(wake, _QUIET_S):
                await self._db.write(outbox.advance, sink.name, position)
                stored = position

    async def _deliver(self, sink: EventSink, events: Sequence[StoredEvent]) -> int | None:
        """All that the sink wants in one transaction, each in its own where that is refused; the position of the cursor
        then, None where nothing was wanted."""
        wanted = [event for event in events if event.type in sink.wants]
        if not wanted:
            return None
        try:
            await self._hand_over(sink, wanted)
        except _POISON:
            for event in wanted:
                await self._hand_over_alone(sink, event)
        sink.recorded()
        return wanted[-1].sequence

    async def _hand_over(self, sink: EventSink, events: Sequence[StoredEvent]) -> None:
        def run(tx: Tx) -> None:
            for event in events:
                sink.handle(tx, event)
                self._cp(f"{sink.name}.handled")
            outbox.advance(tx, sink.name, events[-1].sequence)

        await self._db.write(run)
        self._cp(f"{sink.name}.moved")

    async def _hand_over_alone(self, sink: EventSink, event: StoredEvent) -> None:
        """A poisoned event parks its own order, never the consumer."""
        try:
            await self._hand_over(sink, [event])
        except _POISON as error:
            _log.error("event_parked", sink=sink.name, sequence=event.sequence, error=repr(error))
            now, detail = self._clock.now(), f"{sink.name} {event.sequence} {error!r}"

            def park(tx: Tx) -> None:
                journal.add(tx, "kiosk", "event_parked", detail, now)
                outbox.advance(tx, sink.name, event.sequence)

            await self._db.write(park)


async def _woken(wake: asyncio.Event, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await wake.wait()
    except TimeoutError:
        return False
    return True
