"""TCP, unix sockets and serial lines in memory: the same bytes, late, in pieces, or never."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from drivers.errors import DeviceUnreachable
from drivers.link import Link, StreamLink

if TYPE_CHECKING:
    from tests.vopr.scheduler import Host, Simulation

BYTE_S = 10 / 115200
_OPENING_S = 1e-3
_STAND_INS = ("/dev/null", "/dev/zero", "/dev/full")
_TORN = 0.05  # of the writes arrive in two pieces
_HANGS_UP = 0.7  # of the dead are closed by their kernel in order, the others are reset


class Socket:
    """What is asked of a listening socket, of a port that is held, and of one that aiohttp has connected."""

    def __init__(self, key: Any) -> None:
        self.key = key

    def getsockname(self) -> Any:
        return self.key

    def close(self) -> None:
        """Nothing stands behind it."""


class Server:
    """As much of `asyncio.Server` as anybody here uses."""

    def __init__(self, network: Network, host: Host, key: Any, factory: Any) -> None:
        self._network, self.host, self._key, self.factory = network, host, key, factory
        self.sockets: list[Socket] = [Socket(key)]

    def close(self) -> None:
        self.sockets = []
        self._network.forget(self._key, self)

    def is_serving(self) -> bool:
        return bool(self.sockets)

    async def wait_closed(self) -> None:
        """Its connections end by themselves."""


class Transport(asyncio.Transport):
    """One end. Bytes arrive in order; `wire` says how long so many of them take."""

    def __init__(self, host: Host, protocol: Any, name: str, wire: Callable[[int], float], key: Any = None) -> None:
        super().__init__({"peername": ("127.0.0.1", 50000), "sockname": key} if key is not None else {})
        self.host, self.protocol, self._name, self._wire = host, protocol, name, wire
        self.peer: Transport | None = None
        self._closing = self._lost = self._paused = False
        self._held: list[Any] = []
        self._arrives = 0.0  # when the last byte sent gets there
        host.transports[id(self)] = self

    # What protocols call.

    def write(self, data: Any) -> None:
        if self._closing or self.host.dead or not data:
            return
        sim, data = self.host.sim, bytes(data)
        sim.wires.add(data)
        sim.note(self._name, data)
        if len(data) > 1 and sim.rng.random() < _TORN:
            cut = sim.rng.randrange(1, len(data))
            self._send(data[:cut])
            self._send(data[cut:])
        else:
            self._send(data)

    def writelines(self, parts: Any) -> None:
        self.write(b"".join(parts))

    def close(self) -> None:
        self._end("eof")

    def abort(self) -> None:
        self._end("reset")

    def _end(self, word: str) -> None:
        if self.host.dead:
            return
        if not self._closing:
            self._closing = True
            self._send(word)
        self.host.call_soon(self._lose, None)

    def _send(self, item: Any) -> None:
        sim, peer = self.host.sim, self.peer
        self._arrives = max(self._arrives, sim.now) + self._wire(len(item) if isinstance(item, bytes) else 0)
        if peer is not None:
            sim.push(self._arrives, peer.host, lambda: peer.arrive(item))

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        held, self._held = self._held, []
        for item in held:
            self.host.call_soon(self._take, item)

    def is_reading(self) -> bool:
        return not self._paused

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: Any = None, low: Any = None) -> None:
        """There is no buffer: the wire takes all."""

    # What the world does.

    def arrive(self, item: Any) -> None:
        if not (self.host.dead or self._lost):
            self.host.call_soon(self._take, item)

    def _take(self, item: Any) -> None:
        if self._lost or self._closing:
            return
        if self._paused:
            self._held.append(item)
        elif isinstance(item, bytes):
            self.protocol.data_received(item)
        elif item == "eof":
            if not self.protocol.eof_received():
                self.close()
        else:
            self._closing = True
            self._lose(item if isinstance(item, Exception) else ConnectionResetError(errno.ECONNRESET, "reset"))

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self.host.transports.pop(id(self), None)
            self.protocol.connection_lost(error)

    def host_died(self) -> None:
        """The kernel closes what the dead had open."""
        self._send("eof" if self.host.sim.rng.random() < _HANGS_UP else "reset")


class Network:
    """Who listens where, and which lines are plugged in."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._listeners: dict[Any, Server] = {}
        self.lines: dict[str, Line] = {}
        self._stand_ins: dict[Path, str] = {}

    def stand_in(self, link: Path) -> str:
        """A start looks whether a port is a device, each another; nobody opens it."""
        return self._stand_ins.setdefault(link, _STAND_INS[len(self._stand_ins) % len(_STAND_INS)])

    def listen(self, host: Host, key: Any, factory: Any) -> Server:
        before = self._listeners.get(key)
        if before is not None and not before.host.dead:
            raise OSError(errno.EADDRINUSE, f"{key} is in use")
        server = self._listeners[key] = Server(self, host, key, factory)
        return server

    def forget(self, key: Any, server: Server) -> None:
        if self._listeners.get(key) is server:
            del self._listeners[key]

    def _latency(self, size: int) -> float:
        draw = self._sim.rng.random()
        return 3e-5 + draw * 2e-4 if draw < 0.99 else 0.015

    async def reach(self, host: Host, key: Any) -> Server:
        """Who listens there, a way later. Raises `ConnectionRefusedError`."""
        await host.sleep(self._latency(0))
        server = self._listeners.get(key)
        if server is None or server.host.dead:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"{key} refuses")
        return server

    async def connect(self, host: Host, key: Any, factory: Any) -> tuple[Transport, Any]:
        server = await self.reach(host, key)
        here, there = factory(), server.factory()
        ours = Transport(host, here, f"{host.name}>{server.host.name}", self._latency, key)
        theirs = Transport(server.host, there, f"{server.host.name}>{host.name}", self._latency, key)
        ours.peer, theirs.peer = theirs, ours
        here.connection_made(ours)
        server.host.call_soon(there.connection_made, theirs)
        return ours, here

    async def open_line(self, port: str, baudrate: int) -> Link:
        """`LinkOpener`."""
        host = cast("Host", asyncio.get_running_loop())  # every loop here is one
        await host.sleep(_OPENING_S)
        line = self.lines.get(port)
        name = Path(port).name  # in which folder the day is played changes no text
        if line is None:
            raise DeviceUnreachable(name, "port_missing", "no such line")
        link = StreamLink(name)
        try:
            link.connection_made(line.open(host, link))
        except OSError as error:
            raise DeviceUnreachable(name, "port_busy", str(error)) from error
        return link


