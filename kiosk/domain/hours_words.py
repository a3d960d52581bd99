"""Weekly hours in a line, for who reads them: `пн–пт 10:00-22:00, сб 11:00-23:00`."""

from __future__ import annotations

from itertools import groupby

from kiosk.domain.hours import WEEKDAYS, Spans, WeeklyHours
from kiosk.domain.text import Text

_DAYS = tuple(
    Text(ru, en)
    for ru, en in (
        ("пн", "Mon"), ("вт", "Tue"), ("ср", "Wed"), ("чт", "Thu"), ("пт", "Fri"), ("сб", "Sat"), ("вс", "Sun"),
    )
)  # fmt: skip
_CLOSED = Text("закрыто", "closed")


def hours_words(hours: WeeklyHours, language: str) -> str:
    """Days of the same hours together; where all are alike, the hours alone."""
    groups = [(spans, list(days)) for spans, days in groupby(range(len(WEEKDAYS)), hours.days.__getitem__)]
    if len(groups) == 1:
        return _spans(groups[0][0], language)
    return ", ".join(f"{_days(days, language)} {_spans(spans, language)}" for spans, days in groups)


def _days(days: list[int], language: str) -> str:
    first, last = (_DAYS[day].into(language) for day in (days[0], days[-1]))
    return first if len(days) == 1 else f"{first}–{last}"


def _spans(spans: Spans, language: str) -> str:
    return " ".join(map(str, spans)) or _CLOSED.into(language)
