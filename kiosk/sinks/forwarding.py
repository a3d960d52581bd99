"""Outbound webhooks (contract §5): CloudEvents signed by Standard Webhooks, in order, one in flight, for ever."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from drivers.errors import DeviceError
from drivers.webhook.port import Delivery, WebhookSender
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock, rfc3339
from kiosk.domain.backoff import is_hourly, retry_delay_s
from kiosk.domain.events import StoredEvent
from kiosk.store import outbox, records, webhooks
from kiosk.store.database import Database, Tx

_log = structlog.get_logger()
_BATCH = 50
_LOOK_S = 60.0  # a wall clock that was set meanwhile is noticed


class Subscription(msgspec.Struct, frozen=True):
    """One `[[webhooks]]`: `keys` are raw secrets, several while one is rotated."""

    url: str
    keys: tuple[bytes, ...]
    events: frozenset[str]

    def wants(self, event: StoredEvent) -> bool:
        return "*" in self.events or event.type in self.events


class Forwarding:
    """`run(subscription)` is a loop for ever; the head blocks, nothing is dropped."""

    def __init__(
        self,
        database: Database,
        sender: WebhookSender,
        source: str,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
    ) -> None:
        self._db = database
        self._cp = checkpoint
        self._sender = sender
        self._source = source
        self._clock = clock

    async def run(self, subscription: Subscription) -> None:
        wake = asyncio.Event()
        self._db.watch(wake.set)
        url = subscription.url
        await self._db.write(lambda tx: webhooks.enrol(tx, url))
        while True:
            wake.clear()
            if (pause_s := await self._round(subscription)) > 0:
                await self._rest(wake, pause_s)

    async def _rest(self, wake: asyncio.Event, pause_s: float) -> None:
        """Until a commit (an event, a replay, an endpoint enabled) or the pause is over."""
        waits = [asyncio.ensure_future(wake.wait()), asyncio.ensure_future(self._clock.sleep(pause_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _round(self, subscription: Subscription) -> float:
        """Deliver what there is, up to a batch; how long to rest then."""
        async with self._db.read() as reader:
            row = await webhooks.read(reader, subscription.url)
            events = [] if row is None else await outbox.after(reader, row.sequence, _BATCH)
        if row is None or row.state == "disabled" or not events:
            return _LOOK_S
        if row.next_at is not None and (wait_s := (row.next_at - self._clock.now()).total_seconds()) > 0:
            return min(wait_s, _LOOK_S)
        done = row.sequence
        for event in events:
            if not subscription.wants(event):
                continue
            if (failure := await self._deliver(subscription, event)) is not None:
                await self._fail(row, failure)
                return 0
            self._cp("webhook.posted")
            if not await self._advance(subscription.url, done, event.sequence):
                return 0  # somebody asked for a replay meanwhile
            self._cp("webhook.moved")
            done = event.sequence
        await self._advance(subscription.url, done, events[-1].sequence)
        return 0

    async def _advance(self, url: str, before: int, sequence: int) -> bool:
        """After each delivery: what is delivered again after a crash is the one event in flight. False when the
        endpoint stands elsewhere by now."""
        if sequence == before:
            return True
        now, device = self._clock.now(), _device(url)

        def run(tx: Tx) -> bool:
            if not webhooks.advance(tx, url, before, sequence, now):
                return False
            records.set_fault(tx, device, None, "", now)
            return True

        return await self._db.write(run)

    async def _deliver(self, subscription: Subscription, event: StoredEvent) -> Delivery | DeviceError | None:
        """None when it was accepted, else what came instead."""
        body = cloud_event(event, self._source)
        now = self._clock.now()
        headers = {
            "Content-Type": "application/cloudevents+json",
            "webhook-id": event.event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(subscription.keys, event.event_id, now, body),
        }
        self._cp("webhook.posting")
        try:
            delivery = await self._sender.deliver(subscription.url, headers, body)
        except DeviceError as error:
            return error
        return None if delivery.accepted else delivery

    async def _fail(self, row: webhooks.EndpointRow, failure: Delivery | DeviceError) -> None:
        """Back off 1 s … hourly with jitter; past the schedule the endpoint shows as suspended and is still tried."""
        async with self._db.read() as reader:
            fresh = await webhooks.read(reader, row.url)
        tries = (fresh or row).tries + 1
        pause_s = retry_delay_s(tries, row.url)
        error = str(failure)
        if isinstance(failure, Delivery):
            error = f"HTTP {failure.status}"
            pause_s = max(pause_s, failure.retry_after_s or 0)
        disabled = isinstance(failure, Delivery) and failure.status == 410
        state = "disabled" if disabled else "suspended" if is_hourly(tries) else "active"
        now = self._clock.now()
        next_at = now + timedelta(seconds=pause_s)

        def run(tx: Tx) -> None:
            webhooks.fail(tx, row.url, state, error, tries, next_at)
            if state != "active":
                records.set_fault(tx, _device(row.url), f"webhook_{state}", error, now)

        await self._db.write(run)
        log = _log.error if state != "active" else _log.warning
        log("webhook_failed", url=row.url, state=state, tries=tries, error=error, next_at=rfc3339(next_at))


def _device(url: str) -> str:
    """The endpoint's name among the devices."""
    return f"webhook:{url}"[:200]


def cloud_event(event: StoredEvent, source: str) -> bytes:
    """CloudEvents 1.0, structured JSON; the same bytes at every retry."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": event.event_id,
            "source": source,
            "type": event.type,
            "time": rfc3339(event.at),
            **({"subject": event.order_id} if event.order_id else {}),
            "datacontenttype": "application/json",
            "sequence": event.sequence,
            "data": msgspec.Raw(event.data.encode()),
        }
    )


def sign(keys: tuple[bytes, ...], identity: str, now: datetime, body: bytes) -> str:
    """Standard Webhooks: `v1,<base64 HMAC-SHA256 of id.timestamp.body>`, one for each key."""
    signed = f"{identity}.{int(now.timestamp())}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)


def read_keys(text: str) -> tuple[bytes, ...]:
    """`whsec_` + base64, one a line. Raises `ValueError`."""
    keys = []
    for line in text.split():
        if not line.startswith("whsec_"):
            raise ValueError("a webhook secret begins with whsec_")
        try:
            key = base64.b64decode(line.removeprefix("whsec_"), validate=True)
        except binascii.Error as error:
            raise ValueError("a webhook secret is whsec_ + base64") from error
        if not 24 <= len(key) <= 64:
            raise ValueError("a webhook secret has 24…64 bytes")
        keys.append(key)
    if not keys:
        raise ValueError("no webhook secret in the file")
    return tuple(keys)
