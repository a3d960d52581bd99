"""The simulated cooking complex at a pseudo-terminal: power, faults and wire around `robot_complex.Complex`."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from drivers.robot.equipment import Equipment, EquipmentError, demo_file, of_tables
from drivers.sim.faults import NO_PARAMETERS, Faults, serve_control
from drivers.sim.robot.bins import Surroundings
from drivers.sim.robot.complex import Complex, RobotRules
from drivers.sim.robot.memory import Memory
from drivers.sim.robot.modbus_rtu import RtuSlave
from drivers.sim.site import Port
from drivers.sim.world import World

__all__ = ["FAULTS", "RobotDevice", "RobotRules", "robot"]

FAULTS: dict[str, tuple[str, ...]] = {
    "estop": (),
    "door_open": (),
    "bin_empty": ("bin",),
    "cells_full": (),
    "nobody_comes": (),
    "jam": ("station",),
    "cell_cold": ("cell",),
    "bin_warm": ("bin",),
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
        clock: Callable[[], float] | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._equipment = read_equipment(rules.description)
        self.faults: Faults = _CheckedFaults(self._equipment, self._fault_switched)
        self._world = world
        self._rng = random.Random(seed)
        self._speed = speed
        self._unit = unit
        self._rules = rules
        self._clock = clock or world.site.monotonic
        self._changed = changed
        self._around = Surroundings()
        self._cut_after_answer = False
        self._boot_at: float | None = None
        self._due: float | None = None  # when the clock is to call, as far as it was told
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
            Memory(self._world, self._equipment),
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
        if self._next() != self._due:
            self._changed()
        return self._disturbed(answer)

    def advance(self) -> float:
        """Do what is due; the time by which to call again."""
        now = self._clock()
        if self._boot_at is not None and now >= self._boot_at:
            self.boot()
        if self._complex is not None:
            self._complex.advance()
        self._due = self._next()
        return min(now + _IDLE_S, now + _IDLE_S if self._due is None else self._due)

    def _next(self) -> float | None:
        """The time of the next thing to do, if any."""
        return self._boot_at if self._complex is None else self._complex.due()

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

    def _fault_switched(self, name: str, *, on: bool) -> None:
        parameters = self.faults.on(name) or {}
        match name:
            case "estop" | "door_open" | "cells_full":
                setattr(self._around, _STATES_OF_THE_ROOM[name], on)
            case "nobody_comes":
                self._around.nobody_comes = on
                if self._complex is not None:
                    self._complex.customers_changed()
            case "bin_empty" | "jam" | "cell_cold" | "bin_warm":
                numbers, word = _MARKED[name]
                _mark(getattr(self._around, numbers), on=on, number=parameters.get(word, 0))
            case "off" if on:
                self.power_off()
            case "off" if self._complex is None:
                self.boot()
        if self._complex is not None:
            self._complex.advance()
        self._changed()


#: The faults that are a state of what is around the robot, and its name there.
_STATES_OF_THE_ROOM = {"estop": "estop_pressed", "door_open": "door_open", "cells_full": "cells_full"}
#: And those that befall one of several: where its number is noted, and what tells it.
_MARKED = {
    "bin_empty": ("empty_bins", "bin"),
    "jam": ("jammed", "station"),
    "cell_cold": ("cold_cells", "cell"),
    "bin_warm": ("warm_bins", "bin"),
}


class _CheckedFaults(Faults):
    """Refuses values a fault cannot have."""

    def __init__(self, equipment: Equipment, switched: Callable[..., None]) -> None:
        super().__init__(FAULTS, switched)
        self._most = {
            "bin_empty": ("bin", len(equipment.bins)),
            "jam": ("station", max(equipment.by_number)),
            "cell_cold": ("cell", len(equipment.cells)),
            "bin_warm": ("bin", len(equipment.bins)),
        }

    def switch(self, name: str, parameters: Mapping[str, Any] = NO_PARAMETERS, *, on: bool = True) -> None:
        if on and name in self._most:
            word, most = self._most[name]
            if parameters.get(word) not in range(1, most + 1):
                raise ValueError(f"fault {name!r}: {word} is 1…{most}")
        if on and name == "power_cut" and parameters.get("at") not in _CUT_POINTS:
            raise ValueError(f"fault {name!r}: at is one of {', '.join(_CUT_POINTS)}")
        if on and name == "noise" and not isinstance(parameters.get("rate"), int | float):
            raise ValueError("fault 'noise': rate is a number")
        super().switch(name, parameters, on=on)


def read_equipment(path: Path | None) -> Equipment:
    """None: the demo's, which is read once by a process. Raises `EquipmentError`."""
    return _demo_equipment() if path is None else _equipment(path)


@cache
def _demo_equipment() -> Equipment:
    return _equipment(demo_file())


def _equipment(file: Path) -> Equipment:
    try:
        text = file.read_text("utf-8-sig")
        return of_tables(tomllib.loads(text), text, str(file))
    except EquipmentError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise EquipmentError(f"{file}: {error}") from error


def _mark(marked: set[int], *, on: bool, number: int) -> None:
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
    """The complex at `link` until the context is left, which is a power cut for it. Raises `EquipmentError`."""
    world = World("robot", state, ledger)
    async with robot_of(world, link, control=control, seed=seed, speed=speed, unit=unit, rules=rules) as device:
        yield device


@asynccontextmanager
async def robot_of(
    world: World,
    link: Path,
    *,
    control: Path | None = None,
    seed: int | None = None,
    speed: float = 1.0,
    unit: int = 1,
    rules: RobotRules = _RULES,
) -> AsyncIterator[RobotDevice]:
    """The same with a memory that is open, which is closed with it, at whatever site that is."""
    wake = asyncio.Event()
    device = RobotDevice(world, seed=seed, speed=speed, unit=unit, rules=rules, changed=wake.set)
    port = world.site.port(link, lambda data: port.send(device.receive(data)))
    port.plug()
    clock = asyncio.create_task(_run(device, port, wake, world.site.monotonic))
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


async def _run(device: RobotDevice, port: Port, wake: asyncio.Event, monotonic: Callable[[], float]) -> None:
    """The kitchen's clock, and the cable."""
    while True:
        wake.clear()
        if device.plugged:
            port.plug()
        else:
            port.unplug()
        due = device.advance()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.001, due - monotonic())):
                await wake.wait()
