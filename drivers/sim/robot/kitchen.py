"""The simulated kitchen: jobs go from station to station, take food from bins and end in cells for the customer."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from drivers.robot.equipment import Equipment
from drivers.robot.port import JobState
from drivers.robot.timetable import RESOURCES, Step, Timetable
from drivers.sim.robot.bins import Bins, Surroundings
from drivers.sim.robot.cells import Cells
from drivers.sim.robot.cooking import EPSILON_S, JITTER, Cooking, Run, nominal_s, places_of, work_of
from drivers.sim.robot.memory import Memory, Placed, SlotRecord

_MOST_LATER_S = 2.0  # a job may be ready so much later than was planned when it began, for the sake of others
JAM_CODE, BIN_CODE = 100, 200  # fault codes: 100 + station, 200 + bin


class Kitchen:
    """Times are wall seconds: nominal ones divided by `speed`. Nothing here survives a power cut but `memory`.

    A job begins when there is a time for each of its phases that leaves all others theirs, and a cell is free: then its
    places are booked for the longest that the phases may take, and no food waits longer than its chart allows."""

    def __init__(
        self,
        memory: Memory,
        around: Surroundings,
        rng: random.Random,
        cells: Cells,
        *,
        speed: float,
        hold_limit_s: float,
    ) -> None:
        self._memory = memory
        self._around = around
        self._rng = rng
        self._speed = speed
        self._hold_limit_s = hold_limit_s / speed
        self._equipment: Equipment = memory.equipment
        self.bins = Bins(memory, around)
        self.cells = cells
        self._capacities = {
            **{row.number: row.capacity for row in self._equipment.stations.values()},
            **{RESOURCES + row.number: row.capacity for row in self._equipment.resources.values()},
        }
        self._cooking: dict[tuple[int, int], Cooking] = {}
        self._planned: dict[tuple[int, int], tuple[float, float]] = {}  # of queued jobs: begin and end
        self._held_since: dict[tuple[int, int], float] = {}
        self._effects: list[tuple[str, dict[str, Any]]] = []
        self._stood_still = self._freed = False
        self._woken_at = self._at = 0.0

    # What is seen

    @property
    def cooking(self) -> bool:
        """Is food under way that must be brought to its end?"""
        return any(self._under_way(slot) for slot in self._memory.jobs())

    @property
    def stuck(self) -> bool:
        """Every slot is held: nothing can be accepted and nothing goes on."""
        return all(slot is not None and slot.state is JobState.HELD for slot in self._memory.slots)

    def remaining_s(self, slot: SlotRecord, now: float) -> float:
        """Wall seconds until it is ready, with what it has to wait."""
        if slot.state not in (JobState.QUEUED, JobState.COOKING, JobState.HELD):
            return 0.0
        cooking, planned = self._cooking.get(slot.key), self._planned.get(slot.key)
        if cooking is not None:
            held = any(run.ends_at is None for run in cooking.runs.values())
            return self._left_s(cooking, now) if held else max(0.0, cooking.ends_at() - now)
        if planned is not None:
            return max(0.0, planned[1] - now)
        return sum(map(nominal_s, slot.phases)) / self._speed

    def _left_s(self, cooking: Cooking, now: float) -> float:
        """Of a job that stands still: what its phases take from now on."""
        left_s = 0.0
        for index, phase in enumerate(cooking.phases):
            run = cooking.runs.get(index)
            if run is not None:
                left_s += run.left_s if run.ends_at is None else max(0.0, run.ends_at - now)
            elif index not in cooking.ended:
                left_s += nominal_s(phase) / self._speed
        return left_s

    def progress_permille(self, slot: SlotRecord, now: float) -> int:
        if slot.state in (JobState.READY, JobState.PICKED_UP):
            return 1000
        total = sum(map(nominal_s, slot.phases)) / self._speed
        if not total or not self._under_way(slot):
            return 0
        return max(0, min(999, math.floor(1000 * (1 - self.remaining_s(slot, now) / total))))

    def at_station(self, station: int) -> list[SlotRecord]:
        return [
            slot
            for slot in self._memory.jobs()
            if (cooking := self._cooking.get(slot.key)) is not None
            and any(cooking.phases[index].station == station for index in cooking.runs)
        ]

    def running(self, slot: SlotRecord) -> list[int]:
        """Indices of its phases that are under way."""
        cooking = self._cooking.get(slot.key)
        return [] if cooking is None else sorted(cooking.runs)

    def warm_in_s(self, station: int, now: float) -> float:
        """Wall seconds until it is warm after the power came."""
        found = self._equipment.by_number.get(station)
        return 0.0 if found is None else max(0.0, self._woken_at + found.warm_up_s / self._speed - now)

    # What happens

    def wake(self, now: float) -> None:
        """After a boot: cooking was interrupted, food in the cells still waits for its customer."""
        self._woken_at = self._at = now
        self.interrupt(now)
        self.cells.wake(now)

    def interrupt(self, now: float) -> None:
        """Robot rule 5: what was cooking is interrupted, what had not begun stays queued. The caller commits."""
        for slot in self._memory.jobs():
            if self._under_way(slot):
                slot.state = JobState.INTERRUPTED
                self._give_up(slot, now)
            elif slot.state is JobState.HELD:
                slot.state, slot.fault = JobState.QUEUED, 0
        self._held_since.clear()
        self._planned.clear()

    def advance(self, now: float, *, phases: bool, starts: bool) -> None:
        """Everything that is due, each thing at its own time. `phases`: a phase may begin; `starts`: so may a queued
        job. Commits."""
        self._stood_still |= not phases
        for _ in range(100_000):  # each round moves at least one job a step; a bound against a slip in here
            at = max(self._at, min(now, self.due() or now))
            if self._step(at, phases=phases, starts=starts):
                self._at = at
            elif at >= now - EPSILON_S:
                break
            else:
                self._at = at + EPSILON_S
        self._at = max(self._at, now)
        self._memory.commit(self._effects)
        self._effects = []

    def due(self) -> float | None:
        """When something happens next without anybody's doing."""
        times = [at for cooking in self._cooking.values() for at in cooking.due() if at > self._at + EPSILON_S]
        times += [run.ends_at for c in self._cooking.values() for run in c.runs.values() if run.ends_at is not None]
        times += [begin for begin, _ in self._planned.values() if begin > self._at + EPSILON_S]
        times += self.cells.due()
        times += [since + self._hold_limit_s for since in self._held_since.values()]
        return min(times, default=None)

    def _step(self, now: float, *, phases: bool, starts: bool) -> bool:
        moved = self._customers(now)
        jobs = self._memory.jobs()
        for slot in jobs:
            moved |= self._finish_phases(slot, now)
        for slot in jobs:
            moved |= self._hold_or_go_on(slot, now)
        if phases and self._stood_still:
            self._book_anew(now)
        elif phases and self._freed:
            self._move_up(now)
        if phases:
            for slot in jobs:
                moved |= self._begin_phases(slot, now)
        return self._start_jobs(now) or moved if starts and phases else moved

    def _customers(self, now: float) -> bool:
        taken = self.cells.take(now)
        for placed in taken:
            self._effect("picked_up", placed)
        return bool(taken)

    def _finish_phases(self, slot: SlotRecord, now: float) -> bool:
        cooking = self._cooking.get(slot.key)
        if cooking is None:
            return False
        over = [(n, run.ends_at) for n, run in cooking.runs.items() if run.ends_at is not None]
        over = [(index, ends_at) for index, ends_at in over if ends_at <= now + EPSILON_S]
        for index, ends_at in over:
            cooking.end(index, ends_at, self._woken_at, self._speed)
        slot.phase = cooking.first_open
        self._freed |= bool(over)
        loads = cooking.done and self.cells.is_shut(slot)
        if loads:
            if not slot.food_spent:
                self.bins.take(slot)  # by a chart that spends none of it before its end
            slot.state = JobState.READY
            self.cells.load(slot, now)
            self._effect("ready", slot, cell=slot.cell, phases=cooking.records)
            del self._cooking[slot.key]
        return bool(over) or loads

    def _hold_or_go_on(self, slot: SlotRecord, now: float) -> bool:
        """An empty bin or a jammed station holds only the jobs that need it."""
        if slot.state not in (JobState.QUEUED, JobState.COOKING, JobState.HELD):
            return False
        obstacle = self._obstacle(slot)
        if obstacle and slot.state is JobState.HELD:
            return self._past_limit(slot, now)
        if obstacle:
            self._hold(slot, obstacle, now)
        elif slot.state is JobState.HELD:
            self._go_on(slot, now)
        else:
            return False
        return True

    def _obstacle(self, slot: SlotRecord) -> int:
        """The fault code of what blocks the job, 0 if nothing does."""
        if not slot.food_spent and (code := self.bins.lacking(slot.ingredients)) is not None:
            return BIN_CODE + next(iter(self.bins.holding(code)), code)
        cooking = self._cooking.get(slot.key)
        if cooking is not None and cooking.done:
            return 0  # it waits for the door of its cell
        if cooking is not None:
            here = cooking.runs or [cooking.first_open]
            jammed = next((cooking.phases[n].station for n in here if self._is_shut(cooking.phases[n].station)), None)
            return 0 if jammed is None else JAM_CODE + jammed
        return next((JAM_CODE + p.station for p in slot.phases if self._is_shut(p.station)), 0)

    def _is_shut(self, station: int) -> bool:
        """Jammed, taken out, or none of this complex."""
        found = self._equipment.by_number.get(station)
        return found is None or found.out or station in self._around.jammed

    def _hold(self, slot: SlotRecord, obstacle: int, now: float) -> None:
        slot.state, slot.fault = JobState.HELD, obstacle
        self._held_since[slot.key] = now
        self._planned.pop(slot.key, None)
        if (cooking := self._cooking.get(slot.key)) is not None:
            cooking.hold(now)
            self._stood_still = True

    def _go_on(self, slot: SlotRecord, now: float) -> None:
        cooking = self._cooking.get(slot.key)
        slot.state = JobState.QUEUED if cooking is None else JobState.COOKING
        slot.fault = 0
        del self._held_since[slot.key]
        if cooking is not None:
            cooking.go_on(now)
            self._stood_still = True

    def _past_limit(self, slot: SlotRecord, now: float) -> bool:
        if now + EPSILON_S < self._held_since[slot.key] + self._hold_limit_s:
            return False
        slot.state = JobState.FAILED
        del self._held_since[slot.key]
        cooking = self._cooking.get(slot.key)
        self._give_up(slot, now)
        self._effect("failed", slot, phases=[] if cooking is None else cooking.records)
        return True

    def _book_anew(self, now: float) -> None:
        """Something stood still: every time that was booked is void."""
        self._stood_still = self._freed = False
        table = self._empty_table(now)
        for slot in self._memory.jobs():
            if (cooking := self._cooking.get(slot.key)) is not None:
                cooking.book_anew(table, now, self._speed)

    def _move_up(self, now: float) -> None:
        """A phase took less than was booked for it: what waits begins sooner, the oldest job first."""
        self._freed = False
        for slot in self._memory.jobs():
            if (cooking := self._cooking.get(slot.key)) is not None and slot.state is JobState.COOKING:
                cooking.move_up(self._table(now, without=cooking), now, self._speed)

    def _table(self, now: float, without: Cooking | None = None) -> Timetable:
        """Of what is booked."""
        table = self._empty_table(now)
        for cooking in self._cooking.values():
            if cooking is not without:
                cooking.book(table)
        return table

    def _empty_table(self, now: float) -> Timetable:
        """With stations that are still cold."""
        table = Timetable(self._capacities)
        for number, row in self._equipment.by_number.items():
            if (warm_in_s := self.warm_in_s(number, now)) > 0:
                for _ in range(row.capacity):
                    table.book(number, now, now + warm_in_s)
        return table

    def _begin_phases(self, slot: SlotRecord, now: float) -> bool:
        cooking = self._cooking.get(slot.key)
        if cooking is None or slot.state is not JobState.COOKING:
            return False
        begun = False
        for index, at in list(cooking.ready()):
            phase = cooking.phases[index]
            if at > now + EPSILON_S or not self._has_room(places_of(phase), now):
                continue
            if phase.irreversible and not slot.food_spent:
                self.bins.take(slot)
            stretch = self._rng.uniform(1 - JITTER, 1 + JITTER)
            took_s = nominal_s(phase) * stretch / self._speed
            cooking.runs[index] = Run(now, now + took_s, took_s)
            begun = True
        return begun

    def _start_jobs(self, now: float) -> bool:
        """In the order of acceptance; one that must wait keeps its time, and none behind it may delay it."""
        self._planned.clear()
        queued = [slot for slot in self._memory.jobs() if slot.state is JobState.QUEUED]
        if not queued:
            return False
        table = self._table(now)
        started = False
        for slot in queued:
            work = work_of(slot.phases, self._speed)
            times = table.place(work, now)
            waits = min(start for start, _ in times) > now + EPSILON_S
            if waits and slot is queued[0] and (sooner := self._squeeze(slot, work, now)) is not None:
                return self._start(slot, work, sooner)
            table.book_all(work, times)
            if waits or not self._start(slot, work, times):
                self._planned[slot.key] = min(start for start, _ in times), _ends_at(times)
            else:
                started = True
        return started

    def _start(self, slot: SlotRecord, work: tuple[Step, ...], times: list[tuple[float, float]]) -> bool:
        """Whether a cell is free for it: then it is kept from now on."""
        if not self.cells.reserve(slot):
            return False
        slot.state = JobState.COOKING
        due_by = _ends_at(times) + _MOST_LATER_S / self._speed
        self._cooking[slot.key] = Cooking(slot.phases, work, times, due_by)
        self._effect("started", slot)
        return True

    def _squeeze(self, slot: SlotRecord, work: Sequence[Step], now: float) -> list[tuple[float, float]] | None:
        """Times of a job that begins now, where what others have not begun can be done a little later."""
        if self.cells.place_for(slot) is None:
            return None
        table = self._empty_table(now)
        jobs = [cooking for row in self._memory.jobs() if (cooking := self._cooking.get(row.key)) is not None]
        for cooking in jobs:
            cooking.book_begun(table)
        begin = table.place(work, now)[0]
        if begin[0] > now + EPSILON_S:
            return None
        table.book_all(work[:1], [begin])
        moved = []
        for cooking in jobs:
            times = cooking.later(table, now, self._speed)
            if times is None:
                return None
            moved.append(times)
            cooking.book_open(table, times)
        first = work[0]
        times = table.place([Step((), (), first.least_s, first.most_s), *work[1:]], now)
        if times[0][0] > now + EPSILON_S:
            return None
        for cooking, later in zip(jobs, moved, strict=True):
            cooking.times = later
        return times

    def _has_room(self, places: tuple[int, ...], now: float) -> bool:
        """Nothing is ever held by more than it has room for, whatever was booked."""
        held = Counter(
            place
            for cooking in self._cooking.values()
            for index in cooking.runs
            for place in places_of(cooking.phases[index])
        )
        cold = self.warm_in_s(places[0], now) > EPSILON_S
        return not cold and all(held[place] < self._capacities.get(place, 0) for place in places)

    def _under_way(self, slot: SlotRecord) -> bool:
        return slot.state is JobState.COOKING or (slot.state is JobState.HELD and slot.cell > 0)

    def _give_up(self, slot: SlotRecord, now: float) -> None:
        """The job ends without food in its cell."""
        self._cooking.pop(slot.key, None)
        self.cells.give_up(slot, now)

    def _effect(self, effect: str, of: SlotRecord | Placed, **more: Any) -> None:
        members = {"job_id": of.job_id, "attempt": of.attempt, "recipe": of.recipe, "order_id": of.order_id}
        self._effects.append((effect, {**members, **more}))


def _ends_at(times: Sequence[tuple[float, float]]) -> float:
    return max(end for _, end in times)
