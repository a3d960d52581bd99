"""A serial link that kills its own process at a chosen frame: the power goes while a receipt is on the wire."""

from __future__ import annotations

import contextlib
import os
import signal

from drivers.link import Link, LinkOpener, open_serial


class _KillingLink:
    def __init__(self, link: Link, code: bytes, moment: str, victim: int) -> None:
        self._victim = victim
        self._link = link
        self._code = code
        self._moment = moment

    async def read(self, timeout_s: float) -> bytes:
        return await self._link.read(timeout_s)

    def write(self, data: bytes) -> None:
        struck = data[:1] == b"\x02" and data[2 : 2 + len(self._code)] == self._code
        if struck and self._moment == "before":
            self._strike()
        self._link.write(data)
        if struck and self._moment == "after":
            self._strike()

    def _strike(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # a device dies once
            os.kill(self._victim or os.getpid(), signal.SIGKILL)

    def discard(self) -> int:
        return self._link.discard()

    def close(self) -> None:
        self._link.close()


def killing_link(code: bytes, moment: str, victim: int = 0) -> LinkOpener:
    """Opens links that die `before` or `after` writing a frame of this command code; `victim`: who dies, 0 is the
    process itself."""

    async def opener(port: str, baudrate: int) -> Link:
        return _KillingLink(await open_serial(port, baudrate), code, moment, victim)

    return opener
