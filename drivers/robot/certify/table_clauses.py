"""The job table: its end, what leaves it, what is taken once (robot.md#clauses)."""

from __future__ import annotations

from dataclasses import replace

from drivers.robot.certify.clauses import Broken, NotExamined
from drivers.robot.certify.trial import OVER, Trial
from drivers.robot.mailbox import Mailbox, Opcode, Result
from drivers.robot.port import CookingOrder, JobState


async def full(trial: Trial) -> None:
    await trial.filled()
    before = [row and (row.job_id, row.attempt) for row in (await trial.robot.table()).rows]
    order = await trial.order()
    if (result := await trial.robot.submit(order)) != Result.FULL:
        raise Broken("wrong_result", f"job {len(before) + 1} of {len(before)}: result {result}")
    after = [row and (row.job_id, row.attempt) for row in (await trial.robot.table()).rows]
    if after != before:
        raise Broken("table_changed", f"{after}, was {before}")


async def cancel(trial: Trial) -> None:
    robot = trial.robot
    orders = await trial.filled()
    last = orders[-1]
    if (await trial.only(last)).state is not JobState.QUEUED:
        raise NotExamined("nothing_queued")
    result = await _order(trial, Opcode.CANCEL, last)
    row = await trial.only(last)
    if result == Result.OK and row.state is not JobState.CANCELLED:
        raise Broken("not_cancelled", f"job {last.job_id}: {row.state.name}")
    if result != Result.OK and row.state is JobState.QUEUED:
        raise Broken("wrong_result", f"job {last.job_id} is queued: result {result}")
    for order in orders:
        if (row := await trial.only(order)).state in (JobState.QUEUED, JobState.CANCELLED):
            continue
        if (result := await _order(trial, Opcode.CANCEL, order)) != Result.WRONG_STATE:
            raise Broken("wrong_result", f"job {order.job_id} was {row.state.name}: result {result}")
    await robot.order(Mailbox(Opcode.RELEASE, last.job_id, last.attempt))


async def _order(trial: Trial, opcode: Opcode, order: CookingOrder) -> int:
    return await trial.robot.order(Mailbox(opcode, order.job_id, order.attempt))


async def release(trial: Trial) -> None:
    order, behind = (await trial.accepted(), await trial.accepted())
    stranger = await trial.order()
    for wrong, what in (
        (replace(order, attempt=2), "another attempt"),
        (stranger, "an unknown job"),
        (behind, "not over"),
    ):
        was_over = wrong is behind and (await trial.only(behind)).state in OVER
        result = await _order(trial, Opcode.RELEASE, wrong)
        if result != Result.WRONG_STATE and not was_over:
            raise Broken("released_anyway", f"{what}: result {result}")
        if not was_over:
            await trial.only(order)
            await trial.only(behind)
    await trial.until_over(order)
    if (result := await _order(trial, Opcode.RELEASE, replace(order, attempt=2))) != Result.WRONG_STATE:
        raise Broken("released_anyway", f"another attempt, over: result {result}")
    await trial.only(order)
    if (result := await _order(trial, Opcode.RELEASE, order)) != Result.OK:
        raise Broken("not_released", f"job {order.job_id}: result {result}")
    if (await trial.robot.table()).of(order):
        raise Broken("not_released", f"job {order.job_id} is still in the table")
    if (result := await _order(trial, Opcode.RELEASE, order)) != Result.ALREADY_KNOWN:
        raise Broken("wrong_result", f"released a second time: result {result}")


async def once(trial: Trial) -> None:
    robot = trial.robot
    order = await trial.accepted()
    if (result := await robot.submit(order)) != Result.ALREADY_KNOWN:
        raise Broken("wrong_result", f"job {order.job_id}, in the table: result {result}")
    await trial.only(order)
    await trial.until_over(order)
    await _order(trial, Opcode.RELEASE, order)
    if (result := await robot.submit(order)) != Result.ALREADY_KNOWN:
        raise Broken("wrong_result", f"job {order.job_id}, released: result {result}")
    await trial.absent(order)
    again = replace(order, attempt=2)
    if (result := await robot.submit(again)) != Result.OK:
        raise Broken("not_accepted", f"job {order.job_id}, attempt 2: result {result}")
