"""What the robot shows, as the state of the kitchen that the rest of the process sees, and as its readiness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

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
from kiosk.domain.events import StockLowEvent
from kiosk.domain.kitchen.climate import bin_place, cell_place, station_place
from kiosk.domain.kitchen.planning import PICK_UP_S, Plan, PlannedCell, Work, capacities
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.robot_faults import words_of_fault
from kiosk.domain.kitchen.state import Kitchen, StockBin, free_amounts
from kiosk.domain.menu.chart import Chart
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.menu import Menu
from kiosk.domain.ordering.order import PENDING_PORTIONS
from kiosk.domain.reasons import CELL_FAULT, CELLS_FULL, COMPLEX_DIFFERS, STATION_DOWN
from kiosk.domain.text import Text
from kiosk.kitchen.comparison import differences, lost_stations, what_is_lost
from kiosk.kitchen.sharing import room_of
from kiosk.store.database import Database
from kiosk.store.events import device_faults, outbox
from kiosk.store.ordering import cooking
from kiosk.store.stock import charts

_log = structlog.get_logger()
_STATION = re.compile("[0-9]{1,5}")  # by the books' word, read back at start
_PLAN_S = 5.0  # a plan counts from now: it is made anew this often although nothing has happened

#: Of a bin that nothing is taken from, and of one that is told about.
_UNUSABLE = BinFlag.EMPTY | BinFlag.SENSOR_FAULT | BinFlag.EXPIRED | BinFlag.OPEN
_LOW = BinFlag.LOW | BinFlag.EMPTY


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
        menu: CurrentMenu,
        kitchen: Kitchen,
        readiness: Readiness,
        clock: Clock,
    ) -> None:
        self._db = database
        self._robot = robot
        self._kitchen = kitchen
        self._readiness = readiness
        self._clock = clock
        self._bin_names: dict[int, Text] = {}
        self._low: set[int] = set()
        self._menu = menu
        self._equipment = menu.now.equipment
        self._places = capacities(self._equipment)
        self._station_names = {n: Text(row.name.ru, row.name.en) for n, row in self._equipment.by_number.items()}
        self._told: tuple[Sequence[Bin], Menu] | None = None  # what the next ones are made of
        self._bins: list[StockBin] = []
        self._cells: tuple[Cell, ...] = ()  # those that are in order
        self._planned: object = None
        self._compared: object = None
        self._fault: tuple[int, int] = (0, 0)  # code and counter of the text below
        self._fault_text = ""
        self._stations: dict[int, Breaker] = {}
        self._temps: dict[str, float | None] = {}

    @property
    def temps(self) -> Mapping[str, float]:
        """°C by place, of all that measure, as they were read last."""
        return {place: temp_c for place, temp_c in self._temps.items() if temp_c is not None}

    @property
    def bins(self) -> list[StockBin]:
        """As they were read last."""
        return self._bins

    @property
    def charts(self) -> Mapping[str, Chart]:
        """By fingerprint: what is sold, and what was."""
        return self._kitchen.charts

    async def read_work(self, jobs: Mapping[int, Job]) -> dict[int, cooking.WorkRow]:
        """Portions that are not over, by portion_id; plans anew where they, their jobs or the cells have changed."""
        rows = await self._db.poll(cooking.read_work)
        if unknown := {row.chart_fingerprint for row in rows} - self.charts.keys():
            self._kitchen.know(await self._db.read(charts.read, unknown))
        pending = [row for row in rows if row.status in PENDING_PORTIONS]
        state = self._kitchen.now
        found = [(row.portion_id, row.status, _phase(row, jobs)) for row in pending]
        held = [(cell.size, cell.jobs) for cell in self._cells]
        planned = (found, held, state.pace, round(self._clock.monotonic() / _PLAN_S))
        if planned != self._planned:
            self._planned = planned
            work = [self._work(row, jobs) for row in pending]
            cells = [PlannedCell(PICK_UP_S if cell.loaded else 0.0, cell.size) for cell in self._cells]
            of = [row.order_id for row in pending]
            plan = Plan(self._places, work, cells, orders=of, room=room_of(self._cells, rows))
            expected = self._expected(pending, plan)
            portions = frozenset(row.portion_id for row in pending)
            self._kitchen.publish(pending=portions, plan=plan, expected=expected, planned=True)
        return {row.portion_id: row for row in rows}

    def _expected(self, pending: Iterable[cooking.WorkRow], plan: Plan) -> dict[str, datetime]:
        """When the last portion of each order is ready."""
        ends_s: dict[str, float] = {}
        for row, end_s in zip(pending, plan.ends, strict=True):
            ends_s[row.order_id] = max(end_s, ends_s.get(row.order_id, 0.0))
        now = self._clock.now()
        return {order_id: now + timedelta(seconds=end_s) for order_id, end_s in ends_s.items()}

    def _work(self, row: cooking.WorkRow, jobs: Mapping[int, Job]) -> Work:
        """What is left to do of a portion, as far as its job tells."""
        begun = _phase(row, jobs)
        if not begun:
            return self._kitchen.now.works[row.chart_fingerprint]
        seconds = self._kitchen.now.pace.seconds
        return self.charts[row.chart_fingerprint].work(seconds, begun, jobs[row.portion_id].remaining_s)

    async def compare(self, health: Health) -> None:
        """Once for each power-up of the robot: is the complex as it is described? A station that it does not have is
        closed; else nothing is."""
        stations = await self._robot.stations() if health.stations else ()
        known = (health.boot, health.map_version, health.capabilities, [row.station for row in stations])
        if known == self._compared:
            return
        equipment = self._equipment
        bins, cells = await self._robot.bins(), await self._robot.cells()
        self._compared = known  # after the last question: one that is lost on the line is asked again
        found = differences(equipment, health, bins, cells, stations)
        for text in found:
            _log.warning("complex_differs", what=text.en)
        lost = what_is_lost(equipment, health, self._menu.now.charts())
        if lost is not None:
            _log.warning("complex_does_less", what=lost.en)
        self._kitchen.publish(stations_out=equipment.out | lost_stations(equipment, stations))
        told = Text("; ".join(t.ru for t in found), "; ".join(t.en for t in found)) if found else None
        detail = "" if lost is None else lost.en
        if told is not None or detail or "complex" in self._readiness.checks():
            self._readiness.set("complex", COMPLEX_DIFFERS if found else None, blocks=False, detail=detail, told=told)

    async def look_at_cells(self) -> tuple[Cell, ...]:
        """The cells as the robot has them; a faulty one is named among the devices and closes nothing else."""
        cells = await self._robot.cells()
        self._temps |= {cell_place(cell.cell): cell.temp_c for cell in cells}
        self._cells = tuple(cell for cell in cells if cell.state is not CellState.FAULT)
        faulty = ", ".join(str(cell.cell) for cell in cells if cell.state is CellState.FAULT)
        told = Fault(Text(f"ячейка {faulty}", f"cell {faulty}") if faulty else None)
        await self._tell_part("cells", CELL_FAULT if faulty else None, told)
        return cells

    async def look_at_stations(self, health: Health, jobs: Iterable[Job]) -> None:
        """A station that is jammed or faulty takes just its dishes off sale, by its own block or by what it holds."""
        told = await self._robot.stations() if health.stations else ()
        self._temps |= {station_place(row.station): row.temp_c for row in told}
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
        if frozenset(down) != self._kitchen.now.stations_down:
            self._kitchen.publish(stations_down=frozenset(down))

    async def _tell_part(self, name: str, reason: str | None, fault: Fault) -> None:
        """A part of the complex that closes only what needs it."""
        known = reason is not None or name in self._readiness.checks()
        if known and self._readiness.set(name, reason, blocks=False, detail=fault.detail, told=fault.told):
            _log.info("robot_part_readiness", part=name, reason=reason, detail=fault.line)
            now = self._clock.now()
            await self._db.write(device_faults.record, name, reason, fault.line, now)

    async def restore_stations(self) -> None:
        """At start: a station that was down is down until the robot shows it, and so is a cell."""
        faults = await self._db.read(device_faults.read_devices)
        if "cells" in faults:
            self._readiness.set("cells", CELL_FAULT, blocks=False)
        for device in faults:
            name, _, number = device.partition("_")
            if name == "station" and _STATION.fullmatch(number) is not None:
                self._stations[int(number)] = Breaker(STATION_DOWN, STATION_DOWN, reason=STATION_DOWN)
                told = self._fault_of(STATION_FAULT + int(number)).told
                self._readiness.set(device, STATION_DOWN, blocks=False, told=told)
        self._kitchen.publish(stations_down=frozenset(self._stations))

    def words_of(self, code: int) -> Text | None:
        """Of a fault code of the complex or of a job."""
        return words_of_fault(code, self._bin_names, self._station_names)

    def _fault_of(self, code: int, detail: str = "") -> Fault:
        return Fault(self.words_of(code), detail)

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
    def stations_closed(self) -> frozenset[int]:
        """Numbers of the stations that are jammed, faulty or taken out."""
        return self._kitchen.now.stations_closed

    def is_recalled(self, row: cooking.WorkRow) -> bool:
        """Whether the portion is being given back, so that it must not be cooked."""
        return row.portion_id in self._kitchen.now.recalled

    def seconds(self, row: cooking.WorkRow) -> float:
        """What a portion takes when nothing is in its way."""
        return sum(step.most_s for step in self._kitchen.now.works[row.chart_fingerprint])

    def closed_station(self, row: cooking.WorkRow) -> int | None:
        """A station of its chart where nothing is cooked now, None if it can be cooked."""
        return self._kitchen.now.closed_station(row.chart_fingerprint)

    def needs_unsafe(self, row: cooking.WorkRow) -> bool:
        """Whether it is made of what nobody may eat until a person has looked, or where nobody may cook until then."""
        state = self._kitchen.now
        if state.stations_unsafe & state.stations(row.chart_fingerprint):
            return True
        return any(
            amount > 0 and (name in state.unsafe_ingredients or name in state.lots_unfit)
            for name, amount in row.formula.items()
        )

    def unfit_lot(self, row: cooking.WorkRow) -> tuple[str, str] | None:
        """Why it is not made of what lies in the bins, whatever a person says, and the ingredient; or None."""
        unfit = self._kitchen.now.lots_unfit
        return next(((unfit[name], name) for name, amount in row.formula.items() if amount > 0 and name in unfit), None)

    async def look_at_bins(self) -> None:
        """Reads the bins; publishes an event for each that has become low since the last look. What they hold more, or
        have promised less, than before is sold only after `settle_bins`: a job whose food is free again may be one that
        orders hold anew."""
        told, menu = await self._robot.bins(), self._menu.now
        if self._told is None or told is not self._told[0] or menu is not self._told[1]:  # mostly nothing has changed
            self._told = told, menu
            self._temps |= {bin_place(row.bin): row.temp_c for row in told}
            self._bins = [self._stock_bin(row) for row in told]
            self._bin_names = {row.bin: self._name_of(row.ingredient) for row in self._bins}
        bins, state = self._bins, self._kitchen.now
        if state.linked:
            free = free_amounts(bins)
            least = {name: min(amount, free.get(name, 0)) for name, amount in state.free.items()}
            self._kitchen.publish(bins=bins, free=least)
        low = {row.bin for row in bins if row.low}
        news = [row for row in bins if row.bin in low - self._low]
        self._low = low
        if news:
            now = self._clock.now()
            await self._db.write(lambda tx: [outbox.put(tx, _stock_low(row), now) for row in news])

    def promise(self, formula: Mapping[str, int]) -> None:
        """A job was accepted: what it takes is no longer free, whatever else has changed in the bins since they were
        last compared."""
        free = self._kitchen.now.free
        self._kitchen.publish(free={name: max(0, amount - formula.get(name, 0)) for name, amount in free.items()})

    def settle_bins(self) -> None:
        """Every job has been compared with the books: what the bins can give is what they have told."""
        state, free = self._kitchen.now, free_amounts(self._bins)
        if not state.linked or state.bins != self._bins or state.free != free:
            self._kitchen.publish(bins=self._bins, free=free, linked=True)

    def _stock_bin(self, row: Bin) -> StockBin:
        ingredient = self._menu.now.by_code.get(row.ingredient)
        return StockBin(
            bin=row.bin,
            ingredient=None if ingredient is None else ingredient.id,
            unit="" if ingredient is None else ingredient.unit,
            level=row.level,
            capacity=row.capacity,
            committed=row.committed,
            low=bool(row.flags & _LOW),
            usable=not row.flags & _UNUSABLE,
            sound=not row.flags & BinFlag.SENSOR_FAULT,
        )

    def _name_of(self, ingredient: str | None) -> Text:
        found = self._menu.now.ingredients.get(ingredient or "")
        return Text("?", "?") if found is None else found.name

    async def tell(self, reason: str | None, fault: Fault) -> None:
        if self._readiness.set("robot", reason, detail=fault.detail, told=fault.told):
            _log.info("robot_readiness", reason=reason, detail=fault.line)
            now = self._clock.now()
            await self._db.write(device_faults.record, "robot", reason, fault.line, now)

    async def lose(self, error: DeviceError) -> str:
        """The robot does not answer; why nothing is cooked now."""
        self._kitchen.publish(linked=False)
        reason = f"robot_{pause_word(error)}"
        await self.tell(reason, Fault(None, str(error)))
        return reason


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


def _phase(row: cooking.WorkRow, jobs: Mapping[int, Job]) -> int:
    """The phase that a portion's job is in, from 1; 0 before it has begun."""
    job = jobs.get(row.portion_id)
    begun = job is not None and job.attempt == row.attempt and job.state in (JobState.COOKING, JobState.HELD)
    return job.phase if job is not None and begun else 0
