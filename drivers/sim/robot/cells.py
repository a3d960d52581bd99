"""The simulated complex's hand-out cells, and the customers who come for what is in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from drivers.robot.port import CellState, JobState
from drivers.sim.robot.bins import Surroundings
from drivers.sim.robot.cooking import EPSILON_S
from drivers.sim.robot.memory import CellRecord, Memory, Placed, SlotRecord

_PICK_UP_S = (10.0, 60.0)  # after ready
_TAKE_S = (1.0, 3.0)  # after the cell was opened


class Cells:
    """By index from 0. Times are wall seconds: nominal ones divided by `speed`. The caller commits. A job that shares
    goes to a cell of its order (robot.md#several-portions-in-a-cell); where `shares` is false each has its own."""

    def __init__(
        self, memory: Memory, around: Surroundings, rng: random.Random, *, speed: float, shares: bool = True
    ) -> None:
        self._memory = memory
        self._around = around
        self._rng = rng
        self._speed = speed
        self.shares = shares
        self._pick_ups: dict[int, float] = {}

    def states(self) -> list[CellState]:
        return [self.state(index) for index in range(len(self._memory.cells))]

    def state(self, index: int) -> CellState:
        record = self._memory.cells[index]
        if not record.placed:
            return CellState.FAULT if self._around.cells_full else CellState.FREE
        if record.loaded:
            return CellState.OPEN if record.open else CellState.LOADED
        return CellState.RESERVED

    def size(self, index: int) -> int:
        """How many portions fit; one into a cell that the description does not have any more; never less than lie
        there, whatever it says since they came."""
        rows = self._memory.equipment.cells
        said = rows[index].size if self.shares and index < len(rows) else 1
        return max(said, len(self._memory.cells[index].placed))

    @property
    def none_free(self) -> bool:
        return CellState.FREE not in self.states()

    @property
    def blocked(self) -> bool:
        """No cell is free, none will be filled, and nobody's order has room in its own: only a customer, or a person,
        can change that."""
        if CellState.FREE in self.states() or any(record.coming for record in self._memory.cells):
            return False
        return not any(slot.state is JobState.QUEUED and self.own(slot) is not None for slot in self._memory.jobs())

    def own(self, slot: SlotRecord) -> int | None:
        """The cell of its order that it may share: shut, and with room."""
        if not (slot.together and slot.order_id):
            return None
        return next((index for index in self._allowed(slot) if self._has_room(index, slot)), None)

    def _has_room(self, index: int, slot: SlotRecord) -> bool:
        record = self._memory.cells[index]
        mine = record.shared and any(placed.order_id == slot.order_id for placed in record.placed)
        return mine and not record.open and len(record.placed) < self.size(index)

    def place_for(self, slot: SlotRecord) -> int | None:
        """Of its order's cells one with room; else the smallest free one for all of the order that is still to be
        placed; else the largest."""
        if (index := self.own(slot)) is not None:
            return index
        free = [index for index in self._allowed(slot) if self.state(index) is CellState.FREE]
        wanted = self._to_place(slot)
        large = [index for index in free if self.size(index) >= wanted]
        return min(large, key=self.size) if large else max(free, key=self.size, default=None)

    def _allowed(self, slot: SlotRecord) -> range:
        """All, or the one that its order names."""
        return range(slot.only_cell - 1, slot.only_cell) if slot.only_cell else range(len(self._memory.cells))

    def _to_place(self, slot: SlotRecord) -> int:
        """Portions of its order: what was said with it, or what waits in the table, whichever is more."""
        if not slot.together:
            return 1
        queued = [row for row in self._memory.jobs() if row.state is JobState.QUEUED and row.together]
        return max(slot.together, sum(row.order_id == slot.order_id for row in queued if slot.order_id))

    def reserve(self, slot: SlotRecord) -> bool:
        """Whether there was a place for it."""
        index = self.place_for(slot)
        if index is None:
            return False
        record = self._memory.cells[index]
        placed = Placed(slot.job_id, slot.attempt, slot.recipe, slot.order_id)
        self._memory.cells[index] = replace(record, placed=(*record.placed, placed), shared=bool(slot.together))
        slot.cell = index + 1
        return True

    def give_up(self, slot: SlotRecord, now: float) -> None:
        """No food of it will come into its cell; what lies there is all that its customer waits for."""
        if slot.cell:
            index, slot.cell = slot.cell - 1, 0
            self._keep(index, [placed for placed in self._memory.cells[index].placed if placed.key != slot.key])
            self._expect_customer(index, now)

    def is_shut(self, slot: SlotRecord) -> bool:
        """Food comes into no cell whose door is open."""
        return not self._memory.cells[slot.cell - 1].open

    def load(self, slot: SlotRecord, now: float) -> None:
        index = slot.cell - 1
        placed = self._memory.cells[index].placed
        self._keep(index, [replace(one, loaded=True) if one.key == slot.key else one for one in placed])
        self._expect_customer(index, now)

    def _keep(self, index: int, placed: list[Placed]) -> None:
        record = self._memory.cells[index]
        self._memory.cells[index] = replace(record, placed=tuple(placed)) if placed else CellRecord()

    def open(self, index: int, now: float) -> None:
        self._memory.cells[index].open = True
        self._expect_customer(index, now)

    def wake(self, now: float) -> None:
        """After a boot food in the cells still waits for its customer."""
        for index in range(len(self._memory.cells)):
            self._expect_customer(index, now)

    def customers_changed(self, now: float) -> None:
        """`nobody_comes` was switched: whoever was on the way stays away, or everybody sets out."""
        for index, cell in enumerate(self._memory.cells):
            if cell.loaded and not cell.open and self._around.nobody_comes:
                self._pick_ups.pop(index, None)
            elif index not in self._pick_ups:
                self._expect_customer(index, now)

    def due(self) -> Iterator[float]:
        """When somebody comes."""
        yield from self._pick_ups.values()

    def take(self, now: float) -> list[Placed]:
        """What customers have taken by now: all that lay in a cell. What is on its way there keeps its place."""
        taken: list[Placed] = []
        for index in [index for index, at in self._pick_ups.items() if at <= now + EPSILON_S]:
            del self._pick_ups[index]
            placed = self._memory.cells[index].placed
            self._memory.cells[index].open = False
            self._keep(index, [one for one in placed if not one.loaded])
            taken += [one for one in placed if one.loaded]
        for one in taken:
            if (slot := self._memory.find(*one.key)) is not None:
                slot.state = JobState.PICKED_UP
        return taken

    def _expect_customer(self, index: int, now: float) -> None:
        """Whoever was not let in comes once nothing more of the order is on its way."""
        record = self._memory.cells[index]
        if not record.loaded:
            return
        if record.open:
            self._pick_ups[index] = now + self._draw(_TAKE_S)
        elif not self._around.nobody_comes and not record.coming:
            self._pick_ups[index] = now + self._draw(_PICK_UP_S)

    def _draw(self, span_s: tuple[float, float]) -> float:
        return self._rng.uniform(*span_s) / self._speed
