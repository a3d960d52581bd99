"""The host half of ATOL's task buffer: one task at a time, its result fetched over lost packets and lines alike
(atol.md#task-buffer)."""

from __future__ import annotations

import asyncio
import logging
from enum import IntEnum

from drivers.errors import DeviceUnreachable
from drivers.fiscal.atol.frames import ASYNC_ID, LAST_ID, Decoder, Frame, encode
from drivers.fiscal.atol.timeouts import AtolTimeouts
from drivers.fiscal.once import AnswerLost
from drivers.link import Link, LinkOpener

_ADD, _ACK, _REQ, _ABORT = 0xC1, 0xC2, 0xC3, 0xC4
_NEEDS_RESULT = 0x01
_ADDS = 5  # of one task under its id: more and the register does not want it
_ACCESS = bytes(2)  # the password of access, which no register asks for
_log = logging.getLogger(__name__)


class _Status(IntEnum):
    QUEUED = 0xA1
    RUNNING = 0xA2
    DONE = 0xA3
    FAILED = 0xA4
    STOPPED = 0xA5
    ASYNC_DONE = 0xA6
    ASYNC_FAILED = 0xA7
    WAITS_DATA = 0xA8
    OVERFLOW = 0xB1
    EXISTS = 0xB2
    NOT_FOUND = 0xB3
    BAD_VALUE = 0xB4


_UNDER_WAY = (_Status.QUEUED, _Status.RUNNING, _Status.WAITS_DATA)
_FINISHED = (_Status.DONE, _Status.FAILED)


