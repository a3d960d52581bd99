"""The second complex as a device: power, plug, faults. Built from docs/protocols/robot.md alone, so that nothing of its
side of the wire is shared with the kiosk's driver or the other simulated complex."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pymodbus.constants import ExcCodes

from drivers.sim.complex2.desk import Refused
from drivers.sim.complex2.firmware import FAULTS, Cut, Firmware, Habits
from drivers.sim.complex2.plug import Plug
from drivers.sim.faults import Faults, serve_control
from drivers.sim.gateways.http import held_port
from drivers.sim.noise import Noise
from drivers.sim.world import World

_STRAY = 0xFF


class Complex2:
    """`make` switches its computer on. After `start` it answers at `port` of loopback."""

    def __init__(self, world: World, make: type[Firmware], *, seed: int | None, speed: float, habits: Habits) -> None:
        self.faults = Faults(FAULTS, self._fault_changed)
        self.port = 0
        self._loop = asyncio.get_running_loop()
        self._rng = random.Random(seed)
        self._habits = habits
        self._world = world
        self._made = make
        self._speed = speed
        self._firmware: Firmware | None = self._new_firmware()
        self._plug = Plug(
            read=self._read,
            inputs=lambda: 0 if self._firmware is None else self._firmware.inputs(),
            write=self._write,
            heard=Noise(self.faults, self._rng, _STRAY).heard,
            answered=self._answered,
        )
        self._held: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._switching: asyncio.Task[None] | None = None
        self._dies_after_answer = False

    def state(self) -> dict[str, Any]:
        return {"port": self.port, **({} if self._firmware is None else self._firmware.state())}

    async def start(self, port: int) -> None:
        self._held = held_port(port)
        self.port = self._held.getsockname()[1]
        await self._connect()
        self._advance()

    async def stop(self) -> None:
        self._lose_power()
        if self._switching is not None:
            await self._switching
        if self._held is not None:
            self._held.close()

    # Power.

    def _new_firmware(self) -> Firmware:
        return self._made(
            self._world, self.faults, self._loop.time, rng=self._rng, speed=self._speed, habits=self._habits
        )

    def cut_power(self) -> None:
        """At once, and on again by itself unless the fault `off` says otherwise."""
        self._lose_power()
        if self.faults.on("off") is None:
            self._timer = self._loop.call_later(self._habits.reboot_s, self._switch_on)

    def _lose_power(self) -> None:
        """What was only in its working memory is gone."""
        self._firmware = None
        self._dies_after_answer = False
        self._plug.hang_up()
        if self._timer is not None:
            self._timer.cancel()

    def _switch_on(self) -> None:
        self._firmware = self._new_firmware()
        self._advance()
        self._follow()

    def _advance(self) -> None:
        """What is due now, and again when the next thing is."""
        if self._firmware is None:
            return
        self._firmware.advance()
        if self._timer is not None:
            self._timer.cancel()
        due = self._firmware.next_due()
        self._timer = None if due is None or due == float("inf") else self._loop.call_at(due, self._advance)

    # The wire.

    def _follow(self) -> None:
        """Listens or not, as power and cable say by then."""
        self._switching = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        if self._firmware is None or self.faults.on("link_lost") is not None:
            self._plug.hang_up()
        else:
            await self._plug.listen(self.port)

    def _read(self, address: int) -> list[int]:
        self._advance()
        return [] if self._firmware is None else self._firmware.block(address)

    def _write(self, address: int, values: list[int]) -> ExcCodes | None:
        if self._firmware is None:
            return ExcCodes.DEVICE_FAILURE
        self._advance()
        try:
            self._firmware.write(address, values)
        except Refused:
            return ExcCodes.ILLEGAL_VALUE
        except Cut as cut:
            if not cut.after_answer:
                self.cut_power()
            self._dies_after_answer = cut.after_answer
        self._advance()
        return None

    def _answered(self) -> None:
        if self._dies_after_answer:
            self.cut_power()

    def _fault_changed(self, name: str, *, on: bool) -> None:
        if name == "off" and on:
            self.cut_power()
        elif name == "off":
            self._switch_on()
        elif name == "link_lost":
            self._follow()
        elif self._firmware is not None:
            self._firmware.met(name, on=on)
            self._advance()


@asynccontextmanager
async def complex2(
    port: int,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    speed: float = 1.0,
    habits: Habits | None = None,
    make: type[Firmware] = Firmware,
) -> AsyncIterator[Complex2]:
    """The complex at `port` of loopback (0: a free one) for the length of the block; `make` is another firmware."""
    world = World("robot", state, ledger)
    device = Complex2(world, make, seed=seed, speed=speed, habits=habits or Habits())
    server = None
    try:
        await device.start(port)
        if control is not None:
            server = await serve_control(device, control)
        yield device
    finally:
        await device.stop()
        if server is not None and control is not None:
            server.close()
            control.unlink(missing_ok=True)
        world.close()
