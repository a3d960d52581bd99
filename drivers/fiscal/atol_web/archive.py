"""Documents of the fiscal drive as ATOL's web server gives them (atol_web.md#doubt)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

from drivers.errors import DeviceUnreachable, ForeignState
from drivers.fiscal.atol_web.client import AtolRefused, AtolWebServer
from drivers.fiscal.ffd.drive import (
    CORRECTION,
    RECEIPT,
    SHIFT_CLOSE_REPORT,
    SHIFT_OPEN_REPORT,
    STRICT_CORRECTION,
    STRICT_FORM,
    FoundDocument,
)
from drivers.fiscal.port import DEVICE, FiscalDocument, FiscalIntent

KINDS: Mapping[str, int] = MappingProxyType(
    {
        "openShift": SHIFT_OPEN_REPORT,
        "receipt": RECEIPT,
        "bso": STRICT_FORM,
        "closeShift": SHIFT_CLOSE_REPORT,
        "receiptCorrection": CORRECTION,
        "bsoCorrection": STRICT_CORRECTION,
    }
)
_NO_DOCUMENT = (93, 123)
_LARGEST = 2**32 - 1  # numbers, signs and shifts of a fiscal drive are of four bytes
_YEARS = range(2000, 2100)  # a drive gives two digits
_LONGEST_TAG = 256
_MOST_DIGITS = 10
_RAW_SIGN, _SIGN_DIGITS = re.compile("[0-9A-Fa-f]{12}"), 8
_LONGEST_NUMBER = 20  # a drive's own has 16 digits
_MOST_RUBLE_DIGITS = 11  # the drive's five bytes of kopecks hold no more
_LONGEST_SUM = 32


#: What a reader of an answer may raise.
UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class WebDrive:
    """How far the drive is, and the number of its shift."""

    serial: str
    last_document: int
    shift: int


@dataclass(frozen=True, slots=True)
class WebArchive:
    """`drivers.fiscal.once.Evidence` through the server's questions."""

    server: AtolWebServer

    async def drive(self) -> WebDrive:
        return read(
            _drive, *await self.server.ask({"type": "getFnInfo"}, {"type": "getFnStatus"}, {"type": "getShiftStatus"})
        )

    async def settled(self) -> WebDrive:
        """A question waits behind what is under way."""
        return await self.drive()

    async def cancel(self) -> None:
        """The server cancels what it could not close, before the next task."""

    async def document(self, number: int) -> FoundDocument | None:
        requisites = await self.requisites(number)
        return None if requisites is None else _understood(parse_document, requisites, number)

    async def order_of(self, found: FoundDocument) -> str | None:
        """By FFD 1.05 the driver leaves the order out of a correction."""
        requisites = await self.requisites(found.number)
        order_id = None if requisites is None else _understood(_order_id, requisites, found.number)
        return None if order_id is None and found.is_correction else order_id or ""

    async def requisites(self, number: int) -> Mapping[str, Any] | None:
        """By their tags; None for a number the drive does not have."""
        try:
            (answer,) = await self.server.ask({"type": "getFnDocument", "fiscalDocumentNumber": number})
        except AtolRefused as error:
            if error.number in _NO_DOCUMENT:
                return None
            raise
        return _understood(lambda told, _: dict(told["documentTLV"]), answer, number)


def read(reader: Callable[..., _T], *answers: Any) -> _T:
    """An answer that does not hold what it must is no answer: `DeviceUnreachable`."""
    try:
        return reader(*answers)
    except UNREADABLE as error:
        raise DeviceUnreachable(DEVICE, "unreadable_answer", repr(error)) from error


def _understood(reader: Callable[[Any, int], _T], answer: Any, number: int) -> _T:
    """What nobody can read of a document in the drive is a matter for a person."""
    try:
        return reader(answer, number)
    except UNREADABLE as error:
        raise ForeignState(DEVICE, "unreadable_document", f"FD {number}: {error!r}") from error


