"""What a complex has, in the words of its file `complex.toml` (robot.md#the-complex-as-data): stations with their
operations, shared resources, bins, cells, job slots.

Both ends of the line read the same file: chart check, plan and pages here, the simulated complex there. Nothing is read
from disk in here; `of_tables` takes what its caller has read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from drivers.text import is_shown

#: What one block of the register map has room for.
MAX_STATIONS, MAX_RESOURCES, MAX_BINS, MAX_CELLS, MAX_SLOTS = 8, 8, 24, 12, 8
MAX_PARAMETERS = 3
MAX_CELL_SIZE = 4  # portions
MAX_UPKEEP = 32
_LONGEST_NAME = 64
_ID = r"^[A-Za-z][A-Za-z0-9_-]{0,35}$"

Id = Annotated[str, msgspec.Meta(pattern=_ID)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
Word = Annotated[int, msgspec.Meta(ge=1, le=0xFFFF)]
Count = Annotated[int, msgspec.Meta(ge=1, le=64)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=8784)]
Celsius = Annotated[int, msgspec.Meta(ge=-60, le=400)]
#: So long a fridge may be too warm: a door that was open, a defrosting.
TOLERATED_S = 1200


class EquipmentError(ValueError):
    """A description that no complex can have; the text names the file, the line and the place."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Label(_Strict, frozen=True):
    """What a person reads."""

    ru: str
    en: str


class Parameter(_Strict, frozen=True):
    """What a phase may ask of an operation: whole numbers of `unit` in this range; 0 is the station's own setting."""

    unit: str
    min: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    max: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]


class Resource(_Strict, frozen=True):
    """What phases share beside their stations: an arm."""

    id: Id
    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_RESOURCES)]
    name: Label
    capacity: Count = 1


class StationEquipment(_Strict, frozen=True):
    """`capacity`: phases at once; `operations`: parameters by name, the principal one first; `out`: taken out, its
    dishes are off sale until it is back; what is colder than `lowest_c` or warmer than `highest_c` for longer than
    `tolerated_s` is closed until a person has looked."""

    id: Id
    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_STATIONS)]
    name: Label
    operations: dict[str, dict[str, Parameter]]
    capacity: Count = 1
    warm_up_s: Seconds = 0
    out: bool = False
    lowest_c: Celsius | None = None
    highest_c: Celsius | None = None
    tolerated_s: Seconds = TOLERATED_S


class Upkeep(_Strict, frozen=True):
    """What people do at a station: due `every_h` after it was last done, or after `every_work_h` in which something was
    cooked there, whichever comes first; told as near when `warn_h` are left."""

    id: Id
    station: Id
    name: Label
    every_h: Hours | None = None
    every_work_h: Hours | None = None
    warn_h: Annotated[float, msgspec.Meta(ge=0, le=8784)] = 1


class BinEquipment(_Strict, frozen=True):
    """`ingredient`: the code that the menu knows it by; below `low` it is told as low; temperatures as of a station."""

    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_BINS)]
    ingredient: Word
    name: Label
    unit: Literal["g", "pcs", "ml"]
    capacity: Word
    low: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] = 0
    lowest_c: Celsius | None = None
    highest_c: Celsius | None = None
    tolerated_s: Seconds = TOLERATED_S


class CellEquipment(_Strict, frozen=True):
    """`size`: how many portions fit."""

    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_CELLS)]
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_CELL_SIZE)] = 1


class _File(_Strict, frozen=True):
    """The shape of `complex.toml`. `operations`: the numbers that the robot knows them by."""

    name: Label
    slots: Annotated[int, msgspec.Meta(ge=1, le=MAX_SLOTS)]
    operations: dict[Id, Word]
    stations: Annotated[list[StationEquipment], msgspec.Meta(min_length=1)]
    bins: Annotated[list[BinEquipment], msgspec.Meta(min_length=1, max_length=MAX_BINS)]
    cells: Annotated[list[CellEquipment], msgspec.Meta(min_length=1, max_length=MAX_CELLS)]
    resources: list[Resource] = []
    upkeep: Annotated[list[Upkeep], msgspec.Meta(max_length=MAX_UPKEEP)] = []


