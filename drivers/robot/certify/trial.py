"""What examinations share: jobs that are ours, waiting for them, clearing away."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from drivers.robot.blocks import JobSlot
from drivers.robot.certify.clauses import Broken, NotExamined, Unfit
from drivers.robot.certify.examinee import Examinee
from drivers.robot.mailbox import Mailbox, Opcode, Result
from drivers.robot.port import CellState, ComplexCommand, ComplexState, CookingOrder, HealthFlag, JobState, Phase

OVER = frozenset({JobState.READY, JobState.PICKED_UP, JobState.FAILED, JobState.INTERRUPTED, JobState.CANCELLED})
BEGUN = frozenset({JobState.COOKING, JobState.HELD})
#: Job numbers of certifications, of whatever day: a kiosk counts from 1.
FIRST_JOB = 0xF0000000
_JOBS_EACH = 0x1000
_TRANSITION_S = 60.0
_FETCH_S = 600.0
_POWER_S = 600.0
_SLACK_S = 120.0
_LOOK_S = 0.02
_FULL_CELLS_LOOKS = 60
_WAYS = {
    ComplexState.ABORTED: ComplexCommand.CLEAR,
    ComplexState.STOPPED: ComplexCommand.RESET,
    ComplexState.COMPLETE: ComplexCommand.RESET,
    ComplexState.IDLE: ComplexCommand.START,
    ComplexState.HELD: ComplexCommand.UNHOLD,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A dish that may be cooked: the quickest of those whose food is in the bins is."""

    recipe: int
    phases: tuple[Phase, ...]
    ingredients: tuple[tuple[int, int], ...]

    @property
    def nominal_s(self) -> int:
        return sum(phase.p2 for phase in self.phases)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between our heartbeats, without them until our absence must be noticed, until what was accepted is in
    the store of any complex that ever stores it, and how long an interrupted job is watched."""

    beat_s: float = 1.0
    away_s: float = 11.5
    settled_s: float = 2.0
    watched_s: float = 5.0


class Power(Protocol):
    """Cuts the complex's power and gives it back: by a command, or by a person who is asked to."""

    by_hand: bool

    async def cut(self) -> None: ...


#: What is told while it lasts: a stable word and its numbers.
Tell = Callable[[str, str], None]


