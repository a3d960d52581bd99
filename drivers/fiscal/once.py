"""A document is registered once, whatever becomes of the answers: the drive's own memory settles every doubt
(shtrih.md#doubt, atol.md#doubt).

A vendor's device supplies the evidence and the bytes; the conclusions are drawn here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, Protocol, TypeVar
from zoneinfo import ZoneInfo

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.fiscal.ffd.drive import FoundDocument
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import DEVICE, FiscalDocument, FiscalIntent, Operation, OrderTag, ShiftReport, operation_told

_SCAN_LIMIT = 2000  # documents behind one intent; more is a matter for a person
_REPORT_SCAN = 200
_TRIES = 3
_A = TypeVar("_A")
_log = logging.getLogger(__name__)


class AnswerLost(Exception):
    """A command left and its result cannot be had: it may or may not have been carried out.

    `silent` distinguishes a device that answers nothing at all from one that answers, but has no result for us.
    """

    def __init__(self, command: str, *, silent: bool) -> None:
        super().__init__(f"{command}: answer lost, the register is {'silent' if silent else 'answering'}")
        self.silent = silent


async def ask_again(command: Callable[[], Awaitable[_A]]) -> _A:
    """A question changes nothing, so a lost answer is asked for again. Raises `DeviceUnreachable` where none comes."""
    for _ in range(_TRIES):
        try:
            return await command()
        except AnswerLost as lost:
            reason = lost
            if lost.silent:
                break
    raise DeviceUnreachable(DEVICE, "silent" if reason.silent else "no_answer", str(reason)) from reason


class Drive(Protocol):
    """Which drive it is and how far it has counted."""

    @property
    def serial(self) -> str: ...

    @property
    def last_document(self) -> int: ...


class Evidence(Protocol):
    """What a device reports about its drive. Each raises `DeviceRefused` or `DeviceUnreachable`; nothing here
    registers."""

    async def drive(self) -> Drive: ...

    async def settled(self) -> Drive:
        """The drive once nothing is under way any more: an open document has been cancelled."""

    async def cancel(self) -> None:
        """Leave no open document behind."""

    async def document(self, number: int) -> FoundDocument | None:
        """None for a number the drive does not have."""

    async def order_of(self, found: FoundDocument) -> str | None:
        """The order a settlement names, empty for none; None where the device cannot say."""


@dataclass(frozen=True, slots=True)
class Once:
    """Conclusions from one device's evidence."""

    evidence: Evidence
    order_tag: OrderTag
    timezone: ZoneInfo
    clock_drift: timedelta

    async def find(self, intent: FiscalIntent) -> FiscalDocument | None:
        """`FiscalRegistrar.find_receipt`."""
        try:
            return await self._find(intent)
        except DeviceRefused as error:
            # The register answers but cannot be brought to a state that proves anything.
            raise OutcomeUnknown(DEVICE, error.code, error.detail) from error

    async def already(self, drive: Drive, intent: FiscalIntent) -> FiscalDocument | None:
        """Before a document is begun: where the counter has moved since the intent, the document may be there.

        None: begin it. `DeviceRefused`, code `counter_moved`: it is not there, and the intent is out of date.
        """
        require_same_drive(drive, intent)
        if drive.last_document == intent.counter.last_document:
            return None
        found = await self.find(intent)
        if found is None:
            raise DeviceRefused(DEVICE, "counter_moved", f"{intent.counter.last_document} → {drive.last_document}")
        return found

    async def composed(self, composing: Awaitable[_A]) -> _A:
        """What comes before the command that registers: where it fails nothing is registered, or left open.

        Raises `DeviceRefused`, `DeviceUnreachable`, or `OutcomeUnknown` where the document stays open.
        """
        try:
            return await composing
        except (DeviceRefused, AnswerLost, CodecError) as error:
            await self.abandon(error)

    async def abandon(self, error: DeviceRefused | AnswerLost | CodecError) -> NoReturn:
        """What registers was not sent, or not taken: leave nothing open, then say why."""
        if isinstance(error, AnswerLost) and error.silent:
            raise DeviceUnreachable(DEVICE, "silent", str(error)) from error
        try:
            await self.evidence.cancel()
        except DeviceRefused as stuck:
            raise OutcomeUnknown(DEVICE, "document_left_open", str(stuck)) from error
        if isinstance(error, DeviceRefused):
            raise error
        code = "interrupted" if isinstance(error, AnswerLost) else "bad_receipt"
        raise DeviceRefused(DEVICE, code, str(error)) from error

    async def settle(self, intent: FiscalIntent, refusal: DeviceRefused) -> FiscalDocument:
        """After a doubtful close: the document if it is there, `refusal` if it is proved absent."""
        _log.warning("%s: looking for document %d: %s", DEVICE, intent.counter.last_document + 1, refusal)
        found = await self.look(intent)
        if found is None:
            raise refusal
        return found

    async def look(self, intent: FiscalIntent) -> FiscalDocument | None:
        """`find` after something was sent that may register: here silence is doubt."""
        try:
            return await self.find(intent)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(error)) from error

    async def describe(self, number: int, intent: FiscalIntent) -> FiscalDocument:
        """The document that the register has just said it registered. `OutcomeUnknown`: `find` will complete it."""
        try:
            found = await self.document(number)
        except DeviceError as error:
            raise OutcomeUnknown(DEVICE, "document_unread", f"FD {number}: {error}") from error
        if found is None:
            raise OutcomeUnknown(DEVICE, "document_unread", f"FD {number}")
        return fiscal_document(found, intent.counter.drive_number, intent.counter.shift)

    async def read(self, number: int) -> FiscalDocument | None:
        """`FiscalRegistrar.read_document`."""
        drive = await self.evidence.drive()
        if not 0 < number <= drive.last_document:
            return None
        found = await self.document(number)
        if found is None or not found.is_settlement or found.operation not in tuple(Operation):
            return None
        return fiscal_document(found, drive.serial, found.shift)

    async def document(self, number: int) -> FoundDocument | None:
        """A document carries its number: an answer about another one proves nothing about this one."""
        told = []
        for _ in range(_TRIES):
            found = await self.evidence.document(number)
            if found is None or found.number == number:
                return found
            told.append(found.number)
        raise DeviceUnreachable(DEVICE, "wrong_document", f"{told} instead of {number}")

    async def report(self, kind: int, first: int, last: int) -> FoundDocument | None:
        """The latest shift report of `kind` between two document numbers, both included."""
        for number in range(last, max(first, last - _REPORT_SCAN, 1) - 1, -1):
            found = await self.document(number)
            if found is not None and found.kind == kind:
                return found
        return None

    async def _find(self, intent: FiscalIntent) -> FiscalDocument | None:
        drive = await self.evidence.settled()
        require_same_drive(drive, intent)
        first, last = intent.counter.last_document + 1, drive.last_document
        if last - first >= _SCAN_LIMIT:
            raise ForeignState(DEVICE, "too_many_documents", f"{first}…{last}")
        numbers = [number for number in range(first, last + 1) if number not in intent.others]
        fresh = [found for number in numbers if (found := await self.document(number)) is not None]
        return await self._judge(fresh, intent)

    async def _judge(self, fresh: Sequence[FoundDocument], intent: FiscalIntent) -> FiscalDocument | None:
        ours = [found for found in fresh if await self._is_ours(found, intent)]
        if len(ours) == 1:
            return fiscal_document(ours[0], intent.counter.drive_number, shift_of(ours[0], fresh, intent))
        strangers = [found.number for found in fresh if found.is_settlement]
        if strangers:
            raise ForeignState(DEVICE, "foreign_documents", f"{strangers} after {intent.counter.last_document}")
        return None

    async def _is_ours(self, found: FoundDocument, intent: FiscalIntent) -> bool:
        if not agrees(found, intent):
            return False
        order = None if self.order_tag is OrderTag.NONE else await self.evidence.order_of(found)
        return self._is_late_enough(found, intent) if order is None else order == intent.order_id

    def _is_late_enough(self, found: FoundDocument, intent: FiscalIntent) -> bool:
        """Drive time is local and shows minutes."""
        local = intent.intended_at.astimezone(self.timezone).replace(tzinfo=None, second=0, microsecond=0)
        return found.issued_at >= local - self.clock_drift


