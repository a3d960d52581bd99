"""The SQLite file: one writer thread with group commit, and aiosqlite readers.

A transaction is one synchronous function run whole on the writer thread, batched with whatever else waits; its future
resolves only after COMMIT. It may be run twice, the first time undone: it changes nothing but its transaction.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite

from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file.copying import copy
from kiosk.store.file.opening import (
    STATEMENTS_KEPT,
    is_damage,
    open_writer,
    prepare_reader,
    suspect,
    take_lock,
    was_closed,
)
from kiosk.store.file.reserve import Reserve
from kiosk.store.transaction import ConstraintBroken, Reader, Tx, in_one_snapshot

T = TypeVar("T")
P = ParamSpec("P")
#: Is called with every statement, with the values in it, as SQLite begins it; on the thread of its connection.
Trace = Callable[[str], None]

_BATCH = 256
_CLOSE_TIMEOUT_S = 10
_POLLED_S = 1.0


#: Asked at the end of a transaction, it gives what is to be done once that is committed.
_Publisher = Callable[[Reader], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class _Polled:
    """An answer, and as of which change of the file it is."""

    change: int
    at: float
    answer: Any


@dataclass(slots=True)
class _Request:
    run: Callable[[Tx], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Between:
    """What is run on the writer's own connection while no transaction is."""

    run: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]


class _ReaderConnection(aiosqlite.Connection):
    """A connection whose thread runs a whole question: one way there and back, however many statements it has."""

    def __init__(self, path: Path) -> None:
        connect = partial(sqlite3.connect, path, isolation_level=None, cached_statements=STATEMENTS_KEPT)
        super().__init__(connect, iter_chunk_size=64)

    async def prepare(self, trace: Trace | None) -> None:
        """Raises `DatabaseBroken`."""
        await self._execute(self._prepare, trace)  # type: ignore[no-untyped-call]

    def _prepare(self, trace: Trace | None) -> None:
        prepare_reader(self._conn)
        self._conn.set_trace_callback(trace)

    async def look(self, run: Callable[[Reader], T]) -> T:
        found: T = await self._execute(lambda: in_one_snapshot(self._conn, run))  # type: ignore[no-untyped-call]
        return found


