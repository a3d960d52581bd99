"""Opening hours and the last order; by the day of the week, on holidays, and where the clocks are set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.hours import WEEKDAYS, OpeningHours, Week, WeeklyHours, instant_of, spans_of
from kiosk.domain.hours_words import hours_words

MOSCOW, BERLIN, LORD_HOWE = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "now", "promise_s", "reason"),
    [
        ("10:00-22:00", "09:59", 60, "closed"),
        ("10:00-22:00", "10:00", 60, None),
        ("10:00-22:00", "21:50", 600, None),
        ("10:00-22:00", "21:50", 601, "closing_soon"),
        ("10:00-22:00", "22:00", 0, "closed"),
        ("18:00-02:00", "01:30", 600, None),
        ("18:00-02:00", "01:55", 600, "closing_soon"),
        ("18:00-02:00", "02:00", 0, "closed"),
        ("18:00-02:00", "23:59", 3600, None),
    ],
)
def test_2_nothing_is_sold_whose_promised_time_passes_closing(
    hours: str, now: str, promise_s: int, reason: str | None
) -> None:
    every_day = WeeklyHours.daily(OpeningHours.parse(hours))
    assert every_day.why_closed(at(f"2026-11-22T{now}"), MOSCOW, promise_s) == reason


@pytest.mark.parametrize("text", ["10-22", "25:00-26:00", "10:00-10:00", "10:00", "с десяти", "00:00-24:00"])
def test_2_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|minute"):
        OpeningHours.parse(text)


def test_2_no_hours_is_always_open() -> None:
    assert OpeningHours.parse("") is None
    assert WeeklyHours.daily(None).why_closed(at("2026-11-22T23:59"), MOSCOW, 86_400) is None


WEEK = Week(mon="10:00-14:00, 15:00-22:00", fri="10:00-24:00", sat="00:00-04:00, 12:00-02:00")


@pytest.mark.parametrize(
    ("now", "reason", "again"),
    [
        ("2026-11-23T14:30", "closed", "2026-11-23T15:00"),  # a Monday
        ("2026-11-23T13:59", "closing_soon", "2026-11-23T15:00"),
        ("2026-11-24T12:00", "closed", "2026-11-27T10:00"),
        ("2026-11-27T23:59", None, "2026-11-28T12:00"),  # Friday goes on into Saturday
        ("2026-11-28T03:59", "closing_soon", "2026-11-28T12:00"),
        ("2026-11-29T01:00", None, "2026-11-30T10:00"),
        ("2026-11-29T02:00", "closed", "2026-11-30T10:00"),
    ],
)
def test_a_week_has_its_days_and_what_touches_is_one_span(now: str, reason: str | None, again: str) -> None:
    hours = WeeklyHours(WEEK.days())
    assert hours.why_closed(at(now), MOSCOW, 600) == reason
    assert hours.next_opening(at(now), MOSCOW) == at(again)


def test_a_holiday_has_hours_of_its_own_or_none() -> None:
    new_year = {date(2026, 12, 31): spans_of("10:00-18:00"), date(2027, 1, 1): ()}
    hours = WeeklyHours.daily(OpeningHours.parse("10:00-02:00"), new_year)
    assert hours.why_closed(at("2026-12-31T01:30"), MOSCOW, 0) is None, "the night before is that of its own day"
    assert hours.why_closed(at("2026-12-31T18:00"), MOSCOW, 0) == "closed"
    assert hours.why_closed(at("2027-01-01T12:00"), MOSCOW, 0) == "closed"
    assert hours.next_opening(at("2026-12-31T18:00"), MOSCOW) == at("2027-01-02T10:00")


def test_words_of_a_week() -> None:
    every_day = WeeklyHours.daily(OpeningHours.parse("10:00-22:00"))
    assert hours_words(every_day, "ru") == "10:00-22:00"
    five = WeeklyHours(Week(**dict.fromkeys(WEEKDAYS[:5], "10:00-22:00"), sat="11:00-23:00").days())
    assert hours_words(five, "ru") == "пн–пт 10:00-22:00, сб 11:00-23:00, вс закрыто"
    assert hours_words(five, "kk") == "Mon–Fri 10:00-22:00, Sat 11:00-23:00, Sun closed"


# Where the clocks are set.


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        (BERLIN, "2026-03-29T02:30", "2026-03-29T01:00"),  # skipped
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30"),  # there twice
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-03T15:30"),  # half an hour is skipped
        (MOSCOW, "2014-10-26T01:30", "2014-10-25T21:30"),
    ],
)
def test_a_time_that_is_skipped_or_repeated_is_one_instant(zone: ZoneInfo, local: str, instant: str) -> None:
    assert instant_of(datetime.fromisoformat(local), zone) == at(instant, ZoneInfo("UTC"))


MINUTES = st.integers(min_value=0, max_value=3 * 1440)


def naive(local: datetime, zone: ZoneInfo) -> datetime:
    """The planted twin: what stands in every tutorial."""
    return local.replace(tzinfo=zone).astimezone(UTC)


@given(st.lists(MINUTES, min_size=2, max_size=2), st.sampled_from([BERLIN, LORD_HOWE]), st.sampled_from([3, 4, 10]))
def test_a_later_time_of_the_clock_is_never_an_earlier_instant(minutes: list[int], zone: ZoneInfo, month: int) -> None:
    begin = datetime.fromisoformat({3: "2026-03-28", 4: "2026-04-04", 10: "2026-10-03"}[month])
    early, late = (instant_of(begin + timedelta(minutes=n), zone) for n in sorted(minutes))
    assert early <= late


def test_the_twin_goes_back_in_time() -> None:
    skipped, after = map(datetime.fromisoformat, ("2026-03-29T02:30", "2026-03-29T03:15"))
    assert naive(skipped, BERLIN) > naive(after, BERLIN)
    assert instant_of(skipped, BERLIN) < instant_of(after, BERLIN)
