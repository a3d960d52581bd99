"""When will it be ready: earliest-start list scheduling over the stations (protocols/robot.md §5).

The complex schedules itself; this plan only estimates, so a promise is honest and sales pause in time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

#: (station, seconds) in cooking order.
Work = Sequence[tuple[int, int]]

#: How many phases a station runs at once, and how many jobs the robot's table holds.
STATION_CAPACITY: Mapping[int, int] = {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2}
JOB_SLOTS = 8


def ready_in_s(pending: Iterable[Work], new: Iterable[Work]) -> float:
    """Seconds until the last portion of `new` is ready when everything `pending` goes first; nominal time."""
    free: dict[int, list[float]] = {station: [0.0] * capacity for station, capacity in STATION_CAPACITY.items()}
    slots = [0.0] * JOB_SLOTS
    for work in pending:
        _place(work, free, slots)
    return max((_place(work, free, slots) for work in new), default=0.0)


def _place(work: Work, free: dict[int, list[float]], slots: list[float]) -> float:
    at = heapq.heappop(slots)
    for station, seconds in work:
        units = free.setdefault(station, [0.0])
        at = max(at, heapq.heappop(units)) + seconds
        heapq.heappush(units, at)
    heapq.heappush(slots, at)
    return at
