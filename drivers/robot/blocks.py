"""The status blocks behind the health block: jobs, bins, cells, stations, fault text (robot.md#registers); what cells
hold is in `contents`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from drivers.robot.port import (
    Bin,
    BinFlag,
    BinUnit,
    Cell,
    CellJob,
    CellState,
    Job,
    JobState,
    Station,
    StationState,
)
from drivers.robot.registers import MapError, checked, from_i16, i16, split_u32, text_of, text_registers, u32

_E = TypeVar("_E", JobState, CellState, BinUnit)

HEAD_SIZE = 4
#: In place of a temperature where none is measured.
NOT_MEASURED = -0x8000
_FOOD_SPENT, _WAITS = 1, 2


@dataclass(frozen=True, slots=True)
class Layout:
    """A block: its head is [tag, generation, boot, count], then `rows` rows of `width` registers."""

    address: int
    tag: int
    rows: int
    width: int

    @property
    def size(self) -> int:
        return self.size_of(self.rows)

    def size_of(self, rows: int) -> int:
        """Registers of the head and so many rows."""
        return HEAD_SIZE + rows * self.width


JOBS = Layout(100, 0x0100, 8, 14)
BINS = Layout(300, 0x0300, 24, 5)
CELLS = Layout(450, 0x0450, 12, 4)
STATIONS = Layout(520, 0x0520, 8, 6)
FAULT_TEXT = Layout(600, 0x0600, 40, 1)
#: Where health tells the capability.
BIN_TEMPERATURES = Layout(660, 0x0660, 24, 1)


@dataclass(frozen=True, slots=True)
class Head:
    """`generation` changes with the block's contents, `boot` with a reboot; `count` rows exist."""

    generation: int
    boot: int
    count: int


@dataclass(frozen=True, slots=True)
class JobSlot:
    """One occupied row of the job table."""

    job_id: int
    attempt: int
    recipe: int
    chart_crc: int
    state: JobState
    phase: int
    progress_permille: int
    remaining_s: int
    cell: int
    fault: int
    accepted_seq: int
    food_spent: bool
    waits: bool = False

    def as_job(self) -> Job:
        return Job(
            job_id=self.job_id,
            attempt=self.attempt,
            recipe=self.recipe,
            state=self.state,
            phase=self.phase,
            progress_permille=self.progress_permille,
            remaining_s=self.remaining_s,
            cell=self.cell,
            fault=self.fault,
            food_spent=self.food_spent,
            waits=self.waits,
        )


@dataclass(frozen=True, slots=True)
class CellRow:
    state: CellState
    job_id: int
    temp_decidegrees: int


@dataclass(frozen=True, slots=True)
class StationRow:
    """`state`: 0 idle, 1 busy, 2 fault; `slot` is the first job's slot, 1…8, 0 none. Temperatures in 0.1 °C."""

    kind: int
    state: int
    slot: int
    temp_decidegrees: int
    setpoint_decidegrees: int
    remaining_s: int


def encode_jobs(head: Head, slots: Sequence[JobSlot | None]) -> list[int]:
    return encode(JOBS, head, [[0] * JOBS.width if slot is None else _job_words(slot) for slot in slots])


def decode_jobs(words: Sequence[int]) -> tuple[Head, tuple[JobSlot | None, ...]]:
    """A free slot has job id 0."""
    head, rows = decode(JOBS, words)
    return head, tuple(_job_slot(row) if row[0] or row[1] else None for row in rows)


def encode_bins(head: Head, bins: Sequence[Bin]) -> list[int]:
    """`bins` in order; the unit is the low byte of its register, the flags the high byte."""
    rows = [[b.ingredient, int(b.unit) | int(b.flags) << 8, b.level, b.capacity, b.committed] for b in bins]
    return encode(BINS, head, rows)


def decode_bins(words: Sequence[int]) -> tuple[Head, tuple[Bin, ...]]:
    """A place without a bin has ingredient code 0 and is left out."""
    head, rows = decode(BINS, words)
    return head, tuple(_bin(number, row) for number, row in enumerate(rows, 1) if row[0])


def encode_bin_temperatures(head: Head, decidegrees: Sequence[int]) -> list[int]:
    """Of the bins in their order; `NOT_MEASURED` where there is no sensor."""
    return encode(BIN_TEMPERATURES, head, [[from_i16(temp)] for temp in decidegrees])


def decode_bin_temperatures(words: Sequence[int]) -> tuple[Head, tuple[float | None, ...]]:
    """°C by the bins' order; a fridge may well be at zero."""
    head, rows = decode(BIN_TEMPERATURES, words)
    return head, tuple(None if (temp := i16(word)) == NOT_MEASURED else temp / 10 for (word,) in rows)


def encode_cells(head: Head, cells: Sequence[CellRow]) -> list[int]:
    return encode(CELLS, head, [[int(c.state), *split_u32(c.job_id), from_i16(c.temp_decidegrees)] for c in cells])


