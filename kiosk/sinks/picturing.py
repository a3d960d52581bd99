"""The picture of the kitchen that the rest of the house sees: bins, the plan of the work, whether the robot cooks."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
import structlog

from drivers.errors import DeviceError, pause_word
from drivers.robot.port import (
    STATION_FAULT,
    Bin,
    BinFlag,
    Cell,
    CellState,
    ComplexState,
    CookingComplex,
    Health,
    HealthFlag,
    Job,
    JobState,
    StationState,
    station_of_fault,
)
from kiosk.clock import Clock
from kiosk.domain.breaker import Breaker
from kiosk.domain.chart import Chart
from kiosk.domain.events import StockLowEvent
from kiosk.domain.menu import Menu
from kiosk.domain.order import PENDING_PORTIONS
from kiosk.domain.planning import Plan, cells_free_in_s
from kiosk.domain.readiness import Kitchen, Readiness, StockBin
from kiosk.domain.reasons import CELL_FAULT, CELLS_FULL, STATION_DOWN
from kiosk.domain.robot_faults import words_of_fault
from kiosk.domain.text import Text
from kiosk.store import cooking, outbox, records
from kiosk.store.database import Database

_log = structlog.get_logger()
_STATION = re.compile("[0-9]{1,5}")  # by the books' word, read back at start


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with the complex: `told` in our words, `detail` in its own."""

    told: Text | None
    detail: str = ""

    @property
    def line(self) -> str:
        """For logs and events, whose reader is not known: both languages."""
        words = [] if self.told is None else [f"{self.told.ru} / {self.told.en}"]
        return " ".join([*words, *([f"({self.detail})" if words else self.detail] if self.detail else [])])


NO_FAULT = Fault(None)


