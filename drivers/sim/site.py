"""Where a simulated device stands: the clocks on its wall and its end of a serial line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from drivers.sim.pty import PtyPort


class Port(Protocol):
    """The device's end of a serial line, linked at a stable path while it is plugged in."""

    def plug(self) -> None: ...

    def unplug(self) -> None:
        """The pulled cable: the client sees a hang-up and the link vanishes."""

    def send(self, data: bytes) -> None:
        """Never blocks; nothing while unplugged."""


def _now() -> datetime:
    return datetime.now(UTC)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class Site:
    """`now`: wall time, UTC, aware; `monotonic`: seconds that never jump, those of the event loop; `port`:
    given the link and who takes received bytes."""

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = _monotonic
    port: Callable[[Path, Callable[[bytes], None]], Port] = PtyPort


#: This machine.
HERE = Site()
