"""The device half of Shtrih-M protocol 2: each number is carried out once (shtrih.md#numbered-frames)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.fiscal.shtrih.frames2 import NUMBERS, Broken, Decoder, Numbered, Sync, encode
from drivers.sim.shtrih.link import Executed


class NumberedDeviceLine:
    """Bytes in, frames out. A broken frame is passed over in silence; whatever is not the next number, the sync frame
    too, brings the last answer again, and an empty one where there is none."""

    def __init__(self, send: Callable[[bytes], None], execute: Callable[[bytes], Executed]) -> None:
        self._send = send
        self._execute = execute
        self._decoder = Decoder()
        self._last = 0
        self._answer = b""
        self._working: asyncio.TimerHandle | None = None

    @property
    def pending(self) -> bool:
        return self._working is not None

    def power_off(self) -> None:
        if self._working is not None:
            self._working.cancel()

    def feed(self, data: bytes) -> None:
        for event in self._decoder.feed(data):
            if isinstance(event, Broken) or self._working is not None:
                continue
            if isinstance(event, Sync) or event.number != (self._last + 1) % NUMBERS or not event.payload:
                self._send(encode(self._last, self._answer))
            else:
                self._run(event)

    def _run(self, event: Numbered) -> None:
        executed = self._execute(event.payload)
        self._last = event.number
        self._answer = b"" if executed.forgotten else executed.answer
        if executed.delay_s > 0:
            loop = asyncio.get_running_loop()
            self._working = loop.call_later(executed.delay_s, self._finish, executed)
        else:
            self._finish(executed)

    def _finish(self, executed: Executed) -> None:
        self._working = None
        if not executed.lost:
            self._send(encode(self._last, executed.answer))
