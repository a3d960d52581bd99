"""Journalled work: its record is in the database, so it is tried until done and taken up by the next start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.errors import DeviceError
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.store.database import Database
from kiosk.tasks import Tasks

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every journalled work is done with."""

    database: Database
    tasks: Tasks
    clock: Clock
    checkpoint: Callable[[str], None] = pass_by


class Jobs(Generic[T]):
    """The jobs of one kind of work, one for each name at a time. `nudge` ends the pauses of all of them."""

    def __init__(self, means: Means) -> None:
        self._tasks = means.tasks
        self._clock = means.clock
        self._running: dict[str, asyncio.Task[T]] = {}
        self._nudged = asyncio.Event()

    def __bool__(self) -> bool:
        """Whether one of them is being carried out just now."""
        return bool(self._running)

    def is_set_aside(self, name: str) -> bool:
        """It ended in a bug so often that a person takes it up (`kiosk stuck`)."""
        return name in self._tasks.aside

    def start(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T] | None:
        """The job of that name: the one that runs, else a new one; None where it is set aside. Nobody's leaving stops
        it; who wants its result or its refusal awaits it, shielded."""
        if self.is_set_aside(name):
            return None
        job = self._running.get(name)
        if job is None:
            job = self._running[name] = self._tasks.start(name, work(), taken_up=True)
            job.add_done_callback(lambda done: self._end(name, done))
        return job

    def _end(self, name: str, job: asyncio.Task[T]) -> None:
        del self._running[name]
        if not job.cancelled():
            job.exception()  # a refusal that nobody waited for is no lost exception: it is journalled

    async def retry(
        self,
        step: Callable[[], Awaitable[R]],
        note: Callable[[DeviceError, int], Awaitable[None]],
        pauses_s: Sequence[float],
    ) -> R:
        """What `step` returns once no device refuses it or fails; each failure and the tries before it go to `note`."""
        for tries, pause_s in enumerate(endless(pauses_s)):
            try:
                return await step()
            except DeviceError as error:
                await note(error, tries)
                await self.pause(pause_s)
        raise AssertionError("endless")

    async def pause(self, pause_s: float) -> None:
        """Until the time has passed or somebody nudges."""
        ends: set[asyncio.Future[Any]] = {
            asyncio.ensure_future(self._clock.sleep(pause_s)),
            asyncio.ensure_future(self._nudged.wait()),
        }
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    def nudge(self) -> None:
        """Whatever waits for its next try tries now."""
        self._nudged.set()
        self._nudged = asyncio.Event()


def endless(pauses_s: Sequence[float]) -> Iterator[float]:
    """The pauses in turn, the last one again and again."""
    yield from pauses_s
    while True:
        yield pauses_s[-1]
