"""The outbox in a broker's topic, for chains that outgrow one machine: a copy for others, never a replacement."""

from __future__ import annotations

from drivers.broker.port import Broker, Record
from drivers.errors import DeviceError
from kiosk.domain.events import StoredEvent
from kiosk.sinks.envelope import CONTENT_TYPE, cloud_event
from kiosk.sinks.relay import Failure


class BrokerTopic:
    """`Target`: one topic, from the first event on. An order's events share a key, so a partition keeps their order;
    what belongs to no order has the restaurant's."""

    kind = "broker"
    from_first = True

    def __init__(self, broker: Broker, topic: str, source: str) -> None:
        self._broker = broker
        self._topic = topic
        self._source = source
        self.url = topic_url(topic)

    def wants(self, event: StoredEvent) -> bool:  # noqa: ARG002  # the port's
        return True

    async def deliver(self, event: StoredEvent) -> Failure | None:
        record = Record(
            topic=self._topic,
            key=(event.order_id or self._source).encode(),
            value=cloud_event(event, self._source),
            headers=(("ce_id", event.event_id), ("ce_type", event.type), ("content-type", CONTENT_TYPE)),
        )
        try:
            await self._broker.publish(record)
        except DeviceError as error:
            return Failure(str(error))
        return None


def topic_url(topic: str) -> str:
    """The topic's name among the endpoints."""
    return f"kafka:{topic}"
