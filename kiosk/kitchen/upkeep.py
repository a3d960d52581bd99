"""Cleaning and oil: the hours that stations work are counted, and where something is due the station's dishes are off
sale until a person says that it is done. What was paid before is still cooked."""

from __future__ import annotations

import math
from collections import defaultdict

import structlog

from drivers.robot.equipment import Equipment
from kiosk.clock import Clock
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.kitchen.upkeep import left, reason_of
from kiosk.domain.reasons import UPKEEP_DUE
from kiosk.domain.text import Text
from kiosk.store.database import Database
from kiosk.store.staff import upkeeps

_log = structlog.get_logger()
CHECK = "upkeep_"
_KEEP_S = 60.0  # a kill loses so much of what was counted at most
_MOST_BETWEEN_LOOKS_S = 2.0  # after a longer gap nobody knows what was cooked meanwhile


class UpkeepKeeper:
    """Kept by the line's own loop."""

    def __init__(
        self, database: Database, equipment: Equipment, kitchen: Kitchen, readiness: Readiness, clock: Clock
    ) -> None:
        self._db = database
        self._rows = equipment.upkeep
        self._stations = equipment.stations
        self._counted = {self._stations[row.station].number for row in self._rows if row.every_work_h is not None}
        self._kitchen = kitchen
        self._readiness = readiness
        self._clock = clock
        self._books = upkeeps.Books({}, {})
        self._worked: dict[int, float] = defaultdict(float)  # and not in the books yet
        self._looked_at = -math.inf
        self._kept_at = -math.inf
        if self._rows:
            ids = [row.id for row in self._rows]
            database.publish_with(upkeeps.TOPIC, lambda reader: upkeeps.read(reader, ids), self._publish)

    async def restore(self) -> None:
        """At start: what is due is so before anything is sold."""
        if self._rows:
            await self._db.write(upkeeps.begin, [row.id for row in self._rows], self._clock.now())

    async def look(self) -> None:
        """At the stations as they were seen last."""
        if not self._rows:
            return
        now_s = self._clock.monotonic()
        since_s, self._looked_at = now_s - self._looked_at, now_s
        if since_s <= _MOST_BETWEEN_LOOKS_S:
            for station in self._counted & self._at_work():
                self._worked[station] += since_s
        rests = any(station not in self._at_work() for station in self._worked)
        if self._judge() or rests or now_s - self._kept_at >= _KEEP_S:
            self._kept_at = now_s
            await self._keep()  # what is due is so in the books, and whoever says that it is done finds nothing open

    async def _keep(self) -> None:
        if self._worked:
            whole, self._worked = {station: math.ceil(row) for station, row in self._worked.items()}, defaultdict(float)
            await self._db.write(upkeeps.add_work, whole)

    def _at_work(self) -> set[int]:
        return {row.station for row in self._kitchen.now.show.stations if any(not dish.held for dish in row.dishes)}

    def _publish(self, found: upkeeps.Books) -> None:
        self._books = found
        self._judge()

    def _judge(self) -> bool:
        """What time alone changes, too; whether something was judged otherwise than before."""
        now, due, changed = self._clock.now(), set(), False
        for row in self._rows:
            done, station = self._books.done.get(row.id), self._stations[row.station]
            if done is None:
                continue
            work_s = self._books.work_s.get(station.number, 0) + self._worked.get(station.number, 0)
            reason = reason_of(row, left(row, done, work_s, now))
            if reason == UPKEEP_DUE:
                due.add(station.number)
            told = Text(f"{station.name.ru}: {row.name.ru}", f"{station.name.en}: {row.name.en}")
            before = self._readiness.checks().get(CHECK + row.id)
            if (None if before is None else before.reason) != reason:
                self._readiness.set(CHECK + row.id, reason, blocks=False, told=told)
                _log.warning("upkeep", upkeep=row.id, reason=reason)
                changed = True
        if self._kitchen.now.stations_due != due:
            self._kitchen.publish(stations_due=frozenset(due))
        return changed
