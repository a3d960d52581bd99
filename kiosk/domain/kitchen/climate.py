"""How warm what holds food may be, and for how long it may be otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.robot.equipment import BinEquipment, Equipment, StationEquipment
from kiosk.domain.reasons import TOO_COLD, TOO_WARM
from kiosk.domain.text import Text

_KINDS: Mapping[str, Text] = {
    "bin": Text("бункер", "bin"),
    "station": Text("станция", "station"),
    "cell": Text("ячейка", "cell"),
}


def bin_place(number: int) -> str:
    """What a bin is called in tables and on the wire."""
    return f"bin_{number}"


def station_place(number: int) -> str:
    """And a station."""
    return f"station_{number}"


def cell_place(number: int) -> str:
    """And a cell."""
    return f"cell_{number}"


def number_of(place: str) -> int:
    """Of its kind."""
    return int(place.rpartition("_")[2])


def place_words(place: str, names: Mapping[str, Text]) -> Text:
    """Its kind and number, and its name where that is known."""
    kind, _, number = place.partition("_")
    words = _KINDS.get(kind, Text(kind, kind))
    name = names.get(place)
    ru, en = (f" ({name.ru})", f" ({name.en})") if name else ("", "")
    return Text(f"{words.ru} {number}{ru}", f"{words.en} {number}{en}")


@dataclass(frozen=True, slots=True)
class Limits:
    """°C; None: no limit on that side."""

    lowest_c: int | None
    highest_c: int | None
    tolerated_s: int

    def broken_by(self, temp_c: float) -> str | None:
        """`too_warm`, `too_cold`, or None where it is as it should be."""
        if self.highest_c is not None and temp_c > self.highest_c:
            return TOO_WARM
        return TOO_COLD if self.lowest_c is not None and temp_c < self.lowest_c else None


def limits_of(equipment: Equipment) -> Mapping[str, Limits]:
    """Of every place that has any, by place."""
    rows: list[tuple[str, BinEquipment | StationEquipment]] = [(bin_place(row.number), row) for row in equipment.bins]
    rows += [(station_place(row.number), row) for row in equipment.stations.values() if not row.out]
    return {
        place: Limits(row.lowest_c, row.highest_c, row.tolerated_s)
        for place, row in rows
        if row.lowest_c is not None or row.highest_c is not None
    }


def names_of(equipment: Equipment) -> Mapping[str, Text]:
    """What bins and stations are called, by place."""
    rows: list[tuple[str, BinEquipment | StationEquipment]] = [(bin_place(row.number), row) for row in equipment.bins]
    rows += [(station_place(row.number), row) for row in equipment.stations.values()]
    return {place: Text(row.name.ru, row.name.en) for place, row in rows}
