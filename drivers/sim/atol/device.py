"""A simulated ATOL register of platform 2.5: tasks over its line, and the same on a pseudo-terminal with control."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.fiscal.atol.frames import ESCAPE
from drivers.sim.atol.buffer import Executed, TaskBuffer
from drivers.sim.atol.commands import PASSWORD_BYTES, execute, refused
from drivers.sim.atol.machine import Machine
from drivers.sim.atol.till import Till
from drivers.sim.faults import Faults
from drivers.sim.noise import Noise
from drivers.sim.pty import at_a_line
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

# Beyond the required parameters: `paper_out` takes "at": "close" (the roll ends with the next document),
# `lose_answer` takes "forget": true (not even a REQ brings the answer back, as after a power cut). `wrong_answer`,
# once: the command is carried out (with "before": true it is not) and answered by that error.
KNOWN_FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "paper_out": (),
        "cover_open": (),
        "printer_fault": (),
        "no_counters": (),
        "drive_expires": ("days",),
        "drive_full": (),
        "off": (),
        "link_lost": (),
        "noise": ("rate",),
        "lose_answer": ("after",),
        "slow": ("seconds",),
        "refuse_tag": ("tag",),
        "wrong_answer": ("after", "code"),
    }
)
AS_SOLD = RegisterSetup(ffd="1.05")
_DEFAULT_SERIAL = "9999078900054321"


class AtolDevice:
    """Bytes in by `feed`, bytes out by `send`; `plugged` hears of the pulled cable; `now` is the world's clock."""

    def __init__(
        self,
        world: World,
        send: Callable[[bytes], None],
        *,
        plugged: Callable[[bool], None] | None = None,
        seed: int | None = None,
        now: Callable[[], datetime] = HERE.now,
        setup: RegisterSetup = AS_SOLD,
    ) -> None:
        self.faults = Faults(KNOWN_FAULTS, self._fault_changed)
        self._plugged = plugged
        till = Till(
            world,
            self.faults,
            serial=_DEFAULT_SERIAL if seed is None else f"9999{seed % 10**12:012d}",
            now=now,
            setup=setup,
        )
        self.machine = Machine(till)
        self._buffer = TaskBuffer(
            send=send,
            execute=self._execute,
            loses=lambda payload: self._struck("lose_answer", payload) is not None,
            heard=Noise(self.faults, random.Random(seed), ESCAPE).heard,
        )

    @property
    def till(self) -> Till:
        return self.machine.till

    def feed(self, data: bytes) -> None:
        self._buffer.feed(data)

    def state(self) -> dict[str, Any]:
        drive, receipt = self.till.drive.state, self.till.receipt
        return {
            "powered": self.faults.on("off") is None,
            "mode": self.machine.mode,
            "drive_number": drive.serial,
            "last_document": drive.last_document,
            "shift": drive.shift,
            "shift_open": drive.shift_open,
            "current_document": drive.current_document,
            "receipt_lines": 0 if receipt is None else len(receipt.lines),
            "unsent_documents": len(self.till.drive.unsent()),
            "tasks_kept": self._buffer.kept,
            "device_time": self.till.now().isoformat(timespec="seconds"),
        }

    def _execute(self, payload: bytes) -> Executed:
        """The effect is in the ledger before a byte of the answer goes out."""
        lose, slow = self._struck("lose_answer", payload), self.faults.on("slow")
        if lose is not None:
            self.faults.take("lose_answer")
        result, failed = self._answer(payload)
        return Executed(
            result,
            failed,
            delay_s=0.0 if slow is None else float(slow["seconds"]),
            lost=lose is not None,
            forgotten=lose is not None and bool(lose.get("forget")),
        )

    def _answer(self, payload: bytes) -> tuple[bytes, bool]:
        wrong = self._struck("wrong_answer", payload)
        if wrong is None:
            return execute(self.machine, payload)
        self.faults.take("wrong_answer")
        if not wrong.get("before"):
            execute(self.machine, payload)
        return refused(self.machine, int(wrong["code"]))

    def _struck(self, name: str, payload: bytes) -> dict[str, Any] | None:
        fault = self.faults.on(name)
        after = "" if fault is None else str(fault["after"]).upper()
        return fault if after and payload[PASSWORD_BYTES:].hex().upper().startswith(after) else None

    def _fault_changed(self, name: str, *, on: bool) -> None:
        if name == "off" and on:
            self._buffer.power_off()
            self.machine.power_cut()
        elif name == "off":
            self._buffer.power_on()
        elif name == "link_lost" and self._plugged is not None:
            self._plugged(not on)


@asynccontextmanager
async def atol(
    link: Path,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    speed: float = 1.0,
    setup: RegisterSetup = AS_SOLD,
    site: Site = HERE,
) -> AsyncIterator[AtolDevice]:
    """The device on a pseudo-terminal linked at `link`. `speed` changes nothing: a registrar answers at once."""
    world = World("fiscal", state, ledger, site)
    build = partial(AtolDevice, world, seed=seed, now=site.now, setup=setup)
    async with at_a_line(world, link, control, lambda send, plugged: build(send, plugged=plugged)) as device:
        yield device
