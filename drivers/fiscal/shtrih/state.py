"""One look at a Shtrih-M registrar, put into the port's words (shtrih.md#modes)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import TypeVar

from drivers.fiscal.ffd.drive import DriveStatus
from drivers.fiscal.port import FiscalStatus, Paper
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.answers import ShortStatus
from drivers.fiscal.shtrih.commands import Request
from drivers.fiscal.shtrih.layout import Layouts
from drivers.fiscal.shtrih.session import (
    MODE_CLOSED,
    MODE_DATA,
    MODE_DOCUMENT,
    MODE_EXPIRED,
    MODE_OPEN,
    ShtrihRefused,
    ShtrihSession,
)

_WORKING = (MODE_OPEN, MODE_EXPIRED, MODE_CLOSED, MODE_DOCUMENT)
MODES: Mapping[int, str] = MappingProxyType({5: "locked", 6: "confirm_date", 9: "tech_reset", 10: "test_run"})
# Firmwares put other values there too, without any harm: only what certainly blocks is believed.
DRIVE_ERRORS: Mapping[int, str] = MappingProxyType(
    {0x05: "drive_expired", 0x06: "drive_full", 0x14: "ofd_store_full", 0x15: "ofd_wait_expired"}
)
_A = TypeVar("_A")


class Look:
    """Asks one short question at a time: between two of them a receipt goes first."""

    def __init__(self, session: ShtrihSession, lock: asyncio.Lock, layouts: Layouts) -> None:
        self._session = session
        self._lock = lock
        self._layouts = layouts
        self._valid: tuple[str, date | None] | None = None
        self._ticket: tuple[tuple[str, int], datetime | None] | None = None

    async def status(self) -> FiscalStatus:
        state = await self._state()
        drive = await self._ask(commands.drive_status())
        shift = await self._ask(commands.shift_state())
        ofd = await self._ask(commands.ofd_status())
        full = await self._ask(commands.full_status())
        return FiscalStatus(
            drive_number=drive.serial,
            last_document=drive.last_document,
            shift=shift.number,
            shift_open=shift.open,
            shift_expired=state.mode == MODE_EXPIRED,
            paper=await self._paper(state),
            document_open=state.mode == MODE_DOCUMENT or drive.current_document != 0,
            unsent_documents=ofd.queue,
            first_unsent_at=ofd.first_at if ofd.queue else None,
            device_time=full.time,
            blocked=_blocked(state, drive),
            drive_valid_until=await self._valid_until(drive.serial),
            warnings=drive.warning_words,
            last_ticket_at=await self._ticket_at(
                drive.serial, ofd.first_document - 1 if ofd.queue else drive.last_document
            ),
        )

    async def _ask(self, request: Request[_A]) -> _A:
        async with self._lock:
            return await self._session.ask(request)

    async def _state(self) -> ShortStatus:
        async with self._lock:
            state = await self._session.state()
            if state.mode == MODE_DATA:  # a document that somebody stopped reading half way
                await self._session.read_out()
                state = await self._session.state()
            return state

    async def _paper(self, state: ShortStatus) -> Paper:
        if not state.has_paper:
            return Paper.OUT
        ends = state.roll_ends and (await self._layouts.layout(self._ask)).near_end
        return Paper.LOW if ends else Paper.PRESENT

    async def _ticket_at(self, serial: str, number: int) -> datetime | None:
        """It changes with the last document that has one; firmware without FF3C does not report."""
        if number < 1:
            return None
        if self._ticket is None or self._ticket[0] != (serial, number):
            try:
                kept = await self._ask(commands.ticket(number))
            except ShtrihRefused:
                self._ticket = ((serial, number), None)
            else:
                self._ticket = ((serial, number), kept.at)
        return self._ticket[1]

    async def _valid_until(self, serial: str) -> date | None:
        """It changes with the drive only."""
        if self._valid is None or self._valid[0] != serial:
            try:
                expiry = await self._ask(commands.drive_expiry())
            except ShtrihRefused:
                self._valid = (serial, None)
            else:
                self._valid = (serial, expiry.until)
        return self._valid[1]


def _blocked(state: ShortStatus, drive: DriveStatus) -> str | None:
    """A failed printer blocks until something prints again: an X report or a line of text shows it."""
    if state.cover_open:
        return "cover_open"
    if state.mode not in _WORKING:
        return MODES.get(state.mode, "wrong_mode")
    if not drive.fiscal:
        return "not_fiscalised"
    if drive.failure is not None:
        return drive.failure
    return DRIVE_ERRORS.get(state.drive_error) or ("printer_fault" if state.printer_failed else None)
