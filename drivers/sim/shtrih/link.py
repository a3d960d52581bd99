"""The device half of Shtrih-M protocol 1: NAK when idle, an answer kept until acknowledged (shtrih.md#line)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from drivers.fiscal.shtrih.frames import ACK, ENQ, NAK, Decoder, Frame, encode


class _State(Enum):
    OFF = auto()
    DEAF = auto()  # powered, before the first ENQ
    IDLE = auto()
    WORKING = auto()
    WAIT_ACK = auto()
    WAIT_ENQ = auto()


@dataclass(frozen=True, slots=True)
class Executed:
    """What a command came to. `lost`: the bytes of the answer never reach the host; `forgotten`: nor are they kept."""

    answer: bytes
    delay_s: float = 0.0
    lost: bool = False
    forgotten: bool = False


class DeviceLine:
    """Bytes in, bytes out, `heard` as the line lets them through; at most one pending answer."""

    def __init__(
        self,
        *,
        send: Callable[[bytes], None],
        execute: Callable[[bytes], Executed],
        heard: Callable[[bytes], bytes],
        byte_s: float = 0.05,
        ack_s: float = 0.5,
    ) -> None:
        self._send_bytes = send
        self._execute = execute
        self._heard = heard
        self._byte_s = byte_s
        self._ack_s = ack_s
        self._loop = asyncio.get_running_loop()
        self._state = _State.DEAF
        self._decoder = Decoder()
        self._pending: bytes | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._queued = bytearray()

    @property
    def pending(self) -> bool:
        return self._pending is not None

    @property
    def untouched(self) -> bool:
        """Powered on, and nobody has spoken yet: the first byte chooses the protocol."""
        return self._state is _State.DEAF

    def power_off(self) -> None:
        """The pending answer is gone for good (shtrih.md#line)."""
        self._stop_timer()
        self._pending = None
        self._queued.clear()
        self._decoder = Decoder()
        self._state = _State.OFF

    def power_on(self) -> None:
        if self._state is _State.OFF:
            self._state = _State.DEAF

    def feed(self, data: bytes) -> None:
        self._take_all(self._heard(data))

    def _take_all(self, data: bytes) -> None:
        """What comes together is not late between its bytes: one timer waits for what is still to come."""
        for byte in data:
            self._take(byte)
        if self._state is _State.IDLE and self._decoder.wants and self._timer is None:
            self._timer = self._loop.call_later(self._byte_s, self._byte_overdue)

    def _take(self, byte: int) -> None:
        match self._state:
            case _State.OFF:
                return
            case _State.DEAF:
                if byte == ENQ:
                    self._state = _State.IDLE
                    self._send(NAK)
            case _State.IDLE:
                self._take_idle(byte)
            case _State.WORKING:
                self._queued.append(byte)
            case _State.WAIT_ACK:
                self._take_acknowledgement(byte)
            case _State.WAIT_ENQ:
                if byte == ENQ:
                    self._repeat()

    def _take_idle(self, byte: int) -> None:
        self._stop_timer()
        events = self._decoder.feed(bytes((byte,)))
        if not events:
            return
        event = events[0]
        if isinstance(event, Frame):
            self._accept(event.payload)
        else:
            self._send(NAK)

    def _accept(self, payload: bytes) -> None:
        self._send(ACK)
        executed = self._execute(payload)
        if executed.delay_s > 0:
            self._state = _State.WORKING
            self._timer = self._loop.call_later(executed.delay_s, self._finish, executed)
        else:
            self._finish(executed)

    def _finish(self, executed: Executed) -> None:
        if self._state is _State.OFF:
            return
        if executed.forgotten:
            self._state = _State.IDLE
        else:
            self._pending = executed.answer
            self._wait_ack(silently=executed.lost)
        queued, self._queued = bytes(self._queued), bytearray()
        self._take_all(queued)

    def _take_acknowledgement(self, byte: int) -> None:
        self._stop_timer()
        if byte == ACK:
            self._pending = None
            self._state = _State.IDLE
        elif byte == ENQ:
            self._repeat()
        else:
            self._state = _State.WAIT_ENQ

    def _repeat(self) -> None:
        self._send(ACK)
        self._wait_ack(silently=False)

    def _wait_ack(self, *, silently: bool) -> None:
        self._stop_timer()
        self._state = _State.WAIT_ACK
        if self._pending is not None and not silently:
            self._send_frame(encode(self._pending))
        self._timer = self._loop.call_later(self._ack_s, self._ack_overdue)

    def _byte_overdue(self) -> None:
        self._timer = None
        if self._decoder.abandon() is not None:
            self._send(NAK)

    def _ack_overdue(self) -> None:
        self._timer = None
        self._state = _State.WAIT_ENQ

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, byte: int) -> None:
        self._send_frame(bytes((byte,)))

    def _send_frame(self, data: bytes) -> None:
        self._send_bytes(self._heard(data))
