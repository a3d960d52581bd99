"""What each order does in the second complex (robot.md#numbers), and its result."""

from __future__ import annotations

from drivers.sim.complex2 import image, states
from drivers.sim.complex2.image import Order
from drivers.sim.complex2.kitchen import Kitchen
from drivers.sim.complex2.memory import OVER, CellState, Job, JobState
from drivers.sim.complex2.states import Panel
from drivers.sim.faults import Faults

SUBMIT, CANCEL, RELEASE, OPEN_CELL, SET_BIN, ACK_FAULT = range(20, 26)
OK, KNOWN, FULL, NO_MATERIAL, OTHER_CHART, WRONG_STATE, NO_CELL = range(1, 8)


class Refused(Exception):
    """Exception 3: not an order, not the next one, or of what does not exist. Nothing happened."""


class Desk:
    """`staged` is what lies in the holding registers for the next submit; `alone` is set while nobody beats."""

    def __init__(self, kitchen: Kitchen, panel: Panel, sensors: Faults) -> None:
        self.staged = {image.CHART: [0] * image.CHART_SIZE, image.LABEL: [0] * image.LABEL_SIZE}
        self.alone = False
        self._kitchen = kitchen
        self._memory = kitchen.memory
        self._build = kitchen.build
        self._panel = panel
        self._sensors = sensors

    def carry_out(self, order: Order) -> int:
        """Its result. Raises `Refused`."""
        if order.opcode in states.WAYS:
            return self._packml(order.opcode)
        orders = {
            SUBMIT: self.submit,
            CANCEL: self._cancel,
            RELEASE: self.release,
            OPEN_CELL: self.open_cell,
            SET_BIN: self._set_bin,
            ACK_FAULT: self._acknowledge,
        }
        if order.opcode not in orders:
            raise Refused
        return orders[order.opcode](order)

    def _packml(self, command: int) -> int:
        if self._panel.is_done(command):
            return KNOWN
        if command == states.CLEAR and self._memory.latched:
            return WRONG_STATE
        if not self._panel.command(command, self._kitchen.now()):
            return WRONG_STATE
        if command == states.ABORT:
            self._kitchen.interrupt()
        return OK

    def submit(self, order: Order) -> int:
        phases = image.phases_of(self.staged[image.CHART])
        if self._memory.knows(order.job_id, order.attempt):
            return KNOWN
        if not self._is_staged(order, phases):
            return OTHER_CHART
        if not self._panel.executes or self.alone or self._memory.latched:
            return WRONG_STATE
        if None not in self._memory.slots:
            return self.overflow(order, phases)
        if any(self._left(code) < amount for code, amount in order.pairs):
            return NO_MATERIAL
        if order.cell and not self._is_free(order.cell):
            return NO_CELL
        self.accept(order, phases)
        return OK

    def overflow(self, order: Order, phases: list[list[int]]) -> int:  # noqa: ARG002
        """A submit beyond the last row."""
        return FULL

    def accept(self, order: Order, phases: list[list[int]]) -> None:
        job = Job(
            job_id=order.job_id,
            attempt=order.attempt,
            recipe=order.recipe,
            chart_crc=order.chart_crc,
            order_id=image.label_of(self.staged[image.LABEL], order.job_id),
            sequence=order.sequence,
            phases=phases,
            ingredients=order.pairs,
        )
        self._memory.slots[self._memory.slots.index(None)] = job
        self._memory.changed("jobs", "bins")

    def _is_staged(self, order: Order, phases: list[list[int]]) -> bool:
        known = bool(phases) and all(phase[1] in self._build.stations for phase in phases)
        return known and order.job_id != 0 and image.crc(self.staged[image.CHART]) == order.chart_crc

    def _left(self, code: int) -> int:
        """Of an ingredient: what nobody has been promised yet."""
        numbers = [n for n, hopper in enumerate(self._build.hoppers, 1) if hopper.ingredient == code]
        return sum(self._kitchen.level(number) for number in numbers) - self._memory.committed(code)

    def _is_free(self, number: int) -> bool:
        return number <= len(self._memory.cells) and self._memory.cells[number - 1].state == CellState.FREE

    def _cancel(self, order: Order) -> int:
        job = self._memory.job(order.job_id, order.attempt)
        if job is None or job.state != JobState.QUEUED:
            return WRONG_STATE
        job.state = JobState.CANCELLED
        self._memory.changed("jobs", "bins")
        return OK

    def release(self, order: Order) -> int:
        job = self._memory.job(order.job_id, order.attempt)
        if job is None and self._memory.knows(order.job_id, order.attempt):
            return KNOWN
        if job is None or job.state not in OVER:
            return WRONG_STATE
        self._memory.release(job)
        self._memory.changed("jobs")
        return OK

    def open_cell(self, order: Order) -> int:
        if not 1 <= order.cell <= len(self._memory.cells):
            raise Refused
        cell = self._memory.cells[order.cell - 1]
        if self._sensors.on("estop") is not None:
            return WRONG_STATE
        if cell.state not in (CellState.LOADED, CellState.OPEN) or cell.job_id != order.job_id:
            return NO_CELL
        if cell.state == CellState.OPEN:
            return KNOWN
        cell.state = CellState.OPEN
        self._kitchen.expect_guest(order.cell - 1)
        self._memory.changed("cells")
        return OK

    def _set_bin(self, order: Order) -> int:
        if not order.pairs or not 1 <= order.pairs[0][0] <= len(self._build.hoppers):
            raise Refused
        number, level = order.pairs[0]
        if level > self._build.hoppers[number - 1].capacity:
            raise Refused
        self._memory.levels[number - 1] = level
        self._memory.changed("bins")
        return OK

    def _acknowledge(self, order: Order) -> int:  # noqa: ARG002  # of the shape that all orders have
        if self._sensors.on("estop") is not None:
            return WRONG_STATE
        self._memory.latched = False
        return OK
