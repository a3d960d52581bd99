"""Opening and closing the shift: documents too, so the drive settles every doubt (protocols/shtrih.md §3)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.ffd.drive import SHIFT_CLOSE_REPORT, SHIFT_OPEN_REPORT, DriveStatus, ShiftState
from drivers.fiscal.port import ShiftReport
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.answers import Operator, ShortStatus
from drivers.fiscal.shtrih.archive import Archive, shift_report
from drivers.fiscal.shtrih.line import AnswerLost
from drivers.fiscal.shtrih.session import (
    DEVICE,
    MODE_CLOSED,
    MODE_DOCUMENT,
    MODE_EXPIRED,
    MODE_OPEN,
    ShtrihRefused,
    ShtrihSession,
)


@dataclass(frozen=True, slots=True)
class ShiftKeeper:
    """Both commands, each with its proof."""

    session: ShtrihSession
    archive: Archive

    async def open(self) -> ShiftReport:
        """The open shift if there is one; an expired one must be closed first."""
        state = await self._settled_state()
        if state.mode == MODE_EXPIRED:
            raise DeviceRefused(DEVICE, "shift_over_24h", "close the shift first")
        if state.mode == MODE_OPEN:
            return await self._current()
        await self._require(state, MODE_CLOSED)
        return await self._report(commands.open_shift(), SHIFT_OPEN_REPORT)

    async def close(self) -> ShiftReport:
        """Where the last document is a closing report already, that one: an unanswered attempt came through."""
        state = await self._settled_state()
        drive = await self._drive()
        if state.mode == MODE_CLOSED:
            last = await self.archive.report(SHIFT_CLOSE_REPORT, drive.last_document, drive.last_document)
            if last is None:
                raise DeviceRefused(DEVICE, "shift_closed")
            return shift_report(last)
        await self._require(state, MODE_OPEN, MODE_EXPIRED)
        return await self._report(commands.z_report(), SHIFT_CLOSE_REPORT)

    async def _settled_state(self) -> ShortStatus:
        state = await self.session.printed_state()
        if state.mode != MODE_DOCUMENT:
            return state
        await self.session.cancel_document()
        return await self.session.printed_state()

    async def _require(self, state: ShortStatus, *modes: int) -> None:
        if state.mode not in modes:
            raise DeviceRefused(DEVICE, "wrong_mode", f"mode {state.mode}")
        await self.session.ready_to_print()

    async def _report(self, request: commands.Request[Operator], kind: int) -> ShiftReport:
        before = await self._drive()
        refusal = DeviceRefused(DEVICE, "not_registered")
        try:
            await self.session.command(request)
        except AnswerLost as lost:
            refusal = DeviceRefused(DEVICE, "not_registered", str(lost))
        except ShtrihRefused as refused:  # no error proves that nothing was registered
            refusal = refused
        try:
            return await self._prove(before, kind, refusal)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(error)) from error

    async def _prove(self, before: DriveStatus, kind: int, refusal: DeviceRefused) -> ShiftReport:
        """FF40 says whether the shift is what we wanted, the archive holds its report."""
        await self.session.printed_state()
        shift, drive = await self._shift(), await self._drive()
        if shift.open == (kind == SHIFT_OPEN_REPORT):
            report = await self.archive.report(kind, before.last_document + 1, drive.last_document)
            if report is not None:
                return shift_report(report)
        if drive.current_document:
            await self.session.cancel_document()
        raise refusal

    async def _current(self) -> ShiftReport:
        """The report that opened the open shift; its receipts tell about where it stands."""
        shift, drive = await self._shift(), await self._drive()
        nearest = drive.last_document - shift.receipt
        found = await self.archive.report(SHIFT_OPEN_REPORT, 1, max(nearest, 1))
        if found is None or found.shift != shift.number:
            return ShiftReport(shift=shift.number, document_number=0, fiscal_sign=0)
        return shift_report(found)

    async def _shift(self) -> ShiftState:
        return await self.session.ask(commands.shift_state())

    async def _drive(self) -> DriveStatus:
        return await self.session.ask(commands.drive_status())
