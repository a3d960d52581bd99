"""Several registrars behind one: all calls go to the one in use; which one that is others decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from drivers.fiscal.port import (
    Correction,
    FiscalCounter,
    FiscalDocument,
    FiscalIntent,
    FiscalOffice,
    FiscalStatus,
    Receipt,
    Registration,
    ShiftReport,
    ShiftTotals,
)


class SwitchedRegistrar:
    """`FiscalSwitch`. A document in doubt belongs to the drive it was asked of: switch only when none is."""

    def __init__(self, registrars: Mapping[str, FiscalOffice]) -> None:
        self._registrars = dict(registrars)
        self._active = next(iter(self._registrars))

    @property
    def active(self) -> str:
        """Name of the registrar in use; whatever is asked goes to it."""
        return self._active

    @property
    def names(self) -> list[str]:
        return list(self._registrars)

    def use(self, name: str) -> None:
        """Raises `KeyError` for a name that is not configured."""
        self._registrars[name]
        self._active = name

    def at(self, name: str) -> FiscalOffice:
        return self._registrars[name]

    @property
    def _now(self) -> FiscalOffice:
        return self._registrars[self._active]

    async def status(self) -> FiscalStatus:
        return await self._now.status()

    async def counter(self) -> FiscalCounter:
        return await self._now.counter()

    async def open_shift(self) -> ShiftReport:
        return await self._now.open_shift()

    async def close_shift(self) -> ShiftReport:
        return await self._now.close_shift()

    async def x_report(self) -> None:
        await self._now.x_report()

    async def print_receipt(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument:
        return await self._now.print_receipt(receipt, intent)

    async def rehearse(self, receipt: Receipt) -> bool:
        return await self._now.rehearse(receipt)

    async def print_correction(self, correction: Correction, intent: FiscalIntent) -> FiscalDocument:
        return await self._now.print_correction(correction, intent)

    async def find_receipt(self, intent: FiscalIntent) -> FiscalDocument | None:
        return await self._now.find_receipt(intent)

    async def read_document(self, number: int) -> FiscalDocument | None:
        return await self._now.read_document(number)

    async def cancel_open_document(self) -> None:
        await self._now.cancel_open_document()

    async def resume_printing(self) -> None:
        await self._now.resume_printing()

    async def print_text(self, lines: tuple[str, ...], *, cut: bool) -> None:
        await self._now.print_text(lines, cut=cut)

    async def registration(self) -> Registration:
        return await self._now.registration()

    async def totals(self) -> ShiftTotals:
        return await self._now.totals()

    async def set_time(self, now: datetime) -> None:
        await self._now.set_time(now)

    async def close(self) -> None:
        for registrar in self._registrars.values():
            await registrar.close()
