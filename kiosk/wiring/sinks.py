"""The consumers of events and what they wake."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kiosk.runtime.lag import LoopLag
from kiosk.sinks.cooking import Cooking
from kiosk.sinks.counting import Counting
from kiosk.sinks.kitchen import KitchenLine
from kiosk.sinks.lateness import Lateness
from kiosk.sinks.notices import PUSH, SMS, NoticeBook
from kiosk.sinks.notifying import Notifying
from kiosk.sinks.showing import Showing
from kiosk.store import messages
from kiosk.wiring.flows import Flows
from kiosk.wiring.ground import Ground
from kiosk.wiring.targets import targets, urls


class Sinks:
    def __init__(self, ground: Ground, flows: Flows) -> None:
        parts, database, devices = ground.parts, ground.database, ground.devices
        self.lag = LoopLag(parts.clock)
        self.dispatcher = parts.dispatcher(database, parts.clock, parts.checkpoint)
        self.kitchen_line = KitchenLine(
            database,
            devices.robot,
            ground.menu,
            ground.kitchen,
            ground.readiness,
            parts.clock,
            parts.checkpoint,
            flows.reserving.refresh,
        )
        self.cooking = Cooking(self.kitchen_line.wake)
        self.counting = Counting(ZoneInfo(ground.config.restaurant.timezone), ground.menu)
        self.showing = Showing(database, ground.readiness, ground.config.display.keep_s, parts.clock)
        self.relaying = parts.relaying(database, parts.clock, parts.checkpoint)
        self.targets = targets(ground.config, devices.webhooks, devices.broker, parts.clock)
        self._build_senders(ground, flows)
        self.forgetting = parts.forgetting(
            database,
            ground.config.keep,
            [sink.name for sink in (self.cooking, self.notifying, self.counting)],
            urls(ground.config),
            flows.paying.under_way,
            parts.clock,
        )

    def _build_senders(self, ground: Ground, flows: Flows) -> None:
        parts, database, name = ground.parts, ground.database, ground.config.restaurant.called
        devices = ground.devices
        clock, checkpoint = parts.clock, parts.checkpoint
        sms, push = flows.guards.sms, devices.push

        async def by_sms(message: messages.Message) -> None:
            await sms.send(message.address, message.body, message.client_id)

        async def by_push(message: messages.Message) -> None:
            await push.send(message.address, message.title, message.body, message.client_id)

        self.code_sender = parts.codes(database, sms, ground.notices, name, clock, checkpoint)
        self.sms_sender = parts.messages(database, SMS, by_sms, clock, checkpoint)
        self.push_sender = parts.messages(database, PUSH, by_push, clock, checkpoint)
        book = NoticeBook(ground.notices, name, clock)
        self.notifying = Notifying(book, self._wake_message_senders)
        self.lateness = Lateness(database, book, clock, self._wake_message_senders)

    def _wake_message_senders(self) -> None:
        self.sms_sender.wake()
        self.push_sender.wake()
