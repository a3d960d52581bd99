"""The description of the complex held against what the robot itself tells: each difference by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drivers.robot.equipment import Equipment
from drivers.robot.port import Bin, BinUnit, Capability, Cell, Health, Station
from kiosk.domain.kitchen.robot_faults import station_label
from kiosk.domain.menu.chart import Chart
from kiosk.domain.text import Text

_UNITS = {"g": BinUnit.GRAM, "pcs": BinUnit.PIECE, "ml": BinUnit.MILLILITRE}
_FIRST_REVISION = 1


def lost_stations(equipment: Equipment, stations: Sequence[Station]) -> frozenset[int]:
    """Described and not told by the robot; none where it tells of no station at all."""
    told = {row.station for row in stations}
    return frozenset(equipment.by_number.keys() - told) - equipment.out if told else frozenset()


def differences(
    equipment: Equipment, health: Health, bins: Sequence[Bin], cells: Sequence[Cell], stations: Sequence[Station]
) -> list[Text]:
    """What the file says that the robot does not, and the other way round."""
    return [
        *_counted("слотов заданий", "job slots", equipment.slots, health.slots),
        *_counted("ячеек выдачи", "hand-out cells", len(equipment.cells), len(cells)),
        *(_of_cells(equipment, cells) if health.capabilities & Capability.SHARED_CELLS else ()),
        *_of_stations(equipment, stations),
        *_of_bins(equipment, bins),
    ]


def _counted(ru: str, en: str, described: int, told: int) -> Iterable[Text]:
    if described != told:
        yield Text(
            f"{ru}: в описании {described}, у робота {told}", f"{en}: described {described}, the robot has {told}"
        )


def _of_cells(equipment: Equipment, cells: Sequence[Cell]) -> Iterable[Text]:
    """How many portions fit; one that tells nothing of it is another matter."""
    for ours, theirs in zip(equipment.cells, cells, strict=False):
        if ours.size != theirs.size:
            yield Text(
                f"ячейка {ours.number} (порций): в описании {ours.size}, у робота {theirs.size}",
                f"cell {ours.number} (portions): described {ours.size}, the robot has {theirs.size}",
            )


def _of_stations(equipment: Equipment, stations: Sequence[Station]) -> Iterable[Text]:
    names = {number: Text(row.name.ru, row.name.en) for number, row in equipment.by_number.items()}
    for number in sorted(lost_stations(equipment, stations)):
        label = station_label(number, names)
        yield Text(f"{label.ru}: у робота её нет", f"{label.en}: the robot does not have it")
    for number in sorted({row.station for row in stations} - equipment.by_number.keys()):
        label = station_label(number, names)
        yield Text(f"{label.ru}: не описана", f"{label.en}: not described")


def _of_bins(equipment: Equipment, bins: Sequence[Bin]) -> Iterable[Text]:
    told = {row.bin: row for row in bins}
    described = {row.number: row for row in equipment.bins}
    for number in sorted(told.keys() | described.keys()):
        theirs, ours = told.get(number), described.get(number)
        if theirs is None:
            yield Text(f"бункер {number}: у робота его нет", f"bin {number}: the robot does not have it")
        elif ours is None:
            yield Text(f"бункер {number}: не описан", f"bin {number}: not described")
        elif (theirs.ingredient, theirs.unit, theirs.capacity) != (ours.ingredient, _UNITS[ours.unit], ours.capacity):
            here = f"{ours.ingredient}, {ours.capacity} {ours.unit}"
            there = f"{theirs.ingredient}, {theirs.capacity} {_unit(theirs.unit)}"
            yield Text(
                f"бункер {number} (продукт, ёмкость): в описании {here}, у робота {there}",
                f"bin {number} (ingredient, capacity): described {here}, the robot has {there}",
            )


def _unit(unit: BinUnit) -> str:
    return next(name for name, known in _UNITS.items() if known is unit)


def what_is_lost(equipment: Equipment, health: Health, charts: Iterable[Chart]) -> Text | None:
    """What of charts and cells a robot is not told, or does not do; None where all is well."""
    found = [*_lost_of_charts(health, charts), *_lost_of_cells(equipment, health)]
    return Text("; ".join(text.ru for text in found), "; ".join(text.en for text in found)) if found else None


def _lost_of_charts(health: Health, charts: Iterable[Chart]) -> Iterable[Text]:
    """What does not reach a robot of the register map's first revision."""
    if health.map_version > _FIRST_REVISION:
        return
    phases = [(chart, index, phase) for chart in charts for index, phase in enumerate(chart.phases)]
    lost = [
        (any(p.max_wait_s is not None for _, _, p in phases), Text("пределы ожидания", "wait limits")),
        (any(p.resources for _, _, p in phases), Text("общие ресурсы", "shared resources")),
        (any(c.after(n) != ((n - 1,) if n else ()) for c, n, _ in phases), Text("параллельные ветви", "branches")),
        (any(p.more for _, _, p in phases), Text("вторые параметры", "further parameters")),
        (any(not p.irreversible for _, _, p in phases), Text("обратимые этапы", "reversible phases")),
        (any(c.tolerance for c, _, _ in phases), Text("допуски дозирования", "tolerances")),
    ]
    names = [name for present, name in lost if present]
    if names:
        yield Text(
            f"карта регистров 1: не передаются {', '.join(name.ru for name in names)}",
            f"register map 1: not told are {', '.join(name.en for name in names)}",
        )


def _lost_of_cells(equipment: Equipment, health: Health) -> Iterable[Text]:
    """Large cells that take one portion all the same: the robot does not say what else they hold."""
    large = ", ".join(str(row.number) for row in equipment.cells if row.size > 1)
    if large and not health.capabilities & Capability.SHARED_CELLS:
        yield Text(
            f"робот кладёт в ячейку одну порцию: ячейки {large} больше",
            f"the robot puts one portion into a cell: larger are {large}",
        )
