"""Lines to bank and registrar that note whose turn it is: from a request's arrival to the last byte of its answer the
device alone works, before the next request the kiosk does. So the devices' own time is what the wire tells, whatever
either side believes; the relay's own hop (some 0.1 ms) counts as theirs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
import time
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

_PIECE = 65536
BAUD, BITS_PER_BYTE = 115200, 10
Span = tuple[float, float]


class Turns:
    """When the device had the word."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.spans: list[Span] = []
        self._asked_at: float | None = None
        self._said_at = 0.0

    def host(self) -> None:
        """The kiosk sends: what the device said last ends its turn."""
        self.end()
        if self._asked_at is None:
            self._asked_at = self._now()

    def device(self) -> None:
        self._said_at = self._now()

    def end(self) -> None:
        if self._asked_at is not None and self._said_at > self._asked_at:
            self.spans.append((self._asked_at, self._said_at))
            self._asked_at = None


def within(spans: list[Span], begin: float, end: float) -> float:
    """Seconds of [begin, end] in which at least one device had the word."""
    total, covered = 0.0, begin
    for first, last in sorted(spans):
        first, last = max(first, covered), min(last, end)
        if last > first:
            total += last - first
            covered = last
    return total


@asynccontextmanager
async def tcp_relay(port: int, target: int, turns: Turns) -> AsyncIterator[None]:
    """From `port` to the device's own."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                turns.host() if host else turns.device()
                writer.write(data)
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        with contextlib.suppress(asyncio.CancelledError):  # a connection that was kept until the end
            await asyncio.gather(pump(reader, far_writer, host=True), pump(far_reader, writer, host=False))

    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


class SerialRelay:
    """A pseudo-terminal for the kiosk, and the device's own behind it. `paced`: bytes take the time of 115200 baud."""

    def __init__(self, link: Path, device: Path, turns: Turns, *, paced: bool = False) -> None:
        self._turns = turns
        self._paced = paced
        self._loop = asyncio.get_running_loop()
        self._free_at = 0.0
        self._host, self._slave = os.openpty()
        tty.setraw(self._host)
        tty.setraw(self._slave)
        link.symlink_to(os.ttyname(self._slave))
        self._device = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._device, termios.TCSANOW)
        os.set_blocking(self._host, False)
        self._loop.add_reader(self._host, self._carry, self._host, self._device)
        self._loop.add_reader(self._device, self._carry, self._device, self._host)

    def _carry(self, source: int, target: int) -> None:
        try:
            data = os.read(source, _PIECE)
        except OSError:
            return
        if source == self._host:
            self._turns.host()
        if not self._paced:
            self._deliver(target, data)
            return
        self._free_at = max(self._free_at, self._loop.time()) + len(data) * BITS_PER_BYTE / BAUD
        self._loop.call_at(self._free_at, self._deliver, target, data)

    def _deliver(self, target: int, data: bytes) -> None:
        if target == self._host:
            self._turns.device()
        with contextlib.suppress(OSError):
            os.write(target, data)

    def close(self) -> None:
        for end in (self._host, self._device):
            self._loop.remove_reader(end)
            os.close(end)
        os.close(self._slave)
