"""The fiscal day's keeper: the shift is opened and verified before sales begin, never between charge and receipt."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import structlog

from drivers.errors import DeviceError, pause_word
from drivers.fiscal.port import FiscalRegistrar, FiscalStatus, Paper
from kiosk.clock import Clock
from kiosk.domain.errors import DeviceUnavailable
from kiosk.domain.events import ShiftClosedEvent, ShiftOpenedEvent
from kiosk.domain.readiness import Readiness
from kiosk.flows.fiscalising import Fiscalising
from kiosk.store import outbox, payments, records
from kiosk.store.database import Database, Tx

_log = structlog.get_logger()
_POLL_S = 2.0
_CLOSE_AFTER = timedelta(hours=23, minutes=30)  # hard guard before the device's own 24 h


class ShiftView(msgspec.Struct, frozen=True):
    """`GET /internal/shift`."""

    shift: int
    open: bool
    expired: bool
    fiscal_drive_number: str
    last_document: int
    unsent_documents: int


class KeepingShift:
    """One loop: poll, mend what can be mended, say in `readiness` why nothing can be sold."""

    def __init__(
        self,
        database: Database,
        registrar: FiscalRegistrar,
        fiscalising: Fiscalising,
        readiness: Readiness,
        clock: Clock,
    ) -> None:
        self._db = database
        self._registrar = registrar
        self._fiscalising = fiscalising
        self._readiness = readiness
        self._clock = clock
        self._held_closed = False
        self.status: FiscalStatus | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._look()
            except DeviceError as error:
                self.status = None
                await self._tell(f"fiscal_{pause_word(error)}", str(error))
                raise
            await self._clock.sleep(_POLL_S)

    async def _look(self) -> None:
        async with self._fiscalising.turn:
            status = await self._registrar.status()
            status = await self._mend(status)
        self.status = status
        reason = status.why_not()
        await self._tell(None if reason is None else f"fiscal_{reason}", "")

    async def _mend(self, status: FiscalStatus) -> FiscalStatus:
        """What needs no person: a stale document, a print waiting for paper, a shift to close or open."""
        if status.document_open and not await self._receipt_under_way():
            _log.warning("stale_document_cancelled")
            await self._registrar.cancel_open_document()
            status = await self._registrar.status()
        if status.paper is Paper.OUT:
            await self._registrar.resume_printing()
            status = await self._registrar.status()
        if status.shift_open and (status.shift_expired or await self._is_old(status)):
            status = await self._close(status)
        if not status.shift_open and not self._held_closed and status.blocked is None:
            if status.paper is not Paper.OUT:
                status = await self._open()
        elif status.shift_open:
            await self._record_open(status)
        return status

    async def _receipt_under_way(self) -> bool:
        async with self._db.read() as reader:
            return any(row.step in ("charged", "printing") for row in await payments.unfinished(reader))

    async def _payment_under_way(self) -> bool:
        async with self._db.read() as reader:
            return bool(await payments.unfinished(reader))

    async def _is_old(self, status: FiscalStatus) -> bool:
        """Close before the device's own 24 h, but never in the middle of a payment."""
        async with self._db.read() as reader:
            opened_at = await records.read_shift_opened(reader, status.drive_number, status.shift)
        busy = await self._payment_under_way()
        return opened_at is not None and not busy and self._clock.now() - opened_at > _CLOSE_AFTER

    async def _open(self) -> FiscalStatus:
        report = await self._registrar.open_shift()
        status = await self._registrar.status()  # verified: what the drive says counts
        _log.info("shift_opened", shift=report.shift)
        await self._record_open(status)
        return status

    async def _record_open(self, status: FiscalStatus) -> None:
        now = self._clock.now()

        def run(tx: Tx) -> None:
            if records.open_shift(tx, status.drive_number, status.shift, now):
                outbox.put(tx, ShiftOpenedEvent(shift=status.shift, fiscal_drive_number=status.drive_number), now)

        await self._db.write(run)

    async def _close(self, status: FiscalStatus) -> FiscalStatus:
        await self._registrar.close_shift()
        _log.info("shift_closed", shift=status.shift)
        now = self._clock.now()

        def run(tx: Tx) -> None:
            if records.close_shift(tx, status.drive_number, status.shift, now):
                outbox.put(tx, ShiftClosedEvent(shift=status.shift, fiscal_drive_number=status.drive_number), now)

        await self._db.write(run)
        return await self._registrar.status()

    async def _tell(self, reason: str | None, detail: str) -> None:
        if self._readiness.set("fiscal", reason):
            _log.info("fiscal_readiness", reason=reason, detail=detail)
            now: datetime = self._clock.now()
            await self._db.write(lambda tx: records.set_fault(tx, "fiscal", reason, detail, now))

    # What a technician asks for.

    async def view(self) -> ShiftView:
        """Raises `DeviceUnavailable`."""
        try:
            async with self._fiscalising.turn:
                status = await self._registrar.status()
        except DeviceError as error:
            raise DeviceUnavailable(device="fiscal", reason=error.code) from error
        return _view(status)

    async def open(self, actor: str) -> ShiftView:
        """Open now and keep open. Raises `DeviceUnavailable`."""
        return await self._change(False, actor)

    async def close(self, actor: str) -> ShiftView:
        """Z report; no new shift until `open` or a restart. Never between charge and receipt. Raises
        `DeviceUnavailable`."""
        return await self._change(True, actor)

    async def _change(self, closed: bool, actor: str) -> ShiftView:
        if closed and await self._payment_under_way():
            raise DeviceUnavailable(device="fiscal", reason="payment_under_way")
        self._held_closed = closed
        now = self._clock.now()
        action = "shift_close" if closed else "shift_open"
        await self._db.write(lambda tx: records.journal(tx, actor, action, "", now))
        try:
            async with self._fiscalising.turn:
                status = await self._registrar.status()
                if self._held_closed and status.shift_open:
                    status = await self._close(status)
                elif not self._held_closed and not status.shift_open:
                    status = await self._open()
        except DeviceError as error:
            raise DeviceUnavailable(device="fiscal", reason=error.code) from error
        self.status = status
        reason = status.why_not()
        await self._tell(None if reason is None else f"fiscal_{reason}", "")
        return _view(status)


def _view(status: FiscalStatus) -> ShiftView:
    return ShiftView(
        shift=status.shift,
        open=status.shift_open,
        expired=status.shift_expired,
        fiscal_drive_number=status.drive_number,
        last_document=status.last_document,
        unsent_documents=status.unsent_documents,
    )
