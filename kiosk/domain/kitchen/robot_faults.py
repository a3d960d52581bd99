"""What the robot's fault codes say, in words for the technician: which station, which bin, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain.text import Text

ESTOP, DOOR, STATION, BIN = 1, 2, 100, 200


def station_label(station: int, names: Mapping[int, Text]) -> Text:
    """Its number, and its name where that is known."""
    name = names.get(station)
    number = Text(f"станция {station}", f"station {station}")
    return number if name is None else Text(f"{number.ru} ({name.ru})", f"{number.en} ({name.en})")


def words_of_fault(code: int, bins: Mapping[int, Text], stations: Mapping[int, Text]) -> Text:
    """`bins`: what each holds, `stations`: what each is called, by number. An unknown code is given as its number."""
    if code == ESTOP:
        return Text("аварийная остановка", "emergency stop")
    if code == DOOR:
        return Text("открыта дверца", "a door is open")
    if STATION < code < BIN:
        label = station_label(code - STATION, stations)
        return Text(f"{label.ru} застряла", f"{label.en} is jammed")
    if BIN < code < BIN + 100:
        held = bins.get(code - BIN, Text("продукт", "an ingredient"))
        return Text(f"в бункере {code - BIN} пусто: {held.ru}", f"bin {code - BIN} is empty: {held.en}")
    return Text(f"неисправность {code}", f"fault {code}")
