"""The controller's end of the robot: submits portions and adopts what the robot shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
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
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.chart import Chart
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import PENDING_PORTIONS, PortionStatus
from kiosk.kitchen import progress
from kiosk.kitchen.care import FoodCare
from kiosk.kitchen.hearing import Hearing
from kiosk.kitchen.holding import cell_of
from kiosk.kitchen.learning import Learning
from kiosk.kitchen.picture import KitchenPicture, why_not
from kiosk.kitchen.sharing import is_awaited, together, waits_for_a_cell
from kiosk.kitchen.showing import Showing
from kiosk.kitchen.turns import in_turn, would_be_cold
from kiosk.store.database import Database
from kiosk.store.menu import revisions
from kiosk.store.ordering import cooking, orders
from kiosk.store.payment import refunds
from kiosk.store.staff import troubles
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_CYCLE_S = 0.2
_BEAT_S = 1.0
_REFUSED_PAUSE_S = 2.0
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
        clock: Clock,
        *,
        menu: CurrentMenu,
        kitchen: Kitchen,
        readiness: Readiness,
        care: FoodCare,
        checkpoint: Checkpoints,
    ) -> None:
        self._db = database
        self._robot = robot
        self._picture = KitchenPicture(database, robot, menu, kitchen, readiness, clock)
        self._learning = Learning(database, kitchen, clock)
        self._showing = Showing(kitchen, menu, clock, robot)
        self._care = care
        self._clock = clock
        self._cp = checkpoint
        self._menu = menu
        self._wake = asyncio.Event()
        self._beat_at = 0.0
        self._hearing = Hearing(database, clock)
        self._pause_until = 0.0
        self._refused_until: dict[int, float] = {}
        self._station_wait_s = care.station_wait_s
        self._shut_since: dict[int, float] = {}
        self._foreign: set[int] = set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        if self._hearing.is_new:
            await self._hearing.restore()
            await self._picture.restore_stations()
            await self._care.climate.restore()
            await self._care.lots.restore()
            await self._care.upkeep.restore()
        try:
            while True:
                self._wake.clear()
                self._hearing.begin()
                await self._cycle()
                await self._hearing.end()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CYCLE_S):
                        await self._wake.wait()
        except DeviceError as error:
            if not self._may_be_noise(error):
                self._showing.lose(await self._picture.lose(error))
            raise

    def _may_be_noise(self, error: DeviceError) -> bool:
        unheard = isinstance(error, DeviceUnreachable | OutcomeUnknown) and error.code in _UNHEARD
        return unheard and self._hearing.is_recent

    async def _cycle(self) -> None:
        health = await self._robot.health()
        await self._beat()
        await self._picture.look_at_bins()
        jobs = {job.job_id: job for job in await self._robot.jobs()}
        cells = await self._picture.look_at_cells()  # after the jobs: what they show as ready has been in its cell
        await self._picture.look_at_stations(health, jobs.values())
        await self._picture.compare(health)
        await self._care.climate.look(self._picture.temps)
        await self._care.lots.look(
            self._picture.bins, jobs.values()
        )  # before a job's end is written, and it is released
        fault, reason = await self._picture.describe(health), why_not(health, cells)
        if reason is not None:
            await self._picture.tell(reason, fault)
        await self._stand_up(health)
        work = await self._picture.read_work(jobs)
        self._learning.look(jobs.values(), work, health)
        await self._look_at_cells(work, cells)  # before what is ready is called
        await self._care.holding.look(work, cells)
        await self._care.cell_temperatures.look(work, cells)
        work = await self._adopt(jobs)
        self._picture.settle_bins()  # after the jobs: what is free of them is not sold twice
        await self._picture.tell(reason, fault)  # after the bins: sales never open on an empty picture
        self._showing.look(reason, jobs, cells, work)
        self._showing.look_closely(health.state.name.lower(), jobs, work, self._picture.words_of)
        await self._care.upkeep.look()  # after the show: at the stations where something is cooked
        await self._release(jobs, work)
        await self._call_parts(work, jobs, cells)
        await self._settle()
        await self._give_back_unfit(work, jobs)
        if health.accepts_jobs:
            await self._submit(list(work.values()), jobs, health.slots)

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
        """Compare every portion in work with the robot's table; the portions as they are then. What is to be made again
        comes first: its food is held anew before that of others is left to the robot."""
        work = await self._picture.read_work(jobs)
        for row in sorted(work.values(), key=lambda row: not _is_lost(jobs.get(row.portion_id))):
            job = jobs.get(row.portion_id)
            if job is not None and job.attempt == row.attempt:
                if progress.tells_more(row.status, job):
                    await self._adopt_one(row, job)
            elif row.status in (PortionStatus.QUEUED, PortionStatus.COOKING):
                await self._db.write(progress.lose_unknown, row.portion_id)
        for job_id in jobs.keys() - work.keys() - self._foreign:
            if await self._db.read(orders.portion, job_id) is None:
                self._foreign.add(job_id)
                _log.error("foreign_job", job_id=job_id)
                await self._db.write(_note_foreign, job_id, self._clock.now())
        return await self._picture.read_work(jobs)

    async def _adopt_one(self, row: cooking.WorkRow, job: Job) -> None:
        now = self._clock.now()
        closed = self._picture.stations_closed
        ready_at = self._hearing.ready_at(row, self._picture.seconds(row), now)
        held = progress.Held(ready_at, self._care.holding.hold_until(row, ready_at))
        status = await self._db.write(progress.adopt, job, now, closed, held)
        if status is row.status:
            return
        _log.info("portion_moved", order_id=row.order_id, portion_id=row.portion_id, status=status)
        if status is PortionStatus.COOKING:
            self._cp("portion.cooking")
        if status is PortionStatus.READY:
            await self._learning.keep(row.order_id)
            self._cp("portion.ready")

    async def _release(self, jobs: dict[int, Job], work: dict[int, cooking.WorkRow]) -> None:
        """Free the slots of jobs whose end is written down, and of attempts that were given up."""
        for job in jobs.values():
            row = work.get(job.job_id)
            if job.state is JobState.QUEUED and job.job_id not in self._foreign and self._is_unwanted(row):
                await self._cancel(job)
            if job.state not in _TERMINAL or job.job_id in self._foreign:
                continue
            if row is not None and row.attempt == job.attempt and row.status in PENDING_PORTIONS:
                continue  # not written down yet
            await self._robot.release(job.job_id, job.attempt)
            await self._db.write(orders.mark_released, job.job_id)
            self._cp("robot.released")

    def _is_unwanted(self, row: cooking.WorkRow | None) -> bool:
        """Given back before it was begun, or not to be made of what is in the bins now."""
        return row is None or row.given_back or self._picture.needs_unsafe(row)

    async def _cancel(self, job: Job) -> None:
        _log.info("job_cancelled", portion_id=job.job_id)
        with contextlib.suppress(DeviceRefused):  # begun in the meantime: it will be cooked and stay in its cell
            await self._robot.cancel(job.job_id, job.attempt)

    async def _look_at_cells(self, work: dict[int, cooking.WorkRow], cells: tuple[Cell, ...]) -> None:
        waiting = [row for row in work.values() if row.status is PortionStatus.READY]
        now = self._clock.now()
        for row in waiting:
            if cell_of(row, cells) is None:
                await self._db.write(progress.hand_out, row.portion_id, now)

    async def _call_parts(
        self, work: dict[int, cooking.WorkRow], jobs: dict[int, Job], cells: tuple[Cell, ...]
    ) -> None:
        """No cell is free, and none that food is on its way to: orders that wait for one while they fill others are
        called to what is ready of them."""
        if not cells or any(cell.state is CellState.FREE or is_awaited(cell, jobs) for cell in cells):
            return
        now = self._clock.now()
        for order_id in sorted({row.order_id for row in work.values() if row.status is PortionStatus.READY}):
            if waits_for_a_cell(order_id, work, jobs, cells):
                await self._db.write(progress.call_part, order_id, now)

    async def _settle(self) -> None:
        """Orders whose last open portion was given back go on with what is ready."""
        found = await self._db.poll(cooking.read_stalled)
        now = self._clock.now()
        for order_id in found:
            await self._db.write(progress.progress, order_id, now)

    async def _submit(self, work: list[cooking.WorkRow], jobs: dict[int, Job], slots: int) -> None:
        """Give waiting portions to the robot, in their turn, while its table has room."""
        now = self._clock.monotonic()
        self._refused_until = {name: until for name, until in self._refused_until.items() if until > now}
        await self._wait_for_stations([row for row in work if _is_submitted_next(row, jobs)], now)
        free = slots - len(jobs)
        for row in in_turn(work, self._picture.seconds):
            again = row.status is PortionStatus.SUBMITTING
            if not _is_submitted_next(row, jobs) or row.portion_id in self._refused_until:
                continue
            if self._picture.is_recalled(row) or self._picture.needs_unsafe(row):
                continue
            if row.portion_id in self._shut_since:
                continue  # it would only hold a slot of the robot's table
            if not again and would_be_cold(row, work, jobs, self._picture.seconds(row)):
                continue
            if free <= 0 or now < self._pause_until:
                return
            free -= await self._submit_one(row, again=again)

    async def _give_back_unfit(self, work: dict[int, cooking.WorkRow], jobs: dict[int, Job]) -> None:
        """What is paid and not begun when its food is past its time, or recalled, is never made of it."""
        for row in work.values():
            if _is_submitted_next(row, jobs) and (found := self._picture.unfit_lot(row)) is not None:
                await self._db.write(progress.give_up, row.portion_id, progress.unfit_lot(*found))

    async def _wait_for_stations(self, next_rows: list[cooking.WorkRow], now: float) -> None:
        """Portions that need a closed station wait for it as long as the robot itself would hold them there; then their
        money goes back. A restart begins the wait anew."""
        closed = {
            row.portion_id: station for row in next_rows if (station := self._picture.closed_station(row)) is not None
        }
        self._shut_since = {portion_id: self._shut_since.get(portion_id, now) for portion_id in closed}
        for portion_id, since in self._shut_since.items():
            if now - since >= self._station_wait_s:
                await self._db.write(progress.give_up, portion_id, progress.station_fault(closed[portion_id]))

    async def _submit_one(self, row: cooking.WorkRow, *, again: bool) -> bool:
        """True where the robot took it."""
        codes = await self._codes(row.formula)
        if gone := sorted(row.formula.keys() - codes.keys()):
            await self._db.write(progress.give_up, row.portion_id, progress.unknown_ingredient(gone[0]))
            return False
        share = await self._claim(row)  # controller rule 1: before the wire
        if share is None:
            return False
        if not again:
            self._cp("portion.submitting")
        if self._picture.is_recalled(row):
            return False  # since the look: the robot must not hear of it after it was asked about it
        try:
            await self._robot.submit(self._cooking_order(row, share, codes))
        except DeviceRefused as refusal:
            _log.warning("portion_refused", order_id=row.order_id, portion_id=row.portion_id, code=refusal.code)
            await self._db.write(progress.submitted, row.portion_id, PortionStatus.WAITING, self._clock.now())
            until = self._clock.monotonic() + _REFUSED_PAUSE_S
            if refusal.code in _OF_ONE_PORTION:
                self._refused_until[row.portion_id] = until
            else:
                self._pause_until = until
            return False
        self._cp("robot.submitted")
        self._picture.promise(row.formula)  # the robot counts its food now; what orders hold goes down with the commit
        await self._db.write(progress.submitted, row.portion_id, PortionStatus.QUEUED, self._clock.now())
        self._cp("portion.accepted")
        return True

    async def _codes(self, formula: Mapping[str, int]) -> Mapping[str, int]:
        """By which number the robot knows these ingredients: also those of an earlier menu, which orders of it have;
        but not by a number that is another food's now, for that is what its bin would give."""
        menu = self._menu.now
        known = {name: menu.ingredients[name].code for name in formula if name in menu.ingredients}
        gone = formula.keys() - known.keys()
        earlier = await self._db.read(revisions.codes, gone) if gone else {}
        return {**{name: code for name, code in earlier.items() if code not in menu.by_code}, **known}

    def _cooking_order(self, row: cooking.WorkRow, share: int, codes: Mapping[str, int]) -> CookingOrder:
        chart = self._picture.charts[row.chart_fingerprint]
        return CookingOrder(
            job_id=row.portion_id,
            attempt=row.attempt,
            recipe=row.recipe,
            order_id=row.order_id,
            phases=phases_of(chart),
            ingredients=tuple((codes[name], amount) for name, amount in row.formula.items()),
            tolerances=tuple(chart.tolerance.get(name, 0) for name in row.formula),
            together=share,
        )

    async def _claim(self, looked: cooking.WorkRow) -> int | None:
        """With how many of its order it is to lie `together`. None when the portion was given back since the look, or
        is being given back. One that was given back on its way to the robot, and never came, is dropped."""

        def run(tx: Tx) -> int | None:
            row = orders.portion(tx, looked.portion_id)
            if row is None or self._picture.is_recalled(looked):
                return None
            if row.status is PortionStatus.SUBMITTING:
                return None if refunds.drop_given_back(tx, row.portion_id) else together(tx, row)
            if row.status is not PortionStatus.WAITING:
                return None
            orders.move_portion(tx, row, PortionStatus.SUBMITTING)
            return together(tx, row)

        return await self._db.write(run)


def phases_of(chart: Chart) -> tuple[Phase, ...]:
    """A chart as the robot takes it."""
    return tuple(
        Phase(
            p.operation,
            p.station,
            p.p1,
            p.p2,
            p.max_s,
            more=p.more,
            after=chart.after(index),
            resources=p.resources,
            max_wait_s=p.max_wait_s,
            irreversible=p.irreversible,
        )
        for index, p in enumerate(chart.phases)
    )


def _is_lost(job: Job | None) -> bool:
    return job is not None and job.state in progress.LOST


def _is_submitted_next(row: cooking.WorkRow, jobs: dict[int, Job]) -> bool:
    """It waits for the robot; or was on its way to it when the process died, and did not arrive."""
    return row.status is PortionStatus.WAITING or (
        row.status is PortionStatus.SUBMITTING and row.portion_id not in jobs
    )


def _note_foreign(tx: Tx, job_id: int, now: datetime) -> None:
    troubles.add_finding(tx, "foreign_job", str(job_id), "the robot cooks what the books do not know", now)
