"""One thread, many event loops, virtual time: every choice comes from one seeded generator.

A `Host` is a simulated machine (the kiosk, the bank, the people) with an event loop of its own. Callbacks of one loop
run first in, first out, as asyncio promises; what is chance is when bytes, timers and threads arrive and which host
runs next. Nothing ready: time jumps to the next timer.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import random
import socket
import threading
import traceback
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from tests.vopr.coverage import Reached
from tests.vopr.disk import Disk
from tests.vopr.network import Network

CALLBACK_S = 15e-6  # virtual time that a callback takes
REMEMBERED = 1000  # events that a failure shows
_PIECES = 4096  # are hashed together
OPENS = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


class _Soon(events.Handle):
    """What a loop runs next. Made without looking at `debug`, which no loop here is in."""

    __slots__ = ()

    def __init__(self, callback: Any, args: Any, loop: Any, context: Context | None) -> None:
        self._context = copy_context() if context is None else context
        self._loop, self._callback, self._args = loop, callback, args
        self._cancelled, self._repr, self._source_traceback = False, None, None


class Killed(SystemExit):
    """Unwinds the callback of a host that has just died; nothing it does on its way out reaches anybody."""


class Host(asyncio.BaseEventLoop):
    """One machine. `dies_at`: before its n-th callback; `loses_power`: what it had not flushed goes with it."""

    def __init__(self, sim: Simulation, name: str) -> None:
        self.ready: deque[Any] = deque()
        self.sim = sim
        self.dead = False
        super().__init__()
        self._thread_id = threading.get_ident()
        self.name = name
        self.tag = name.encode() + b" "
        self.names: dict[str, bytes] = {}  # of its callbacks, as they stand in the trace
        self.callbacks = 0
        self.dies_at = 0
        self.loses_power = False
        self.transports: dict[int, Any] = {}
        self.on_death: list[Callable[[], None]] = []
        self.set_exception_handler(self._note_failure)

    def __del__(self, _warn: Any = None) -> None:
        """It was never open for the kernel."""

    def _note_failure(self, loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        told = context["message"] if error is None else "".join(traceback.format_exception(error))
        self.sim.failures.append(f"{self.name}: {told}")

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self.sim.now

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:  # type: ignore[override]
        handle = events.TimerHandle(when, callback, args, self, context)
        self.sim.push(when, self, handle)
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:  # type: ignore[override]
        return self.call_at(self.sim.now + delay, callback, *args, context=context)

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]
        handle = _Soon(callback, args, self, context)
        self.make_ready(handle)
        return handle

    def make_ready(self, handle: asyncio.Handle) -> None:
        if not (self.ready or self.dead):
            self.sim.awake.append(self)
        self.ready.append(handle)

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def _timer_handle_cancelled(self, handle: Any) -> None:
        """It is passed by when its time comes."""

    def run_in_executor(self, executor: Any, call: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Work of another thread: done at once, some time later; whoever waits is called behind what is ready then."""
        future = self.create_future()

        def work() -> None:
            try:
                result = call(*args)
            except Killed:
                raise
            except BaseException as error:  # noqa: BLE001  # whoever waits for the thread gets it
                _end(future, None, error)
            else:
                _end(future, result, None)

        self.sim.thread(self, work)
        return future

    def sleep(self, delay_s: float) -> asyncio.Future[None]:
        future: asyncio.Future[None] = self.create_future()
        self.call_later(delay_s, _end, future, None, None)
        return future

    async def getaddrinfo(self, host: Any, port: Any, **more: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async def create_server(  # type: ignore[override]
        self, factory: Any, host: Any = None, port: Any = None, *, sock: Any = None, **more: Any
    ) -> Any:
        """A listening socket that is given has a name; it is that which is listened at here."""
        if sock is not None:
            key = sock.getsockname()
            sock.close()
        else:
            key = ("127.0.0.1", port or self.sim.free_port())
        return self.sim.network.listen(self, key, factory)

    async def create_connection(  # type: ignore[override]
        self, factory: Any, host: Any = None, port: Any = None, *, sock: Any = None, **more: Any
    ) -> Any:
        return await self.sim.network.connect(self, sock.key if sock is not None else (host, port), factory)

    def die(self) -> None:
        """Nothing of this host runs any more; what it had open is never finalized, for a finalizer would still act."""
        if self.dead:
            return
        self.dead = True
        self.sim.bury(self, [*asyncio.all_tasks(self), *self.ready])
        for transport in list(self.transports.values()):
            transport.host_died()
        for call in self.on_death:
            call()
        if self.sim.current is self:
            raise Killed


def here() -> Host:
    """Whose callback runs."""
    return cast(Host, asyncio.get_running_loop())  # every loop here is one


def _end(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class Digest:
    """SHA-256 of all that is added, piece by piece."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        if len(self._pieces) >= _PIECES:
            self._hash()

    def _hash(self) -> None:
        self._whole.update(b"".join(self._pieces))
        self._pieces.clear()

    def hexdigest(self) -> str:
        self._hash()
        return self._whole.hexdigest()


class Simulation:
    """The clock, the timers, the generator; one in a process, whose disk it takes over. `trace` and `wires` name the
    history: equal digests, equal histories."""

    def __init__(self, seed: int, *, keeps_flushes: bool = True, opens: datetime = OPENS) -> None:
        self.seed = seed
        self._opens, self._opens_s = opens, opens.timestamp()
        self.rng = random.Random(f"schedule {seed}")
        self.entropy = random.Random(f"entropy {seed}")
        self.now = 0.0
        self.awake: list[Host] = []  # hosts with something to run
        self.current: Host | None = None
        self.network = Network(self)
        self.disk = Disk(self.entropy.randbytes, keeps_flushes=keeps_flushes)
        self.callbacks = self.power_cuts = 0
        self.trace, self.wires = Digest(), Digest()
        self.last: deque[tuple[float, str, object]] = deque(maxlen=REMEMBERED)
        self.failures: list[str] = []  # what no task of any host has caught
        self.reached = Reached()
        self._loop: Host | None = None  # whose loop is the running one
        self._heap: list[tuple[float, int, Host | None, Any]] = []
        self._serial = 0
        self._port = 9000
        self._graveyard: list[Any] = []

    # Time.

    def wall(self) -> datetime:
        return self._opens + timedelta(seconds=self.now)

    def monotonic(self) -> float:
        return self.now

    def timestamp(self) -> float:
        return self._opens_s + self.now

    def free_port(self) -> int:
        self._port += 1
        return self._port

    def push(self, when: float, host: Host | None, item: Any) -> None:
        """A timer's handle, or what is called outside of every loop: by the kernel, the wire, a thread."""
        self._serial += 1
        heapq.heappush(self._heap, (when, self._serial, host, item))

    def after(self, delay_s: float, host: Host | None, call: Callable[[], None]) -> None:
        self.push(self.now + delay_s, host, call)

    def thread(self, host: Host, work: Callable[[], None]) -> None:
        """A piece of work on another thread of the host, some time later; one in fifty is slow."""
        draw = self.rng.random()
        self.after(2e-4 + draw * 1e-3 if draw < 0.98 else 0.02, host, lambda: self._work(host, work))

    def _work(self, host: Host, work: Callable[[], None]) -> None:
        before, self.current = self.current, host
        self._enter(None)
        try:
            work()
        except Killed:
            return
        finally:
            self.current = before

    # Hosts.

    def host(self, name: str) -> Host:
        return Host(self, name)

    def bury(self, host: Host, kept: list[Any]) -> None:
        self.note("dies", host.name)
        self.trace.add(b"dies " + host.tag)
        if host in self.awake:
            self.awake.remove(host)
        self._graveyard.append((host, kept))

    def keep(self, thing: Any) -> None:
        """Never to be finalized."""
        self._graveyard.append(thing)

    def note(self, what: str, of: object) -> None:
        self.last.append((self.now, what, of))

    # The wheel.

    def run_until(self, end: float, done: Callable[[], bool] | None = None) -> bool:
        """Until that virtual time, or until `done` says so after a callback; whether it did. Called by none of them."""
        assert self.current is None, "a callback waits for others"
        try:
            return self._turn(end, done)
        finally:
            self._enter(None)

    def _turn(self, end: float, done: Callable[[], bool] | None) -> bool:
        heap, awake, random_ = self._heap, self.awake, self.rng.random
        while True:
            if heap and heap[0][0] <= self.now:
                self._wake_timers()
            if not awake:
                if done is not None and done():
                    return True
                if not heap or heap[0][0] > end:
                    self.now = max(self.now, end)
                    return False
                self.now = heap[0][0]
                continue
            n = 0 if len(awake) == 1 else int(random_() * len(awake))
            host = awake[n]
            handle = host.ready.popleft()
            if not host.ready:
                del awake[n]
            if handle._cancelled:  # noqa: SLF001  # asked before every callback
                continue
            self._run(host, handle)
            self.now += CALLBACK_S
            if done is not None and done():
                return True
            if self.now > end:
                return False

    def _wake_timers(self) -> None:
        heap, now = self._heap, self.now
        while heap and heap[0][0] <= now:
            _, _, host, item = heapq.heappop(heap)
            if host is not None and host.dead:
                continue
            if isinstance(item, asyncio.TimerHandle):
                if host is not None and not item.cancelled():
                    host.make_ready(item)
            else:
                item()

    def _enter(self, host: Host | None) -> None:
        """Its loop is the running one from now on; None: no loop runs."""
        if host is not self._loop:
            self._loop = host
            events._set_running_loop(host)  # noqa: SLF001  # as a loop's own `run_forever` does

    def _run(self, host: Host, handle: Any) -> None:
        self.callbacks += 1
        host.callbacks += 1
        try:
            if host.callbacks == host.dies_at:
                host.die()
                return
            name = _name_of(handle._callback)  # noqa: SLF001  # asyncio has no other way to tell what it runs
            self.last.append((self.now, host.name, name))
            self.trace.add(host.names.get(name) or host.names.setdefault(name, host.tag + name.encode()))
            if host is not self._loop:
                self._enter(host)
            self.current = host
            handle._context.run(handle._callback, *handle._args)  # noqa: SLF001  # as a handle's own `_run` does
        except Killed:
            return
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a callback raises is its loop's to tell
            host.call_exception_handler({"message": f"in callback {name}", "exception": error, "handle": handle})
        finally:
            self.current = None

    # From outside.

    def run_in(self, host: Host, call: Callable[[], Any], patience_s: float = 30.0) -> Any:
        """Call it as a callback of the host; what it returns."""
        box: list[Any] = []
        host.call_soon(lambda: box.append(call()))
        if not self.run_until(self.now + patience_s, lambda: bool(box)):
            raise AssertionError(f"{host.name} did not come to it")
        return box[0]

    def run_task(self, host: Host, coroutine: Coroutine[Any, Any, Any], patience_s: float = 60.0) -> Any:
        """A coroutine as a task of the host, until it is done; its result."""
        task = self.run_in(host, lambda: host.create_task(coroutine))
        if not self.run_until(self.now + patience_s, task.done):
            raise AssertionError(f"{host.name} did not end it")
        return task.result()


def _name_of(callback: Any) -> str:
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return str(getattr(task.get_coro(), "__qualname__", "task"))
    return getattr(callback, "__qualname__", None) or type(callback).__name__