class Trial:
    """One certification of one complex."""

    def __init__(
        self, robot: Examinee, samples: Sequence[Sample], power: Power | None, tell: Tell, *, jobs: int, pace: Pace
    ) -> None:
        self.robot = robot
        self.pace = pace
        self.power = power
        self.tell = tell
        self.jobs = jobs
        self._samples = samples
        self._next_job = FIRST_JOB + secrets.randbelow((0xFFFFFFFF - FIRST_JOB) // _JOBS_EACH) * _JOBS_EACH

    async def order(self) -> CookingOrder:
        """A job that never was. Raises `NotExamined` where nothing on the menu can be cooked."""
        self._next_job += 1
        sample = await self._cookable()
        label = f"c{self._next_job & 0xFFFFFF}"
        return CookingOrder(self._next_job, 1, sample.recipe, label, sample.phases, sample.ingredients)

    async def _cookable(self) -> Sample:
        free: dict[int, int] = {}
        for bin_ in await self.robot.bins():
            free[bin_.ingredient] = free.get(bin_.ingredient, 0) + bin_.level - bin_.committed
        stations = await self.robot.stations()
        for sample in sorted(self._samples, key=lambda one: one.nominal_s):
            fits = stations.issuperset(phase.station for phase in sample.phases)
            if fits and all(free.get(code, 0) >= amount for code, amount in sample.ingredients):
                return sample
        raise NotExamined("no_material")

    async def accepted(self) -> CookingOrder:
        """A job that the complex has taken. Where every cell is full it is asked again: what lies there is fetched
        sometime. Raises `Broken` where it refuses without a cause."""
        order = await self.order()
        result = await self.robot.submit(order)
        for _ in range(_FULL_CELLS_LOOKS):
            if result != Result.NO_CELL:
                break
            await self.pause(self.pace.settled_s)
            result = await self.robot.submit(order)
        if result != Result.OK:
            raise Broken("not_accepted", f"job {order.job_id}: result {result}")
        return order

    async def filled(self) -> list[CookingOrder]:
        """Jobs in every slot."""
        table = await self.robot.table()
        return [await self.accepted() for _ in range(table.head.count - len(table.jobs))]

    async def only(self, order: CookingOrder) -> JobSlot:
        """Its row. Raises `Broken` where there is none, or more than one."""
        rows = (await self.robot.table()).of(order)
        if len(rows) != 1:
            raise Broken("lost" if not rows else "twice", f"job {order.job_id}.{order.attempt}: {len(rows)} rows")
        return rows[0]

    async def absent(self, order: CookingOrder) -> None:
        """Raises `Broken` where it is in the table."""
        if (await self.robot.table()).of(order):
            raise Broken("taken_anyway", f"job {order.job_id}.{order.attempt}")

    # Waiting.

    async def pause(self, seconds: float) -> None:
        """Our heart goes on beating meanwhile."""
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, self.pace.beat_s / 2))
            if self.robot.beating:
                await self.robot.health()

    async def until(self, seen: Callable[[], Awaitable[bool]], within_s: float, code: str, detail: str = "") -> None:
        """Raises `Broken` with `code` when it is not seen in time."""
        end = asyncio.get_running_loop().time() + within_s
        while not await seen():
            if asyncio.get_running_loop().time() > end:
                raise Broken(code, detail or f"not within {within_s:.0f} s")
            await asyncio.sleep(_LOOK_S)

    async def until_over(self, order: CookingOrder, within_s: float | None = None) -> JobSlot:
        """Its row when it is cooked, or ended otherwise."""
        found: list[JobSlot] = []

        async def over() -> bool:
            row = await self.only(order)
            found[:] = [row]
            return row.state in OVER

        limit_s = sum(phase.max_s for phase in order.phases) + _SLACK_S if within_s is None else within_s
        await self.until(over, limit_s, "never_over", f"job {order.job_id}")
        return found[0]

    async def until_state(self, state: ComplexState) -> None:
        async def there() -> bool:
            return (await self.robot.health()).state is state

        await self.until(there, _TRANSITION_S, "state_not_reached", state.name)

    async def command(self, command: ComplexCommand, leads_to: ComplexState) -> None:
        if (result := await self.robot.order(Mailbox(int(command)))) != Result.OK:
            raise Broken("command_refused", f"{command.name}: result {result}")
        await self.until_state(leads_to)

    async def stand_up(self) -> None:
        """Until it executes. Raises `Broken` where it does not, `Unfit` where a person has to look first."""

        async def executes() -> bool:
            health = await self.robot.health()
            if health.flags & (HealthFlag.ESTOP_LATCHED | HealthFlag.ESTOP_PRESSED):
                raise Unfit("estop")
            if (command := _WAYS.get(health.state)) is not None:
                await self.robot.order(Mailbox(int(command)))
            return health.state is ComplexState.EXECUTE

        await self.until(executes, _TRANSITION_S, "state_not_reached", ComplexState.EXECUTE.name)

    # Power.

    async def cut_power(self) -> None:
        """Off, on and heard again. Raises `NotExamined` where nobody cuts it, `Broken` where it stays away."""
        if self.power is None:
            raise NotExamined("no_power_switch")
        boot = (await self.robot.health()).boot
        self.tell("cut_power", "")
        await self.power.cut()

        async def booted() -> bool:
            self.robot.line.close()
            return await self.robot.answers() and (await self.robot.health()).boot != boot

        try:
            await self.until(booted, _POWER_S, "not_cut")
        except Broken as error:
            if error.code == "not_cut" and await self.robot.answers():
                raise NotExamined("not_cut", f"boot {boot}") from error
            raise

    # Clearing away.

    async def clear(self) -> None:
        """Every job of certifications is ended and released, every cell of theirs empty. Raises `Broken`."""
        await self.stand_up()
        limit_s = sum(phase.max_s for sample in self._samples for phase in sample.phases) + _FETCH_S
        await self.until(self._cleared, limit_s, "not_cleared")

    async def _cleared(self) -> bool:
        await self.serve()
        table, cells = await self.robot.table(), await self.robot.cells()
        ours = [row for row in table.jobs if row.job_id >= FIRST_JOB]
        filled = [cell for cell in cells if cell.state != CellState.FREE and cell.job_id >= FIRST_JOB]
        return not ours and not filled

    async def serve(self) -> None:
        """What is queued is cancelled, what is over released, what is in a cell handed out."""
        for row in (await self.robot.table()).jobs:
            if row.job_id >= FIRST_JOB and row.state == JobState.QUEUED:
                await self.robot.order(Mailbox(Opcode.CANCEL, row.job_id, row.attempt))
        await self.release_over()
        await self.hand_out()

    async def release_over(self) -> list[JobSlot]:
        """Those that were released now."""
        found = []
        over = [row for row in (await self.robot.table()).jobs if row.job_id >= FIRST_JOB and row.state in OVER]
        for row in over:
            if await self.robot.order(Mailbox(Opcode.RELEASE, row.job_id, row.attempt)) == Result.OK:
                found.append(row)
        return found

    async def hand_out(self) -> None:
        """Opens every cell with food of ours: who stands there takes it."""
        for number, cell in enumerate(await self.robot.cells(), 1):
            if cell.state == CellState.LOADED and cell.job_id >= FIRST_JOB:
                result = await self.robot.order(Mailbox(Opcode.OPEN_CELL, cell.job_id, cell=number))
                if result == Result.OK:
                    self.tell("fetch", str(number))
