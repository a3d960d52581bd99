"""A shift is opened and closed once: its reports are documents too, so the drive settles every doubt
(shtrih.md#doubt, atol.md#doubt)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.ffd.drive import SHIFT_CLOSE_REPORT, SHIFT_OPEN_REPORT, FoundDocument, ShiftState
from drivers.fiscal.once import AnswerLost, Once, shift_report
from drivers.fiscal.port import DEVICE, ShiftReport


class Standing(Enum):
    """Of a shift."""

    CLOSED = 0
    OPEN = 1
    EXPIRED = 2  # older than 24 h


class ShiftDevice(Protocol):
    """What a device reports about its shift and does with it. `kind` is that of the report: 2 opens, 5 closes."""

    async def standing(self) -> Standing:
        """With nothing left open. `DeviceRefused` where the device is in no mode that could answer."""

    async def shift(self) -> ShiftState: ...

    async def ready(self) -> None:
        """Raises `DeviceRefused` where no report could be printed."""

    async def give(self, kind: int) -> None:
        """The command alone. Raises `DeviceRefused`, `DeviceUnreachable` (never taken) or `AnswerLost`."""


@dataclass(frozen=True, slots=True)
class Shifts:
    """Both commands, each with its proof."""

    device: ShiftDevice
    once: Once

    async def open(self) -> ShiftReport:
        """The open shift if there is one; an expired one must be closed first."""
        standing = await self.device.standing()
        if standing is Standing.EXPIRED:
            raise DeviceRefused(DEVICE, "shift_over_24h", "close the shift first")
        return await (self._current() if standing is Standing.OPEN else self._report(SHIFT_OPEN_REPORT))

    async def close(self) -> ShiftReport:
        """Where the last document is a closing report already, that one: an unanswered attempt came through."""
        if await self.device.standing() is not Standing.CLOSED:
            return await self._report(SHIFT_CLOSE_REPORT)
        number = (await self.once.evidence.drive()).last_document
        last = await self.once.report(SHIFT_CLOSE_REPORT, number, number)
        if last is None:
            raise DeviceRefused(DEVICE, "shift_closed")
        return shift_report(last)

    async def _report(self, kind: int) -> ShiftReport:
        await self.device.ready()
        before = (await self.once.evidence.drive()).last_document
        refusal = DeviceRefused(DEVICE, "not_registered", f"report {kind}")
        try:
            await self.device.give(kind)
        except AnswerLost as lost:
            refusal = DeviceRefused(DEVICE, "not_registered", str(lost))
        except DeviceRefused as refused:  # no error proves that nothing was registered
            refusal = refused
        found = await self._proved(kind, before)
        if found is None:
            raise refusal
        return shift_report(found)

    async def _proved(self, kind: int, before: int) -> FoundDocument | None:
        try:
            drive = await self.once.evidence.settled()
            return await self.once.report(kind, before + 1, drive.last_document)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(error)) from error
        except DeviceRefused as error:
            raise OutcomeUnknown(DEVICE, error.code, error.detail) from error

    async def _current(self) -> ShiftReport:
        """The report that opened the open shift; its receipts say roughly where it is."""
        shift, drive = await self.device.shift(), await self.once.evidence.drive()
        found = await self.once.report(SHIFT_OPEN_REPORT, 1, max(drive.last_document - shift.receipt, 1))
        if found is None or found.shift != shift.number:
            return ShiftReport(shift=shift.number, document_number=0, fiscal_sign=0)
        return shift_report(found)


def require_open(standing: Standing) -> None:
    """Raises `DeviceRefused` where no receipt can be printed."""
    if standing is not Standing.OPEN:
        expired = standing is Standing.EXPIRED
        raise DeviceRefused(DEVICE, "shift_over_24h" if expired else "shift_closed")
