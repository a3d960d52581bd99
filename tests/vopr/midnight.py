"""A calendar day: an evening, and after a pause a night across midnight. The shift is closed at its hour, lots come to
their last day, a station wants its cleaning, and whoever is there sees to it, or comes late."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from drivers.robot.equipment import demo_file
from tests.crash import rig
from tests.crash.rig import Purchase
from tests.crash.wildness import ITEMS, PHONE
from tests.vopr.days import Day
from tests.vopr.place import Place
from tests.vopr.plants import Plant
from tests.vopr.scheduler import Simulation
from tests.vopr.ways import Ways

#: By the restaurant's clock, in Moscow, 23:34.
OPENS = datetime(2026, 11, 29, 20, 34, tzinfo=UTC)
_MIDNIGHT = datetime(2026, 11, 29, 21, 0, tzinfo=UTC)
_LATE = timedelta(minutes=10)
_LAST_DAY, _NEXT_WEEK = "2026-11-29", "2026-12-06"
#: Of tea, cola and ice cream.
_INGREDIENTS = ("tea", "cola", "ice_cream")
_LEFT, _FULL = 0.3, 0.9  # of what a bin holds
_ROBOT, _FORGOTTEN_S = "robot", 8.0
_UPKEEP = """
[[upkeep]]
id = "wipe"
station = "wok"
name = { ru = "протереть", en = "wipe it" }
every_h = 0.3
warn_h = 0.1
"""
#: Whom alarms are sent to.
DUTY = "+79990000001"
_SETTINGS = """
[alarms]
hold_s = 1
pause_s = 0.05
per_hour = 100
to = [{{ name = "duty", channel = "sms", address = "{duty}" }}]
[auth]
token_lifetime_s = 86400
[cells]
remind_s = 2
call_staff_s = 4
hold_s = 6
[fiscal]
close_at = "00:00"
[lots]
last_sale_s = 0
[robot]
complex = "{complex}"
"""


def settings(folder: Path) -> str:
    """Of such a restaurant; its complex is the demo's, with something to clean."""
    file = folder / "complex.toml"
    file.write_text(demo_file().read_text() + _UPKEEP)
    return _SETTINGS.format(complex=file, duty=DUTY)


