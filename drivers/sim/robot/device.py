"""The simulated cooking complex at a pseudo-terminal: power, faults and wire around `robot_complex.Complex`."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from drivers.sim.faults import Faults, serve_control
from drivers.sim.pty import PtyPort
from drivers.sim.robot.complex import Complex, RobotRules
from drivers.sim.robot.kitchen import STATIONS, Surroundings
from drivers.sim.robot.memory import STOCK, Memory
from drivers.sim.robot.modbus_rtu import RtuSlave
from drivers.sim.world import World

__all__ = ["FAULTS", "RobotDevice", "RobotRules", "robot"]

FAULTS: dict[str, tuple[str, ...]] = {
    "estop": (),
    "door_open": (),
    "bin_empty": ("bin",),
    "cells_full": (),
    "nobody_comes": (),
    "jam": ("station",),
    "off": (),
    "link_lost": (),
    "noise": ("rate",),
    "power_cut": ("at",),
}
_CUT_POINTS = ("before_store", "after_store", "after_ack")
_IDLE_S = 1.0  # the clock looks around at least this often
_RULES = RobotRules()


class PowerCut(Exception):
    """The power goes in the middle of a command."""


class RobotDevice:
    """Bytes in, bytes out. `changed` is called when the clock's next date may have moved or the cable was pulled."""

    def __init__(
        self,
        world: World,
        *,
        seed: int | None = None,
        speed: float = 1.0,
        unit: int = 1,
        rules: RobotRules = _RULES,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.faults: Faults = _CheckedFaults(FAULTS, self._fault_switched)
        self._world = world
        self._rng = random.Random(seed)
        self._speed = speed
        self._unit = unit
        self._rules = rules
        self._clock = clock
        self._changed = changed
        self._around = Surroundings()
        self._cut_after_answer = False
        self._boot_at: float | None = None
        self._complex: Complex | None = None
        self._slave: RtuSlave | None = None
        self.boot()

    @property
    def plugged(self) -> bool:
        return self.faults.on("link_lost") is None

    def boot(self) -> None:
        """Power comes: what the memory holds is all that is known."""
        self._boot_at = None
        self._complex = Complex(
            Memory(self._world),
            self._around,
            self._rng,
            self._clock,
            self._before_store,
            self._after_store,
            speed=self._speed,
            rules=self._rules,
        )
        self._slave = RtuSlave(self._unit, self._complex)

    def power_off(self, boot_at: float | None = None) -> None:
        self._complex = self._slave = None
        self._boot_at = boot_at

    def receive(self, data: bytes) -> bytes:
        """The answer on the wire; nothing while there is no power."""
        if self._slave is None:
            return b""
        self._cut_after_answer = False
        try:
            answer = self._slave.receive(self._disturbed(data), self._clock())
        except PowerCut:
            answer = b""
            self._cut_power()
        if self._cut_after_answer:
            self._cut_power()
        self._changed()
        return self._disturbed(answer)

    def advance(self) -> float:
        """Do what is due; the time by which to call again."""
        now = self._clock()
        if self._boot_at is not None and now >= self._boot_at:
            self.boot()
        due = self._boot_at if self._complex is None else self._complex.advance()
        return min(now + _IDLE_S, now + _IDLE_S if due is None else due)

    def state(self) -> dict[str, Any]:
        if self._complex is None:
            return {"power": False}
        self._complex.advance()
        return {"power": True, **self._complex.state()}

    def _cut_power(self) -> None:
        self._cut_after_answer = False
        self.power_off(self._clock() + self._rules.reboot_s / max(self._speed, 1.0))

    def _before_store(self) -> None:
        cut = self.faults.on("power_cut")
        if cut is not None and cut["at"] == "before_store":
            self.faults.take("power_cut")
            raise PowerCut

    def _after_store(self) -> None:
        cut = self.faults.take("power_cut")
        if cut is None:
            return
        if cut["at"] == "after_store":
            raise PowerCut
        self._cut_after_answer = True

    def _disturbed(self, data: bytes) -> bytes:
        """Noise flips one bit of a chunk with probability `rate`."""
        noise = self.faults.on("noise")
        if noise is None or not data or self._rng.random() >= float(noise["rate"]):
            return data
        spoilt = bytearray(data)
        spoilt[self._rng.randrange(len(spoilt))] ^= 1 << self._rng.randrange(8)
        return bytes(spoilt)

    def _fault_switched(self, name: str, on: bool) -> None:
        parameters = self.faults.on(name) or {}
        match name:
            case "estop":
                self._around.estop_pressed = on
            case "door_open":
                self._around.door_open = on
            case "cells_full":
                self._around.cells_full = on
            case "nobody_comes":
                self._around.nobody_comes = on
                if self._complex is not None:
                    self._complex.customers_changed()
            case "bin_empty":
                _mark(self._around.empty_bins, on, parameters.get("bin", 0))
            case "jam":
                _mark(self._around.jammed, on, parameters.get("station", 0))
            case "off" if on:
                self.power_off()
            case "off" if self._complex is None:
                self.boot()
        if self._complex is not None:
            self._complex.advance()
        self._changed()


class _CheckedFaults(Faults):
    """Refuses values a fault cannot have."""

    def switch(self, name: str, on: bool, parameters: Any) -> None:
        limits = {"bin_empty": ("bin", len(STOCK)), "jam": ("station", len(STATIONS))}
        if on and name in limits:
            word, most = limits[name]
            if parameters.get(word) not in range(1, most + 1):
                raise ValueError(f"fault {name!r}: {word} is 1…{most}")
        if on and name == "power_cut" and parameters.get("at") not in _CUT_POINTS:
            raise ValueError(f"fault {name!r}: at is one of {', '.join(_CUT_POINTS)}")
        if on and name == "noise" and not isinstance(parameters.get("rate"), int | float):
            raise ValueError("fault 'noise': rate is a number")
        super().switch(name, on, parameters)


def _mark(marked: set[int], on: bool, number: int) -> None:
    """A fault may be switched on for several places; off ends all of them."""
    if on:
        marked.add(number)
    else:
        marked.clear()


@asynccontextmanager
async def robot(
    link: Path,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    speed: float = 1.0,
    unit: int = 1,
    rules: RobotRules = _RULES,
) -> AsyncIterator[RobotDevice]:
    """The complex at `link` until the context is left, which is a power cut for it."""
    world = World("robot", state, ledger)
    wake = asyncio.Event()
    device = RobotDevice(world, seed=seed, speed=speed, unit=unit, rules=rules, changed=wake.set)
    port = PtyPort(link, lambda data: port.send(device.receive(data)))
    port.plug()
    clock = asyncio.create_task(_run(device, port, wake))
    server: asyncio.Server | None = None
    try:
        server = None if control is None else await serve_control(device, control)
        yield device
    finally:
        if server is not None:
            server.close()
        clock.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await clock
        port.unplug()
        device.power_off()
        world.close()


async def _run(device: RobotDevice, port: PtyPort, wake: asyncio.Event) -> None:
    """The kitchen's clock, and the cable."""
    while True:
        wake.clear()
        if device.plugged:
            port.plug()
        else:
            port.unplug()
        due = device.advance()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.001, due - time.monotonic())):
                await wake.wait()
