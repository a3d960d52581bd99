"""An event as it is sent out: CloudEvents 1.0, structured JSON (http.md#webhooks)."""

from __future__ import annotations

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.events import StoredEvent

CONTENT_TYPE = "application/cloudevents+json"


def cloud_event(event: StoredEvent, source: str) -> bytes:
    """The same bytes at every retry."""
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
