"""The rows of one order of every shape, as the kiosk wrote them, read from `shapes.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.domain.staff.figures import whole_minutes

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

    @property
    def day_counts(self) -> Iterator[Row]:
        """What it adds to the counts of its day: service, payments, minutes (as promised: grown orders are in time)."""
        (order,) = (row.values for row in self.rows if row.table == "orders")
        for payment in (row.values for row in self.rows if row.table == "payment"):
            done = payment["step"] == "done"
            words = {"code": "", "reason": ""} if done else _refusal(payment)
            yield Row("stat_payment", {"day": "", "method": payment["method"], **words, "attempts": 1})
            if done:
                sums = {"orders": 1, "revenue_kopecks": payment["amount_kopecks"]}
                yield Row("stat_service", {"day": "", "service": order["service"], **sums})
                for kind in ("promised", "actual"):
                    minutes = whole_minutes(order["ready_in_s"])
                    yield Row("stat_minutes", {"day": "", "kind": kind, "minutes": minutes, "orders": 1})

    def column(self, table: str, name: str) -> list[Any]:
        return [row.values[name] for row in self.rows if row.table == table]


def _refusal(payment: dict[str, Any]) -> dict[str, str]:
    return {"code": payment.get("failure") or payment["step"], "reason": payment.get("failure_reason") or ""}


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
