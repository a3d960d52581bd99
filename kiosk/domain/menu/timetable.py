"""When a menu's dishes are sold: dayparts, and the hours and holidays that a menu itself may state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Protocol

import msgspec

from kiosk.domain.hours import OpeningHours, Spans, Week, WeeklyHours, spans_of
from kiosk.domain.menu.rows import Place, Strict, place
from kiosk.domain.menu.wording import check_id, check_name
from kiosk.domain.text import Text, Wording

_MOST_DAYPARTS, _MOST_HOLIDAYS = 20, 200
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)  # ISO 8601 knows more ways, weeks among them
_HOURS = Place("hours", "hours", "")


class Daypart(Strict, frozen=True):
    """Breakfast, say: when what belongs to it is sold, by the day of the week."""

    id: str
    name: Wording
    hours: Week


class Holiday(Strict, frozen=True):
    """A day with hours of its own; without any it is closed. `says`: what a guest reads while it keeps us closed."""

    date: str
    hours: str = ""
    says: Wording | None = None


class Again(msgspec.Struct, frozen=True):
    """When a dish is sold again, by the restaurant's clocks: `day` is `today`, `tomorrow` or one of the week (`sat`),
    `time` like `18:00`."""

    day: str
    time: str


class Dated(Protocol):
    """What is sold in some dayparts, or always."""

    @property
    def id(self) -> str: ...

    @property
    def dayparts(self) -> Sequence[str]: ...


@dataclass(frozen=True, eq=False)
class Timetable:
    """`dayparts` by id; `of_items`: item or combo id → ids of its dayparts, for those that have any; `week`: the hours
    that the menu states, None where it states none."""

    dayparts: Mapping[str, WeeklyHours] = field(default_factory=dict)
    of_items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    week: tuple[Spans, ...] | None = None
    holidays: Mapping[date, Spans] = field(default_factory=dict)
    says: Mapping[date, Text] = field(default_factory=dict)

    def opening(self, usual: OpeningHours | None) -> WeeklyHours | None:
        """Of the restaurant, whose `usual` hours are the settings'; None: always open."""
        return _opening(self, usual)


@lru_cache(16)
def _opening(timetable: Timetable, usual: OpeningHours | None) -> WeeklyHours | None:
    """Made once for each: what is known of them is kept with them."""
    if timetable.week is not None:
        return WeeklyHours(timetable.week, timetable.holidays)
    if usual is None and not timetable.holidays:
        return None
    return WeeklyHours.daily(usual, timetable.holidays)


def build_timetable(
    dayparts: Sequence[Daypart], week: Week | None, holidays: Sequence[Holiday], sold: Iterable[tuple[Place, Dated]]
) -> Timetable:
    """`sold`: items and combos, each with its place. Raises `MenuError`, the first."""
    _check_counts(dayparts, holidays)
    of_parts = {row.id: _daypart(place("dayparts", row.id), row) for row in dayparts}
    stated = None if week is None else _days(_HOURS, week)
    if stated is not None and not any(stated):
        raise _HOURS.wrong("", "закрыто во все дни недели", "closed on every day of the week")
    days = {_date(row): _spans(place("holidays", row.date), row.hours) for row in holidays}
    return Timetable(
        dayparts=of_parts,
        of_items={row.id: _of_item(where, row, of_parts) for where, row in sold if row.dayparts},
        week=stated,
        holidays=days,
        says={_date(row): Text(row.says.ru, row.says.en) for row in holidays if row.says is not None},
    )


def _check_counts(dayparts: Sequence[Daypart], holidays: Sequence[Holiday]) -> None:
    for table, names, most in (
        ("dayparts", [row.id for row in dayparts], _MOST_DAYPARTS),
        ("holidays", [row.date for row in holidays], _MOST_HOLIDAYS),
    ):
        if len(names) > most:
            raise Place(table, table, "").wrong(
                "", f"не больше {most}, а не {len(names)}", f"at most {most}, not {len(names)}"
            )
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise Place(table, table, twice[0]).wrong("", f"{twice[0]} стоит дважды", f"{twice[0]} stands twice")


def _daypart(where: Place, row: Daypart) -> WeeklyHours:
    check_id(where, row.id)
    check_name(where, row.name)
    hours = WeeklyHours(_days(where, row.hours))
    if not any(hours.days):
        raise where.wrong("hours", "нет часов ни в один день", "it has no hours on any day")
    return hours


def _of_item(where: Place, row: Dated, known: Collection[str]) -> tuple[str, ...]:
    if unknown := [name for name in row.dayparts if name not in known]:
        raise where.wrong("dayparts", f"таких времён дня нет: {', '.join(unknown)}", f"unknown dayparts {unknown}")
    return tuple(dict.fromkeys(row.dayparts))


def _date(row: Holiday) -> date:
    where = place("holidays", row.date[:20])
    if row.says is not None:
        check_name(where, row.says, "says")
    try:
        if _WRITTEN.fullmatch(row.date) is None:
            raise ValueError
        return date.fromisoformat(row.date)
    except ValueError as error:
        raise where.wrong("date", "нужен день вида 2026-12-31", "no day like 2026-12-31") from error


def _days(where: Place, week: Week) -> tuple[Spans, ...]:
    try:
        return week.days()
    except ValueError as error:
        raise where.wrong("hours", f"часы вида 10:00-22:00 ({error})", f"hours: {error}") from error


def _spans(where: Place, text: str) -> Spans:
    try:
        return spans_of(text)
    except ValueError as error:
        raise where.wrong("hours", "часы вида 10:00-22:00", f"hours: {error}") from error
