"""What an ATOL register counts in an open shift: its registers 41, 0C and 03.

Their places and lengths are those that the vendor's driver 10.8 reads for its totals of a shift.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.atol import commands
from drivers.fiscal.atol.archive import AtolArchive
from drivers.fiscal.atol.compose import RECEIPT_KINDS
from drivers.fiscal.atol.session import AtolCommandRefused, AtolSession
from drivers.fiscal.ffd.drive import ShiftState
from drivers.fiscal.ffd.tlv import Tlv
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import Operation, OperationTotals
from drivers.fiscal.totals import Counted


@dataclass(frozen=True, slots=True)
class AtolCounters:
    """`drivers.fiscal.totals.CountingDevice` through one session."""

    session: AtolSession
    archive: AtolArchive

    async def shift(self) -> ShiftState:
        return await self.session.ask(commands.drive_shift())

    async def counted(self, shift: ShiftState) -> Counted | None:
        """The report that closes a shift clears them; older firmware does not know them."""
        if not shift.open:
            return None
        try:
            return await self._of(Operation.SALE), await self._of(Operation.REFUND)
        except AtolCommandRefused:
            return None

    async def requisites(self, number: int) -> list[Tlv]:
        try:
            return await self.archive.requisites(number)
        except (AtolCommandRefused, CodecError):
            return []

    async def _of(self, operation: Operation) -> OperationTotals:
        kind = RECEIPT_KINDS[operation]
        count = await self.session.ask(commands.receipt_count(kind))
        total = await self.session.ask(commands.receipt_total(kind))
        cash = await self.session.ask(commands.payment_total(kind, commands.CASH))
        return OperationTotals(count, total, cash, total - cash)
