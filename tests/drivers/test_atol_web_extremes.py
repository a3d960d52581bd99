"""ATOL's web server says numbers, dates and texts in JSON: what no drive holds is unreadable, never a value."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import pytest

from drivers.errors import DeviceError
from drivers.fiscal.atol_web.archive import UNREADABLE, WebArchive, parse_receipt
from drivers.fiscal.atol_web.client import AtolWebServer, AtolWebTimeouts
from drivers.fiscal.atol_web.office import WebOffice
from drivers.fiscal.atol_web.shift import WebShift
from drivers.fiscal.atol_web.totals import WebCounters
from drivers.fiscal.port import FiscalCounter, FiscalIntent, Operation, OperationTotals, ShiftTotals

EXTREMES = [
    2**32, 2**63, 2**64, -1, 10**400, -(10**400), 1e308, float("inf"), float("nan"), "9" * 4000, "1e999999", "Infinity",
    "NaN", "", None, [], {}, True, "x" * 100_000, "0001-01-01T00:00:00", "9999-12-31T23:59:59+14:00", "\x00\x1b[2J",
]  # fmt: skip


class Says(AtolWebServer):
    """The server's answers as they are given here, after they came through."""

    answers: Any = None

    async def ask(self, *tasks: Any) -> list[Any]:
        return [Says.answers for _ in tasks]


def _sound() -> dict[str, Any]:
    """All that the questions of a day want to hear, in one answer."""
    moment = "2026-11-29T10:00:00+03:00"
    operation = {"count": 1, "sum": 1, "payments": {"cash": 0, "electronically": 1}}
    return {
        "fnInfo": {"serial": "9999078902000273", "ffdVersion": "1.2", "validityDate": moment, "livePhase": "fiscalMode",
                   "warnings": {}},
        "fnStatus": {"fiscalDocumentNumber": 1, "fiscalReceiptNumber": 1},
        "shiftStatus": {"number": 1, "state": "opened"},
        "deviceStatus": {"paperPresent": True, "coverOpened": False, "fnPresent": True, "fiscal": True,
                         "blocked": False, "currentDateTime": moment},
        "status": {"notSentCount": 1, "notSentFirstDocDateTime": moment},
        "documentTLV": {"fiscalDocumentType": "receipt", "1077": 1, "1038": 1, "1012": moment, "1054": 1, "1020": 1},
        "shiftTotals": {"shiftNumber": 1, "receipts": {"sell": operation, "sellReturn": operation}},
        "device": {"registrationNumber": "1", "ffdVersion": "1.2", "autoMode": True, "internet": True},
        "organization": {"vatin": "1", "taxationTypes": ["usnIncome"], "address": "x"},
        "deviceInfo": {"serial": "1"},
        "fiscalParams": {"fiscalDocumentNumber": 1, "fiscalDocumentSign": 1, "fnNumber": "1", "shiftNumber": 1,
                         "fiscalDocumentDateTime": moment, "total": 1},
    }  # fmt: skip


def _places(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = (
        [place for name, inner in value.items() for place in _places(inner, (*path, name))]
        if isinstance(value, dict)
        else []
    )
    return [path, *below] if path else below


def _bent(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    answer = _sound()
    at = answer
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return answer


def _beyond(value: Any) -> list[Any]:
    """What no table and no calendar holds."""
    if isinstance(value, dict):
        return [one for inner in value.values() for one in _beyond(inner)]
    if isinstance(value, datetime | date):
        sound = 1999 < value.year < 2101
    elif isinstance(value, int):
        sound = abs(value) < 2**53
    else:
        sound = not isinstance(value, str) or len(value) <= 256
    return [] if sound else [value]


INTENT = FiscalIntent(
    FiscalCounter("9999078902000273", 0, 1), Operation.SALE, "O", 100, datetime(2026, 11, 29, tzinfo=UTC)
)


@pytest.mark.parametrize("path", _places(_sound()), ids=".".join)
async def test_3_4_no_number_or_date_of_a_web_register_is_beyond_what_a_drive_holds(path: tuple[str, ...]) -> None:
    server = Says("http://127.0.0.1:1", login="u:p", timeouts=AtolWebTimeouts(), api="v2")
    archive, office = WebArchive(server), WebOffice(server)
    counters = WebCounters(archive, WebShift(office))

    async def totals() -> ShiftTotals:
        shift = await counters.shift()
        return ShiftTotals(shift.number, *(await counters.counted(shift) or (OperationTotals(), OperationTotals())))

    questions = (archive.drive, office.status, office.registration, totals, lambda: archive.document(1))
    for value in EXTREMES:
        Says.answers = _bent(path, value)
        for question in questions:
            with contextlib.suppress(DeviceError):
                found = await question()
                assert found is not None
                assert _beyond(asdict(found)) == [], (path, str(value)[:40])
        with contextlib.suppress(*UNREADABLE):
            assert _beyond(asdict(parse_receipt(Says.answers, INTENT))) == []
