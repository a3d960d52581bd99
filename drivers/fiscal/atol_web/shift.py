"""The shift of a register behind ATOL's web server: its state, and both commands (atol_web.md#tasks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drivers.errors import DeviceRefused
from drivers.fiscal.atol_web.archive import read, whole
from drivers.fiscal.atol_web.office import WebOffice
from drivers.fiscal.ffd.drive import SHIFT_OPEN_REPORT, ShiftState
from drivers.fiscal.port import DEVICE, Paper
from drivers.fiscal.shifts import Standing


@dataclass(frozen=True, slots=True)
class WebShift:
    """`drivers.fiscal.shifts.ShiftDevice` through one server."""

    office: WebOffice

    async def standing(self) -> Standing:
        status = await self.office.status()
        if status.shift_expired:
            return Standing.EXPIRED
        return Standing.OPEN if status.shift_open else Standing.CLOSED

    async def shift(self) -> ShiftState:
        return read(_shift, *await self.office.server.ask({"type": "getShiftStatus"}, {"type": "getFnStatus"}))

    async def ready(self) -> None:
        status = await self.office.status()
        if status.blocked is not None or status.paper is Paper.OUT:
            raise DeviceRefused(DEVICE, status.blocked or "no_receipt_paper")

    async def give(self, kind: int) -> None:
        refusal = await self.office.do({"type": "openShift" if kind == SHIFT_OPEN_REPORT else "closeShift"})
        if refusal is not None:
            raise refusal


def _shift(shift: Any, drive: Any) -> ShiftState:
    told = shift["shiftStatus"]
    receipts = whole(drive["fnStatus"]["fiscalReceiptNumber"])
    return ShiftState(open=told["state"] != "closed", number=whole(told["number"]), receipt=receipts)
