"""The totals of a shift: as the register counts them, else by its closing report, else by its documents one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from drivers.errors import DeviceRefused
from drivers.fiscal.ffd.drive import SHIFT_CLOSE_REPORT, SHIFT_OPEN_REPORT, FoundDocument, ShiftState
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
from drivers.fiscal.once import Once
from drivers.fiscal.port import DEVICE, Operation, OperationTotals, ShiftTotals

#: Of sales and of refunds, corrections not among them.
Counted = tuple[OperationTotals, OperationTotals]
_SCAN_LIMIT = 10_000  # documents of one shift


class CountingDevice(Protocol):
    """What a device reports about its shift. Each raises `DeviceRefused` or `DeviceUnreachable`."""

    async def shift(self) -> ShiftState:
        """With the number of its receipts, also of a closed one."""

    async def counted(self, shift: ShiftState) -> Counted | None:
        """The register's own counters; None where it reports none, or none of a closed shift."""

    async def requisites(self, number: int) -> list[Tlv]:
        """Of a receipt (1031, 1081) or a closing report (1194); empty where the device hands none out."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Asks a device, then the drive behind it."""

    device: CountingDevice
    once: Once

    async def read(self) -> ShiftTotals:
        """Raises `DeviceRefused`, code `totals_not_told`, where a document of the shift cannot be had."""
        shift = await self.device.shift()
        counted = await self.device.counted(shift)
        return ShiftTotals(shift.number, *(counted or await self._of_documents(shift)))

    async def _of_documents(self, shift: ShiftState) -> Counted:
        """Back from the last document to the report that opened the shift."""
        last, receipts = (await self.once.evidence.drive()).last_document, list[FoundDocument]()
        inside = shift.open
        for number in range(last, max(last - _SCAN_LIMIT, 0), -1):
            found = await self.once.document(number)
            if found is None:
                raise DeviceRefused(DEVICE, "totals_not_told", f"FD {number} cannot be read")
            if inside and found.kind == SHIFT_OPEN_REPORT:
                break
            if not inside and found.kind == SHIFT_CLOSE_REPORT:
                inside, told = True, reported(await self.device.requisites(number))
                if told is not None:
                    return told
            elif inside and found.is_receipt:
                receipts.append(found)
        return await self._sums(receipts)

    async def _sums(self, receipts: Iterable[FoundDocument]) -> Counted:
        sums: Counter[tuple[int, str]] = Counter()
        for found in receipts:
            cash, electronic = paid(await self.device.requisites(found.number))
            told = {"count": 1, "total": found.total_kopecks, "cash": cash, "electronic": electronic}
            sums.update({(found.operation, name): value for name, value in told.items()})
        sales, refunds = (
            OperationTotals(*(sums[kind, name] for name in ("count", "total", "cash", "electronic")))
            for kind in (Operation.SALE, Operation.REFUND)
        )
        return sales, refunds


def paid(requisites: Iterable[Tlv]) -> tuple[int, int]:
    """In cash and electronically, in kopecks."""
    told = list(requisites)
    return _number(told, PAID_CASH), _number(told, PAID_ELECTRONICALLY)


def reported(requisites: list[Tlv]) -> Counted | None:
    """1194 of a closing report; None where the firmware leaves it out."""
    counters = _group(requisites, SHIFT_COUNTERS)
    if counters is None:
        return None
    return _counted(counters, SALE_COUNTERS), _counted(counters, REFUND_COUNTERS)


def _counted(counters: list[Tlv], tag: int) -> OperationTotals:
    told = _group(counters, tag) or []
    return OperationTotals(*(_number(told, name) for name in (RECEIPT_COUNT, ALL_SUM, CASH_SUM, ELECTRONIC_SUM)))


def _group(tlvs: Iterable[Tlv], tag: int) -> list[Tlv] | None:
    try:
        return next((parse_tlvs(tlv.value) for tlv in tlvs if tlv.tag == tag), None)
    except CodecError:
        return None


def _number(tlvs: Iterable[Tlv], tag: int) -> int:
    return next((int.from_bytes(tlv.value, "little") for tlv in tlvs if tlv.tag == tag), 0)
