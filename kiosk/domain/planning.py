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


class Plan:
    """When each station and slot is free again once everything `pending` is cooked; nominal seconds from now."""

    def __init__(self, pending: Iterable[Work] = ()) -> None:
        self._free = {station: [0.0] * capacity for station, capacity in STATION_CAPACITY.items()}
        self._slots = [0.0] * JOB_SLOTS
        for work in pending:
            _place(work, self._free, self._slots)

    def ready_in_s(self, new: Iterable[Work]) -> float:
        """Seconds until the last portion of `new` is ready, behind everything pending. Changes nothing."""
        free = {station: list(units) for station, units in self._free.items()}
        slots = list(self._slots)
        return max((_place(work, free, slots) for work in new), default=0.0)


def _place(work: Work, free: dict[int, list[float]], slots: list[float]) -> float:
    at = heapq.heappop(slots)
    for station, seconds in work:
        units = free.setdefault(station, [0.0])
        at = max(at, heapq.heappop(units)) + seconds
        heapq.heappush(units, at)
    heapq.heappush(slots, at)
    return at
