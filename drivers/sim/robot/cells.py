"""The simulated complex's hand-out cells, and the customers who come for what is in them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from drivers.robot.port import CellState, JobState
from drivers.sim.robot.bins import Surroundings
from drivers.sim.robot.cooking import EPSILON_S
from drivers.sim.robot.memory import CellRecord, Memory, SlotRecord

_PICK_UP_S = (10.0, 60.0)  # after ready
_TAKE_S = (1.0, 3.0)  # after the cell was opened


class Cells:
    """By index from 0. Times are wall seconds: nominal ones divided by `speed`. The caller commits."""

    def __init__(self, memory: Memory, around: Surroundings, rng: random.Random, *, speed: float) -> None:
        self._memory = memory
        self._around = around
        self._rng = rng
        self._speed = speed
        self._pick_ups: dict[int, float] = {}

    def states(self) -> list[CellState]:
        return [self.state(index) for index in range(len(self._memory.cells))]

    def state(self, index: int) -> CellState:
        record = self._memory.cells[index]
        if not record.job_id:
            return CellState.FAULT if self._around.cells_full else CellState.FREE
        if record.loaded:
            return CellState.OPEN if record.open else CellState.LOADED
        return CellState.RESERVED

    @property
    def none_free(self) -> bool:
        return CellState.FREE not in self.states()

    @property
    def blocked(self) -> bool:
        """No cell is free and none will be filled: only a customer, or a person, can change that."""
        return not {CellState.FREE, CellState.RESERVED} & set(self.states())

    def reserve(self, slot: SlotRecord) -> bool:
        """Whether there was one for it."""
        index = next((n for n, state in enumerate(self.states()) if state is CellState.FREE), None)
        if index is None:
            return False
        self._memory.cells[index] = CellRecord(slot.job_id, slot.attempt, slot.recipe, slot.order_id)
        slot.cell = index + 1
        return True

    def give_up(self, slot: SlotRecord) -> None:
        """No food will come into its cell."""
        if slot.cell:
            self._memory.cells[slot.cell - 1] = CellRecord()
            slot.cell = 0

    def load(self, slot: SlotRecord, now: float) -> None:
        self._memory.cells[slot.cell - 1].loaded = True
        self._expect_customer(slot.cell - 1, now)

    def open(self, index: int, now: float) -> None:
        self._memory.cells[index].open = True
        self._expect_customer(index, now)

    def wake(self, now: float) -> None:
        """After a boot food in the cells still waits for its customer."""
        for index, cell in enumerate(self._memory.cells):
            if cell.loaded:
                self._expect_customer(index, now)

    def customers_changed(self, now: float) -> None:
        """`nobody_comes` was switched: whoever was on the way stays away, or everybody sets out."""
        for index, cell in enumerate(self._memory.cells):
            if cell.loaded and not cell.open and self._around.nobody_comes:
                self._pick_ups.pop(index, None)
            elif cell.loaded and index not in self._pick_ups:
                self._expect_customer(index, now)

    def due(self) -> Iterator[float]:
        """When somebody comes."""
        yield from self._pick_ups.values()

    def take(self, now: float) -> list[CellRecord]:
        """What customers have taken by now."""
        taken = []
        for index in [index for index, at in self._pick_ups.items() if at <= now + EPSILON_S]:
            del self._pick_ups[index]
            cell = self._memory.cells[index]
            self._memory.cells[index] = CellRecord()
            slot = self._memory.find(cell.job_id, cell.attempt)
            if slot is not None:
                slot.state = JobState.PICKED_UP
            taken.append(cell)
        return taken

    def _expect_customer(self, index: int, now: float) -> None:
        if self._memory.cells[index].open:
            self._pick_ups[index] = now + self._draw(_TAKE_S)
        elif not self._around.nobody_comes:
            self._pick_ups[index] = now + self._draw(_PICK_UP_S)

    def _draw(self, span_s: tuple[float, float]) -> float:
        return self._rng.uniform(*span_s) / self._speed
