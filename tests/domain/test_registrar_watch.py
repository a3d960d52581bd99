"""What a look at the registrar means: reasons that stop sales, warnings that call somebody in time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.fiscal.port import FiscalStatus, Paper, Registration, TaxSystem, Vat
from kiosk.flows.fiscal import thresholds
from kiosk.flows.fiscal.readiness import (
    Expected,
    registration_differences,
    unsent_alarm,
    warnings_of,
    why_stopped,
)
from kiosk.flows.staff.dashboard import LAMPS
from tests.clocks import START

ZONE = ZoneInfo("Europe/Moscow")
LOCAL = START.astimezone(ZONE).replace(tzinfo=None)


def status(**changes: Any) -> FiscalStatus:
    found: dict[str, Any] = {
        "drive_number": "9999078902000273",
        "last_document": 7,
        "shift": 3,
        "shift_open": True,
        "shift_expired": False,
        "paper": Paper.PRESENT,
        "document_open": False,
        "unsent_documents": 0,
        "first_unsent_at": None,
        "device_time": LOCAL,
        "drive_valid_until": date(2027, 11, 1),
    }
    return FiscalStatus(**{**found, **changes})


def waiting(**age: float) -> FiscalStatus:
    return status(unsent_documents=4, first_unsent_at=LOCAL - timedelta(**age))


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (status(), None),
        (status(paper=Paper.LOW), None),
        (status(paper=Paper.OUT), "no_paper"),
        (status(blocked="cover_open"), "cover_open"),
        (status(shift_open=False), "shift_closed"),
        (status(device_time=LOCAL - timedelta(minutes=5)), None),
        (status(device_time=LOCAL - timedelta(minutes=7)), "clock_wrong"),
        (status(device_time=LOCAL + timedelta(minutes=7)), "clock_wrong"),
        (status(device_time=None), "clock_wrong"),
        (waiting(days=28), None),
        (waiting(days=29, minutes=1), "unsent_29_days"),
    ],
)
def test_sales_stop_by_a_word(seen: FiscalStatus, reason: str | None) -> None:
    assert why_stopped(seen, START, ZONE) == reason


@pytest.mark.parametrize(
    ("seen", "device", "word"),
    [
        (status(device_time=LOCAL - timedelta(minutes=2)), "fiscal_clock", None),
        (status(device_time=LOCAL - timedelta(minutes=4)), "fiscal_clock", "clock_off"),
        (waiting(minutes=59), "fiscal_ofd", None),
        (waiting(minutes=61), "fiscal_ofd", "unsent_1h"),
        (waiting(hours=25), "fiscal_ofd", "unsent_24h"),
        (waiting(hours=73), "fiscal_ofd", "unsent_72h"),
        (status(drive_valid_until=date(2026, 12, 24)), "fiscal_drive", None),
        (status(drive_valid_until=date(2026, 12, 20)), "fiscal_drive", "drive_30_days_left"),
        (status(drive_valid_until=date(2026, 11, 24)), "fiscal_drive", "drive_3_days_left"),
        (status(warnings=("drive_memory_low",)), "fiscal_drive", "drive_memory_low"),
        (status(paper=Paper.LOW), "fiscal_paper", "paper_low"),
        (status(), "fiscal_paper", None),
    ],
)
def test_a_person_is_called_in_time(seen: FiscalStatus, device: str, word: str | None) -> None:
    assert warnings_of(seen, START, ZONE)[device] == word


@pytest.mark.parametrize("off_s", range(-720, 721, 15))
def test_the_lamp_of_the_clock_is_red_exactly_where_sales_stop(off_s: int) -> None:
    seen = status(device_time=LOCAL + timedelta(seconds=off_s))
    stopped = why_stopped(seen, START, ZONE) == "clock_wrong"
    warned = warnings_of(seen, START, ZONE)["fiscal_clock"] is not None
    assert LAMPS[thresholds.clock(seen, START, ZONE).level] == ("bad" if stopped else "warn" if warned else "good")


@pytest.mark.parametrize("hours", [*range(0, 80, 6), *range(28 * 24, 30 * 24, 2)])
def test_the_lamp_of_unsent_documents_is_red_where_somebody_must_come_and_wherever_sales_stop(hours: int) -> None:
    seen = waiting(hours=hours)
    word, lamp = unsent_alarm(seen, START, ZONE), LAMPS[thresholds.unsent(seen, START, ZONE).level]
    assert (lamp == "bad") == (word is not None)
    assert why_stopped(seen, START, ZONE) is None or lamp == "bad"
    assert (lamp == "good") == (warnings_of(seen, START, ZONE)["fiscal_ofd"] is None)


REGISTERED = Registration(
    device_serial="1",
    drive_number="2",
    registration_number="3",
    inn="7700000000  ",
    ffd="1.2",
    tax_systems=frozenset({TaxSystem.USN_INCOME}),
    automatic=True,
    internet=True,
    address="г. Москва,  ул. Примерная, д. 1",
    place="Киоск",
    vats=frozenset({Vat.NONE, Vat.VAT_20}),
)
EXPECTED = Expected(
    "7700000000", "Г. Москва, ул. Примерная, д. 1", "usn_income", automatic=True, ffd="1.2", internet=True
)


@pytest.mark.parametrize(
    ("expected", "rates", "told"),
    [
        (EXPECTED, {"none", "20"}, None),
        (Expected("", "", "usn_income", automatic=True, ffd="", internet=True), {"none"}, None),
        (Expected("7700000001", "", "usn_income", automatic=True, ffd="", internet=True), {"none"}, "inn"),
        (Expected("", "г. Тверь", "usn_income", automatic=True, ffd="", internet=True), {"none"}, "address"),
        (Expected("", "", "general", automatic=True, ffd="", internet=True), {"none"}, "tax_system"),
        (Expected("", "", "usn_income", automatic=False, ffd="", internet=True), {"none"}, "automat"),
        (Expected("", "", "usn_income", automatic=True, ffd="1.05", internet=True), {"none"}, "ffd"),
        (Expected("", "", "usn_income", automatic=True, ffd="", internet=False), {"none"}, "internet"),
        (EXPECTED, {"22"}, "vat"),
    ],
)
def test_each_line_of_the_registration_is_compared(expected: Expected, rates: set[str], told: str | None) -> None:
    found = registration_differences(REGISTERED, expected, frozenset(rates))
    assert len(found) == (0 if told is None else 1)
    assert [line.field for line in found] == ([] if told is None else [told])
    assert all(line.ours and line.device and line.ours != line.device for line in found)


def test_what_a_device_does_not_tell_is_not_compared() -> None:
    silent = Registration("1", "2", None, None, None, None, None, None, None, None, frozenset(Vat))
    assert registration_differences(silent, EXPECTED, frozenset({"22"})) == []
