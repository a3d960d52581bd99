"""Opening hours: `10:00-22:00`, every day, in the restaurant's own time; empty = always open."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

CLOSED = "closed"
CLOSING = "closing_soon"
_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)[-–]([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class OpeningHours(msgspec.Struct, frozen=True):
    """Minutes after midnight; a `closes` before `opens` is after midnight."""

    opens: int
    closes: int

    @classmethod
    def parse(cls, text: str) -> OpeningHours | None:
        """None for an empty text. Raises `ValueError`."""
        if not text:
            return None
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("expected hours like 10:00-22:00")
        hours = [int(part) for part in found.groups()]
        opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if opens == closes:
            raise ValueError("opening and closing are the same minute")
        return cls(opens, closes)

    def why_closed(self, local_now: datetime, promise_s: float) -> str | None:
        """`closed`, or `closing_soon` when what is ordered now would be ready after closing; None = open."""
        midnight = local_now.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in (midnight - timedelta(days=1), midnight):
            opens = day + timedelta(minutes=self.opens)
            closes = day + timedelta(minutes=self.closes + (1440 if self.closes <= self.opens else 0))
            if opens <= local_now < closes:
                return CLOSING if local_now + timedelta(seconds=promise_s) > closes else None
        return CLOSED