class NightPlace(Place):
    """Staff who wait for an order look at the bins and stations too."""

    def see_to_stuck(self) -> None:
        super().see_to_stuck()
        self.tend()

    def tend(self) -> list[str]:
        """Expired food is thrown away and other food put in, recalls are taken back, what is due is cleaned, spoiled
        food is taken out of its cell, alarms are seen; what was done. Raises `Gone`."""
        did, stock = [], self.staff("GET", "/internal/stock/lots").body
        for row in stock["recalls"]:
            wanted = {"lot": row["lot"], "reason": "x"}
            did.append(f"lift of {row['lot']} {self.staff('POST', '/internal/stock/lift', wanted).status}")
        for lot in stock["lots"]:
            if lot["state"] == "expired" and lot["remaining"]:
                path = f"/internal/stock/lots/{lot['lot_id']}/write-off"
                did.append(f"write-off of bin {lot['bin']} {self.staff('POST', path, {'reason': 'x'}).status}")
                did.append(self.fill(lot["bin"], f"N{lot['lot_id']}", _NEXT_WEEK))
        for row in self.staff("GET", "/internal/upkeep").body["upkeep"]:
            if row["state"] == "due":
                path = f"/internal/upkeep/{row['upkeep_id']}/done"
                did.append(f"{row['upkeep_id']} {self.staff('POST', path, {}).status}")
        return [*did, *self._clear(), *self._see_alarms()]

    def _clear(self) -> Iterator[str]:
        """None while the robot is silent."""
        for row in self.staff("GET", "/internal/cells").body.get("cells", []):
            if row["reason"] == "spoiled":
                path, act = f"/internal/cells/{row['cell']}", {"action": "write_off", "reason": "x"}
                yield f"cell {row['cell']} {self.staff('POST', path, act).status}"

    def _see_alarms(self) -> Iterator[str]:
        for row in self.staff("GET", "/internal/alarms").body["alarms"]:
            if row["state"] == "raised":
                path = f"/internal/alarms/{row['alarm_id']}/acknowledge"
                yield f"alarm of {row['subject']} {self.staff('POST', path).status}"

    def recall(self, lot: str) -> str:
        return f"recall of {lot} {self.staff('POST', '/internal/stock/recall', {'lot': lot, 'reason': 'x'}).status}"

    def bins(self) -> dict[str, dict[str, Any]]:
        rows = self.staff("GET", "/internal/robotics/ingredients").body["bins"]
        return {row["ingredient"]: row for row in rows if row["ingredient"]}

    def is_level(self) -> bool:
        """Whether the lots of every bin come to what the robot tells of it."""
        bins = self.staff("GET", "/internal/robotics/ingredients").body["bins"]
        held = Counter({row["bin"]: 0 for row in bins})
        for lot in self.staff("GET", "/internal/stock/lots").body["lots"]:
            held[lot["bin"]] += lot["remaining"]
        return bool(bins) and held == {row["bin"]: row["level"] for row in bins}

    def fill(self, number: int, lot: str, expires_at: str) -> str:
        """Up to almost full, of a lot that ends then; refused where the bin holds as much already."""
        capacity = next(row["capacity"] for row in self.bins().values() if row["bin"] == number)
        body = {"bin": number, "amount": int(capacity * _FULL), "lot": lot, "expires_at": expires_at}
        return f"refill of bin {number} {self.staff('POST', '/internal/stock/refill', body).status}"

    def empty(self, number: int) -> str:
        """Most of it is taken out."""
        capacity = next(row["capacity"] for row in self.bins().values() if row["bin"] == number)
        body = {"bin": number, "amount": int(capacity * _LEFT)}
        return f"most of bin {number} taken out {self.staff('POST', '/internal/stock/refill', body).status}"


