"""Outbound webhooks (http.md#webhooks): CloudEvents signed by Standard Webhooks, to the endpoints of the cloud."""

from __future__ import annotations

import msgspec

from drivers.errors import DeviceError
from drivers.webhook.port import WebhookSender
from kiosk.clock import Clock
from kiosk.domain.events import StoredEvent
from kiosk.domain.signing import sign
from kiosk.sinks.envelope import CONTENT_TYPE, cloud_event
from kiosk.sinks.relay import Failure

_GONE = 410


class Subscription(msgspec.Struct, frozen=True):
    """One `[[webhooks]]`: `keys` are raw secrets, several while one is rotated."""

    url: str
    keys: tuple[bytes, ...]
    events: frozenset[str]


class WebhookEndpoint:
    """`Target`: one endpoint of the cloud; a new one begins with the events after now."""

    kind = "webhook"
    from_first = False

    def __init__(self, subscription: Subscription, sender: WebhookSender, source: str, clock: Clock) -> None:
        self._subscription = subscription
        self._sender = sender
        self._source = source
        self._clock = clock
        self.url = subscription.url

    def wants(self, event: StoredEvent) -> bool:
        wanted = self._subscription.events
        return "*" in wanted or event.type in wanted

    async def deliver(self, event: StoredEvent) -> Failure | None:
        """2xx is success, 410 disables, `Retry-After` is kept."""
        body = cloud_event(event, self._source)
        now = self._clock.now()
        headers = {
            "Content-Type": CONTENT_TYPE,
            "webhook-id": event.event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(self._subscription.keys, event.event_id, now, body),
        }
        try:
            delivery = await self._sender.deliver(self.url, headers, body)
        except DeviceError as error:
            return Failure(str(error))
        if delivery.accepted:
            return None
        return Failure(f"HTTP {delivery.status}", delivery.retry_after_s or 0.0, delivery.status == _GONE)
