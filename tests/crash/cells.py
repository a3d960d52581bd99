"""What lay in the robot's cells, by its own ledger, against the books."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A portion and its attempt, as the robot's ledger names its job.
Key = tuple[int, int]


@dataclass(frozen=True)
class Books:
    """What the database in `folder` says of portions: whose each is, and when the guest fetched its last attempt."""

    owners: Mapping[int, str]
    fetched_at: Mapping[Key, str]

    @classmethod
    def read(cls, folder: Path) -> Books:
        with contextlib.closing(sqlite3.connect(f"file:{folder}/kiosk.db?mode=ro", uri=True)) as books:
            rows = books.execute("SELECT portion_id, attempt, order_id, fetched_at FROM portion").fetchall()
        fetched_at = {(portion_id, attempt): at for portion_id, attempt, _, at in rows if at is not None}
        return cls({portion_id: order_id for portion_id, _, order_id, _ in rows}, fetched_at)


def _key(line: Mapping[str, Any]) -> Key:
    return line["job_id"], line["attempt"]


def mixed(robot: Iterable[dict[str, Any]], owners: Mapping[int, str]) -> Iterator[str]:
    """Cells that held food of two orders at once. `robot`: the lines of a ledger that tells cells; `owners`: the order
    of each portion by the books, for the robot knows only what it was told."""
    lying: defaultdict[int, dict[Key, str]] = defaultdict(dict)
    for line in robot:
        if line["effect"] == "ready" and "cell" in line:
            lying[line["cell"]][_key(line)] = owners.get(line["job_id"], line["order_id"])
            if len(orders := {*lying[line["cell"]].values()}) > 1:
                yield f"cell {line['cell']} holds food of {sorted(orders)}"
        elif line["effect"] == "picked_up":
            for held in lying.values():
                held.pop(_key(line), None)


def freed_early(robot: Iterable[dict[str, Any]], fetched_at: Mapping[Key, str]) -> Iterator[str]:
    """Portions that the books took for fetched while they lay in their cell. Times as text, of one clock; one that was
    set forward hides it."""
    for line in robot:
        if line["effect"] != "picked_up":
            continue
        by_books, until = fetched_at.get(_key(line), line["at"]), line["at"]
        if by_books < until:
            name = f"{line['order_id']}: portion {line['job_id']}"
            yield f"{name} was fetched at {by_books} by the books, and lay there until {until}"


def places(robot: Iterable[dict[str, Any]], order_id: str) -> set[int]:
    """The cells that an order came to."""
    return {line["cell"] for line in robot if line["effect"] == "ready" and line["order_id"] == order_id}
