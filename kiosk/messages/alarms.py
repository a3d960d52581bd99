"""Sends what calls people, each channel for itself: at least once, and a bounded number of times where nobody knows.

Neither address nor text is logged: a message is known by its id and its channel's name.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import structlog

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.messages.alarm_channels import Channel
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.staff import alarms
from kiosk.store.staff.alarms import AlarmMessage

_log = structlog.get_logger()
#: Who answers none of so many tries may have told it each time: it is not sent under this id again.
MOST_DOUBTS = 3
_SEND_WITHIN_S = 30.0
_PAUSES_S = (1.0, 5.0, 15.0, 60.0)
_AWAY, _REFUSES = "alarm_channel_away", "alarm_channel_refuses"
_AT_ONCE = 8


class AlarmSender:
    """`run(name)` for each channel until cancelled. A channel that is away is tried again with growing pauses, by time
    that has passed and not by a clock; every try is noted before it goes out."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        readiness: Readiness,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        *,
        told: Callable[[], None] = lambda: None,
        periods: Periods = USUAL,
    ) -> None:
        """`told`: called when a message was accepted, or has failed: others may have to be called."""
        self._db = database
        self._channels = channels
        self._readiness = readiness
        self._clock = clock
        self._cp = checkpoint
        self._told = told
        self._periods = periods
        self._wakes = {name: asyncio.Event() for name in channels}
        self._turns = {name: asyncio.Lock() for name in channels}
        self._failures: dict[str, int] = {}
        self._due: dict[str, float] = {}  # by message, monotonic

    def wake(self) -> None:
        """Messages were written that wait to be sent."""
        for wake in self._wakes.values():
            wake.set()

    async def run(self, name: str) -> None:
        await self._remember(name)
        while True:
            self._wakes[name].clear()
            wait_s = await self._send_due(name)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wakes[name].wait()

    async def send(self, message_id: str) -> None:
        """One try now, for a person who waits for it: a test."""
        message = await self._db.read(alarms.read_message, message_id)
        await self._try(message)
        await self._db.write(alarms.give_up, message_id, "tested")
        self._forget(message)

    async def _remember(self, name: str) -> None:
        """After a start a channel that was away is still shown so."""
        last = await self._db.read(alarms.last_of, name)
        if last is not None and last.error is not None and last.accepted_at is None:
            self._show(name, _AWAY, last.error)

    async def _send_due(self, name: str) -> float:
        """What is due, one after the other; seconds until there may be more."""
        wait_s = self._periods.alarms_s
        for message in await self._db.read(alarms.read_waiting, name, _AT_ONCE):
            if self._left_s(message) <= 0:
                await self._try(message)
            if message.message_id in self._due:  # it waits for its next try, perhaps since this one
                wait_s = min(wait_s, max(0.0, self._left_s(message)))
        return wait_s

    def _left_s(self, message: AlarmMessage) -> float:
        return self._due.get(message.message_id, 0.0) - self._clock.monotonic()

    async def _try(self, message: AlarmMessage) -> None:
        async with self._turns[message.channel]:
            if message.doubts >= MOST_DOUBTS:
                await self._give_up(message, "doubtful")
            elif await self._note(message):
                self._cp("alarm.noted")
                await self._send(message)

    async def _note(self, message: AlarmMessage) -> bool:
        """False where it was withdrawn meanwhile."""
        return await self._db.write(alarms.note_try, message.message_id)

    async def _send(self, message: AlarmMessage) -> None:
        try:
            async with asyncio.timeout(_SEND_WITHIN_S):
                await self._channels[message.channel].send(message)
        except DeviceRefused as error:
            await self._failed(message, error, certain=True)
            await self._give_up(message, "refused")
            self._show(message.channel, _REFUSES, str(error))
        except DeviceError as error:
            await self._failed(message, error, certain=isinstance(error, DeviceUnreachable))
        except TimeoutError:
            await self._failed(message, DeviceError(message.channel, "no_answer"), certain=False)
        else:
            self._cp("alarm.sent")
            await self._db.write(alarms.mark_accepted, message.message_id, self._clock.now())
            self._cp("alarm.recorded")
            self._forget(message)
            self._show(message.channel, None)
            _log.info("alarm_sent", message_id=message.message_id, channel=message.channel, kind=message.kind)
        self._told()

    async def _failed(self, message: AlarmMessage, error: DeviceError, *, certain: bool) -> None:
        name, failures = message.channel, self._failures.get(message.message_id, 0) + 1
        pause_s = _PAUSES_S[min(failures, len(_PAUSES_S)) - 1]
        self._failures[message.message_id] = failures
        self._due[message.message_id] = self._clock.monotonic() + pause_s
        _log.warning("alarm_not_sent", message_id=message.message_id, channel=name, code=error.code, again_in_s=pause_s)
        await self._db.write(alarms.mark_failed, message.message_id, error.code, certain=certain)
        self._show(name, _AWAY, str(error))

    async def _give_up(self, message: AlarmMessage, why: str) -> None:
        await self._db.write(alarms.give_up, message.message_id, why)
        self._forget(message)
        _log.error("alarm_message_given_up", message_id=message.message_id, channel=message.channel, why=why)

    def _forget(self, message: AlarmMessage) -> None:
        self._failures.pop(message.message_id, None)
        self._due.pop(message.message_id, None)

    def _show(self, name: str, reason: str | None, detail: str = "") -> None:
        self._readiness.set(f"alarm:{name}", reason, blocks=False, detail=detail)