class KitchenPicture:
    """Kept by the line's own loop."""

    def __init__(
        self,
        database: Database,
        robot: CookingComplex,
        menu: Menu,
        kitchen: Kitchen,
        readiness: Readiness,
        clock: Clock,
    ) -> None:
        self._db = database
        self._robot = robot
        self._kitchen = kitchen
        self._readiness = readiness
        self._clock = clock
        self._ingredients = {row.code: row for row in menu.ingredients.values()}
        self._bin_names: dict[int, Text] = {}
        self._low: set[int] = set()
        self._cells: tuple[float, ...] = ()
        self._planned: tuple[frozenset[int], tuple[float, ...]] = (frozenset(), ())
        self._fault: tuple[int, int] = (0, 0)  # code and counter of the text below
        self._fault_text = ""
        self._stations: dict[int, Breaker] = {}
        self.charts: dict[str, Chart] = {}

    async def read_work(self) -> dict[int, cooking.WorkRow]:
        rows = await self._db.read(cooking.read_work)
        if any(row.chart_fingerprint not in self.charts for row in rows):
            self.charts = await self._db.read(records.read_charts)
        pending = [row for row in rows if row.status in PENDING_PORTIONS]
        ids = frozenset(row.portion_id for row in pending)
        if (ids, self._cells) != self._planned:
            self._planned = ids, self._cells
            self._kitchen.pending = ids
            work = [[(p.station, p.p2) for p in self.charts[row.chart_fingerprint].phases] for row in pending]
            self._kitchen.plan = Plan(work, self._cells)
        return {row.portion_id: row for row in rows}

    async def look_at_cells(self) -> tuple[Cell, ...]:
        cells = await self._robot.cells()
        usable = [cell for cell in cells if cell.state is not CellState.FAULT]
        faulty = ", ".join(str(cell.cell) for cell in cells if cell.state is CellState.FAULT)
        told = Fault(Text(f"ячейка {faulty}", f"cell {faulty}") if faulty else None)
        await self._tell_part("cells", CELL_FAULT if faulty else None, told)
        filled = sum(cell.state in (CellState.LOADED, CellState.OPEN) for cell in usable)
        self._cells = cells_free_in_s(len(usable), filled)
        return cells

    async def look_at_stations(self, health: Health, jobs: Iterable[Job]) -> None:
        """A station that is jammed or faulty takes just its dishes off sale, by its own block or by what it holds."""
        told = await self._robot.stations() if health.stations else ()
        down = {row.station for row in told if row.state is StationState.FAULT}
        held = (station_of_fault(job.fault) for job in jobs if job.state is JobState.HELD)
        down |= {station for station in held if station is not None}
        for station in down - self._stations.keys():
            self._stations[station] = Breaker(STATION_DOWN, STATION_DOWN)
        for station, breaker in self._stations.items():
            before = breaker.reason
            if station in down:
                breaker.refused()
            else:
                breaker.answered()
            if breaker.reason != before:
                await self._tell_part(f"station_{station}", breaker.reason, self._fault_of(STATION_FAULT + station))
        self._kitchen.stations_down = frozenset(down)

    async def _tell_part(self, name: str, reason: str | None, fault: Fault) -> None:
        """A part of the complex that closes only what needs it."""
        known = reason is not None or name in self._readiness.checks()
        if known and self._readiness.set(name, reason, blocks=False, detail=fault.detail, told=fault.told):
            _log.info("robot_part_readiness", part=name, reason=reason, detail=fault.line)
            now = self._clock.now()
            await self._db.write(records.set_fault, name, reason, fault.line, now)

    async def restore_stations(self) -> None:
        """At start: a station that was down is down until the robot shows it, and so is a cell."""
        faults = await self._db.read(records.read_faults)
        if "cells" in faults:
            self._readiness.set("cells", CELL_FAULT, blocks=False)
        for device in faults:
            name, _, number = device.partition("_")
            if name == "station" and _STATION.fullmatch(number) is not None:
                self._stations[int(number)] = Breaker(STATION_DOWN, STATION_DOWN, reason=STATION_DOWN)
                told = self._fault_of(STATION_FAULT + int(number)).told
                self._readiness.set(device, STATION_DOWN, blocks=False, told=told)
        self._kitchen.stations_down = frozenset(self._stations)

    def _fault_of(self, code: int, detail: str = "") -> Fault:
        return Fault(words_of_fault(code, self._bin_names), detail)

    async def describe(self, health: Health) -> Fault:
        """The complex's fault in our words and its own, for the technician; asked for when it changes."""
        shown = (health.fault_code, health.fault_counter)
        if shown != self._fault:
            text = await self._robot.fault_text() if health.fault_code else ""
            self._fault, self._fault_text = shown, text.strip()
        if not health.fault_code:
            return NO_FAULT
        own = ": ".join(filter(None, (str(health.fault_code), self._fault_text)))
        return self._fault_of(health.fault_code, own)

    @property
    def stations_down(self) -> frozenset[int]:
        return self._kitchen.stations_down

    def is_recalled(self, row: cooking.WorkRow) -> bool:
        return row.portion_id in self._kitchen.recalled

    def needs_station_that_is_down(self, row: cooking.WorkRow) -> bool:
        phases = self.charts[row.chart_fingerprint].phases
        return any(phase.station in self._kitchen.stations_down for phase in phases)

    async def look_at_bins(self) -> None:
        bins = [self._stock_bin(row) for row in await self._robot.bins()]
        self._kitchen.bins = bins
        self._bin_names = {row.bin: self._name_of(row.ingredient) for row in bins}
        self._kitchen.linked = True
        low = {row.bin for row in bins if row.low}
        news = [row for row in bins if row.bin in low - self._low]
        self._low = low
        if news:
            now = self._clock.now()
            await self._db.write(lambda tx: [outbox.put(tx, _stock_low(row), now) for row in news])

    def _stock_bin(self, row: Bin) -> StockBin:
        ingredient = self._ingredients.get(row.ingredient)
        unusable = BinFlag.EMPTY | BinFlag.SENSOR_FAULT | BinFlag.EXPIRED | BinFlag.OPEN
        return StockBin(
            bin=row.bin,
            ingredient=None if ingredient is None else ingredient.id,
            unit="" if ingredient is None else ingredient.unit,
            level=row.level,
            capacity=row.capacity,
            committed=row.committed,
            low=bool(row.flags & (BinFlag.LOW | BinFlag.EMPTY)),
            usable=not row.flags & unusable,
        )

    def _name_of(self, ingredient: str | None) -> Text:
        found = next((row for row in self._ingredients.values() if row.id == ingredient), None)
        return Text("?", "?") if found is None else found.name

    async def tell(self, reason: str | None, fault: Fault) -> None:
        if self._readiness.set("robot", reason, detail=fault.detail, told=fault.told):
            _log.info("robot_readiness", reason=reason, detail=fault.line)
            now = self._clock.now()
            await self._db.write(records.set_fault, "robot", reason, fault.line, now)

    async def lose(self, error: DeviceError) -> None:
        """The robot does not answer."""
        self._kitchen.linked = False
        await self.tell(f"robot_{pause_word(error)}", Fault(None, str(error)))

    def learn(self, row: cooking.WorkRow) -> None:
        """How long cooking really takes, as a factor on the charts' nominal times."""
        chart = self.charts.get(row.chart_fingerprint)
        if row.cooking_at is not None and chart is not None and chart.nominal_s:
            actual_s = (self._clock.now() - row.cooking_at).total_seconds()
            self._kitchen.factor += 0.2 * (actual_s / chart.nominal_s - self._kitchen.factor)


def why_not(health: Health, cells: tuple[Cell, ...]) -> str | None:
    if health.flags & (HealthFlag.ESTOP_PRESSED | HealthFlag.ESTOP_LATCHED):
        return "robot_estop"
    if health.flags & HealthFlag.STORE_FAULT:
        return "robot_store_fault"
    if health.state in (ComplexState.SUSPENDED, ComplexState.SUSPENDING):  # an outer cause: nobody fetches, mostly
        return CELLS_FULL if health.flags & HealthFlag.NO_CELL else "robot_suspended"
    if health.state in (ComplexState.EXECUTE, ComplexState.UNSUSPENDING):
        return CELLS_FULL if cells and all(cell.state is CellState.FAULT for cell in cells) else None
    return f"robot_{health.state.name.lower()}"


def _stock_low(row: StockBin) -> StockLowEvent:
    return StockLowEvent(bin=row.bin, ingredient=row.ingredient or "", level=row.level, unit=row.unit)
