"""Driver of a Shtrih-M fiscal registrar: receipts that are registered once, shifts, state (protocols/shtrih.md §3)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.ffd.drive import ClosedReceipt, ClosedReport, DriveStatus
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import (
    Correction,
    FiscalCounter,
    FiscalDocument,
    FiscalIntent,
    FiscalStatus,
    Operation,
    OrderTag,
    Receipt,
    Registration,
    ShiftReport,
    ShiftTotals,
)
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.archive import Archive, fiscal_document
from drivers.fiscal.shtrih.errors import DOUBTFUL, NOT_YET, UNSUPPORTED
from drivers.fiscal.shtrih.line import AnswerLost
from drivers.fiscal.shtrih.office import ShtrihOffice
from drivers.fiscal.shtrih.rates import Rates
from drivers.fiscal.shtrih.session import (
    DEVICE,
    MODE_CLOSED,
    MODE_DOCUMENT,
    MODE_EXPIRED,
    MODE_OPEN,
    WAITS_CONTINUE,
    Protocol,
    ShtrihRefused,
    ShtrihSession,
)
from drivers.fiscal.shtrih.shift import ShiftKeeper
from drivers.fiscal.shtrih.state import Look
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.fiscal.shtrih.totals import Totals
from drivers.fiscal.shtrih.writer import Closings, ReceiptWriter
from drivers.link import LinkOpener

__all__ = ["ShtrihRegistrar", "ShtrihTimeouts"]

_log = logging.getLogger(__name__)


class ShtrihRegistrar:
    """`drivers.fiscal.port.FiscalOffice` over protocol 1 or 2. The line opens with the first call."""

    def __init__(
        self,
        *,
        open_link: LinkOpener,
        port: str,
        baudrate: int,
        password: int = 30,
        protocol: Protocol = 1,
        order_tag: OrderTag = OrderTag.TAG_1192,
        timeouts: ShtrihTimeouts | None = None,
        timezone: ZoneInfo | None = None,
        clock_drift: timedelta = timedelta(minutes=10),
    ) -> None:
        self._session = ShtrihSession(
            open_link=open_link,
            port=port,
            baudrate=baudrate,
            password=password,
            timeouts=timeouts or ShtrihTimeouts(),
            protocol=protocol,
        )
        self._archive = Archive(self._session, order_tag, timezone or ZoneInfo("Europe/Moscow"), clock_drift)
        self._shifts = ShiftKeeper(self._session, self._archive)
        self._office = ShtrihOffice(self._session, Rates(self._session))
        self._totals = Totals(self._session, self._archive)
        self._writer = ReceiptWriter(self._session, self._office, order_tag)
        self._lock = asyncio.Lock()
        self._look = Look(self._session, self._lock)

    async def status(self) -> FiscalStatus:
        return await self._look.status()

    async def counter(self) -> FiscalCounter:
        async with self._lock:
            drive = await self._drive()
            shift = await self._session.ask(commands.shift_state())
            return FiscalCounter(drive.serial, drive.last_document, shift.number)

    async def open_shift(self) -> ShiftReport:
        async with self._lock:
            await self._writer.print_again()
            return await self._shifts.open()

    async def close_shift(self) -> ShiftReport:
        async with self._lock:
            await self._writer.print_again()
            return await self._shifts.close()

    async def x_report(self) -> None:
        async with self._lock:
            await self._writer.print_again()
            await self._require_mode(MODE_OPEN, MODE_EXPIRED)
            await self._print(commands.x_report())

    async def print_text(self, lines: tuple[str, ...], *, cut: bool) -> None:
        async with self._lock:
            await self._require_mode(MODE_OPEN, MODE_EXPIRED, MODE_CLOSED)
            for line in lines:
                await self._print(commands.print_line(line))
            if cut:
                await self._session.ready_to_print()
                await self._print(commands.cut())

    async def resume_printing(self) -> None:
        async with self._lock:
            state = await self._session.printed_state()
            if state.submode == WAITS_CONTINUE:
                await self._session.continue_print()

    async def read_document(self, number: int) -> FiscalDocument | None:
        async with self._lock:
            drive = await self._drive()
            if not 0 < number <= drive.last_document:
                return None
            found = await self._archive.document(number)
            if not found.is_settlement or found.operation not in (Operation.SALE, Operation.REFUND):
                return None
            return FiscalDocument(
                number=number,
                fiscal_sign=found.sign,
                drive_number=drive.serial,
                shift=0,  # the archive does not tell it
                issued_at=found.issued_at,
                operation=Operation(found.operation),
                total_kopecks=found.total_kopecks,
                correction=found.is_correction,
            )

    async def cancel_open_document(self) -> None:
        async with self._lock:
            await self._session.cancel_document()

    async def print_receipt(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            return await self._once(self._writer.receipt(receipt), receipt, intent)

    async def rehearse(self, receipt: Receipt) -> bool:
        async with self._lock:
            await self._require_mode(MODE_OPEN)
            try:
                await self._writer.unprinted(receipt)
            except (DeviceRefused, AnswerLost, CodecError) as error:
                await self._abandon(error)
            await self._session.cancel_document()
            return True

    async def print_correction(self, correction: Correction, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            return await self._once(self._writer.correction(correction), correction.receipt, intent)

    async def find_receipt(self, intent: FiscalIntent) -> FiscalDocument | None:
        async with self._lock:
            return await self._find(intent)

    async def registration(self) -> Registration:
        async with self._lock:
            return await self._office.registration()

    async def totals(self) -> ShiftTotals:
        async with self._lock:
            return await self._totals.read()

    async def set_time(self, now: datetime) -> None:
        async with self._lock:
            await self._office.set_time(now)

    async def close(self) -> None:
        self._session.close()

    async def _once(
        self, composing: Coroutine[None, None, Closings], receipt: Receipt, intent: FiscalIntent
    ) -> FiscalDocument:
        try:
            already = await self._prepare(receipt, intent)
            if already is not None:
                return already
            try:
                closings = await composing
            except (DeviceRefused, AnswerLost, CodecError) as error:
                await self._abandon(error)
            document = await self._register(closings, intent)
            self._writer.registered()
            return document
        finally:
            composing.close()
            await self._writer.after()

    async def _prepare(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument | None:
        """Everything that must hold before the first line; a document left open by a crash is cancelled.

        Where the counter has moved since the intent, the document may be there already: then it is returned.
        """
        await self._require_mode(MODE_OPEN, on_paper=not receipt.paperless)
        drive = await self._drive()
        self._archive.require_same_drive(drive, intent)
        if drive.current_document:
            await self._session.cancel_document()
        if drive.last_document == intent.counter.last_document:
            return None
        found = await self._find(intent)
        if found is None:
            raise DeviceRefused(DEVICE, "counter_moved", f"{intent.counter.last_document} → {drive.last_document}")
        return found

    async def _register(self, closings: Closings, intent: FiscalIntent) -> FiscalDocument:
        """FF45, or FF4A of a correction: what registers; every doubt is settled by the drive's own memory."""
        request, *others = closings
        try:
            closed = await self._close(request, intent)
        except AnswerLost as lost:
            return await self._settle(intent, DeviceRefused(DEVICE, "not_registered", str(lost)))
        except ShtrihRefused as refused:
            if await self._is_registered(refused, intent):
                return await self._settle(intent, refused)
            if refused.number == UNSUPPORTED and others:
                return await self._register(tuple(others), intent)
            await self._abandon(refused)
        if closed.number != intent.counter.last_document + 1:
            return await self._settle(intent, DeviceRefused(DEVICE, "not_registered", f"FD {closed.number}"))
        return await self._describe(closed, intent)

    async def _close(
        self, request: commands.Request[ClosedReceipt | ClosedReport], intent: FiscalIntent
    ) -> ClosedReceipt | ClosedReport:
        """Again only where the lines still print and the drive shows the document open and not registered."""
        deadline = self._now() + self._session.timeouts.printing_s
        while True:
            try:
                return await self._session.command(request)
            except ShtrihRefused as refused:
                if refused.number not in NOT_YET or self._now() >= deadline:
                    raise
                try:
                    await self._session.printed_on()
                    drive = await self._drive()
                except DeviceUnreachable as error:
                    raise OutcomeUnknown(DEVICE, "answer_lost", f"{refused}; {error}") from error
                if not drive.current_document or drive.last_document != intent.counter.last_document:
                    raise

    async def _is_registered(self, refused: ShtrihRefused, intent: FiscalIntent) -> bool:
        """No error proves that nothing was registered: the drive's last document does. A register that still prints,
        or lost its drive for a moment, does not know yet."""
        if refused.number in DOUBTFUL:
            return True
        try:
            return (await self._drive()).last_document != intent.counter.last_document
        except DeviceError as error:
            raise OutcomeUnknown(DEVICE, "answer_lost", f"{refused}; {error}") from error

    async def _describe(self, closed: ClosedReceipt | ClosedReport, intent: FiscalIntent) -> FiscalDocument:
        if closed.issued_at is not None:
            return FiscalDocument(
                number=closed.number,
                fiscal_sign=closed.sign,
                drive_number=intent.counter.drive_number,
                shift=intent.counter.shift,
                issued_at=closed.issued_at,
                operation=intent.operation,
                total_kopecks=intent.total_kopecks,
                correction=intent.correction,
            )
        try:
            found = await self._archive.document(closed.number)
        except DeviceError as error:
            # It is registered, but the receipt's date is not known yet: find_receipt will complete it.
            raise OutcomeUnknown(DEVICE, "document_unread", f"FD {closed.number}: {error}") from error
        return fiscal_document(found, intent, intent.counter.shift)

    async def _settle(self, intent: FiscalIntent, refusal: DeviceRefused) -> FiscalDocument:
        """After a doubtful close: the document if it is there, `refusal` if it is proved absent."""
        _log.warning("%s: looking for document %d: %s", DEVICE, intent.counter.last_document + 1, refusal)
        try:
            found = await self._find(intent)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(error)) from error
        if found is None:
            raise refusal
        return found

    async def _find(self, intent: FiscalIntent) -> FiscalDocument | None:
        try:
            return await self._archive.find(intent)
        except DeviceRefused as error:
            # The registrar answers but cannot be brought to a state that proves anything.
            raise OutcomeUnknown(DEVICE, error.code, error.detail) from error

    async def _abandon(self, error: DeviceRefused | AnswerLost | CodecError) -> NoReturn:
        """FF45 has not been accepted: nothing is registered. Leave nothing open, then say why."""
        if isinstance(error, AnswerLost) and error.silent:
            raise DeviceUnreachable(DEVICE, "silent", str(error)) from error
        try:
            await self._session.cancel_document()
        except DeviceRefused as stuck:
            raise OutcomeUnknown(DEVICE, "document_left_open", str(stuck)) from error
        if isinstance(error, DeviceRefused):
            raise error
        code = "interrupted" if isinstance(error, AnswerLost) else "bad_receipt"
        raise DeviceRefused(DEVICE, code, str(error)) from error

    async def _require_mode(self, *modes: int, on_paper: bool = True) -> None:
        """Printing must be possible and the mode one of `modes`; a forgotten document is cancelled on the way."""
        look = self._session.ready_to_print if on_paper else self._session.printed_state
        state = await look()
        if state.mode == MODE_DOCUMENT:
            await self._session.cancel_document()
            state = await look()
        if state.mode not in modes:
            word = {MODE_EXPIRED: "shift_over_24h", MODE_CLOSED: "shift_closed"}.get(state.mode, "wrong_mode")
            raise DeviceRefused(DEVICE, word, f"mode {state.mode}")

    async def _print(self, request: commands.Request[object]) -> None:
        try:
            await self._session.command(request)
        except AnswerLost as lost:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(lost)) from lost

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _drive(self) -> DriveStatus:
        return await self._session.ask(commands.drive_status())
