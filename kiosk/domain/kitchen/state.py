"""What the process knows of the kitchen right now: one state that never changes, replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from drivers.robot.equipment import Equipment
from drivers.robot.timetable import stations_of
from kiosk.domain.kitchen.lots import Lot
from kiosk.domain.kitchen.pace import Pace
from kiosk.domain.kitchen.planning import Plan, Work
from kiosk.domain.kitchen.show import KitchenDetail, KitchenShow
from kiosk.domain.menu.chart import Chart


@dataclass(frozen=True, slots=True)
class StockBin:
    """One bin as the robot last reported it; `ingredient` is our id, or None for a code the menu does not know."""

    bin: int
    ingredient: str | None
    unit: str
    level: int
    capacity: int
    committed: int
    low: bool
    usable: bool
    sound: bool = True  # its sensor can be believed


def free_amounts(bins: Iterable[StockBin]) -> dict[str, int]:
    """Level less the robot's own commitments, by ingredient, of the bins that can be used."""
    found: dict[str, int] = {}
    for row in bins:
        if row.ingredient is not None and row.usable:
            found[row.ingredient] = found.get(row.ingredient, 0) + max(0, row.level - row.committed)
    return found


@dataclass(frozen=True, slots=True)
class KitchenState:
    """At one moment. `free`: what the bins can give beside what the robot has promised itself, `held`: what orders hold
    of it; both change so that nothing is ever offered twice. `works`: what each chart takes, by fingerprint."""

    bins: Sequence[StockBin] = ()
    free: Mapping[str, int] = field(default_factory=dict)
    linked: bool = False
    held: Mapping[str, int] = field(default_factory=dict)
    pending: frozenset[int] = frozenset()  # portions to be cooked, and the plan they make
    plan: Plan = field(default_factory=lambda: Plan({}))
    planned: bool = False  # since the start; before it `plan` knows of no queue
    expected: Mapping[str, datetime] = field(default_factory=dict)  # when the plan has each order ready
    pace: Pace = field(default_factory=Pace)
    works: Mapping[str, Work] = field(default_factory=dict)
    usual: str = ""  # the chart of the dish of middle length: what a stranger's "how long?" is answered with
    stopped_items: frozenset[str] = frozenset()
    stopped_ingredients: frozenset[str] = frozenset()
    stations_down: frozenset[int] = frozenset()  # jammed or faulty
    stations_out: frozenset[int] = frozenset()  # taken out
    unsafe_ingredients: frozenset[str] = frozenset()  # nothing is made of them until a person has looked
    stations_unsafe: frozenset[int] = frozenset()  # beyond their temperatures
    stations_due: frozenset[int] = frozenset()  # people have to do something there: nothing more is sold of them
    lots: Sequence[Lot] = ()  # what lies in the bins, by delivery
    lots_closed: Mapping[str, str] = field(default_factory=dict)  # ingredients not sold for what a lot is, and why
    lots_unfit: Mapping[str, str] = field(default_factory=dict)  # and those that nothing more is begun with
    tainted: frozenset[int] = frozenset()  # portions in work that hold food of a recalled lot
    bins_in_hand: frozenset[int] = frozenset()  # bins whose level a person is setting now
    recalled: frozenset[int] = frozenset()  # portions being given back: not submitted again meanwhile
    show: KitchenShow = field(default_factory=KitchenShow)  # as the hall sees it
    detail: KitchenDetail = field(default_factory=KitchenDetail)  # as the technician does

    @property
    def typical(self) -> Work:
        """Of the dish of middle length."""
        return self.works.get(self.usual, ())

    @property
    def stations_closed(self) -> frozenset[int]:
        """Where nothing is cooked now, whatever the cause."""
        return self.stations_down | self.stations_out | self.stations_unsafe

    @property
    def stations_not_sold(self) -> frozenset[int]:
        """Of which nothing is sold now; where one is only due, what was paid is still cooked."""
        return self.stations_closed | self.stations_due

    @property
    def ingredients_closed(self) -> frozenset[str]:
        """Of which nothing is sold now, whatever the cause."""
        return self.stopped_ingredients | self.unsafe_ingredients

    def levels(self) -> Mapping[str, int]:
        """What may be sold of; a lost link makes everything unsellable."""
        return self.free if self.linked else {}

    def stations(self, fingerprint: str) -> frozenset[int]:
        """Where a chart is cooked, by number; none for a chart that nobody knows."""
        return stations_of(self.works.get(fingerprint, ()))

    def closed_station(self, fingerprint: str) -> int | None:
        """A station of a chart where nothing is cooked now, by number; None if it can be cooked."""
        return min(self.stations_closed & self.stations(fingerprint), default=None)

    def left_s(self, order_id: str, promised_at: datetime, now: datetime) -> int:
        """Seconds as they are shown: those of the promise, which only run down, and never less than is true."""
        ready_at = max(promised_at, self.expected.get(order_id, promised_at))
        return max(0, round((ready_at - now).total_seconds()))

    def promise_s(self, new: Iterable[Work]) -> int:
        """Seconds in which `new` is ready nine times of ten, behind everything that is pending."""
        return round(self.pace.promise_s(self.plan.ready_in_s(new)))


class Kitchen:
    """Holds the state. `publish` is the one place where it changes, on the loop: whoever has taken `now` keeps it."""

    def __init__(
        self, charts: Iterable[Chart] = (), equipment: Equipment | None = None, pace: Pace | None = None
    ) -> None:
        self.charts: Mapping[str, Chart] = {}
        self._state = KitchenState(stations_out=equipment.out if equipment else frozenset(), pace=pace or Pace())
        self.sell(charts)

    @property
    def now(self) -> KitchenState:
        return self._state

    def publish(self, **changes: Any) -> None:
        """Replaces the state by one with these changes."""
        pace = changes.get("pace", self._state.pace)
        if pace.learned is not self._state.pace.learned:  # a promise alone changes no step
            changes["works"] = _works(self.charts, pace)
        self._state = replace(self._state, **changes)

    def know(self, charts: Mapping[str, Chart]) -> None:
        """Charts that are sold, or were, by fingerprint: portions in work keep theirs."""
        new = {fingerprint: chart for fingerprint, chart in charts.items() if fingerprint not in self.charts}
        self.charts = {**self.charts, **new}
        works = {**self._state.works, **_works(new, self._state.pace)}
        self._state = replace(self._state, works=works)

    def sell(self, charts: Iterable[Chart]) -> None:
        """The charts of what is sold from now on."""
        sold = {chart.fingerprint: chart for chart in charts}
        self.know(sold)
        by_length = sorted(sold, key=lambda name: sold[name].nominal_s)
        self._state = replace(self._state, usual=by_length[len(by_length) // 2] if by_length else "")


def _works(charts: Mapping[str, Chart], pace: Pace) -> Mapping[str, Work]:
    return {fingerprint: chart.work(pace.seconds) for fingerprint, chart in charts.items()}
