"""The simulated kitchen: jobs go from station to station, take food from bins and end in cells for the customer."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from drivers.robot.port import BinFlag, CellState, JobState, Phase
from drivers.sim.robot.memory import CELLS, STOCK, CellRecord, Memory, SlotRecord

STATIONS = ("dispenser", "wok", "fryer", "boiler", "oven", "cold", "drinks", "plating")  # numbers 1…8
STATION_CAPACITY = 2

JAM_CODE, BIN_CODE = 100, 200  # fault codes: 100 + station, 200 + bin
_LOW_SHARE = 0.15
_JITTER = 0.1
_PICK_UP_S = (10.0, 60.0)  # after ready, contract §8
_TAKE_S = (1.0, 3.0)  # after the cell was opened
_EPSILON_S = 1e-6


@dataclass
class Surroundings:
    """What people and wear do to the machine; a power cut does not undo it."""

    estop_pressed: bool = False
    door_open: bool = False
    cells_full: bool = False
    nobody_comes: bool = False
    jammed: set[int] = field(default_factory=set)
    empty_bins: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Run:
    """A job in a phase. `ends_at` is None while it waits for a station or is held; `left_s` is then what remains."""

    ends_at: float | None
    left_s: float
    at_station: bool = False


class Kitchen:
    """Times are wall seconds: nominal ones divided by `speed`. Nothing here survives a power cut but `memory`."""

    def __init__(
        self, memory: Memory, around: Surroundings, rng: random.Random, *, speed: float, hold_limit_s: float
    ) -> None:
        self._memory = memory
        self._around = around
        self._rng = rng
        self._speed = speed
        self._hold_limit_s = hold_limit_s / speed
        self._runs: dict[tuple[int, int], _Run] = {}
        self._held_since: dict[tuple[int, int], float] = {}
        self._pick_ups: dict[int, float] = {}
        self._effects: list[tuple[str, dict[str, Any]]] = []

    # What is seen

    @property
    def cooking(self) -> bool:
        """Is food under way that must be brought to its end?"""
        return any(_under_way(slot) for slot in self._memory.jobs())

    @property
    def stuck(self) -> bool:
        """Every slot is held: nothing can be accepted and nothing goes on."""
        return all(slot is not None and slot.state is JobState.HELD for slot in self._memory.slots)

    @property
    def no_cell(self) -> bool:
        return all(self.cell_state(i) is not CellState.FREE for i in range(CELLS))

    @property
    def cells_blocked(self) -> bool:
        """No cell is free and none will be filled: only a customer, or a person, can change that."""
        states = {self.cell_state(i) for i in range(CELLS)}
        return not states & {CellState.FREE, CellState.RESERVED}

    def cell_state(self, index: int) -> CellState:
        record = self._memory.cells[index]
        if not record.job_id:
            return CellState.FAULT if self._around.cells_full else CellState.FREE
        if record.loaded:
            return CellState.OPEN if record.open else CellState.LOADED
        return CellState.RESERVED

    def level(self, bin_number: int) -> int:
        return 0 if bin_number in self._around.empty_bins else self._memory.levels[bin_number - 1]

    def committed(self) -> Counter[int]:
        """Per bin: promised to accepted jobs and not yet taken."""
        promised: Counter[int] = Counter()
        for slot in self._memory.jobs():
            if slot.state in (JobState.QUEUED, JobState.HELD) and not slot.food_spent:
                for code, amount in slot.ingredients:
                    promised[code] += amount
        return promised

    def bin_flags(self, bin_number: int) -> BinFlag:
        level = self.level(bin_number)
        flags = BinFlag.LOW if level < STOCK[bin_number - 1][2] * _LOW_SHARE else BinFlag(0)
        return flags | BinFlag.EMPTY if level == 0 else flags

    def remaining_s(self, slot: SlotRecord, now: float) -> float:
        if slot.state not in (JobState.QUEUED, JobState.COOKING, JobState.HELD):
            return 0.0
        run = self._runs.get(slot.key)
        later = slot.phases[slot.phase :] if run is None else slot.phases[slot.phase + 1 :]
        current = 0.0 if run is None else run.left_s if run.ends_at is None else max(0.0, run.ends_at - now)
        return current + sum(map(nominal_s, later)) / self._speed

    def progress_permille(self, slot: SlotRecord, now: float) -> int:
        if slot.state in (JobState.READY, JobState.PICKED_UP):
            return 1000
        total = sum(map(nominal_s, slot.phases)) / self._speed
        if not total or not slot.food_spent or not _under_way(slot):
            return 0
        return max(0, min(999, math.floor(1000 * (1 - self.remaining_s(slot, now) / total))))

    def at_station(self, station: int) -> list[SlotRecord]:
        return [slot for slot in self._memory.jobs() if self._occupies(slot, station)]

    # What happens

    def wake(self, now: float) -> None:
        """After a boot: cooking was interrupted, food in the cells still waits for its customer."""
        self.interrupt()
        for index, cell in enumerate(self._memory.cells):
            if cell.loaded:
                self._expect_customer(index, now)

    def customers_changed(self, now: float) -> None:
        """`nobody_comes` was switched: whoever was on the way stays away, or everybody sets out."""
        for index, cell in enumerate(self._memory.cells):
            if cell.loaded and not cell.open and self._around.nobody_comes:
                self._pick_ups.pop(index, None)
            elif cell.loaded and index not in self._pick_ups:
                self._expect_customer(index, now)

    def _expect_customer(self, index: int, now: float) -> None:
        if self._memory.cells[index].open:
            self._pick_ups[index] = now + self._draw(_TAKE_S)
        elif not self._around.nobody_comes:
            self._pick_ups[index] = now + self._draw(_PICK_UP_S)

    def interrupt(self) -> None:
        """Robot rule 5: what was cooking is interrupted, what had not begun stays queued. The caller commits."""
        for slot in self._memory.jobs():
            if _under_way(slot):
                slot.state = JobState.INTERRUPTED
                self._give_up(slot)
            elif slot.state is JobState.HELD:
                slot.state, slot.fault = JobState.QUEUED, 0
        self._held_since.clear()

    def open_cell(self, index: int, now: float) -> None:
        """The caller commits."""
        self._memory.cells[index].open = True
        self._expect_customer(index, now)

    def advance(self, now: float, *, phases: bool, starts: bool) -> None:
        """Everything that is due. `phases`: a phase may begin; `starts`: so may a queued job. Commits."""
        for _ in range(1000):  # each round moves at least one job a step; a bound against a slip in here
            if not self._step(now, phases=phases, starts=starts):
                break
        self._memory.commit(self._effects)
        self._effects = []

    def due(self) -> float | None:
        """When something happens next without anybody's doing."""
        times = [run.ends_at for run in self._runs.values() if run.ends_at is not None]
        times += self._pick_ups.values()
        times += [since + self._hold_limit_s for since in self._held_since.values()]
        return min(times, default=None)

    def _step(self, now: float, *, phases: bool, starts: bool) -> bool:
        moved = self._customers(now)
        for slot in self._memory.jobs():
            moved |= self._finish_phase(slot, now) or self._hold_or_go_on(slot, now)
            if phases:
                moved |= self._begin_phase(slot, now)
            if starts:
                moved |= self._start(slot)
        return moved

    def _customers(self, now: float) -> bool:
        due = [index for index, at in self._pick_ups.items() if at <= now + _EPSILON_S]
        for index in due:
            del self._pick_ups[index]
            cell = self._memory.cells[index]
            self._memory.cells[index] = CellRecord()
            slot = self._memory.find(cell.job_id, cell.attempt)
            if slot is not None:
                slot.state = JobState.PICKED_UP
            self._effect("picked_up", cell)
        return bool(due)

    def _finish_phase(self, slot: SlotRecord, now: float) -> bool:
        run = self._runs.get(slot.key)
        if run is None or run.ends_at is None or run.ends_at > now + _EPSILON_S:
            return False
        if slot.phase + 1 < len(slot.phases):
            slot.phase += 1
            self._runs[slot.key] = self._waiting(slot.phases[slot.phase])
            return True
        del self._runs[slot.key]
        slot.state = JobState.READY
        self._memory.cells[slot.cell - 1].loaded = True
        self._expect_customer(slot.cell - 1, now)
        self._effect("ready", slot)
        return True

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
        """The fault code of what stands in the job's way, 0 if nothing does."""
        if _under_way(slot):
            station = slot.phases[slot.phase].station
            return JAM_CODE + station if station in self._around.jammed else 0
        for code, amount in slot.ingredients:
            if self.level(code) < amount:
                return BIN_CODE + code
        return next((JAM_CODE + p.station for p in slot.phases if p.station in self._around.jammed), 0)

    def _hold(self, slot: SlotRecord, obstacle: int, now: float) -> None:
        slot.state, slot.fault = JobState.HELD, obstacle
        self._held_since[slot.key] = now
        run = self._runs.get(slot.key)
        if run is not None and run.ends_at is not None:
            run.left_s, run.ends_at = max(0.0, run.ends_at - now), None

    def _go_on(self, slot: SlotRecord, now: float) -> None:
        slot.state = JobState.COOKING if slot.food_spent else JobState.QUEUED
        slot.fault = 0
        del self._held_since[slot.key]
        run = self._runs.get(slot.key)
        if run is not None and run.at_station:
            run.ends_at = now + run.left_s

    def _past_limit(self, slot: SlotRecord, now: float) -> bool:
        if now + _EPSILON_S < self._held_since[slot.key] + self._hold_limit_s:
            return False
        slot.state = JobState.FAILED
        del self._held_since[slot.key]
        self._give_up(slot)
        self._effect("failed", slot)
        return True

    def _begin_phase(self, slot: SlotRecord, now: float) -> bool:
        run = self._runs.get(slot.key)
        if run is None or slot.state is not JobState.COOKING or run.ends_at is not None:
            return False
        if not run.at_station and not self._has_room(slot.phases[slot.phase].station):
            return False
        run.at_station = True
        run.ends_at = now + run.left_s
        return True

    def _start(self, slot: SlotRecord) -> bool:
        """A queued job begins when its first station is free and a cell is kept for it: hot food never waits."""
        if slot.state is not JobState.QUEUED or not self._has_room(slot.phases[0].station):
            return False
        free = next((i for i in range(CELLS) if self.cell_state(i) is CellState.FREE), None)
        if free is None:
            return False
        self._memory.cells[free] = CellRecord(slot.job_id, slot.attempt, slot.recipe, slot.order_id)
        slot.cell, slot.state, slot.food_spent = free + 1, JobState.COOKING, True
        for code, amount in slot.ingredients:
            self._memory.levels[code - 1] -= amount
        self._runs[slot.key] = self._waiting(slot.phases[0])
        self._effect("started", slot)
        return True

    def _has_room(self, station: int) -> bool:
        return station not in self._around.jammed and len(self.at_station(station)) < STATION_CAPACITY

    def _occupies(self, slot: SlotRecord, station: int) -> bool:
        run = self._runs.get(slot.key)
        return run is not None and run.at_station and slot.phases[slot.phase].station == station

    def _give_up(self, slot: SlotRecord) -> None:
        """The job ends without food in its cell."""
        self._runs.pop(slot.key, None)
        if slot.cell:
            self._memory.cells[slot.cell - 1] = CellRecord()
            slot.cell = 0

    def _waiting(self, phase: Phase) -> _Run:
        stretch = self._rng.uniform(1 - _JITTER, 1 + _JITTER)
        return _Run(ends_at=None, left_s=nominal_s(phase) * stretch / self._speed)

    def _draw(self, span_s: tuple[float, float]) -> float:
        return self._rng.uniform(*span_s) / self._speed

    def _effect(self, effect: str, of: SlotRecord | CellRecord) -> None:
        members = {"job_id": of.job_id, "attempt": of.attempt, "recipe": of.recipe, "order_id": of.order_id}
        self._effects.append((effect, members))


def nominal_s(phase: Phase) -> float:
    """p2 is the nominal duration; a chart without one takes half its limit."""
    return float(phase.p2) if phase.p2 else phase.max_s / 2


def _under_way(slot: SlotRecord) -> bool:
    return slot.state is JobState.COOKING or (slot.state is JobState.HELD and slot.food_spent)
