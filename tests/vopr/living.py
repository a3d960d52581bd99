"""One day from its seed to its report: the simulation is built, the day is played and judged, its figures counted."""

from __future__ import annotations

import hashlib
import random
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.complexes import with_cells
from tests.crash.devices import QR_BANK, READER
from tests.crash.judging import SOLD
from tests.databases.ready import lay_ready
from tests.vopr import midnight, seams, ways
from tests.vopr.coverage import Pairs
from tests.vopr.days import Day, Wild
from tests.vopr.place import Place
from tests.vopr.plants import PLANTS, Plant
from tests.vopr.scheduler import OPENS, Simulation
from tests.vopr.ways import Ways

KINDS = ("day", "calendar", "wild")
_MAKES_ITS_DATABASE = 8  # one day of so many: all migrations, on a disk that may lose what they write
_COMPLEX = '\n[robot]\ncomplex = "{}"\n'
_LEDGERS = ("fiscal", "robot", "bank", READER, QR_BANK)


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
    cpu_s: float = 0.0  # of this machine's time
    story: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # of a failure: ledgers, views, the last events
    failures: list[str] = field(default_factory=list)
    reached: Pairs = field(default_factory=dict)
    sold_by: Mapping[str, int] = field(default_factory=dict)  # how often by which way to pay
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


def live(seed: int, folder: Path, kind: str = "day", plant: str = "", most: int = 10**6) -> Report:
    """One day, in a process that ends with it; `plant`: with this bug; `most`: so many steps of it."""
    planted = PLANTS[plant] if plant else Plant()
    opens = midnight.OPENS if kind == "calendar" else OPENS
    sim = Simulation(seed, keeps_flushes=planted.keeps_flushes, opens=opens)
    people = sim.host("people")
    by = Ways() if kind == "wild" else ways.drawn(random.Random(f"ways {seed}"))
    seams.install(sim, people, by.registrar)
    planted.prepare()
    sim.disk.watch(f"{folder}/kiosk.db")
    if seed % _MAKES_ITS_DATABASE:
        lay_ready(folder / "kiosk.db")
    day = _day_of(kind, sim, planted, most, {"folder": folder, "planted": plant}, by)
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


def _day_of(kind: str, sim: Simulation, plant: Plant, most: int, place: dict[str, Any], by: Ways) -> Wild:
    if kind == "wild":
        return Wild(sim.seed, plant.variant, most, partial(Place, **place))
    place |= by.of_world()
    if kind == "calendar":
        place["extra"] += midnight.settings(place["folder"])
        place["duty"] = midnight.DUTY
        night = partial(midnight.NightPlace, **place)
        day: Day = midnight.CalendarDay(sim.seed, plant, most, night, by, sim)
    else:
        if by.cells:
            place["extra"] += _COMPLEX.format(with_cells(place["folder"] / "complex.toml", *by.cells))
        day = Day(sim.seed, plant, most, partial(Place, **place), by)
    assert isinstance(day.place, Place)
    day.place.parts_go_back_by = tuple(by.parts_go_back_by())
    return day


def _count(report: Report, day: Wild, sim: Simulation) -> None:
    place = day.place
    report.orders, report.sold, report.steps = len(place.purchases), day.sold(), day.steps
    report.power_cuts = sim.power_cuts
    report.kills = place.kills + place.devices.kills - sim.power_cuts
    report.faults = sum(line.startswith("fault ") for line in day.story)
    views = [view for view in place.views.values() if view["status"] in SOLD]
    report.sold_by = Counter(view["payment"]["method"] for view in views)
    report.callbacks, report.story, report.reached = sim.callbacks, day.story, dict(sim.reached.pairs)


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


def _told(day: Wild, sim: Simulation, violations: list[str]) -> list[str]:
    place, lines = day.place, []
    for purchase in place.purchases:
        if any(purchase.order_id in line for line in violations):
            for name in _LEDGERS:
                lines += [str(row) for row in place.devices.ledger(name) if row.get("order_id") == purchase.order_id]
            lines.append(str(place.views.get(purchase.order_id)))
    return [*lines, "", *(f"{at:.6f} {what} {of!r}" for at, what, of in sim.last)]
