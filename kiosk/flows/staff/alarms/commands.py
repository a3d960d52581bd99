"""What a person does with alarms: looks, says that they see to one, tries a channel out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import structlog

from kiosk.checkpoints import pass_by
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.staff.alarm import Alarm, AlarmState
from kiosk.domain.staff.alarm_words import remedy_of, test_message, title_of
from kiosk.domain.text import Text
from kiosk.flows.staff.alarms.watch import AlarmWatch, Called, new_message
from kiosk.messages.alarms import AlarmSender
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.staff import alarms
from kiosk.store.staff.alarms import AlarmMessage
from kiosk.store.transaction import Tx

_log = structlog.get_logger()


class AlarmView(msgspec.Struct, frozen=True):
    """`title`: what has happened; `remedy`: what to do; `told_at`: when the first channel took it."""

    alarm_id: int
    rule: str
    subject: str
    state: str
    urgent: bool
    title: Text
    remedy: Text
    raised_at: str | None
    told_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    cleared_at: str | None


class ChannelView(msgspec.Struct, frozen=True):
    """`word`: what became of its last message: `accepted`, the error's own word, `none` where none was sent; `waiting`
    messages. Never an address."""

    name: str
    channel: str
    level: int
    language: str
    word: str
    at: str | None
    waiting: int


class AlarmsView(msgspec.Struct, frozen=True):
    """Those that stand; the last fifty that are over; who is called."""

    alarms: list[AlarmView]
    past: list[AlarmView]
    channels: list[ChannelView]


class AlarmCommands:
    def __init__(
        self,
        database: Database,
        watch: AlarmWatch,
        sender: AlarmSender,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        *,
        called: Sequence[Called],
        restaurant: Text,
    ) -> None:
        self._db = database
        self._watch = watch
        self._sender = sender
        self._clock = clock
        self._cp = checkpoint
        self._called = called
        self._restaurant = restaurant

    async def view(self, *, on_page: bool = False) -> AlarmsView:
        """`on_page`: a person has it before them, and so knows."""
        standing = [row for row in await self._db.read(alarms.read_standing) if row.stands]
        if on_page:
            self._watch.show([row.alarm_id for row in standing])
        past = await self._db.read(alarms.read_past)
        channels = [await self._channel(to) for to in self._called]
        return AlarmsView([_view(row) for row in standing], [_view(row) for row in past], channels)

    async def acknowledge(self, alarm_id: int, actor: str) -> None:
        """Twice is once. Raises `NotFound`; `OrderStateConflict` where it is over."""
        now = self._clock.now()

        def run(tx: Tx) -> bool:
            row = alarms.read(tx, alarm_id)
            if row is None or row.state is AlarmState.PENDING:
                raise NotFound
            if row.state is AlarmState.CLEARED:
                raise OrderStateConflict(order_status=f"alarm {alarm_id} is over")
            if row.state is AlarmState.ACKNOWLEDGED:
                return False
            alarms.acknowledge(tx, row, actor, now)
            journal.add(tx, actor, "alarm_ack", f"{alarm_id} {row.rule} {row.subject}", now)
            return True

        if await self._db.write(run):
            self._cp("alarm.acknowledged")
            _log.info("alarm_acknowledged", alarm_id=alarm_id)
        self._watch.wake()

    async def test(self, name: str, actor: str) -> ChannelView:
        """Sends one message now and tells what became of it. Raises `NotFound` for no channel."""
        to = next((row for row in self._called if row.name == name), None)
        if to is None:
            raise NotFound
        now = self._clock.now()
        words = test_message(to.language, self._restaurant.into(to.language))
        message = new_message(name, words.title, words.body, now, urgent=True, kind="test")
        await self._db.write(_write_test, message, actor, now)
        await self._sender.send(message.message_id)
        return await self._channel(to)

    async def _channel(self, to: Called) -> ChannelView:
        last = await self._db.read(alarms.last_of, to.name)
        waiting = await self._db.read(alarms.count_waiting, to.name)
        word, at = "none", None
        if last is not None:
            word = "accepted" if last.accepted_at is not None else last.error or "no_answer"
            at = rfc3339(last.accepted_at or last.created_at)
        return ChannelView(to.name, to.channel, to.level, to.language, word, at, waiting)


def _write_test(tx: Tx, message: AlarmMessage, actor: str, now: datetime) -> None:
    alarms.put(tx, message, [])
    journal.add(tx, actor, "alarm_test", message.channel, now)


def _view(row: Alarm) -> AlarmView:
    moments = (row.raised_at, row.told_at, row.acknowledged_at)
    raised_at, told_at, acknowledged_at = (None if at is None else rfc3339(at) for at in moments)
    return AlarmView(
        alarm_id=row.alarm_id,
        rule=row.rule,
        subject=row.subject,
        state=row.state.value,
        urgent=row.urgent,
        title=title_of(row),
        remedy=remedy_of(row),
        raised_at=raised_at,
        told_at=told_at,
        acknowledged_at=acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        cleared_at=None if row.cleared_at is None else rfc3339(row.cleared_at),
    )
