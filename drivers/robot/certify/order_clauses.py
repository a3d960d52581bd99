"""Orders one by one: what is taken, what is refused, what is acknowledged (robot.md#clauses)."""

from __future__ import annotations

from dataclasses import replace

from drivers.robot.certify.clauses import Broken
from drivers.robot.certify.examinee import REFUSED, submit_of
from drivers.robot.certify.trial import Trial
from drivers.robot.mailbox import Mailbox, Opcode, Result, encode_chart, encode_mailbox
from drivers.robot.port import ComplexCommand, ComplexState, CookingOrder
from drivers.robot.registers import CHART, CHART_SIZE, HealthBlock

_SPOILT = (0, 1, 3, 20, 33, 34, 35)


async def mailbox(trial: Trial) -> None:
    order = await trial.order()
    words = encode_mailbox(await trial.robot.submission(order))
    before = await trial.robot.health()
    for register in _SPOILT:
        spoilt = [*words[:register], words[register] ^ 1, *words[register + 1 :]]
        await _refused(trial, order, spoilt, before, f"register {register}")
    await _refused(trial, order, words[:-1], before, f"{len(words) - 1} registers")


async def _refused(trial: Trial, order: CookingOrder, words: list[int], before: HealthBlock, what: str) -> None:
    """Exception 3, health as before, no job."""
    if (result := await trial.robot.send(words)) != REFUSED:
        raise Broken("not_refused", f"{what}: result {result}")
    if _last(after := await trial.robot.health()) != _last(before):
        raise Broken("health_changed", f"{what}: {_last(after)}, was {_last(before)}")
    await trial.absent(order)


def _last(health: HealthBlock) -> tuple[int, ...]:
    return (health.last_seq, health.last_session, health.last_opcode, health.last_result, health.last_job)


async def acknowledgement(trial: Trial) -> None:
    robot = trial.robot
    order = await trial.order()
    box = await robot.submission(order)
    result = await robot.send(encode_mailbox(box))
    _shows(await robot.health(), box, Result.OK)
    row = await trial.only(order)
    shown = (row.recipe, row.chart_crc, row.accepted_seq)
    if result != Result.OK or shown != (box.recipe, box.chart_crc, box.seq):
        raise Broken("row_differs", f"recipe, CRC, sequence {shown}, sent {(box.recipe, box.chart_crc, box.seq)}")
    unknown = await trial.order()
    refused = await robot.numbered(Mailbox(Opcode.RELEASE, unknown.job_id, unknown.attempt))
    await robot.send(encode_mailbox(refused))
    _shows(await robot.health(), refused, Result.WRONG_STATE)


def _shows(health: HealthBlock, box: Mailbox, result: Result) -> None:
    expected = (box.seq, box.session, box.opcode, int(result), box.job_id)
    if _last(health) != expected:
        raise Broken("not_acknowledged", f"sequence, session, opcode, result, job {_last(health)}, sent {expected}")


async def sequence(trial: Trial) -> None:
    order = await trial.order()
    box = await trial.robot.submission(order)
    before = await trial.robot.health()
    last = before.last_seq
    wrong = {(box.seq + 1) & 0xFFFF, (box.seq + 1000) & 0xFFFF, (last - 1) & 0xFFFF, last ^ 0x8000} - {last, box.seq}
    for seq in sorted(wrong):
        await _refused(trial, order, encode_mailbox(box.sent_as(seq, box.session)), before, f"sequence {seq}")


async def repeats(trial: Trial) -> None:
    robot = trial.robot
    order = await trial.order()
    box = await robot.submission(order)
    words = encode_mailbox(box)
    if (result := await robot.send(words)) != Result.OK:
        raise Broken("not_accepted", f"job {order.job_id}: result {result}")
    before = await robot.health()
    for turn in (1, 2):
        if (again := await robot.send(words)) == REFUSED:
            raise Broken("repeat_refused", f"sequence {box.seq}")
        if again != result or _last(await robot.health()) != _last(before):
            raise Broken("repeat_differs", f"sequence {box.seq}: {again}, was {result}")
        rows = (await robot.table()).of(order)
        if len(rows) != 1:
            raise Broken("done_twice", f"job {order.job_id} stands {len(rows)} times after {turn} repetitions")
    stranger = await trial.order()
    await robot.send(encode_mailbox(submit_of(stranger).sent_as(box.seq, box.session % 0xFFFF + 1)))
    if _last(await robot.health()) != _last(before):
        raise Broken("stranger_answered", f"sequence {box.seq} in the name of another session")
    await trial.absent(stranger)


async def chart(trial: Trial) -> None:
    robot = trial.robot
    order = await trial.order()
    await robot.stage(
        replace(order, phases=(*order.phases[:-1], replace(order.phases[-1], p2=order.phases[-1].p2 + 1)))
    )
    if (result := await robot.order(submit_of(order))) != Result.CHART_MISMATCH:
        raise Broken("wrong_result", f"result {result} for another chart")
    await trial.absent(order)
    await _stays_staged(trial, order)


async def _stays_staged(trial: Trial, staged: CookingOrder) -> None:
    """Two jobs by a chart that is written once; before the second, one of its registers anew."""
    robot = trial.robot
    await robot.stage(staged)
    for rewritten in (False, True):
        order = replace(staged, job_id=(await trial.order()).job_id)
        if rewritten:
            await robot.write_staged(CHART + CHART_SIZE - 1, encode_chart(staged.phases)[-1:])
        if (result := await robot.order(submit_of(order))) != Result.OK:
            raise Broken("staging_forgotten", f"job {order.job_id}: result {result}")
        await trial.only(order)


async def states(trial: Trial) -> None:
    robot = trial.robot
    if (result := await robot.order(Mailbox(ComplexCommand.RESET))) != Result.WRONG_STATE:
        raise Broken("wrong_result", f"RESET while executing: result {result}")
    await _refuses_submit(trial, ComplexCommand.HOLD, ComplexState.HELD)
    await trial.command(ComplexCommand.UNHOLD, ComplexState.EXECUTE)
    await _refuses_submit(trial, ComplexCommand.STOP, ComplexState.STOPPED)
    await _up(trial)
    await _refuses_submit(trial, ComplexCommand.ABORT, ComplexState.ABORTED)
    await trial.command(ComplexCommand.CLEAR, ComplexState.STOPPED)
    await _up(trial)


async def _up(trial: Trial) -> None:
    await trial.command(ComplexCommand.RESET, ComplexState.IDLE)
    await trial.command(ComplexCommand.START, ComplexState.EXECUTE)


async def _refuses_submit(trial: Trial, command: ComplexCommand, leads_to: ComplexState) -> None:
    await trial.command(command, leads_to)
    order = await trial.order()
    if (result := await trial.robot.submit(order)) != Result.WRONG_STATE:
        raise Broken("wrong_result", f"a submit in {leads_to.name}: result {result}")
    await trial.absent(order)


async def heartbeat(trial: Trial) -> None:
    robot = trial.robot
    await robot.beat()
    robot.beating = False
    try:
        await trial.pause(trial.pace.away_s)
        order = await trial.order()
        if (result := await robot.submit(order)) != Result.WRONG_STATE:
            raise Broken("wrong_result", f"{trial.pace.away_s} s without our heartbeat: result {result}")
        await trial.absent(order)
    finally:
        robot.beating = True
    await robot.beat()
    await trial.accepted()
