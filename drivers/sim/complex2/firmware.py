"""What the second complex's computer does while it has power: registers out, orders in (robot.md#orders)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from drivers.sim.complex2 import image, states
from drivers.sim.complex2.desk import Desk, Refused
from drivers.sim.complex2.image import Image, Order
from drivers.sim.complex2.kitchen import Kitchen
from drivers.sim.complex2.memory import DEMO, Acknowledged, Build, CellState, Memory, factory, of_json
from drivers.sim.complex2.states import Panel
from drivers.sim.faults import Faults
from drivers.sim.world import World

FAULTS: dict[str, tuple[str, ...]] = {
    "estop": (),
    "door_open": (),
    "bin_empty": ("bin",),
    "cells_full": (),
    "jam": ("station",),
    "nobody_comes": (),
    "off": (),
    "link_lost": (),
    "noise": ("rate",),
    "power_cut": ("at",),
}
_LAST_SEQUENCE = 65535
_ESTOP_FAULT, _DOOR_FAULT = 1, 2
_KEY = "complex2"


@dataclass(frozen=True, slots=True)
class Habits:
    """Seconds that `speed` does not scale, and how the complex is built."""

    build: Build = DEMO
    transition_s: float = 0.3
    reboot_s: float = 1.0
    heartbeat_s: float = 10.0


class Cut(Exception):
    """The power goes here, `after_answer` when what was asked has been answered."""

    def __init__(self, *, after_answer: bool) -> None:
        super().__init__()
        self.after_answer = after_answer


class Firmware:
    """From one power-on to the next power cut. `sensors` are the faults that are on, `world` the memory behind it."""

    made_desk = Desk
    made_kitchen = Kitchen

    def __init__(
        self,
        world: World,
        sensors: Faults,
        now: Callable[[], float],
        *,
        rng: random.Random,
        speed: float,
        habits: Habits,
    ) -> None:
        self._world = world
        self._sensors = sensors
        self._now = now
        self._habits = habits
        kept = world.get(_KEY)
        self.memory: Memory = factory(habits.build) if kept is None else of_json(kept)
        self.kitchen = self.made_kitchen(habits.build, self.memory, now, rng, speed=speed)
        self.panel = Panel(habits.transition_s)
        self._image = Image(self.kitchen)
        self.desk = self.made_desk(self.kitchen, self.panel, sensors)
        self._beat = 0
        self._beat_at: float | None = None
        self._faults_met = 0
        for name in ("jam", "bin_empty", "cells_full", "nobody_comes"):
            self.hinder(name)
        self.kitchen.power_on()
        self.store()

    def next_due(self) -> float | None:
        """When `advance` is to be called again, if nobody asks before."""
        return min((due for due in (self.panel.arrives_at, self.kitchen.next_due()) if due is not None), default=None)

    def state(self) -> dict[str, Any]:
        jobs = [{"job_id": job.job_id, "attempt": job.attempt, "state": job.state} for job in self.memory.jobs]
        return {"boot": self.memory.boot, "packml": self.panel.state, "jobs": jobs}

    # What it tells.

    def block(self, at: int) -> list[int]:
        if at != image.HEALTH:
            return self._image.block(at, text=self._fault_text())
        return self._image.health(
            beat=int(self._now() * 2) & 0xFFFF,
            echo=self._beat,
            state=self.panel.state,
            requested=self.panel.requested,
            flags=self._flags(),
            fault=(self._fault(), self._faults_met),
        )

    def inputs(self) -> int:
        """Emergency stop, door, mains, air."""
        pressed, door = self._sensors.on("estop") is not None, self._sensors.on("door_open") is not None
        return int(pressed) | int(door) << 1 | 0b1100

    def _flags(self) -> int:
        flags = image.ESTOP_PRESSED if self._sensors.on("estop") is not None else 0
        flags |= image.ESTOP_LATCHED if self.memory.latched else 0
        return flags | (image.DOOR if self._sensors.on("door_open") is not None else 0)

    def _fault(self) -> int:
        if self.memory.latched:
            return _ESTOP_FAULT
        if self._sensors.on("door_open") is not None:
            return _DOOR_FAULT
        return next((job.fault for job in self.memory.jobs if job.fault), 0)

    def _fault_text(self) -> str:
        words = {0: "", _ESTOP_FAULT: "emergency stop", _DOOR_FAULT: "door open"}
        return words.get(fault := self._fault(), f"fault {fault}")

    # What is written.

    def write(self, address: int, values: list[int]) -> None:
        """Raises `Refused`, `Cut`."""
        if address == image.MAILBOX:
            self._mailbox(values)
        elif address == image.BEAT and len(values) == 1:
            self._beat, self._beat_at = values[0], self._now()
            self.desk.alone = False
        else:
            self._stage(address, values)

    def _stage(self, address: int, values: list[int]) -> None:
        for begins, staged in self.desk.staged.items():
            if begins <= address and address + len(values) <= begins + len(staged):
                staged[address - begins : address - begins + len(values)] = values
                return
        raise Refused

    def _mailbox(self, values: Sequence[int]) -> None:
        """Rules 1 to 3."""
        order = image.order_of(values)
        if order is None:
            raise Refused
        if order.sequence == self.memory.last.sequence:
            self.repeat(order)
            return
        if order.sequence != self.memory.last.sequence % _LAST_SEQUENCE + 1:
            raise Refused
        cut = (self._sensors.take("power_cut") or {}).get("at")
        if cut == "before_store":
            raise Cut(after_answer=False)
        self.take(order)
        if cut is not None:
            raise Cut(after_answer=cut == "after_ack")

    def repeat(self, order: Order) -> None:  # for firmware that does more
        """The last sequence again: acknowledged, whatever else it carries, and nothing is done."""

    def take(self, order: Order) -> None:
        """Carried out or refused by its result, and stored with what is acknowledged."""
        result = self.desk.carry_out(order)
        self.memory.last = Acknowledged(order.sequence, order.session, order.opcode, result, order.job_id)
        self.store()
        self.advance()

    # Time.

    def advance(self) -> None:
        """Everything that is due, stored."""
        now = self._now()
        self.desk.alone = self._beat_at is not None and now - self._beat_at >= self._habits.heartbeat_s
        self.panel.advance(now)
        if self.kitchen.advance(executing=self.panel.executes):
            self.store()
        self._mind_causes(now)

    def _mind_causes(self, now: float) -> None:
        """An open door holds, full cells suspend, and the end of the cause sets going again."""
        door, full = self._sensors.on("door_open") is not None, self.kitchen.waits_for_a_cell
        if self.panel.executes and door:
            self.panel.command(states.HOLD, now, by_itself=True)
        elif self.panel.executes and full:
            self.panel.command(states.SUSPEND, now, by_itself=True)
        elif self.panel.by_itself and not door:
            self.panel.command(states.UNHOLD, now)
            if not full:
                self.panel.command(states.UNSUSPEND, now)

    def store(self) -> None:
        """Memory and what happened in the world, together."""
        effects, self.kitchen.effects = self.kitchen.effects, []
        with self._world.change() as change:
            change.put(_KEY, self.memory.to_json())
            for effect, job_id, attempt, recipe, order_id in effects:
                change.effect(effect, job_id=job_id, attempt=attempt, recipe=recipe, order_id=order_id)

    # What goes wrong around it.

    def met(self, name: str, *, on: bool) -> None:
        """A fault was switched: what it means to the kitchen."""
        self._faults_met += int(on and name in ("estop", "door_open", "jam", "bin_empty"))
        if name == "estop" and on:
            self.memory.latched = True
            self.panel.command(states.ABORT, self._now())
            self.kitchen.interrupt()
            self.store()
        self.hinder(name)
        self.advance()

    def hinder(self, name: str) -> None:
        """What the fault means to the kitchen by now."""
        fault = self._sensors.on(name)
        if name == "jam":
            self.kitchen.jammed = set() if fault is None else {int(fault["station"])}
        elif name == "bin_empty":
            self.kitchen.empty = set() if fault is None else {int(fault["bin"])}
            self.memory.changed("bins")
        elif name == "cells_full":
            self.kitchen.blocked = fault is not None
        elif name == "nobody_comes":
            self.kitchen.nobody_comes = fault is not None
            for number, cell in enumerate(self.memory.cells):
                if fault is None and cell.state in (CellState.LOADED, CellState.OPEN):
                    self.kitchen.expect_guest(number)
