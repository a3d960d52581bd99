"""What the simulated complex shows: its health, its blocks and its faults, each call one snapshot."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any

from drivers.robot import blocks, registers
from drivers.robot.mailbox import MAX_PHASES
from drivers.robot.port import Bin, CellState, HealthFlag, JobState
from drivers.sim.robot.kitchen import BIN_CODE, JAM_CODE, STATION_CAPACITY, STATIONS, Kitchen, Surroundings
from drivers.sim.robot.memory import CELLS, SLOTS, STOCK, Memory, SlotRecord
from drivers.sim.robot.packml import PackML

SERIAL, FIRMWARE, MIN_COOK_TEMP = 202611, 100, 750
PRODUCTION_MODE = 1
_ESTOP_CODE, _DOOR_CODE = 1, 2
_WARNING, _HOLDING, _ABORTING = 1, 2, 3  # fault classes
_AMBIENT_DECIDEGREES, _FOOD_DECIDEGREES = 220, 650
_HEATING = frozenset({2, 3, 4, 5})  # operations whose p1 is a temperature in °C


class _Generation:
    """Counts how often what it watches has changed."""

    def __init__(self) -> None:
        self._count = 0
        self._seen: Hashable = None

    def of(self, contents: Hashable) -> int:
        if contents != self._seen:
            self._seen = contents
            self._count = self._count % 0xFFFF + 1
        return self._count


class View:
    """Encodes the status blocks of one power-up."""

    def __init__(
        self, memory: Memory, kitchen: Kitchen, packml: PackML, around: Surroundings, clock: Callable[[], float]
    ) -> None:
        self._memory = memory
        self._kitchen = kitchen
        self._packml = packml
        self._around = around
        self._clock = clock
        self._generations = {layout.address: _Generation() for layout in (blocks.JOBS, blocks.BINS, blocks.CELLS)}
        self._faults = _Generation()

    def areas(self, echo: int) -> dict[int, tuple[int, Callable[[], list[int]]]]:
        """Start, size and maker of every block of input registers."""
        return {
            registers.HEALTH: (registers.HEALTH_SIZE, lambda: self._health(echo)),
            blocks.JOBS.address: (blocks.JOBS.size, self._jobs),
            blocks.BINS.address: (blocks.BINS.size, self._bins),
            blocks.CELLS.address: (blocks.CELLS.size, self._cells),
            blocks.STATIONS.address: (blocks.STATIONS.size, self._stations),
            blocks.FAULT_TEXT.address: (blocks.FAULT_TEXT.size, self._fault_text),
        }

    def _head(self, layout: blocks.Layout, count: int) -> blocks.Head:
        return blocks.Head(self._generation(layout), self._memory.ack.boot, count)

    def _generation(self, layout: blocks.Layout) -> int:
        return self._generations[layout.address].of(self._contents(layout))

    def _contents(self, layout: blocks.Layout) -> Hashable:
        """What a new generation is counted for: all but progress, which is always changing."""
        if layout is blocks.JOBS:
            slots = self._memory.slots
            return tuple(s and (s.job_id, s.attempt, s.state, s.phase, s.cell, s.fault) for s in slots)
        if layout is blocks.BINS:
            return tuple(self._bin_rows())
        return tuple(self._cell_rows())

    def _health(self, echo: int) -> list[int]:
        ack, now = self._memory.ack, self._clock()
        fault_code, fault_class, _ = self.fault()
        block = registers.HealthBlock(
            serial=SERIAL,
            firmware=FIRMWARE,
            boot=ack.boot,
            heartbeat=int(now * 10) & 0xFFFF,
            echo=echo,
            mode=PRODUCTION_MODE,
            state=self._packml.state,
            requested=int(self._packml.requested),
            flags=self.flags(),
            last_seq=ack.seq,
            last_session=ack.session,
            last_opcode=ack.opcode,
            last_result=ack.result,
            last_job=ack.job_id,
            fault_code=fault_code,
            fault_class=fault_class,
            fault_counter=self._fault_counter(),
            jobs_generation=self._generation(blocks.JOBS),
            bins_generation=self._generation(blocks.BINS),
            cells_generation=self._generation(blocks.CELLS),
            capabilities=0,
            slots=SLOTS,
            bins=len(STOCK),
            cells=CELLS,
            stations=len(STATIONS),
            min_cook_temp=MIN_COOK_TEMP,
        )
        return registers.encode_health(block)

    def flags(self) -> HealthFlag:
        low = any(self._kitchen.bin_flags(number) for number in range(1, len(STOCK) + 1))
        shown = {
            HealthFlag.ESTOP_PRESSED: self._around.estop_pressed,
            HealthFlag.ESTOP_LATCHED: self._memory.ack.estop_latched,
            HealthFlag.DOOR_OPEN: self._around.door_open,
            HealthFlag.NO_CELL: self._kitchen.no_cell,
            HealthFlag.MATERIAL_LOW: low,
        }
        flags = HealthFlag(0)
        for flag, up in shown.items():
            flags |= flag if up else HealthFlag(0)
        return flags

    def fault(self) -> tuple[int, int, str]:
        """(code, class, text) of the gravest fault; code 0 is none."""
        if self._memory.ack.estop_latched:
            return _ESTOP_CODE, _ABORTING, "Нажата аварийная кнопка"
        if self._around.door_open:
            return _DOOR_CODE, _HOLDING, "Открыта дверь"
        for station in sorted(self._around.jammed):
            return JAM_CODE + station, _HOLDING, f"Заклинило: {STATIONS[station - 1]}"
        for number in range(1, len(STOCK) + 1):
            if not self._kitchen.level(number):
                return BIN_CODE + number, _WARNING, f"Пуст бункер {number}: {STOCK[number - 1][0]}"
        return 0, 0, ""

    def _jobs(self) -> list[int]:
        rows = [None if slot is None else self._job_row(slot) for slot in self._memory.slots]
        return blocks.encode_jobs(self._head(blocks.JOBS, SLOTS), rows)

    def _job_row(self, slot: SlotRecord) -> blocks.JobSlot:
        now = self._clock()
        begun = slot.state is not JobState.QUEUED
        return blocks.JobSlot(
            job_id=slot.job_id,
            attempt=slot.attempt,
            recipe=slot.recipe,
            chart_crc=slot.chart_crc,
            state=slot.state,
            phase=min(slot.phase + 1, MAX_PHASES) if begun else 0,
            progress_permille=self._kitchen.progress_permille(slot, now),
            remaining_s=min(0xFFFF, math.ceil(self._kitchen.remaining_s(slot, now))),
            cell=slot.cell,
            fault=slot.fault,
            accepted_seq=slot.accepted_seq,
            food_spent=slot.food_spent,
        )

    def _bin_rows(self) -> list[Bin]:
        promised = self._kitchen.committed()
        return [
            Bin(n, n, unit, self._kitchen.bin_flags(n), self._kitchen.level(n), full, min(0xFFFF, promised[n]))
            for n, (_, unit, full) in enumerate(STOCK, 1)
        ]

    def _bins(self) -> list[int]:
        return blocks.encode_bins(self._head(blocks.BINS, len(STOCK)), self._bin_rows())

    def _cell_rows(self) -> list[blocks.CellRow]:
        states = [self._kitchen.cell_state(i) for i in range(CELLS)]
        full = (CellState.LOADED, CellState.OPEN)
        return [
            blocks.CellRow(state, cell.job_id, _FOOD_DECIDEGREES if state in full else _AMBIENT_DECIDEGREES)
            for state, cell in zip(states, self._memory.cells, strict=True)
        ]

    def _cells(self) -> list[int]:
        return blocks.encode_cells(self._head(blocks.CELLS, CELLS), self._cell_rows())

    def _stations(self) -> list[int]:
        rows = [self._station_row(number) for number in range(1, len(STATIONS) + 1)]
        head = blocks.Head(self._generation(blocks.JOBS), self._memory.ack.boot, len(STATIONS))
        return blocks.encode_stations(head, rows)

    def _station_row(self, number: int) -> blocks.StationRow:
        busy = self._kitchen.at_station(number)[:STATION_CAPACITY]
        state = 2 if number in self._around.jammed else min(1, len(busy))
        if not busy:
            return blocks.StationRow(number, state, 0, _AMBIENT_DECIDEGREES, 0, 0)
        phase = busy[0].phases[busy[0].phase]
        setpoint = min(phase.p1 * 10, 0x7FFF) if phase.operation in _HEATING else _AMBIENT_DECIDEGREES
        left_s = min(0xFFFF, math.ceil(self._kitchen.remaining_s(busy[0], self._clock())))
        return blocks.StationRow(number, state, self._memory.slots.index(busy[0]) + 1, setpoint, setpoint, left_s)

    def _fault_text(self) -> list[int]:
        head = blocks.Head(self._fault_counter(), self._memory.ack.boot, blocks.FAULT_TEXT.rows)
        return blocks.encode_fault_text(head, self.fault()[2])

    def _fault_counter(self) -> int:
        """Counts the comings and goings of faults since the boot."""
        return self._faults.of(self.fault()[0]) - 1

    def state(self) -> dict[str, Any]:
        """For the control socket."""
        return {
            "boot": self._memory.ack.boot,
            "complex": self._packml.state.name.lower(),
            "fault": self.fault()[2],
            "jobs": [
                {"job_id": s.job_id, "attempt": s.attempt, "state": s.state.name.lower(), "cell": s.cell}
                for s in self._memory.jobs()
            ],
            "cells": [self._kitchen.cell_state(i).name.lower() for i in range(CELLS)],
            "bins": [self._kitchen.level(n) for n in range(1, len(STOCK) + 1)],
        }
