"""What the complex shows, read block by block: guarded, and again only where it has changed (robot.md#registers)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from drivers.errors import DeviceUnreachable, ForeignState
from drivers.robot import blocks
from drivers.robot.contents import CONTENTS, cells_of, decode_contents
from drivers.robot.line import DEVICE, ModbusLine, ModbusTimings
from drivers.robot.port import NO_CAPABILITY, Bin, Capability, Cell, Station
from drivers.robot.registers import HEALTH, HEALTH_SIZE, HealthBlock, MapError, decode_health

_T = TypeVar("_T")


@dataclass(slots=True)
class _Cached:
    """A block as last read. Each health reading that shows its generation allows one answer from here."""

    head: blocks.Head
    rows: tuple[Any, ...]
    read_at: float
    confirmed: bool = False


class Reading:
    """Not for concurrent use: the owner of the line has its lock. Raises `DeviceUnreachable`, `ForeignState`."""

    def __init__(self, line: ModbusLine, timings: ModbusTimings) -> None:
        self._line = line
        self._timings = timings
        self.version: int | None = None
        self._serial: int | None = None
        self._cache: dict[int, _Cached] = {}
        self._rows: dict[int, int] = {}  # of each block, how many it last said exist
        self._next_row = blocks.JOBS.rows  # of the job table: where the next job will stand, unless it surprises us
        self._stations: tuple[Station, ...] = ()
        self._stations_at: float | None = None
        self.capabilities = NO_CAPABILITY
        self._temps: tuple[float | None, ...] = ()
        self._bins: tuple[tuple[Bin, ...], tuple[float | None, ...], tuple[Bin, ...]] | None = None
        self._temps_at: float | None = None

    async def health(self) -> HealthBlock:
        """Raises `ForeignState` for another complex than before."""
        block = await self._guarded(HEALTH, HEALTH_SIZE, decode_health)
        if self._serial is None:
            self._serial = block.serial
        if block.serial != self._serial:
            raise ForeignState(DEVICE, "serial_changed", f"{block.serial}, was {self._serial}")
        self.version = block.version
        self.capabilities = block.known_capabilities
        generations = {
            blocks.JOBS.address: block.jobs_generation,
            blocks.BINS.address: block.bins_generation,
            blocks.CELLS.address: block.cells_generation,
            CONTENTS.address: block.cells_generation,
        }
        for address, cached in self._cache.items():
            cached.confirmed = (cached.head.generation, cached.head.boot) == (generations[address], block.boot)
        return block

    def forget(self) -> None:
        """A command is about to change what was read."""
        self._cache.clear()

    async def jobs(self) -> tuple[blocks.JobSlot | None, ...]:
        """Row by row; None where one is free."""
        slots = await self._block(blocks.JOBS, blocks.decode_jobs)
        self._next_row = 1 + next((n for n, slot in enumerate(slots) if slot is None), len(slots))
        return slots

    async def has_job(self, job_id: int, attempt: int) -> bool:
        """Whether a job that was just accepted stands in the table: it is looked for where it should, then everywhere,
        for the whole table takes the line for 21 ms."""
        most = self._rows.get(blocks.JOBS.address, blocks.JOBS.rows)
        for rows in dict.fromkeys((min(self._next_row, most), blocks.JOBS.rows)):
            _, slots = await self._first_rows(blocks.JOBS, rows, blocks.decode_jobs)
            if any(slot is not None and (slot.job_id, slot.attempt) == (job_id, attempt) for slot in slots):
                self._next_row = rows + 1
                return True
        return False

    async def bins(self) -> tuple[Bin, ...]:
        rows = await self._block(blocks.BINS, blocks.decode_bins)
        temps = await self._bin_temperatures()
        if self._bins is None or self._bins[0] is not rows or self._bins[1] != temps:
            warm = tuple(replace(row, temp_c=temps[row.bin - 1]) for row in rows) if temps else rows
            self._bins = (rows, temps, warm)
        return self._bins[2]  # the same one while nothing has changed

    async def _bin_temperatures(self) -> tuple[float | None, ...]:
        """As last read, at most `stations_s` old; they go on by themselves. Empty where the complex has none."""
        if self.capabilities & Capability.BIN_TEMPERATURES:
            now, layout = _now(), blocks.BIN_TEMPERATURES
            if self._temps_at is None or now - self._temps_at >= self._timings.stations_s:
                _, temps = await self._existing(layout, blocks.decode_bin_temperatures)
                self._temps, self._temps_at = (*temps, *[None] * (layout.rows - len(temps))), now
        return self._temps

    async def cells(self) -> tuple[Cell, ...]:
        """One snapshot: a complex whose cells hold several portions tells all of it in one block."""
        if self.version is None:
            await self.health()
        if self.capabilities & Capability.SHARED_CELLS:
            return cells_of(await self._block(CONTENTS, decode_contents))
        return blocks.as_cells(await self._block(blocks.CELLS, blocks.decode_cells))

    async def stations(self) -> tuple[Station, ...]:
        """No generation number covers them, so they are read every `stations_s`."""
        now = _now()
        if self._stations_at is None or now - self._stations_at >= self._timings.stations_s:
            _, rows = await self._existing(blocks.STATIONS, blocks.decode_stations)
            self._stations, self._stations_at = blocks.as_stations(rows), now
        return self._stations

    async def fault_text(self) -> str:
        layout = blocks.FAULT_TEXT
        return (await self._guarded(layout.address, layout.size, blocks.decode_fault_text))[1]

    async def _block(
        self, layout: blocks.Layout, decode: Callable[[Sequence[int]], tuple[blocks.Head, tuple[_T, ...]]]
    ) -> tuple[_T, ...]:
        cached = self._cache.get(layout.address)
        now = _now()
        if cached is not None and cached.confirmed and now - cached.read_at < self._timings.refresh_s:
            cached.confirmed = False
            return cached.rows
        head, rows = await self._existing(layout, decode)
        self._cache[layout.address] = _Cached(head, rows, now)
        return rows

    async def _existing(
        self, layout: blocks.Layout, decode: Callable[[Sequence[int]], tuple[blocks.Head, _T]]
    ) -> tuple[blocks.Head, _T]:
        """The rows that exist: what is behind them is zero, and the line is slow."""
        rows = self._rows.get(layout.address, layout.rows)
        head, found = await self._first_rows(layout, rows, decode)
        self._rows[layout.address] = head.count
        if head.count > rows:  # another complex by now
            return await self._first_rows(layout, layout.rows, decode)
        return head, found

    async def _first_rows(self, layout: blocks.Layout, rows: int, decode: Callable[[Sequence[int]], _T]) -> _T:
        size = layout.size_of(rows)
        missing = [0] * (layout.size - size)
        return await self._guarded(layout.address, size, lambda words: decode([*words, *missing]))

    async def _guarded(self, address: int, size: int, decode: Callable[[Sequence[int]], _T]) -> _T:
        """A question may be repeated: once after silence or a foreign answer, with the line's quiet between."""
        try:
            return decode(await self._line.read(address, size))
        except (DeviceUnreachable, MapError) as error:
            self._cache.clear()
            if isinstance(error, DeviceUnreachable) and error.code not in ("no_answer", "foreign_answer", "busy"):
                raise
            self._line.be_quiet()
        try:
            return decode(await self._line.read(address, size))
        except MapError as error:
            self._line.be_quiet()
            raise ForeignState(DEVICE, error.code, str(error)) from error


def _now() -> float:
    return asyncio.get_running_loop().time()
