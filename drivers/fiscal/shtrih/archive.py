"""Was it registered? Looks for a document of ours in the fiscal drive's archive (protocols/shtrih.md §3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from drivers.errors import DeviceUnreachable, ForeignState
from drivers.fiscal.ffd.drive import DriveStatus, FoundDocument
from drivers.fiscal.ffd.tlv import Tlv, order_id_of, parse_tlvs
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import FiscalDocument, FiscalIntent, OrderTag, ShiftReport, operation_told
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.session import DEVICE, MODE_DOCUMENT, PRINTING, ShtrihRefused, ShtrihSession

_SCAN_LIMIT = 2000  # documents behind one intent; more is a matter for a person
_REPORT_SCAN = 200
_TRIES = 3
_CANNOT_READ = (0x01, 0x33, 0x35, 0x36, 0x37)  # firmware without FF3A/FF3B


@dataclass(frozen=True, slots=True)
class Archive:
    """Searches through a session."""

    session: ShtrihSession
    order_tag: OrderTag
    timezone: ZoneInfo
    clock_drift: timedelta

    async def find(self, intent: FiscalIntent) -> FiscalDocument | None:
        """The intended document, or None as a proof of its absence (an open document has been cancelled)."""
        drive = await self._settled_drive()
        self.require_same_drive(drive, intent)
        first, last = intent.counter.last_document + 1, drive.last_document
        if last - first >= _SCAN_LIMIT:
            raise ForeignState(DEVICE, "too_many_documents", f"{first}…{last}")
        fresh = [await self.document(number) for number in range(first, last + 1)]
        ours = await self._ours(fresh, intent)
        return None if ours is None else fiscal_document(ours, intent, shift_of(ours, fresh, intent))

    async def document(self, number: int) -> FoundDocument:
        """An answer carries the number of its document: one about another document proves nothing about this one."""
        for _ in range(_TRIES):
            found = await self.session.ask(commands.find_document(number))
            if found.number == number:
                return found
        raise DeviceUnreachable(DEVICE, "wrong_document", f"{found.number} instead of {number}")

    async def report(self, kind: int, first: int, last: int) -> FoundDocument | None:
        """The latest shift report of `kind` (2 open, 5 close) between two document numbers."""
        for number in range(last, max(first, last - _REPORT_SCAN, 1) - 1, -1):
            found = await self.document(number)
            if found.kind == kind:
                return found
        return None

    async def requisites(self, number: int) -> list[Tlv]:
        """A whole document as the drive keeps it. `ShtrihRefused` where the firmware does not hand it out."""
        head = await self.session.ask(commands.start_reading(number))
        return parse_tlvs((await self.session.read_out(head.length))[: head.length])

    @staticmethod
    def require_same_drive(drive: DriveStatus, intent: FiscalIntent) -> None:
        if drive.serial != intent.counter.drive_number:
            raise ForeignState(DEVICE, "drive_swapped", f"{intent.counter.drive_number} → {drive.serial}")
        if drive.last_document < intent.counter.last_document:
            raise ForeignState(DEVICE, "counter_went_back", str(drive.last_document))

    async def _settled_drive(self) -> DriveStatus:
        state = await self.session.printed_state()
        if state.submode in PRINTING:
            raise ShtrihRefused(0x50, "10h")
        drive = await self._drive()
        if drive.current_document == 0 and state.mode != MODE_DOCUMENT:
            return drive
        await self.session.cancel_document()
        return await self._drive()

    async def _drive(self) -> DriveStatus:
        return await self.session.ask(commands.drive_status())

    async def _ours(self, fresh: list[FoundDocument], intent: FiscalIntent) -> FoundDocument | None:
        fresh = [document for document in fresh if document.number not in intent.others]
        candidates = [document for document in fresh if _agrees(document, intent)]
        if self.order_tag is OrderTag.NONE:
            ours = [document for document in candidates if self._is_late_enough(document, intent)]
        else:
            ours = [document for document in candidates if await self._carries_order(document, intent)]
        if len(ours) == 1:
            return ours[0]
        strangers = [document.number for document in fresh if not document.is_shift_report]
        if ours or strangers:
            raise ForeignState(DEVICE, "foreign_documents", f"{strangers} after {intent.counter.last_document}")
        return None

    def _is_late_enough(self, document: FoundDocument, intent: FiscalIntent) -> bool:
        """Drive time is local and shows minutes."""
        local = intent.intended_at.astimezone(self.timezone).replace(tzinfo=None, second=0, microsecond=0)
        return document.issued_at >= local - self.clock_drift

    async def _carries_order(self, document: FoundDocument, intent: FiscalIntent) -> bool:
        try:
            return order_id_of(await self.requisites(document.number)) == intent.order_id
        except CodecError as error:
            raise ForeignState(DEVICE, "unreadable_document", str(error)) from error
        except ShtrihRefused as error:
            if error.number not in _CANNOT_READ:
                raise
            return self._is_late_enough(document, intent)


def _agrees(document: FoundDocument, intent: FiscalIntent) -> bool:
    asked = (True, intent.correction, int(intent.operation), intent.total_kopecks)
    return (document.is_settlement, document.is_correction, document.operation, document.total_kopecks) == asked


def shift_of(document: FoundDocument, fresh: Iterable[FoundDocument], intent: FiscalIntent) -> int:
    """FF0A does not say it of a receipt: the latest shift report before it does, else the intent."""
    shift = intent.counter.shift
    for other in fresh:
        if other.is_shift_report and other.number < document.number:
            shift = other.shift
    return shift


def fiscal_document(found: FoundDocument, intent: FiscalIntent, shift: int) -> FiscalDocument:
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


def shift_report(found: FoundDocument) -> ShiftReport:
    return ShiftReport(shift=found.shift, document_number=found.number, fiscal_sign=found.sign)
