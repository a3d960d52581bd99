"""What cells hold, of a complex that puts several portions of an order into one
(robot.md#several-portions-in-a-cell)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.robot.blocks import Head, Layout, celsius, decode, encode, member
from drivers.robot.equipment import MAX_CELL_SIZE
from drivers.robot.port import Cell, CellJob, CellState
from drivers.robot.registers import MapError, from_i16, i16, split_u32, u32

#: So many places one row tells of.
MOST_IN_A_CELL = MAX_CELL_SIZE
#: Where health tells the capability: of the same generation as the block of cells, and read in its place.
CONTENTS = Layout(700, 0x0700, 12, 2 + 2 * MOST_IN_A_CELL)
_STATES, _SIZE_AT, _LOADED_AT = 0xFF, 8, 12


@dataclass(frozen=True, slots=True)
class ContentsRow:
    """A cell with room for `size` portions, and the jobs that have their places in it, the first one first."""

    state: CellState
    size: int
    temp_decidegrees: int
    jobs: tuple[CellJob, ...] = ()


def encode_contents(head: Head, rows: Sequence[ContentsRow]) -> list[int]:
    return encode(CONTENTS, head, [_words(row) for row in rows])


def decode_contents(words: Sequence[int]) -> tuple[Head, tuple[ContentsRow, ...]]:
    """Raises `MapError`, also for a row that contradicts itself."""
    head, rows = decode(CONTENTS, words)
    return head, tuple(map(_row, rows))


def cells_of(rows: Sequence[ContentsRow]) -> tuple[Cell, ...]:
    return tuple(
        Cell(number, row.state, row.jobs, celsius(row.temp_decidegrees), row.size) for number, row in enumerate(rows, 1)
    )


def _words(row: ContentsRow) -> list[int]:
    loaded = sum(1 << n for n, job in enumerate(row.jobs) if job.loaded)
    words = [int(row.state) | row.size << _SIZE_AT | loaded << _LOADED_AT, from_i16(row.temp_decidegrees)]
    words += [word for job in row.jobs for word in split_u32(job.job_id)]
    return words + [0] * (CONTENTS.width - len(words))


def _row(words: Sequence[int]) -> ContentsRow:
    size, loaded = words[0] >> _SIZE_AT & 0xF, words[0] >> _LOADED_AT
    numbers = [u32(*words[n : n + 2]) for n in range(2, CONTENTS.width, 2)]
    count = next((n for n, job_id in enumerate(numbers) if not job_id), MOST_IN_A_CELL)
    if not 1 <= size <= MOST_IN_A_CELL or count > size or any(numbers[count:]) or loaded >> count:
        raise MapError("bad_value", f"a cell for {size} portions: {[f'{word:#06x}' for word in words]}")
    jobs = tuple(CellJob(job_id, loaded=bool(loaded >> n & 1)) for n, job_id in enumerate(numbers[:count]))
    return ContentsRow(member(CellState, words[0] & _STATES), size, i16(words[1]), jobs)