@dataclass(frozen=True)
class Equipment:
    """A checked description; stations and resources by id, bins and cells in order of their numbers."""

    name: Label
    slots: int
    operations: Mapping[str, int]
    stations: Mapping[str, StationEquipment]
    resources: Mapping[str, Resource]
    bins: Sequence[BinEquipment]
    cells: Sequence[CellEquipment]
    upkeep: Sequence[Upkeep] = ()
    lost: frozenset[int] = field(default=frozenset())  # numbers of stations that the robot itself does not have

    @cached_property
    def by_number(self) -> Mapping[int, StationEquipment]:
        return {station.number: station for station in self.stations.values()}

    @cached_property
    def out(self) -> frozenset[int]:
        """Numbers of the stations that were taken out."""
        return frozenset(station.number for station in self.stations.values() if station.out) | self.lost

    @cached_property
    def operation_names(self) -> Mapping[int, str]:
        return {number: name for name, number in self.operations.items()}

    def parameters(self, station: int, operation: int) -> Mapping[str, Parameter] | None:
        """Of an operation at a station, both by number; None where it does not have it."""
        found = self.by_number.get(station)
        return None if found is None else found.operations.get(self.operation_names.get(operation, ""))


def demo_file() -> Path:
    """The demo restaurant's complex: inside the wheel, or beside the package in a checkout."""
    packaged = Path(str(files("drivers"))) / "robot" / "complex.toml"
    return packaged if packaged.is_file() else Path(str(files("drivers"))).parent / "complex.toml"


def of_tables(tables: Mapping[str, Any], text: str, where: str) -> Equipment:
    """The description in `tables`, read from the TOML `text` of the file `where`. Raises `EquipmentError`."""
    try:
        file = msgspec.convert(tables, _File)
    except (msgspec.ValidationError, RecursionError) as error:
        found = re.search(r"\$\.(\w+)\[(\d+)\]", str(error))
        raise _error(text, where, str(error), *((found[1], int(found[2])) if found else ())) from error
    for table, number, what in _problems(file):
        raise _error(text, where, what, table, number)
    return Equipment(
        name=file.name,
        slots=file.slots,
        operations=file.operations,
        stations={row.id: row for row in sorted(file.stations, key=lambda row: row.number)},
        resources={row.id: row for row in sorted(file.resources, key=lambda row: row.number)},
        bins=sorted(file.bins, key=lambda row: row.number),
        cells=sorted(file.cells, key=lambda row: row.number),
        upkeep=tuple(file.upkeep),
    )


def _error(text: str, where: str, what: str, table: str = "", number: int = 0) -> EquipmentError:
    """With the line where the table begins, if it is one of several."""
    headers = [n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(f"[[{table}]]")]
    line = f", line {headers[number]}" if table and number < len(headers) else ""
    return EquipmentError(f"{where}{line}: {what}")


#: (table, which of it, what is wrong)
_Problem = tuple[str, int, str]


def _problems(file: _File) -> Iterable[_Problem]:
    yield from _repeated("stations", "station", file.stations, lambda row: row.id, lambda row: row.number)
    yield from _repeated("resources", "resource", file.resources, lambda row: row.id, lambda row: row.number)
    yield from _names(file)
    yield from _operations(file)
    yield from _upkeep(file)
    yield from _counted("bins", [row.number for row in file.bins])
    yield from _counted("cells", [row.number for row in file.cells])
    for n, row in enumerate(file.bins):
        if row.low > row.capacity:
            yield "bins", n, f"bin {row.number}: low at {row.low}, but it holds {row.capacity}"
    yield from _limits("bins", [(f"bin {row.number}", row) for row in file.bins])
    yield from _limits("stations", [(f"station {row.id}", row) for row in file.stations])
    units = {row.ingredient: row.unit for row in file.bins}
    for n, row in enumerate(file.bins):
        if units[row.ingredient] != row.unit:
            yield "bins", n, f"bin {row.number}: ingredient {row.ingredient} has another unit in another bin"


