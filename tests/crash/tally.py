"""What the crash tests did, world by world, as lines of a file; the end of a test run prints their sum."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VARIABLE = "KIOSK_TALLY"
FIGURES = ("scenarios", "kills", "orders", "charges", "documents", "meals", "violations")


def record(planted: str = "", **figures: int) -> None:
    """One world that was closed; `planted` names the bug it carried, its violations are catches then."""
    path = os.environ.get(VARIABLE)
    if path:
        with open(path, "a") as file:
            file.write(json.dumps({"planted": planted, **figures}) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def told(lines: Iterable[dict[str, Any]]) -> list[str]:
    """The sum of the honest worlds, then each planted bug with what it was caught by."""
    total: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    days: Counter[str] = Counter()
    for line in lines:
        if line["planted"]:
            caught[line["planted"]] += line.get("violations", 0)
            days[line["planted"]] = max(days[line["planted"]], line.get("days", 0))
        else:
            total.update({name: line.get(name, 0) for name in FIGURES})
    if not total and not caught:
        return []
    return [
        "  ".join(f"{name} {total[name]}" for name in FIGURES),
        *(f"planted bug «{name}»: {count} violations{_blind(days[name])}" for name, count in sorted(caught.items())),
    ]


def _blind(days: int) -> str:
    """Of simulated days that did not know of it."""
    return f", seen on simulated day {days}" if days else ""
