"""The product's database without its threads: what they do is done between two callbacks of the loop.

A scene has kiosk, devices and guest on one loop, and waits for no turn of a thread; simulated days (`tests.vopr`) say
themselves when such a thread would have had one. The threads have tests of their own (`tests/store`); pages, processes
and crash sweeps go by them."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from kiosk.store.database import Database
from kiosk.store.file.opening import STATEMENTS_KEPT, prepare_reader
from kiosk.store.transaction import Reader, in_one_snapshot

T = TypeVar("T")


class LoopDatabase(Database):
    """`Parts.database`."""

    _asked: sqlite3.Connection | None = None

    def _later(self, call: Callable[[], None]) -> None:
        """`call` at a turn of the writer's."""
        self._loop.call_soon(call)

    def _elsewhere(self, call: Callable[[], T]) -> Awaitable[T]:
        """What `call` gives at a turn of a reader's."""
        return _next_turn(call)

    def _round(self, request: Any) -> None:
        self._serve_once(request)

    def _start_writer(self) -> None:
        self._waiting = _Requests(self._later, self._round)
        self._requests = cast(Any, self._waiting)  # as much of a queue as is used

    async def _end_writer(self) -> None:
        await self._elsewhere(self._waiting.serve_all)

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        self._loop.call_soon(call, *arguments)

    async def _connect_reader(self) -> Any:
        """All have one connection: no question is put while another is asked."""
        if self._asked is None:
            self._asked = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS_KEPT
            )
        return _ReaderConnection(self._asked, self._elsewhere)


async def _next_turn(call: Callable[[], T]) -> T:
    await asyncio.sleep(0)  # noqa: TID251  # one turn, and no time
    return call()


class _Requests:
    """What the loop puts in is served at a later turn, all that waits by then in one batch."""

    def __init__(self, later: Callable[[Callable[[], None]], None], serve: Callable[[Any], None]) -> None:
        self._later, self._serve = later, serve
        self._waiting: deque[Any] = deque()
        self._due = False

    def put(self, request: Any) -> None:
        self._waiting.append(request)
        self._plan()

    def get_nowait(self) -> Any:
        if not self._waiting:
            raise queue.Empty
        return self._waiting.popleft()

    def serve_all(self) -> None:
        while self._waiting:
            self._serve(self._waiting.popleft())

    def _plan(self) -> None:
        if self._waiting and not self._due:
            self._due = True
            self._later(self._come)

    def _come(self) -> None:
        self._due = False
        if self._waiting:
            self._serve(self._waiting.popleft())
            self._plan()


class _ReaderConnection:
    """As much of `aiosqlite.Connection` as the product uses, and its `look`."""

    def __init__(
        self, connection: sqlite3.Connection, elsewhere: Callable[[Callable[[], Any]], Awaitable[Any]]
    ) -> None:
        self._connection = connection
        self._elsewhere = elsewhere

    async def prepare(self, trace: Any) -> None:
        await self._elsewhere(lambda: self._prepare(trace))

    def _prepare(self, trace: Any) -> None:
        prepare_reader(self._connection)
        self._connection.set_trace_callback(trace)

    async def look(self, run: Callable[[Reader], T]) -> T:
        found: T = await self._elsewhere(lambda: in_one_snapshot(self._connection, run))
        return found

    async def close(self) -> None:
        self._connection.close()
