"""What every register does alike, one call at a time."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from drivers.fiscal.once import Once
from drivers.fiscal.port import FiscalDocument, FiscalIntent, Registration, ShiftReport, ShiftTotals
from drivers.fiscal.shifts import Shifts
from drivers.fiscal.totals import Totals


class Office(Protocol):
    """What a fiscal day asks of a device besides documents; raises as `FiscalRegistrar` does."""

    async def registration(self) -> Registration: ...

    async def set_time(self, now: datetime) -> None: ...


class Serialised:
    """The calls of `drivers.fiscal.port.FiscalOffice` that need no words of a vendor's."""

    def __init__(self, once: Once, shifts: Shifts, totals: Totals, office: Office) -> None:
        self._once = once
        self._shifts = shifts
        self._totals = totals
        self._questions = office
        self._lock = asyncio.Lock()

    async def open_shift(self) -> ShiftReport:
        async with self._lock:
            return await self._shifts.open()

    async def close_shift(self) -> ShiftReport:
        async with self._lock:
            return await self._shifts.close()

    async def find_receipt(self, intent: FiscalIntent) -> FiscalDocument | None:
        async with self._lock:
            return await self._once.find(intent)

    async def read_document(self, number: int) -> FiscalDocument | None:
        async with self._lock:
            return await self._once.read(number)

    async def cancel_open_document(self) -> None:
        async with self._lock:
            await self._once.evidence.cancel()

    async def registration(self) -> Registration:
        async with self._lock:
            return await self._questions.registration()

    async def totals(self) -> ShiftTotals:
        async with self._lock:
            return await self._totals.read()

    async def set_time(self, now: datetime) -> None:
        async with self._lock:
            await self._questions.set_time(now)
