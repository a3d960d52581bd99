"""Temperatures of bins, stations and cells: kept every minute; what is beyond its limits for too long is off sale until
a person has looked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from kiosk.clock import Clock
from kiosk.domain.kitchen.climate import limits_of, names_of, number_of, place_words
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.menu import Menu
from kiosk.domain.text import Text
from kiosk.periods import USUAL
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.menu import revisions
from kiosk.store.staff import climates
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_KEEP_S = 60.0


class Climate:
    """Kept by the line's own loop. `see_clock`: moves the moments where the wall clock was set; `zone`: whose days are
    kept."""

    def __init__(
        self,
        database: Database,
        menu: CurrentMenu,
        kitchen: Kitchen,
        readiness: Readiness,
        clock: Clock,
        *,
        zone: ZoneInfo,
        see_clock: Callable[[], Awaitable[None]],
        look_s: float = USUAL.climate_s,
    ) -> None:
        self._look_s = look_s
        self._db = database
        self._kitchen = kitchen
        self._readiness = readiness
        self._clock = clock
        self._zone = zone
        self._see_clock = see_clock
        self._menu = menu
        equipment = menu.now.equipment
        self._limits = limits_of(equipment)
        self._names = names_of(equipment)
        self._codes = {row.number: row.ingredient for row in equipment.bins}
        self._looked_at: float | None = None
        self._judged_by: Menu | None = None
        self._kept_at: float | None = None
        self._told: set[str] = set()

    async def restore(self) -> None:
        """At start: what was stopped is so before anything is cooked."""
        await self._publish(await self._db.read(climates.read_excursions))

    async def look(self, temps: Mapping[str, float]) -> None:
        """°C by place, of all that measure."""
        monotonic, menu = self._clock.monotonic(), self._menu.now
        if self._looked_at is None or monotonic - self._looked_at >= self._look_s or menu is not self._judged_by:
            self._looked_at, self._judged_by = monotonic, menu  # another menu may call the food of a bin by another id
            await self._judge(temps)
        if temps and (self._kept_at is None or monotonic - self._kept_at >= _KEEP_S):
            self._kept_at = monotonic
            now = self._clock.now().replace(second=0, microsecond=0)
            day = now.astimezone(self._zone).date().isoformat()
            out = [place for place, temp_c in temps.items() if self._broken(place, temp_c) is not None]
            await self._db.write(climates.keep_minute, now, day, temps, out)

    def _broken(self, place: str, temp_c: float) -> str | None:
        limits = self._limits.get(place)
        return None if limits is None else limits.broken_by(temp_c)

    async def _judge(self, temps: Mapping[str, float]) -> None:
        known, now = await self._read(), self._clock.now()
        if any(self._is_overdue(row, now) for row in known.values()):
            await self._see_clock()  # it may have been set: then these moments have moved
            known = await self._read()
        for place in self._limits:
            await self._judge_one(place, temps.get(place), known.get(place), now)
        await self._publish(list((await self._read()).values()))

    async def _read(self) -> dict[str, climates.ExcursionRow]:
        return {row.place: row for row in await self._db.poll(climates.read_excursions)}

    def _is_overdue(self, row: climates.ExcursionRow, now: datetime) -> bool:
        limits = self._limits.get(row.place)
        return (
            limits is not None and row.stopped_at is None and now - row.since >= timedelta(seconds=limits.tolerated_s)
        )

    async def _judge_one(
        self, place: str, temp_c: float | None, known: climates.ExcursionRow | None, now: datetime
    ) -> None:
        """A sensor that says nothing proves nothing: what was beyond its limits stays so."""
        cause = None if temp_c is None else self._broken(place, temp_c)
        if known is None:
            if cause is not None and temp_c is not None:
                await self._db.write(climates.begin, place, cause, temp_c, now)
        elif known.stopped_at is None and temp_c is not None and cause is None:
            await self._db.write(climates.end, place)
        elif self._is_overdue(known, now):
            found_c = known.temp_c if temp_c is None else temp_c
            _log.error("temperature_stops", place=place, cause=known.cause, temp_c=found_c)
            await self._db.write(_stop, known, found_c, now)

    async def _unsafe(self, bins: Iterable[int]) -> frozenset[str]:
        """What lies in these bins, by its id; by those that it had before where the menu has it no more: portions that
        were sold under an earlier one still wait for it."""
        by_code = self._menu.now.by_code
        codes = {code for number in bins if (code := self._codes.get(number)) is not None}
        gone = frozenset(codes - by_code.keys())
        earlier = await self._db.poll(revisions.called, gone) if gone else frozenset()
        return earlier | {by_code[code].id for code in codes - gone}

    async def _publish(self, rows: list[climates.ExcursionRow]) -> None:
        stopped = {row.place: row for row in rows if row.stopped_at is not None}
        unsafe = await self._unsafe(number_of(place) for place in stopped if place.startswith("bin_"))
        shut = frozenset(number_of(place) for place in stopped if place.startswith("station_"))
        state = self._kitchen.now
        if (state.unsafe_ingredients, state.stations_unsafe) != (unsafe, shut):
            self._kitchen.publish(unsafe_ingredients=unsafe, stations_unsafe=shut)
        for place in self._told - stopped.keys():
            self._readiness.set(climates.DEVICE + place, None, blocks=False)
        for place, row in stopped.items():
            words, temp = place_words(place, self._names), f": {row.temp_c:g} °C"
            told = Text(words.ru + temp, words.en + temp)
            self._readiness.set(climates.DEVICE + place, row.cause, blocks=False, told=told)
        self._told |= stopped.keys()


def _stop(tx: Tx, row: climates.ExcursionRow, temp_c: float, now: datetime) -> None:
    if climates.stop(tx, row, temp_c, now):
        journal.add(tx, "kiosk", row.cause, f"{row.place} {temp_c:g} °C", now)
