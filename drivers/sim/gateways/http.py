"""What simulated devices behind HTTP share: a loopback port that can go down, slow answers and lost ones."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from drivers.sim.faults import Controlled, Faults, serve_control
from drivers.sim.world import World

FAULTS: dict[str, tuple[str, ...]] = {"down": (), "slow": ("seconds",), "hold": (), "lose_answer": ()}


def held_port(port: int) -> socket.socket:
    """A loopback port (0: any) that is bound and does not listen: connections are refused, and as long as this socket
    is open the kernel gives the number to nobody who asks for any; whoever binds it by number with SO_REUSEADDR may
    listen there."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(("127.0.0.1", port))
    except OSError:
        held.close()
        raise
    return held


class HttpSimulator:
    """A device adds its routes and its `state()`."""

    def __init__(self, routes: Iterable[web.RouteDef], faults: Mapping[str, tuple[str, ...]] = FAULTS) -> None:
        self.faults = Faults(faults, self._fault_changed)
        self.port = 0
        self._routes = list(routes)
        self._site: web.TCPSite | None = None
        self._runner: web.AppRunner | None = None
        self._held: socket.socket | None = None
        self._switching: asyncio.Task[None] | None = None

    def state(self) -> dict[str, Any]:
        return {"port": self.port}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int) -> None:
        app = web.Application(middlewares=[self._refuse_while_down])
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        self._held = held_port(port)
        self.port = self._held.getsockname()[1]
        await self._listen()

    async def _listen(self) -> None:
        if self._runner is None:
            raise RuntimeError("start() comes first")
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._held is not None:
            self._held.close()

    def _fault_changed(self, name: str, *, on: bool) -> None:  # noqa: ARG002  # `_switch` asks what it is by then
        """`down` is a device whose port refuses connections."""
        if name == "down":
            self._switching = asyncio.get_running_loop().create_task(self._switch())

    async def _switch(self) -> None:
        """Follow what the fault is by now: it may have been switched back meanwhile."""
        down = self.faults.on("down") is not None
        if down and self._site is not None:
            site, self._site = self._site, None
            await site.stop()
        elif not down and self._site is None:
            await self._listen()

    @web.middleware
    async def _refuse_while_down(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A connection kept alive from before is no way around `down`."""
        if self.faults.on("down") is not None:
            return await self._hang_up(request)
        return await handler(request)

    async def _delay(self) -> None:
        """`slow`: each request waits so long, also when the fault has ended; `hold`: as long as the fault lasts."""
        await self.faults.until_off("hold")
        if (slow := self.faults.on("slow")) is not None:
            await asyncio.sleep(float(slow["seconds"]))

    async def _hang_up(self, request: web.Request) -> web.StreamResponse:
        """The answer is lost on the way: the connection breaks."""
        if request.transport is not None:
            request.transport.abort()
        raise asyncio.CancelledError


class Listening(Controlled, Protocol):
    """A device at a TCP port."""

    async def start(self, port: int) -> None: ...

    async def stop(self) -> None: ...


D = TypeVar("D", bound=Listening)


@asynccontextmanager
async def serving(device: D, world: World, port: int, control: Path | None) -> AsyncIterator[D]:
    """The device for the length of the block; `port` 0 takes a free one."""
    await device.start(port)
    server = None if control is None else await serve_control(device, control)
    try:
        yield device
    finally:
        if server is not None:
            server.close()
        await device.stop()
        world.close()
