"""What a look at the registrar means: why nothing may be sold, what to see to soon (drive.md#what-stops-it)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from drivers.fiscal.port import FiscalStatus, Registration
from kiosk.flows.fiscal import thresholds
from kiosk.flows.fiscal.thresholds import Level

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


def why_stopped(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> str | None:
    """A stable word; the device's own `why_not` comes first."""
    return status.why_not() or thresholds.clock(status, now, zone).stops or thresholds.unsent(status, now, zone).stops


def clock_is_wrong(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> bool:
    """Nothing is sold, and the clock is set as soon as the shift is closed."""
    return thresholds.clock(status, now, zone).level is Level.STOP


def unsent_alarm(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> str | None:
    """The word where documents wait so long that somebody must come."""
    found = thresholds.unsent(status, now, zone)
    return found.word if found.level >= Level.ALARM else None


def warnings_of(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> Mapping[str, str | None]:
    """A word for each of `WATCHED`, None where all is well."""
    return {
        "fiscal_clock": thresholds.clock(status, now, zone).word,
        "fiscal_ofd": thresholds.unsent(status, now, zone).word,
        "fiscal_drive": thresholds.drive(status, now, zone).word,
        "fiscal_paper": thresholds.paper(status).word,
    }


class Difference(msgspec.Struct, frozen=True):
    """One line of the registration: what the configuration says, and what the device reports."""

    field: str
    ours: str
    device: str

    def __str__(self) -> str:
        return f"{self.field}: {self.ours} in the settings, {self.device} in the device"


def registration_differences(found: Registration, expected: Expected, rates: frozenset[str]) -> list[Difference]:
    """Every line of the registration that says something else than the configuration; what is not reported is not
    compared."""
    taxes = None if found.tax_systems is None else sorted(found.tax_systems)
    told = [
        ("inn", expected.inn, found.inn and found.inn.strip()),
        ("ffd", expected.ffd, found.ffd),
        ("automat", _word(told=expected.automatic), _word(found.automatic)),
        ("internet", _word(told=expected.internet), _word(found.internet)),
    ]
    wrong = [Difference(field, ours, device) for field, ours, device in told if ours and device and ours != device]
    if found.address and expected.address and _plain(found.address) != _plain(expected.address):
        wrong.append(Difference("address", expected.address, found.address))
    if taxes is not None and expected.tax_system not in taxes:
        wrong.append(Difference("tax_system", expected.tax_system, ", ".join(taxes) or "none"))
    if found.taxes_left_out is not None:
        wrong.append(Difference("taxes", "computed by the register", f"left out: {found.taxes_left_out}"))
    known = sorted(vat.value for vat in found.vats)
    if missing := sorted(rates - set(known)):
        wrong.append(Difference("vat", ", ".join(missing), ", ".join(known)))
    return wrong


def _word(told: bool | None) -> str:  # noqa: FBT001  # a word for a value
    return "" if told is None else "yes" if told else "no"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
