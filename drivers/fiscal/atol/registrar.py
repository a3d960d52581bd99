"""Driver of an ATOL registrar of platform 2.5 over its line: receipts registered once (atol.md#task-buffer)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.atol import commands
from drivers.fiscal.atol.archive import AtolArchive
from drivers.fiscal.atol.compose import (
    CORRECTION_KINDS,
    RECEIPT_KINDS,
    TAXES,
    operator_of,
    requisites_of,
    taxes_of,
    without_order,
)
from drivers.fiscal.atol.inspect import AtolLook
from drivers.fiscal.atol.office import AtolOffice
from drivers.fiscal.atol.session import REGISTRATION, X_REPORTS, AtolSession
from drivers.fiscal.atol.shift import AtolShift
from drivers.fiscal.atol.timeouts import AtolTimeouts
from drivers.fiscal.atol.totals import AtolCounters
from drivers.fiscal.ffd.requisites import correction_requisites
from drivers.fiscal.ffd.tags import FFD_1_05
from drivers.fiscal.ffd.tlv import Tlv
from drivers.fiscal.once import AnswerLost, Once
from drivers.fiscal.port import (
    DEVICE,
    Correction,
    FiscalCounter,
    FiscalDocument,
    FiscalIntent,
    FiscalStatus,
    Operation,
    OrderTag,
    Receipt,
)
from drivers.fiscal.serialised import Serialised
from drivers.fiscal.shifts import Shifts, Standing, require_open
from drivers.fiscal.totals import Totals
from drivers.link import LinkOpener

__all__ = ["AtolRegistrar", "AtolTimeouts"]

_log = logging.getLogger(__name__)


class AtolRegistrar(Serialised):
    """`drivers.fiscal.port.FiscalOffice` over the task buffer. The line opens with the first call."""

    def __init__(
        self,
        *,
        open_link: LinkOpener,
        port: str,
        baudrate: int,
        password: int = 30,
        order_tag: OrderTag = OrderTag.TAG_1192,
        timeouts: AtolTimeouts | None = None,
        timezone: ZoneInfo | None = None,
        clock_drift: timedelta = timedelta(minutes=10),
    ) -> None:
        self._session = AtolSession(
            open_link=open_link, port=port, baudrate=baudrate, password=password, timeouts=timeouts or AtolTimeouts()
        )
        self._order_tag = order_tag
        self._archive = AtolArchive(self._session)
        self._shift = AtolShift(self._session)
        self._office = AtolOffice(self._session, self._archive, self._shift)
        once = Once(self._archive, order_tag, timezone or ZoneInfo("Europe/Moscow"), clock_drift)
        totals = Totals(AtolCounters(self._session, self._archive), once)
        super().__init__(once, Shifts(self._shift, once), totals, self._office)
        self._look = AtolLook(self._session, self._lock)

    async def status(self) -> FiscalStatus:
        return await self._look.status()

    async def counter(self) -> FiscalCounter:
        async with self._lock:
            drive, shift = await self._archive.drive(), await self._shift.shift()
            return FiscalCounter(drive.serial, drive.last_document, shift.number)

    async def x_report(self) -> None:
        async with self._lock:
            await self._session.cancel_receipt()
            await self._session.ready_to_print()
            if await self._shift.clock() is Standing.CLOSED:
                raise DeviceRefused(DEVICE, "shift_closed")
            await self._session.enter(X_REPORTS)
            await self._print(commands.x_report())

    async def print_text(self, lines: tuple[str, ...], *, cut: bool) -> None:
        async with self._lock:
            await self._session.ready_to_print()
            for line in lines:
                await self._print(commands.print_line(line))
            if cut:
                await self._print(commands.cut())

    async def resume_printing(self) -> None:
        """A printer that still cannot print is no failure of this call: the state shows it."""
        async with self._lock:
            try:
                await self._session.command(commands.continue_print())
            except (DeviceRefused, AnswerLost) as error:
                _log.info("%s: continue print: %s", DEVICE, error)

    async def print_receipt(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            return await self._register(receipt, RECEIPT_KINDS[receipt.operation], (), intent)

    async def rehearse(self, receipt: Receipt) -> bool:
        async with self._lock:
            await self._session.cancel_receipt()
            require_open(await self._shift.clock())
            unprinted = replace(receipt, paperless=True)
            await self._once.composed(self._compose(unprinted, RECEIPT_KINDS[receipt.operation], ()))
            await self._session.cancel_receipt()
            return True

    async def print_correction(self, correction: Correction, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            if correction.receipt.operation is not Operation.SALE and await self._office.ffd() == FFD_1_05:
                raise DeviceRefused(DEVICE, "correction_unsupported", "FFD 1.05 corrects no refunds")
            kind = CORRECTION_KINDS[correction.receipt.operation]
            return await self._register(
                correction.receipt, kind, correction_requisites(correction, numbered=True), intent
            )

    async def close(self) -> None:
        self._session.close()

    async def _register(self, receipt: Receipt, kind: int, more: Sequence[Tlv], intent: FiscalIntent) -> FiscalDocument:
        already = await self._prepare(receipt, intent)
        if already is not None:
            return already
        await self._once.composed(self._compose(receipt, kind, more))
        return await self._finish(kind, intent)

    async def _prepare(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument | None:
        """Everything that must hold before the receipt is opened; one left open by a crash is cancelled.

        Where the counter has moved since the intent, the document may be there already: then it is returned.
        """
        await self._session.cancel_receipt()
        already = await self._once.already(await self._archive.drive(), intent)
        if already is not None:
            return already
        if not receipt.paperless:
            await self._session.ready_to_print()
        require_open(await self._shift.clock())
        unknown = [line.vat for line in receipt.lines if line.vat not in TAXES]
        if unknown:
            raise DeviceRefused(DEVICE, "vat_unsupported", f"{unknown[0].value} %: platform 2.5 does not know it")
        return None

    async def _compose(self, receipt: Receipt, kind: int, more: Sequence[Tlv]) -> None:
        """The receipt as far as its payments; nothing here can register it."""
        by_totals = bool(more) and await self._office.ffd() == FFD_1_05
        await self._session.enter(REGISTRATION)
        await self._write(operator_of(receipt))
        await self._session.command(commands.open_receipt(kind, paperless=receipt.paperless))
        await self._write(without_order(receipt) if by_totals else requisites_of(receipt, self._order_tag))
        await self._write(more)
        await (self._total(receipt) if by_totals else self._positions(receipt))
        payments = ((commands.ELECTRONIC, receipt.electronic_kopecks), (commands.CASH, receipt.cash_kopecks))
        for payment, kopecks in payments:
            if kopecks:
                await self._session.command(commands.pay(payment, kopecks))
        await self._require_sums(receipt)

    async def _write(self, tlvs: Iterable[Tlv]) -> None:
        for tlv in tlvs:
            await self._session.command(commands.write_tag(tlv))

    async def _positions(self, receipt: Receipt) -> None:
        for line in receipt.lines:
            await self._session.command(commands.begin_position())
            await self._session.command(commands.end_position(line, TAXES[line.vat]))

    async def _total(self, receipt: Receipt) -> None:
        await self._session.command(commands.begin_position())
        await self._session.command(commands.end_total(receipt.total_kopecks))
        await self._write(taxes_of(receipt))

    async def _require_sums(self, receipt: Receipt) -> None:
        """A position or payment that was taken twice, or lost with the power, shows in register 14."""
        sums = await self._session.ask(commands.receipt_sums())
        if (sums.total_kopecks, sums.remainder_kopecks, sums.change_kopecks) != (receipt.total_kopecks, 0, 0):
            raise DeviceRefused(DEVICE, "lines_lost", f"{sums.total_kopecks} of {receipt.total_kopecks}")

    async def _finish(self, kind: int, intent: FiscalIntent) -> FiscalDocument:
        """4A, the one command that registers; every doubt about it is settled by the drive's own memory."""
        try:
            await self._session.command(commands.close_receipt())
        except AnswerLost as lost:
            return await self._once.settle(intent, DeviceRefused(DEVICE, "not_registered", str(lost)))
        except DeviceRefused as refused:
            return await self._once.settle(intent, refused)
        return await self._describe(kind, intent)

    async def _describe(self, kind: int, intent: FiscalIntent) -> FiscalDocument:
        """Register 33 holds the last receipt; one that is not ours is a matter for the archive."""
        try:
            last = await self._session.ask(commands.last_receipt())
        except DeviceUnreachable as error:
            # It is registered, but its number is not known yet: find_receipt will complete it.
            raise OutcomeUnknown(DEVICE, "document_unread", str(error)) from error
        asked = (intent.counter.last_document + 1, kind, intent.total_kopecks)
        if (last.number, last.kind, last.total_kopecks) != asked:
            return await self._once.settle(intent, DeviceRefused(DEVICE, "not_registered", f"FD {last.number}"))
        return FiscalDocument(
            number=last.number,
            fiscal_sign=last.sign,
            drive_number=intent.counter.drive_number,
            shift=intent.counter.shift,
            issued_at=last.issued_at,
            operation=intent.operation,
            total_kopecks=last.total_kopecks,
            correction=intent.correction,
        )

    async def _print(self, request: commands.Request[None]) -> None:
        try:
            await self._session.command(request)
        except AnswerLost as lost:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(lost)) from lost
