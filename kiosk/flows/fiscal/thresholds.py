"""From when on a registrar's state is a warning, needs a person, or stops the sales: one table for the lamps of the
technician's page, the warnings among the devices and the reasons of a pause."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from drivers.fiscal.port import FiscalStatus, Paper


class Level(IntEnum):
    GOOD = 0
    WARNING = 1
    ALARM = 2  # a person must come
    STOP = 3  # nothing is sold


class Found(NamedTuple):
    """`word`: the warning that is shown among the devices; `stops`: why nothing is sold, at `STOP` alone where the
    device itself does not refuse already."""

    level: Level
    word: str | None = None
    stops: str | None = None


ALL_WELL = Found(Level.GOOD)
#: The clock is off by more than this, less what a clock without seconds cannot show.
CLOCK = (
    (timedelta(minutes=5), Found(Level.STOP, "clock_off", "clock_wrong")),
    (timedelta(minutes=2), Found(Level.WARNING, "clock_off")),
)
#: A document waits for the operator of fiscal data for longer than this. The drive itself blocks at 30 days.
UNSENT = (
    (timedelta(days=29), Found(Level.STOP, "unsent_72h", "unsent_29_days")),
    (timedelta(hours=72), Found(Level.ALARM, "unsent_72h")),
    (timedelta(hours=24), Found(Level.ALARM, "unsent_24h")),
    (timedelta(hours=1), Found(Level.WARNING, "unsent_1h")),
)
#: The drive is valid for no more days than this.
DRIVE = (
    (3, Found(Level.ALARM, "drive_3_days_left")),
    (30, Found(Level.WARNING, "drive_30_days_left")),
)
PAPER = {
    Paper.PRESENT: ALL_WELL,
    Paper.LOW: Found(Level.WARNING, "paper_low"),
    Paper.OUT: Found(Level.STOP, "no_paper"),  # the device says so itself
}
_MINUTE = timedelta(minutes=1)  # some devices show no seconds


def clock(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> Found:
    """By how far the register's clock is off from ours."""
    return _over(CLOCK, clock_drift(status, now, zone))


def unsent(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> Found:
    """By the age of the oldest document that the operator has not acknowledged."""
    return _over(UNSENT, _unsent_for(status, now, zone))


def drive(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> Found:
    """By its date; by the register's own word where that gives no date."""
    left = drive_days_left(status, now, zone)
    found = None if left is None else next((found for days, found in DRIVE if left <= days), None)
    if found is not None:
        return found
    word = next((word for word in status.warnings if word.startswith("drive")), None)
    return ALL_WELL if word is None else Found(Level.WARNING, word)


def drive_days_left(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> int | None:
    """Whole days until its last day, negative after it; None where the register gives no date."""
    if status.drive_valid_until is None:
        return None
    return (status.drive_valid_until - now.astimezone(zone).date()).days


def paper(status: FiscalStatus) -> Found:
    """By the state of the paper alone."""
    return PAPER[status.paper]


def clock_drift(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> timedelta:
    """How far the device's clock is off, less what a clock without seconds cannot show; one that was reset shows no
    time, and is as far off as can be."""
    if status.device_time is None:
        return timedelta.max
    off = abs(now.astimezone(zone).replace(tzinfo=None) - status.device_time)
    return max(timedelta(), off - _MINUTE)


def _over(rows: tuple[tuple[timedelta, Found], ...], value: timedelta) -> Found:
    return next((found for limit, found in rows if value > limit), ALL_WELL)


def _unsent_for(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> timedelta:
    if status.first_unsent_at is None or not status.unsent_documents:
        return timedelta()
    return now.astimezone(zone).replace(tzinfo=None) - status.first_unsent_at