class AtolLine:
    """Tasks over a `Link` that is opened anew when it is lost. Not reentrant: the caller serialises."""

    def __init__(self, *, open_link: LinkOpener, port: str, baudrate: int, timeouts: AtolTimeouts, device: str) -> None:
        self._open_link = open_link
        self._port = port
        self._baudrate = baudrate
        self._timeouts = timeouts
        self._device = device
        self._link: Link | None = None
        self._decoder = Decoder()
        self._arrived: list[Frame] = []
        self._packet = LAST_ID
        self._task = LAST_ID
        self._known = False  # the register's buffer holds tasks of this process only
        self._lost: int | None = None  # a task whose answer never came
        self._unacknowledged: set[int] = set()  # ids that must not be used again yet

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    async def run(self, payload: bytes) -> bytes:
        """The result of exactly this task, an error of it too; `payload` is a command's code and arguments.

        `DeviceUnreachable`: the register never took the task. `AnswerLost`: it may have.
        """
        code = payload[0]
        command = f"{code:02X}"
        await self._become_ready()
        self._task = self._lost = self._free_id()
        try:
            async with asyncio.timeout(self._timeouts.for_command(code) + self._timeouts.silence_s):
                result = await self._carry_out(self._task, payload)
        except (TimeoutError, DeviceUnreachable) as error:
            raise AnswerLost(command, silent=isinstance(error, DeviceUnreachable)) from error
        if result is None:
            raise AnswerLost(command, silent=False)
        self._lost = None
        await self._acknowledge(self._task)
        return result

    def _free_id(self) -> int:
        """An id whose last result is certainly forgotten: so "exists" can only mean this very task."""
        following = ((self._task + step) % (LAST_ID + 1) for step in range(1, LAST_ID + 2))
        found = next((task for task in following if task not in self._unacknowledged), None)
        if found is None:
            raise DeviceUnreachable(self._device, "silent", "no acknowledgement comes through")
        return found

    async def _become_ready(self) -> None:
        """A task that a dead process left may be dropped; our own is waited for, then forgotten (atol.md#doubt)."""
        await self._opened()
        if not self._known:
            await self._abort()
            self._known = True
        for task in sorted(self._unacknowledged)[:1]:
            await self._acknowledge(task)
        lost = self._lost
        if lost is not None:
            _log.warning("%s: task %02X without an answer is waited for", self._device, lost)
            await self._until_over(lost)
            self._lost = None

    async def _abort(self) -> None:
        reply = await self._exchange(bytes((_ABORT,)))
        if reply[:1] != bytes((_Status.DONE,)):
            raise DeviceUnreachable(self._device, "unreadable_answer", reply.hex())

    async def _until_over(self, task: int) -> None:
        deadline = self._now() + self._timeouts.command_s
        while self._now() < deadline:
            reply = await self._exchange(bytes((_REQ, task)))
            if reply[:1] and reply[0] in _UNDER_WAY:
                await self._sleep(self._timeouts.poll_s)
                continue
            await self._acknowledge(task)
            return
        raise DeviceUnreachable(self._device, "busy", f"task {task:02X} still runs")

    async def _carry_out(self, task: int, payload: bytes) -> bytes | None:
        """ADD, then the result comes by itself or is asked for. B3: the task never arrived, or the buffer was lost with
        the power, so the same id is added again; what must not be done twice the register refuses by itself or the
        receipt's sums betray. None: it will not come."""
        addition = bytes((_ADD, _NEEDS_RESULT, task)) + _ACCESS + payload
        request, adds = addition, 0
        while True:
            adds += request is addition
            reply = await self._exchange(request, task)
            status = reply[0] if reply else None
            if status in _FINISHED:
                return reply[1:]
            if status in (_Status.ASYNC_DONE, _Status.ASYNC_FAILED):
                return reply[2:]
            if status in _UNDER_WAY:
                result = await self._async_result(task)
                if result is not None:
                    return result
                request = bytes((_REQ, task))
            elif status == _Status.NOT_FOUND and adds < _ADDS:
                request = addition
            elif status == _Status.EXISTS:
                request = bytes((_REQ, task))
            else:
                _log.warning("%s: task %02X came to status %s", self._device, task, reply[:1].hex())
                return None

    async def _acknowledge(self, task: int) -> None:
        """A lost one is harmless: the id stays unused until the register has forgotten it."""
        try:
            await self._exchange(bytes((_ACK, task)), tries=2)
        except DeviceUnreachable as error:
            _log.info("%s: acknowledgement of task %02X: %s", self._device, task, error)
            self._unacknowledged.add(task)
        else:
            self._unacknowledged.discard(task)

    async def _async_result(self, task: int) -> bytes | None:
        deadline = self._now() + self._timeouts.poll_s
        while (left := deadline - self._now()) > 0:
            try:
                frame = await self._receive(left)
            except DeviceUnreachable:
                return None  # the line is lost: opened anew for the next question
            if frame is None:
                return None
            if _is_result(frame, task):
                return frame.data[2:]
        return None

    async def _exchange(self, data: bytes, task: int | None = None, tries: int | None = None) -> bytes:
        """The reply to this packet, or the asynchronous result of `task` where it comes first. An ADD that got no
        reply is followed by a REQ: its id shows whether it arrived."""
        deadline, count = self._now() + self._timeouts.silence_s, 0
        while self._now() < deadline and (tries is None or count < tries):
            count += 1
            try:
                packet = await self._send(data)
                reply = await self._reply_to(packet, task)
            except DeviceUnreachable:
                if self._now() + self._timeouts.reopen_s >= deadline:
                    raise
                await self._sleep(self._timeouts.reopen_s)
                reply = None
            if reply is not None:
                return reply
            if data[0] == _ADD:
                data = bytes((_REQ, data[2]))
        # Whoever is at the other end, it is not the register: the path may lead somewhere else by now. Tasks survive
        # a reconnect, so the next call may open it anew.
        if tries is None:
            self.close()
        raise DeviceUnreachable(self._device, "silent", f"no reply to {data[:1].hex()}")

    async def _send(self, data: bytes) -> int:
        link = await self._opened()
        self._packet = (self._packet + 1) % (LAST_ID + 1)
        try:
            link.write(encode(self._packet, data))
        except DeviceUnreachable:
            self.close()
            raise
        return self._packet

    async def _reply_to(self, packet: int, task: int | None) -> bytes | None:
        """None: nothing in time, or the register asks for a repetition."""
        deadline = self._now() + self._timeouts.reply_s
        while (left := deadline - self._now()) > 0:
            frame = await self._receive(left)
            if frame is None:
                return None
            if frame.id == packet or (task is not None and _is_result(frame, task)):
                return frame.data or None
        return None

    async def _receive(self, within_s: float) -> Frame | None:
        """The next whole frame; None after `within_s`. Broken ones are ignored: what they held is asked for."""
        deadline = self._now() + within_s
        while not self._arrived:
            left = deadline - self._now()
            if left <= 0:
                return None
            link = await self._opened()
            try:
                events = self._decoder.feed(await link.read(left))
            except TimeoutError:
                return None
            except DeviceUnreachable:
                self.close()
                raise
            self._arrived += [event for event in events if isinstance(event, Frame)]
        return self._arrived.pop(0)

    async def _opened(self) -> Link:
        if self._link is None:
            try:
                self._link = await self._open_link(self._port, self._baudrate)
            except DeviceUnreachable as error:
                if error.code != "port_busy":
                    raise
                await self._sleep(self._timeouts.reopen_s)  # our own last line may not be closed to its end yet
                self._link = await self._open_link(self._port, self._baudrate)
            self._decoder = Decoder()
            self._arrived.clear()
        return self._link

    @staticmethod
    async def _sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _is_result(frame: Frame, task: int) -> bool:
    head = (_Status.ASYNC_DONE, _Status.ASYNC_FAILED)
    return frame.id == ASYNC_ID and len(frame.data) > 2 and frame.data[0] in head and frame.data[1] == task