def _drive(info: Any, status: Any, shift: Any) -> WebDrive:
    return WebDrive(
        serial=drive_of(info["fnInfo"]["serial"]),
        last_document=whole(status["fnStatus"]["fiscalDocumentNumber"]),
        shift=whole(shift["shiftStatus"]["number"]),
    )


def parse_document(tlv: Mapping[str, Any], number: int) -> FoundDocument:
    """`getFnDocument`: requisites by their tags. Raises one of `UNREADABLE`."""
    kind = KINDS.get(str(tlv["fiscalDocumentType"]), 0)
    plain = FoundDocument(kind, 0, minute_of(str(tlv["1012"])), number, sign_of(tlv["1077"]))
    operation, total = (whole(tlv["1054"]), kopecks(tlv["1020"])) if plain.is_settlement else (0, 0)
    return replace(plain, operation=operation, total_kopecks=total, shift=whole(tlv.get("1038", 0)))


def parse_receipt(answer: Any, intent: FiscalIntent) -> FiscalDocument:
    """`fiscalParams` of a receipt that came through. Raises one of `UNREADABLE`."""
    told = answer["fiscalParams"]
    return FiscalDocument(
        number=whole(told["fiscalDocumentNumber"]),
        fiscal_sign=whole(told["fiscalDocumentSign"]),
        drive_number=drive_of(told["fnNumber"]),
        shift=whole(told["shiftNumber"]),
        issued_at=minute_of(str(told["fiscalDocumentDateTime"])),
        operation=intent.operation,
        total_kopecks=kopecks(told["total"]),
        correction=intent.correction,
    )


def minute_of(text: str) -> datetime:
    """Documents carry no seconds. Raises `ValueError`."""
    return moment_of(text).replace(second=0)


def moment_of(text: str) -> datetime:
    """ISO 8601 with or without an offset; the drive's local time is what is meant. Raises `ValueError`."""
    found = datetime.fromisoformat(text.replace(".", "-", 2)).replace(tzinfo=None, microsecond=0)
    if found.year not in _YEARS:
        raise ValueError(f"{text[:30]} is no time of a fiscal drive")
    return found


def whole(value: Any) -> int:
    """A number of the drive, as a number or in decimal digits. Raises `ValueError`."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST or value % 1:
        raise ValueError("no number of a fiscal drive")
    return int(value)


def sign_of(value: Any) -> int:
    """Tag 1077: the driver shows its six bytes in hex, of which the last four are the sign; others show a number.
    Raises `ValueError`."""
    raw = isinstance(value, str) and _RAW_SIGN.fullmatch(value) is not None
    return int(value[-_SIGN_DIGITS:], 16) if raw else whole(value)


def drive_of(serial: Any) -> str:
    """The number of a drive. Raises `ValueError`."""
    found = str(serial)
    if not found.isalnum() or len(found) > _LONGEST_NUMBER:
        raise ValueError(f"{found[:30]} is no number of a fiscal drive")
    return found


def kopecks(roubles: Any) -> int:
    """A sum in roubles, looked at before it is worked out: a few characters may mean a million digits. Raises
    `ValueError`, `ArithmeticError`."""
    if isinstance(roubles, bool) or not isinstance(roubles, int | float | str):
        raise ValueError("no sum of a fiscal drive")
    text = str(roubles)  # of an int without measure: ValueError
    sum_told = Decimal(text) if len(text) <= _LONGEST_SUM else Decimal("Infinity")
    if not sum_told.is_finite() or sum_told < 0 or sum_told.adjusted() >= _MOST_RUBLE_DIGITS:
        raise ValueError(f"{text[:30]} is no sum of a fiscal drive")
    return int((sum_told * 100).to_integral_value())


def _order_id(tlv: Mapping[str, Any], _: int) -> str | None:
    """None where neither requisite is there."""
    found = tlv["1192"] if "1192" in tlv else tlv.get("1084")
    if isinstance(found, Mapping):
        found = found.get("1086", "")
    return None if found is None else str(found)[:_LONGEST_TAG]
