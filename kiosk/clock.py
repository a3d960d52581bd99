"""Time as a dependency: wall time for records, monotonic time and sleep for waiting."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall time, UTC, aware."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    async def sleep(self, delay_s: float) -> None:
        """Returns after `delay_s` seconds; a test moves them by hand."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)


_YEARS = range(2000, 2100)


def is_moment(moment: datetime) -> bool:
    """What a table keeps: with its zone, within the years that every zone of the world can say."""
    return moment.tzinfo is not None and moment.year in _YEARS


def rfc3339(moment: datetime) -> str:
    """`2026-11-22T12:09:52.808Z`, the only form of a time on the wire and in tables; sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Written:
    """Between which moments, by the clock as it was before it was set, this process has written."""

    first_at: datetime
    last_at: datetime

    def holds(self, moment: datetime) -> bool:
        return self.first_at <= moment <= self.last_at
