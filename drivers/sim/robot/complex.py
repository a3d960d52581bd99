"""The simulated complex from one power-up to the next: its registers, its PackML machine, its kitchen's clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.robot import registers
from drivers.robot.port import ComplexCommand, ComplexState
from drivers.sim.robot.bins import Surroundings
from drivers.sim.robot.cells import Cells
from drivers.sim.robot.kitchen import Kitchen
from drivers.sim.robot.memory import Memory
from drivers.sim.robot.modbus_rtu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusError
from drivers.sim.robot.orders import Orders
from drivers.sim.robot.packml import PAUSED_BY_CELLS, PAUSED_BY_DOOR, PAUSED_BY_STUCK, PackML
from drivers.sim.robot.view import View


@dataclass(frozen=True, slots=True)
class RobotRules:
    """How the simulated complex behaves in time. `hold_limit_s` and `transition_s` are divided by the speed. `revision`
    of the register map: one of the first knows no extension. `description`: the file of what it has, or the demo's.
    `shares_cells`: several portions of an order go into one cell that has room for them; `cells`: how it minds them."""

    heartbeat_s: float = 10.0
    hold_limit_s: float = 600.0
    transition_s: float = 0.3
    reboot_s: float = 1.0
    revision: int = registers.WHOLE_CHART
    description: Path | None = None
    shares_cells: bool = True
    cells: type[Cells] = Cells


_EXTENSION_END = registers.EXTENSION + registers.EXTENSION_SIZE


@dataclass
class _Staged:
    chart: list[int] = field(default_factory=lambda: [0] * registers.CHART_SIZE)
    label: list[int] = field(default_factory=lambda: [0] * registers.LABEL_SIZE)
    extension: list[int] = field(default_factory=lambda: [0] * registers.EXTENSION_SIZE)
    mailbox: list[int] = field(default_factory=lambda: [0] * registers.MAILBOX_SIZE)


class Complex:
    """Serves the register map (`modbus_rtu.Registers`). Made anew at every boot; only `memory` lasts."""

    def __init__(
        self,
        memory: Memory,
        around: Surroundings,
        rng: random.Random,
        clock: Callable[[], float],
        before_store: Callable[[], None],
        after_store: Callable[[], None],
        *,
        speed: float,
        rules: RobotRules,
    ) -> None:
        self._clock = clock
        self._around = around
        self._rules = rules
        self._before_store, self._after_store = before_store, after_store
        self._staged = _Staged()
        self._heartbeat: int | None = None
        self._heartbeat_at = 0.0
        self.memory = memory
        large = any(row.size > 1 for row in memory.equipment.cells)
        shares = rules.shares_cells and self._knows_extension and large
        cells = rules.cells(memory, around, rng, speed=speed, shares=shares)
        self.kitchen = Kitchen(memory, around, rng, cells, speed=speed, hold_limit_s=rules.hold_limit_s)
        self.packml = PackML(self._first_state(), rules.transition_s / speed)
        self._orders = Orders(memory, self.kitchen, self.packml, around, self._staged, self._heartbeat_lost)
        self._view = View(memory, self.kitchen, self.packml, around, clock, revision=rules.revision)
        memory.ack.boot = memory.ack.boot % 0xFFFF + 1
        self.kitchen.wake(clock())
        memory.commit()
        self.advance()

    def _first_state(self) -> ComplexState:
        """A new machine was started by its operator; after a power cut a person or the controller starts it."""
        if self.memory.ack.estop_latched:
            return ComplexState.ABORTED
        return ComplexState.EXECUTE if self.memory.fresh else ComplexState.STOPPED

    # The clock

    def advance(self) -> None:
        """Do all that is due."""
        now = self._clock()
        if self._around.estop_pressed and not self.memory.ack.estop_latched:
            self.memory.ack.estop_latched = True
        if self.memory.ack.estop_latched and self.packml.allows(ComplexCommand.ABORT):
            self.packml.abort(now)
            self.kitchen.interrupt(now)
        self._turn(now)
        while self._pause_or_go_on(now) or self.packml.advance(now, cooking=self.kitchen.cooking):
            self._turn(now)

    def due(self) -> float | None:
        """The time of the next thing to do, if any."""
        due = [self.kitchen.due(), self.packml.due(cooking=self.kitchen.cooking)]
        return min((at for at in due if at is not None), default=None)

    def customers_changed(self) -> None:
        self.kitchen.cells.customers_changed(self._clock())

    def _turn(self, now: float) -> None:
        starts = self.packml.state is ComplexState.EXECUTE
        self.kitchen.advance(now, phases=self.packml.cooks, starts=starts)

    def _pause_or_go_on(self, now: float) -> bool:
        """Inner cause: Held; outer cause (nobody fetches): Suspended. Each ends with its cause."""
        causes = {
            PAUSED_BY_DOOR: (self._around.door_open, ComplexCommand.HOLD, ComplexCommand.UNHOLD),
            PAUSED_BY_STUCK: (self.kitchen.stuck, ComplexCommand.HOLD, ComplexCommand.UNHOLD),
            PAUSED_BY_CELLS: (self.kitchen.cells.blocked, ComplexCommand.SUSPEND, ComplexCommand.UNSUSPEND),
        }
        for cause, (present, pause, resume) in causes.items():
            if present and self.packml.allows(pause):
                self.packml.command(pause, now, paused_by=cause)
                return True
            if not present and self.packml.paused_by == cause and self.packml.allows(resume):
                self.packml.command(resume, now)
                return True
        return False

    def _heartbeat_lost(self) -> bool:
        """Before the first heartbeat of this boot there is none to lose."""
        return self._heartbeat is not None and self._clock() - self._heartbeat_at >= self._rules.heartbeat_s

    def state(self) -> dict[str, Any]:
        """For the control socket."""
        return self._view.state()

    # Registers

    def read_discrete(self, address: int, count: int) -> Sequence[bool]:
        bits = [self._around.estop_pressed, self._around.door_open, True, True]
        if address + count > len(bits):
            raise ModbusError(ILLEGAL_ADDRESS)
        return bits[address : address + count]

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        areas = {
            registers.MAILBOX: self._staged.mailbox,
            registers.HEARTBEAT: [self._heartbeat or 0],
            registers.CHART: self._staged.chart,
            registers.LABEL: self._staged.label,
            **({registers.EXTENSION: self._staged.extension} if self._knows_extension else {}),
        }
        return _cut(areas, address, count)

    def read_input(self, address: int, count: int) -> Sequence[int]:
        self.advance()
        areas = self._view.areas(self._heartbeat or 0)
        for start, (size, make) in areas.items():
            if start <= address and address + count <= start + size:
                return make()[address - start : address - start + count]
        raise ModbusError(ILLEGAL_ADDRESS)

    def write_holding(self, address: int, values: Sequence[int]) -> None:
        end = address + len(values)
        if address >= registers.MAILBOX and end <= registers.MAILBOX + registers.MAILBOX_SIZE:
            self._write_mailbox(values)
        elif address == registers.HEARTBEAT and end == address + 1:
            self._beat(values[0])
        elif address >= registers.CHART and end <= registers.CHART + registers.CHART_SIZE:
            self._staged.chart[address - registers.CHART : end - registers.CHART] = values
        elif address >= registers.LABEL and end <= registers.LABEL + registers.LABEL_SIZE:
            self._staged.label[address - registers.LABEL : end - registers.LABEL] = values
        elif self._knows_extension and address >= registers.EXTENSION and end <= _EXTENSION_END:
            self._staged.extension[address - registers.EXTENSION : end - registers.EXTENSION] = values
        else:
            raise ModbusError(ILLEGAL_ADDRESS)

    @property
    def _knows_extension(self) -> bool:
        return self._rules.revision >= registers.WHOLE_CHART

    def _write_mailbox(self, values: Sequence[int]) -> None:
        """Only as a whole: half a command is none."""
        if len(values) != registers.MAILBOX_SIZE:
            raise ModbusError(ILLEGAL_VALUE)
        self.advance()
        self._orders.receive(values, self._clock(), self._before_store)
        self._staged.mailbox = list(values)
        self._after_store()  # what the command sets going begins after the answer: the clock is woken then

    def _beat(self, value: int) -> None:
        if value != self._heartbeat:
            self._heartbeat, self._heartbeat_at = value, self._clock()


def _cut(areas: dict[int, list[int]], address: int, count: int) -> list[int]:
    for start, words in areas.items():
        if start <= address and address + count <= start + len(words):
            return words[address - start : address - start + count]
    raise ModbusError(ILLEGAL_ADDRESS)
