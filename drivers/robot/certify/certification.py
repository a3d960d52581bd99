"""One certification: fit to be examined, examined clause by clause, cleared away (robot.md#clauses)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from drivers.errors import DeviceUnreachable
from drivers.robot.certify import food_clauses, order_clauses, power_clauses, table_clauses, wire_clauses
from drivers.robot.certify.clauses import Broken, Certificate, Clause, Ended, Outcome, Unfit, Verdict
from drivers.robot.certify.examinee import Examinee
from drivers.robot.certify.load import load
from drivers.robot.certify.sharing import sharing
from drivers.robot.certify.trial import FIRST_JOB, Pace, Power, Sample, Tell, Trial
from drivers.robot.line import ModbusTimings
from drivers.robot.port import CellState

_TIMINGS = ModbusTimings()
_PACE = Pace()
_BEATS = 2.5  # a controller that is there beats in this time
#: Each clause with its examination and the clauses without which it tells nothing.
_EXAMINATIONS: tuple[tuple[Clause, Callable[[Trial], Awaitable[None]], tuple[Clause, ...]], ...] = (
    (Clause.FRAMES, wire_clauses.frames, ()),
    (Clause.ADDRESSES, wire_clauses.addresses, ()),
    (Clause.HEALTH, wire_clauses.health, ()),
    (Clause.HEADS, wire_clauses.heads, ()),
    (Clause.INPUTS, wire_clauses.inputs, ()),
    (Clause.MAILBOX, order_clauses.mailbox, ()),
    (Clause.ACKNOWLEDGEMENT, order_clauses.acknowledgement, ()),
    (Clause.SEQUENCE, order_clauses.sequence, ()),
    (Clause.REPEATS, order_clauses.repeats, ()),
    (Clause.CHART, order_clauses.chart, ()),
    (Clause.STATES, order_clauses.states, ()),
    (Clause.HEARTBEAT, order_clauses.heartbeat, ()),
    (Clause.FULL, table_clauses.full, ()),
    (Clause.CANCEL, table_clauses.cancel, ()),
    (Clause.RELEASE, table_clauses.release, ()),
    (Clause.GENERATIONS, food_clauses.generations, ()),
    (Clause.MATERIAL, food_clauses.material, ()),
    (Clause.READY, food_clauses.ready, ()),
    (Clause.CELLS, food_clauses.cells, (Clause.READY,)),
    (Clause.SHARING, sharing, (Clause.READY, Clause.CELLS)),
    (Clause.ONCE, table_clauses.once, ()),
    (Clause.MEMORY, power_clauses.memory, ()),
    (Clause.INTERRUPTED, power_clauses.interrupted, (Clause.MEMORY,)),
    (Clause.STORED, power_clauses.stored, (Clause.MEMORY,)),
    (Clause.LOAD, load, tuple(clause for clause in Clause if clause is not Clause.LOAD)),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """Where the complex is, what may be cooked there, how many jobs the last clause takes, and which clauses are
    wanted."""

    port: str
    samples: Sequence[Sample]
    baudrate: int = 115200
    unit: int = 1
    jobs: int = 300
    power: Power | None = None
    clauses: frozenset[Clause] = frozenset(Clause)
    timings: ModbusTimings = _TIMINGS
    pace: Pace = _PACE


async def certify(terms: Terms, tell: Tell) -> Certificate:
    """`tell` hears what goes on: a clause's verdict, `cut_power`, `fetch` and a cell. Raises `Unfit` before anything
    is done to the complex, or as soon as somebody else is seen to work with it; `DeviceUnreachable` where none is
    there."""
    robot = Examinee(terms.port, terms.baudrate, terms.unit, terms.timings, terms.pace.beat_s)
    trial = Trial(robot, terms.samples, terms.power, tell, jobs=terms.jobs, pace=terms.pace)
    try:
        health = await _fit(robot, trial)
        verdicts: list[Verdict] = []
        for clause, examine, needs in _EXAMINATIONS:
            if clause not in terms.clauses:
                continue
            await _is_nobodys_still(robot, trial.pace.beat_s * _BEATS)
            verdict = await _examined(trial, clause, examine, _missing(verdicts, needs))
            verdicts.append(verdict)
            tell(verdict.clause, verdict.outcome)
        return Certificate(*health, tuple(verdicts), await _cleared(trial))
    finally:
        robot.line.close()


async def _fit(robot: Examinee, trial: Trial) -> tuple[int, int]:
    """Its serial number and firmware. What an earlier certification left is cleared away; what is somebody's is not."""
    try:
        if not await robot.answers():
            await robot.line.read(0, 1)  # says why
        await _is_nobodys(robot, trial.pace.beat_s * _BEATS)
        health = await robot.health()
        await trial.clear()
    except Broken as broken:
        raise Unfit(broken.code, broken.detail) from broken
    return health.serial, health.firmware


