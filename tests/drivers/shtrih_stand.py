"""The simulated registrar on a real pseudo-terminal, in a process of its own that can be killed."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.sim.shtrih.device import shtrih
from tests.forked import Forked

_START_S = 10.0


async def _serve(folder: Path, ffd: str) -> None:
    paths = {"state": folder / "state", "ledger": folder / "ledger", "control": folder / "control"}
    async with shtrih(folder / "port", seed=7, ffd=ffd, **paths):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def _main() -> None:
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2]))


class Stand:
    """`start` returns once the port is there."""

    program: Callable[[], None] = staticmethod(_main)

    def __init__(self, folder: Path, ffd: str = "1.2") -> None:
        self.folder = folder
        self.port = str(folder / "port")
        self.words = [str(folder), ffd]
        self._process: Forked | None = None

    def start(self) -> None:
        self._process = Forked(self.program, self.words)
        assert select.select([self._process.stdout], [], [], _START_S)[0], "the simulator did not start"
        assert os.read(self._process.stdout, 1000).startswith(b"ready")

    def kill(self) -> None:
        if self._process is not None:
            self._process.end(signal.SIGKILL, _START_S)
            self._process = None

    def control(self, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(self.folder / "control"))
            client.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(client.makefile().readline())
            return answer

    def effects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "ledger").read_text().splitlines()]
