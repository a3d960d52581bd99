"""What happens where and when in a complex: steps that hold their places, wait for each other, and may not wait long.

List scheduling in the order of the calls: each job takes the earliest times that are left, so an earlier one is never
delayed by a later one. The kiosk's plan and the simulated complex place their work by it; seconds from any zero.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

#: A place is a station by its number, or a resource by its number above these.
RESOURCES = 100
_EPSILON_S = 1e-6
_MOST_TRIES = 200  # of placing one job within its limits


class Step(msgspec.Struct, frozen=True):
    """Holds all its `places` from start to end, `least_s`…`most_s` later. `after`: indices of earlier steps, which it
    begins no later than `max_wait_s` after the end of each."""

    places: tuple[int, ...]
    after: tuple[int, ...]
    least_s: float
    most_s: float
    max_wait_s: float | None = None
    phases: int = 1  # of the chart, one after another at the same places


def stations_of(work: Iterable[Step]) -> frozenset[int]:
    """The stations it is done at, by number."""
    return frozenset(place for step in work for place in step.places if place < RESOURCES)


def joined(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The same, where what goes on at the same places without a branch is one step: the food stays where it is. Their
    wait limits are kept by that."""
    users = [sum(n in step.after for step in steps) for n in range(len(steps))]
    found: list[Step] = []
    at: list[int] = []  # where each step has gone
    for step in steps:
        after = step.after
        goes_on = len(after) == 1 and users[after[0]] == 1 and steps[after[0]].places == step.places
        if goes_on and at[after[0]] == len(found) - 1:
            last = found[-1]
            found[-1] = replace(
                last,
                least_s=last.least_s + step.least_s,
                most_s=last.most_s + step.most_s,
                phases=last.phases + step.phases,
            )
        else:
            now_after = tuple(dict.fromkeys(at[n] for n in after))
            found.append(step if now_after == after else replace(step, after=now_after))
        at.append(len(found) - 1)
    return tuple(found)


class _Place:
    """How many hold it: `levels[n]` from `times[n]` to the next of them."""

    __slots__ = ("levels", "room", "times")

    def __init__(self, room: int, times: list[float], levels: list[int]) -> None:
        self.room, self.times, self.levels = room, times, levels

    def fit(self, at: float, seconds: float) -> float:
        """The earliest time from `at` on at which there is room for so long."""
        times, levels, room = self.times, self.levels, self.room
        n = bisect_right(times, at + _EPSILON_S) - 1
        while True:
            if levels[n] >= room:
                at = times[n + 1]  # the last level is none
            n += 1
            if n == len(times) or times[n] >= at + seconds - _EPSILON_S:
                return at

    def book(self, start: float, end: float) -> None:
        """Also where there is no room."""
        if end <= start:
            return
        first, last = self._at(start), self._at(end)
        for n in range(first, last):
            self.levels[n] += 1

    def _at(self, time: float) -> int:
        """The index of the level that begins then."""
        n = bisect_left(self.times, time)
        if n == len(self.times) or self.times[n] != time:
            self.times.insert(n, time)
            self.levels.insert(n, self.levels[n - 1])
        return n


class Timetable:
    """Of places with their capacities; what has none of its own has room for one."""

    def __init__(self, capacities: Mapping[int, int]) -> None:
        self._places = {place: _Place(room, [float("-inf")], [0]) for place, room in capacities.items()}

    def copy(self) -> Timetable:
        found = Timetable({})
        found._places = {n: _Place(row.room, row.times.copy(), row.levels.copy()) for n, row in self._places.items()}
        return found

    def fit(self, place: int, at: float, seconds: float) -> float:
        """The earliest time from `at` on at which the place has room for so long."""
        return self._of(place).fit(at, seconds)

    def book(self, place: int, start: float, end: float) -> None:
        """Also where there is no room: what is under way cannot be denied."""
        self._of(place).book(start, end)

    def place(self, work: Sequence[Step], not_before: float = 0.0) -> list[tuple[float, float]]:
        """The earliest (start, end) of each step from `not_before` on; nothing is booked. A start may lie before the
        steps it waits for have surely ended: so its places are kept for it, and it may begin in time."""
        least_at = [not_before] * len(work)
        found: list[tuple[float, float]] = []
        for _ in range(_MOST_TRIES):
            while len(found) < len(work):
                late = self._next(work, least_at, found)
                if late is not None:
                    least_at[late[0]] = found[late[0]][0] + late[1]
                    del found[late[0] :]
                    break
            else:
                break
        while len(found) < len(work):  # its limits cannot be kept here: it is done as soon as it can be
            self._next(work, least_at, found, limits=False)
        return found

    def book_all(self, work: Sequence[Step], times: Sequence[tuple[float, float]]) -> None:
        for step, (start, end) in zip(work, times, strict=True):
            for place in step.places:
                self.book(place, start, end)

    def _next(
        self, work: Sequence[Step], least_at: Sequence[float], found: list[tuple[float, float]], *, limits: bool = True
    ) -> tuple[int, float] | None:
        """Appends the next step's times; or which earlier step is to begin how much later."""
        n = len(found)
        step = work[n]
        ended = max((found[k][1] for k in step.after), default=least_at[n])
        ended = max(ended, least_at[n])
        limit = step.max_wait_s if limits else None
        at = ended
        if limit is not None and step.after:
            at = min(ended, *(found[k][0] + work[k].least_s + limit for k in step.after))
            at = max(at, least_at[n])
        at = self._free(step, at, ended, _elsewhere(work, found, step))
        if limit is not None:
            for k in step.after:
                late_s = at - (found[k][0] + work[k].least_s + limit)
                if late_s > _EPSILON_S:
                    return k, late_s
        found.append((at, max(at, ended) + step.most_s))
        return None

    def _free(self, step: Step, at: float, ended: float, own: Sequence[tuple[float, float]]) -> float:
        """From when all its places are free together, beside those of its own job."""
        while True:
            seconds = max(ended - at, 0.0) + step.most_s
            later = at
            for place in step.places:
                later = self.fit(place, later, seconds)
            for start, end in own:
                if start < later + seconds - _EPSILON_S and later < end - _EPSILON_S:
                    later = end
            if later <= at:
                return at
            at = later

    def _of(self, place: int) -> _Place:
        return self._places.setdefault(place, _Place(1, [float("-inf")], [0]))


def _elsewhere(work: Sequence[Step], found: Sequence[tuple[float, float]], step: Step) -> Sequence[tuple[float, float]]:
    """When other branches of the same job hold a place that the step needs."""
    n = len(found)
    if all(row.after == (k - 1,) for k, row in enumerate(work[1 : n + 1], 1)):
        return ()  # no branch so far
    others = (k for k in range(n) if k not in step.after and not set(work[k].places).isdisjoint(step.places))
    return [found[k] for k in others]
