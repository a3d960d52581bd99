"""The device's end of a serial line: a real pseudo-terminal, linked at a stable path."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from drivers.sim.faults import Controlled, serve_control

if TYPE_CHECKING:
    from drivers.sim.world import World


class PtyPort:
    """Opens a pseudo-terminal, links it at `link` (replaced atomically) and hands received bytes to `on_bytes`.

    The device's side keeps the slave open too: a client that leaves is no hang-up, as on a real line, and bytes sent
    meanwhile wait in the buffer. `unplug` is the pulled cable: the client sees a hang-up and the link vanishes.
    """

    def __init__(self, link: Path, on_bytes: Callable[[bytes], None]) -> None:
        self._link = link
        self._on_bytes = on_bytes
        self._master = -1
        self._slave = -1
        self._loop = asyncio.get_running_loop()
        self._unsent = bytearray()

    def plug(self) -> None:
        if self._master >= 0:
            return
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._loop.add_reader(self._master, self._readable)
        self._link.parent.mkdir(parents=True, exist_ok=True)
        staged = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        staged.unlink(missing_ok=True)
        staged.symlink_to(os.ttyname(self._slave))
        staged.replace(self._link)

    def unplug(self) -> None:
        if self._master < 0:
            return
        self._link.unlink(missing_ok=True)
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        self._unsent.clear()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def send(self, data: bytes) -> None:
        """Never blocks: what the line does not take now goes out when it can; nothing while unplugged."""
        if self._master < 0:
            return
        self._unsent += data
        self._writable()

    def _writable(self) -> None:
        try:
            sent = os.write(self._master, self._unsent)
            del self._unsent[:sent]
        except BlockingIOError:
            pass
        if self._unsent:
            self._loop.add_writer(self._master, self._writable)
        else:
            self._loop.remove_writer(self._master)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        if data:
            self._on_bytes(data)


class Wired(Controlled, Protocol):
    """A device at a serial line."""

    def feed(self, data: bytes) -> None: ...


D = TypeVar("D", bound=Wired)


@asynccontextmanager
async def at_a_line(
    world: World,
    link: Path,
    control: Path | None,
    build: Callable[[Callable[[bytes], None], Callable[[bool], None]], D],
) -> AsyncIterator[D]:
    """The device on a line of its world's site at `link` for the length of the block; `build` is given how to send
    bytes, and whom to tell of the cable."""
    port = world.site.port(link, lambda data: device.feed(data))
    device = build(port.send, lambda plugged: port.plug() if plugged else port.unplug())
    server = None
    try:
        if control is not None:
            server = await serve_control(device, control)
        port.plug()
        yield device
    finally:
        port.unplug()
        if server is not None:
            server.close()
            if control is not None:
                control.unlink(missing_ok=True)
        world.close()
