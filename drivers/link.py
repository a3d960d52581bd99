"""The one opener of lines to devices, serial or TCP: a byte pipe with a deadline on every wait, a port under a lock.

Closing is `abort()`: a device that refuses bytes would keep `close()` waiting without an end, and pyserial-asyncio
drains in the event loop on `close()` (measured). The protocol object is complete after `__init__`, because
`create_serial_connection` returns before `connection_made`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import termios
from typing import Protocol, cast
from urllib.parse import urlsplit

import serial_asyncio

from drivers.errors import DeviceUnreachable

#: Before `host:port` of a device on the network, or of an adapter that carries its serial line.
TCP = "tcp://"
_BUFFER_LIMIT = 65536
_TCP_OPENS_WITHIN_S = 3.0
_TURNS, _AT_ONCE, _TURN_S = 24, 4, 0.01
#: An adapter that is pulled while it is opened: the kernel's words for it, and the library's.
_VANISHED = (OSError, termios.error)


class Link(Protocol):
    """A full-duplex byte stream to one device."""

    async def read(self, timeout_s: float) -> bytes:
        """At least one byte; `TimeoutError` after `timeout_s`; `DeviceUnreachable` when the line is gone."""

    def write(self, data: bytes) -> None:
        """Queue bytes; `DeviceUnreachable` when the line is gone."""

    def discard(self) -> int:
        """Throw away what was received and not read; the number of bytes thrown away."""

    def close(self) -> None:
        """Ends the connection; a later `read` raises `DeviceUnreachable`."""


class LinkOpener(Protocol):
    """`wiring` passes one of these in, so that drivers never choose a transport themselves."""

    async def __call__(self, port: str, baudrate: int) -> Link: ...


class StreamLink(asyncio.Protocol):
    """`Link` over any asyncio transport; also used over socket pairs in tests."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._buffer = bytearray()
        self._waiting: set[asyncio.Future[None]] = set()  # whoever reads while nothing is there
        self._transport: asyncio.WriteTransport | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        del self._buffer[:-_BUFFER_LIMIT]
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        self._lost = True
        self._transport = None
        self._wake()

    async def read(self, timeout_s: float) -> bytes:
        if not self._buffer:
            self._raise_if_lost()
            await self._wait(timeout_s)
        if not self._buffer:
            self._raise_if_lost()
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def write(self, data: bytes) -> None:
        self._raise_if_lost()
        if self._transport is None:
            raise DeviceUnreachable(self._name, "link_not_open")
        self._transport.write(data)

    def discard(self) -> int:
        count = len(self._buffer)
        self._buffer.clear()
        return count

    def close(self) -> None:
        self._lost = True
        transport, self._transport = self._transport, None
        # A serial transport that has lost its line cannot be aborted once more: it has no loop any longer.
        if transport is not None and not transport.is_closing():
            transport.abort()

    async def _wait(self, timeout_s: float) -> None:
        """Until something comes. A frame takes many reads: `asyncio.timeout` around an event costs twice as much."""
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()
        self._waiting.add(arrived)
        timer = loop.call_later(timeout_s, _overdue, arrived)
        try:
            await arrived
        finally:
            timer.cancel()
            self._waiting.discard(arrived)

    def _wake(self) -> None:
        for arrived in self._waiting:
            if not arrived.done():
                arrived.set_result(None)

    def _raise_if_lost(self) -> None:
        if self._lost:
            raise DeviceUnreachable(self._name, "link_lost")


def _overdue(arrived: asyncio.Future[None]) -> None:
    if not arrived.done():
        arrived.set_exception(TimeoutError())


class SerialLink(StreamLink):
    """Bytes go out at once where the port takes them. The library's transport first waits for the loop to find the
    port writable, two changes of the selector and a turn of the loop for each of some fifty frames of a receipt."""

    def write(self, data: bytes) -> None:
        if isinstance(self._transport, serial_asyncio.SerialTransport) and not self._transport.get_write_buffer_size():
            with contextlib.suppress(OSError):  # full or gone: the transport finds that out and says it
                data = data[os.write(self._transport.serial.fileno(), data) :]
        if data:
            super().write(data)


def host_of(port: str) -> tuple[str, int]:
    """Of `tcp://host:port`. Raises `ValueError`."""
    parts = urlsplit(port)
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise ValueError(f"{port!r} is not tcp://host:port")
    return parts.hostname, parts.port


async def open_line(port: str, baudrate: int) -> Link:
    """`tcp://host:port` or a serial port. Raises `DeviceUnreachable` with code `port_missing` or `port_busy`."""
    return await open_tcp(port) if port.startswith(TCP) else await open_serial(port, baudrate)


async def open_tcp(port: str) -> Link:
    """Such a device takes one host at a time: who is refused or not heard in time finds no port. Raises
    `DeviceUnreachable` with code `port_missing`."""
    link = StreamLink(port)
    try:
        host, number = host_of(port)
        async with asyncio.timeout(_TCP_OPENS_WITHIN_S):
            await asyncio.get_running_loop().create_connection(lambda: link, host, number)
    except (OSError, TimeoutError, ValueError) as error:  # ValueError: no such form of an address
        raise DeviceUnreachable(port, "port_missing", str(error) or "no answer in time") from error
    return link


async def open_serial(port: str, baudrate: int) -> Link:
    """Open `port` 8N1 and lock it (flock: TIOCEXCL would outlive a killed process on a pty).

    Raises `DeviceUnreachable` with code `port_missing` or `port_busy`.
    """
    link = SerialLink(port)
    try:
        transport, _ = await serial_asyncio.create_serial_connection(
            asyncio.get_running_loop(), lambda: link, port, baudrate=baudrate
        )
    except _VANISHED as error:
        raise DeviceUnreachable(port, "port_missing", str(error)) from error
    link.connection_made(transport)
    try:
        await _lock(transport.serial.fileno())
    except BlockingIOError as error:
        link.close()
        raise DeviceUnreachable(port, "port_busy", str(error)) from error
    except _VANISHED as error:
        link.close()
        raise DeviceUnreachable(port, "port_missing", str(error)) from error
    try:
        transport.serial.reset_input_buffer()
    except _VANISHED as error:
        link.close()
        raise DeviceUnreachable(port, "port_missing", str(error)) from error
    return link


async def _lock(descriptor: int) -> None:
    """Our own last line is closed by the loop some turns later, a fifth of a second on a busy machine. Raises
    `BlockingIOError` where another process holds it."""
    for turn in range(_TURNS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if turn == _TURNS - 1:
                raise
            await asyncio.sleep(0 if turn < _AT_ONCE else _TURN_S)
