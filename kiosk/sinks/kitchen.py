"""The controller's end of the robot: submits portions and adopts what the robot shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.robot.port import (
    Cell,
    CellState,
    ComplexCommand,
    ComplexState,
    CookingComplex,
    CookingOrder,
    Health,
    HealthFlag,
    Job,
    JobState,
    Phase,
)
from kiosk.checkpoints import Checkpoints
from kiosk.clock import Clock
from kiosk.domain.menu import Menu
from kiosk.domain.order import PENDING_PORTIONS, PortionStatus
from kiosk.domain.readiness import Kitchen, Readiness
from kiosk.sinks import portions
from kiosk.sinks.picturing import KitchenPicture, why_not
from kiosk.store import cooking, orders, stocks, troubles
from kiosk.store.database import Database, Tx

_log = structlog.get_logger()
_CYCLE_S = 0.2
_BEAT_S = 1.0
_REFUSED_PAUSE_S = 2.0
#: A frame or two spoilt on the line close no restaurant: silence this long does. What is no silence does at once.
_SILENCE_S = 2.5
_UNHEARD = ("no_answer", "foreign_answer", "not_acknowledged", "job_not_seen")
#: Refusals that say nothing about the other portions: an empty bin stops the dishes that need it, no more.
_OF_ONE_PORTION = ("no_material", "chart_mismatch", "bad_request")
_TERMINAL = (JobState.READY, JobState.PICKED_UP, JobState.FAILED, JobState.INTERRUPTED, JobState.CANCELLED)
_STAND_UP = {
    ComplexState.ABORTED: ComplexCommand.CLEAR,
    ComplexState.STOPPED: ComplexCommand.RESET,
    ComplexState.COMPLETE: ComplexCommand.RESET,
    ComplexState.IDLE: ComplexCommand.START,
}


class KitchenLine:
    """One loop, the single owner of the robot's mailbox besides cell openings and recalls."""

    def __init__(
        self,
        database: Database,
        robot: CookingComplex,
        menu: Menu,
        kitchen: Kitchen,
        readiness: Readiness,
        clock: Clock,
        checkpoint: Checkpoints,
        refresh_holds: Callable[[], Awaitable[None]],
    ) -> None:
        self._db = database
        self._refresh_holds = refresh_holds
        self._robot = robot
        self._picture = KitchenPicture(database, robot, menu, kitchen, readiness, clock)
        self._clock = clock
        self._cp = checkpoint
        self._codes = {row.id: row.code for row in menu.ingredients.values()}
        self._wake = asyncio.Event()
        self._beat_at = 0.0
        self._heard_at: float | None = None
        self._pause_until = 0.0
        self._refused_until: dict[int, float] = {}
        self._foreign: set[int] = set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        if self._heard_at is None:
            await self._picture.restore_stations()
        try:
            while True:
                self._wake.clear()
                await self._cycle()
                self._heard_at = self._clock.monotonic()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CYCLE_S):
                        await self._wake.wait()
        except DeviceError as error:
            if not self._may_be_noise(error):
                await self._picture.lose(error)
            raise

    def _may_be_noise(self, error: DeviceError) -> bool:
        unheard = isinstance(error, DeviceUnreachable | OutcomeUnknown) and error.code in _UNHEARD
        return unheard and self._heard_at is not None and self._clock.monotonic() - self._heard_at < _SILENCE_S

    async def _cycle(self) -> None:
        health = await self._robot.health()
        await self._beat()
        await self._picture.look_at_bins()
        jobs = {job.job_id: job for job in await self._robot.jobs()}
        cells = await self._picture.look_at_cells()  # after the jobs: what they show as ready has been in its cell
        await self._picture.look_at_stations(health, jobs.values())
        fault = await self._picture.describe(health)
        await self._picture.tell(why_not(health, cells), fault)  # after the bins: sales never open on an empty picture
        await self._stand_up(health)
        await self._look_at_cells(await self._picture.read_work(), cells)  # before what is ready is called
        work = await self._adopt(jobs)
        await self._release(jobs, work)
        await self._call_parts(work, jobs, cells)
        await self._settle()
        if health.accepts_jobs:
            await self._submit(list(work.values()), jobs, health.slots)
        await self._refresh_holds()  # holds and stopped items as everyone else sees them

    async def _beat(self) -> None:
        now = self._clock.monotonic()
        if now - self._beat_at >= _BEAT_S:
            await self._robot.beat()
            self._beat_at = now

    async def _stand_up(self, health: Health) -> None:
        """After a power cut the complex waits for Clear, Reset, Start; after an e-stop for a person first."""
        if health.flags & (HealthFlag.ESTOP_PRESSED | HealthFlag.ESTOP_LATCHED):
            return
        command = _STAND_UP.get(health.state)
        if command is not None:
            _log.info("robot_stands_up", command=command.name, state=health.state.name)
            with contextlib.suppress(DeviceRefused):
                await self._robot.command(command)

    # Jobs.

    async def _adopt(self, jobs: dict[int, Job]) -> dict[int, cooking.WorkRow]:
        """Compare every portion in work with the robot's table; the portions as they are then."""
        work = await self._picture.read_work()
        for row in list(work.values()):
            job = jobs.get(row.portion_id)
            if job is not None and job.attempt == row.attempt:
                if portions.tells_more(row.status, job):
                    await self._adopt_one(row, job)
            elif row.status in (PortionStatus.QUEUED, PortionStatus.COOKING):
                await self._db.write(portions.lose_unknown, row.portion_id)
        for job_id in jobs.keys() - work.keys() - self._foreign:
            if await self._db.read(orders.portion, job_id) is None:
                self._foreign.add(job_id)
                _log.error("foreign_job", job_id=job_id)
                await self._db.write(_note_foreign, job_id, self._clock.now())
        return await self._picture.read_work()

    async def _adopt_one(self, row: cooking.WorkRow, job: Job) -> None:
        now = self._clock.now()
        down = self._picture.stations_down
        status = await self._db.write(portions.adopt, job, now, down)
        if status is row.status:
            return
        _log.info("portion_moved", order_id=row.order_id, portion_id=row.portion_id, status=status)
        if status is PortionStatus.COOKING:
            self._cp("portion.cooking")
        if status is PortionStatus.READY:
            self._picture.learn(row)
            self._cp("portion.ready")

    async def _release(self, jobs: dict[int, Job], work: dict[int, cooking.WorkRow]) -> None:
        """Free the slots of jobs whose end is written down, and of attempts that were given up."""
        for job in jobs.values():
            row = work.get(job.job_id)
            if row is None and job.state is JobState.QUEUED and job.job_id not in self._foreign:
                await self._cancel(job)  # given back before it was begun
            if job.state not in _TERMINAL or job.job_id in self._foreign:
                continue
            if row is not None and row.attempt == job.attempt and row.status in PENDING_PORTIONS:
                continue  # not written down yet
            await self._robot.release(job.job_id, job.attempt)
            await self._db.write(orders.mark_released, job.job_id)
            self._cp("robot.released")

    async def _cancel(self, job: Job) -> None:
        _log.info("job_cancelled", portion_id=job.job_id)
        with contextlib.suppress(DeviceRefused):  # begun in the meantime: it will be cooked and stay in its cell
            await self._robot.cancel(job.job_id, job.attempt)

    async def _look_at_cells(self, work: dict[int, cooking.WorkRow], cells: tuple[Cell, ...]) -> None:
        waiting = [row for row in work.values() if row.status is PortionStatus.READY]
        held = {cell.job_id for cell in cells if cell.state is not CellState.FREE}
        now = self._clock.now()
        for row in waiting:
            if row.portion_id not in held:
                await self._db.write(portions.hand_out, row.portion_id, now)

    async def _call_parts(
        self, work: dict[int, cooking.WorkRow], jobs: dict[int, Job], cells: tuple[Cell, ...]
    ) -> None:
        """No cell is free, and none that food is on its way to: orders that wait for one while they fill others are
        called to what is ready of them."""
        if not cells or any(cell.state is CellState.FREE or _is_awaited(cell, jobs) for cell in cells):
            return
        waiting = {row.order_id for row in work.values() if row.status in PENDING_PORTIONS}
        now = self._clock.now()
        for order_id in sorted({row.order_id for row in work.values() if row.status is PortionStatus.READY} & waiting):
            await self._db.write(portions.call_part, order_id, now)

    async def _settle(self) -> None:
        """Orders whose last open portion was given back go on with what is ready."""
        found = await self._db.read(cooking.read_stalled)
        now = self._clock.now()
        for order_id in found:
            await self._db.write(portions.progress, order_id, now)

    async def _submit(self, work: list[cooking.WorkRow], jobs: dict[int, Job], slots: int) -> None:
        """Give waiting portions to the robot, in the order they were paid, while its table has room."""
        now = self._clock.monotonic()
        self._refused_until = {name: until for name, until in self._refused_until.items() if until > now}
        free = slots - len(jobs)
        for row in work:
            again = row.status is PortionStatus.SUBMITTING and row.portion_id not in jobs
            if self._picture.is_recalled(row):
                continue
            if row.status is PortionStatus.WAITING and self._picture.needs_station_that_is_down(row):
                continue  # it would only hold a slot of the robot's table
            if (row.status is not PortionStatus.WAITING and not again) or row.portion_id in self._refused_until:
                continue
            if free <= 0 or now < self._pause_until:
                return
            free -= await self._submit_one(row, again)

    async def _submit_one(self, row: cooking.WorkRow, again: bool) -> bool:
        """True where the robot took it."""
        if not again:
            if not await self._claim(row.portion_id):  # controller rule 1: before the wire
                return False
            self._cp("portion.submitting")
        try:
            await self._robot.submit(self._cooking_order(row))
        except DeviceRefused as refusal:
            _log.warning("portion_refused", order_id=row.order_id, portion_id=row.portion_id, code=refusal.code)
            await self._db.write(portions.submitted, row.portion_id, PortionStatus.WAITING)
            until = self._clock.monotonic() + _REFUSED_PAUSE_S
            if refusal.code in _OF_ONE_PORTION:
                self._refused_until[row.portion_id] = until
            else:
                self._pause_until = until
            return False
        self._cp("robot.submitted")
        await self._db.write(portions.submitted, row.portion_id, PortionStatus.QUEUED)
        self._cp("portion.accepted")
        await self._robot.health()  # a fresh generation, so that the levels below already hold this job
        await self._picture.look_at_bins()
        await self._db.write(stocks.hand_over, [row.portion_id])
        return True

    def _cooking_order(self, row: cooking.WorkRow) -> CookingOrder:
        chart = self._picture.charts[row.chart_fingerprint]
        return CookingOrder(
            job_id=row.portion_id,
            attempt=row.attempt,
            recipe=row.recipe,
            order_id=row.order_id,
            phases=tuple(Phase(p.operation, p.station, p.p1, p.p2, p.max_s) for p in chart.phases),
            ingredients=tuple((self._codes[name], amount) for name, amount in row.formula.items()),
        )

    async def _claim(self, portion_id: int) -> bool:
        """False when the portion was given back since the look."""

        def run(tx: Tx) -> bool:
            row = orders.portion(tx, portion_id)
            if row is None or row.status is not PortionStatus.WAITING:
                return False
            orders.move_portion(tx, row, PortionStatus.SUBMITTING)
            return True

        return await self._db.write(run)


def _is_awaited(cell: Cell, jobs: dict[int, Job]) -> bool:
    """Reserved for food that is being made; what is held at a station may be so for the whole evening."""
    job = jobs.get(cell.job_id)
    return cell.state is CellState.RESERVED and not (job is not None and job.state is JobState.HELD)


def _note_foreign(tx: Tx, job_id: int, now: datetime) -> None:
    troubles.add_finding(tx, "foreign_job", str(job_id), "the robot cooks what the books do not know", now)
