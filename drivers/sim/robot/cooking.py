"""One job on its way through the simulated kitchen: which phases are over or under way, and when the others are due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.robot.port import Phase
from drivers.robot.timetable import RESOURCES, Step, Timetable, joined

JITTER = 0.1
EPSILON_S = 1e-6


def nominal_s(phase: Phase) -> float:
    """p2 is the nominal duration; a chart without one takes half its limit."""
    return float(phase.p2) if phase.p2 else phase.max_s / 2


def places_of(phase: Phase) -> tuple[int, ...]:
    return (phase.station, *(RESOURCES + number for number in phase.resources))


def before(phases: Sequence[Phase], index: int) -> tuple[int, ...]:
    """Indices of the phases that one waits for."""
    after = phases[index].after
    return after if after is not None else (index - 1,) if index else ()


def work_of(phases: Sequence[Phase], speed: float) -> tuple[Step, ...]:
    """In wall seconds: what is booked for each phase is enough for the longest it takes."""
    return joined(
        [
            Step(
                places_of(phase),
                before(phases, index),
                nominal_s(phase) * (1 - JITTER) / speed,
                nominal_s(phase) * (1 + JITTER) / speed,
                None if phase.max_wait_s is None else phase.max_wait_s / speed,
            )
            for index, phase in enumerate(phases)
        ]
    )


@dataclass(slots=True)
class Run:
    """A phase under way. `ends_at` is None while it is held; `left_s` is then what remains."""

    began_at: float
    ends_at: float | None
    left_s: float


@dataclass(slots=True)
class Cooking:
    """`times`: when each step of the `work` is booked; `due_by`: when it is to be ready at the latest."""

    phases: tuple[Phase, ...]
    work: tuple[Step, ...]
    times: list[tuple[float, float]]
    due_by: float
    runs: dict[int, Run] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)

    @property
    def first_open(self) -> int:
        """The earliest phase that is not done; the last one where all are."""
        return next((n for n in range(len(self.phases)) if n not in self.ended), len(self.phases) - 1)

    @property
    def done(self) -> bool:
        return len(self.ended) == len(self.phases)

    def ready(self) -> Iterator[tuple[int, float]]:
        """Phases that may begin once it is time, and when that is: at once, where the food stays at its places."""
        for index in range(len(self.phases)):
            waits_for = before(self.phases, index)
            if index in self.ended or index in self.runs or any(n not in self.ended for n in waits_for):
                continue
            step, first = self._step_of(index)
            at = max((self.ended[n] for n in waits_for), default=0.0)
            yield index, at if index > first else max(at, self.times[step][0])

    def _step_of(self, index: int) -> tuple[int, int]:
        """The step that a phase belongs to, and that step's first phase."""
        first = 0
        for number, step in enumerate(self.work):
            if index < first + step.phases:
                return number, first
            first += step.phases
        raise IndexError(index)

    def _phases_of(self, number: int) -> range:
        first = sum(step.phases for step in self.work[:number])
        return range(first, first + self.work[number].phases)

    def book(self, table: Timetable) -> None:
        """What is left of it, as it was booked."""
        for number, step in enumerate(self.work):
            if any(n not in self.ended for n in self._phases_of(number)):
                for place in step.places:
                    table.book(place, *self.times[number])

    def book_anew(self, table: Timetable, now: float, speed: float) -> None:
        """After something stood still: what is under way goes on now, the rest as soon as it can."""
        work = self._rest(now, speed)
        self.times = table.place(work, now)
        for number, step in enumerate(self.work):
            left_s = self.times[number][1] - now
            if work[number] is not step and left_s > 0:  # it is under way
                for place in step.places:
                    table.book(place, now, now + left_s)
        table.book_all(work, self.times)
        self.due_by = max(self.due_by, self.ends_at())

    def move_up(self, table: Timetable, now: float, speed: float) -> None:
        """Earlier, where the bookings of the others in `table` leave room, and nothing of it later: then no wait grows
        beyond its limit."""
        work = self._rest(now, speed)
        times = table.place(work, now)
        begun = [number for number, step in enumerate(self.work) if work[number] is not step]
        if any(times[n][0] > (now if n in begun else self.times[n][0]) + EPSILON_S for n in range(len(work))):
            return
        self.times = [old if n in begun else new for n, (new, old) in enumerate(zip(times, self.times, strict=True))]

    def book_begun(self, table: Timetable) -> None:
        """What holds its places already."""
        for number, step in enumerate(self.work):
            phases = self._phases_of(number)
            if self._is_begun(number) and any(n not in self.ended for n in phases):
                for place in step.places:
                    table.book(place, *self.times[number])

    def book_open(self, table: Timetable, times: Sequence[tuple[float, float]]) -> None:
        """What is not begun, at these times."""
        for number, step in enumerate(self.work):
            for place in () if self._is_begun(number) else step.places:
                table.book(place, *times[number])

    def _is_begun(self, number: int) -> bool:
        return any(n in self.ended or n in self.runs for n in self._phases_of(number))

    def later(self, table: Timetable, now: float, speed: float) -> list[tuple[float, float]] | None:
        """The times of what is not begun, behind what is booked in `table`: None where any wait would be too long, or
        the food ready after `due_by`."""
        work = self._rest(now, speed)
        times = table.place(work, now)
        for number, step in enumerate(work):
            start, end = times[number]
            if end > self.due_by or (self._is_begun(number) and start > now + EPSILON_S):
                return None
            if step.max_wait_s is not None and any(
                start > self._least_end(k, times) + step.max_wait_s + EPSILON_S for k in step.after
            ):
                return None
        return [self.times[n] if self._is_begun(n) else row for n, row in enumerate(times)]

    def _least_end(self, number: int, times: Sequence[tuple[float, float]]) -> float:
        return self._ended_at(number) if self._is_begun(number) else times[number][0] + self.work[number].least_s

    def _ended_at(self, number: int) -> float:
        """When a step that is begun has ended, or ends at the earliest."""
        phases = self._phases_of(number)
        if all(n in self.ended for n in phases):
            return max(self.ended[n] for n in phases)
        return self._began_at(number) + self.work[number].least_s

    def _rest(self, now: float, speed: float) -> list[Step]:
        """The work as it stands: what is begun holds its places already."""
        found: list[Step] = []
        for number, step in enumerate(self.work):
            if self._is_begun(number):
                most_s = self._left_s(number, now, speed)
                least_s = min(most_s, max(0.0, self._began_at(number) + step.least_s - now))
                found.append(Step((), (), least_s, most_s))
            else:
                found.append(step)
        return found

    def _began_at(self, number: int) -> float:
        return min(
            (run.began_at for n in self._phases_of(number) if (run := self.runs.get(n)) is not None),
            default=float("-inf"),
        )

    def _left_s(self, number: int, now: float, speed: float) -> float:
        left_s = 0.0
        for n in self._phases_of(number):
            run = self.runs.get(n)
            if run is not None:
                left_s += run.left_s if run.ends_at is None else max(0.0, run.ends_at - now)
            elif n not in self.ended:
                left_s += nominal_s(self.phases[n]) * (1 + JITTER) / speed
        return left_s

    def due(self) -> Iterator[float]:
        """When something of it is to happen."""
        yield from (run.ends_at for run in self.runs.values() if run.ends_at is not None)
        yield from (at for _, at in self.ready())

    def ends_at(self) -> float:
        return max((end for _, end in self.times), default=0.0)

    def hold(self, now: float) -> None:
        for run in self.runs.values():
            if run.ends_at is not None:
                run.left_s, run.ends_at = max(0.0, run.ends_at - now), None

    def go_on(self, now: float) -> None:
        for run in self.runs.values():
            if run.ends_at is None:
                run.ends_at = now + run.left_s

    def end(self, index: int, at: float, since: float, speed: float) -> None:
        """Its line of the ledger: seconds of the chart, counted from the robot's power-up."""
        phase, run = self.phases[index], self.runs.pop(index)
        self.ended[index] = at
        waits_for = before(self.phases, index)
        waited_s = max(0.0, run.began_at - max(self.ended[n] for n in waits_for)) * speed if waits_for else 0.0
        longest_s = max((run.began_at - self.ended[n] for n in waits_for), default=0.0) * speed
        limit_s = phase.max_wait_s
        self.records.append(
            {
                "phase": index + 1,
                "operation": phase.operation,
                "station": phase.station,
                "resources": list(phase.resources),
                "after": [n + 1 for n in waits_for],
                "began_s": round((run.began_at - since) * speed, 3),
                "ended_s": round((at - since) * speed, 3),
                "waited_s": round(waited_s, 3),
                "limit_s": limit_s,
                "limit_passed": limit_s is not None and longest_s > limit_s + EPSILON_S * max(speed, 1.0),
            }
        )
