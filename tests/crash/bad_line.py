"""A line to the robot that loses, spoils and delays: one process between the kiosk's end and the device's, seeded.

`bad_line(link-or-port, device, seed)`: both ends are a pseudo-terminal's link, or both a TCP port of loopback. What
passes in one piece is lost, has a bit flipped, or comes late, each with `RATE`; the device's end is opened anew when it
was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections.abc import Callable
from pathlib import Path

from drivers.errors import DeviceUnreachable
from drivers.link import Link, open_line
from drivers.sim.pty import PtyPort

RATE = 0.03
LATE_S = 0.7
_PIECE = 4096
_LOOK_S = 3600.0


class BadLine:
    """From `near` (send) to the device at `far`, which may be away."""

    def __init__(self, far: str, seed: int, send: Callable[[bytes], None]) -> None:
        self._far = far
        self._rng = random.Random(seed)
        self._send = send
        self._link: Link | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()

    def heard(self, data: bytes) -> None:
        """From the kiosk."""
        self._pass(data, self._waiting.put_nowait)

    async def carry(self) -> None:
        """To the device, whenever it is there; what is said to one that is away is lost."""
        while True:
            data = await self._waiting.get()
            with contextlib.suppress(DeviceUnreachable, OSError):
                if self._link is None:
                    self._link = await open_line(self._far, 115200)
                    self._reading = asyncio.create_task(self._listen(self._link))
                self._link.write(data)

    async def _listen(self, link: Link) -> None:
        with contextlib.suppress(DeviceUnreachable, OSError):
            while True:
                with contextlib.suppress(TimeoutError):
                    self._pass(await link.read(_LOOK_S), self._send)
        link.close()
        self._link = None

    def close(self) -> None:
        """Both ways: a device takes one host at a time."""
        if self._reading is not None:
            self._reading.cancel()
        if self._link is not None:
            self._link.close()

    def _pass(self, data: bytes, to: Callable[[bytes], None]) -> None:
        fate = self._rng.random()
        if fate < RATE:
            return
        if fate < 2 * RATE:
            at = self._rng.randrange(len(data))
            data = data[:at] + bytes((data[at] ^ 1 << self._rng.randrange(8),)) + data[at + 1 :]
        if fate > 1 - RATE:
            asyncio.get_running_loop().call_later(LATE_S, to, data)
        else:
            to(data)


async def serve(near: str, far: str, seed: int) -> None:
    """For ever; prints `ready`."""
    if near.isdecimal():
        await _serve_tcp(int(near), far, seed)
        return
    line: BadLine | None = None
    port = PtyPort(Path(near), lambda data: None if line is None else line.heard(data))
    line = BadLine(far, seed, port.send)
    port.plug()
    _say_ready()
    await line.carry()


async def _serve_tcp(port: int, far: str, seed: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = BadLine(far, seed, lambda data: None if writer.is_closing() else writer.write(data))
        carrying = asyncio.create_task(line.carry())
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                line.heard(data)
        carrying.cancel()
        line.close()
        writer.close()

    await asyncio.start_server(connected, "127.0.0.1", port)
    _say_ready()
    await asyncio.Event().wait()


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def main() -> None:
    near, far, seed = sys.argv[1:]
    asyncio.run(serve(near, far, int(seed)))
