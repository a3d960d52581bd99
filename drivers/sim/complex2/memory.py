"""What the second complex keeps through a power cut (robot.md#a-power-cut), and how it is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

RING = 256
_LAST_COUNT = 0xFFFF


class JobState(IntEnum):
    QUEUED = 1
    COOKING = 2
    HELD = 3
    READY = 4
    PICKED_UP = 5
    FAILED = 6
    INTERRUPTED = 7
    CANCELLED = 8


OVER = frozenset({JobState.READY, JobState.PICKED_UP, JobState.FAILED, JobState.INTERRUPTED, JobState.CANCELLED})


class CellState(IntEnum):
    FREE = 0
    RESERVED = 1
    LOADED = 2
    OPEN = 3


@dataclass(frozen=True, slots=True)
class Hopper:
    """A bin as it is built. Units: 1 g, 2 pieces, 3 ml; `fill` is what it holds when it leaves the factory."""

    ingredient: int
    unit: int
    capacity: int
    fill: int


@dataclass(frozen=True, slots=True)
class Build:
    """How this complex is built: places at each station by its number, bins, cells, rows of the job table."""

    serial: int
    stations: dict[int, int]
    hoppers: tuple[Hopper, ...]
    cells: int
    slots: int


_GRAM, _PIECE, _MILLILITRE = 1, 2, 3
_PIECES = {13: 240, 20: 480, 21: 150}
_MILLILITRES = {16: 24000, 17: 7000, 18: 9000, 19: 4000, 23: 24000, 24: 24000}


def _hopper(ingredient: int) -> Hopper:
    for unit, capacities in ((_PIECE, _PIECES), (_MILLILITRE, _MILLILITRES)):
        if (capacity := capacities.get(ingredient)) is not None:
            return Hopper(ingredient, unit, capacity, capacity)
    return Hopper(ingredient, _GRAM, 10000, 10000)


#: For the ingredients of the demo restaurant by their codes, and its eight stations with another number of places.
DEMO = Build(
    serial=2_000_017,
    stations={1: 2, 2: 3, 3: 1, 4: 2, 5: 1, 6: 2, 7: 2, 8: 2},
    hoppers=tuple(_hopper(ingredient) for ingredient in range(1, 25)),
    cells=9,
    slots=8,
)


@dataclass(slots=True)
class Job:
    """A row of the table. `seconds`: nominal ones of each phase; `taken`: its food was dispensed."""

    job_id: int
    attempt: int
    recipe: int
    chart_crc: int
    order_id: str
    sequence: int
    phases: list[list[int]]
    ingredients: list[list[int]]
    state: int = JobState.QUEUED
    phase: int = 0
    cell: int = 0
    fault: int = 0
    begun: bool = False
    taken: bool = False

    @property
    def key(self) -> tuple[int, int]:
        return self.job_id, self.attempt


@dataclass(slots=True)
class Cell:
    state: int = CellState.FREE
    job_id: int = 0
    attempt: int = 0
    order_id: str = ""
    recipe: int = 0


@dataclass(slots=True)
class Acknowledged:
    """The last command that was carried out or refused by its result."""

    sequence: int = 0
    session: int = 0
    opcode: int = 0
    result: int = 0
    job_id: int = 0


@dataclass(slots=True)
class Memory:
    """One value, stored as a whole: nothing in it can be newer than the rest."""

    serial: int
    slots: list[Job | None]
    cells: list[Cell]
    levels: list[int]
    boot: int = 0
    last: Acknowledged = field(default_factory=Acknowledged)
    released: list[list[int]] = field(default_factory=list)
    latched: bool = False
    generations: dict[str, int] = field(default_factory=lambda: {"jobs": 1, "bins": 1, "cells": 1})

    def job(self, job_id: int, attempt: int) -> Job | None:
        return next((job for job in self.slots if job is not None and job.key == (job_id, attempt)), None)

    @property
    def jobs(self) -> list[Job]:
        return [job for job in self.slots if job is not None]

    def knows(self, job_id: int, attempt: int) -> bool:
        """Rule 4: in the table, or among the last that were released."""
        return self.job(job_id, attempt) is not None or [job_id, attempt] in self.released

    def release(self, job: Job) -> None:
        self.slots[self.slots.index(job)] = None
        self.released = [*self.released, [job.job_id, job.attempt]][-RING:]

    def committed(self, ingredient: int) -> int:
        """What accepted jobs will still take of it."""
        waiting = (job for job in self.jobs if not job.taken and job.state not in OVER)
        return sum(amount for job in waiting for code, amount in job.ingredients if code == ingredient)

    def changed(self, *blocks: str) -> None:
        for block in blocks:
            self.generations[block] = (self.generations[block] + 1) & _LAST_COUNT

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def factory(build: Build) -> Memory:
    """As it leaves the factory."""
    return Memory(
        serial=build.serial,
        slots=[None] * build.slots,
        cells=[Cell() for _ in range(build.cells)],
        levels=[hopper.fill for hopper in build.hoppers],
    )


def of_json(raw: dict[str, Any]) -> Memory:
    slots: Sequence[dict[str, Any] | None] = raw["slots"]
    return Memory(
        **{
            **raw,
            "slots": [None if job is None else Job(**job) for job in slots],
            "cells": [Cell(**cell) for cell in raw["cells"]],
            "last": Acknowledged(**raw["last"]),
        }
    )
