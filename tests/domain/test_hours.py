"""Opening hours and the last order."""

from __future__ import annotations

from datetime import datetime

import pytest

from kiosk.domain.ordering.hours import OpeningHours


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{text}+03:00")


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
    parsed = OpeningHours.parse(hours)
    assert parsed is not None
    assert parsed.why_closed(at(now), promise_s) == reason


@pytest.mark.parametrize("text", ["10-22", "25:00-26:00", "10:00-10:00", "10:00", "с десяти"])
def test_2_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|minute"):
        OpeningHours.parse(text)


def test_2_no_hours_is_always_open() -> None:
    assert OpeningHours.parse("") is None
