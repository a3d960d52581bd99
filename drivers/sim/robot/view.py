"""What the simulated complex shows: its health, its blocks and its faults, each call one snapshot."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from drivers.robot import blocks, registers
from drivers.robot.contents import CONTENTS, ContentsRow, encode_contents
from drivers.robot.equipment import BinEquipment, StationEquipment
from drivers.robot.mailbox import MAX_PHASES
from drivers.robot.port import NO_CAPABILITY, Bin, BinUnit, Capability, CellJob, CellState, HealthFlag, JobState
from drivers.sim.robot.bins import Surroundings
from drivers.sim.robot.kitchen import BIN_CODE, JAM_CODE, Kitchen
from drivers.sim.robot.memory import CellRecord, Memory, SlotRecord
from drivers.sim.robot.packml import PackML

SERIAL, FIRMWARE, MIN_COOK_TEMP = 202611, 100, 750
PRODUCTION_MODE = 1
_ESTOP_CODE, _DOOR_CODE = 1, 2
_WARNING, _HOLDING, _ABORTING = 1, 2, 3  # fault classes
_AMBIENT_DECIDEGREES, _FOOD_DECIDEGREES = 220, 650
_INSIDE_C = 2  # so far within its one limit a fridge is kept
_WARMING = 3  # a state of a station beside idle, busy and fault
_UNITS = {"g": BinUnit.GRAM, "pcs": BinUnit.PIECE, "ml": BinUnit.MILLILITRE}


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
        self,
        memory: Memory,
        kitchen: Kitchen,
        packml: PackML,
        around: Surroundings,
        clock: Callable[[], float],
        *,
        revision: int,
    ) -> None:
        self._revision = revision
        self._capabilities = Capability.BIN_TEMPERATURES if revision >= registers.WHOLE_CHART else NO_CAPABILITY
        if kitchen.cells.shares:
            self._capabilities |= Capability.SHARED_CELLS
        self._memory = memory
        self._equipment = memory.equipment
        self._present = [row for row in memory.equipment.stations.values() if not row.out]
        self._kitchen = kitchen
        self._packml = packml
        self._around = around
        self._clock = clock
        self._generations = {layout.address: _Generation() for layout in (blocks.JOBS, blocks.BINS, blocks.CELLS)}
        self._faults = _Generation()

    def areas(self, echo: int) -> dict[int, tuple[int, Callable[[], list[int]]]]:
        """Start, size and maker of every block of input registers."""
        more = {
            Capability.BIN_TEMPERATURES: (blocks.BIN_TEMPERATURES, self._bin_temperatures),
            Capability.SHARED_CELLS: (CONTENTS, self._cell_contents),
        }
        return {
            registers.HEALTH: (registers.HEALTH_SIZE, lambda: self._health(echo)),
            blocks.JOBS.address: (blocks.JOBS.size, self._jobs),
            blocks.BINS.address: (blocks.BINS.size, self._bins),
            blocks.CELLS.address: (blocks.CELLS.size, self._cells),
            blocks.STATIONS.address: (blocks.STATIONS.size, self._stations),
            blocks.FAULT_TEXT.address: (blocks.FAULT_TEXT.size, self._fault_text),
            **{row.address: (row.size, make) for flag, (row, make) in more.items() if flag & self._capabilities},
        }

    def _head(self, layout: blocks.Layout, count: int) -> blocks.Head:
        return blocks.Head(self._generation(layout), self._memory.ack.boot, count)

    def _generation(self, layout: blocks.Layout) -> int:
        return self._generations[layout.address].of(self._contents(layout))

    def _contents(self, layout: blocks.Layout) -> Hashable:
        """What a new generation is counted for: all but progress, which is always changing."""
        if layout is blocks.JOBS:
            slots = self._memory.slots
            return tuple(
                s and (s.job_id, s.attempt, s.state, s.phase, s.cell, s.fault, *self._kitchen.running(s)) for s in slots
            )
        if layout is blocks.BINS:  # all else of their rows follows from these
            bins = self._kitchen.bins
            promised = bins.committed()
            return tuple((bins.level(row.number), promised[row.number]) for row in self._equipment.bins)
        temps = [row.temp_decidegrees for row in self._cell_rows()]
        cells = self._states_and_cells()
        return tuple((state, cell.placed, temp) for (state, cell), temp in zip(cells, temps, strict=True))

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
            capabilities=self._capabilities,
            slots=self._equipment.slots,
            bins=len(self._equipment.bins),
            cells=len(self._equipment.cells),
            stations=len(self._present),
            min_cook_temp=MIN_COOK_TEMP,
            version=self._revision,
        )
        return registers.encode_health(block)

    def flags(self) -> HealthFlag:
        bins = self._kitchen.bins
        low = any((level := bins.level(row.number)) < row.low or not level for row in self._equipment.bins)
        shown = {
            HealthFlag.ESTOP_PRESSED: self._around.estop_pressed,
            HealthFlag.ESTOP_LATCHED: self._memory.ack.estop_latched,
            HealthFlag.DOOR_OPEN: self._around.door_open,
            HealthFlag.NO_CELL: self._kitchen.cells.none_free,
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
            found = self._equipment.by_number.get(station)
            return JAM_CODE + station, _HOLDING, f"Заклинило: {station if found is None else found.id}"
        for row in self._equipment.bins:
            if not self._kitchen.bins.level(row.number):
                return BIN_CODE + row.number, _WARNING, f"Пуст бункер {row.number}: {row.name.ru}"
        return 0, 0, ""

    def _jobs(self) -> list[int]:
        rows = [None if slot is None else self._job_row(slot) for slot in self._memory.slots]
        return blocks.encode_jobs(self._head(blocks.JOBS, len(rows)), rows)

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
            waits=slot.state is JobState.COOKING and not self._kitchen.running(slot),
        )

    def _bin_rows(self) -> list[Bin]:
        bins = self._kitchen.bins
        promised = bins.committed()
        return [
            Bin(
                n := row.number,
                row.ingredient,
                _UNITS[row.unit],
                bins.flags(n),
                bins.level(n),
                row.capacity,
                min(0xFFFF, promised[n]),
            )
            for row in self._equipment.bins
        ]

    def _bins(self) -> list[int]:
        return blocks.encode_bins(self._head(blocks.BINS, len(self._equipment.bins)), self._bin_rows())

    def _states_and_cells(self) -> Iterator[tuple[CellState, CellRecord]]:
        return zip(self._kitchen.cells.states(), self._memory.cells, strict=True)

    def _cell_contents(self) -> list[int]:
        rows = [
            ContentsRow(
                state,
                self._kitchen.cells.size(index),
                self._cell_decidegrees(index + 1, state),
                tuple(CellJob(one.job_id, loaded=one.loaded) for one in cell.placed),
            )
            for index, (state, cell) in enumerate(self._states_and_cells())
        ]
        return encode_contents(blocks.Head(self._generation(blocks.CELLS), self._memory.ack.boot, len(rows)), rows)

    def _cell_rows(self) -> list[blocks.CellRow]:
        return [
            blocks.CellRow(state, cell.job_id, self._cell_decidegrees(number, state))
            for number, (state, cell) in enumerate(self._states_and_cells(), 1)
        ]

    def _cell_decidegrees(self, number: int, state: CellState) -> int:
        """Heated while food stands in it, unless its heater has failed."""
        warm = state in (CellState.LOADED, CellState.OPEN) and number not in self._around.cold_cells
        return _FOOD_DECIDEGREES if warm else _AMBIENT_DECIDEGREES

    def _cells(self) -> list[int]:
        rows = self._cell_rows()
        return blocks.encode_cells(self._head(blocks.CELLS, len(rows)), rows)

    def _bin_temperatures(self) -> list[int]:
        """A bin with limits stands in a fridge that keeps them, unless it has failed."""
        head = blocks.Head(self._generation(blocks.BINS), self._memory.ack.boot, len(self._equipment.bins))
        rows = self._equipment.bins
        return blocks.encode_bin_temperatures(head, [self._bin_decidegrees(row) for row in rows])

    def _bin_decidegrees(self, row: BinEquipment) -> int:
        limits = [limit for limit in (row.lowest_c, row.highest_c) if limit is not None]
        if not limits or row.number in self._around.warm_bins:
            return _AMBIENT_DECIDEGREES
        inside = -_INSIDE_C if row.lowest_c is None else _INSIDE_C if row.highest_c is None else 0
        return round(10 * (sum(limits) / len(limits) + inside))

    def _stations(self) -> list[int]:
        rows = [self._station_row(row) for row in self._present]
        head = blocks.Head(self._generation(blocks.JOBS), self._memory.ack.boot, len(rows))
        return blocks.encode_stations(head, rows)

    def _station_row(self, row: StationEquipment) -> blocks.StationRow:
        now, number = self._clock(), row.number
        busy = self._kitchen.at_station(number)
        cold_s = self._kitchen.warm_in_s(number, now)
        state = 2 if number in self._around.jammed else _WARMING if cold_s else min(1, len(busy))
        if not busy:
            return blocks.StationRow(number, state, 0, _AMBIENT_DECIDEGREES, 0, min(0xFFFF, math.ceil(cold_s)))
        here = (busy[0].phases[n] for n in self._kitchen.running(busy[0]))
        phase = next(phase for phase in here if phase.station == number)
        parameters = self._equipment.parameters(number, phase.operation) or {}
        heats = next(iter(parameters.values()), None)
        warm = heats is not None and heats.unit == "°C"
        setpoint = min(phase.p1 * 10, 0x7FFF) if warm else _AMBIENT_DECIDEGREES
        left_s = min(0xFFFF, math.ceil(self._kitchen.remaining_s(busy[0], now)))
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
            "cells": [state.name.lower() for state in self._kitchen.cells.states()],
            "placed": [[one.job_id for one in cell.placed] for cell in self._memory.cells],
            "bins": [self._kitchen.bins.level(row.number) for row in self._equipment.bins],
        }
