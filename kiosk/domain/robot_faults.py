"""What the robot's fault codes say, in words for the technician: which station, which bin, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain.text import Text

ESTOP, DOOR, STATION, BIN = 1, 2, 100, 200
STATION_NAMES: Mapping[int, Text] = {
    1: Text("раздача продуктов", "dispenser"),
    2: Text("вок", "wok"),
    3: Text("фритюр", "fryer"),
    4: Text("варка", "boiler"),
    5: Text("печь", "oven"),
    6: Text("холодный стол", "cold station"),
    7: Text("напитки", "drinks"),
    8: Text("сборка блюда", "plating"),
}


def station_name(station: int) -> Text:
    return STATION_NAMES.get(station, Text(f"станция {station}", f"station {station}"))


def words_of_fault(code: int, bins: Mapping[int, Text]) -> Text:
    """`bins`: what each bin holds, by its number. An unknown code is told as its number."""
    if code == ESTOP:
        return Text("аварийная остановка", "emergency stop")
    if code == DOOR:
        return Text("открыта дверца", "a door is open")
    if STATION < code < BIN:
        name = station_name(code - STATION)
        return Text(f"станция {code - STATION} ({name.ru}) застряла", f"station {code - STATION} ({name.en}) is jammed")
    if BIN < code < BIN + 100:
        held = bins.get(code - BIN, Text("продукт", "an ingredient"))
        return Text(f"в бункере {code - BIN} пусто: {held.ru}", f"bin {code - BIN} is empty: {held.en}")
    return Text(f"неисправность {code}", f"fault {code}")