class Line:
    """The device's end of a serial line: `drivers.sim.site.Port`. What was sent while nobody had the line open is gone
    by then, as an opener empties its input."""

    def __init__(self, sim: Simulation, link: Path, on_bytes: Callable[[bytes], None]) -> None:
        self._sim, self._link = sim, link
        self._host = cast("Host", asyncio.get_running_loop())
        self._host.on_death.append(self.unplug)
        self._end = _DeviceEnd(on_bytes)
        self._stand_in = sim.network.stand_in(link)
        self._client: Transport | None = None
        self._plugged = False

    def plug(self) -> None:
        if not self._plugged and not self._host.dead:
            self._plugged = True
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self._stand_in)
            self._sim.network.lines[str(self._link)] = self

    def unplug(self) -> None:
        if not self._plugged:
            return
        self._plugged = False
        self._link.unlink(missing_ok=True)
        self._sim.network.lines.pop(str(self._link), None)
        client, self._client = self._client, None
        if client is not None:
            error = OSError(errno.EIO, "the line is gone")
            self._sim.after(1e-4, client.host, lambda: client.arrive(error))

    def send(self, data: bytes) -> None:
        client = self._client
        if self._plugged and client is not None and client.peer is not None and self._is_open():
            client.peer.write(data)

    def _is_open(self) -> bool:
        client = self._client
        return client is not None and not client.host.dead and not client.is_closing()

    def open(self, host: Host, protocol: Any) -> Transport:
        """Raises `OSError` where another has it."""
        if self._is_open():
            raise OSError(errno.EBUSY, "another has the line")
        ours = Transport(host, protocol, f"{host.name}>{self._host.name}", self._wire)
        theirs = Transport(self._host, self._end, f"{self._host.name}>{host.name}", self._wire)
        ours.peer, theirs.peer = theirs, ours
        self._client = ours
        return ours

    def _wire(self, size: int) -> float:
        return size * BYTE_S + 5e-5 + self._sim.rng.random() * 3e-4


class _DeviceEnd(asyncio.Protocol):
    """A client that leaves is no hang-up on a serial line."""

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        self._on_bytes = on_bytes

    def data_received(self, data: bytes) -> None:
        self._on_bytes(data)

    def eof_received(self) -> bool:
        return True
