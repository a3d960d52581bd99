"""A lunch in the simulated kitchen alone, in virtual time, and a judge who knows nothing but its ledger."""

from __future__ import annotations

import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from drivers.robot.equipment import Equipment
from drivers.robot.port import CellState, JobState, Phase
from drivers.sim.robot.bins import Surroundings
from drivers.sim.robot.cells import Cells
from drivers.sim.robot.kitchen import Kitchen
from drivers.sim.robot.memory import Memory, SlotRecord
from drivers.sim.world import World
from kiosk.domain.kitchen.planning import PICK_UP_S, PlannedCell
from tests import folders

Row = dict[str, Any]
Told = Callable[[int, float], object]
Dish = tuple[tuple[Phase, ...], tuple[tuple[int, int], ...]]
_EPSILON_S = 0.01  # the ledger has milliseconds of wall time


class Lunch:
    """Portions are accepted in their order as slots come free, and released when they are ready."""

    def __init__(
        self, folder: Path, equipment: Equipment, *, speed: float = 1.0, seed: int = 1, kitchen: type[Kitchen] = Kitchen
    ) -> None:
        self._ledger = folder / "ledger"
        self._world = World("robot", folder / "state", self._ledger)
        self.memory = Memory(self._world, equipment)
        self.around = Surroundings()
        rng = random.Random(seed)
        cells = Cells(self.memory, self.around, rng, speed=speed)
        self.kitchen = kitchen(self.memory, self.around, rng, cells, speed=speed, hold_limit_s=600)
        self.now = 1000.0
        self.kitchen.wake(self.now)

    def serve(self, dishes: Sequence[Dish], at: Callable[[float], None] = lambda _: None) -> list[Row]:
        """Until all are ready or failed: the lines of the ledger. `at` is called before each step."""
        return self.serve_coming(dishes, [self.now] * len(dishes), at=at)

    def serve_coming(
        self,
        dishes: Sequence[Dish],
        coming: Sequence[float],
        came: Told = lambda *_: None,
        ready: Told = lambda *_: None,
        at: Callable[[float], None] = lambda _: None,
    ) -> list[Row]:
        """The same for portions that come one by one; `came` and `ready` are told of each, by its number from 1."""
        expected = list(enumerate(coming, 1))
        waiting: list[int] = []
        over: set[int] = set()
        for _ in range(1_000_000):
            at(self.now)
            while expected and expected[0][1] <= self.now + 1e-6:
                waiting.append(expected[0][0])
                came(*expected.pop(0))
            for index, slot in enumerate(self.memory.slots):
                if slot is not None and slot.state in (JobState.READY, JobState.PICKED_UP, JobState.FAILED):
                    self.memory.release(slot)
                    over.add(slot.job_id)
                    ready(slot.job_id, self.now)
                if self.memory.slots[index] is None and waiting:
                    job = waiting.pop(0)
                    self._accept(index, job, dishes[job - 1])
            if len(over) == len(dishes):
                break
            self.kitchen.advance(self.now, phases=True, starts=True)
            due = [at for at in (self.kitchen.due(), expected[0][1] if expected else None) if at is not None]
            self.now = max(min(due, default=self.now + 1.0), self.now + 1e-4)
        else:
            raise AssertionError(f"{len(over)} of {len(dishes)} came to an end")
        rows = [json.loads(line) for line in self._ledger.read_text().splitlines()]
        self._world.close()
        return rows

    def planned_cells(self) -> list[PlannedCell]:
        """As the kiosk's plan takes them."""
        filled = [state in (CellState.LOADED, CellState.OPEN) for state in self.kitchen.cells.states()]
        return [PlannedCell(PICK_UP_S if full else 0.0) for full in filled]

    def _accept(self, index: int, job: int, dish: Dish) -> None:
        phases, ingredients = dish
        self.memory.levels = [row.capacity for row in self.memory.equipment.bins]
        self.memory.slots[index] = SlotRecord(
            job_id=job,
            attempt=1,
            recipe=1,
            order_id=f"A{job}",
            chart_crc=0,
            phases=phases,
            ingredients=ingredients,
            accepted_seq=job,
            accepted_n=job,
        )


def held_twice(rows: Iterable[Row], equipment: Equipment) -> list[str]:
    """Stations and resources that more phases held at once than there is room."""
    room = {("station", row.number): row.capacity for row in equipment.stations.values()}
    room |= {("resource", row.number): row.capacity for row in equipment.resources.values()}
    edges: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for phase in _phases(rows):
        places = [("station", phase["station"]), *(("resource", number) for number in phase["resources"])]
        for place in places:
            edges[place] += [(phase["began_s"] + _EPSILON_S, 1), (phase["ended_s"] - _EPSILON_S, -1)]
    found = []
    for place, changes in edges.items():
        held = 0
        for at, change in sorted(changes):
            held += change
            if held > room.get(place, 0):
                found.append(f"{place[0]} {place[1]} at {at:.1f} s: {held}")
    return found


def limits_passed(rows: Iterable[Row]) -> list[str]:
    """Phases that began later than their chart allows, by the times alone."""
    found = []
    for row in rows:
        phases = {phase["phase"]: phase for phase in row.get("phases", ())}
        for phase in phases.values():
            ended = [phases[n]["ended_s"] for n in phase["after"] if n in phases]
            waited_s = max((phase["began_s"] - end for end in ended), default=0.0)
            if phase["limit_s"] is not None and waited_s > phase["limit_s"] + _EPSILON_S:
                found.append(f"job {row['job_id']} phase {phase['phase']}: {waited_s:.1f} of {phase['limit_s']} s")
    return found


def told_as_passed(rows: Iterable[Row]) -> int:
    """Phases of which the ledger itself says so."""
    return sum(phase["limit_passed"] for phase in _phases(rows))


def _phases(rows: Iterable[Row]) -> list[Row]:
    return [phase for row in rows for phase in row.get("phases", ())]


def makespan_s(rows: Iterable[Row]) -> float:
    phases = _phases(rows)
    return float(max(phase["ended_s"] for phase in phases) - min(phase["began_s"] for phase in phases))


def lunch(equipment: Equipment, dishes: Sequence[Dish], **how: Any) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="k", dir=folders.root()) as folder:
        return Lunch(Path(folder), equipment, **how).serve(dishes)
