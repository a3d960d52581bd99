"""A client that costs little beside the server it measures: kept-alive connections, requests made once."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_ANSWER_S = 120.0
_END = b"\r\n\r\n"


def request(method: str, path: str, body: object = None, token: str = "") -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(data)}"]
    if data:
        lines.append("Content-Type: application/json")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join(lines).encode() + _END + data


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._held = b""
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, found, rest = self._held.partition(_END)
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or b"0")
        if len(rest) >= length and self._answered is not None:
            self._held = b""
            self._answered.set_result((int(head[9:12]), rest))

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        async with asyncio.timeout(_ANSWER_S):
            return await self._answered

    async def json(self, data: bytes, *statuses: int) -> Any:
        status, body = await self.ask(data)
        assert status in (statuses or (200, 201)), (status, body)
        return json.loads(body)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


async def connect(port: int) -> Connection:
    _, found = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return found


@dataclass(frozen=True, slots=True)
class Load:
    """What one closed loop of clients saw."""

    per_s: float
    p50_ms: float
    p99_ms: float


async def closed_loop(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """Every request over and over, each on a connection of its own; all answers must be 201."""
    took: list[float] = []
    connections = [await connect(port) for _ in requests]
    began = time.perf_counter()
    end = began + seconds

    async def repeat(connection: Connection, data: bytes) -> None:
        started = time.perf_counter()
        while started < end:
            status, body = await connection.ask(data)
            assert status == 201, (status, body)
            now = time.perf_counter()
            took.append(now - started)
            started = now

    await asyncio.gather(*map(repeat, connections, requests))
    elapsed = time.perf_counter() - began
    for connection in connections:
        connection.close()
    cuts = statistics.quantiles(took, n=100)
    return Load(len(took) / elapsed, cuts[49] * 1000, cuts[98] * 1000)
