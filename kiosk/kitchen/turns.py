"""In which turn portions go to the robot: orders as they were paid, the portions of one so that they end together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from drivers.robot.port import Job, JobState
from kiosk.store.ordering.cooking import WorkRow

#: A portion is not held back to the second: what it takes is known no better than that.
_EARLY, _EARLY_S = 1.25, 10.0


def in_turn(rows: Iterable[WorkRow], seconds: Callable[[WorkRow], float]) -> list[WorkRow]:
    """In the order of payment; of one order what takes longest first. `seconds`: what a portion takes."""
    first: dict[str, int] = {}
    found = list(rows)
    for row in found:
        first.setdefault(row.order_id, row.portion_id)
    return sorted(found, key=lambda row: (first[row.order_id], -seconds(row), row.portion_id))


def would_be_cold(row: WorkRow, rows: Sequence[WorkRow], jobs: Mapping[int, Job], own_s: float) -> bool:
    """Begun now it would be ready long before the rest of its order, as the robot itself tells how long that takes."""
    others = (jobs.get(other.portion_id) for other in rows if other.order_id == row.order_id)
    left_s = [job.remaining_s for job in others if job is not None and job.state in (JobState.QUEUED, JobState.COOKING)]
    return max(left_s, default=0) > own_s * _EARLY + _EARLY_S
