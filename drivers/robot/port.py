"""What the kiosk asks of any robotic cooking complex (robot.md#orders), in words of the kitchen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Protocol

from drivers.errors import DeviceError

__all__ = ["DeviceError"]


class ComplexState(IntEnum):
    """PackML state numbers, OPC 30050."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class ComplexCommand(IntEnum):
    """PackML command numbers; mailbox opcodes 1–10."""

    RESET = 1
    START = 2
    STOP = 3
    HOLD = 4
    UNHOLD = 5
    SUSPEND = 6
    UNSUSPEND = 7
    ABORT = 8
    CLEAR = 9
    COMPLETE = 10


class HealthFlag(IntFlag):
    ESTOP_PRESSED = 1
    ESTOP_LATCHED = 2
    DOOR_OPEN = 4
    NO_CELL = 8
    MATERIAL_LOW = 16
    STORE_FAULT = 32


class Capability(IntFlag):
    """What a complex of the second revision may have besides."""

    BIN_TEMPERATURES = 1
    SHARED_CELLS = 2  # several portions of one order lie in one cell


NO_CAPABILITY = Capability(0)


class JobState(IntEnum):
    QUEUED = 1
    COOKING = 2
    HELD = 3
    READY = 4
    PICKED_UP = 5
    FAILED = 6
    INTERRUPTED = 7
    CANCELLED = 8


class CellState(IntEnum):
    FREE = 0
    RESERVED = 1
    LOADED = 2
    OPEN = 3
    FAULT = 4


class StationState(IntEnum):
    IDLE = 0
    BUSY = 1
    FAULT = 2


class BinUnit(IntEnum):
    GRAM = 1
    PIECE = 2
    MILLILITRE = 3


class BinFlag(IntFlag):
    LOW = 1
    EMPTY = 2
    OPEN = 4
    SENSOR_FAULT = 8
    EXPIRED = 16


