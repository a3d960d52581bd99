"""Seed order 3.4: one receipt for one charge. The counter before printing is stored in the intent; after any doubt the
registrar is asked for proof before anything is sent again (shtrih.md#doubt, payment.md#when-the-receipt-fails)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from drivers.errors import DeviceError, DeviceRefused, ForeignState, pause_word
from drivers.fiscal.port import (
    Correction,
    CorrectionKind,
    FiscalCounter,
    FiscalDocument,
    FiscalOffice,
    Operation,
)
from kiosk.domain.fiscal.receipt import PricedLine
from kiosk.domain.payment.payment import (
    BEFORE_PAPER,
    OF_THE_MOMENT,
    FiscalDecision,
    FiscalPatience,
    OnRefusal,
    Payment,
    PaymentStep,
    Proof,
)
from kiosk.domain.reasons import FISCAL_REFUSES
from kiosk.flows.fiscal.claim import (
    Claim,
    Seller,
    as_asked,
    intent_of,
    receipt_of,
    register,
    rehearsal_of,
    sale_lines,
    standing_lines,
)
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.failures import Failure, ReceiptFailures
from kiosk.flows.guards.breaker import Guard
from kiosk.flows.guards.jobs import Means
from kiosk.store.fiscal import intents, reports, shifts
from kiosk.store.payment import payments, refunds
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_PREFLIGHT_TIMEOUT_S = 10.0
_IN_TIME = timedelta(minutes=10)
_WITHOUT_LINES_IN_CORRECTIONS = "1.05"
_REFUSES = FISCAL_REFUSES.removeprefix("fiscal_")


class Receipts:
    """Each receipt within one turn at the registrar."""

    def __init__(
        self,
        means: Means,
        desk: RegistrarDesk,
        guard: Guard,
        *,
        sellers: Callable[[], Seller],
        patience: FiscalPatience,
        on_refusal: OnRefusal = OnRefusal.RETURN,
    ) -> None:
        self._on_refusal = on_refusal
        self._db = means.database
        self._desk = desk
        self._sellers = sellers
        self._guard = guard
        self._refused: str | None = None  # how the last sale was refused
        self._clock = means.clock
        self._cp = means.checkpoint
        self.failures = ReceiptFailures(self._db, patience, guard, self._clock)

    @property
    def _seller(self) -> Seller:
        """As the registrar in use has it."""
        return self._sellers()

    @property
    def zone(self) -> ZoneInfo:
        return self._seller.zone

    async def why_not_ready(self) -> str | None:
        """Pre-flight: paper, open shift younger than 24 h, no open document, nothing blocked. None = ready."""
        try:
            async with asyncio.timeout(_PREFLIGHT_TIMEOUT_S), self._desk.turn() as registrar:
                status = await registrar.status()
        except DeviceError as error:
            return pause_word(error)
        except TimeoutError:
            return "busy"
        if self._guard.reason is not None:
            return _REFUSES
        return status.why_not() or await self._why_not_ours(status.drive_number, status.last_document)

    async def rehearse(self) -> bool:
        """The probe of a registrar that refused a sale: a receipt of one rouble at each of our rates is composed and
        cancelled, nothing is registered. False where the device knows no rehearsal. Raises `DeviceError`."""
        day = self._clock.now().astimezone(self._seller.zone).date()
        async with self._desk.turn() as registrar:
            return await registrar.rehearse(rehearsal_of(self._seller, day))

    async def try_once(self, payment: Payment) -> tuple[Payment, Failure | None]:
        """Adopt or print the receipt of a charge, or of one that is still to come; T5 and T6 inside. The payment as it
        is then, and why it failed."""
        async with self._desk.turn() as registrar:
            try:
                claim = await self._db.read(self.sale, payment.payment_id)
                intent, document = await self._adopt_or_print(registrar, claim)
            except DeviceError as error:
                return await self._reload(payment), self.failures.failure(error)
        self._refused = None
        self._guard.answered()
        self._cp("receipt.answered")
        payment = await self._record(payment, intent, document)  # T6
        self._cp("t6.after")
        return payment, None

    async def refund(self, payment: Payment, refund_id: str, lines: list[PricedLine]) -> None:
        """Adopt or print a refund's receipt by the same rule; recorded when this returns. Raises `DeviceError`."""
        total = sum(line.sum_kopecks for line in lines)
        claim = Claim(payment, Operation.REFUND, lines, total, refund_id)
        async with self._desk.turn() as registrar:
            intent, document = await self._adopt_or_print(registrar, claim)
        now = self._clock.now()

        def run(tx: Tx) -> None:
            register(tx, intent, document, self._seller.zone)
            refunds.note_refund(tx, refund_id, receipt_done_at=now)

        await self._db.write(run)

    async def fix(self, payment: Payment, fix: int, operation: Operation, lines: list[PricedLine]) -> None:
        """One of the two documents that make a wrong receipt right, adopted or printed by the same rule: a receipt by
        FFD 1.05, a correction by 1.1 and 1.2. Recorded when this returns. Raises `DeviceError`."""
        claim = Claim(payment, operation, lines, sum(line.sum_kopecks for line in lines), fix=fix)
        async with self._desk.turn() as registrar:
            intent, document = await self._adopt_or_print(registrar, claim)
        await self._db.write(register, intent, document, self._seller.zone)

    async def take_back(self, payment: Payment) -> None:
        """Adopt or print, by the same rule, what takes back the receipt of a sale that was never paid and never will
        be; a correction where the settings want one and the format knows it. Recorded when this returns. Raises
        `DeviceError`."""
        claim = await self._db.read(self.taking_back, payment.payment_id)
        async with self._desk.turn() as registrar:
            intent, document = await self._adopt_or_print(registrar, claim)
        await self._db.write(register, intent, document, self._seller.zone)

    def taking_back(self, reader: Reader, payment_id: str) -> Claim:
        """Raises `LookupError` where no receipt stands."""
        payment = payments.require(reader, payment_id)
        return Claim(payment, Operation.REFUND, standing_lines(reader, payment_id), payment.amount_kopecks)

    def sale(self, reader: Reader, payment_id: str) -> Claim:
        current = payments.require(reader, payment_id)  # staff may have asked to reverse in the meantime
        return Claim(current, Operation.SALE, self.lines(reader, current), current.amount_kopecks)

    def lines(self, reader: Reader, payment: Payment) -> list[PricedLine]:
        return sale_lines(reader, self._seller, payment, self._clock.now())

    async def _adopt_or_print(
        self, registrar: FiscalOffice, claim: Claim
    ) -> tuple[intents.IntentRow, FiscalDocument | None]:
        open_intent = await self._db.read(intent_of, claim)
        if open_intent is not None and open_intent.status == "registered":  # a person told which document it is
            return open_intent, None
        if open_intent is not None:
            document = await self._find(registrar, open_intent)
            if document is not None:
                return open_intent, document
            await self._db.write(intents.disprove, open_intent.intent_id)
        comes_first = claim.is_sale and claim.payment.step in BEFORE_PAPER
        if comes_first and claim.payment.is_unwanted(self._clock.now()):
            raise DeviceRefused("fiscal", "receipt_absent")
        late = claim.payment.reverse_asked_by is not None or self.failures.is_held_too_long(claim.payment)
        doubted = open_intent is not None or late
        if claim.is_sale and doubted and self.failures.decide(claim.payment, Proof.ABSENT) is FiscalDecision.REVERSE:
            raise DeviceRefused("fiscal", "receipt_absent")
        return await self._print(registrar, claim)

    async def _print(self, registrar: FiscalOffice, claim: Claim) -> tuple[intents.IntentRow, FiscalDocument]:
        await self._settle_others(registrar)
        counter = await registrar.counter()
        self._cp("counter.read")
        if (reason := await self._why_not_ours(counter.drive_number, counter.last_document)) is not None:
            raise DeviceRefused("fiscal", reason, f"drive {counter.drive_number} at {counter.last_document}")
        now = self._clock.now()
        correction = await self._is_correction(registrar, claim, counter, now)
        intent = await self._db.write(self._intend, claim, counter, now, correction=correction)  # T5
        self._cp("t5.after")
        try:
            return intent, await self._register(registrar, claim, intent)
        except DeviceRefused as refusal:
            await self._db.write(intents.disprove, intent.intent_id)
            if claim.is_sale:
                await self._judge(registrar, refusal)
            raise

    async def _judge(self, registrar: FiscalOffice, refusal: DeviceRefused) -> None:
        """A register that calls itself ready and refuses twice the same way will refuse the next customer's receipt:
        it is sold to nobody. What a state of the moment explains does not count."""
        again, self._refused = self._refused == refusal.code, refusal.code
        if not again or refusal.code in OF_THE_MOMENT:
            return
        try:
            status = await registrar.status()
        except DeviceError:
            return  # that is another error, reported as such
        if status.why_not() is None:
            self._guard.refused(str(refusal))

    async def _why_not_ours(self, drive_number: str, last_document: int) -> str | None:
        """A receipt goes to a drive that was put in, never by way of a line that leads elsewhere; and never under a
        number that is another receipt's: then this is not the drive whose serial it shows."""

        def look(reader: Reader) -> tuple[set[str], bool]:
            taken = intents.is_registered(reader, drive_number, last_document + 1)
            return reports.known_drives(reader), taken

        drives, taken = await self._db.read(look)
        if drives and drive_number not in drives:
            return "drive_swapped"
        return "drive_went_back" if taken else None

    async def _register(self, registrar: FiscalOffice, claim: Claim, intent: intents.IntentRow) -> FiscalDocument:
        receipt, asked = receipt_of(self._seller, claim), as_asked(intent)
        if not intent.correction:
            return await registrar.print_receipt(receipt, asked)
        settled_at = (claim.payment.charged_at or intent.intended_at).astimezone(self._seller.zone)
        told = dataclasses.replace(receipt, cashless=None)  # 1234 is a receipt's
        correction = Correction(told, CorrectionKind.SELF, settled_at.date())
        return await registrar.print_correction(correction, asked)

    async def _is_correction(
        self, registrar: FiscalOffice, claim: Claim, counter: FiscalCounter, now: datetime
    ) -> bool:
        if claim.fix or (claim.takes_back and self._on_refusal is OnRefusal.CORRECTION):
            return (await registrar.registration()).ffd != _WITHOUT_LINES_IN_CORRECTIONS
        return await self._is_overdue(claim, counter, now)

    async def _is_overdue(self, claim: Claim, counter: FiscalCounter, now: datetime) -> bool:
        """A sale that got no receipt in its day, or in its shift while the meal was given out, is made up for by a
        correction (54-FZ art. 4.3 p. 4)."""
        charged_at = claim.payment.charged_at
        if claim.operation is not Operation.SALE or charged_at is None or now - charged_at < _IN_TIME:
            return False
        zone = self._seller.zone
        if charged_at.astimezone(zone).date() != now.astimezone(zone).date():
            return True
        opened_at = await self._db.read(shifts.read_opened, counter.drive_number, counter.shift)
        return claim.payment.released_at is not None and opened_at is not None and opened_at > charged_at

    async def print_slip(self, number: str, pickup_code: str) -> None:
        """After the receipt: the number, the code, who to ask. Once, and never in a receipt's way."""
        if not self._seller.slip:
            return
        name, phone = self._seller.slip
        lines = (name, "", f"ЗАКАЗ {number}", f"Код выдачи {pickup_code}", "", f"Вопросы: {phone}", "", "")
        try:
            async with self._desk.turn() as registrar:
                await registrar.print_text(lines, cut=True)
        except DeviceError as error:
            _log.warning("slip_not_printed", error=str(error))

    async def _find(self, registrar: FiscalOffice, intent: intents.IntentRow) -> FiscalDocument | None:
        others = await self._db.write(intents.registered_after, intent.drive_number, intent.fd_before)
        return await registrar.find_receipt(as_asked(intent, others))

    async def _settle_others(self, registrar: FiscalOffice) -> None:
        """A new document must not come between an older intent and its proof: what is in doubt is asked first."""
        for intent in await self._db.read(intents.in_doubt):
            try:
                document = await self._find(registrar, intent)
            except ForeignState as error:  # only a person can tell; the order id keeps the two apart
                _log.error("receipt_in_doubt", payment_id=intent.payment_id, error=str(error))
                continue
            await self._db.write(self._note_found, intent, document)

    def _note_found(self, tx: Tx, intent: intents.IntentRow, document: FiscalDocument | None) -> None:
        if document is None:
            intents.disprove(tx, intent.intent_id)
        else:
            register(tx, intent, document, self._seller.zone)

    def _intend(
        self, tx: Tx, claim: Claim, counter: FiscalCounter, now: datetime, *, correction: bool = False
    ) -> intents.IntentRow:
        if claim.is_sale:
            current = payments.require(tx, claim.payment.payment_id)
            first = current.step in BEFORE_PAPER
            payments.move(tx, current, PaymentStep.ANNOUNCING if first else PaymentStep.PRINTING)
        return intents.add(
            tx,
            claim.payment,
            refund_id=claim.refund_id,
            operation=claim.operation.name.lower(),
            total_kopecks=claim.total_kopecks,
            drive_number=counter.drive_number,
            fd_before=counter.last_document,
            shift=counter.shift,
            lines=claim.lines,
            correction=correction,
            fix=claim.fix,
            now=now,
        )

    def intend_since(
        self, tx: Tx, claim: Claim, counter: FiscalCounter, now: datetime, found: FiscalDocument | None = None
    ) -> None:
        """An intent that makes the next try look through every document since `counter` before it prints, in the place
        of one that stood elsewhere; where the document is `found` already, the next try goes on behind it."""
        if (earlier := intent_of(tx, claim)) is not None:
            intents.disprove(tx, earlier.intent_id)
        intent = self._intend(tx, claim, counter, now, correction=found is not None and found.correction)
        register(tx, intent, found, self._seller.zone)

    async def _record(self, payment: Payment, intent: intents.IntentRow, document: FiscalDocument | None) -> Payment:
        def run(tx: Tx) -> Payment:
            register(tx, intent, document, self._seller.zone)
            current = payments.require(tx, payment.payment_id)
            if current.step is not PaymentStep.ANNOUNCING:
                return payments.move(tx, current, PaymentStep.FISCALISED)
            return payments.move(tx, current, PaymentStep.ANNOUNCED, receipt_failed_at=None, receipt_error=None)

        self.failures.forget(payment)
        return await self._db.write(run)

    async def _reload(self, payment: Payment) -> Payment:
        return await self._db.read(payments.require, payment.payment_id)
