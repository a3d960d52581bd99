"""What a register behind ATOL's web server counts in a shift (atol_web.md#tasks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drivers.errors import DeviceUnreachable
from drivers.fiscal.atol_web.archive import WebArchive, kopecks, read, whole
from drivers.fiscal.atol_web.shift import WebShift
from drivers.fiscal.ffd.drive import ShiftState
from drivers.fiscal.ffd.tlv import PAID_CASH, PAID_ELECTRONICALLY, Tlv
from drivers.fiscal.fields import uint
from drivers.fiscal.port import OperationTotals
from drivers.fiscal.totals import Counted


@dataclass(frozen=True, slots=True)
class WebCounters:
    """`drivers.fiscal.totals.CountingDevice` through one server."""

    archive: WebArchive
    device: WebShift

    async def shift(self) -> ShiftState:
        return await self.device.shift()

    async def counted(self, shift: ShiftState) -> Counted | None:
        """The driver leaves counts and sums out where the register does not report them; the report that closes a shift
        may have cleared them."""
        (answer,) = await self.archive.server.ask({"type": "getShiftTotals"})
        try:
            told = read(_counted, answer)
        except DeviceUnreachable:
            return None
        cleared = not shift.open and shift.receipt and not any(of.count for of in told)
        return None if cleared else told

    async def requisites(self, number: int) -> list[Tlv]:
        """What was paid: the driver gives sums in roubles."""
        told = await self.archive.requisites(number) or {}
        tags = [tag for tag in (PAID_CASH, PAID_ELECTRONICALLY) if str(tag) in told]
        return [Tlv(tag, read(_sum_bytes, told[str(tag)])) for tag in tags]


def _sum_bytes(roubles: Any) -> bytes:
    return uint(kopecks(roubles), 6)


def _counted(answer: Any) -> Counted:
    receipts = answer["shiftTotals"]["receipts"]
    return _operation(receipts["sell"]), _operation(receipts["sellReturn"])


def _operation(told: Any) -> OperationTotals:
    payments = told.get("payments") or {}
    return OperationTotals(
        count=whole(told["count"]),
        total_kopecks=kopecks(told["sum"]),
        cash_kopecks=kopecks(payments.get("cash", 0)),
        electronic_kopecks=kopecks(payments.get("electronically", 0)),
    )