@dataclass(frozen=True, slots=True)
class Health:
    serial: int
    firmware: int
    boot: int
    state: ComplexState
    flags: HealthFlag
    fault_code: int
    fault_counter: int
    jobs_generation: int
    bins_generation: int
    cells_generation: int
    slots: int
    bins: int
    cells: int
    stations: int
    map_version: int = 2
    capabilities: Capability = NO_CAPABILITY

    @property
    def accepts_jobs(self) -> bool:
        """Whether a new order would be taken now: the complex executes, no emergency stop, its store works."""
        return self.state is ComplexState.EXECUTE and not self.flags & (
            HealthFlag.ESTOP_LATCHED | HealthFlag.ESTOP_PRESSED | HealthFlag.STORE_FAULT
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a process chart as the robot takes it: five registers, and six more that only the second revision of
    the map has. `p1`: the principal parameter, `more`: up to two others, `p2`: nominal seconds. `after`: indices of the
    phases it waits for, None: the one before; `resources`: numbers of what it holds beside its station; `max_wait_s`:
    how long food may wait for it; `irreversible`: food is spent once it has begun."""

    operation: int
    station: int
    p1: int
    p2: int
    max_s: int
    more: tuple[int, ...] = ()
    after: tuple[int, ...] | None = None
    resources: tuple[int, ...] = ()
    max_wait_s: int | None = None
    irreversible: bool = True


@dataclass(frozen=True, slots=True)
class CookingOrder:
    """One portion to cook. `job_id` is u32 and never used again; `ingredients` are (code, amount), at most 12;
    `tolerances`: how far each amount may be off, in its own unit, 0 where the robot knows best. `together`: how many
    portions of the order are still to be placed, this one among them, which may share a cell; 0: it wants its own."""

    job_id: int
    attempt: int
    recipe: int
    order_id: str
    phases: tuple[Phase, ...]
    ingredients: tuple[tuple[int, int], ...]
    tolerances: tuple[int, ...] = ()
    together: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    job_id: int
    attempt: int
    recipe: int
    state: JobState
    phase: int
    progress_permille: int
    remaining_s: int
    cell: int  # 0 none, else 1…
    fault: int
    food_spent: bool
    waits: bool = False  # between two phases: none is under way


@dataclass(frozen=True, slots=True)
class Bin:
    bin: int  # 1…24
    ingredient: int
    unit: BinUnit
    flags: BinFlag
    level: int
    capacity: int
    committed: int
    temp_c: float | None = None  # None where it does not measure


@dataclass(frozen=True, slots=True)
class CellJob:
    """A portion that has its place in a cell. `loaded`: its food is there, else it is on its way."""

    job_id: int
    loaded: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """`jobs`: of one order, in the order in which they were given their places; what is loaded leaves together, when
    the cell is emptied. `size`: how many portions fit."""

    cell: int  # 1…12
    state: CellState
    jobs: tuple[CellJob, ...] = ()
    temp_c: float | None = None  # None where it does not measure
    size: int = 1

    @property
    def loaded(self) -> tuple[int, ...]:
        """Jobs whose food lies there."""
        return tuple(job.job_id for job in self.jobs if job.loaded)

    @property
    def coming(self) -> tuple[int, ...]:
        """Jobs whose food is on its way there."""
        return tuple(job.job_id for job in self.jobs if not job.loaded)

    @property
    def room(self) -> int:
        """How many portions more would fit."""
        return max(0, self.size - len(self.jobs))

    def holds(self, job_id: int) -> bool:
        """Whether its food lies there, or has its place there."""
        return any(job.job_id == job_id for job in self.jobs)


@dataclass(frozen=True, slots=True)
class Station:
    """`station` is the number that a phase names."""

    station: int
    state: StationState
    temp_c: float | None = None


@dataclass(frozen=True, slots=True)
class LineQuality:
    """Of the line since it was first used: questions and writes sent, those that nothing came back for, those that
    something else came back for, and for how long in all one was under way."""

    asked: int = 0
    unanswered: int = 0
    foreign: int = 0
    busy_s: float = 0.0


#: Fault codes of a held or failed job and of the complex: what is wrong and with which of them.
ESTOP_FAULT, DOOR_FAULT, STATION_FAULT, BIN_FAULT = 1, 2, 100, 200


def station_of_fault(fault: int) -> int | None:
    """The station that a fault code names, or None."""
    return fault - STATION_FAULT if STATION_FAULT < fault < BIN_FAULT else None


class CookingComplex(Protocol):
    """One complex. One owner of the line; every call ends within a finite time. Raises `DeviceUnreachable`
    (a question stayed unanswered), `OutcomeUnknown` (an order stayed unanswered: look into `jobs()`),
    `DeviceRefused` with `code` one of `full`, `no_material`, `chart_mismatch`, `wrong_state`, `no_cell`,
    `bad_request`; `ForeignState` when the map, version or serial number is not the expected one."""

    async def health(self) -> Health:
        """State, faults and the generation numbers that tell which table has changed."""

    async def jobs(self) -> tuple[Job, ...]:
        """Every job that the complex still knows, also those that are over and not released."""

    async def bins(self) -> tuple[Bin, ...]:
        """Level and capacity of each bin, in the units of `BinUnit`."""

    async def cells(self) -> tuple[Cell, ...]:
        """The pick-up cells, each with the jobs whose food is in it or on its way there; one snapshot."""

    async def stations(self) -> tuple[Station, ...]:
        """As last read, at most a few seconds old; empty where the complex has none."""

    async def fault_text(self) -> str:
        """The complex's own words for the fault it shows, empty without one."""

    async def beat(self) -> None:
        """Controller heartbeat; without it the robot finishes accepted jobs and takes no new ones."""

    async def submit(self, order: CookingOrder) -> None:
        """Accepted or already known (rule 4: a pair of job id and attempt is taken once). Stages chart and label
        first."""

    async def cancel(self, job_id: int, attempt: int) -> None:
        """Gives up a job that is still queued; one that has begun is refused."""

    async def release(self, job_id: int, attempt: int) -> None:
        """Forgets a job that is over: its slot in the table becomes free. Not before our books have it."""

    async def open_cell(self, cell: int, job_id: int) -> None:
        """Unlocks the cell where the food of this job is, with whatever else lies there; refused for another job."""

    async def set_bin(self, bin_number: int, level: int) -> None:
        """A person has filled a bin: its level from now on, in its own unit."""

    async def command(self, command: ComplexCommand) -> None:
        """A PackML command, as a person would give it at the panel."""

    async def acknowledge_fault(self) -> None:
        """A person has seen to the fault; the complex may go on."""

    def line_quality(self) -> LineQuality:
        """How the line does; asks nothing."""

    async def close(self) -> None:
        """Gives the line up. Later calls open it again."""
