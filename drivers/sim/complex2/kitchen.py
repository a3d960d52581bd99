"""What the second complex does with food: begin, cook, hold, hand out. Time is handed in; nothing waits in here."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from drivers.sim.complex2.memory import OVER, Build, Cell, CellState, Job, JobState, Memory

STATION_FAULT, BIN_FAULT = 100, 200
_FETCHED_AFTER_S = (10.0, 60.0)
_OPEN_FOR_S = (1.0, 4.0)
_JITTER = (0.9, 1.1)
_STATION, _NOMINAL, _LONGEST = 1, 3, 4  # of a phase's five registers

#: (effect, job id, attempt, recipe, order number): a line of the ledger.
Effect = tuple[str, int, int, int, str]


@dataclass(slots=True)
class Work:
    """A job at a station. `due`: when the phase ends; while the station is jammed, what was left of it."""

    job: Job
    station: int
    due: float
    left_s: float | None = None


class Kitchen:
    """`effects` and the memory are to be stored together by whoever called; `speed` scales cooking and guests."""

    def __init__(
        self, build: Build, memory: Memory, now: Callable[[], float], rng: random.Random, *, speed: float = 1.0
    ) -> None:
        self.build = build
        self.memory = memory
        self.now = now
        self.jammed: set[int] = set()
        self.empty: set[int] = set()
        self.nobody_comes = False
        self.blocked = False
        self.effects: list[Effect] = []
        self._rng = rng
        self._speed = speed
        self._work: list[Work] = []
        self._waiting: list[Job] = []  # begun, between two stations
        self._gives_up: dict[tuple[int, int], float] = {}
        self._guests: dict[int, float] = {}

    # What can be seen.

    def level(self, number: int) -> int:
        return 0 if number in self.empty else self.memory.levels[number - 1]

    def work_at(self, station: int) -> list[Work]:
        return [work for work in self._work if work.station == station]

    def progress(self, job: Job) -> tuple[int, int]:
        """(‰ done, seconds left)."""
        if job.state in OVER:
            return (1000 if job.state in (JobState.READY, JobState.PICKED_UP) else 0), 0
        total = sum(phase[_NOMINAL] for phase in job.phases) or 1
        left = float(sum(phase[_NOMINAL] for phase in job.phases[max(job.phase - 1, 0) :]))
        for work in self._work:
            if work.job is job:
                rest_s = work.left_s if work.left_s is not None else max(0.0, work.due - self.now())
                left = sum(phase[_NOMINAL] for phase in job.phases[job.phase :]) + rest_s * self._speed
        return max(0, min(999, round(1000 * (1 - left / total)))), min(0xFFFF, round(left / self._speed))

    @property
    def waits_for_a_cell(self) -> bool:
        """Every cell has food in it, and a job could go on with one."""
        filled = all(cell.state in (CellState.LOADED, CellState.OPEN) for cell in self.memory.cells)
        return (filled or self.blocked) and any(job.state == JobState.QUEUED for job in self.memory.jobs)

    def next_due(self) -> float | None:
        """When something happens by itself."""
        running = [work.due for work in self._work if work.left_s is None]
        return min([*running, *self._gives_up.values(), *self._guests.values()], default=None)

    # What happens.

    def power_on(self) -> None:
        """Rule 5; guests who were on their way still come."""
        self.memory.boot = self.memory.boot % 0xFFFF + 1
        self.interrupt()
        self.memory.changed("jobs", "bins", "cells")
        for number, cell in enumerate(self.memory.cells):
            if cell.state in (CellState.LOADED, CellState.OPEN):
                self.expect_guest(number)

    def interrupt(self) -> None:
        """What was begun is interrupted, what waited for its material waits in the queue again."""
        self._work, self._waiting, self._gives_up = [], [], {}
        for job in self.memory.jobs:
            if job.state in (JobState.COOKING, JobState.HELD):
                if job.begun:
                    self._end(job, JobState.INTERRUPTED)
                else:
                    job.state, job.fault = JobState.QUEUED, 0
        self.memory.changed("jobs", "bins", "cells")

    def advance(self, *, executing: bool) -> bool:
        """Everything that is due by now. True where the memory changed."""
        changed = False
        while self._step(executing=executing):
            changed = True
        return changed

    def _step(self, *, executing: bool) -> bool:
        now = self.now()
        return (
            self._guest_comes(now)
            or self._phase_ends(now)
            or self._gives_one_up(now)
            or self._goes_on(now)
            or (executing and self._begins(now))
        )

    def _guest_comes(self, now: float) -> bool:
        for number, at in self._guests.items():
            cell = self.memory.cells[number]
            if at <= now and not (self.nobody_comes and cell.state == CellState.LOADED):
                del self._guests[number]
                self._fetched(cell)
                return True
            if at <= now:
                self._guests[number] = float("inf")  # not before somebody opens it
        return False

    def _fetched(self, cell: Cell) -> None:
        job = self.memory.job(cell.job_id, cell.attempt)
        if job is not None and job.state == JobState.READY:
            job.state = JobState.PICKED_UP
        self.effects.append(("picked_up", cell.job_id, cell.attempt, cell.recipe, cell.order_id))
        cell.state, cell.job_id, cell.attempt, cell.order_id, cell.recipe = CellState.FREE, 0, 0, "", 0
        self.memory.changed("jobs", "cells")

    def _phase_ends(self, now: float) -> bool:
        due = [work for work in self._work if work.left_s is None and work.due <= now]
        if not due:
            return False
        work = min(due, key=lambda one: one.due)
        self._work.remove(work)
        if work.job.phase < len(work.job.phases):
            work.job.phase += 1
            self._waiting.append(work.job)
            self.memory.changed("jobs")
        else:
            self.hand_out(work.job)
        return True

    def hand_out(self, job: Job) -> None:
        """The food is in its cell."""
        cell = self.memory.cells[job.cell - 1]
        cell.state = CellState.LOADED
        job.state = JobState.READY
        self._tell("ready", job)
        self.expect_guest(job.cell - 1)
        self.memory.changed("jobs", "cells")

    def expect_guest(self, number: int) -> None:
        """The one of cell `number`, counted from 0: sooner where it is open."""
        span = _OPEN_FOR_S if self.memory.cells[number].state == CellState.OPEN else _FETCHED_AFTER_S
        at = self.now() + self._rng.uniform(*span) / self._speed
        self._guests[number] = min(at, self._guests.get(number, at))

    def _gives_one_up(self, now: float) -> bool:
        late = [key for key, at in self._gives_up.items() if at <= now]
        if not late:
            return False
        self._gives_up.pop(late[0])
        job = self.memory.job(*late[0])
        if job is not None and job.state == JobState.HELD:
            self._work = [work for work in self._work if work.job is not job]
            self._waiting = [one for one in self._waiting if one is not job]
            self._end(job, JobState.FAILED)
            self._tell("failed", job)
        return True

    def _goes_on(self, now: float) -> bool:
        """A begun job takes the next station, is held before one that is jammed, or goes on after that."""
        for job in self._waiting:
            station = job.phases[job.phase - 1][_STATION]
            if station in self.jammed:
                if self._hold(job, STATION_FAULT + station, now):
                    return True
            elif self._has_room(station):
                self._waiting.remove(job)
                self._occupy(job, station, now)
                return True
        for work in self._work:
            if work.station in self.jammed and work.left_s is None:
                work.left_s = max(0.0, work.due - now)
                return self._hold(work.job, STATION_FAULT + work.station, now)
            if work.station not in self.jammed and work.left_s is not None:
                work.due, work.left_s = now + work.left_s, None
                self._cooks(work.job)
                return True
        return False

    def _begins(self, now: float) -> bool:
        for job in sorted(self.memory.jobs, key=lambda one: self._order(one)):
            if job.state == JobState.HELD and not job.begun and self._missing(job) is None:
                job.state, job.fault = JobState.QUEUED, 0
                self._gives_up.pop(job.key, None)
                self.memory.changed("jobs")
                return True
            station = job.phases[0][_STATION]
            if job.state != JobState.QUEUED or station in self.jammed or not self._has_room(station):
                continue
            if (missing := self._missing(job)) is not None:
                return self._hold(job, BIN_FAULT + missing, now)
            if (cell := self._free_cell()) is not None:
                self._begin(job, cell, station, now)
                return True
        return False

    def _begin(self, job: Job, cell: int, station: int, now: float) -> None:
        row = self.memory.cells[cell]
        row.state, row.job_id, row.attempt = CellState.RESERVED, job.job_id, job.attempt
        row.order_id, row.recipe = job.order_id, job.recipe
        job.cell, job.phase, job.begun = cell + 1, 1, True
        self._tell("started", job)
        self.dispense(job)
        self._occupy(job, station, now)
        self.memory.changed("bins", "cells")

    def dispense(self, job: Job) -> None:
        """All of its food at once, out of the bins that have it."""
        for code, amount in job.ingredients:
            for number, hopper in enumerate(self.build.hoppers):
                if hopper.ingredient == code:
                    self.memory.levels[number] = max(0, self.memory.levels[number] - amount)
        job.taken = True

    def _occupy(self, job: Job, station: int, now: float) -> None:
        nominal = job.phases[job.phase - 1][_NOMINAL]
        self._work.append(Work(job, station, now + nominal * self._rng.uniform(*_JITTER) / self._speed))
        self._cooks(job)

    def _cooks(self, job: Job) -> None:
        job.state, job.fault = JobState.COOKING, 0
        self._gives_up.pop(job.key, None)
        self.memory.changed("jobs")

    def _hold(self, job: Job, fault: int, now: float) -> bool:
        """False where it is held already."""
        if job.state == JobState.HELD:
            return False
        job.state, job.fault = JobState.HELD, fault
        self._gives_up[job.key] = now + job.phases[max(job.phase - 1, 0)][_LONGEST] / self._speed
        self.memory.changed("jobs")
        return True

    def _end(self, job: Job, state: JobState) -> None:
        if job.cell:
            cell = self.memory.cells[job.cell - 1]
            cell.state, cell.job_id, cell.attempt, cell.order_id, cell.recipe = CellState.FREE, 0, 0, "", 0
            job.cell = 0
        job.state = state
        self.memory.changed("jobs", "bins", "cells")

    def _missing(self, job: Job) -> int | None:
        """The number of the first bin that has too little for it."""
        for number, hopper in enumerate(self.build.hoppers, 1):
            if any(code == hopper.ingredient and self.level(number) < amount for code, amount in job.ingredients):
                return number
        return None

    def _free_cell(self) -> int | None:
        if self.blocked:
            return None
        return next((n for n, cell in enumerate(self.memory.cells) if cell.state == CellState.FREE), None)

    def _has_room(self, station: int) -> bool:
        return len(self.work_at(station)) < self.build.stations.get(station, 0)

    def _order(self, job: Job) -> int:
        """By acceptance: sequences run on, and begin again once in 65535 orders."""
        return (job.sequence - self.memory.last.sequence - 1) % 0xFFFF

    def _tell(self, effect: str, job: Job) -> None:
        self.effects.append((effect, job.job_id, job.attempt, job.recipe, job.order_id))
