"""The road between a Kafka client and its broker, on which an answer may be changed."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_PRODUCE = 0  # the key of the call (Kafka protocol guide, "Api Keys")


@dataclass
class Road:
    far_port: int
    port: int = 0
    empty_answers: int = 0  # so many Produce calls are answered, here, about no topic at all
    _ways: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.far_port)
        for way in (self._out(reader, far_writer, writer), self._back(far_reader, writer)):
            task = asyncio.create_task(way)
            self._ways.add(task)
            task.add_done_callback(self._ways.discard)

    async def _out(self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, near: asyncio.StreamWriter) -> None:
        with contextlib.closing(far), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                call = await _frame(reader)
                if self.empty_answers and struct.unpack(">h", call[:2])[0] == _PRODUCE:
                    self.empty_answers -= 1
                    near.write(_framed(call[4:8] + struct.pack(">ii", 0, 0)))  # its number, no topics, no throttle
                else:
                    far.write(_framed(call))

    async def _back(self, far: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        """The broker names its own port; whoever asks stays on this road."""
        with contextlib.closing(near), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                ports = struct.pack(">i", self.far_port), struct.pack(">i", self.port)
                near.write(_framed((await _frame(far)).replace(*ports)))

    async def close(self) -> None:
        for task in self._ways:
            task.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(length)


def _framed(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


@asynccontextmanager
async def between(bootstrap: str) -> AsyncIterator[Road]:
    road = Road(int(bootstrap.rpartition(":")[2]))
    server = await asyncio.start_server(road.serve, "127.0.0.1", 0)
    road.port = server.sockets[0].getsockname()[1]
    try:
        yield road
    finally:
        server.close()
        await road.close()
