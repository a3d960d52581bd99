"""When a shift closes and opens: at the hour that was set, before 24 h whatever happens, open before the doors are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.config.settings import Config, Restaurant
from kiosk.domain.fiscal.fiscal_day import Closing, FiscalDay
from kiosk.domain.hours import OpeningHours, Spans, Week, WeeklyHours
from kiosk.domain.menu.timetable import Timetable
from kiosk.wiring.rules import fiscal_rules

ZONE = ZoneInfo("Europe/Moscow")
NOT_YET, DUE, NOW = Closing.NOT_YET, Closing.DUE, Closing.NOW


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("close_at", "opened", "now", "closing"),
    [
        ("03:30", "22T09:00", "22T23:59", NOT_YET),
        ("03:30", "22T09:00", "23T03:29", NOT_YET),
        ("03:30", "22T09:00", "23T03:30", DUE),
        ("03:30", "22T09:00", "23T08:50", NOW),
        ("03:30", "22T03:31", "22T12:00", NOT_YET),
        ("03:30", "22T03:20", "22T04:00", NOT_YET),  # opened just before the hour: not twice in a quarter of an hour
        ("03:30", "22T03:20", "23T03:30", NOW),
        ("23:30", "22T09:00", "22T23:30", DUE),
        ("23:30", "22T09:00", "23T00:10", DUE),
        ("", "22T09:00", "23T08:29", NOT_YET),
        ("", "22T09:00", "23T08:30", DUE),
        ("", "22T09:00", "23T08:50", NOW),
    ],
)
def test_a_shift_closes_at_its_hour_and_before_a_day_has_passed(
    close_at: str, opened: str, now: str, closing: Closing
) -> None:
    day = FiscalDay.parse(close_at, None, ZONE)
    assert day.closing(local(opened), local(now)) is closing


@pytest.mark.parametrize("close_at", ["24:00", "3:3:3", "noon", "-1:00"])
def test_an_hour_that_is_none_is_refused(close_at: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        FiscalDay.parse(close_at, None, ZONE)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [("22T09:29", False), ("22T09:30", True), ("22T12:00", True), ("22T21:59", True), ("22T22:00", False)],
)
def test_the_shift_is_open_half_an_hour_before_the_doors(now: str, wanted: bool) -> None:
    day = FiscalDay.parse("", WeeklyHours.daily(OpeningHours.parse("10:00-22:00")), ZONE)
    assert day.wants_open(local(now)) is wanted


def test_the_hours_of_a_menu_open_the_shift_and_not_those_of_the_settings() -> None:
    week = Week(mon="07:00-11:00")
    closed: dict[date, Spans] = {date(2026, 11, 30): ()}
    usual: dict[date, Spans] = {}
    config = Config(restaurant=Restaurant(hours="12:00-22:00"))
    for holidays, wanted in ((usual, [False, True, True, False]), (closed, [False] * 4)):
        day = fiscal_rules(config, partial(Timetable, week=week.days(), holidays=holidays)).day("fiscal-1")
        moments = ("30T06:29", "30T06:30", "30T10:59", "30T12:00")  # a Monday
        assert [day.wants_open(local(moment)) for moment in moments] == wanted


def test_a_restaurant_without_hours_wants_an_open_shift_always() -> None:
    assert FiscalDay.parse("03:30", None, ZONE).wants_open(local("22T03:31"))


minutes = st.integers(min_value=0, max_value=3 * 24 * 60)


@given(st.integers(0, 23), st.integers(0, 59), minutes, minutes)
def test_no_shift_grows_older_than_a_day_and_closing_never_takes_itself_back(
    hour: int, minute: int, opened: int, passed: int
) -> None:
    day = FiscalDay.parse(f"{hour:02}:{minute:02}", None, ZONE)
    opened_at = local("20T00:00") + timedelta(minutes=opened)
    now = opened_at + timedelta(minutes=passed)
    closing = day.closing(opened_at, now)
    if passed >= 23 * 60 + 50:
        assert closing is NOW
    if closing is not NOT_YET:
        assert day.closing(opened_at, now + timedelta(minutes=1)) is not NOT_YET
