"""An adapter that carries a serial line over the network, as registers with Ethernet and ser2net do."""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def adapter(link: Path, to_host: Callable[[bytes], bytes] = bytes) -> AsyncIterator[str]:
    """`tcp://host:port` that leads to the serial port `link`; one host at a time, as such devices take it."""
    loop = asyncio.get_running_loop()
    taken: list[asyncio.StreamWriter] = []
    served: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if taken:
            writer.close()
            return
        taken.append(writer)
        served.add(asyncio.current_task())
        line = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(line)
        termios.tcflush(line, termios.TCIFLUSH)
        loop.add_reader(line, lambda: writer.write(to_host(os.read(line, 4096))))
        try:
            while data := await reader.read(4096):
                os.write(line, data)
        finally:
            loop.remove_reader(line)
            os.close(line)
            taken.clear()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in list(taken):
            writer.transport.abort()
        await asyncio.gather(*filter(None, served), return_exceptions=True)
