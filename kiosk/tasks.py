"""Supervised loops and jobs: expected device errors back off and go on, anything else ends the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from kiosk.clock import Clock

T = TypeVar("T")
#: Called with a job that ended in a bug; True: it is set aside, and the process goes on.
SetAside = Callable[[str, Exception], Awaitable[bool]]
_log = structlog.get_logger()
_CANCEL_AGAIN_S = 0.5
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class Tasks:
    """Owner of every background task. `failed` resolves with the first bug; wiring ends the process then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loops: set[asyncio.Task[None]] = set()
        self._jobs: set[asyncio.Task[Any]] = set()
        self._set_aside: SetAside | None = None
        self.aside: set[str] = set()  # names of jobs that are not taken up by themselves
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def supervise(
        self, name: str, run: Callable[[], Awaitable[None]], expected: tuple[type[Exception], ...]
    ) -> asyncio.Task[None]:
        """Run a loop until it is cancelled; after an `expected` error it starts again with back-off."""
        task = asyncio.create_task(self._keep(name, run, expected), name=name)
        self._loops.add(task)
        task.add_done_callback(self._loops.discard)
        return task

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]], expected: tuple[type[Exception], ...]) -> None:
        failures = 0
        while True:
            started = self._clock.monotonic()
            try:
                await run()
            except expected as error:
                failures = 0 if self._clock.monotonic() - started > _BACKOFF_S[-1] else failures
                _log.warning("loop_restarts", loop=name, error=str(error))
                await self._clock.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
                failures += 1
            except Exception as error:  # noqa: BLE001 - a bug: end the process, systemd restarts it, resume() finishes
                self._bug(name, error)
                return

    def set_aside_by(self, set_aside: SetAside) -> None:
        self._set_aside = set_aside

    def start(self, name: str, work: Coroutine[Any, Any, T], *, taken_up: bool = False) -> asyncio.Task[T]:
        """Start a job that outlives whoever asked for it; its result and its errors go to those who wait. `taken_up`:
        the next start of the process takes it up again, so a bug in it must not end every process."""
        task = asyncio.create_task(self._watch(name, work, taken_up=taken_up), name=name)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    async def _watch(self, name: str, work: Coroutine[Any, Any, T], *, taken_up: bool) -> T:
        try:
            return await work
        except Exception as error:  # raised in the waiting call; what is no refusal is a bug
            if not getattr(type(error), "code", None):
                await self._judge(name, error, taken_up=taken_up)
            raise

    async def _judge(self, name: str, error: Exception, *, taken_up: bool) -> None:
        if taken_up and await self._is_set_aside(name, error):
            self.aside.add(name)
            _log.error("job_set_aside", task=name, exc_info=error)
            return
        self._bug(name, error)

    async def _is_set_aside(self, name: str, error: Exception) -> bool:
        """Where even that cannot be written down, it is a bug like any other: the next start takes the work up."""
        try:
            return self._set_aside is not None and await self._set_aside(name, error)
        except Exception as failure:  # noqa: BLE001
            _log.error("not_set_aside", task=name, error=str(failure))
            return False

    def _bug(self, name: str, error: BaseException) -> None:
        _log.error("task_failed", task=name, exc_info=error)
        if not self.failed.done():
            self.failed.set_result(error)

    async def drain(self, timeout_s: float) -> None:
        """Wait for jobs to end; what is still running then is cut off (a restart takes it up)."""
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=timeout_s)
        await self.cancel()

    async def cancel(self) -> None:
        """Cancel until everything has ended: a library that swallows one cancellation must not hold the exit."""
        tasks: set[asyncio.Task[Any]] = {*self._loops, *self._jobs}
        while tasks:
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=_CANCEL_AGAIN_S)
