"""ATOL's simulators as processes of their own, as the command line starts them, that can be killed."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

from drivers.sim.gateways.http import held_port
from tests.drivers.shtrih_stand import ROOT, Stand


class AtolStand(Stand):
    """`python -m drivers.sim atol` or `atol-web`; `start` returns once it answers."""

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__(folder)
        self._held = held_port(0)  # as long as the stand: between two lives of the device nobody else is given it
        self.url = f"http://127.0.0.1:{self._held.getsockname()[1]}"
        place = ["--link", self.port] if device == "atol" else ["--port", self.url.rpartition(":")[2]]
        files = [f"--{name}={folder / name}" for name in ("state", "ledger", "control")]
        self._command = [sys.executable, "-m", "drivers.sim", device, *place, *files, "--seed", "7"]

    def close(self) -> None:
        self.kill()
        self._held.close()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], 10)[0], "the simulator did not start"
        assert self._process.stdout.readline().startswith(b"ready ")