def require_same_drive(drive: Drive, intent: FiscalIntent) -> None:
    """Raises `ForeignState`."""
    if drive.serial != intent.counter.drive_number:
        raise ForeignState(DEVICE, "drive_swapped", f"{intent.counter.drive_number} → {drive.serial}")
    if drive.last_document < intent.counter.last_document:
        raise ForeignState(DEVICE, "counter_went_back", str(drive.last_document))


def agrees(found: FoundDocument, intent: FiscalIntent) -> bool:
    """It is of the kind, the operation and the sum that were intended."""
    asked = (True, intent.correction, int(intent.operation), intent.total_kopecks)
    return (found.is_settlement, found.is_correction, found.operation, found.total_kopecks) == asked


def shift_of(document: FoundDocument, fresh: Iterable[FoundDocument], intent: FiscalIntent) -> int:
    """Where the drive does not say it of a receipt, the latest shift report before it does, else the intent."""
    shift = intent.counter.shift
    for other in fresh:
        if other.is_shift_report and other.number < document.number:
            shift = other.shift
    return document.shift or shift


def fiscal_document(found: FoundDocument, drive_number: str, shift: int) -> FiscalDocument:
    """Raises `ForeignState` for an operation that is none of ours."""
    return FiscalDocument(
        number=found.number,
        fiscal_sign=found.sign,
        drive_number=drive_number,
        shift=shift,
        issued_at=found.issued_at,
        operation=operation_told(found.operation),
        total_kopecks=found.total_kopecks,
        correction=found.is_correction,
    )


def shift_report(found: FoundDocument) -> ShiftReport:
    return ShiftReport(shift=found.shift, document_number=found.number, fiscal_sign=found.sign)
