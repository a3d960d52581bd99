"""An ATOL driver and a simulated ATOL register joined by a socket pair whose wire can be made bad."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from drivers.fiscal.atol.registrar import AtolRegistrar, AtolTimeouts
from drivers.sim.atol.device import AS_SOLD, AtolDevice
from drivers.sim.drive import FiscalDrive
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.world import World
from tests import folders
from tests.drivers.shtrih_rig import TRANSPORTS, LineRig, Wire, receipt, setup_in

__all__ = ["FAST", "TRANSPORTS", "AtolRig", "Wire", "atol_rig", "receipt"]

FAST = AtolTimeouts(reply_s=0.06, silence_s=0.6, poll_s=0.05, reopen_s=0.02, command_s=1.0, commands_s={})


class AtolRig(LineRig):
    """An ATOL register."""

    device: AtolDevice

    def _boot(self) -> None:
        self.options.pop("byte_s", None)
        self.world = World("fiscal", self.folder / "state", self.folder / "ledger")
        setup, others = setup_in(RegisterSetup, {"ffd": AS_SOLD.ffd, **self.options})
        self.device = AtolDevice(self.world, self._send, seed=7, setup=setup, **others)

    def gives(self, code: str, data: bytes) -> bool:
        """Is it a task with this command?"""
        return re.search(rb"\xc1\x01.\x00\x00" + re.escape(bytes.fromhex(code)), data, re.DOTALL) is not None

    @property
    def drive(self) -> FiscalDrive:
        return self.device.till.drive

    def leave_a_receipt_open(self) -> None:
        self.device.till.open_receipt(1, electronic=False)

    def driver(self, **options: Any) -> AtolRegistrar:
        wanted = {"open_link": self.open_link, "timeouts": FAST, **self.usual, **options}
        return AtolRegistrar(port="test", baudrate=115200, **wanted)


@asynccontextmanager
async def atol_rig(
    transport: str = "plain", *, shift: bool = True, device: dict[str, Any] | None = None, **driver: Any
) -> AsyncIterator[tuple[AtolRig, AtolRegistrar]]:
    folder = folders.new()
    try:
        bench = AtolRig(folder, transport, driver, **(device or {}))
        registrar = bench.driver()
        if shift:
            await registrar.open_shift()
        yield bench, registrar
        await registrar.close()
        bench.world.close()
    finally:
        shutil.rmtree(folder)
