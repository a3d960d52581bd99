"""After a backup was put back: bank and registrar are asked what the books have lost.

Nothing new is paid until every contradiction is settled (reliability §4.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from drivers.bank.port import Acquirer, ChargeStatus, ListedTransaction
from drivers.errors import DeviceError, ForeignState, pause_word
from drivers.fiscal.port import FiscalCounter, FiscalIntent, FiscalRegistrar, Operation
from kiosk.clock import Clock
from kiosk.domain.errors import BankUnavailable
from kiosk.domain.order import OrderStatus
from kiosk.domain.payment import Payment, PaymentStep
from kiosk.domain.readiness import Readiness
from kiosk.domain.reasons import BOOKS
from kiosk.flows.attempts import AnswerStore
from kiosk.flows.contradicting import CONTRADICTS, agrees
from kiosk.flows.fiscalising import Fiscalising
from kiosk.flows.ordering import cancel_order
from kiosk.store import audits, backups, orders, payments, records, refunds, troubles
from kiosk.store.database import Database, Reader, Tx

_log = structlog.get_logger()
_LOOK_S = 2.0
_CLOCKS_DIFFER = timedelta(hours=1)
_BEFORE_MONEY = (PaymentStep.RESERVING, PaymentStep.PREFLIGHT, PaymentStep.CHARGING)
_DOCUMENTS = 2000


class Reconciling:
    """`pending()` at start; `run()` until the books agree, then `go_on` starts the work."""

    def __init__(
        self,
        database: Database,
        bank: Acquirer,
        registrar: FiscalRegistrar,
        fiscalising: Fiscalising,
        readiness: Readiness,
        clock: Clock,
    ) -> None:
        self._db = database
        self._bank = bank
        self._registrar = registrar
        self._fiscalising = fiscalising
        self._readiness = readiness
        self._clock = clock
        self._answers = AnswerStore()
        self._told = ""

    async def pending(self) -> bool:
        found = await self._db.read(backups.restored_at) is not None
        self._readiness.set("books", BOOKS if found else None)
        return found

    async def run(self, go_on: Callable[[], Awaitable[None]]) -> None:
        """Compare once both devices answer, wait for a person to settle what was found, then go on."""
        await self._until_compared()
        while True:
            left = await self._db.read(troubles.open_findings)
            if not left:
                break
            self._tell(BOOKS, "a person settles what differs: kiosk stuck")
            await self._clock.sleep(_LOOK_S)
        now = self._clock.now()

        def end(tx: Tx) -> None:
            backups.end_reconciling(tx)
            records.journal(tx, "kiosk", "reconciled", "", now)

        await self._db.write(end)
        self._tell(None)
        await go_on()

    async def _until_compared(self) -> None:
        while True:
            try:
                await self._compare()
                return
            except DeviceError as error:
                _log.warning("reconciling_waits", error=str(error))
                self._tell(BOOKS, f"waits for {error.device}: {pause_word(error)}")
                await self._clock.sleep(_LOOK_S)

    async def _compare(self) -> None:
        """Every answer first, then one transaction: a crash before it compares again."""

        def look(reader: Reader) -> tuple[datetime | None, list[Payment], list[Payment]]:
            newest = backups.newest_moment(reader)
            return newest, payments.recent(reader, newest), payments.unfinished(reader)

        newest, recent, unfinished = await self._db.read(look)
        known = {(row.order_id, row.attempt): row for row in recent}
        since = (newest or self._clock.now()) - _CLOCKS_DIFFER
        listed = await self._bank.listing(since)
        async with self._fiscalising.turn:
            counter, first = await self._counter()
            lost = [row for row in listed if row.transaction.status is ChargeStatus.APPROVED and _is_lost(row, known)]
            receipts = {row.transaction.transaction_id: await self._receipt(row, counter, first, since) for row in lost}
            strangers = await self._sales(first, counter.last_document) - set(filter(None, receipts.values()))
        now = self._clock.now()
        back = {r.transaction.transaction_id for r in listed if r.transaction.status is not ChargeStatus.APPROVED}

        def run(tx: Tx) -> None:
            for row in lost:
                _note_charge(tx, row, receipts[row.transaction.transaction_id], now)
            for number in sorted(strangers - payments.registered_after(tx, counter.drive_number, first)):
                detail = f"receipt {number} on drive {counter.drive_number}: no charge of the bank's list belongs to it"
                troubles.add_finding(tx, "receipt_after_backup", f"{counter.drive_number} {number}", detail, now)
            audits.note_looked_through(tx, counter.drive_number, counter.last_document)
            for payment in unfinished:
                settle = partial(self._settle, tx, payment, payment.transaction_id in back, counter, first, now)
                if not agrees(tx, payment.order_id, settle, now):
                    troubles.note_doubt(tx, f"pay:{payment.payment_id}", CONTRADICTS, now)
            for order in orders.in_status(tx, OrderStatus.CREATED):
                agrees(tx, order.order_id, partial(cancel_order, tx, order, now, "kiosk"), now)

        await self._db.write(run)

    async def _counter(self) -> tuple[FiscalCounter, int]:
        """The drive as it is, and the last document of it that the books know (its present end where it is new)."""
        counter = await self._registrar.counter()
        first = await self._db.read(backups.last_document, counter.drive_number)
        return counter, counter.last_document if first is None else first

    async def _receipt(self, row: ListedTransaction, counter: FiscalCounter, first: int, since: datetime) -> int | None:
        """The receipt of a charge the books do not know."""
        before = FiscalCounter(counter.drive_number, first, counter.shift)
        intent = FiscalIntent(before, Operation.SALE, row.order_id or "", row.amount_kopecks or 0, since)
        try:
            document = await self._registrar.find_receipt(intent)
        except ForeignState:  # receipts of other orders, none of this one
            return None
        return None if document is None else document.number

    async def _sales(self, first: int, last: int) -> set[int]:
        found: set[int] = set()
        for number in range(max(first + 1, last - _DOCUMENTS), last + 1):
            document = await self._registrar.read_document(number)
            if document is not None and document.operation is Operation.SALE:
                found.add(number)
        return found

    def _settle(
        self, tx: Tx, payment: Payment, returned: bool, counter: FiscalCounter, first: int, now: datetime
    ) -> None:
        """Bring an attempt that was under way to where asking the devices is safe: one that knew of no charge ends
        here (its charge, if there was one, is a finding); one that was charged must look for its receipt first."""
        if payment.step in _BEFORE_MONEY:
            self._answers.close(tx, payment, PaymentStep.REFUSED, BankUnavailable(reason="restored"), None, now)
        elif payment.step in (PaymentStep.CHARGED, PaymentStep.PRINTING) and returned:
            refunds.add_void(tx, payment, "restored", "kiosk", now)
            payments.move(tx, payment, PaymentStep.REVERSING)
        elif payment.step is PaymentStep.CHARGED:
            self._fiscalising.intend_since(tx, payment, FiscalCounter(counter.drive_number, first, counter.shift), now)

    def _tell(self, reason: str | None, detail: str = "") -> None:
        if self._readiness.set("books", reason) or detail != self._told:
            self._told = detail
            _log.warning("books_readiness", reason=reason, detail=detail)


def _is_lost(row: ListedTransaction, known: dict[tuple[str, int], Payment]) -> bool:
    """No payment of ours stands behind it."""
    order_id, _, attempt = (row.key or "").rpartition(":")
    if order_id and attempt.isascii() and attempt.isdigit() and len(attempt) < 10:
        payment = known.get((order_id, int(attempt)))
        return payment is None or payment.step in _BEFORE_MONEY
    transaction_id = row.transaction.transaction_id
    return all(payment.transaction_id != transaction_id for payment in known.values())


def _note_charge(tx: Tx, row: ListedTransaction, document: int | None, now: datetime) -> None:
    transaction_id = row.transaction.transaction_id or ""
    order = f"order {row.order_id}, charged, lost with the backup"
    if document is not None:  # money and receipt agree: give back by the registrar's own refund, if it must be
        detail = f"{order}; its receipt is document {document}: was the meal handed out?"
        troubles.add_finding(
            tx,
            "sale_after_backup",
            transaction_id,
            detail,
            now,
            order_id=row.order_id,
            amount_kopecks=row.amount_kopecks,
        )
        return
    troubles.add_finding(
        tx,
        "charge_after_backup",
        transaction_id,
        f"{order}; no receipt of it stands",
        now,
        order_id=row.order_id,
        amount_kopecks=row.amount_kopecks,
        transaction_id=transaction_id,
    )
