"""What the simulated complex never forgets: job table, bins, cells, last acknowledgement, released jobs, boots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from drivers.robot.port import BinUnit, JobState, Phase
from drivers.sim.world import World

SLOTS = 8
CELLS = 6
RING = 256

_G, _PCS, _ML = BinUnit.GRAM, BinUnit.PIECE, BinUnit.MILLILITRE

# bin n holds ingredient code n: (name for the fault text, unit, capacity)
STOCK: tuple[tuple[str, BinUnit, int], ...] = (
    ("удон", _G, 8000),
    ("рис", _G, 8000),
    ("соба", _G, 8000),
    ("фунчоза", _G, 8000),
    ("паста", _G, 8000),
    ("курица", _G, 8000),
    ("говядина", _G, 8000),
    ("креветки", _G, 8000),
    ("тофу", _G, 8000),
    ("овощи", _G, 12000),
    ("лук", _G, 4000),
    ("картофель", _G, 8000),
    ("яйцо", _PCS, 200),
    ("сыр", _G, 4000),
    ("салат", _G, 6000),
    ("бульон", _ML, 20000),
    ("терияки", _ML, 6000),
    ("карри", _ML, 8000),
    ("чили", _ML, 3000),
    ("пельмени", _PCS, 400),
    ("торт", _PCS, 120),
    ("мороженое", _G, 6000),
    ("чай", _ML, 20000),
    ("кола", _ML, 20000),
)


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

    @property
    def key(self) -> tuple[int, int]:
        return self.job_id, self.attempt


@dataclass(slots=True)
class CellRecord:
    """`job_id` outlives the job's slot, until the food is taken."""

    job_id: int = 0
    attempt: int = 0
    recipe: int = 0
    order_id: str = ""
    loaded: bool = False
    open: bool = False


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


class Memory:
    """The records, loaded once per boot; `commit` stores what differs, in one transaction with its effects."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.fresh = world.get("ack") is None
        self._stored: dict[str, Any] = {}
        self.ack = _ack(world.get("ack"))
        self.slots: list[SlotRecord | None] = [_slot(world.get(f"job/{i}")) for i in range(SLOTS)]
        self.levels: list[int] = [world.get(f"bin/{i:02}", full) for i, (_, _, full) in enumerate(STOCK, 1)]
        self.cells = [CellRecord(**world.get(f"cell/{i + 1:02}", {})) for i in range(CELLS)]
        if not self.fresh:
            self._stored = self._values()

    def commit(self, effects: Sequence[tuple[str, dict[str, Any]]] = ()) -> None:
        values = self._values()
        changed = {key: value for key, value in values.items() if self._stored.get(key, self) != value}
        if not changed and not effects:
            return
        with self._world.change() as change:
            for key, value in changed.items():
                change.put(key, value)
            for effect, members in effects:
                change.effect(effect, **members)
        self._stored = values

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

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"ack": asdict(self.ack)}
        for i, slot in enumerate(self.slots):
            values[f"job/{i}"] = None if slot is None else asdict(slot)
        for i, level in enumerate(self.levels, 1):
            values[f"bin/{i:02}"] = level
        for i, cell in enumerate(self.cells, 1):
            values[f"cell/{i:02}"] = asdict(cell)
        return values


def _ack(stored: dict[str, Any] | None) -> Ack:
    if stored is None:
        return Ack()
    return Ack(**{**stored, "ring": [(job, attempt) for job, attempt in stored["ring"]]})


def _slot(stored: dict[str, Any] | None) -> SlotRecord | None:
    if stored is None:
        return None
    phases = tuple(Phase(**phase) for phase in stored["phases"])
    ingredients = tuple((code, amount) for code, amount in stored["ingredients"])
    return SlotRecord(**{**stored, "phases": phases, "ingredients": ingredients, "state": JobState(stored["state"])})
