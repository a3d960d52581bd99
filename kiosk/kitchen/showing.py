"""What the robot tells, as the pictures that are shown: to the hall stations at work, whose number is where, cells and
minutes; to the technician jobs, phases, waits, faults in words and the line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from drivers.robot.port import Cell, CellState, CookingComplex, Job, JobState
from kiosk.clock import Clock
from kiosk.domain.kitchen.show import (
    JobShown,
    KitchenDetail,
    KitchenShow,
    ShownCell,
    ShownDish,
    ShownOrder,
    ShownStation,
    WaitingShown,
)
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.chart import ChartPhase
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import PENDING_PORTIONS, PortionStatus
from kiosk.domain.text import Text
from kiosk.kitchen.line_watch import LineWatch
from kiosk.store.ordering.cooking import WorkRow

_CELLS = {
    CellState.FREE: "free",
    CellState.RESERVED: "reserved",
    CellState.LOADED: "filled",
    CellState.OPEN: "open",
    CellState.FAULT: "closed",
}
_AT_WORK = (JobState.COOKING, JobState.HELD)
_BEGUN = (PortionStatus.COOKING, PortionStatus.READY, PortionStatus.HANDED_OUT)


class Showing:
    """Kept by the line's own loop; publishes where something that is seen has changed."""

    def __init__(self, kitchen: Kitchen, menu: CurrentMenu, clock: Clock, robot: CookingComplex) -> None:
        self._kitchen = kitchen
        self._clock = clock
        self._line = LineWatch(robot, clock)
        self._names = {n: Text(row.name.ru, row.name.en) for n, row in menu.now.equipment.by_number.items()}
        self._menu = menu

    def look(
        self, reason: str | None, jobs: Mapping[int, Job], cells: Iterable[Cell], work: Mapping[int, WorkRow]
    ) -> None:
        """`reason`: why nothing is cooked; the others as they were read in this round."""
        self._show(
            KitchenShow(
                reason=reason,
                stations=self._stations(jobs, work),
                cells=[_cell(cell, work, jobs) for cell in cells],
                orders=self._orders(work.values(), self._clock.now()),
            )
        )

    def look_closely(
        self,
        state: str,
        jobs: Mapping[int, Job],
        work: Mapping[int, WorkRow],
        words: Callable[[int], Text | None],
    ) -> None:
        """`state`: the complex's own; `words`: of a fault code, None for 0."""
        detail = KitchenDetail(
            state=state,
            jobs=[self._job(jobs[n], row, words) for n, row in work.items() if n in jobs],
            waiting=[self._waiting(row) for row in work.values() if row.status is PortionStatus.WAITING],
            line=self._line.look(),
        )
        if detail != self._kitchen.now.detail:
            self._kitchen.publish(detail=detail)

    def lose(self, reason: str) -> None:
        """The robot does not answer: where the portions are nobody knows."""
        self._show(KitchenShow(reason=reason))
        self._kitchen.publish(detail=KitchenDetail(line=self._line.look()))

    def _show(self, show: KitchenShow) -> None:
        if show != self._kitchen.now.show:
            self._kitchen.publish(show=show)

    def _stations(self, jobs: Mapping[int, Job], work: Mapping[int, WorkRow]) -> list[ShownStation]:
        here: dict[int, list[tuple[WorkRow, Job, ChartPhase]]] = {number: [] for number in self._names}
        for portion_id, row in work.items():
            job, phase = jobs.get(portion_id), self._phase(jobs.get(portion_id), row)
            if job is not None and phase is not None and phase.station in here:
                here[phase.station].append((row, job, phase))
        return [self._station(number, here[number]) for number in sorted(self._names)]

    def _phase(self, job: Job | None, row: WorkRow) -> ChartPhase | None:
        """The phase that a job is in; None between two of them, and before and after all."""
        if job is None or job.attempt != row.attempt or job.state not in _AT_WORK or job.waits:
            return None
        phases = self._kitchen.charts[row.chart_fingerprint].phases
        return phases[job.phase - 1] if 1 <= job.phase <= len(phases) else None

    def _station(self, number: int, here: Sequence[tuple[WorkRow, Job, ChartPhase]]) -> ShownStation:
        dishes = [ShownDish(row.number, self._image(row.item_id), job.state is JobState.HELD) for row, job, _ in here]
        busy = any(not dish.held for dish in dishes)
        arm = any(phase.resources and job.state is JobState.COOKING for _, job, phase in here)
        state = "closed" if number in self._kitchen.now.stations_closed else "busy" if busy else "free"
        return ShownStation(number, self._names[number], state, arm, dishes)

    def _image(self, item_id: str) -> str:
        dish = self._menu.now.dishes.get(item_id)
        return "" if dish is None else f"/assets/images/{dish.item.image}"

    def _job(self, job: Job, row: WorkRow, words: Callable[[int], Text | None]) -> JobShown:
        phase = self._phase(job, row)
        between = job.state is JobState.COOKING and job.waits
        return JobShown(
            portion_id=row.portion_id,
            number=row.number,
            item_id=row.item_id,
            attempt=job.attempt,
            state="between" if between else job.state.name.lower(),
            phase=job.phase,
            phases=len(self._kitchen.charts[row.chart_fingerprint].phases),
            operation=None if phase is None else phase.operation,
            station=None if phase is None else phase.station,
            left_s=job.remaining_s,
            cell=job.cell or None,
            says=words(job.fault) if job.fault else None,
        )

    def _waiting(self, row: WorkRow) -> WaitingShown:
        state = self._kitchen.now
        station = state.closed_station(row.chart_fingerprint)
        why = "given_back" if row.portion_id in state.recalled else "turn" if station is None else "station"
        return WaitingShown(row.portion_id, row.number, row.item_id, why, station)

    def _orders(self, work: Iterable[WorkRow], now: datetime) -> list[ShownOrder]:
        """As they were paid; `work` is in this order."""
        begun: dict[str, bool] = {}
        rows: dict[str, WorkRow] = {}
        for row in work:
            begun[row.order_id] = begun.get(row.order_id, False) or row.status in _BEGUN
            if row.status in PENDING_PORTIONS:
                rows.setdefault(row.order_id, row)
        return [ShownOrder(row.number, self._left_s(row, now), begun[order_id]) for order_id, row in rows.items()]

    def _left_s(self, row: WorkRow, now: datetime) -> int:
        return 0 if row.promised_at is None else self._kitchen.now.left_s(row.order_id, row.promised_at, now)


