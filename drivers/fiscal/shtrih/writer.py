"""Composes receipts and corrections in a Shtrih-M register, up to what registers them (shtrih.md#receipt)."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable

from drivers.errors import DeviceError, DeviceRefused
from drivers.fiscal.ffd.drive import Blob, ClosedReceipt, ClosedReport
from drivers.fiscal.ffd.requisites import correction_base, correction_requisites
from drivers.fiscal.ffd.tags import FFD_1_05
from drivers.fiscal.ffd.tlv import Tlv
from drivers.fiscal.fields import fixed_text
from drivers.fiscal.port import DEVICE, Correction, Operation, OrderTag, Receipt, Vat
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.commands import Request
from drivers.fiscal.shtrih.compose import (
    CORRECTION_SIGN,
    RECEIPT_KIND,
    closing_of,
    correction_totals,
    operation_of,
    requisites_of,
)
from drivers.fiscal.shtrih.office import ShtrihOffice
from drivers.fiscal.shtrih.session import ShtrihRefused, ShtrihSession

#: What registers the composed document; a later one replaces a command the firmware does not know.
Closings = tuple[Request[ClosedReceipt | ClosedReport], ...]

_CASHIERS_TABLE, _CASHIER_NAME, _CASHIER_NAME_SIZE = 2, 2, 21
_REGIONAL_TABLE, _SKIP_PRINTING, _TURNS_RATES = 17, 7, 71
_RATE_CHANGE, _OLD_RATES = 2026, (Vat.VAT_20, Vat.VAT_20_120)
_CORRECTION_FLAG = 0x80


_log = logging.getLogger(__name__)


class ReceiptWriter:
    """Nothing here registers: `DeviceRefused` and `AnswerLost` leave an open document at most."""

    def __init__(self, session: ShtrihSession, office: ShtrihOffice, order_tag: OrderTag) -> None:
        self._session = session
        self._office = office
        self._order_tag = order_tag
        self._cashier: tuple[int, str] | None = None  # of which opening of the line
        self._rates_kept = False
        self._prints: bool | None = None  # None: a former document may have left the printer off

    async def receipt(self, receipt: Receipt) -> Closings:
        """FF46 for each line, the first opens the document."""
        if receipt.paperless and not receipt.customer_contact:
            raise DeviceRefused(DEVICE, "requisite_missing", "1008: no paper, and nowhere to send the receipt")
        await self._choose_paper(receipt)
        await self._name_cashier(receipt)
        return await self._lines(receipt, ())

    async def unprinted(self, receipt: Receipt) -> None:
        """The same lines and requisites, kept off the paper where the firmware can: what follows is a cancellation."""
        self._prints = None
        with contextlib.suppress(ShtrihRefused):
            await self._session.ask(self._skip_printing(skip=True))
        await self._name_cashier(receipt)
        await self._lines(receipt, ())

    async def correction(self, correction: Correction) -> Closings:
        """With lines from FFD 1.1 on; 1.05 corrects totals."""
        receipt = correction.receipt
        await self._choose_paper(receipt)
        await self._name_cashier(receipt)
        await self._keep_old_rate(correction)
        if await self._office.ffd() == FFD_1_05:
            return await self._totals(correction)
        await self._session.command(commands.open_receipt(_CORRECTION_FLAG | RECEIPT_KIND[receipt.operation]))
        return await self._lines(receipt, correction_requisites(correction, numbered=False))

    async def _lines(self, receipt: Receipt, more: Iterable[Tlv]) -> Closings:
        session = self._session
        codes = await self._office.rates.of(line.vat for line in receipt.lines)
        for line in receipt.lines:
            await session.command(commands.operation(operation_of(line, receipt.operation, codes)))
        await self._send((*requisites_of(receipt, self._order_tag), *more))
        if receipt.cash_kopecks:
            await self._require_total(receipt)
        return (commands.close_receipt(closing_of(receipt)),)

    async def _totals(self, correction: Correction) -> Closings:
        """FFD 1.05 knows corrections of sales and purchases, none of refunds."""
        receipt = correction.receipt
        if receipt.operation is not Operation.SALE:
            raise DeviceRefused(DEVICE, "correction_unsupported", "FFD 1.05 corrects no refunds")
        totals = correction_totals(correction)
        await self._session.command(commands.begin_correction())
        await self._send((*requisites_of(receipt, self._order_tag), correction_base(correction, numbered=True)))
        short = commands.short_correction(receipt.total_kopecks, CORRECTION_SIGN)
        return (commands.correction(totals), short)

    async def _choose_paper(self, receipt: Receipt) -> None:
        """Table 17 field 7 keeps one document off the paper; the register clears it with that document."""
        if receipt.paperless:
            self._prints = None
            await self._session.ask(self._skip_printing(skip=True))
        else:
            await self.print_again()

    async def _keep_old_rate(self, correction: Correction) -> None:
        """A register that makes 22 % of 20 % by itself would change what was sold before 2026: not in this document."""
        old = any(line.vat in _OLD_RATES for line in correction.receipt.lines)
        if not old or correction.base_date.year >= _RATE_CHANGE:
            return
        try:
            turns = await self._session.ask(commands.read_table(_REGIONAL_TABLE, 1, _TURNS_RATES))
        except ShtrihRefused:
            return  # it knows no such thing
        if turns.number:
            self._rates_kept = True
            await self._session.ask(self._turn_rates(turn=False))

    async def after(self) -> None:
        """The document is in the drive or was given up: what was set for it alone is set back."""
        if not self._rates_kept:
            return
        try:
            await self._session.ask(self._turn_rates(turn=True))
        except DeviceError as error:  # the next document sets it back
            _log.error("%s: table 17 field 71 stays 0: %s", DEVICE, error)
        else:
            self._rates_kept = False

    def _turn_rates(self, *, turn: bool) -> Request[Blob]:
        return commands.write_table(_REGIONAL_TABLE, 1, _TURNS_RATES, bytes((turn,)))

    def registered(self) -> None:
        """The document came through, so the register prints again."""
        self._prints = True

    async def print_again(self) -> None:
        """A document off the paper that did not come through leaves the printer off; else there is no effect."""
        if self._prints:
            return
        with contextlib.suppress(ShtrihRefused):  # a firmware without the field always prints
            await self._session.ask(self._skip_printing(skip=False))
        self._prints = True

    def _skip_printing(self, *, skip: bool) -> Request[Blob]:
        return commands.write_table(_REGIONAL_TABLE, 1, _SKIP_PRINTING, bytes((skip,)))

    async def _send(self, tlvs: Iterable[Tlv]) -> None:
        """One FF0C each, so that a refusal names its requisite."""
        for tlv in tlvs:
            await self._session.command(commands.send_tlvs((tlv,)))

    async def _require_total(self, receipt: Receipt) -> None:
        """The device refuses a card sum that does not fit the lines it holds, but would give change for cash."""
        held = await self._session.ask(commands.subtotal())
        if held.kopecks != receipt.total_kopecks:
            raise DeviceRefused(DEVICE, "lines_lost", f"{held.kopecks} of {receipt.total_kopecks}")

    async def _name_cashier(self, receipt: Receipt) -> None:
        """1021 comes from table 2, the row of our operator."""
        if receipt.cashier is None or self._cashier == (self._session.openings, receipt.cashier):
            return
        row = (await self._session.state()).operator
        value = fixed_text(receipt.cashier, _CASHIER_NAME_SIZE)
        await self._session.command(commands.write_table(_CASHIERS_TABLE, row, _CASHIER_NAME, value))
        self._cashier = (self._session.openings, receipt.cashier)
