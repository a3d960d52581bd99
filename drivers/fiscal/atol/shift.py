"""Opening and closing the shift: documents too, so the drive settles every doubt (protocols/atol.md §2.5, §6)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.atol import commands
from drivers.fiscal.atol.answers import DriveShift
from drivers.fiscal.atol.archive import AtolArchive, shift_report
from drivers.fiscal.atol.buffer import AnswerLost
from drivers.fiscal.atol.session import DEVICE, REGISTRATION, Z_REPORTS, AtolSession
from drivers.fiscal.ffd.drive import SHIFT_CLOSE_REPORT, SHIFT_OPEN_REPORT
from drivers.fiscal.port import ShiftReport

CLOSED, OPEN, EXPIRED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class AtolShifts:
    """Both commands, each with its proof."""

    session: AtolSession
    archive: AtolArchive

    async def open(self) -> ShiftReport:
        """The open shift if there is one; an expired one must be closed first."""
        await self.session.cancel_receipt()
        state = await self.state()
        if state == EXPIRED:
            raise DeviceRefused(DEVICE, "shift_over_24h", "close the shift first")
        if state == OPEN:
            return await self._current()
        return await self._report(SHIFT_OPEN_REPORT)

    async def close(self) -> ShiftReport:
        """Where the last document is a closing report already, that one: an unanswered attempt came through."""
        await self.session.cancel_receipt()
        if await self.state() != CLOSED:
            return await self._report(SHIFT_CLOSE_REPORT)
        drive = await self.archive.drive()
        last = await self.archive.report(SHIFT_CLOSE_REPORT, drive.last_document, drive.last_document)
        if last is None:
            raise DeviceRefused(DEVICE, "shift_closed")
        return shift_report(last)

    async def require_open(self) -> None:
        state = await self.state()
        if state != OPEN:
            raise DeviceRefused(DEVICE, "shift_over_24h" if state == EXPIRED else "shift_closed")

    async def state(self) -> int:
        return (await self.session.ask(commands.shift_clock())).state

    async def shift(self) -> DriveShift:
        return await self.session.ask(commands.drive_shift())

    async def _report(self, kind: int) -> ShiftReport:
        await self.session.ready_to_print()
        before = (await self.archive.drive()).last_document
        opens = kind == SHIFT_OPEN_REPORT
        await self.session.enter(REGISTRATION if opens else Z_REPORTS)
        refusal = DeviceRefused(DEVICE, "not_registered")
        try:
            await self.session.command(commands.open_shift() if opens else commands.close_shift())
        except AnswerLost as lost:
            refusal = DeviceRefused(DEVICE, "not_registered", str(lost))
        except DeviceRefused as refused:
            refusal = refused
        try:
            return await self._prove(before, kind, refusal)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(error)) from error

    async def _prove(self, before: int, kind: int, refusal: DeviceRefused) -> ShiftReport:
        shift = await self.shift()
        if shift.open == (kind == SHIFT_OPEN_REPORT):
            report = await self.archive.report(kind, before + 1, (await self.archive.drive()).last_document)
            if report is not None:
                return shift_report(report)
        raise refusal

    async def _current(self) -> ShiftReport:
        """The report that opened the open shift; its receipts tell about where it stands."""
        shift, drive = await self.shift(), await self.archive.drive()
        found = await self.archive.report(SHIFT_OPEN_REPORT, 1, max(drive.last_document - shift.receipts, 1))
        if found is None or found.shift != shift.number:
            return ShiftReport(shift=shift.number, document_number=0, fiscal_sign=0)
        return shift_report(found)