def _cell(cell: Cell, work: Mapping[int, WorkRow], jobs: Mapping[int, Job]) -> ShownCell:
    """A number only where its guest will find food that is his, and nothing else; what was thrown away or given back,
    and food of nobody's, is behind a closed door."""
    state, portions = _CELLS[cell.state], len(cell.loaded)
    if not cell.loaded:
        rows = [row for n in cell.coming if (row := work.get(n)) is not None and not row.given_back]
        return ShownCell(cell.cell, state, rows[0].number if rows else None, size=cell.size)
    its = [work[n] for n in cell.loaded if n in work and _is_its(cell, work[n], jobs.get(n))]
    if len(its) < portions or len({row.order_id for row in its}) > 1:
        return ShownCell(cell.cell, _CELLS[CellState.FAULT], None, size=cell.size)
    return ShownCell(cell.cell, state, its[0].number, portions, cell.size)


def _is_its(cell: Cell, row: WorkRow, job: Job | None) -> bool:
    """The cell is that of the portion as it is made now, not that of food that was made before it."""
    if row.given_back:
        return False
    if row.status is PortionStatus.READY:
        return row.cell in (None, cell.cell)
    pending = row.status in PENDING_PORTIONS
    return pending and job is not None and job.attempt == row.attempt and job.cell == cell.cell
