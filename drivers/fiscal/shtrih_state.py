"""One look at a Shtrih-M registrar, put into the port's words (protocols/shtrih.md §2, §3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.fiscal import shtrih_commands as commands
from drivers.fiscal.port import FiscalStatus, Paper
from drivers.fiscal.shtrih_answers import ShortStatus
from drivers.fiscal.shtrih_drive_answers import DriveStatus
from drivers.fiscal.shtrih_session import (
    MODE_CLOSED,
    MODE_DATA,
    MODE_DOCUMENT,
    MODE_EXPIRED,
    MODE_OPEN,
    ShtrihSession,
)

_WORKING = (MODE_OPEN, MODE_EXPIRED, MODE_CLOSED, MODE_DOCUMENT)
_MODES: Mapping[int, str] = MappingProxyType({5: "locked", 6: "confirm_date", 9: "tech_reset", 10: "test_run"})
# Firmwares put other values there too, without any harm: only what certainly blocks is believed.
_DRIVE_ERRORS: Mapping[int, str] = MappingProxyType({0x05: "drive_expired", 0x06: "drive_full", 0x14: "ofd_store_full"})


async def read_status(session: ShtrihSession) -> FiscalStatus:
    password = session.password
    state = await session.state()
    if state.mode == MODE_DATA:  # a document that somebody stopped reading half way
        await session.read_out()
        state = await session.state()
    drive = await session.ask(commands.drive_status(password))
    shift = await session.ask(commands.shift_state(password))
    ofd = await session.ask(commands.ofd_status(password))
    full = await session.ask(commands.full_status(password))
    return FiscalStatus(
        drive_number=drive.serial,
        last_document=drive.last_document,
        shift=shift.number,
        shift_open=shift.open,
        shift_expired=state.mode == MODE_EXPIRED,
        paper=Paper.PRESENT if state.has_paper else Paper.OUT,
        document_open=state.mode == MODE_DOCUMENT or drive.current_document != 0,
        unsent_documents=ofd.queue,
        first_unsent_at=ofd.first_at if ofd.queue else None,
        device_time=full.time,
        blocked=_blocked(state, drive),
    )


def _blocked(state: ShortStatus, drive: DriveStatus) -> str | None:
    if state.cover_open:
        return "cover_open"
    if state.mode not in _WORKING:
        return _MODES.get(state.mode, "wrong_mode")
    if not drive.fiscal:
        return "not_fiscalised"
    return _DRIVE_ERRORS.get(state.drive_error)
