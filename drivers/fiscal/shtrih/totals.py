"""The counters of a shift: registers while it is open, its closing report afterwards (protocols/shtrih.md §2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.fiscal.ffd.drive import SHIFT_CLOSE_REPORT, SHIFT_OPEN_REPORT, FoundDocument
from drivers.fiscal.ffd.tlv import (
    ALL_SUM,
    CASH_SUM,
    ELECTRONIC_SUM,
    PAID_CASH,
    PAID_ELECTRONICALLY,
    RECEIPT_COUNT,
    REFUND_COUNTERS,
    SALE_COUNTERS,
    SHIFT_COUNTERS,
    Tlv,
    parse_tlvs,
)
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import Operation, OperationTotals, ShiftTotals
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.archive import ShtrihArchive
from drivers.fiscal.shtrih.session import ShtrihRefused, ShtrihSession

# 1Bh 144…147 count receipts, 1Ah 193…208 sum payments: sale, purchase, refund, purchase refund, for each of four
# kinds of payment; the first is cash, the others are electronic (as the vendor's own driver reads them).
_COUNTS, _PAYMENTS, _KINDS_OF_PAYMENT, _STEP = 144, 193, 4, 4
_OFFSETS: Mapping[Operation, int] = MappingProxyType({Operation.SALE: 0, Operation.REFUND: 2})
_COUNTERS: Mapping[Operation, int] = MappingProxyType(
    {Operation.SALE: SALE_COUNTERS, Operation.REFUND: REFUND_COUNTERS}
)
_SCAN_LIMIT = 10_000  # documents of one shift


@dataclass(frozen=True, slots=True)
class Totals:
    """Asks through one session."""

    session: ShtrihSession
    archive: ShtrihArchive

    async def read(self) -> ShiftTotals:
        shift = await self.session.ask(commands.shift_state())
        if shift.open:
            sales, refunds = [await self._of_registers(kind) for kind in (Operation.SALE, Operation.REFUND)]
            return ShiftTotals(shift.number, sales, refunds)
        return ShiftTotals(shift.number, *await self._of_last_shift())

    async def _of_registers(self, kind: Operation) -> OperationTotals:
        """A closed shift has cleared them."""
        offset = _OFFSETS[kind]
        count = (await self.session.ask(commands.count_register(_COUNTS + offset))).value
        cash, *others = [
            (await self.session.ask(commands.money_register(_PAYMENTS + offset + _STEP * payment))).value
            for payment in range(_KINDS_OF_PAYMENT)
        ]
        return OperationTotals(count, cash + sum(others), cash, sum(others))

    async def _of_last_shift(self) -> tuple[OperationTotals, OperationTotals]:
        """1194 of the closing report; where the firmware leaves it out, the shift's receipts one by one."""
        last = (await self.session.ask(commands.drive_status())).last_document
        receipts: list[FoundDocument] = []
        inside = False
        for number in range(last, max(last - _SCAN_LIMIT, 0), -1):
            found = await self.archive.document(number)
            if found.kind == SHIFT_OPEN_REPORT:
                break
            if found.kind == SHIFT_CLOSE_REPORT and not inside:
                inside = True
                told = _group(await self._requisites(number), SHIFT_COUNTERS)
                if told is not None:
                    return _told(told, Operation.SALE), _told(told, Operation.REFUND)
            elif found.is_receipt:
                receipts.append(found)
        return await self._sum(receipts, Operation.SALE), await self._sum(receipts, Operation.REFUND)

    async def _sum(self, receipts: Iterable[FoundDocument], kind: Operation) -> OperationTotals:
        count = total = cash = electronic = 0
        for found in receipts:
            if found.operation == kind:
                paid = await self._requisites(found.number)
                count, total = count + 1, total + found.total_kopecks
                cash, electronic = cash + _number(paid, PAID_CASH), electronic + _number(paid, PAID_ELECTRONICALLY)
        return OperationTotals(count, total, cash, electronic)

    async def _requisites(self, number: int) -> list[Tlv]:
        """Empty where the firmware does not hand documents out."""
        try:
            return await self.archive.requisites(number)
        except (ShtrihRefused, CodecError):
            return []


def _told(counters: list[Tlv], kind: Operation) -> OperationTotals:
    told = _group(counters, _COUNTERS[kind]) or []
    return OperationTotals(*(_number(told, tag) for tag in (RECEIPT_COUNT, ALL_SUM, CASH_SUM, ELECTRONIC_SUM)))


def _group(tlvs: list[Tlv], tag: int) -> list[Tlv] | None:
    try:
        return next((parse_tlvs(tlv.value) for tlv in tlvs if tlv.tag == tag), None)
    except CodecError:
        return None


def _number(tlvs: list[Tlv], tag: int) -> int:
    return next((int.from_bytes(tlv.value, "little") for tlv in tlvs if tlv.tag == tag), 0)
