"""Days: `tests.crash.wildness.WildDay` as it is, and one in the proportions of a restaurant that sells, with power
cuts."""

from __future__ import annotations

import contextlib
import hashlib
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kiosk.checkpoints import EFFECT_POINTS, POINTS, RETURN_POINTS
from kiosk.wiring import Parts
from tests.crash import rig, wildness
from tests.crash.bombs import AtPoint
from tests.crash.calls import Gone, call
from tests.crash.lives import Bomb
from tests.crash.rig import Purchase, World
from tests.crash.wildness import WildDay
from tests.vopr import seams
from tests.vopr.plants import PLANTS, Plant
from tests.vopr.restaurant import AtHandle, AtWrite
from tests.vopr.scheduler import Simulation

KINDS = ("day", "wild")
_WILD_STEPS = 60
_ORDERS = (18, 26)
_STEPS_AN_ORDER = 8
_REFUND_POINTS = tuple(point for point in RETURN_POINTS if point.startswith("refund."))
_DEVICES = ("fiscal", "robot", "bank")


@dataclass
class Report:
    """What a day was."""

    seed: int
    orders: int = 0
    sold: int = 0
    kills: int = 0
    power_cuts: int = 0
    faults: int = 0
    violations: list[str] = field(default_factory=list)
    trace: str = ""
    wires: str = ""
    files: str = ""
    steps: int = 0
    callbacks: int = 0
    story: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # of a failure: ledgers, views, the last events
    failures: list[str] = field(default_factory=list)
    broken: bool = False  # the simulation itself failed: that proves nothing

    @property
    def counts(self) -> bool:
        """A day that sold nothing proves nothing."""
        return self.sold > 0

    def line(self) -> dict[str, Any]:
        figures = ("seed", "orders", "sold", "kills", "power_cuts", "faults")
        digests = ("trace", "wires", "files")
        return {
            **{name: getattr(self, name) for name in figures},
            "violations": len(self.violations),
            **{name: getattr(self, name) for name in digests},
        }


class _Wild(WildDay):
    """`most`: no step after that one."""

    power_cuts = 0

    def __init__(self, seed: int, variant: Callable[[], Parts] | None, most: int, world: Callable[..., World]) -> None:
        super().__init__(seed, variant, world=world)
        self._most = most
        self.steps = 0

    def play(self) -> None:
        self.run(min(_WILD_STEPS, self._most))
        self.steps = min(_WILD_STEPS, self._most)


class _Day(_Wild):
    """Until so many orders: each seed draws how many, and how often what happens."""

    def play(self) -> None:
        orders, self._strangers = self._rng.randrange(*_ORDERS), 0
        self._points = self._rng.sample(self._rng.choice((POINTS, _REFUND_POINTS, RETURN_POINTS, EFFECT_POINTS)), 3)
        moves = self._weights()
        self._open_doors()
        while len(self.place.purchases) < orders and self.steps < min(self._most, orders * _STEPS_AN_ORDER):
            self.steps += 1
            (move,) = self._rng.choices(list(moves), list(moves.values()))
            rng, self._rng = self._rng, random.Random(self._rng.random())  # a step's draws do not move the next one's
            if self.place.died:
                self._live("")
            with contextlib.suppress(Gone):
                move()
            self._rng = rng

    def _weights(self) -> dict[Callable[[], None], float]:
        often = partial(self._rng.choice, (0.5, 1.0, 2.0))
        return {
            self._order: 12, self._refund: 2 * often(), self._kill: 0.5 * often(), self._kill_at: often(),
            self._cut_power: often(), self._fault: 1.5 * often(), self._mend_one: 5, self._unplug: 0.5 * often(),
            self._ask_code: 0.5, self._think_better: 2 * often(),
            self._wait: 8 * often(),
        }  # fmt: skip

    def _kill_at(self) -> None:
        """Each day dies mostly at three points of one subject: money taken, money given back, what is told of it."""
        name = self._rng.choice(self._points)
        after_order = (partial(AtPoint, name, 1), partial(AtHandle, self._rng.randrange(1, 900)))
        bombs: tuple[Bomb, ...] = (name,) if name in RETURN_POINTS else (*after_order, name)
        self._live(self._rng.choice(bombs))
        if name in RETURN_POINTS:
            for purchase in self._several()[-3:]:
                self._give_back(purchase)
        self._ask_code()
        self._order()

    def _think_better(self) -> None:
        """Somebody has paid for several pieces and gives one back while they are cooked."""
        if self._port is None:
            return
        self._wait_open(5)
        with contextlib.suppress(AssertionError):  # sales are paused: the screen says so
            purchase = self.place.create(self._port, self._rng.choice(wildness.ITEMS), "tok_ok", 3)
            self._asked.append((purchase, self.place.begin_pay(self._port, purchase)))
            self._tell("order", purchase.order_id, "of three")
            rig.pause(self._rng.uniform(0.1, 0.6))
            self._give_back(purchase)

    def _several(self) -> list[Purchase]:
        return [purchase for purchase in self.place.purchases if purchase.quantity > 1]

    def _give_back(self, purchase: Purchase) -> None:
        answer = self.place.ask_refund(purchase, [{"item_id": purchase.item, "quantity": 1}])
        purchase.refunds += answer.status == 202
        self._tell("refund", purchase.order_id, "a piece of several", answer.status)

    def _ask_code(self) -> None:
        """Somebody signs in, gets a code, and thinks better of it."""
        if self._port is not None:
            self._strangers += 1
            answer = call(self._port, "POST", "/api/auth/quick-auth", {"phone": f"+7903{self._strangers:07d}"})
            self._tell("code", answer.status)

    def _cut_power(self) -> None:
        """The next life's machine stops before one of its writes or flushes; mostly it loses what was not flushed."""
        bomb = partial(AtWrite, self._rng.randrange(5, 600), power=self._rng.random() < 0.7)
        self._tell("power cut", bomb)
        self._live(bomb)
        self._order()


