"""ATOL's simulators as processes of their own, as the command line starts them, that can be killed."""

from __future__ import annotations

from pathlib import Path

from drivers.sim import __main__ as simulators
from drivers.sim.gateways.http import held_port
from tests.drivers.shtrih_stand import Stand


class AtolStand(Stand):
    """What `python -m drivers.sim atol` or `atol-web` runs; `start` returns once it answers."""

    program = staticmethod(simulators.main)

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__(folder)
        self._held = held_port(0)  # as long as the stand: between two lives of the device nobody else is given it
        self.url = f"http://127.0.0.1:{self._held.getsockname()[1]}"
        place = ["--link", self.port] if device == "atol" else ["--port", self.url.rpartition(":")[2]]
        files = [f"--{name}={folder / name}" for name in ("state", "ledger", "control")]
        self.words = [device, *place, *files, "--seed", "7"]

    def close(self) -> None:
        self.kill()
        self._held.close()
