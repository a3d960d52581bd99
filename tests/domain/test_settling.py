"""When the card reader's day is closed: in the hours after its moment, once, and again after a failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kiosk.domain.payment.settling import SettlingHour

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = SettlingHour.parse("03:30", MOSCOW)
AT = datetime(2026, 11, 30, 3, 30, tzinfo=MOSCOW).astimezone(UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("minutes", "due"), [(-1, False), (0, True), (179, True), (180, False), (720, False), (1439, False), (1440, True)]
)
def test_it_is_due_in_the_hours_after_its_moment(minutes: int, due: bool) -> None:
    assert HOUR.is_due(AT + minutes * MINUTE, None, None) is due


def test_it_is_done_once_a_night_and_a_failure_is_tried_again_ten_minutes_later() -> None:
    now = AT + 30 * MINUTE
    assert not HOUR.is_due(now, settled_at=AT + MINUTE, tried_at=AT + MINUTE)
    assert HOUR.is_due(now, settled_at=AT - timedelta(hours=23), tried_at=AT - timedelta(hours=23))
    assert not HOUR.is_due(now, settled_at=None, tried_at=now - 9 * MINUTE)
    assert HOUR.is_due(now, settled_at=None, tried_at=now - 10 * MINUTE)
    assert HOUR.is_due(now, settled_at=AT - 2 * MINUTE, tried_at=AT - 2 * MINUTE)  # by hand, the evening before


def test_a_moment_before_midnight_lasts_into_the_next_day() -> None:
    late = SettlingHour.parse("23:50", MOSCOW)
    midnight = datetime(2026, 11, 30, 0, 10, tzinfo=MOSCOW).astimezone(UTC)
    assert late.is_due(midnight, None, None)
    assert not late.is_due(midnight, settled_at=midnight - 5 * MINUTE, tried_at=midnight - 5 * MINUTE)


def test_without_a_moment_it_is_never_due_by_itself() -> None:
    never = SettlingHour.parse("", MOSCOW)
    assert not never.is_due(AT, None, None)
    assert not never.is_overdue(AT, AT - timedelta(days=9))


def test_it_is_overdue_after_more_than_a_day_since_the_last() -> None:
    assert not HOUR.is_overdue(AT, None)
    assert not HOUR.is_overdue(AT, AT - timedelta(hours=30))
    assert HOUR.is_overdue(AT, AT - timedelta(hours=31))
