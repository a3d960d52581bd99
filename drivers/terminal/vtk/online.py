"""The reader's own way to its bank: connections that the kiosk carries for it, one block of bytes at a time
(CON, DAT, DSC; protocols/vtk.md#the-readers-own-traffic)."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from drivers.terminal.vtk.messages import CON, DAT, DSC, Message
from drivers.terminal.vtk.tlv import CodecError, Tag

#: What is read from the bank and handed to the reader at once, and what it is told it may send at once.
BLOCK = 512
_DESTINATION = struct.Struct(">B4sHBH")  # place, IPv4 address, port, state, window
_MOST_PLACES = 4
_OPENS_WITHIN_S = 15.0


class State(IntEnum):
    """Of a connection, as the reader is told."""

    NONE = 0
    ESTABLISHED = 1
    REFUSED = 3
    TIMED_OUT = 4


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a connection leads; `place` is its number at the reader."""

    place: int
    host: str
    port: int

    @classmethod
    def parse(cls, data: bytes) -> Destination:
        """Raises `CodecError`."""
        if len(data) != _DESTINATION.size:
            raise CodecError(f"a destination of {len(data)} bytes")
        place, address, port, _, _ = _DESTINATION.unpack(data)
        return cls(place, str(ipaddress.IPv4Address(address)), port)

    def encode(self, state: State, window: int = 0) -> bytes:
        address = ipaddress.IPv4Address(self.host).packed
        return _DESTINATION.pack(self.place, address, self.port, state, window)


def is_foreign(host: str) -> bool:
    """Not this machine: what listens there is none of the reader's."""
    address = ipaddress.IPv4Address(host)
    return not (address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast)


class Online:
    """Connections by their place. `allowed` says which hosts the reader may speak to."""

    def __init__(self, send: Callable[[Message], None], allowed: Callable[[str], bool] = is_foreign) -> None:
        self._send = send
        self._allowed = allowed
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._writers: dict[int, asyncio.StreamWriter] = {}

    def take(self, message: Message) -> None:
        """CON, DAT or DSC from the reader. Raises `CodecError`."""
        data = message.get(Tag.DESTINATION)
        if not data:
            raise CodecError(f"{message.name} without a place")
        if message.name == CON:
            self._connect(Destination.parse(data))
        elif message.name == DAT:
            self._pass_on(data[0], message)
        else:
            self._drop(data[0])
            self._send(_about(DSC, data[0]))

    def close(self) -> None:
        for place in list(self._tasks):
            self._drop(place)

    def _connect(self, to: Destination) -> None:
        self._drop(to.place)
        if len(self._tasks) >= _MOST_PLACES or not self._allowed(to.host) or not to.port:
            self._tell(to, State.REFUSED)
            return
        self._tasks[to.place] = asyncio.create_task(self._carry(to))

    async def _carry(self, to: Destination) -> None:
        try:
            await self._open_and_carry(to)
        finally:
            if self._tasks.get(to.place) is asyncio.current_task():
                del self._tasks[to.place]

    async def _open_and_carry(self, to: Destination) -> None:
        """From the open connection to its end, in the direction of the reader."""
        try:
            async with asyncio.timeout(_OPENS_WITHIN_S):
                reader, writer = await asyncio.open_connection(to.host, to.port)
        except TimeoutError:
            self._tell(to, State.TIMED_OUT)
            return
        except OSError:
            self._tell(to, State.REFUSED)
            return
        self._writers[to.place] = writer
        self._tell(to, State.ESTABLISHED, BLOCK)
        with contextlib.suppress(OSError):
            while data := await reader.read(BLOCK):
                self._send(Message(DAT, ((Tag.DESTINATION, bytes((to.place,))), (Tag.DATA, data))))
        self._close(to.place)
        self._send(_about(DSC, to.place))

    def _pass_on(self, place: int, message: Message) -> None:
        """What is to be confirmed is confirmed by the reader's own count."""
        confirmed = message.get(Tag.CONFIRMED_DATA)
        data = message.get(Tag.DATA) if confirmed is None else confirmed
        writer = self._writers.get(place)
        if writer is None or data is None:
            self._send(_about(DSC, place))
            return
        writer.write(data)
        count = message.get(Tag.COUNTER)
        if confirmed is not None and count is not None:
            self._send(Message(DAT, ((Tag.DESTINATION, bytes((place,))), (Tag.COUNTER, count))))

    def _drop(self, place: int) -> None:
        task = self._tasks.pop(place, None)
        if task is not None:
            task.cancel()
        self._close(place)

    def _close(self, place: int) -> None:
        writer = self._writers.pop(place, None)
        if writer is not None:
            writer.transport.abort()

    def _tell(self, to: Destination, state: State, window: int = 0) -> None:
        self._send(Message(CON, ((Tag.DESTINATION, to.encode(state, window)),)))


def _about(name: str, place: int) -> Message:
    return Message(name, ((Tag.DESTINATION, bytes((place,))),))
