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
#: How long food waits in its cell for a customer who was called.
PICK_UP_S = 60.0


def cells_free_in_s(usable: int, filled: int) -> tuple[float, ...]:
    """When each of the complex's `usable` cells can take a new portion, as far as is known without a plan of cells:
    a filled one once its customer has come."""
    filled = min(filled, usable)
    return (0.0,) * (usable - filled) + (PICK_UP_S,) * filled


class Plan:
    """When each station, slot and cell is free again once everything `pending` is cooked; nominal seconds from now.
    `cells`: when each of them is free; none told: there are always enough."""

    def __init__(self, pending: Iterable[Work] = (), cells: Sequence[float] = ()) -> None:
        self._free = {station: [0.0] * capacity for station, capacity in STATION_CAPACITY.items()}
        self._slots = [0.0] * JOB_SLOTS
        self._cells = sorted(cells)
        for work in pending:
            _place(work, self._free, self._slots, self._cells)

    def ready_in_s(self, new: Iterable[Work]) -> float:
        """Seconds until the last portion of `new` is ready, behind everything pending. Changes nothing."""
        free = {station: list(units) for station, units in self._free.items()}
        slots, cells = list(self._slots), list(self._cells)
        return max((_place(work, free, slots, cells) for work in new), default=0.0)


def _place(work: Work, free: dict[int, list[float]], slots: list[float], cells: list[float]) -> float:
    """A slot is kept until the portion is ready, a cell until its customer has come."""
    at, limited = heapq.heappop(slots), bool(cells)
    if limited:
        at = max(at, heapq.heappop(cells))
    for station, seconds in work:
        units = free.setdefault(station, [0.0])
        at = max(at, heapq.heappop(units)) + seconds
        heapq.heappush(units, at)
    heapq.heappush(slots, at)
    if limited:
        heapq.heappush(cells, at + PICK_UP_S)
    return at
