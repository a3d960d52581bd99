"""Process charts (технологические карты): loaded strictly, ordered, compiled to what the robot stages.

ISA-88: the procedure belongs to the chart, phase logic to the equipment (robot.md#process-chart).
"""

from __future__ import annotations

import graphlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from drivers.robot.equipment import Equipment, StationEquipment
from drivers.robot.timetable import RESOURCES, Step, joined
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.menu.wording import check_label
from kiosk.domain.text import Text

MAX_PHASES = 24
MAX_FORMULA_LINES = 12
MAX_AMOUNT = 0xFFFF
#: Seconds in a cell.
SHORTEST_HOLD_S, LONGEST_HOLD_S = 30, 86_400
_LONGEST_WAIT_S = 0xFFFE


class ChartError(MenuError):
    """A process chart that cannot be cooked; the line names the chart and the place."""

    def of(self, name: str) -> ChartError:
        """The same of a chart that items have by this name."""
        return ChartError(str(self), self.text, table="charts", row_id=name)


class _Place(NamedTuple):
    """`called`: the chart, and within it a phase."""

    called: str
    phase: str = ""

    def wrong(self, ru: str, en: str) -> ChartError:
        within = (f"фаза {self.phase}: ", f"phase {self.phase}: ") if self.phase else ("", "")
        text = Text(f"{within[0]}{ru}", f"{within[1]}{en}")
        return ChartError(f"{self.called}: {text.en}", text)


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ChartHead(_Strict, frozen=True):
    """`hold_s`: how long the dish may stand in its cell, `lowest_c`: how cold it may become there."""

    code: int
    revision: int
    name: str
    hold_s: int | None = None
    lowest_c: int | None = None


class FormulaLine(_Strict, frozen=True):
    ingredient: str
    amount: int
    unit: str
    tolerance: int = 0


class PhaseFile(_Strict, frozen=True):
    id: str
    do: str
    station: str
    nominal_s: int
    max_s: int
    needs: list[str] = []
    after: list[str] = []
    max_wait_s: int | None = None
    irreversible: bool = False
    params: dict[str, int] = {}


class OperationFile(_Strict, frozen=True):
    name: str
    phase: list[PhaseFile]


class UnitProcedureFile(_Strict, frozen=True):
    unit: str
    operation: list[OperationFile]


class ChartFile(_Strict, frozen=True):
    """The shape of one `charts/*.toml`."""

    chart: ChartHead
    formula: list[FormulaLine]
    unit_procedure: list[UnitProcedureFile]


class ChartPhase(_Strict, frozen=True, omit_defaults=True):
    """One phase as the robot takes it, all by number. `p1`: its principal parameter, `more`: the others, `p2`: nominal
    seconds; `after`: indices of the phases it waits for, None in charts of old: the one before; `resources`: what it
    holds beside its station; `max_wait_s`: how long the food may wait for it; `irreversible`: food is spent by it."""

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

    @property
    def places(self) -> tuple[int, ...]:
        """What it holds, as places of a timetable."""
        return (self.station, *(RESOURCES + number for number in self.resources))


