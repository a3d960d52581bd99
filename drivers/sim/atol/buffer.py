"""The device half of ATOL's task buffer: results are kept until they are acknowledged (atol.md#task-buffer)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from drivers.fiscal.atol.frames import ASYNC_ID, LAST_ID, Broken, Decoder, Frame, encode

ADD, ACK, REQ, ABORT, ACK_ADD = 0xC1, 0xC2, 0xC3, 0xC4, 0xC5
QUEUED, RUNNING, DONE, FAILED, STOPPED, ASYNC_DONE, ASYNC_FAILED = 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7
OVERFLOW, EXISTS, NOT_FOUND, BAD_VALUE = 0xB1, 0xB2, 0xB3, 0xB4
NEEDS_RESULT, IGNORES_ERRORS = 0x01, 0x02
_FLAGS = 0x07
_LIMIT = 128


class _State(IntEnum):
    """The status byte a REQ is answered with."""

    QUEUED = QUEUED
    RUNNING = RUNNING
    DONE = DONE
    FAILED = FAILED
    STOPPED = STOPPED


@dataclass(frozen=True, slots=True)
class Executed:
    """What a task came to. `lost`: nothing about it reaches the host by itself; `forgotten`: nor is it kept."""

    result: bytes
    failed: bool
    delay_s: float = 0.0
    lost: bool = False
    forgotten: bool = False


@dataclass(slots=True)
class _Task:
    id: int
    flags: int
    payload: bytes
    state: _State = _State.QUEUED
    result: bytes = b""


class TaskBuffer:
    """Bytes in, bytes out, `heard` as the line lets them through. A reconnect changes nothing here; ACK, ABORT and a
    power cut alone forget."""

    def __init__(
        self,
        *,
        send: Callable[[bytes], None],
        execute: Callable[[bytes], Executed],
        loses: Callable[[bytes], bool],
        heard: Callable[[bytes], bytes],
    ) -> None:
        self._send_bytes = send
        self._execute = execute
        self._loses = loses
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._decoder = Decoder()
        self._tasks: dict[int, _Task] = {}
        self._queue: deque[_Task] = deque()
        self._running: _Task | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last_reply: tuple[int, bytes] | None = None
        self._powered = True

    @property
    def kept(self) -> int:
        return len(self._tasks)

    def power_off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._running = self._last_reply = None
        self._forget_all()
        self._decoder = Decoder()
        self._powered = False

    def power_on(self) -> None:
        self._powered = True

    def feed(self, data: bytes) -> None:
        for event in self._decoder.feed(self._heard(data)):
            if not self._powered:
                return
            if isinstance(event, Broken):
                self._send(event.id, b"")  # "repeat"
            else:
                self._take(event)

    def _take(self, frame: Frame) -> None:
        data = frame.data
        if not data:
            if self._last_reply is not None and self._last_reply[0] == frame.id:
                self._send(*self._last_reply)
            return
        match data[0]:
            case 0xC1 if len(data) > 3:
                self._add(frame.id, data[1], data[2], data[3:])
            case 0xC2 if len(data) == 2:
                self._reply(frame.id, bytes((self._acknowledge(data[1]),)))
            case 0xC3 if len(data) == 2:
                self._reply(frame.id, self._request(data[1]))
            case 0xC4:
                self._forget_all()
                self._reply(frame.id, bytes((DONE,)))
            case 0xC5 if len(data) > 4:
                self._acknowledge(data[1])
                self._add(frame.id, data[2], data[3], data[4:])
            case _:
                self._reply(frame.id, bytes((BAD_VALUE,)))

    def _add(self, packet: int, flags: int, task_id: int, payload: bytes) -> None:
        if flags & ~_FLAGS or task_id > LAST_ID:
            self._reply(packet, bytes((BAD_VALUE,)))
        elif task_id in self._tasks:
            self._reply(packet, bytes((EXISTS,)))
        elif len(self._tasks) >= _LIMIT:
            self._reply(packet, bytes((OVERFLOW,)))
        else:
            task = self._tasks[task_id] = _Task(task_id, flags, payload)
            self._queue.append(task)
            if not self._loses(payload):
                self._reply(packet, bytes((QUEUED,)))
            self._next()

    def _acknowledge(self, task_id: int) -> int:
        task = self._tasks.get(task_id)
        if task is None:
            return NOT_FOUND
        if task.state in (_State.DONE, _State.FAILED, _State.STOPPED):
            del self._tasks[task_id]
        return DONE

    def _request(self, task_id: int) -> bytes:
        task = self._tasks.get(task_id)
        return bytes((NOT_FOUND,)) if task is None else bytes((task.state,)) + task.result

    def _forget_all(self) -> None:
        """A task that runs goes on, and nobody will hear of it."""
        self._tasks.clear()
        self._queue.clear()

    def _next(self) -> None:
        if self._running is not None or not self._queue:
            return
        task = self._queue.popleft()
        task.state = _State.RUNNING
        self._running = task
        executed = self._execute(task.payload)
        if executed.delay_s > 0:
            self._timer = self._loop.call_later(executed.delay_s, self._finish, task, executed)
        else:
            self._finish(task, executed)

    def _finish(self, task: _Task, executed: Executed) -> None:
        self._timer = self._running = None
        if self._tasks.get(task.id) is task:
            self._keep(task, executed)
        if executed.failed:
            self._stop_the_rest()
        self._next()

    def _keep(self, task: _Task, executed: Executed) -> None:
        if executed.forgotten or not task.flags & NEEDS_RESULT:
            del self._tasks[task.id]
            return
        task.state = _State.FAILED if executed.failed else _State.DONE
        task.result = executed.result
        if not executed.lost:
            status = ASYNC_FAILED if executed.failed else ASYNC_DONE
            self._send(ASYNC_ID, bytes((status, task.id)) + executed.result)

    def _stop_the_rest(self) -> None:
        """Tasks queued behind a failed one are not carried out, unless they ignore errors."""
        for task in [task for task in self._queue if not task.flags & IGNORES_ERRORS]:
            task.state = _State.STOPPED
            self._queue.remove(task)

    def _reply(self, packet: int, data: bytes) -> None:
        self._last_reply = (packet, data)
        self._send(packet, data)

    def _send(self, packet: int, data: bytes) -> None:
        self._send_bytes(self._heard(encode(packet, data)))