class _Together(World):
    """All customers ask again at the same time instead of one after the other: the same end, the same rules."""

    def _lay_database(self) -> None:
        """The first life makes it, on a disk that may lose what it writes."""

    def settle(self, port: int, *, patient: bool = True, deadline_s: float = 60.0) -> None:
        open_ = list(self.purchases)

        def all_over() -> bool:
            open_[:] = [purchase for purchase in open_ if not self._is_over(port, purchase, patient=patient)]
            return not open_

        try:
            self.until(all_over, "every order ends", deadline_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {[purchase.order_id for purchase in open_]}") from error
        self.read_books(port)

    def _is_over(self, port: int, purchase: Any, *, patient: bool) -> bool:
        try:
            return self.is_over(port, purchase, patient=patient)
        except Gone:
            if self.died:
                raise
            return False


def live(seed: int, folder: Path, kind: str = "day", plant: str = "", most: int = 10**6) -> Report:
    """One day, in a process that ends with it; `plant`: with this bug; `most`: so many steps of it."""
    planted = PLANTS[plant] if plant else Plant()
    sim = Simulation(seed, keeps_flushes=planted.keeps_flushes)
    people = sim.host("people")
    seams.install(sim, people)
    planted.prepare()
    sim.disk.watch(f"{folder}/kiosk.db")
    world = partial(_Together, folder=folder, planted=plant)
    day = (_Day if kind == "day" else _Wild)(seed, planted.variant, most, world)
    report = Report(seed)
    try:
        day.play()
        report.violations = day.mend(least=0)
    except Exception:  # noqa: BLE001  # of the simulation: what it was stands beside the day
        report.violations, report.broken = [f"the simulation itself failed: {traceback.format_exc()}"], True
    _count(report, day, sim)
    report.files = _digest_of(folder)
    report.trace, report.wires = sim.trace.hexdigest(), sim.wires.hexdigest()
    report.failures = sim.failures
    if report.violations:
        report.told = _told(day, sim, report.violations)
    return report


def _count(report: Report, day: _Wild, sim: Simulation) -> None:
    place = day.place
    report.orders, report.sold, report.steps = len(place.purchases), day.sold(), day.steps
    report.power_cuts = sim.power_cuts
    report.kills = place.kills + place.devices.kills - sim.power_cuts
    report.faults = sum(line.startswith("fault ") for line in day.story)
    report.callbacks, report.story = sim.callbacks, day.story


def _digest_of(folder: Path) -> str:
    """Of the database, the devices' memories and the ledgers, to the byte."""
    found = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if (
            file.suffix in (".jsonl", ".state")
            or file.name in ("kiosk.db", "kiosk.db-wal")
            or file.name.endswith("-wal")
        ):
            found.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return found.hexdigest()


def _told(day: _Wild, sim: Simulation, violations: list[str]) -> list[str]:
    place, lines = day.place, []
    for purchase in place.purchases:
        if any(purchase.order_id in line for line in violations):
            for name in _DEVICES:
                lines += [str(row) for row in place.devices.ledger(name) if row["order_id"] == purchase.order_id]
            lines.append(str(place.views.get(purchase.order_id)))
    return [*lines, "", *(f"{at:.6f} {what} {of!r}" for at, what, of in sim.last)]
