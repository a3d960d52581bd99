"""Twelve complexes that do not keep their word, each in one point (robot.md#clauses)."""

from __future__ import annotations

from typing import Any

from drivers.robot.certify.clauses import Clause
from drivers.robot.port import JobState as SimulatedState
from drivers.sim.complex2 import image
from drivers.sim.complex2.desk import OK, SUBMIT, WRONG_STATE, Desk
from drivers.sim.complex2.firmware import Firmware
from drivers.sim.complex2.image import Order
from drivers.sim.complex2.kitchen import Kitchen
from drivers.sim.complex2.memory import OVER, Acknowledged, CellState, Job, JobState
from drivers.sim.robot.cells import Cells
from drivers.sim.robot.memory import CellRecord, Placed, SlotRecord

_LATER_S = 0.4
_JOBS_GENERATION = 21


class CooksRepetitions(Firmware):
    def repeat(self, order: Order) -> None:
        super().repeat(order)
        if order.opcode == SUBMIT and None in self.memory.slots:
            self.desk.accept(order, image.phases_of(self.desk.staged[image.CHART]))
            self.store()


class ForgetsItsTable(Firmware):
    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.memory.slots = [None] * len(self.memory.slots)
        self.store()


class ShowsAnOldGeneration(Firmware):
    def block(self, at: int) -> list[int]:
        words = super().block(at)
        if at == image.HEALTH:
            words[_JOBS_GENERATION] = 1
        elif at == image.JOBS:
            words[1] = 1
        return words


class AcknowledgesBeforeItStores(Firmware):
    """What was accepted within `_LATER_S` is not in its store yet."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self._fresh: dict[tuple[int, int], float] = {}
        self._before = Acknowledged()
        super().__init__(*args, **settings)
        for cell in self.memory.cells:
            if cell.state == CellState.RESERVED and self.memory.job(cell.job_id, cell.attempt) is None:
                cell.state, cell.job_id = CellState.FREE, 0

    def take(self, order: Order) -> None:
        if order.opcode == SUBMIT:
            self._before = self._before if self._fresh else self.memory.last
            self._fresh[order.job_id, order.attempt] = self._now() + _LATER_S
        super().take(order)

    def store(self) -> None:
        slots, last = self.memory.slots, self.memory.last
        if self._fresh:
            self.memory.slots = [None if job is not None and job.key in self._fresh else job for job in slots]
            self.memory.last = self._before
        super().store()
        self.memory.slots, self.memory.last = slots, last

    def advance(self) -> None:
        super().advance()
        if old := [key for key, due in self._fresh.items() if due <= self._now()]:
            for key in old:
                del self._fresh[key]
            self.store()


class AcceptsAFullTable(Firmware):
    class made_desk(Desk):  # noqa: N801
        def overflow(self, order: Order, phases: list[list[int]]) -> int:
            return OK


class ReleasesOthers(Firmware):
    class made_desk(Desk):  # noqa: N801
        def release(self, order: Order) -> int:
            over = [job for job in self._memory.jobs if job.job_id == order.job_id and job.state in OVER]
            if not over:
                return WRONG_STATE
            self._memory.release(over[0])
            self._memory.changed("jobs")
            return OK


class CountsMaterialTwice(Firmware):
    class made_kitchen(Kitchen):  # noqa: N801
        def dispense(self, job: Job) -> None:
            super().dispense(job)
            super().dispense(job)


class IsReadyWithoutFood(Firmware):
    class made_kitchen(Kitchen):  # noqa: N801
        def _occupy(self, job: Job, station: int, now: float) -> None:
            super()._occupy(job, station, now)
            if job.phase == len(job.phases):
                job.state = JobState.READY

        def interrupt(self) -> None:
            for job in self.memory.jobs:
                if job.state == JobState.READY and self.memory.cells[job.cell - 1].state == CellState.RESERVED:
                    job.state = JobState.COOKING
            super().interrupt()


class ForgetsItsStaging(Firmware):
    def take(self, order: Order) -> None:
        super().take(order)
        if order.opcode == SUBMIT:
            self.desk.staged[image.CHART] = [0] * image.CHART_SIZE


class MixesOrders(Cells):
    """Wherever there is room."""

    def own(self, slot: SlotRecord) -> int | None:
        placed = [record.placed for record in self._memory.cells]
        return next((n for n, here in enumerate(placed) if here and len(here) < self.size(n)), None)


class KeepsPortionsApart(Cells):
    def own(self, slot: SlotRecord) -> int | None:
        return None


class EmptiesItsCellsByHalves(Cells):
    """Who fetches gets the first that came."""

    def take(self, now: float) -> list[Placed]:
        taken = super().take(now)
        for one in [one for n, one in enumerate(taken) if any(one.order_id == other.order_id for other in taken[:n])]:
            index = next(n for n, record in enumerate(self._memory.cells) if not record.placed)
            self._memory.cells[index] = CellRecord((one,), shared=True)
            taken.remove(one)
            if (slot := self._memory.find(*one.key)) is not None:
                slot.state = SimulatedState.READY
        return taken


#: Of the first complex; the others are those of the second.
BAD_CELLS: tuple[type[Cells], ...] = (MixesOrders, KeepsPortionsApart, EmptiesItsCellsByHalves)
BAD: dict[Clause, type[Firmware]] = {
    Clause.REPEATS: CooksRepetitions,
    Clause.MEMORY: ForgetsItsTable,
    Clause.GENERATIONS: ShowsAnOldGeneration,
    Clause.STORED: AcknowledgesBeforeItStores,
    Clause.FULL: AcceptsAFullTable,
    Clause.RELEASE: ReleasesOthers,
    Clause.MATERIAL: CountsMaterialTwice,
    Clause.READY: IsReadyWithoutFood,
    Clause.CHART: ForgetsItsStaging,
}