class Database:
    """`await write(fn, …)` and `await read(fn, …)`; who watches is called after each commit."""

    def __init__(
        self,
        path: Path,
        lock: int,
        writer: sqlite3.Connection,
        on_fatal: Callable[[str], None],
        reserve: Reserve | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.path = path
        self._lock = lock
        self._writer = writer
        self._tx = Tx(writer)
        self._on_fatal = on_fatal
        self._reserve = reserve
        self._trace = trace
        writer.set_trace_callback(trace)
        self._loop = asyncio.get_running_loop()
        self._requests: queue.SimpleQueue[_Request | _Between | None] = queue.SimpleQueue()
        self._readers: asyncio.Queue[_ReaderConnection] = asyncio.Queue()
        self._walkers: asyncio.Queue[_ReaderConnection] = asyncio.Queue()
        self._all_readers: list[_ReaderConnection] = []
        self._thread: threading.Thread | None = None
        self._watchers: list[Callable[[], None]] = []
        self._event_watchers: list[Callable[[], None]] = []
        self._publishers: dict[str, _Publisher] = {}
        self._news: list[Callable[[], None]] = []
        self._changed = False  # by the last batch
        self._change = 0  # counts the commits that changed a row
        self._polled: dict[object, _Polled] = {}
        self._closed = False
        self.broken = False
        self.was_closed = True  # whether the process before this one came to its end
        self._full = False  # the last commit found no room, not even in the reserve

    @classmethod
    async def open(
        cls,
        path: Path,
        on_fatal: Callable[[str], None],
        readers: int = 3,
        reserve: Reserve | None = None,
        trace: Trace | None = None,
        still: Callable[[str], None] | None = None,
    ) -> Database:
        """Lock, migrate, open. `reserve` is spent when the disk is full; `trace` hears what readers and writer ask from
        then on; `still` is called, on another thread, with what takes long. Raises `DatabaseBroken`."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = take_lock(path)
        try:
            closed = was_closed(path)
            writer = await asyncio.get_running_loop().run_in_executor(None, open_writer, path, still)
            database = cls(path, lock, writer, on_fatal, reserve, trace)
        except BaseException:
            os.close(lock)
            raise
        database.was_closed = closed
        database._start_writer()
        try:
            for kind in (*[database._readers] * readers, database._walkers):
                await database._add_reader(kind)
        except BaseException:
            await database.close()
            raise
        return database

    async def write(self, run: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `run(tx, …)` whole between BEGIN and COMMIT on the writer thread; what it raises undoes only itself."""
        if self._closed or self.broken:
            raise DatabaseBroken("the database is closed")
        request = _Request(lambda tx: run(tx, *args, **kwargs), self._loop.create_future())
        self._requests.put(request)
        result: T = await request.future
        return result

    async def between(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """Run `run(connection)` on the writer's thread between two transactions: for the file's own affairs. It is
        short, for every commit waits for it."""
        if self._closed or self.broken:
            raise DatabaseBroken("the database is closed")
        between = _Between(run, self._loop.create_future())
        self._requests.put(between)
        found: T = await between.future
        return found

    async def read(self, run: Callable[Concatenate[Reader, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `run(reader, …)` on a reader's thread: one consistent snapshot, which waits for no writer."""
        return await self._look(self._readers, lambda reader: run(reader, *args, **kwargs))

    async def poll(self, run: Callable[Concatenate[Reader, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `read`, for a loop that asks the same again and again: its last answer, which nobody may change, while
        no commit has changed a row since; after a second it is read in any case. `args` are hashable and few."""
        key = (run, args, *kwargs.items())
        known, now = self._polled.get(key), self._loop.time()
        if known is not None and known.change == self._change and now - known.at < _POLLED_S:
            answer: T = known.answer
            return answer
        change = self._change  # before the question: what is committed during it counts as later
        answer = await self.read(run, *args, **kwargs)
        self._polled[key] = _Polled(change, now, answer)
        return answer

    async def walk(self, run: Callable[Concatenate[Reader, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `read`, for an audit or a report, which may take long: it waits for its like only and keeps nobody else
        waiting."""
        return await self._look(self._walkers, lambda reader: run(reader, *args, **kwargs))

    async def _look(self, readers: asyncio.Queue[_ReaderConnection], run: Callable[[Reader], T]) -> T:
        connection = await readers.get()
        try:
            return await connection.look(run)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                suspect(self.path, str(error))
            raise
        finally:  # also when cancelled here: what runs ends before whatever the next one asks of the same thread
            readers.put_nowait(connection)

    async def backup(self, file: Path) -> int:
        """Copy the whole database to a file that does not exist yet, through a connection of its own; its size.
        Raises `DatabaseBroken`."""
        return await copy(self.path, file)

    @property
    def change(self) -> int:
        """Counts the commits that changed a row."""
        return self._change

    def suspect(self, what: str) -> None:
        """Damage was met: the next start looks through the whole file before anything else."""
        suspect(self.path, what)

    def can_write(self) -> bool:
        """As far as the last commit said."""
        return not (self.broken or self._full)

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` on the loop after every commit: a hint to look, without the change itself."""
        self._watchers.append(wake)

    def watch_events(self, wake: Callable[[], None]) -> None:
        """Like `watch`, after commits that published events only."""
        self._event_watchers.append(wake)

    def publish_with(self, topic: str, read: Callable[[Reader], T], publish: Callable[[T], None]) -> None:
        """After each commit that touched `topic`, `publish` what `read` says at its end: on the loop, before anybody is
        told that the commit is done."""

        def look(reader: Reader) -> Callable[[], None]:
            found = read(reader)
            return lambda: publish(found)

        self._publishers[topic] = look

    async def close(self) -> None:
        """Finish what waits, then close; aiosqlite's threads would hold the process's exit otherwise."""
        self._closed = True
        await self._end_writer()
        for connection in self._all_readers:
            await connection.close()
        self._writer.close()
        os.close(self._lock)

    async def _add_reader(self, readers: asyncio.Queue[_ReaderConnection]) -> None:
        connection = await self._connect_reader()
        self._all_readers.append(connection)
        await connection.prepare(self._trace)
        readers.put_nowait(connection)

    async def _connect_reader(self) -> _ReaderConnection:
        """A connection with a thread of its own."""
        connection = _ReaderConnection(self.path)
        await connection
        return connection

    # The writer thread.

    def _start_writer(self) -> None:
        """From now on something takes what is put into `_requests`, batch by batch, until a None."""
        self._thread = threading.Thread(target=self._serve, name="database-writer", daemon=True)
        self._thread.start()

    async def _end_writer(self) -> None:
        """What waits is still done."""
        if self._thread is not None and self._thread.is_alive():
            self._requests.put(None)
            await asyncio.get_running_loop().run_in_executor(None, self._thread.join, _CLOSE_TIMEOUT_S)

    def _serve(self) -> None:
        while self._serve_once(self._requests.get()):
            pass

    def _serve_once(self, request: _Request | _Between | None) -> bool:
        """The batch that begins with this one; False after the last."""
        batch: list[_Request] = []
        while isinstance(request, _Request):
            batch.append(request)
            if len(batch) == _BATCH:
                break
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                break
        if batch:
            self._commit(batch)
        if isinstance(request, _Between):
            self._serve_between(request)
        return request is not None

    def _serve_between(self, between: _Between) -> None:
        try:
            found = between.run(self._writer)
        except BaseException as error:  # noqa: BLE001 - the thread lives on, and who asked gets it
            self._post(_settle, between.future, None, error)
        else:
            self._post(_settle, between.future, found, None)

    def _commit(self, batch: list[_Request]) -> None:
        error = self._try(batch)
        if error is not None and error.sqlite_errorname == "SQLITE_FULL" and self._reserve and self._reserve.spend():
            error = self._try(batch)  # into the room that was kept for this
        self._full = error is not None and error.sqlite_errorname == "SQLITE_FULL"
        if error is not None:
            self._fail(batch, error)
        news = [] if error is not None else self._news
        self._post(partial(self._resolve, batch, news, published=self._tx.published, changed=self._changed))

    def _try(self, batch: list[_Request]) -> sqlite3.Error | None:
        """The whole batch in one transaction, or nothing of it and the file's complaint. Two statements a request are
        saved where none raises after it has written something; else all run anew, each behind a savepoint."""
        self._tx.published = self._changed = False
        self._tx.touched, self._news = set(), []
        before = self._writer.total_changes
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            if not all(self._leaves_nothing(request) for request in batch):
                self._writer.execute("ROLLBACK")
                self._tx.published = False
                if len(batch) == 1:
                    return None  # all that there was is undone
                self._writer.execute("BEGIN IMMEDIATE")
                for request in batch:
                    self._run_apart(request)
            news = [look(self._tx) for topic, look in self._publishers.items() if topic in self._tx.touched]
            self._writer.execute("COMMIT")
            self._news, self._changed = news, self._writer.total_changes != before
        except sqlite3.Error as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            return error
        return None

    def _leaves_nothing(self, request: _Request) -> bool:
        """Run it without a savepoint; whether it either returned or had written nothing when it raised."""
        before = self._writer.total_changes
        self._run(request)
        return request.error is None or self._writer.total_changes == before

    def _run_apart(self, request: _Request) -> None:
        """What it raises undoes only itself."""
        self._writer.execute("SAVEPOINT request")
        self._run(request)
        if request.error is not None:
            self._writer.execute("ROLLBACK TO request")
        self._writer.execute("RELEASE request")

    def _run(self, request: _Request) -> None:
        request.result = request.error = None
        try:
            request.result = request.run(self._tx)
        except BaseException as error:  # whatever it is: the thread lives on, and who asked gets the error
            if _is_the_files(error):
                raise  # not the request's: the whole batch is undone
            told = RuntimeError(repr(error)) if isinstance(error, StopIteration) else error  # no future takes that
            request.error = told

    def _fail(self, batch: list[_Request], error: sqlite3.Error) -> None:
        for request in batch:
            request.error = DatabaseBroken(f"not committed: {error}")
        if error.sqlite_errorname not in ("SQLITE_FULL", "SQLITE_BUSY"):
            # After a failed fsync later commits "work" and mean nothing: stop (database.md#failures-of-the-disk).
            self.broken = True
            if is_damage(error):
                suspect(self.path, str(error))
            self._post(self._on_fatal, f"{error.sqlite_errorname}: {error}")

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            return  # the loop is gone, and everybody who waited with it

    def _resolve(
        self, batch: list[_Request], news: list[Callable[[], None]], *, published: bool, changed: bool
    ) -> None:
        self._change += changed
        for tell in news:
            tell()
        for request in batch:  # a caller may be cancelled; what it asked for is committed all the same
            _settle(request.future, request.result, request.error)
        for wake in [*self._watchers, *(self._event_watchers if published else ())]:
            wake()


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return  # the caller was cancelled
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _is_the_files(error: BaseException) -> bool:
    """SQLite's own complaint of the disk or the file; a broken constraint or a misused call is the request's."""
    return isinstance(error, sqlite3.Error) and (
        hasattr(error, "sqlite_errorname") and not isinstance(error, ConstraintBroken | sqlite3.DataError)
    )
