"""An event loop whose time stands still while the machine keeps this process from running.

A scene has the kiosk, every device and the guest on one loop. Where neighbours take the cores for a second, all of them
stand still alike, but by the machine's clock each would be a second late for the others: a register that had no turn
would count as silent. By this loop's time nobody is late for what nobody could do. Whoever is awaited elsewhere (a
device in a process of its own, the kernel that carries the bytes of a terminal) has as few turns as this process: its
waiting is counted in small parts, and each part that ended late counts as one that ended in time.

Where nobody works there is nothing to wait for but time: on a `HurriedLoop` it jumps to the next timer while all wait
for timers, so that a scene of half a minute lasts a few seconds. Who works elsewhere is counted: threads, and what says
so itself (`foreign`: child processes, calls of an executor). While there is any, time is the machine's."""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: So much at most counts of one round of callbacks.
STEP_S = 0.02
#: Of waiting: asked for at a time, and how late it may end.
PART_S = 0.02
_LATE_S = 0.005
#: Time goes no faster than so many times the machine's, work counted: bytes that a busy kernel sends on a little later
#: than at once are still in time.
HURRY = 50
#: The shortest that the kernel waits.
_TICK_S = 0.001
#: Of the threads of a loop's executor, whose calls are counted one by one.
_EXECUTORS = "asyncio_"


class Waiting(selectors.PollSelector):
    """Asks for events, and notes how long the loop was away between two questions or was woken too late.

    By poll(2): asked so, a terminal first takes in what was written to its other end, which else waits until the kernel
    has a turn for it. epoll would not ask."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._clock = clock or time.monotonic
        self._lost_s = 0.0  # negative: what it is ahead by
        self._left_at: float | None = None  # None: it is waiting for events now
        self.hurried = False
        self._before = frozenset(threading.enumerate())
        self._owed_s = 0.0  # of the machine's time, for jumps
        self._paid_at = 0.0

    def now_s(self) -> float:
        now = self._clock()
        return now - self._lost_s - self._too_long(now)

    def ahead_s(self) -> float:
        """Of the machine's clock; negative where it is behind."""
        return -self._lost_s - self._too_long(self._clock())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        asked_at = self._clock()
        self._lost_s += self._too_long(asked_at)
        self._left_at = None
        left_s = timeout
        while True:
            jumps = self.hurried and left_s is not None and self._is_alone()
            wanted_s = PART_S if left_s is None else max(left_s, 0.0)
            part_s = wanted_s if jumps else min(PART_S, wanted_s)
            events = super().select(self._owed_before(part_s, asked_at) if jumps else part_s)
            if jumps and not events:
                self._owed_s += part_s / HURRY
            woken_at = self._clock()
            counts_s = part_s if jumps and not events else min(woken_at - asked_at, part_s + _LATE_S)
            self._lost_s += woken_at - asked_at - counts_s
            asked_at = woken_at
            if left_s is not None:
                left_s -= counts_s
            if events or (left_s is not None and left_s <= 0):
                self._left_at = woken_at
                return events

    def _owed_before(self, jump_s: float, now: float) -> float:
        """How much of the machine's time goes by before it."""
        self._owed_s = max(0.0, self._owed_s - (now - self._paid_at))
        self._paid_at = now
        owed_s = self._owed_s + jump_s / HURRY
        return owed_s if owed_s >= _TICK_S else 0.0

    def _is_alone(self) -> bool:
        """Threads that were there before the loop do nothing for it."""
        return not _elsewhere and not any(
            thread not in self._before and not thread.name.startswith(_EXECUTORS) for thread in threading.enumerate()
        )

    def _too_long(self, now: float) -> float:
        return 0.0 if self._left_at is None else max(0.0, now - self._left_at - STEP_S)


_hurried: Waiting | None = None


_elsewhere: set[object] = set()  # who works; of the process, for a fixture begins before its test has a loop


def _works_elsewhere() -> Callable[[], None]:
    """Somebody does, until what it gives is called."""
    somebody = object()
    _elsewhere.add(somebody)
    return lambda: _elsewhere.discard(somebody)


@contextmanager
def foreign() -> Iterator[None]:
    """Somebody works elsewhere for the length of the block: for them the time of our loop is the machine's."""
    ended = _works_elsewhere()
    try:
        yield
    finally:
        ended()


def is_hurried() -> bool:
    return _hurried is not None


def ahead_s() -> float:
    """By how much the hurried loop of this process, if it has one, is ahead of the machine (behind: negative)."""
    return 0.0 if _hurried is None else _hurried.ahead_s()


class PatientLoop(asyncio.SelectorEventLoop):
    """`time()` goes on while it waits for events, and by `STEP_S` at most while it works or is not let."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.now_s()


class HurriedLoop(PatientLoop):
    """Time is short while nobody works (the head of this file)."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting.hurried = True
        self._ends: list[Callable[[], None]] = []
        global _hurried  # threads ask for it, which have no loop
        _hurried = self._waiting

    def close(self) -> None:
        super().close()
        for ended in self._ends:
            ended()
        global _hurried
        _hurried = None

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        done = super().run_in_executor(executor, func, *args)
        self._counts(done)
        return done

    async def subprocess_exec(self, *args: Any, **more: Any) -> Any:
        with foreign():
            transport, protocol = await super().subprocess_exec(*args, **more)
        exited: Any = transport
        self._counts(asyncio.ensure_future(exited._wait()))  # noqa: SLF001  # nothing else tells
        return transport, protocol

    def _counts(self, done: asyncio.Future[Any]) -> None:
        """Until then somebody works elsewhere, or until the loop is closed."""
        ended = _works_elsewhere()
        self._ends.append(ended)
        done.add_done_callback(lambda _: ended())


class PatientPolicy(asyncio.DefaultEventLoopPolicy):
    """For the processes that a test forks: `asyncio.run` takes such a loop."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return PatientLoop()
