"""Several portions of one order in one cell: who may come to whom, where there is room, and what must not lie together
(robot.md#several-portions-in-a-cell)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from drivers.robot.port import Cell, CellState, Job, JobState
from kiosk.domain.ordering.order import PENDING_PORTIONS, PortionStatus
from kiosk.store.ordering import holding, orders
from kiosk.store.ordering.cooking import WorkRow
from kiosk.store.transaction import Tx

_SENT = (PortionStatus.WAITING, PortionStatus.SUBMITTING)
_LYING = (PortionStatus.QUEUED, PortionStatus.COOKING, PortionStatus.READY)


def together(tx: Tx, row: orders.PortionRow) -> int:
    """How many portions of its order are still to be placed, this one among them; 0: none may lie beside it, for the
    cell of its order is not its guest's any more, or will not be."""
    rows = orders.portions(tx, row.order_id)
    if any(other.given_back and other.status in _LYING for other in rows) or holding.has_locked(tx, row.order_id):
        return 0
    return sum(other.status in _SENT and not other.given_back for other in rows)


def room_of(cells: Iterable[Cell], rows: Iterable[WorkRow]) -> Mapping[str, tuple[int, int]]:
    """By order: the size of its filled cell, and for how many portions more there is room."""
    of = {row.portion_id: row.order_id for row in rows if row.status is PortionStatus.READY and not row.given_back}
    found: dict[str, tuple[int, int]] = {}
    for cell in cells:
        lying = {of.get(portion_id) for portion_id in cell.loaded}
        left = cell.size - len(cell.loaded)
        if cell.state is CellState.LOADED and left and len(lying) == 1 and (order_id := lying.pop()) is not None:
            size, more = found.get(order_id, (cell.size, 0))
            found[order_id] = (size, more + left)
    return found


def waits_for_a_cell(
    order_id: str, work: Mapping[int, WorkRow], jobs: Mapping[int, Job], cells: Iterable[Cell]
) -> bool:
    """Something of the order is still to be cooked and has no place; or has one, and nobody knows for how long it is
    held where it is."""
    pending = [row for row in work.values() if row.order_id == order_id and row.status in PENDING_PORTIONS]
    going_on = [
        row
        for row in pending
        if (job := jobs.get(row.portion_id)) is not None and job.state in (JobState.QUEUED, JobState.COOKING)
    ]
    _, left = room_of(cells, work.values()).get(order_id, (0, 0))
    return bool(pending) and (len(going_on) < len(pending) or left < len(pending))


def is_awaited(cell: Cell, jobs: Mapping[int, Job]) -> bool:
    """Food that is being made comes there, or came after `jobs` were read, and is not ready by the books yet. What is
    held at a station may be so for the whole evening."""
    coming = [jobs.get(job_id) for job_id in cell.coming]
    came = [job for job_id in cell.loaded if (job := jobs.get(job_id)) is not None]
    return any(job is None or job.state is not JobState.HELD for job in coming) or any(
        job.state in (JobState.QUEUED, JobState.COOKING) for job in came
    )


def ready_in(cell: Cell, work: Mapping[int, WorkRow]) -> list[WorkRow]:
    """Portions that lie there by the books too."""
    rows = [work[portion_id] for portion_id in cell.loaded if portion_id in work]
    return [row for row in rows if row.status is PortionStatus.READY and row.cell in (None, cell.cell)]


def is_mixed(cell: Cell, work: Mapping[int, WorkRow]) -> bool:
    """What lies there is not all for one guest: something was given back, thrown away, or is of nobody we know."""
    rows = [work.get(portion_id) for portion_id in cell.loaded]
    if len({None if row is None else row.order_id for row in rows}) > 1:
        return True
    return any(row is None or row.given_back or row.status is PortionStatus.FAILED for row in rows)
