"""The port of a simulated server over TCP: its own all the while, and answered only while its fault lets it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from drivers.sim.gateways.http import held_port

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """`talk`: one conversation, which closes what it writes to; `away`: whether nobody is to listen now."""

    def __init__(self, talk: Talk, away: Callable[[], bool]) -> None:
        self.port = 0
        self._talk = talk
        self._away = away
        self._held: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._switching: asyncio.Task[None] | None = None
        self._talks: set[asyncio.Task[Any]] = set()

    async def start(self, port: int) -> None:
        self._held = held_port(port)
        self.port = self._held.getsockname()[1]
        await self._listen()

    async def stop(self) -> None:
        await self._hush()
        if self._held is not None:
            self._held.close()

    def look(self) -> None:
        """`away` may have changed."""
        self._switching = asyncio.get_running_loop().create_task(self._switch())

    async def settled(self) -> None:
        """Once what was looked at last is in force."""
        if self._switching is not None:
            await self._switching

    async def _switch(self) -> None:
        """Follow what it is by now: it may have been switched back meanwhile."""
        away = self._away()
        if away and self._server is not None:
            await self._hush()
        elif not away and self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._followed, "127.0.0.1", self.port, reuse_address=True)

    async def _hush(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _followed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        if talk is not None:
            self._talks.add(talk)
        try:
            await self._talk(reader, writer)
        except asyncio.CancelledError:
            pass  # by `_hush`: asyncio's own callback cannot bear a stream's task that ends cancelled
        finally:
            if talk is not None:
                self._talks.discard(talk)