def _limits(table: str, rows: Sequence[tuple[str, StationEquipment | BinEquipment]]) -> Iterable[_Problem]:
    for n, (name, row) in enumerate(rows):
        if row.lowest_c is not None and row.highest_c is not None and row.lowest_c >= row.highest_c:
            yield table, n, f"{name}: lowest_c is not below highest_c"


def _repeated(
    table: str, what: str, rows: Sequence[Any], name: Callable[[Any], str], number: Callable[[Any], int]
) -> Iterable[_Problem]:
    for n, row in enumerate(rows):
        if name(row) in map(name, rows[:n]):
            yield table, n, f"{what} {name(row)} stands twice"
        if number(row) in map(number, rows[:n]):
            yield table, n, f"{what} {name(row)}: number {number(row)} is another one's"


def _names(file: _File) -> Iterable[_Problem]:
    stations, resources = {row.id for row in file.stations}, file.resources
    for n, resource in enumerate(resources):
        if resource.id in stations:
            yield "resources", n, f"resource {resource.id}: a station is called so"
    named = [("stations", n, row.name) for n, row in enumerate(file.stations)]
    named += [("resources", n, row.name) for n, row in enumerate(resources)]
    named += [("bins", n, row.name) for n, row in enumerate(file.bins)]
    named += [("upkeep", n, row.name) for n, row in enumerate(file.upkeep)]
    for table, n, name in [("", 0, file.name), *named]:
        for words in (name.ru, name.en):
            if not words.strip() or len(words) > _LONGEST_NAME or not is_shown(words):
                yield table, n, f"a name is 1…{_LONGEST_NAME} characters without controls, not {words[:80]!r}"


def _operations(file: _File) -> Iterable[_Problem]:
    if len(set(file.operations.values())) != len(file.operations):
        yield "", 0, "operations: numbers repeat"
    for n, row in enumerate(file.stations):
        if not row.operations:
            yield "stations", n, f"station {row.id} can do nothing"
        for operation, parameters in row.operations.items():
            if operation not in file.operations:
                yield "stations", n, f"station {row.id}: operation {operation!r} has no number in [operations]"
            if len(parameters) > MAX_PARAMETERS:
                yield "stations", n, f"station {row.id}: {operation}: at most {MAX_PARAMETERS} parameters"
            for name, parameter in parameters.items():
                if not is_shown(name) or parameter.min > parameter.max:
                    yield "stations", n, f"station {row.id}: {operation}: {name!a}: min is above max"


def _upkeep(file: _File) -> Iterable[_Problem]:
    stations = {row.id for row in file.stations}
    for n, row in enumerate(file.upkeep):
        if row.id in {other.id for other in file.upkeep[:n]}:
            yield "upkeep", n, f"upkeep {row.id} stands twice"
        if row.station not in stations:
            yield "upkeep", n, f"upkeep {row.id}: no station is called {row.station}"
        limits = [limit for limit in (row.every_h, row.every_work_h) if limit is not None]
        if not limits:
            yield "upkeep", n, f"upkeep {row.id}: due after every_h or every_work_h, one of them is needed"
        elif row.warn_h >= min(limits):
            yield "upkeep", n, f"upkeep {row.id}: warn_h is not below every_h and every_work_h"


def _counted(table: str, numbers: Sequence[int]) -> Iterable[_Problem]:
    """Places are known by their order on the wire."""
    ordered = sorted(numbers)
    if ordered[0] != 1 or any(after - before != 1 for before, after in pairwise(ordered)):
        yield table, 0, f"{table} are numbered 1…{len(numbers)}, each once"
