"""When will it be ready: list scheduling over stations, resources, slots and cells (robot.md#schedule).

The complex schedules itself; this plan only estimates, so a promise is honest and sales pause in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from drivers.robot.equipment import Equipment
from drivers.robot.timetable import RESOURCES, Step, Timetable

#: One portion, in cooking order.
Work = Sequence[Step]

#: How long food waits in its cell for a customer who was called.
PICK_UP_S = 60.0
_SLOT, _CELL = -1, -2
_EPSILON_S = 1e-6


def cells_free_in_s(usable: int, filled: int) -> tuple[float, ...]:
    """When each of the complex's `usable` cells can take a new portion, as far as is known without a plan of cells:
    a filled one once its customer has come."""
    filled = min(filled, usable)
    return (0.0,) * (usable - filled) + (PICK_UP_S,) * filled


def capacities(equipment: Equipment) -> Mapping[int, int]:
    """Of every place of a timetable."""
    return {
        _SLOT: equipment.slots,
        **{station.number: station.capacity for station in equipment.stations.values()},
        **{RESOURCES + resource.number: resource.capacity for resource in equipment.resources.values()},
    }


class Plan:
    """When each station, resource, slot and cell is free again once everything `pending` is cooked; seconds from now.
    `places`: their capacities; `cells`: when each of them is free; empty: there are always enough."""

    def __init__(self, places: Mapping[int, int], pending: Iterable[Work] = (), cells: Sequence[float] = ()) -> None:
        self._limited = bool(cells)
        self._table = Timetable({**places, _CELL: len(cells)})
        for free_at in cells:
            self._table.book(_CELL, 0.0, free_at)
        #: When each of `pending` is ready, in their order; seconds from now.
        self.ends = [self._place(self._table, work) for work in pending]

    def ready_in_s(self, new: Iterable[Work]) -> float:
        """Seconds until the last portion of `new` is ready, behind everything pending. Changes nothing."""
        table: Timetable | None = None
        ready = 0.0
        for work in new:
            table = table or self._table.copy()
            ready = max(ready, self._place(table, work))
        return ready

    def _place(self, table: Timetable, work: Work) -> float:
        """A slot is kept until the portion is ready, a cell until its customer has come."""
        if not work:
            return 0.0
        at = 0.0
        while True:
            times = table.place(work, at)
            start, end = min(start for start, _ in times), max(end for _, end in times)
            later = table.fit(_SLOT, start, end - start)
            if self._limited:
                later = max(later, table.fit(_CELL, later, end - start + PICK_UP_S))
            if later <= start + _EPSILON_S:
                break
            at = later
        table.book_all(work, times)
        table.book(_SLOT, start, end)
        if self._limited:
            table.book(_CELL, start, end + PICK_UP_S)
        return end
