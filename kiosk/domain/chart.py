"""Process charts (технологические карты): loaded strictly, ordered, compiled to what the robot stages.

ISA-88: the procedure belongs to the chart, phase logic to the equipment (protocols/robot.md §5).
"""

from __future__ import annotations

import graphlib
import hashlib

import msgspec

from kiosk.domain.wording import check_label

MAX_PHASES = 24
MAX_FORMULA_LINES = 12
MAX_AMOUNT = 0xFFFF
OPERATIONS = {"dispense": 1, "heat": 2, "fry": 3, "boil": 4, "bake": 5, "mix": 6, "pour": 7, "plate": 8}
STATIONS = {
    "dispenser": 1, "wok": 2, "fryer": 3, "boiler": 4, "oven": 5, "cold": 6, "drinks": 7, "plating": 8,
}  # fmt: skip
RESOURCES = frozenset({"arm", *STATIONS})


class ChartError(ValueError):
    """A process chart that cannot be cooked; the text names the chart and the place."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ChartHead(_Strict, frozen=True):
    code: int
    revision: int
    name: str


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


class ChartPhase(_Strict, frozen=True):
    """Five registers of the robot: p1 is the phase's one parameter, p2 its nominal seconds."""

    operation: int
    station: int
    p1: int
    p2: int
    max_s: int


class Chart(_Strict, frozen=True):
    """A checked chart: phases in a cookable order, formula by ingredient id."""

    code: int
    revision: int
    name: str
    formula: dict[str, int]
    phases: tuple[ChartPhase, ...]

    @property
    def nominal_s(self) -> int:
        return sum(phase.p2 for phase in self.phases)

    @property
    def work(self) -> list[tuple[int, int]]:
        """Station and nominal seconds of each phase: what a plan of the kitchen is made of."""
        return [(phase.station, phase.p2) for phase in self.phases]

    @property
    def fingerprint(self) -> str:
        """Names this revision's exact content; frozen into the order."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


def compile_chart(file: ChartFile, units: dict[str, str]) -> Chart:
    """Check `file` against the ingredients (`units`: id → unit) and compile it. Raises `ChartError`."""
    where = f"chart {file.chart.code} «{file.chart.name[:64]}»"
    if not 1 <= file.chart.code <= 0xFFFF:
        raise ChartError(f"{where}: code must fit 1…65535")
    try:
        check_label("name", file.chart.name)
    except ValueError as error:
        raise ChartError(f"chart {file.chart.code}: {error}") from error
    return Chart(
        code=file.chart.code,
        revision=file.chart.revision,
        name=file.chart.name,
        formula=_formula(where, file.formula, units),
        phases=tuple(_compile_phase(where, phase) for phase in _ordered(where, file)),
    )


def _formula(where: str, lines: list[FormulaLine], units: dict[str, str]) -> dict[str, int]:
    if not 1 <= len(lines) <= MAX_FORMULA_LINES:
        raise ChartError(f"{where}: 1…{MAX_FORMULA_LINES} formula lines, not {len(lines)}")
    formula: dict[str, int] = {}
    for line in lines:
        if line.ingredient in formula:
            raise ChartError(f"{where}: ingredient {line.ingredient} stands twice")
        if units.get(line.ingredient) != line.unit:
            raise ChartError(f"{where}: ingredient {line.ingredient} in {line.unit} is not known")
        if not 0 <= line.amount <= MAX_AMOUNT:
            raise ChartError(f"{where}: amount of {line.ingredient} must fit 0…{MAX_AMOUNT}")
        formula[line.ingredient] = line.amount
    return formula


def _ordered(where: str, file: ChartFile) -> list[PhaseFile]:
    phases = [phase for unit in file.unit_procedure for operation in unit.operation for phase in operation.phase]
    by_id = {phase.id: phase for phase in phases}
    if len(by_id) != len(phases):
        raise ChartError(f"{where}: phase ids repeat")
    if not 1 <= len(phases) <= MAX_PHASES:
        raise ChartError(f"{where}: 1…{MAX_PHASES} phases, not {len(phases)}")
    for phase in phases:
        if unknown := [name for name in phase.after if name not in by_id]:
            raise ChartError(f"{where}: phase {phase.id} waits for unknown {unknown}")
    try:
        order = graphlib.TopologicalSorter({phase.id: phase.after for phase in phases}).static_order()
        return [by_id[name] for name in order]
    except graphlib.CycleError as error:
        raise ChartError(f"{where}: phases wait for each other: {error.args[1]}") from error


def _compile_phase(where: str, phase: PhaseFile) -> ChartPhase:
    if phase.do not in OPERATIONS or phase.station not in STATIONS or not RESOURCES.issuperset(phase.needs):
        raise ChartError(f"{where}: phase {phase.id}: unknown operation, station or resource")
    if len(phase.params) > 1:
        raise ChartError(f"{where}: phase {phase.id}: at most one parameter")
    if not all(0 <= value <= 0xFFFF for value in phase.params.values()):
        raise ChartError(f"{where}: phase {phase.id}: a parameter must fit 0…65535")
    if not 0 < phase.nominal_s <= phase.max_s <= 0xFFFF:
        raise ChartError(f"{where}: phase {phase.id}: 0 < nominal_s ≤ max_s")
    return ChartPhase(
        operation=OPERATIONS[phase.do],
        station=STATIONS[phase.station],
        p1=next(iter(phase.params.values()), 0),
        p2=phase.nominal_s,
        max_s=phase.max_s,
    )
