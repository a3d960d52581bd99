"""The temperatures of a day, as page, print and table: what is kept of them, by place and hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from drivers.robot.equipment import Equipment
from kiosk.clock import Clock, rfc3339
from kiosk.domain.kitchen.climate import limits_of, names_of, number_of, place_words
from kiosk.domain.text import Text
from kiosk.store.database import Database
from kiosk.store.staff import climates
from kiosk.store.transaction import Reader

_FRESH = timedelta(minutes=3)


class HourView(msgspec.Struct, frozen=True):
    """`hour`: by the restaurant's clock, 0–23."""

    hour: int
    lowest_c: float
    highest_c: float


class PlaceView(msgspec.Struct, frozen=True):
    """`place`: `bin_6`, `station_3`, `cell_1`; `now_c`: of the last minutes, null where it does not measure; `limit_…`:
    what it must keep; `day_…`: of the whole day; `out_minutes`: beyond the limits; `since`: it is so now; `stopped`:
    what needs it is off sale until a person has looked (`kiosk stuck`)."""

    place: str
    name: Text
    now_c: float | None
    limit_lowest_c: int | None
    limit_highest_c: int | None
    day_lowest_c: float | None
    day_highest_c: float | None
    minutes: int
    out_minutes: int
    since: str | None
    stopped: bool
    hours: list[HourView]


class TemperaturesView(msgspec.Struct, frozen=True):
    """`hours` of a day whose minutes are no longer kept are empty; its extremes are kept for good."""

    day: str
    places: list[PlaceView]


class Temperatures:
    def __init__(self, database: Database, equipment: Equipment, zone: ZoneInfo, clock: Clock) -> None:
        self._db = database
        self._zone = zone
        self._clock = clock
        self._limits = limits_of(equipment)
        self._names = names_of(equipment)

    async def of_day(self, day: date | None) -> TemperaturesView:
        """By the restaurant's clock; None: today."""
        wanted = day or self._clock.now().astimezone(self._zone).date()
        return await self._db.read(self._look, wanted)

    def _look(self, reader: Reader, day: date) -> TemperaturesView:
        first = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        minutes = climates.read_minutes(reader, first, first + timedelta(days=1))
        kept = {row.place: row for row in climates.read_day(reader, day.isoformat())}
        latest = climates.read_latest(reader, self._clock.now() - _FRESH)
        now = {} if latest is None else latest.body
        beyond = {row.place: row for row in climates.read_excursions(reader)}
        hours = self._hours(minutes)
        places = sorted(
            kept.keys() | self._limits.keys() | beyond.keys(), key=lambda place: (place[0], number_of(place))
        )
        return TemperaturesView(
            day.isoformat(),
            [self._view(place, now.get(place), kept.get(place), beyond.get(place), hours) for place in places],
        )

    def _hours(self, minutes: list[climates.MinuteRow]) -> dict[str, list[HourView]]:
        found: dict[str, dict[int, tuple[float, float]]] = {}
        for row in minutes:
            hour = row.at.astimezone(self._zone).hour
            for place, temp_c in row.body.items():
                lowest, highest = found.setdefault(place, {}).get(hour, (temp_c, temp_c))
                found[place][hour] = min(lowest, temp_c), max(highest, temp_c)
        return {place: [HourView(hour, *span) for hour, span in sorted(row.items())] for place, row in found.items()}

    def _view(
        self,
        place: str,
        now_c: float | None,
        kept: climates.DayRow | None,
        beyond: climates.ExcursionRow | None,
        hours: dict[str, list[HourView]],
    ) -> PlaceView:
        limits = self._limits.get(place)
        return PlaceView(
            place=place,
            name=place_words(place, self._names),
            now_c=now_c,
            limit_lowest_c=None if limits is None else limits.lowest_c,
            limit_highest_c=None if limits is None else limits.highest_c,
            day_lowest_c=None if kept is None else kept.lowest_c,
            day_highest_c=None if kept is None else kept.highest_c,
            minutes=0 if kept is None else kept.minutes,
            out_minutes=0 if kept is None else kept.out_minutes,
            since=None if beyond is None else rfc3339(beyond.since),
            stopped=beyond is not None and beyond.stopped_at is not None,
            hours=hours.get(place, []),
        )
