"""What a Shtrih-M register counts in an open shift: its registers (shtrih.md#commands)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.ffd.drive import ShiftState
from drivers.fiscal.ffd.tlv import Tlv
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import OperationTotals
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.archive import ShtrihArchive
from drivers.fiscal.shtrih.session import ShtrihRefused, ShtrihSession
from drivers.fiscal.totals import Counted

# 1Bh 144…147 count receipts, 1Ah 193…208 sum payments: sale, purchase, refund, purchase refund, for each of four
# kinds of payment; the first is cash, the others are electronic (as the vendor's own driver reads them).
_COUNTS, _PAYMENTS, _KINDS_OF_PAYMENT, _STEP = 144, 193, 4, 4
_SALES, _REFUNDS = 0, 2


@dataclass(frozen=True, slots=True)
class ShtrihCounters:
    """`drivers.fiscal.totals.CountingDevice` through one session."""

    session: ShtrihSession
    archive: ShtrihArchive

    async def shift(self) -> ShiftState:
        return await self.session.ask(commands.shift_state())

    async def counted(self, shift: ShiftState) -> Counted | None:
        """A closed shift has cleared them."""
        return (await self._of(_SALES), await self._of(_REFUNDS)) if shift.open else None

    async def requisites(self, number: int) -> list[Tlv]:
        try:
            return await self.archive.requisites(number)
        except (ShtrihRefused, CodecError):
            return []

    async def _of(self, place: int) -> OperationTotals:
        count = (await self.session.ask(commands.count_register(_COUNTS + place))).value
        cash, *others = [
            (await self.session.ask(commands.money_register(_PAYMENTS + place + _STEP * payment))).value
            for payment in range(_KINDS_OF_PAYMENT)
        ]
        return OperationTotals(count, cash + sum(others), cash, sum(others))
