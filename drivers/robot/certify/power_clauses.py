"""Power cuts: what is there again, what goes on, what is never begun again (robot.md#a-power-cut)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.robot.blocks import CellRow, JobSlot
from drivers.robot.certify.clauses import Broken, NotExamined
from drivers.robot.certify.examinee import Table
from drivers.robot.certify.trial import BEGUN, OVER, Trial
from drivers.robot.mailbox import Mailbox, Opcode, Result
from drivers.robot.port import Bin, CellState, ComplexState, CookingOrder, JobState
from drivers.robot.registers import HealthBlock

_LOOKS = 10
_FILLED = (CellState.LOADED, CellState.OPEN)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything, read as fast as it goes."""

    health: HealthBlock
    table: Table
    bins: tuple[Bin, ...]
    cells: tuple[CellRow, ...]


async def read(trial: Trial) -> Reading:
    robot = trial.robot
    table, cells, bins = await robot.table(), await robot.cells(), await robot.bins()
    return Reading(await robot.health(), table, bins, cells)


async def memory(trial: Trial) -> None:
    """One job is released before the cut, one lies in its cell, others cook and wait."""
    robot = trial.robot
    known = await trial.accepted()
    await trial.until_over(known)
    await robot.order(Mailbox(Opcode.RELEASE, known.job_id, known.attempt))
    await trial.filled()
    await trial.pause(trial.pace.settled_s)
    before = await read(trial)
    await trial.cut_power()
    after = await read(trial)
    _same_health(before.health, after.health)
    for row in before.table.jobs:
        rows = [one for one in after.table.jobs if (one.job_id, one.attempt) == (row.job_id, row.attempt)]
        if len(rows) != 1 or rows[0].recipe != row.recipe or rows[0].chart_crc != row.chart_crc:
            raise Broken("lost", f"job {row.job_id} stood as {row.state.name}: {len(rows)} rows")
        if row.state in OVER and rows[0].state is not row.state and row.state is not JobState.READY:
            raise Broken("state_changed", f"job {row.job_id}: {rows[0].state.name}, was {row.state.name}")
    _same_food(before, after)
    await trial.stand_up()
    if (result := await robot.submit(known)) != Result.ALREADY_KNOWN:
        raise Broken("wrong_result", f"job {known.job_id}, released before the cut: result {result}")


def _same_health(before: HealthBlock, after: HealthBlock) -> None:
    if after.serial != before.serial or after.boot != before.boot % 0xFFFF + 1:
        raise Broken("not_the_same", f"serial {after.serial}, boot {after.boot}, was {before.boot}")
    if after.state is not ComplexState.STOPPED:
        raise Broken("not_stopped", after.state.name)
    names = ("last_seq", "last_session", "last_opcode", "last_result", "last_job")
    if differ := [name for name in names if getattr(after, name) != getattr(before, name)]:
        raise Broken("forgot_order", ", ".join(f"{name} {getattr(after, name)}" for name in differ))


def _same_food(before: Reading, after: Reading) -> None:
    """Between reading and cut food may be dispensed and fetched; nothing comes into being."""
    promised = {row.ingredient: row.committed for row in before.bins}
    for was, row in zip(before.bins, after.bins, strict=True):
        if not was.level - promised[was.ingredient] - 1 <= row.level <= was.level:
            raise Broken("bin_changed", f"bin {row.bin}: {row.level}, was {was.level}")
    for number, (cell_was, cell) in enumerate(zip(before.cells, after.cells, strict=True), 1):
        if cell_was.state in _FILLED and cell.state in _FILLED and cell.job_id != cell_was.job_id:
            raise Broken("cell_forgot", f"cell {number}: job {cell.job_id}, was {cell_was.job_id}")


async def interrupted(trial: Trial) -> None:
    orders = await trial.filled()
    before = {row.job_id: row for row in (await trial.robot.table()).jobs}
    cooked = [job_id for job_id, row in before.items() if row.state in BEGUN]
    await trial.cut_power()
    after = {row.job_id: row for row in (await trial.robot.table()).jobs}
    for job_id, was in before.items():
        if job_id in after:  # what was accepted a moment ago is the business of another clause
            _ended_rightly(was, after[job_id])
    if not any(row.state is JobState.INTERRUPTED for row in after.values()):
        raise NotExamined("nothing_cooked", f"{len(cooked)} were cooking just before the cut")
    await trial.stand_up()
    await _stay_interrupted(trial, [job_id for job_id, row in after.items() if row.state is JobState.INTERRUPTED])
    for order in orders:
        if order.job_id in after and after[order.job_id].state is JobState.QUEUED:
            await _goes_on(trial, order)


def _ended_rightly(was: JobSlot, row: JobSlot) -> None:
    allowed = {JobState.INTERRUPTED, *OVER}
    if was.state is JobState.QUEUED:
        allowed |= {JobState.QUEUED}
    if row.state not in allowed:
        raise Broken("state_changed", f"job {was.job_id}: {row.state.name}, was {was.state.name}")
    if was.food_spent and not row.food_spent:
        raise Broken("food_forgotten", f"job {was.job_id}")


async def _stay_interrupted(trial: Trial, jobs: list[int]) -> None:
    for _ in range(_LOOKS):
        await trial.pause(trial.pace.watched_s / _LOOKS)
        for row in (await trial.robot.table()).jobs:
            if row.job_id in jobs and row.state is not JobState.INTERRUPTED:
                raise Broken("begun_again", f"job {row.job_id}: {row.state.name}")


async def _goes_on(trial: Trial, order: CookingOrder) -> None:
    row = await trial.until_over(order)
    if row.state not in (JobState.READY, JobState.PICKED_UP):
        raise Broken("not_cooked", f"job {order.job_id}, queued before the cut: {row.state.name}")


async def stored(trial: Trial) -> None:
    """The power goes as soon as an order was answered."""
    order = await trial.accepted()
    seq = (await trial.robot.table()).of(order)[0].accepted_seq
    await trial.cut_power()
    health, rows = await trial.robot.health(), (await trial.robot.table()).of(order)
    if health.last_seq != seq or len(rows) != 1:
        raise Broken("not_stored", f"job {order.job_id}: {len(rows)} rows, sequence {health.last_seq}, was {seq}")