class CalendarDay(Day):
    """The evening is judged by itself before the night begins."""

    def __init__(
        self, seed: int, plant: Plant, most: int, world: Callable[..., Place], by: Ways, sim: Simulation
    ) -> None:
        super().__init__(seed, plant, most, world, by)
        self._sim = sim
        self._evening: list[str] = []

    def play(self) -> None:
        orders = self._rng.randrange(7, 11)
        self._sell(orders, self._weights(), self._label)
        self._evening = super().mend(least=0)
        self._tell("pause")
        self.place.end_life()
        self._port = None
        ahead = timedelta(seconds=self._rng.uniform(1.0, 12.0))
        self._sim.run_until((_MIDNIGHT - ahead - OPENS).total_seconds())
        self._sell(2 * orders, self._weights() | {self._tend: 2.0, self._recall: 0.5, self._forget: 0.5})

    def mend(self, deadline_s: float = 60.0, least: int = 1) -> list[str]:
        """After the night; a day whose evening or whose beginning alone is played has no midnight in it."""
        while self._sim.wall() <= _MIDNIGHT + timedelta(seconds=1):
            self._wait()
        found = [*self._evening, *super().mend(deadline_s, least)]
        with contextlib.suppress(AssertionError):
            self.place.until(lambda: not [*_of_shifts(self._night)], "the shift of the evening is closed")
        return [*found, *_of_shifts(self._night), *_of_lots(self._night)]

    @property
    def _night(self) -> NightPlace:
        assert isinstance(self.place, NightPlace)
        return self.place

    def _label(self) -> None:
        """Before the doors open: what is put in now is good until midnight."""
        assert self._port is not None, "the kiosk does not start"
        self.place.wait_open(self._port)
        self.place.until(self._night.is_level, "the lots are level")
        for ingredient, row in self._night.bins().items():
            if ingredient in _INGREDIENTS:
                number = row["bin"]
                did = (self._night.empty(number), self._night.fill(number, f"L{number}", _LAST_DAY))
                self._tell("staff", *did)

    def _open_doors(self) -> None:
        """At night the first guest may hear that tea has had its day."""
        try:
            super()._open_doors()
        except AssertionError:
            if not self._evening_is_over:
                raise

    @property
    def _evening_is_over(self) -> bool:
        return self._sim.wall() > _MIDNIGHT - _LATE

    def _create(self) -> Purchase:
        """In the evening nobody gives a number: that session would be over before the night."""
        if self._port is None or self._evening_is_over:
            return super()._create()
        purchase = self.place.create(self._port, self._rng.choice(ITEMS), quantity=self._rng.choice((1, 1, 2)))
        return self._by(purchase, self._ways.methods)

    def _recall(self) -> None:
        """Somebody hears that a lot is bad; whoever tends next hears that it is not."""
        if self._port is not None:
            named = [row["lot"] for row in self.place.staff("GET", "/internal/stock/lots").body["lots"] if row["lot"]]
            if named:
                self._tell("staff", self._night.recall(self._rng.choice(named)))

    def _forget(self) -> None:
        """A guest who wants to be told pays, goes home, and nobody comes before the food has had its time."""
        if self._port is None or _ROBOT in self._unplugged:
            return
        self._wait_open(5)
        with contextlib.suppress(AssertionError):  # sales are paused: the screen says so
            self.place.devices.fault(_ROBOT, "nobody_comes")
            self._on.append((_ROBOT, "nobody_comes", {}))
            purchase = self.place.create(self._port, self._rng.choice(ITEMS), notify=PHONE)
            self._asked.append((purchase, self.place.begin_pay(self._port, purchase)))
            self._tell("order", purchase.order_id, "is forgotten")
            rig.pause(_FORGOTTEN_S)

    def _tend(self) -> None:
        if self._port is not None:
            self._tell("staff", *self._night.tend())


def _of_shifts(place: NightPlace) -> Iterable[str]:
    """One was open in the evening: it is closed once, its report is kept, and no book contradicts another."""
    lines = place.devices.ledger("fiscal")
    did = Counter((line["effect"], line["shift"]) for line in lines if line["effect"].startswith("shift_"))
    yield from (f"shift {shift}: {effect} {count} times" for (effect, shift), count in did.items() if count > 1)
    closed = {shift for effect, shift in did if effect == "shift_closed"}
    if not closed:
        yield "no shift was closed at its hour"
    with contextlib.closing(sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True)) as books:
        kept = {shift for (shift,) in books.execute("SELECT shift FROM fiscal_report WHERE kind = 'z'")}
        yield from (f"shift {shift} is closed, and its report is not kept" for shift in closed - kept)
        for kind, detail in books.execute("SELECT kind, detail FROM finding WHERE settled_at IS NULL"):
            yield f"finding {kind}: {detail}"


def _of_lots(place: NightPlace) -> Iterator[str]:
    """Of each lot that came nothing is lost, and the bins hold what the books say."""
    with contextlib.suppress(AssertionError):
        place.until(place.is_level, "lots are level", 5.0)
    if not place.is_level():
        yield "the lots are not what the robot has"
    with contextlib.closing(sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True)) as books:
        eaten = "(SELECT ifnull(sum(c.amount), 0) FROM portion_lot c WHERE c.lot_id = l.lot_id)"
        gone = "(SELECT ifnull(sum(e.amount), 0) FROM lot_entry e WHERE e.lot_id = l.lot_id AND e.kind = 'written_off')"
        sql = f"SELECT l.name, l.bin, l.amount, l.remaining + l.missing + {eaten} + {gone} FROM lot l"
        for name, number, amount, known in books.execute(sql):
            if amount != known:
                yield f"lot {name!r} of bin {number}: {amount} came, {known} are accounted for"
