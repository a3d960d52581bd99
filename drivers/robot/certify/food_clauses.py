"""Food: what it takes, where it lies, who gets it (robot.md#clauses)."""

from __future__ import annotations

from collections.abc import Callable

from drivers.robot import blocks
from drivers.robot.certify.clauses import Broken, NotExamined
from drivers.robot.certify.examinee import REFUSED
from drivers.robot.certify.trial import Trial
from drivers.robot.mailbox import Mailbox, Opcode, Result, encode_mailbox
from drivers.robot.port import CellState, CookingOrder, JobState
from drivers.robot.registers import HealthBlock

_TRIES = 8
_DOSING = 0.2  # share of an amount that a dispenser may be off
_FILLED = (CellState.LOADED, CellState.OPEN)


async def generations(trial: Trial) -> None:
    """A whole life of a job is looked at: the same generation never stands over two contents."""
    seen: dict[str, dict[int, object]] = {"jobs": {}, "bins": {}, "cells": {}}
    before = await _look(trial, seen)
    order = await trial.accepted()

    async def fetched() -> bool:
        await _look(trial, seen)
        await trial.hand_out()
        return (await trial.only(order)).state is JobState.PICKED_UP

    await trial.until(fetched, _patience_s(order), "never_over", f"job {order.job_id}")
    await trial.release_over()
    after = await _look(trial, seen)
    if before is not None and after is not None and before == after:
        raise Broken("same_generation", f"jobs, bins, cells {after} before a job and after it")


async def _look(trial: Trial, seen: dict[str, dict[int, object]]) -> tuple[int, int, int] | None:
    """The generations, where they did not change while the blocks were read. Raises `Broken`."""
    before = _of(await trial.robot.health())
    table, bins, cells = await trial.robot.table(), await trial.robot.bins(), await trial.robot.cells()
    if (after := _of(await trial.robot.health())) != before:
        return None
    contents = {
        "jobs": [
            row and (row.job_id, row.attempt, row.state, row.phase, row.cell, row.food_spent) for row in table.rows
        ],
        "bins": list(bins),
        "cells": [(cell.state, cell.job_id) for cell in cells],
    }
    for generation, (name, content) in zip(after, contents.items(), strict=True):
        if seen[name].setdefault(generation, content) != content:
            raise Broken("same_generation", f"{name}: {generation}")
    return after


def _of(health: HealthBlock) -> tuple[int, int, int]:
    return health.jobs_generation, health.bins_generation, health.cells_generation


def _patience_s(order: CookingOrder) -> float:
    return 600.0 + sum(phase.max_s for phase in order.phases)


async def material(trial: Trial) -> None:
    order = await trial.order()
    before = await _stock(trial)
    if (result := await trial.robot.submit(order)) != Result.OK:
        raise Broken("not_accepted", f"job {order.job_id}: result {result}")
    _accounts(before, await _stock(trial), order, "not_committed", lambda level, committed: level - committed)
    await trial.until_over(order)
    after = await _stock(trial)
    _accounts(before, after, order, "taken_wrong", lambda level, _: level)
    for code, _ in order.ingredients:
        if after[code][1] != before[code][1]:
            raise Broken("still_committed", f"ingredient {code}: {after[code][1]}, was {before[code][1]}")


async def _stock(trial: Trial) -> dict[int, tuple[int, int]]:
    """(level, committed) of each ingredient."""
    found: dict[int, tuple[int, int]] = {}
    for row in await trial.robot.bins():
        level, committed = found.get(row.ingredient, (0, 0))
        found[row.ingredient] = (level + row.level, committed + row.committed)
    return found


def _accounts(
    before: dict[int, tuple[int, int]],
    after: dict[int, tuple[int, int]],
    order: CookingOrder,
    code: str,
    left: Callable[[int, int], int],
) -> None:
    """What is `left` has fallen by what the formula says, as exactly as a dispenser doses."""
    for ingredient, amount in order.ingredients:
        gone = left(*before[ingredient]) - left(*after[ingredient])
        if abs(gone - amount) > 1 + amount * _DOSING:
            raise Broken(code, f"ingredient {ingredient}: {gone} of {amount}")


async def ready(trial: Trial) -> None:
    """As soon as a job is shown as ready, its cell is looked into."""
    for _ in range(2):
        order = await trial.accepted()
        row = await trial.until_over(order)
        if row.state not in (JobState.READY, JobState.PICKED_UP):
            raise Broken("not_cooked", f"job {order.job_id}: {row.state.name}")
        if row.state is JobState.READY:
            await _food_is_there(trial, order, row)
        await trial.release_over()


async def _food_is_there(trial: Trial, order: CookingOrder, row: blocks.JobSlot) -> None:
    cells = await trial.robot.cells()
    if not 1 <= row.cell <= len(cells):
        raise Broken("no_food", f"job {order.job_id} is ready in cell {row.cell}")
    cell = cells[row.cell - 1]
    if cell.state in _FILLED and cell.job_id == order.job_id:
        return
    if (now := await trial.only(order)).state is not JobState.PICKED_UP:
        raise Broken(
            "no_food", f"job {order.job_id} is {now.state.name}, cell {row.cell} {cell.state.name} {cell.job_id}"
        )


async def cells(trial: Trial) -> None:
    """A guest may be quicker than we are: then another job is cooked for it."""
    for _ in range(_TRIES):
        order = await trial.accepted()
        row = await trial.until_over(order)
        if row.state is JobState.READY and await _kept(trial, order, row.cell):
            return
        await trial.release_over()
    raise NotExamined("fetched_too_soon")


async def _kept(trial: Trial, order: CookingOrder, number: int) -> bool:
    """False where somebody has fetched the food before the end."""
    robot = trial.robot
    for job_id, cell_number, expected, what in (
        (order.job_id ^ 1, number, Result.NO_CELL, "another job"),
        (order.job_id, len(await robot.cells()) + 1, REFUSED, "a cell that is not there"),
    ):
        box = await robot.numbered(Mailbox(Opcode.OPEN_CELL, job_id, cell=cell_number))
        if (result := await robot.send(encode_mailbox(box))) != expected:
            raise Broken("opened_anyway", f"cell {number}, {what}: result {result}")
        if (await robot.cells())[number - 1].state is CellState.OPEN:
            raise Broken("opened_anyway", f"cell {number}, {what}")
    await robot.order(Mailbox(Opcode.RELEASE, order.job_id, order.attempt))
    cell = (await robot.cells())[number - 1]
    if cell.state is CellState.FREE:
        return False
    if cell.job_id != order.job_id:
        raise Broken("cell_forgot", f"cell {number}: job {cell.job_id}, was {order.job_id}")
    result = await robot.order(Mailbox(Opcode.OPEN_CELL, order.job_id, cell=number))
    if result != Result.OK:
        if (await robot.cells())[number - 1].state is CellState.FREE:
            return False
        raise Broken("not_opened", f"cell {number}: result {result}")
    trial.tell("fetch", str(number))

    async def empty() -> bool:
        return (await robot.cells())[number - 1].job_id != order.job_id

    await trial.until(empty, _patience_s(order), "never_fetched", f"cell {number}")
    return True
