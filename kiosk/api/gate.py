"""The public listener's gate: so many connections in all and of one address, and none that only stands in the door."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

import msgspec
import structlog
from aiohttp import web

from kiosk.api.problems import Handler

_log = structlog.get_logger()


class GateLimits(msgspec.Struct, frozen=True):
    """`in_all` stays below the process's descriptors by what staff, database and devices need. Loopback is the house's
    own screens: for them only `in_all` holds."""

    in_all: int = 1024
    of_one_address: int = 64
    head_within_s: float = 10.0
    kept_alive_s: float = 75.0


class Gate:
    """A factory of protocols for `create_server`. Where it is full, whoever has stood in the door longest without
    asking anything makes room; where all have asked, the new one is turned away."""

    def __init__(self, limits: GateLimits) -> None:
        self._inner: Callable[[], asyncio.Protocol] | None = None
        self.limits = limits
        self._open: OrderedDict[asyncio.Transport, _Connection] = OrderedDict()
        self._of_address: Counter[str] = Counter()
        self._told_at_s = -60.0

    def lead_to(self, inner: Callable[[], asyncio.Protocol]) -> None:
        """What is behind the gate: aiohttp's own factory, known once its application stands."""
        self._inner = inner

    def __call__(self) -> asyncio.Protocol:
        if self._inner is None:
            raise RuntimeError("the gate leads nowhere yet")
        return _Connection(self, self._inner())

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: _Connection) -> bool:
        if not is_loopback(connection.address) and self._of_address[connection.address] >= self.limits.of_one_address:
            self._tell("address", connection.address)
            return False
        if len(self._open) >= self.limits.in_all:
            self._tell("all", connection.address)
            idle = next((found for found in self._open.values() if not found.asking), None)
            if idle is None:
                return False
            idle.turn_away()
        self._open[connection.transport] = connection
        self._of_address[connection.address] += 1
        return True

    def leave(self, connection: _Connection) -> None:
        if self._open.pop(connection.transport, None) is not None:
            self._of_address[connection.address] -= 1
            if not self._of_address[connection.address]:
                del self._of_address[connection.address]

    def _tell(self, limit: str, address: str) -> None:
        """A line a minute: a flood must not fill the log."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._told_at_s >= 60.0:
            self._told_at_s = now_s
            _log.warning("too_many_connections", limit=limit, address=address, open=len(self._open))

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """While a request is answered its connection is no idle one; its head has come."""
        connection = None if request.transport is None else self._open.get(request.transport)
        if connection is None:
            return await handler(request)
        connection.begins()
        try:
            return await handler(request)
        finally:
            connection.ends()


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class _Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's own protocol."""

    transport: asyncio.Transport

    def __init__(self, gate: Gate, inner: asyncio.Protocol) -> None:
        self._gate = gate
        self._inner = inner
        self._admitted = False
        self._deadline: asyncio.TimerHandle | None = None
        self.address = ""
        self.asking = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # what create_server gives a stream protocol
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        self._admitted = self._gate.admit(self)
        if not self._admitted:
            self.transport.abort()
            return
        self._wait(self._gate.limits.head_within_s)
        self._inner.connection_made(transport)

    def begins(self) -> None:
        self.asking = True
        self._stop_waiting()

    def ends(self) -> None:
        self.asking = False
        if self._admitted:
            self._wait(self._gate.limits.kept_alive_s)

    def _wait(self, within_s: float) -> None:
        self._stop_waiting()
        self._deadline = asyncio.get_running_loop().call_later(within_s, self.turn_away)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def turn_away(self) -> None:
        self._gate.leave(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._admitted:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._admitted else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._gate.leave(self)
        if self._admitted:
            self._admitted = False
            self._inner.connection_lost(exc)
