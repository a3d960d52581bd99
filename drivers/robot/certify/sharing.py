"""Several portions of one order in one cell, never of two (robot.md#several-portions-in-a-cell)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from drivers.robot.certify.clauses import Broken, NotExamined
from drivers.robot.certify.trial import OVER, Trial
from drivers.robot.contents import ContentsRow
from drivers.robot.mailbox import Mailbox, Opcode, Result
from drivers.robot.port import Capability, CookingOrder, JobState

_TRIES = 8
_FETCH_S = 600.0
_COOKED = (JobState.READY, JobState.PICKED_UP)


async def sharing(trial: Trial) -> None:
    """A guest may be quicker than we are: then other jobs are cooked for it."""
    health = await trial.robot.health()
    if not health.known_capabilities & Capability.SHARED_CELLS:
        raise NotExamined("no_shared_cells")
    if max(row.size for row in await trial.robot.contents()) == 1 or health.slots == 1:
        raise NotExamined("no_large_cell")
    for _ in range(_TRIES):
        if await _seen(trial, health.slots):
            return
        await trial.clear()
    raise NotExamined("fetched_too_soon")


async def _seen(trial: Trial, slots: int) -> bool:
    """False where somebody has fetched food before it was seen."""
    first, *between, second = await _orders(trial)
    orders = [first, *between[: slots - 2], second]
    for order in orders:
        if (result := await trial.robot.submit(order)) != Result.OK:
            raise Broken("not_accepted", f"job {order.job_id}: result {result}")
    places = await _places(trial, orders)
    if places.get(first.job_id, 0) != places.get(second.job_id, 0):
        if JobState.PICKED_UP in {(await trial.only(order)).state for order in (first, second)}:
            return False
        raise Broken("apart", f"jobs {first.job_id}, {second.job_id}: cells {places}")
    for order in (first, second):
        row = await trial.until_over(order)
        if row.state not in _COOKED:
            raise Broken("not_cooked", f"job {order.job_id}: {row.state.name}")
    return await _leave_together(trial, places[first.job_id], first, second)


async def _orders(trial: Trial) -> list[CookingOrder]:
    """Two that share; between them, while there is room beside the first, one of another order, and one of theirs that
    wants its own cell."""
    first, other, alone, second = [await trial.order() for _ in range(4)]
    return [
        replace(first, together=2),
        replace(other, together=1),
        replace(alone, order_id=first.order_id),
        replace(second, order_id=first.order_id, together=1),
    ]


async def _places(trial: Trial, orders: Sequence[CookingOrder]) -> dict[int, int]:
    """In which cell each has got its place. Raises `Broken` where one holds what must not lie together."""
    found: dict[int, int] = {}
    shares = {order.job_id: order.order_id if order.together else f"{order.job_id}" for order in orders}

    async def placed() -> bool:
        for number, row in enumerate(await trial.robot.contents(), 1):
            ours = [job.job_id for job in row.jobs if job.job_id in shares]
            if len({shares[job_id] for job_id in ours}) > 1 or (ours and len(ours) != len(row.jobs)):
                raise Broken("mixed", f"cell {number}: jobs {[job.job_id for job in row.jobs]}")
            found.update(dict.fromkeys(ours, number))
        rows = [await trial.only(order) for order in orders]
        return all(row.job_id in found or row.state in OVER for row in rows)

    await trial.until(placed, _FETCH_S, "never_over", f"jobs {[order.job_id for order in orders]}")
    return found


async def _leave_together(trial: Trial, number: int, first: CookingOrder, second: CookingOrder) -> bool:
    """The cell opens for either of its jobs, and is emptied of both."""
    robot, both = trial.robot, {first.job_id, second.job_id}
    if not both.issubset(_lying(await robot.contents(), number)):
        if JobState.PICKED_UP in {(await trial.only(order)).state for order in (first, second)}:
            return False
        raise Broken("no_food", f"cell {number}: jobs {sorted(both)} are ready")
    result = await robot.order(Mailbox(Opcode.OPEN_CELL, second.job_id, cell=number))
    if result != Result.OK:
        if not both & _lying(await robot.contents(), number):
            return False
        raise Broken("not_opened", f"cell {number}, job {second.job_id}: result {result}")
    trial.tell("fetch", str(number))

    async def emptied() -> bool:
        left = both & _lying(await robot.contents(), number)
        if left and left != both:
            raise Broken("left_behind", f"cell {number}: job {min(left)}")
        return not left

    await trial.until(emptied, _FETCH_S, "never_fetched", f"cell {number}")
    for order in (first, second):
        if (row := await trial.only(order)).state is not JobState.PICKED_UP:
            raise Broken("left_behind", f"job {order.job_id}: {row.state.name}, cell {number} is empty")
    return True


def _lying(rows: Sequence[ContentsRow], number: int) -> set[int]:
    return {job.job_id for job in rows[number - 1].jobs if job.loaded}