async def _is_nobodys(robot: Examinee, watched_s: float) -> None:
    """Raises `Unfit` where somebody else's heart beats there, or somebody's food or job lies there."""
    robot.beating = False
    await _no_other_beats(robot, watched_s)
    await _no_foreign_jobs(robot)
    cells = enumerate(await robot.cells(), 1)
    filled = [number for number, cell in cells if cell.state != CellState.FREE and cell.job_id < FIRST_JOB]
    if filled:
        raise Unfit("cells_taken", ", ".join(map(str, filled)))
    robot.beating = True


async def _is_nobodys_still(robot: Examinee, watched_s: float) -> None:
    """The same before each clause, by a look: it is watched only where the echo is not that of our last beat, which a
    power cut forgets too. Raises `Unfit`; a complex that cannot be read is left to the clauses."""
    robot.beating = False
    try:
        await _no_foreign_jobs(robot)
        if (await robot.health()).echo != robot.last_beat:
            await _no_other_beats(robot, watched_s)
    except (Broken, DeviceUnreachable):
        return
    finally:
        robot.beating = True


async def _no_other_beats(robot: Examinee, watched_s: float) -> None:
    """While ours stands still."""
    echo = (await robot.health()).echo
    await asyncio.sleep(watched_s)
    if (await robot.health()).echo != echo:
        raise Unfit("controller_present")


async def _no_foreign_jobs(robot: Examinee) -> None:
    jobs = [row.job_id for row in (await robot.table()).jobs if row.job_id < FIRST_JOB]
    if jobs:
        raise Unfit("foreign_jobs", ", ".join(map(str, jobs)))


def _missing(verdicts: Sequence[Verdict], needs: Sequence[Clause]) -> list[Clause]:
    return [verdict.clause for verdict in verdicts if verdict.clause in needs and verdict.outcome is Outcome.BROKEN]


async def _examined(
    trial: Trial, clause: Clause, examine: Callable[[Trial], Awaitable[None]], missing: Sequence[Clause]
) -> Verdict:
    if missing:
        return Verdict(clause, Outcome.NOT_EXAMINED, "depends_on", ", ".join(missing))
    try:
        await trial.clear()
    except (Ended, DeviceUnreachable) as error:
        return Verdict(clause, Outcome.NOT_EXAMINED, "not_clear", str(error))
    try:
        await examine(trial)
    except Broken as broken:
        return Verdict(clause, Outcome.BROKEN, broken.code, broken.detail)
    except Ended as ended:
        return Verdict(clause, Outcome.NOT_EXAMINED, ended.code, ended.detail)
    except DeviceUnreachable as error:
        return Verdict(clause, Outcome.BROKEN, "no_answer", str(error))
    return Verdict(clause, Outcome.KEPT)


async def _cleared(trial: Trial) -> str:
    """Empty, or what is left in the complex."""
    try:
        await trial.clear()
    except (Ended, DeviceUnreachable) as error:
        return str(error)
    return ""
