"""What lay together in the robot's cells, by its own ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any


def mixed(robot: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Cells that held food of two orders at once. `robot`: the lines of a ledger that tells cells."""
    lying: defaultdict[int, dict[tuple[int, int], str]] = defaultdict(dict)
    for line in robot:
        key = line["job_id"], line["attempt"]
        if line["effect"] == "ready" and "cell" in line:
            lying[line["cell"]][key] = line["order_id"]
            if len(orders := {*lying[line["cell"]].values()}) > 1:
                yield f"cell {line['cell']} holds food of {sorted(orders)}"
        elif line["effect"] == "picked_up":
            for held in lying.values():
                held.pop(key, None)


def places(robot: Iterable[dict[str, Any]], order_id: str) -> set[int]:
    """The cells that an order came to."""
    return {line["cell"] for line in robot if line["effect"] == "ready" and line["order_id"] == order_id}
