"""Was it registered? Documents of the fiscal drive as ATOL's web server tells them (protocols/atol.md §3.1, §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from drivers.errors import DeviceUnreachable, ForeignState
from drivers.fiscal.atol_web.client import DEVICE, AtolRefused, AtolWebServer
from drivers.fiscal.port import FiscalCounter, FiscalDocument, FiscalIntent, OrderTag, ShiftReport, operation_told

OPEN_SHIFT, CLOSE_SHIFT = "openShift", "closeShift"
_RECEIPTS = ("receipt", "bso")
_CORRECTIONS = ("receiptCorrection", "bsoCorrection")
_SCAN_LIMIT = 2000  # documents behind one intent; more is a matter for a person
_REPORT_SCAN = 200
_NO_DOCUMENT = (93, 123)
_LARGEST = 2**32 - 1  # numbers, signs and shifts of a fiscal drive are of four bytes
_YEARS = range(2000, 2100)  # a drive tells two digits
_LONGEST_TAG = 256
_LONGEST_KIND = 40
_RAW_SIGN_DIGITS, _SIGN_DIGITS = 12, 8
_LONGEST_NUMBER = 20  # a drive's own has 16 digits
_MOST_KOPECKS = 10**12  # more than the drive's five bytes of a sum


class Unreadable(ValueError):
    """An answer that lacks what it must say."""


@dataclass(frozen=True, slots=True)
class Found:
    """One document of the archive; `operation` 0 where it is no settlement."""

    kind: str
    number: int
    sign: int
    shift: int
    issued_at: datetime
    operation: int
    total_kopecks: int
    order_id: str | None

    @property
    def settlement(self) -> bool:
        return self.kind in _RECEIPTS or self.kind in _CORRECTIONS

    @property
    def correction(self) -> bool:
        return self.kind in _CORRECTIONS

    @property
    def report(self) -> ShiftReport:
        return ShiftReport(shift=self.shift, document_number=self.number, fiscal_sign=self.sign)

    def document(self, drive_number: str) -> FiscalDocument:
        return FiscalDocument(
            number=self.number,
            fiscal_sign=self.sign,
            drive_number=drive_number,
            shift=self.shift,
            issued_at=self.issued_at,
            operation=operation_told(DEVICE, self.operation),
            total_kopecks=self.total_kopecks,
            correction=self.correction,
        )


@dataclass(frozen=True, slots=True)
class WebArchive:
    """Looks through the server's questions."""

    server: AtolWebServer
    order_tag: OrderTag
    timezone: ZoneInfo
    clock_drift: timedelta

    async def counter(self) -> FiscalCounter:
        info, status, shift = await self.server.ask(
            {"type": "getFnInfo"}, {"type": "getFnStatus"}, {"type": "getShiftStatus"}
        )
        try:
            return FiscalCounter(
                drive_number=drive_of(info["fnInfo"]["serial"]),
                last_document=whole(status["fnStatus"]["fiscalDocumentNumber"]),
                shift=whole(shift["shiftStatus"]["number"]),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise DeviceUnreachable(DEVICE, "unreadable_answer", repr(error)) from error

    async def find(self, intent: FiscalIntent) -> FiscalDocument | None:
        """The intended document among those after the intent, or None: it is not there."""
        counter = await self.counter()
        require_same_drive(counter, intent)
        first, last = intent.counter.last_document + 1, counter.last_document
        if last - first >= _SCAN_LIMIT:
            raise ForeignState(DEVICE, "too_many_documents", f"{first}…{last}")
        numbers = [number for number in range(first, last + 1) if number not in intent.others]
        fresh = [found for number in numbers if (found := await self.document(number)) is not None]
        ours = [found for found in fresh if self._is_ours(found, intent)]
        if len(ours) == 1:
            return ours[0].document(counter.drive_number)
        strangers = [found.number for found in fresh if found.settlement]
        if strangers:
            raise ForeignState(DEVICE, "foreign_documents", f"{strangers} after {intent.counter.last_document}")
        return None

    async def document(self, number: int) -> Found | None:
        try:
            (answer,) = await self.server.ask({"type": "getFnDocument", "fiscalDocumentNumber": number})
        except AtolRefused as error:
            if error.number in _NO_DOCUMENT:
                return None
            raise
        try:
            return parse_document(answer["documentTLV"], number)
        except (Unreadable, KeyError, TypeError) as error:
            raise ForeignState(DEVICE, "unreadable_document", f"FD {number}: {error!r}") from error

    async def report(self, kind: str, first: int, last: int) -> Found | None:
        """The latest shift report of `kind` between two document numbers."""
        for number in range(last, max(first, last - _REPORT_SCAN, 1) - 1, -1):
            found = await self.document(number)
            if found is not None and found.kind == kind:
                return found
        return None

    def _is_ours(self, found: Found, intent: FiscalIntent) -> bool:
        asked = (True, intent.correction, int(intent.operation), intent.total_kopecks)
        if (found.settlement, found.correction, found.operation, found.total_kopecks) != asked:
            return False
        unnamed = found.correction and found.order_id is None  # by FFD 1.05 the driver leaves the order out of it
        if self.order_tag is not OrderTag.NONE and not unnamed:
            return found.order_id == intent.order_id
        local = intent.intended_at.astimezone(self.timezone).replace(tzinfo=None, second=0, microsecond=0)
        return found.issued_at >= local - self.clock_drift


def require_same_drive(counter: FiscalCounter, intent: FiscalIntent) -> None:
    if counter.drive_number != intent.counter.drive_number:
        raise ForeignState(DEVICE, "drive_swapped", f"{intent.counter.drive_number} → {counter.drive_number}")
    if counter.last_document < intent.counter.last_document:
        raise ForeignState(DEVICE, "counter_went_back", str(counter.last_document))


def parse_document(tlv: Mapping[str, Any], number: int) -> Found:
    """`getFnDocument`: requisites by their tags. Raises `Unreadable`."""
    try:
        kind = str(tlv["fiscalDocumentType"])[:_LONGEST_KIND]
        settlement = kind in _RECEIPTS or kind in _CORRECTIONS
        return Found(
            kind=kind,
            number=number,
            sign=sign_of(tlv["1077"]),
            shift=whole(tlv.get("1038", 0)),
            issued_at=minute_of(str(tlv["1012"])),
            operation=whole(tlv["1054"]) if settlement else 0,
            total_kopecks=kopecks(tlv["1020"]) if settlement else 0,
            order_id=(_order_id(tlv) or "")[:_LONGEST_TAG] or None,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Unreadable(repr(error)) from error


def parse_receipt(answer: Any, intent: FiscalIntent) -> FiscalDocument:
    """`fiscalParams` of a receipt that came through. Raises `Unreadable`."""
    try:
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
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Unreadable(repr(error)) from error


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
    """A number of the drive. Raises `ValueError`, `TypeError`, `ArithmeticError`."""
    found = int(value)
    if not 0 <= found <= _LARGEST:
        raise ValueError(f"{str(value)[:30]} is no number of a fiscal drive")
    return found


def sign_of(value: Any) -> int:
    """Tag 1077: the driver shows its six bytes in hex, of which the last four are the sign; others show a number.
    Raises as `whole` does."""
    text = str(value)
    return int(text[-_SIGN_DIGITS:], 16) if len(text) == _RAW_SIGN_DIGITS else whole(value)


def drive_of(serial: Any) -> str:
    """The number of a drive. Raises `ValueError`."""
    found = str(serial)
    if not found.isalnum() or len(found) > _LONGEST_NUMBER:
        raise ValueError(f"{found[:30]} is no number of a fiscal drive")
    return found


def kopecks(roubles: Any) -> int:
    """Raises `ValueError`, `ArithmeticError`."""
    found = int((Decimal(str(roubles)) * 100).to_integral_value())
    if abs(found) > _MOST_KOPECKS:
        raise ValueError(f"{str(roubles)[:30]} is no sum of a fiscal drive")
    return found


def _order_id(tlv: Mapping[str, Any]) -> str | None:
    if "1192" in tlv:
        return str(tlv["1192"])
    extra = tlv.get("1084")
    if isinstance(extra, Mapping):
        return str(extra.get("1086", ""))
    return None if extra is None else str(extra)
