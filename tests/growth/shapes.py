"""The rows of one order of every shape, as the kiosk wrote them, read from `shapes.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("shapes.json")
STATISTICS = ("stat_hour", "stat_dish", "stat_choice")


@dataclass(frozen=True, slots=True)
class Row:
    table: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """`rows`: parents first, events in the order they were told; `statistics`: what they add to the order's hour."""

    name: str
    rows: tuple[Row, ...]
    statistics: tuple[Row, ...]

    def column(self, table: str, name: str) -> list[Any]:
        return [row.values[name] for row in self.rows if row.table == table]


def read_shapes() -> tuple[list[dict[str, Any]], list[Shape]]:
    """(charts that the orders were cooked by, shapes)."""
    found = json.loads(FILE.read_text())
    shapes = [
        Shape(
            shape["name"],
            tuple(Row(table, values) for table, values in shape["rows"]),
            tuple(Row(table, values) for table, values in shape["statistics"]),
        )
        for shape in found["shapes"]
    ]
    return found["charts"], shapes