class Chart(_Strict, frozen=True, omit_defaults=True):
    """A checked chart: phases in a cookable order, formula by ingredient id; `tolerance` where it is not exact;
    `hold_s` and `lowest_c`: how long, and how cold, the dish may stand in its cell; None: as the settings say, and no
    matter how cold."""

    code: int
    revision: int
    name: str
    formula: dict[str, int]
    phases: tuple[ChartPhase, ...]
    tolerance: dict[str, int] = {}
    hold_s: int | None = None
    lowest_c: int | None = None

    @property
    def nominal_s(self) -> int:
        return sum(phase.p2 for phase in self.phases)

    def after(self, index: int) -> tuple[int, ...]:
        """Indices of the phases that one waits for."""
        found = self.phases[index].after
        return found if found is not None else (index - 1,) if index else ()

    def work(self, seconds: Callable[[ChartPhase], float], begun: int = 0, left_s: float = 0.0) -> tuple[Step, ...]:
        """What a plan of the kitchen is made of, each phase as long as `seconds` says. `begun`: the phase that a job is
        in, from 1, and `left_s` what is left of the whole job; 0: all is to be done. One behind the last is the last: a
        robot may count bringing the food to its cell."""
        first = min(max(begun, 1), len(self.phases)) - 1
        took_s = [seconds(phase) for phase in self.phases]
        if begun:
            took_s[first] = min(took_s[first], max(0.0, left_s - sum(took_s[first + 1 :])))
        steps = []
        for index, phase in enumerate(self.phases[first:], first):
            after = tuple(n - first for n in self.after(index) if n >= first)
            steps.append(Step(phase.places, after, took_s[index], took_s[index], phase.max_wait_s if after else None))
        return joined(steps)

    @property
    def is_chain(self) -> bool:
        """Each phase waits for the one before it alone."""
        return all(self.after(index) == ((index - 1,) if index else ()) for index in range(len(self.phases)))

    @property
    def stations(self) -> frozenset[int]:
        return frozenset(phase.station for phase in self.phases)

    @property
    def fingerprint(self) -> str:
        """Names this revision's exact content; frozen into the order."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


def compile_chart(file: ChartFile, units: Mapping[str, str], equipment: Equipment) -> Chart:
    """Check `file` against the ingredients (`units`: id → unit) and the complex; compile it. Raises `ChartError`."""
    where = _Place(f"chart {file.chart.code} «{file.chart.name[:64]}»")
    if not 1 <= file.chart.code <= 0xFFFF:
        raise where.wrong("номер: 1…65535", "code must fit 1…65535")
    try:
        check_label("name", file.chart.name)
    except ValueError as error:
        raise _Place(f"chart {file.chart.code}").wrong("название нельзя показать", str(error)) from error
    formula = _formula(where, file.formula, units)
    _check_holding(where, file.chart)
    return Chart(
        code=file.chart.code,
        revision=file.chart.revision,
        name=file.chart.name,
        formula=formula,
        phases=_phases(where, _ordered(where, file), equipment),
        tolerance={line.ingredient: line.tolerance for line in file.formula if line.tolerance},
        hold_s=file.chart.hold_s,
        lowest_c=file.chart.lowest_c,
    )


def _check_holding(where: _Place, head: ChartHead) -> None:
    if head.hold_s is not None and not SHORTEST_HOLD_S <= head.hold_s <= LONGEST_HOLD_S:
        span = f"{SHORTEST_HOLD_S}…{LONGEST_HOLD_S}"
        raise where.wrong(f"хранение в ячейке: {span} с", f"hold_s must fit {span}")
    if head.lowest_c is not None and not -40 <= head.lowest_c <= 90:
        raise where.wrong("температура хранения: -40…90 °C", "lowest_c must fit -40…90")


def _formula(where: _Place, lines: list[FormulaLine], units: Mapping[str, str]) -> dict[str, int]:
    if not 1 <= len(lines) <= MAX_FORMULA_LINES:
        count = f"1…{MAX_FORMULA_LINES}"
        raise where.wrong(f"строк состава: {count}, а не {len(lines)}", f"{count} formula lines, not {len(lines)}")
    formula: dict[str, int] = {}
    for line in lines:
        if line.ingredient in formula:
            raise where.wrong(f"ингредиент {line.ingredient} повторяется", f"ingredient {line.ingredient} stands twice")
        if units.get(line.ingredient) != line.unit:
            ru = f"ингредиента {line.ingredient} в {line.unit} нет"
            raise where.wrong(ru, f"ingredient {line.ingredient} in {line.unit} is not known")
        if not 0 <= line.amount <= MAX_AMOUNT:
            ru = f"количество {line.ingredient}: 0…{MAX_AMOUNT}"
            raise where.wrong(ru, f"amount of {line.ingredient} must fit 0…{MAX_AMOUNT}")
        if not 0 <= line.tolerance <= line.amount:
            ru = f"допуск {line.ingredient}: 0…{line.amount}"
            raise where.wrong(ru, f"tolerance of {line.ingredient} must fit 0…{line.amount}")
        formula[line.ingredient] = line.amount
    return formula


def _ordered(where: _Place, file: ChartFile) -> list[PhaseFile]:
    phases = [phase for unit in file.unit_procedure for operation in unit.operation for phase in operation.phase]
    by_id = {phase.id: phase for phase in phases}
    if len(by_id) != len(phases):
        raise where.wrong("фазы повторяются", "phase ids repeat")
    if not 1 <= len(phases) <= MAX_PHASES:
        raise where.wrong(f"фаз: 1…{MAX_PHASES}, а не {len(phases)}", f"1…{MAX_PHASES} phases, not {len(phases)}")
    for phase in phases:
        if unknown := [name for name in phase.after if name not in by_id]:
            ru = f"фаза {phase.id} ждёт неизвестную: {', '.join(unknown)}"
            raise where.wrong(ru, f"phase {phase.id} waits for unknown {unknown}")
    try:
        order = graphlib.TopologicalSorter({phase.id: phase.after for phase in phases}).static_order()
        return [by_id[name] for name in order]
    except graphlib.CycleError as error:
        raise where.wrong(
            f"фазы ждут друг друга: {error.args[1]}", f"phases wait for each other: {error.args[1]}"
        ) from error


def _phases(where: _Place, phases: Sequence[PhaseFile], equipment: Equipment) -> tuple[ChartPhase, ...]:
    """A chart that calls no phase irreversible does not say when food is spent: at once."""
    index = {phase.id: n for n, phase in enumerate(phases)}
    says = any(phase.irreversible for phase in phases)
    found = []
    for phase in phases:
        after = tuple(sorted({index[name] for name in phase.after}))
        row = _compile_phase(where._replace(phase=phase.id), phase, after, equipment)
        found.append(row if says else msgspec.structs.replace(row, irreversible=True))
    return tuple(found)


def _compile_phase(where: _Place, phase: PhaseFile, after: tuple[int, ...], equipment: Equipment) -> ChartPhase:
    station = equipment.stations.get(phase.station)
    if station is None:
        had = ", ".join(equipment.stations)
        raise where.wrong(
            f"в комплексе нет станции {phase.station!r}, есть {had}",
            f"the complex has no station {phase.station!r}, it has {had}; one that was taken out stays in its"
            " description with out = true",
        )
    if phase.do not in station.operations:
        can = ", ".join(station.operations)
        ru = f"станция {station.id} не умеет {phase.do!r}, умеет {can}"
        raise where.wrong(ru, f"station {station.id} cannot {phase.do!r}, it can {can}")
    if not 0 < phase.nominal_s <= phase.max_s <= 0xFFFF:
        raise where.wrong("должно быть 0 < nominal_s ≤ max_s", "0 < nominal_s ≤ max_s")
    if phase.max_wait_s is not None and not 0 <= phase.max_wait_s <= _LONGEST_WAIT_S:
        raise where.wrong(f"ожидание: 0…{_LONGEST_WAIT_S} с", f"max_wait_s must fit 0…{_LONGEST_WAIT_S}")
    if phase.max_wait_s is not None and not after:
        raise where.wrong(
            "max_wait_s, но перед ней ничего нет", "max_wait_s, but there is nothing before it whose food could wait"
        )
    principal, *more = _parameters(where, phase, station) or (0,)
    return ChartPhase(
        operation=equipment.operations[phase.do],
        station=station.number,
        p1=principal,
        p2=phase.nominal_s,
        max_s=phase.max_s,
        more=tuple(more),
        after=after,
        resources=_resources(where, phase, equipment),
        max_wait_s=phase.max_wait_s,
        irreversible=phase.irreversible,
    )


def _parameters(where: _Place, phase: PhaseFile, station: StationEquipment) -> list[int]:
    """In the order of the station's operation; what is left out is the station's own setting."""
    known = station.operations[phase.do]
    for name, value in phase.params.items():
        parameter = known.get(name)
        if parameter is None:
            told = f"{', '.join(known)}" if known else "none"
            ru = f"у {phase.do} на {station.id} нет параметра {name[:64]!r}, есть {told}"
            raise where.wrong(ru, f"{phase.do} at {station.id} has no parameter {name[:64]!r}, it has {told}")
        if not parameter.min <= value <= parameter.max:
            span = f"{parameter.min}…{parameter.max} {parameter.unit}"
            ru = f"параметр {name} на {station.id}: {span}, а не {value}"
            raise where.wrong(ru, f"parameter {name} at {station.id} is {span}, not {value}")
    return [phase.params.get(name, 0) for name in known]


def _resources(where: _Place, phase: PhaseFile, equipment: Equipment) -> tuple[int, ...]:
    """A station's own places need not be named."""
    names = [name for name in dict.fromkeys(phase.needs) if name != phase.station]
    if unknown := [name for name in names if name not in equipment.resources]:
        had = ", ".join(equipment.resources) or "none"
        ru = f"в комплексе нет ресурса {unknown[0][:64]!r}, есть {had}"
        raise where.wrong(ru, f"the complex has no resource {unknown[0][:64]!r}, it has {had}")
    return tuple(sorted(equipment.resources[name].number for name in names))
