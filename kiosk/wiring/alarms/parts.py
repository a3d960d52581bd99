"""Who is called by which channel, as the configuration names them; what looks whether they are to be."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from kiosk.config.alarms import AlarmTo
from kiosk.config.settings import Config
from kiosk.domain.hours import OpeningHours, WeeklyHours
from kiosk.domain.staff.alarm import Budget, Patience
from kiosk.flows.staff.alarms.commands import AlarmCommands
from kiosk.flows.staff.alarms.symptoms import Pictures, Symptoms
from kiosk.flows.staff.alarms.watch import AlarmPolicy, AlarmWatch, Called
from kiosk.messages.alarm_channels import (
    Channel,
    HttpChannel,
    MailChannel,
    PushChannel,
    SmsChannel,
    WebhookChannel,
)
from kiosk.wiring.alarms.secrets import secrets_of
from kiosk.wiring.flows import Flows
from kiosk.wiring.ground import Ground


class AlarmParts:
    """What looks, what sends, and what people do with it."""

    def __init__(self, ground: Ground, flows: Flows) -> None:
        config, parts = ground.config, ground.parts
        clock, checkpoint, periods = parts.clock, parts.checkpoint, parts.periods
        policy = policy_of(config)
        pictures = Pictures(
            readiness=ground.readiness,
            stuck_moves=flows.stuck_moves,
            shift_keeper=flows.shift_keeper,
            reservations=flows.reservations,
            disk_guard=flows.disk_guard,
            endpoint_commands=flows.endpoint_commands,
            page_watch=flows.page_watch,
        )
        symptoms = Symptoms(pictures, ground.menu, config.alarms.rules, policy.zone, clock)
        self.watch = AlarmWatch(ground.database, symptoms, policy, clock, checkpoint, periods=periods)
        self.channels = _channels(ground, flows)
        self.sender = parts.alarms(
            ground.database, self.channels, ground.readiness, clock, checkpoint, told=self.watch.wake, periods=periods
        )
        self.watch.written = self.sender.wake
        self.commands = AlarmCommands(
            ground.database,
            self.watch,
            self.sender,
            clock,
            checkpoint,
            called=policy.called,
            restaurant=policy.restaurant,
        )


def policy_of(config: Config) -> AlarmPolicy:
    row = config.alarms
    return AlarmPolicy(
        rules=row.rules,
        patience=Patience(escalate_s=row.escalate_s, repeat_s=row.repeat_s, hold_s=row.hold_s),
        budget=Budget(pause_s=row.pause_s, per_hour=row.per_hour),
        quiet=WeeklyHours.daily(OpeningHours.parse(row.quiet)) if row.quiet else None,
        zone=ZoneInfo(config.restaurant.timezone),
        called=tuple(
            Called(name=to.name, channel=to.channel, level=to.level, language=to.language) for to in row.called
        ),
        restaurant=config.restaurant.called,
    )


def _channels(ground: Ground, flows: Flows) -> Mapping[str, Channel]:
    secrets = secrets_of(ground.config)
    return {row.name: _channel(row, secrets.get(row.name, ""), ground, flows) for row in ground.config.alarms.called}


def _channel(row: AlarmTo, secret: tuple[bytes, ...] | str, ground: Ground, flows: Flows) -> Channel:
    devices = ground.devices
    match row.channel:
        case "sms":
            return SmsChannel(flows.guards.sms, row.address)
        case "push":
            return PushChannel(devices.push, row.address)
        case "email":
            return MailChannel(devices.mail, row.address)
        case "webhook":
            source = f"/kiosk/{ground.config.restaurant.inn}"
            keys = secret if isinstance(secret, tuple) else ()
            return WebhookChannel(devices.webhooks, row.address, keys, source, ground.parts.clock)
        case "http":
            token = secret if isinstance(secret, str) else ""
            return HttpChannel(devices.webhooks, row.address, row.body, row.content_type, token)
