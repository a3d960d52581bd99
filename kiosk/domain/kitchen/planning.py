"""When will it be ready: list scheduling over stations, resources, slots and cells (robot.md#schedule).

The complex schedules itself; this plan only estimates, so a promise is honest and sales pause in time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drivers.robot.equipment import Equipment
from drivers.robot.timetable import RESOURCES, Step, Timetable

#: One portion, in cooking order.
Work = Sequence[Step]

#: How long food waits in its cell for a customer who was called.
PICK_UP_S = 60.0
_SLOT = -1
_CELLS = -1  # a cell for n portions is the place _CELLS - n
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """When it can take a new order, seconds from now, as far as is known without a plan of cells: a filled one once its
    customer has come; and how many portions fit."""

    free_in_s: float = 0.0
    size: int = 1


def capacities(equipment: Equipment) -> Mapping[int, int]:
    """Of every place of a timetable."""
    return {
        _SLOT: equipment.slots,
        **{station.number: station.capacity for station in equipment.stations.values()},
        **{RESOURCES + resource.number: resource.capacity for resource in equipment.resources.values()},
    }


@dataclass(slots=True)
class _Shared:
    """The cell that an order fills: a place of the timetable, kept until then; for so many portions more."""

    place: int
    until: float
    room: int


class Plan:
    """When each station, resource, slot and cell is free again once everything `pending` is cooked; seconds from now.
    `places`: their capacities; `cells`: those that are in order; empty: there are always enough. `orders`: whose each
    of `pending` is, in their order, so that they share cells; empty: each is another's. `room`: for how many portions
    more there is room in the filled cell of an order, by its size."""

    def __init__(
        self,
        places: Mapping[int, int],
        pending: Iterable[Work] = (),
        cells: Sequence[PlannedCell] = (),
        *,
        orders: Sequence[str] = (),
        room: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self._sizes = Counter(cell.size for cell in cells)
        self._table = Timetable({**places, **{_CELLS - size: count for size, count in self._sizes.items()}})
        for cell in cells:
            self._table.book(_CELLS - cell.size, 0.0, cell.free_in_s)
        shared = {name: _Shared(_CELLS - size, PICK_UP_S, left) for name, (size, left) in (room or {}).items()}
        works = list(pending)
        names = orders or [str(n) for n, _ in enumerate(works)]
        left = Counter(names)
        #: When each of `pending` is ready, in their order; seconds from now.
        self.ends: list[float] = []
        for name, work in zip(names, works, strict=True):
            self.ends.append(self._place(self._table, work, shared, name, left[name]))
            left[name] -= 1

    def ready_in_s(self, new: Iterable[Work]) -> float:
        """Seconds until the last portion of a `new` order is ready, behind everything pending. Changes nothing."""
        works = list(new)
        table, shared = self._table.copy() if works else self._table, dict[str, _Shared]()
        ends = [self._place(table, work, shared, "", len(works) - n) for n, work in enumerate(works)]
        return max(ends, default=0.0)

    def _place(self, table: Timetable, work: Work, shared: dict[str, _Shared], name: str, left: int) -> float:
        """A slot is kept until the portion is ready, a cell until its customer has come. `left`: portions of its order
        that are not placed yet, this one among them."""
        if not work:
            return 0.0
        own = shared.get(name)
        joins = not self._sizes or (own is not None and own.room > 0)
        at, place = 0.0, 0
        while True:
            times = table.place(work, at)
            start, end = min(start for start, _ in times), max(end for _, end in times)
            later = table.fit(_SLOT, start, end - start)
            if not joins:
                later, place = self._cell(table, later, end - start + PICK_UP_S, left)
            if later <= start + _EPSILON_S:
                break
            at = later
        table.book_all(work, times)
        table.book(_SLOT, start, end)
        if own is not None and joins:
            table.book(own.place, own.until, end + PICK_UP_S)
            own.until, own.room = max(own.until, end + PICK_UP_S), own.room - 1
        elif self._sizes:
            table.book(place, start, end + PICK_UP_S)
            shared[name] = _Shared(place, end + PICK_UP_S, _CELLS - place - 1)
        return end

    def _cell(self, table: Timetable, at: float, seconds: float, left: int) -> tuple[float, int]:
        """When a cell is free for so long, and which: of those that are so at once the smallest that holds all of the
        order, else the largest; as the complex chooses."""
        found = [(table.fit(_CELLS - size, at, seconds), size) for size in self._sizes]
        soonest = min(free_at for free_at, _ in found)
        sizes = [size for free_at, size in found if free_at <= soonest + _EPSILON_S]
        size = min((size for size in sizes if size >= left), default=max(sizes))
        return soonest, _CELLS - size
