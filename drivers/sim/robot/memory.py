"""What the simulated complex never forgets: job table, bins, cells, last acknowledgement, released jobs, boots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import to_builtins

from drivers.robot.equipment import Equipment
from drivers.robot.port import JobState, Phase
from drivers.sim.world import World

RING = 256
_MOST_SLOTS, _MOST_CELLS = 8, 12


@dataclass(slots=True)
class SlotRecord:
    """One occupied job slot."""

    job_id: int
    attempt: int
    recipe: int
    order_id: str
    chart_crc: int
    phases: tuple[Phase, ...]
    ingredients: tuple[tuple[int, int], ...]
    accepted_seq: int
    accepted_n: int  # the order of acceptance; `accepted_seq` wraps
    state: JobState = JobState.QUEUED
    phase: int = 0
    cell: int = 0
    fault: int = 0
    food_spent: bool = False
    tolerances: tuple[int, ...] = ()
    together: int = 0
    only_cell: int = 0  # the one that its order names

    @property
    def key(self) -> tuple[int, int]:
        return self.job_id, self.attempt


@dataclass(frozen=True, slots=True)
class Placed:
    """A portion with its place in a cell; outlives the job's slot, until the food is taken."""

    job_id: int
    attempt: int
    recipe: int
    order_id: str
    loaded: bool = False

    @property
    def key(self) -> tuple[int, int]:
        return self.job_id, self.attempt


@dataclass(slots=True)
class CellRecord:
    """`shared`: more of the same order may come to what is placed."""

    placed: tuple[Placed, ...] = ()
    shared: bool = False
    open: bool = False

    @property
    def loaded(self) -> bool:
        """Food lies there."""
        return any(one.loaded for one in self.placed)

    @property
    def coming(self) -> bool:
        """Food is on its way there."""
        return any(not one.loaded for one in self.placed)

    @property
    def job_id(self) -> int:
        """Whose it is, where only one is told: of the first food that lies there, or comes."""
        return next((one.job_id for one in sorted(self.placed, key=lambda one: not one.loaded)), 0)


@dataclass(slots=True)
class Ack:
    """The last command and its result, and the counters that must outlive a power cut with it."""

    seq: int = 0
    session: int = 0
    opcode: int = 0
    result: int = 0
    job_id: int = 0
    boot: int = 0
    accepted_n: int = 0
    estop_latched: bool = False
    ring: list[tuple[int, int]] = field(default_factory=list)


#: A level is one of a bin.
Record = Ack | SlotRecord | CellRecord | int | None
_JOB_KEYS = tuple(f"job/{i}" for i in range(_MOST_SLOTS))
_CELL_KEYS = tuple(f"cell/{i:02}" for i in range(1, _MOST_CELLS + 1))


class Memory:
    """The records, loaded once per boot; `commit` stores what differs, in one transaction with its effects. Of a
    complex that has fewer slots or cells than before, those that hold something stay."""

    def __init__(self, world: World, equipment: Equipment) -> None:
        self._world = world
        self.equipment = equipment
        self.fresh = world.get("ack") is None
        self._stored: dict[str, Record] = {}
        self.ack = _ack(world.get("ack"))
        slots = [_slot(world.get(f"job/{i}")) for i in range(_MOST_SLOTS)]
        self.slots: list[SlotRecord | None] = slots[: max(equipment.slots, _filled(slots))]
        self._bin_keys = [f"bin/{i:02}" for i, _ in enumerate(equipment.bins, 1)]
        self.levels: list[int] = [world.get(f"bin/{row.number:02}", row.capacity) for row in equipment.bins]
        cells = [_cell(world.get(f"cell/{i + 1:02}", {})) for i in range(_MOST_CELLS)]
        filled = _filled([cell if cell.placed else None for cell in cells])
        self.cells = cells[: max(len(equipment.cells), filled)]
        if not self.fresh:
            self._stored = {key: _copy(record) for key, record in self._records()}

    def commit(self, effects: Sequence[tuple[str, dict[str, Any]]] = ()) -> None:
        changed = {key: record for key, record in self._records() if self._stored.get(key, self) != record}
        if not changed and not effects:
            return
        with self._world.change() as change:
            for key, record in changed.items():
                change.put(key, to_builtins(record))
            for effect, members in effects:
                change.effect(effect, **members)
        self._stored |= {key: _copy(record) for key, record in changed.items()}

    def jobs(self) -> list[SlotRecord]:
        """The occupied slots, first accepted first."""
        return sorted((slot for slot in self.slots if slot is not None), key=lambda slot: slot.accepted_n)

    def find(self, job_id: int, attempt: int) -> SlotRecord | None:
        return next((slot for slot in self.slots if slot is not None and slot.key == (job_id, attempt)), None)

    def was_released(self, job_id: int, attempt: int) -> bool:
        return (job_id, attempt) in self.ack.ring

    def release(self, slot: SlotRecord) -> None:
        self.slots[self.slots.index(slot)] = None
        self.ack.ring = [*self.ack.ring, slot.key][-RING:]

    def _records(self) -> Iterator[tuple[str, Record]]:
        """What is stored under which key. Asked for at every look of the host's."""
        yield "ack", self.ack
        yield from zip(_JOB_KEYS, self.slots, strict=False)
        yield from zip(self._bin_keys, self.levels, strict=True)
        yield from zip(_CELL_KEYS, self.cells, strict=False)


def _copy(record: Record) -> Record:
    """As it is now; what is in it is replaced and not changed."""
    return replace(record) if isinstance(record, Ack | SlotRecord | CellRecord) else record


def _filled(rows: Sequence[object | None]) -> int:
    """Up to the last that holds something."""
    return max((n for n, row in enumerate(rows, 1) if row is not None), default=0)


def _ack(stored: dict[str, Any] | None) -> Ack:
    if stored is None:
        return Ack()
    return Ack(**{**stored, "ring": [(job, attempt) for job, attempt in stored["ring"]]})


def _slot(stored: dict[str, Any] | None) -> SlotRecord | None:
    if stored is None:
        return None
    phases = tuple(map(_phase, stored["phases"]))
    ingredients = tuple((code, amount) for code, amount in stored["ingredients"])
    tolerances = tuple(stored.get("tolerances", ()))
    known = {"phases": phases, "ingredients": ingredients, "tolerances": tolerances, "state": JobState(stored["state"])}
    return SlotRecord(**{**stored, **known})


def _cell(stored: dict[str, Any]) -> CellRecord:
    """Also as it was stored when a cell held one portion."""
    if "placed" in stored or not stored.get("job_id"):
        placed = tuple(Placed(**one) for one in stored.get("placed", ()))
        return CellRecord(placed, stored.get("shared", False), stored.get("open", False))
    return CellRecord((Placed(**{name: stored[name] for name in stored if name != "open"}),), open=stored["open"])


def _phase(stored: dict[str, Any]) -> Phase:
    values: dict[str, Any] = {name: tuple(row) if isinstance(row, list) else row for name, row in stored.items()}
    return Phase(**values)