def decode_cells(words: Sequence[int]) -> tuple[Head, tuple[CellRow, ...]]:
    head, rows = decode(CELLS, words)
    return head, tuple(CellRow(member(CellState, state), u32(high, low), i16(temp)) for state, high, low, temp in rows)


def as_cells(rows: Sequence[CellRow]) -> tuple[Cell, ...]:
    """Of a complex where each cell holds one portion."""
    return tuple(
        Cell(number, row.state, _only_job(row), celsius(row.temp_decidegrees)) for number, row in enumerate(rows, 1)
    )


def _only_job(row: CellRow) -> tuple[CellJob, ...]:
    """Of one that is out of order nobody knows whether the food has come: then it has."""
    return (CellJob(row.job_id, loaded=row.state is not CellState.RESERVED),) if row.job_id else ()


def celsius(decidegrees: int) -> float | None:
    """Zero is what a complex without sensors writes; food is served at no such temperature."""
    return None if decidegrees in (0, NOT_MEASURED) else decidegrees / 10


def encode_stations(head: Head, stations: Sequence[StationRow]) -> list[int]:
    rows = [
        [s.kind, s.state, s.slot, from_i16(s.temp_decidegrees), from_i16(s.setpoint_decidegrees), s.remaining_s]
        for s in stations
    ]
    return encode(STATIONS, head, rows)


def decode_stations(words: Sequence[int]) -> tuple[Head, tuple[StationRow, ...]]:
    head, rows = decode(STATIONS, words)
    return head, tuple(StationRow(k, state, slot, i16(t), i16(sp), left) for k, state, slot, t, sp, left in rows)


def as_stations(rows: Sequence[StationRow]) -> tuple[Station, ...]:
    """A state that this map does not name (warming up, cleaning) is not an error."""
    known = {state.value: state for state in StationState}
    return tuple(
        Station(row.kind, known.get(row.state, StationState.BUSY), celsius(row.temp_decidegrees)) for row in rows
    )


def encode_fault_text(head: Head, text: str) -> list[int]:
    return encode(FAULT_TEXT, head, [[word] for word in text_registers(text, FAULT_TEXT.rows)])


def decode_fault_text(words: Sequence[int]) -> tuple[Head, str]:
    head, rows = decode(FAULT_TEXT, words)
    return head, text_of([row[0] for row in rows])


def encode(layout: Layout, head: Head, rows: Sequence[Sequence[int]]) -> list[int]:
    if len(rows) > layout.rows:
        raise MapError("bad_length", f"{len(rows)} rows of {layout.rows}")
    words = [layout.tag, head.generation, head.boot, head.count]
    for row in rows:
        words += row
    return checked(words + [0] * (layout.size - len(words)))


def decode(layout: Layout, words: Sequence[int]) -> tuple[Head, list[Sequence[int]]]:
    """Raises `MapError`: `bad_length`, `bad_header`. Rows that do not exist are left out."""
    if len(words) != layout.size:
        raise MapError("bad_length", f"{len(words)} registers of {layout.size}")
    if words[0] != layout.tag or words[3] > layout.rows:
        raise MapError("bad_header", f"{words[0]:#06x}, {words[3]} rows")
    rows = [words[i : i + layout.width] for i in range(HEAD_SIZE, layout.size, layout.width)]
    return Head(words[1], words[2], words[3]), rows[: words[3]]


def _job_words(slot: JobSlot) -> list[int]:
    words = [*split_u32(slot.job_id), slot.attempt, slot.recipe, slot.chart_crc, int(slot.state), slot.phase]
    words += [slot.progress_permille, slot.remaining_s, slot.cell, slot.fault, slot.accepted_seq]
    flags = (_FOOD_SPENT if slot.food_spent else 0) | (_WAITS if slot.waits else 0)
    return [*words, flags, 0]


def _job_slot(row: Sequence[int]) -> JobSlot:
    return JobSlot(
        job_id=u32(row[0], row[1]),
        attempt=row[2],
        recipe=row[3],
        chart_crc=row[4],
        state=member(JobState, row[5]),
        phase=row[6],
        progress_permille=row[7],
        remaining_s=row[8],
        cell=row[9],
        fault=row[10],
        accepted_seq=row[11],
        food_spent=bool(row[12] & _FOOD_SPENT),
        waits=bool(row[12] & _WAITS),
    )


def _bin(number: int, row: Sequence[int]) -> Bin:
    ingredient, unit_flags, level, capacity, committed = row
    flags = BinFlag(unit_flags >> 8 & 0x1F)
    return Bin(number, ingredient, member(BinUnit, unit_flags & 0xFF), flags, level, capacity, committed)


def member(kind: type[_E], word: int) -> _E:
    try:
        return kind(word)
    except ValueError as error:
        raise MapError("bad_value", f"{kind.__name__} {word}") from error
