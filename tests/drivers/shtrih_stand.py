"""The simulated registrar on a real pseudo-terminal, in a process of its own that can be killed."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import asyncio, sys
from pathlib import Path
from drivers.sim.shtrih.device import shtrih

async def main(folder, ffd):
    paths = dict(state=folder / "state", ledger=folder / "ledger", control=folder / "control")
    async with shtrih(folder / "port", seed=7, ffd=ffd, **paths):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


class Stand:
    """`start` returns once the port is there."""

    def __init__(self, folder: Path, ffd: str = "1.2") -> None:
        self.folder = folder
        self._ffd = ffd
        self.port = str(folder / "port")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(self.folder), self._ffd],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], 10)[0], "the simulator did not start"
        assert self._process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(5)
            assert self._process.stdout is not None
            self._process.stdout.close()
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
