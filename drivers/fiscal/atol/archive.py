"""Was it registered? Looks for a document of ours in the drive behind an ATOL register (protocols/atol.md §6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from drivers.errors import ForeignState
from drivers.fiscal.atol import commands
from drivers.fiscal.atol.answers import DriveDocument
from drivers.fiscal.atol.session import DEVICE, AtolCommandRefused, AtolSession
from drivers.fiscal.ffd.drive import DriveStatus
from drivers.fiscal.ffd.tlv import order_id_of, parse_tlvs
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import FiscalDocument, FiscalIntent, OrderTag, ShiftReport, operation_told

_SCAN_LIMIT = 2000  # documents behind one intent; more is a matter for a person
_REPORT_SCAN = 200
_CANNOT_READ = (0x7A, 0x66, 0x46)  # firmware without A4 45


@dataclass(frozen=True, slots=True)
class AtolArchive:
    """Searches through a session."""

    session: AtolSession
    order_tag: OrderTag
    timezone: ZoneInfo
    clock_drift: timedelta

    async def find(self, intent: FiscalIntent) -> FiscalDocument | None:
        """The intended document, or None as a proof of its absence (an open receipt has been cancelled)."""
        await self.session.cancel_receipt()
        drive = await self.drive()
        require_same_drive(drive, intent)
        first, last = intent.counter.last_document + 1, drive.last_document
        if last - first >= _SCAN_LIMIT:
            raise ForeignState(DEVICE, "too_many_documents", f"{first}…{last}")
        fresh = [await self.document(number) for number in range(first, last + 1) if number not in intent.others]
        ours = [found for found in fresh if await self._is_ours(found, intent)]
        if len(ours) == 1:
            return fiscal_document(ours[0], intent, shift_of(ours[0], fresh, intent))
        strangers = [found.number for found in fresh if found.is_settlement]
        if strangers:
            raise ForeignState(DEVICE, "foreign_documents", f"{strangers} after {intent.counter.last_document}")
        return None

    async def drive(self) -> DriveStatus:
        return await self.session.ask(commands.drive_status())

    async def document(self, number: int) -> DriveDocument:
        return await self.session.ask(commands.find_document(number))

    async def report(self, kind: int, first: int, last: int) -> DriveDocument | None:
        """The latest shift report of `kind` (2 open, 5 close) between two document numbers."""
        for number in range(last, max(first, last - _REPORT_SCAN, 1) - 1, -1):
            found = await self.document(number)
            if found.kind == kind:
                return found
        return None

    async def _is_ours(self, found: DriveDocument, intent: FiscalIntent) -> bool:
        asked = (True, intent.correction, int(intent.operation), intent.total_kopecks)
        if (found.is_settlement, found.is_correction, found.operation, found.total_kopecks) != asked:
            return False
        if self.order_tag is OrderTag.NONE:
            return self._is_late_enough(found, intent)
        return await self._carries_order(found, intent)

    def _is_late_enough(self, found: DriveDocument, intent: FiscalIntent) -> bool:
        """Drive time is local and shows minutes."""
        local = intent.intended_at.astimezone(self.timezone).replace(tzinfo=None, second=0, microsecond=0)
        return found.issued_at >= local - self.clock_drift

    async def _carries_order(self, found: DriveDocument, intent: FiscalIntent) -> bool:
        try:
            return order_id_of(parse_tlvs(await self.session.requisites(found.number))) == intent.order_id
        except CodecError as error:
            raise ForeignState(DEVICE, "unreadable_document", str(error)) from error
        except AtolCommandRefused as error:
            if error.number not in _CANNOT_READ:
                raise
            return self._is_late_enough(found, intent)


def require_same_drive(drive: DriveStatus, intent: FiscalIntent) -> None:
    if drive.serial != intent.counter.drive_number:
        raise ForeignState(DEVICE, "drive_swapped", f"{intent.counter.drive_number} → {drive.serial}")
    if drive.last_document < intent.counter.last_document:
        raise ForeignState(DEVICE, "counter_went_back", str(drive.last_document))


def shift_of(document: DriveDocument, fresh: Iterable[DriveDocument], intent: FiscalIntent) -> int:
    """A4 40 does not say it of a receipt: the latest shift report before it does, else the intent."""
    shift = intent.counter.shift
    for other in fresh:
        if other.is_shift_report and other.number < document.number:
            shift = other.shift
    return shift


def fiscal_document(found: DriveDocument, intent: FiscalIntent, shift: int) -> FiscalDocument:
    return FiscalDocument(
        number=found.number,
        fiscal_sign=found.sign,
        drive_number=intent.counter.drive_number,
        shift=shift,
        issued_at=found.issued_at,
        operation=operation_told(DEVICE, found.operation),
        total_kopecks=found.total_kopecks,
        correction=found.is_correction,
    )


def shift_report(found: DriveDocument) -> ShiftReport:
    return ShiftReport(shift=found.shift, document_number=found.number, fiscal_sign=found.sign)
