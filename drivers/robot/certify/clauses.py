"""The clauses of robot.md#clauses, in the order in which they are examined, and what an examination ends with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Clause(StrEnum):
    FRAMES = "frames"
    ADDRESSES = "addresses"
    HEALTH = "health"
    HEADS = "heads"
    INPUTS = "inputs"
    MAILBOX = "mailbox"
    ACKNOWLEDGEMENT = "acknowledgement"
    SEQUENCE = "sequence"
    REPEATS = "repeats"
    CHART = "chart"
    STATES = "states"
    HEARTBEAT = "heartbeat"
    FULL = "full"
    CANCEL = "cancel"
    RELEASE = "release"
    GENERATIONS = "generations"
    MATERIAL = "material"
    READY = "ready"
    CELLS = "cells"
    SHARING = "sharing"
    ONCE = "once"
    MEMORY = "memory"
    INTERRUPTED = "interrupted"
    STORED = "stored"
    LOAD = "load"


class Outcome(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    NOT_EXAMINED = "not_examined"


class Ended(Exception):
    """An examination that ends before its end. `code` is a stable word, `detail` numbers for a technician."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".rstrip())
        self.code = code
        self.detail = detail


class Broken(Ended):
    """The complex did what the clause forbids, or not what it demands."""


class NotExamined(Ended):
    """Whether the clause is kept could not be seen."""


class Unfit(Ended):
    """The complex cannot be examined now, or no further: it is somebody's."""


#: Why a clause may stay unexamined without a fault of anybody's: nobody cut the power, the complex is so quick that the
#: moment never came, or it has no such cells.
RESERVATIONS = frozenset(
    {
        "no_power_switch",
        "nothing_queued",
        "nothing_cooked",
        "fetched_too_soon",
        "no_shared_cells",
        "no_large_cell",
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    clause: Clause
    outcome: Outcome
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Which complex, and a verdict for each clause; `left` names what could not be cleared away afterwards."""

    serial: int
    firmware: int
    verdicts: tuple[Verdict, ...]
    left: str = ""

    @property
    def broken(self) -> bool:
        return any(verdict.outcome is Outcome.BROKEN for verdict in self.verdicts)

    @property
    def kept(self) -> bool:
        """Every clause is, and the complex is as it was found."""
        return (
            not self.left
            and len(self.verdicts) == len(Clause)
            and all(verdict.outcome is Outcome.KEPT for verdict in self.verdicts)
        )

    @property
    def passed(self) -> bool:
        """Kept, or kept with reservations, as far as it was examined."""
        examined = (verdict.outcome is Outcome.KEPT or verdict.code in RESERVATIONS for verdict in self.verdicts)
        return not self.broken and not self.left and all(examined)
