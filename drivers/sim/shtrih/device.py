"""A simulated Shtrih-M registrar: the device behind its line, and the same on a pseudo-terminal with control."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.fiscal.fields import CodecError
from drivers.fiscal.shtrih.errors import UNSUPPORTED
from drivers.fiscal.shtrih.frames import NOISE, Answer, code_name, code_of
from drivers.fiscal.shtrih.frames2 import STX
from drivers.sim.faults import Faults
from drivers.sim.noise import Noise
from drivers.sim.pty import at_a_line
from drivers.sim.shtrih.commands import execute
from drivers.sim.shtrih.link import DeviceLine, Executed
from drivers.sim.shtrih.numbered import NumberedDeviceLine
from drivers.sim.shtrih.register import Register
from drivers.sim.shtrih.setup import AS_SOLD, ShtrihSetup
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

# Beyond the required parameters: `paper_out` takes "at": "close" (the roll ends with the next document),
# `lose_answer` takes "forget": true (not even ENQ brings the answer back, as after a power cut). `unknown_command`
# makes an older firmware of it (37h). `wrong_answer`, once: the command is carried out (with "before":
# true it is not) and answered by that error.
KNOWN_FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "paper_out": (),
        "paper_low": (),
        "cover_open": (),
        "printer_fault": (),
        "cutter_fault": (),
        "drive_expires": ("days",),
        "drive_full": (),
        "off": (),
        "link_lost": (),
        "noise": ("rate",),
        "lose_answer": ("after",),
        "slow": ("seconds",),
        "refuse_tag": ("tag",),
        "unknown_command": ("code",),
        "wrong_answer": ("after", "code"),
        "slow_print": ("seconds",),
    }
)
_DEFAULT_SERIAL = "9999078902000273"


class ShtrihDevice:
    """Bytes in by `feed`, bytes out by `send`; needs a running event loop for its timeouts.

    `plugged` hears of the pulled cable (`link_lost`); `now` is the world's clock in UTC.
    """

    def __init__(
        self,
        world: World,
        send: Callable[[bytes], None],
        *,
        plugged: Callable[[bool], None] | None = None,
        seed: int | None = None,
        now: Callable[[], datetime] = HERE.now,
        byte_s: float = 0.05,
        setup: ShtrihSetup = AS_SOLD,
    ) -> None:
        self.faults = Faults(KNOWN_FAULTS, self._fault_changed)
        self._plugged = plugged
        self.register = Register(
            world,
            self.faults,
            serial=_DEFAULT_SERIAL if seed is None else f"9999{seed % 10**12:012d}",
            now=now,
            setup=setup,
        )
        self._send = send
        self._numbered: NumberedDeviceLine | None = None
        self._heard = Noise(self.faults, random.Random(seed), NOISE).heard
        self._line = DeviceLine(send=send, execute=self._execute, heard=self._heard, byte_s=byte_s)

    def feed(self, data: bytes) -> None:
        """The first byte after power-on chooses the protocol."""
        if self._numbered is None and self._line.untouched and data[:1] == bytes((STX,)):
            self._numbered = NumberedDeviceLine(lambda frame: self._send(self._heard(frame)), self._execute)
        if self.faults.on("off") is not None:
            return
        if self._numbered is not None:
            self._numbered.feed(self._heard(data))
        else:
            self._line.feed(data)

    def state(self) -> dict[str, Any]:
        drive, receipt = self.register.drive.state, self.register.receipt
        return {
            "powered": self.faults.on("off") is None,
            "mode": self.register.mode,
            "submode": self.register.submode,
            "drive_number": drive.serial,
            "last_document": drive.last_document,
            "shift": drive.shift,
            "shift_open": drive.shift_open,
            "current_document": drive.current_document,
            "receipt_lines": 0 if receipt is None else len(receipt.lines),
            "unsent_documents": len(self.register.drive.unsent()),
            "answer_pending": self._line.pending if self._numbered is None else self._numbered.pending,
            "paper": list(self.register.paper),
            "device_time": self.register.now().isoformat(timespec="seconds"),
        }

    def _execute(self, payload: bytes) -> Executed:
        """The effect is in the ledger before a byte of the answer goes out."""
        unknown = self.faults.on("unknown_command")
        if unknown is not None and str(unknown["code"]).upper() == _name(payload):
            answer = Answer(code_of(payload), UNSUPPORTED).encode()
        else:
            answer = self._answer(payload)
        slow = self.faults.on("slow")
        lose = self.faults.on("lose_answer")
        lost = lose is not None and str(lose["after"]).upper() == _name(payload)
        if lost:
            self.faults.take("lose_answer")
        return Executed(
            answer,
            delay_s=0.0 if slow is None else float(slow["seconds"]),
            lost=lost,
            forgotten=lost and lose is not None and bool(lose.get("forget")),
        )

    def _answer(self, payload: bytes) -> bytes:
        wrong = self.faults.on("wrong_answer")
        if wrong is None or str(wrong["after"]).upper() != _name(payload):
            return execute(self.register, payload)
        self.faults.take("wrong_answer")
        if not wrong.get("before"):
            execute(self.register, payload)
        return Answer(code_of(payload), int(wrong["code"])).encode()

    def _fault_changed(self, name: str, *, on: bool) -> None:
        if name == "off" and on:
            self._line.power_off()
            if self._numbered is not None:
                self._numbered.power_off()
            self._numbered = None
            self.register.power_cut()
        elif name == "off":
            self._line.power_on()
        elif name == "link_lost" and self._plugged is not None:
            self._plugged(not on)
        elif name in ("paper_out", "cover_open") and on:
            self.register.paper_taken_away()


def _name(payload: bytes) -> str:
    try:
        return code_name(code_of(payload))
    except CodecError:
        return ""


@asynccontextmanager
async def shtrih(
    link: Path,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    speed: float = 1.0,
    setup: ShtrihSetup = AS_SOLD,
    site: Site = HERE,
) -> AsyncIterator[ShtrihDevice]:
    """The device on a pseudo-terminal linked at `link`. `speed` changes nothing: a registrar answers at once."""
    world = World("fiscal", state, ledger, site)
    build = partial(ShtrihDevice, world, seed=seed, now=site.now, setup=setup)
    async with at_a_line(world, link, control, lambda send, plugged: build(send, plugged=plugged)) as device:
        yield device
