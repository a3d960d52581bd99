"""One look at an ATOL register of platform 2.5, put into the port's words (atol.md#commands)."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from drivers.fiscal.atol import commands
from drivers.fiscal.atol.answers import FullState
from drivers.fiscal.atol.commands import Request
from drivers.fiscal.atol.session import AtolSession
from drivers.fiscal.ffd.drive import DriveStatus
from drivers.fiscal.port import FiscalStatus, Paper
from drivers.fiscal.shifts import Standing

_A = TypeVar("_A")


class AtolLook:
    """Asks one short question at a time: between two of them a receipt goes first."""

    def __init__(self, session: AtolSession, lock: asyncio.Lock) -> None:
        self._session = session
        self._lock = lock

    async def status(self) -> FiscalStatus:
        state = await self._ask(commands.full_state())
        drive = await self._ask(commands.drive_status())
        printer = await self._ask(commands.short_state())
        shift = await self._ask(commands.drive_shift())
        standing = await self._ask(commands.shift_clock())
        ofd = await self._ask(commands.exchange())
        return FiscalStatus(
            drive_number=drive.serial,
            last_document=drive.last_document,
            shift=shift.number,
            shift_open=shift.open,
            shift_expired=standing is Standing.EXPIRED,
            paper=Paper.PRESENT if state.paper else Paper.OUT,
            document_open=bool(state.receipt_kind),
            unsent_documents=ofd.queue,
            first_unsent_at=ofd.first_at if ofd.queue else None,
            device_time=state.time,
            blocked=_blocked(state, drive) or ("printer_fault" if printer.printer_fault else None),
            drive_valid_until=await self._ask(commands.drive_expiry()),
            warnings=drive.warning_words,
        )

    async def _ask(self, request: Request[_A]) -> _A:
        async with self._lock:
            return await self._session.ask(request)


def _blocked(state: FullState, drive: DriveStatus) -> str | None:
    if state.cover_open:
        return "cover_open"
    if not state.registered or not state.drive_active or not drive.fiscal:
        return "not_fiscalised"
    return drive.failure
