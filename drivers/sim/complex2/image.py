"""The second complex's registers as robot.md#registers lays them out: what a question is answered from."""

from __future__ import annotations

import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.sim.complex2.kitchen import Kitchen
from drivers.sim.complex2.memory import CellState, Job

HEALTH, JOBS, BINS, CELLS, STATIONS, FAULT_TEXT = 0, 100, 300, 450, 520, 600
#: Address and size of each block of input registers.
BLOCKS = {HEALTH: 32, JOBS: 116, BINS: 124, CELLS: 52, STATIONS: 52, FAULT_TEXT: 44}
_TAGS = {JOBS: 0x0100, BINS: 0x0300, CELLS: 0x0450, STATIONS: 0x0520, FAULT_TEXT: 0x0600}
MAGIC, VERSION = 0x5243, 1
MAILBOX, MAILBOX_SIZE = 0, 36
BEAT = 60
CHART, CHART_SIZE, PHASE_SIZE = 100, 120, 5
LABEL, LABEL_SIZE = 220, 10
_CRC_AT, _COMMIT_AT, _SESSION_AT, _PAIRS_AT, _MOST_PAIRS = 34, 35, 33, 9, 12
_LOW, _EMPTY = 1, 2
_LOW_SHARE = 0.15
_WARM, _COLD = 650, 200  # tenths of a degree, of food in a cell and of an empty one
ESTOP_PRESSED, ESTOP_LATCHED, DOOR, NO_CELL, MATERIAL_LOW = 1, 2, 4, 8, 16


def crc(registers: Sequence[int]) -> int:
    return binascii.crc_hqx(struct.pack(f">{len(registers)}H", *registers), 0xFFFF)


def u32(value: int) -> list[int]:
    return [value >> 16, value & 0xFFFF]


@dataclass(frozen=True, slots=True)
class Order:
    """A mailbox."""

    sequence: int
    opcode: int
    job_id: int
    attempt: int
    recipe: int
    chart_crc: int
    cell: int
    pairs: list[list[int]]
    session: int


def order_of(registers: Sequence[int]) -> Order | None:
    """None: rule 1, not an order."""
    if len(registers) != MAILBOX_SIZE or crc(registers[:_CRC_AT]) != registers[_CRC_AT]:
        return None
    count = registers[8]
    if registers[_COMMIT_AT] != registers[0] or count > _MOST_PAIRS:
        return None
    pairs = [list(registers[at : at + 2]) for at in range(_PAIRS_AT, _PAIRS_AT + 2 * count, 2)]
    return Order(
        sequence=registers[0],
        opcode=registers[1],
        job_id=registers[2] << 16 | registers[3],
        attempt=registers[4],
        recipe=registers[5],
        chart_crc=registers[6],
        cell=registers[7],
        pairs=pairs,
        session=registers[_SESSION_AT],
    )


def phases_of(staged: Sequence[int]) -> list[list[int]]:
    """(operation, station, p1, p2, longest seconds) up to the first without an operation."""
    found = []
    for at in range(0, CHART_SIZE, PHASE_SIZE):
        if staged[at] == 0:
            break
        found.append(list(staged[at : at + PHASE_SIZE]))
    return found


def label_of(staged: Sequence[int], job_id: int) -> str:
    """The order's number, empty where the label is another job's."""
    if list(staged[:2]) != u32(job_id):
        return ""
    text = struct.pack(f">{LABEL_SIZE - 2}H", *staged[2:]).split(b"\0", 1)[0]
    return text.decode() if text.isascii() else ""


class Image:
    """Registers out of the kitchen's state; what only the panel knows is handed to `health`."""

    def __init__(self, kitchen: Kitchen) -> None:
        self._kitchen = kitchen

    def block(self, address: int, *, text: str = "") -> list[int]:
        """Any but health, whole and zero-padded."""
        rows = {JOBS: self._jobs, BINS: self._bins, CELLS: self._cells, STATIONS: self._stations}
        filled = rows[address]() if address in rows else [[word] for word in _text(text)]
        memory = self._kitchen.memory
        generation = memory.generations.get({JOBS: "jobs", BINS: "bins", CELLS: "cells"}.get(address, ""), 0)
        words = [_TAGS[address], generation, memory.boot, len(filled)]
        words += [word for row in filled for word in row]
        return words + [0] * (BLOCKS[address] - len(words))

    def health(
        self, *, beat: int, echo: int, state: int, requested: int, flags: int, fault: tuple[int, int]
    ) -> list[int]:
        memory, build = self._kitchen.memory, self._kitchen.build
        last, generations = memory.last, memory.generations
        words = [MAGIC, VERSION, *u32(memory.serial), 200, memory.boot, beat, echo, 1, state, requested]
        words += [flags | self._own_flags(), last.sequence, last.session, last.opcode, last.result, *u32(last.job_id)]
        words += [fault[0], 0, fault[1], generations["jobs"], generations["bins"], generations["cells"]]
        words += [0, build.slots, len(build.hoppers), build.cells, len(build.stations), 0, 0, MAGIC ^ beat]
        return words

    def _own_flags(self) -> int:
        kitchen = self._kitchen
        full = kitchen.blocked or all(cell.state != CellState.FREE for cell in kitchen.memory.cells)
        low = any(row[1] >> 8 & _LOW for row in self._bins())
        return (NO_CELL if full else 0) | (MATERIAL_LOW if low else 0)

    def _jobs(self) -> list[list[int]]:
        return [[0] * 14 if job is None else self._job(job) for job in self._kitchen.memory.slots]

    def _job(self, job: Job) -> list[int]:
        done, left_s = self._kitchen.progress(job)
        words = [*u32(job.job_id), job.attempt, job.recipe, job.chart_crc, job.state, job.phase, done, left_s]
        return [*words, job.cell, job.fault, job.sequence, int(job.taken), 0]

    def _bins(self) -> list[list[int]]:
        kitchen, rows = self._kitchen, []
        for number, hopper in enumerate(kitchen.build.hoppers, 1):
            level = kitchen.level(number)
            flags = (_LOW if level < hopper.capacity * _LOW_SHARE else 0) | (_EMPTY if level == 0 else 0)
            committed = min(kitchen.memory.committed(hopper.ingredient), 0xFFFF)
            rows.append([hopper.ingredient, hopper.unit | flags << 8, level, hopper.capacity, committed])
        return rows

    def _cells(self) -> list[list[int]]:
        warm = {CellState.LOADED, CellState.OPEN}
        return [
            [cell.state, *u32(cell.job_id), _WARM if cell.state in warm else _COLD]
            for cell in self._kitchen.memory.cells
        ]

    def _stations(self) -> list[list[int]]:
        kitchen, rows = self._kitchen, []
        for number in kitchen.build.stations:
            work = kitchen.work_at(number)
            state = 2 if number in kitchen.jammed else int(bool(work))
            slot = next((n for n, job in enumerate(kitchen.memory.slots, 1) if work and job is work[0].job), 0)
            left_s = min(0xFFFF, max(0, round(work[0].due - kitchen.now()))) if work else 0
            rows.append([number, state, slot, _COLD, _COLD, left_s])
        return rows


def _text(text: str) -> list[int]:
    data = text.encode()[:80].decode(errors="ignore").encode()
    return list(struct.unpack(">40H", data.ljust(80, b"\0"))) if data else []
