"""Delivers the outbox to webhooks and to a broker: in order, one at a time, retried without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import msgspec
import structlog

from kiosk.checkpoints import pass_by
from kiosk.clock import Clock, rfc3339
from kiosk.domain.backoff import is_hourly, retry_delay_s
from kiosk.domain.events import StoredEvent
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.events import device_faults, endpoints, outbox
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_BATCH = 50


class Failure(msgspec.Struct, frozen=True):
    """Why an event was not taken; `retry_after_s` where a pause was asked for, `gone` where nothing more is wanted."""

    error: str
    retry_after_s: float = 0.0
    gone: bool = False


class Target(Protocol):
    """One way out. `kind`: webhook or broker; `from_first`: a new one gets what was published before it, too."""

    @property
    def kind(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def from_first(self) -> bool: ...

    def wants(self, event: StoredEvent) -> bool: ...

    async def deliver(self, event: StoredEvent) -> Failure | None:
        """None once it is kept over there; any number of times with the same id."""


class Relay:
    """`run(target)` runs until cancelled; the head blocks, nothing is dropped."""

    def __init__(
        self, database: Database, clock: Clock, checkpoint: Callable[[str], None] = pass_by, periods: Periods = USUAL
    ) -> None:
        self._periods = periods
        self._db = database
        self._cp = checkpoint
        self._clock = clock

    async def run(self, target: Target) -> None:
        wake = asyncio.Event()
        self._db.watch_events(wake.set)
        url, from_first = target.url, target.from_first
        await self._db.write(endpoints.enrol, url, from_first=from_first)
        while True:
            wake.clear()
            if (pause_s := await self._round(target)) > 0:
                await self._rest(wake, pause_s)

    async def _rest(self, wake: asyncio.Event, pause_s: float) -> None:
        """Until there is something to deliver (an event, a replay, an endpoint enabled) or the pause is over."""
        waits = [asyncio.ensure_future(wake.wait()), asyncio.ensure_future(self._clock.sleep(pause_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _round(self, target: Target) -> float:
        """Deliver what there is, up to a batch; how long to rest then."""
        row, events = await self._db.read(_owed, target.url)
        if row is None or row.state == "disabled" or not events:
            return self._periods.relay_s
        if row.next_at is not None and (wait_s := (row.next_at - self._clock.now()).total_seconds()) > 0:
            return min(wait_s, self._periods.relay_s)
        done = row.sequence
        for event in events:
            if not target.wants(event):
                continue
            if (failure := await self._deliver(target, event)) is not None:
                await self._fail(target, row, failure)
                return 0
            self._cp(f"{target.kind}.posted")
            if not await self._advance(target, done, event.sequence):
                return 0  # somebody asked for a replay meanwhile
            self._cp(f"{target.kind}.moved")
            done = event.sequence
        await self._advance(target, done, events[-1].sequence)
        return 0 if len(events) == _BATCH else self._periods.relay_s  # whatever was committed meanwhile has woken us

    async def _deliver(self, target: Target, event: StoredEvent) -> Failure | None:
        self._cp(f"{target.kind}.posting")
        return await target.deliver(event)

    async def _advance(self, target: Target, before: int, sequence: int) -> bool:
        """After each delivery: what is delivered again after a crash is the one event in flight. False when the
        endpoint stands elsewhere by now."""
        if sequence == before:
            return True
        now = self._clock.now()

        def run(tx: Tx) -> bool:
            if not endpoints.advance(tx, target.url, before, sequence, now):
                return False
            device_faults.record(tx, _device(target), None, "", now)
            return True

        return await self._db.write(run)

    async def _fail(self, target: Target, row: endpoints.EndpointRow, failure: Failure) -> None:
        """Back off 1 s … hourly with jitter; past the schedule the endpoint shows as suspended and is still tried."""
        fresh = await self._db.read(endpoints.read, row.url)
        tries = (fresh or row).tries + 1
        pause_s = max(retry_delay_s(tries, row.url), failure.retry_after_s)
        state = "disabled" if failure.gone else "suspended" if is_hourly(tries) else "active"
        now = self._clock.now()
        next_at = now + timedelta(seconds=pause_s)

        def run(tx: Tx) -> None:
            endpoints.fail(tx, row.url, state, failure.error, tries, next_at)
            if state != "active":
                device_faults.record(tx, _device(target), f"{target.kind}_{state}", failure.error, now)

        await self._db.write(run)
        log = _log.error if state != "active" else _log.warning
        log(
            f"{target.kind}_failed",
            url=row.url,
            state=state,
            tries=tries,
            error=failure.error,
            next_at=rfc3339(next_at),
        )


def _owed(reader: Reader, url: str) -> tuple[endpoints.EndpointRow | None, list[StoredEvent]]:
    row = endpoints.read(reader, url)
    return row, [] if row is None else outbox.after(reader, row.sequence, _BATCH)


def _device(target: Target) -> str:
    """The endpoint's name among the devices."""
    return f"{target.kind}:{target.url}"[:200]
