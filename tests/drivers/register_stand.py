"""A simulated register as a process of its own, as the command line starts it, that can be killed."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from drivers.sim import __main__ as simulators
from drivers.sim.gateways.http import held_port
from tests.drivers.shtrih_rig import FAST
from tests.forked import Forked

_START_S = 10.0
#: Of the driver at the other end of a real pseudo-terminal.
TIMEOUTS = replace(FAST, byte_s=0.06, ack_s=0.5, enquiry_s=0.3, enquiry_total_s=1.0, command_s=1.0)


class Stand:
    """`device` is a word of `python -m drivers.sim`; `start` returns once it answers at `port` or `url`."""

    def __init__(self, folder: Path, device: str, *more: str) -> None:
        self.folder = folder
        self.device = device
        self.port = str(folder / "port")
        self._held = held_port(0)  # as long as the stand: between two lives of the device nobody else is given it
        self.url = f"http://127.0.0.1:{self._held.getsockname()[1]}"
        place = ["--port", self.url.rpartition(":")[2]] if device in ("atol-web", "complex2") else ["--link", self.port]
        files = [f"--{name}={folder / name}" for name in ("state", "ledger", "control")]
        self._words = [device, *place, *files, "--seed", "7", *more]
        self._process: Forked | None = None

    def start(self) -> None:
        self._process = Forked(simulators.main, self._words)
        assert select.select([self._process.stdout], [], [], _START_S)[0], "the simulator did not start"
        assert os.read(self._process.stdout, 1000).startswith(b"ready")

    def kill(self) -> None:
        """The link first: it would lead to whoever is given that pseudo-terminal next."""
        Path(self.port).unlink(missing_ok=True)
        if self._process is not None:
            self._process.end(signal.SIGKILL, _START_S)
            self._process = None

    def close(self) -> None:
        self.kill()
        self._held.close()

    def control(self, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(self.folder / "control"))
            client.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(client.makefile().readline())
            return answer

    def effects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "ledger").read_text().splitlines()]
