"""The public listener's gate: so many connections in all and of one address, and none that only stands in the door."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import cast

import msgspec
import structlog
from aiohttp import web

from kiosk.api.http.problems import Handler
from kiosk.domain.address import is_loopback, place_of

_log = structlog.get_logger()


class GateLimits(msgspec.Struct, frozen=True):
    """`in_all` stays below the process's descriptors by what staff, database and devices need. Loopback is the house's
    own screens: for them only `in_all` holds, and `house_share` of it is theirs alone."""

    in_all: int = 1024
    house_share: float = 0.25
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
        self._foreign = 0
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
        if connection.foreign and self._of_address[connection.address] >= self.limits.of_one_address:
            self._tell("address", connection.address)
            return False
        if self._is_full(foreign=connection.foreign):
            self._tell("all", connection.address)
            idle = self._idle(foreign=connection.foreign)
            if idle is None:
                return False
            idle.turn_away()
        self._open[connection.transport] = connection
        self._of_address[connection.address] += 1
        self._foreign += connection.foreign
        return True

    def _is_full(self, *, foreign: bool) -> bool:
        in_all, kept = self.limits.in_all, int(self.limits.in_all * self.limits.house_share)
        return len(self._open) >= in_all or (foreign and self._foreign >= in_all - kept)

    def _idle(self, *, foreign: bool) -> _Connection | None:
        """Who makes room: a stranger for anybody, one of the house for its own alone."""
        stranger = next((found for found in self._open.values() if found.foreign and not found.asking), None)
        if stranger is not None or foreign:
            return stranger
        return next((found for found in self._open.values() if not found.asking), None)

    def leave(self, connection: _Connection) -> None:
        if self._open.pop(connection.transport, None) is not None:
            self._foreign -= connection.foreign
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


class _Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's own protocol."""

    transport: asyncio.Transport

    def __init__(self, gate: Gate, inner: asyncio.Protocol) -> None:
        self._gate = gate
        self._inner = inner
        self._admitted = False
        self._deadline: asyncio.TimerHandle | None = None
        self.address = ""
        self.foreign = True
        self.asking = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # what create_server gives a stream protocol
        peer = transport.get_extra_info("peername")
        self.address = place_of(str(peer[0])) if peer else ""
        self.foreign = not is_loopback(self.address)
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
