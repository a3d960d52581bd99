"""Driver of a Shtrih-M fiscal registrar: receipts that are registered once, shifts, state (shtrih.md#doubt)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from zoneinfo import ZoneInfo

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.ffd.drive import ClosedReceipt, ClosedReport
from drivers.fiscal.ofd import OfdClient
from drivers.fiscal.once import AnswerLost, Once
from drivers.fiscal.port import (
    DEVICE,
    Correction,
    FiscalCounter,
    FiscalDocument,
    FiscalIntent,
    FiscalStatus,
    OrderTag,
    Receipt,
    ShiftReport,
)
from drivers.fiscal.serialised import Serialised
from drivers.fiscal.shifts import Shifts
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.archive import ShtrihArchive
from drivers.fiscal.shtrih.errors import DOUBTFUL, NOT_YET, UNSUPPORTED
from drivers.fiscal.shtrih.layout import Layouts
from drivers.fiscal.shtrih.ofd import ShtrihOfd
from drivers.fiscal.shtrih.office import ShtrihOffice
from drivers.fiscal.shtrih.rates import Rates
from drivers.fiscal.shtrih.session import (
    MODE_CLOSED,
    MODE_DOCUMENT,
    MODE_EXPIRED,
    MODE_OPEN,
    WAITS_CONTINUE,
    ShtrihRefused,
    ShtrihSession,
)
from drivers.fiscal.shtrih.shift import ShtrihShift
from drivers.fiscal.shtrih.state import Look
from drivers.fiscal.shtrih.totals import ShtrihCounters
from drivers.fiscal.shtrih.writer import Closings, ReceiptWriter
from drivers.fiscal.totals import Totals


class ShtrihRegistrar(Serialised):
    """`drivers.fiscal.port.FiscalOffice` over protocol 1 or 2. The line opens with the first call."""

    def __init__(
        self,
        session: ShtrihSession,
        *,
        order_tag: OrderTag = OrderTag.TAG_1192,
        timezone: ZoneInfo | None = None,
        clock_drift: timedelta = timedelta(minutes=10),
        ofd: OfdClient | None = None,
    ) -> None:
        self._session = session
        self._archive = ShtrihArchive(self._session)
        once = Once(self._archive, order_tag, timezone or ZoneInfo("Europe/Moscow"), clock_drift)
        layouts = Layouts(self._session)
        office = ShtrihOffice(self._session, Rates(self._session, layouts), layouts)
        counters = ShtrihCounters(self._session, self._archive)
        super().__init__(once, Shifts(ShtrihShift(self._session), once), Totals(counters, once), office)
        self._writer = ReceiptWriter(self._session, office, order_tag)
        self._look = Look(self._session, self._lock, layouts)
        self.ofd = ShtrihOfd(self._session, self._lock, ofd or OfdClient(), layouts)

    async def status(self) -> FiscalStatus:
        return await self._look.status()

    async def counter(self) -> FiscalCounter:
        async with self._lock:
            drive = await self._archive.drive()
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

    async def print_receipt(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            return await self._register(self._writer.receipt(receipt), receipt, intent)

    async def rehearse(self, receipt: Receipt) -> bool:
        async with self._lock:
            await self._require_mode(MODE_OPEN)
            await self._once.composed(self._writer.unprinted(receipt))
            await self._session.cancel_document()
            return True

    async def print_correction(self, correction: Correction, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            return await self._register(self._writer.correction(correction), correction.receipt, intent)

    async def close(self) -> None:
        self._session.close()

    async def _register(
        self, composing: Coroutine[None, None, Closings], receipt: Receipt, intent: FiscalIntent
    ) -> FiscalDocument:
        try:
            already = await self._prepare(receipt, intent)
            if already is not None:
                return already
            closings = await self._once.composed(composing)
            document = await self._finish(closings, intent)
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
        drive = await self._archive.drive()
        already = await self._once.already(drive, intent)
        if already is None and drive.current_document:
            await self._session.cancel_document()
        return already

    async def _finish(self, closings: Closings, intent: FiscalIntent) -> FiscalDocument:
        """FF45, or FF4A of a correction: what registers; every doubt is settled by the drive's own memory."""
        request, *others = closings
        try:
            closed = await self._send(request, intent)
        except AnswerLost as lost:
            return await self._once.settle(intent, DeviceRefused(DEVICE, "not_registered", str(lost)))
        except ShtrihRefused as refused:
            if await self._is_registered(refused, intent):
                return await self._once.settle(intent, refused)
            if refused.number == UNSUPPORTED and others:
                return await self._finish(tuple(others), intent)
            await self._once.abandon(refused)
        if closed.number != intent.counter.last_document + 1:
            return await self._once.settle(intent, DeviceRefused(DEVICE, "not_registered", f"FD {closed.number}"))
        return await self._describe(closed, intent)

    async def _send(
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
                    drive = await self._archive.drive()
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
            return (await self._archive.drive()).last_document != intent.counter.last_document
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
        return await self._once.describe(closed.number, intent)

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
