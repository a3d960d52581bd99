"""A TCP line to a simulated server whose bytes can be harmed on their way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_PIECE = 4096


class TcpLine:
    """Connections from `port` to `target`. `to_device` and `to_host` may change, drop or repeat what passes;
    `opened` counts them."""

    def __init__(self, target: Callable[[], int], reachable: Callable[[], bool]) -> None:
        self.to_device: Callable[[bytes], bytes] = bytes
        self.to_host: Callable[[bytes], bytes] = bytes
        self.port = 0
        self.opened = 0
        self._target = target
        self._reachable = reachable
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def transport(self) -> TcpLine:
        """All connections at once."""
        return self

    def abort(self) -> None:
        """What is opened next is whole again."""
        self.to_device = self.to_host = bytes
        for end in self._ends:
            end.transport.abort()

    async def end(self) -> None:
        self.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._tasks.append(asyncio.create_task(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._reachable():
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target())
            ends = {writer, far_writer}
            self._ends |= ends
            there = self._pump(reader, far_writer, lambda data: self.to_device(data))
            back = self._pump(far_reader, writer, lambda data: self.to_host(data))
            await asyncio.gather(there, back)
            self._ends -= ends
        writer.transport.abort()

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Callable[[bytes], bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                writer.write(way(data))
        writer.close()


@asynccontextmanager
async def tcp_line(target: Callable[[], int], reachable: Callable[[], bool]) -> AsyncIterator[TcpLine]:
    line = TcpLine(target, reachable)
    server = await asyncio.start_server(line.take, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.end()
        await server.wait_closed()
