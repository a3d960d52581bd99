"""The consumers of events and what they wake."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kiosk.kitchen.care import FoodCare
from kiosk.kitchen.cell_temperatures import CellTemperatures
from kiosk.kitchen.upkeep import UpkeepKeeper
from kiosk.messages.lateness import Lateness
from kiosk.messages.notices import PUSH, SMS, NoticeBook
from kiosk.runtime.lag import LoopLag
from kiosk.sinks.board import HallBoard
from kiosk.sinks.cooking import CookingSink
from kiosk.sinks.kitchen_screens import KitchenScreens
from kiosk.sinks.notifications import NotificationSink
from kiosk.sinks.statistics import StatisticsSink
from kiosk.store.ordering import messages
from kiosk.wiring.flows import Flows
from kiosk.wiring.ground import Ground
from kiosk.wiring.rules import holding_rules, lot_rules
from kiosk.wiring.targets import targets, urls


class Sinks:
    def __init__(self, ground: Ground, flows: Flows) -> None:
        parts, database, devices = ground.parts, ground.database, ground.devices
        self.lag = LoopLag(parts.clock, parts.periods)
        self.dispatcher = parts.dispatcher(database, parts.clock, parts.checkpoint)
        book = NoticeBook(ground.notices, ground.config.restaurant.called, parts.clock)
        self.kitchen_line = parts.kitchen_line(
            database,
            devices.robot,
            parts.clock,
            menu=ground.menu,
            kitchen=ground.kitchen,
            readiness=ground.readiness,
            care=self._food_care(ground, flows, book),
            checkpoint=parts.checkpoint,
        )
        self.cooking = CookingSink(self.kitchen_line.wake)
        self.statistics = StatisticsSink(ZoneInfo(ground.config.restaurant.timezone), ground.menu)
        self.hall_board = HallBoard(
            database, ground.readiness, ground.kitchen, ground.config.display.keep_s, parts.clock, parts.periods
        )
        self.kitchen_screens = KitchenScreens(ground.kitchen, parts.clock, parts.periods)
        self.relay = parts.relay(database, parts.clock, parts.checkpoint, parts.periods)
        self.targets = targets(ground.config, devices.webhooks, devices.broker, database, parts.clock)
        self._build_senders(ground, flows, book)
        self.retention = parts.retention(
            database,
            ground.config.keep,
            flows.archive,
            parts.clock,
            consumers=[sink.name for sink in (self.cooking, self.notifications, self.statistics)],
            configured=urls(ground.config),
            under_way=flows.payment_saga.under_way,
        )

    def _food_care(self, ground: Ground, flows: Flows, book: NoticeBook) -> FoodCare:
        database, kitchen, clock = ground.database, ground.kitchen, ground.parts.clock
        see_clock = flows.refunds.clock_guard.look
        holding = ground.parts.holding(
            database,
            kitchen,
            book,
            clock,
            holding_rules(ground.config),
            see_clock=see_clock,
            wake=self._wake_message_senders,
            checkpoint=ground.parts.checkpoint,
        )
        zone = ZoneInfo(ground.config.restaurant.timezone)
        climate = ground.parts.climate(
            database,
            ground.menu,
            kitchen,
            ground.readiness,
            clock,
            zone=zone,
            see_clock=see_clock,
            look_s=ground.parts.periods.climate_s,
        )
        keeper = ground.parts.lot_keeper(
            database,
            ground.menu,
            kitchen,
            ground.readiness,
            clock,
            lot_rules(ground.config),
            see_clock=see_clock,
            checkpoint=ground.parts.checkpoint,
        )
        cell_temperatures = CellTemperatures(database, kitchen, clock)
        upkeep = UpkeepKeeper(database, ground.equipment, kitchen, ground.readiness, clock)
        return FoodCare(holding, climate, keeper, cell_temperatures, upkeep, ground.config.robot.station_wait_s)

    def _build_senders(self, ground: Ground, flows: Flows, book: NoticeBook) -> None:
        parts, database = ground.parts, ground.database
        devices = ground.devices
        clock, checkpoint = parts.clock, parts.checkpoint
        sms, push = flows.guards.sms, devices.push

        async def by_sms(message: messages.Message) -> None:
            await sms.send(message.address, message.body, message.client_id)

        async def by_push(message: messages.Message) -> None:
            await push.send(message.address, message.title, message.body, message.client_id)

        self.sms_sender = parts.messages(database, SMS, by_sms, clock, checkpoint, parts.periods)
        self.push_sender = parts.messages(database, PUSH, by_push, clock, checkpoint, parts.periods)
        self.notifications = NotificationSink(book, self._wake_message_senders)
        self.lateness = Lateness(database, book, clock, self._wake_message_senders, parts.periods)

    def _wake_message_senders(self) -> None:
        self.sms_sender.wake()
        self.push_sender.wake()
