"""Sends what waits for customers: one-time codes at most once, messages at least once; a few at a time each.

Neither phone nor text is logged: a message is known by its client_id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta

import structlog

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.sms.port import SmsGateway
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.backoff import retry_delay_s
from kiosk.domain.ordering.notice import Notices, fill
from kiosk.domain.text import Text
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.identity import customers
from kiosk.store.ordering import messages

_log = structlog.get_logger()
_AT_ONCE = 4  # so that one slow message does not hold the others


class Flights:
    """The calls of one sender that are under way, each known by its client_id."""

    def __init__(self, group: asyncio.TaskGroup, landed: Callable[[], None]) -> None:
        self._group = group
        self._landed = landed
        self._flying: set[str] = set()

    @property
    def full(self) -> bool:
        """Whether another call has to wait until one of these has ended."""
        return len(self._flying) >= _AT_ONCE

    def under_way(self) -> frozenset[str]:
        """Their client_ids."""
        return frozenset(self._flying)

    def launch(self, client_id: str, call: Coroutine[None, None, None]) -> None:
        """Starts one call; `landed` is called when it has ended, well or not."""
        self._flying.add(client_id)
        self._group.create_task(call, name=f"send {client_id}").add_done_callback(lambda _: self._land(client_id))

    def _land(self, client_id: str) -> None:
        self._flying.discard(client_id)
        self._landed()


async def _launching(wake: asyncio.Event, launch_due: Callable[[Flights], Awaitable[float]]) -> None:
    """Runs until cancelled: launch what is due, then wait until woken, a call has ended or the next one is due."""
    async with asyncio.TaskGroup() as group:
        flights = Flights(group, wake.set)
        while True:
            wake.clear()
            wait_s = await launch_due(flights)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await wake.wait()


class CodeSender:
    """Auth 2.1: the code is erased before it goes out, and put back when it certainly did not; when nobody knows, the
    customer asks for another."""

    def __init__(
        self,
        database: Database,
        sms: SmsGateway,
        notices: Notices,
        restaurant: Text,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        *,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._db = database
        self._cp = checkpoint
        self._sms = sms
        self._template = notices.code
        self._restaurant = restaurant
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A code was written that waits to be sent."""
        self._wake.set()

    async def run(self) -> None:
        """Sends codes until it is cancelled."""
        await _launching(self._wake, self._launch_waiting)

    async def _launch_waiting(self, flights: Flights) -> float:
        while not flights.full:
            code = await self._take()
            if code is None:
                break
            self._cp("code.taken")
            flights.launch(code.code_id, self._send(code))
        return self._periods.message_s

    async def _take(self) -> customers.CodeToSend | None:
        now = self._clock.now()
        again = now - timedelta(seconds=self._periods.message_s)
        return await self._db.write(customers.take_code_to_send, now, again)

    async def _send(self, code: customers.CodeToSend) -> None:
        words = fill(self._template, code.language, restaurant=self._restaurant.into(code.language), code=code.code)
        try:
            await self._sms.send(code.phone, words.body, code.code_id)
        except (DeviceRefused, DeviceUnreachable) as error:
            _log.warning("code_not_sent", client_id=code.code_id, code=error.code)
            now, again = self._clock.now(), isinstance(error, DeviceUnreachable)
            await self._db.write(customers.mark_not_sent, code, now, again=again)
        except DeviceError as error:
            _log.warning("code_in_doubt", client_id=code.code_id, code=error.code)
        else:
            self._cp("code.sent")
            _log.info("code_sent", client_id=code.code_id)


class MessageSender:
    """One channel's messages. `send` is its gateway's call; the same client_id in every try."""

    def __init__(
        self,
        database: Database,
        channel: str,
        send: Callable[[messages.Message], Awaitable[None]],
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._db = database
        self._cp = checkpoint
        self._channel = channel
        self._send_one = send
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A message was written that waits to be sent."""
        self._wake.set()

    async def run(self) -> None:
        """Sends messages, and again what failed when its time has come, until it is cancelled."""
        await _launching(self._wake, self._launch_due)

    async def _launch_due(self, flights: Flights) -> float:
        """Launch what is due; seconds until there may be more."""
        under_way = flights.under_way()  # before the read: one that lands meanwhile is read as it was
        waiting = await self._db.read(messages.read_waiting, self._channel, 2 * _AT_ONCE)
        for message in waiting:
            if message.client_id in under_way:
                continue
            left_s = (message.next_at - self._clock.now()).total_seconds()
            if left_s > 0:
                return min(left_s, self._periods.message_s)
            if flights.full:
                break
            flights.launch(message.client_id, self._send(message))
        return self._periods.message_s

    async def _send(self, message: messages.Message) -> None:
        client_id, failures = message.client_id, message.tries + 1
        self._cp("message.due")
        try:
            await self._send_one(message)
        except DeviceRefused as refusal:
            reason = f"{refusal.code} {refusal.detail}".strip()
            _log.warning("message_refused", client_id=client_id, channel=self._channel, reason=reason)
            await self._db.write(messages.mark_gone, client_id, reason)
        except DeviceError as error:
            delay_s = retry_delay_s(failures, client_id)
            _log.warning("message_waits", client_id=client_id, failures=failures, code=error.code, delay_s=delay_s)
            next_at = self._clock.now() + timedelta(seconds=delay_s)
            await self._db.write(messages.postpone, client_id, next_at)
        else:
            self._cp("message.sent")
            now = self._clock.now()
            await self._db.write(messages.mark_sent, client_id, now)
            self._cp("message.recorded")
            _log.info("message_sent", client_id=client_id, channel=self._channel, tries=failures)
