"""What a look at the registrar means: why nothing may be sold, and what a person should see to soon (ux.md §4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from drivers.fiscal.port import FiscalStatus, Paper, Registration

_CLOCK_WARN, _CLOCK_STOP = timedelta(minutes=2), timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)  # some devices show no seconds
#: A document waits for the operator of fiscal data: (age, word), the oldest first. The drive itself blocks at 30 days.
_UNSENT = ((timedelta(hours=72), "unsent_72h"), (timedelta(hours=24), "unsent_24h"), (timedelta(hours=1), "unsent_1h"))
_UNSENT_ALARM, _UNSENT_STOP = timedelta(hours=24), timedelta(days=29)
_DRIVE = ((3, "drive_3_days_left"), (30, "drive_30_days_left"))
#: Every watched thing with a fault of its own among the devices.
WATCHED = ("fiscal_clock", "fiscal_ofd", "fiscal_drive", "fiscal_paper")


class Expected(msgspec.Struct, frozen=True):
    """What the drive's registration must say. Empty texts ask nothing."""

    inn: str
    address: str
    tax_system: str
    automatic: bool
    ffd: str
    internet: bool


def clock_drift(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> timedelta:
    """How far the device's clock is off, less what a clock without seconds cannot show; one that was reset shows no
    time, and is as far off as can be."""
    if status.device_time is None:
        return timedelta.max
    off = abs(now.astimezone(zone).replace(tzinfo=None) - status.device_time)
    return max(timedelta(), off - _MINUTE)


def why_stopped(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> str | None:
    """A stable word beyond the device's own `why_not`."""
    if (reason := status.why_not()) is not None:
        return reason
    if clock_is_wrong(status, now, zone):
        return "clock_wrong"
    if _unsent_for(status, now, zone) > _UNSENT_STOP:
        return "unsent_29_days"
    return None


def clock_is_wrong(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> bool:
    """Nothing is sold, and the clock is set as soon as the shift is closed."""
    return clock_drift(status, now, zone) > _CLOCK_STOP


def clock_is_off(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> bool:
    """Worth a warning."""
    return clock_drift(status, now, zone) > _CLOCK_WARN


def unsent_alarm(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> str | None:
    """The word where documents wait so long that somebody must come."""
    waiting = _unsent_for(status, now, zone)
    return next((word for age, word in _UNSENT if waiting > age and age >= _UNSENT_ALARM), None)


def warnings_of(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> Mapping[str, str | None]:
    """A word for each of `WATCHED`, None where all is well."""
    waiting = _unsent_for(status, now, zone)
    drive = next((word for word in status.warnings if word.startswith("drive")), None)
    if status.drive_valid_until is not None:
        left = (status.drive_valid_until - now.astimezone(zone).date()).days
        drive = next((word for days, word in _DRIVE if left <= days), drive)
    return {
        "fiscal_clock": "clock_off" if clock_is_off(status, now, zone) else None,
        "fiscal_ofd": next((word for age, word in _UNSENT if waiting > age), None),
        "fiscal_drive": drive,
        "fiscal_paper": {Paper.LOW: "paper_low", Paper.OUT: "no_paper"}.get(status.paper),
    }


def _unsent_for(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> timedelta:
    if status.first_unsent_at is None or not status.unsent_documents:
        return timedelta()
    return now.astimezone(zone).replace(tzinfo=None) - status.first_unsent_at


class Mismatch(msgspec.Struct, frozen=True):
    """One line of the registration: what the configuration says, and what the device tells."""

    field: str
    ours: str
    device: str

    def __str__(self) -> str:
        return f"{self.field}: {self.ours} in the settings, {self.device} in the device"


def registration_mismatches(found: Registration, expected: Expected, rates: frozenset[str]) -> list[Mismatch]:
    """Every line of the registration that says something else than the configuration; what is not told is not
    compared."""
    taxes = None if found.tax_systems is None else sorted(found.tax_systems)
    told = [
        ("inn", expected.inn, found.inn and found.inn.strip()),
        ("ffd", expected.ffd, found.ffd),
        ("automat", _word(expected.automatic), _word(found.automatic)),
        ("internet", _word(expected.internet), _word(found.internet)),
    ]
    wrong = [Mismatch(field, ours, device) for field, ours, device in told if ours and device and ours != device]
    if found.address and expected.address and _plain(found.address) != _plain(expected.address):
        wrong.append(Mismatch("address", expected.address, found.address))
    if taxes is not None and expected.tax_system not in taxes:
        wrong.append(Mismatch("tax_system", expected.tax_system, ", ".join(taxes) or "none"))
    if found.taxes_left_out is not None:
        wrong.append(Mismatch("taxes", "computed by the register", f"left out: {found.taxes_left_out}"))
    known = sorted(vat.value for vat in found.vats)
    if missing := sorted(rates - set(known)):
        wrong.append(Mismatch("vat", ", ".join(missing), ", ".join(known)))
    return wrong


def _word(told: bool | None) -> str:
    return "" if told is None else "yes" if told else "no"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
