"""After a backup was put back: bank and registrar are asked what the books have lost.

Nothing new is paid until every contradiction is settled (database.md#restore)."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from drivers.bank.port import Acquirer, ChargeStatus, ListedTransaction, Transaction
from drivers.errors import DeviceError, pause_word
from drivers.fiscal.port import FiscalDocument, Operation
from kiosk.clock import Clock
from kiosk.domain.errors import BankUnavailable
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.ordering.order import OrderStatus
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.domain.reasons import BOOKS
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.contradictions import CONTRADICTS, agrees
from kiosk.flows.ordering.create import cancel_order
from kiosk.flows.payment.attempts import AnswerStore
from kiosk.flows.payment.method import Methods
from kiosk.flows.staff.drive_search import DriveSearch, Search, SearchedDrive, Wanted
from kiosk.flows.staff.lost_receipts import RECEIPT_OWED, OwedReceipts
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.fiscal import audits, intents
from kiosk.store.keep import backups
from kiosk.store.ordering import orders
from kiosk.store.payment import payments, refunds
from kiosk.store.staff import troubles
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_CLOCKS_DIFFER = timedelta(hours=1)
_UNBEGUN = (PaymentStep.RESERVING, PaymentStep.PREFLIGHT)
_PAPER = (PaymentStep.CHOOSING, PaymentStep.ANNOUNCING, PaymentStep.ANNOUNCED)
_BEFORE_MONEY = (*_UNBEGUN, *_PAPER, PaymentStep.CHARGING)
_KEPT = (ChargeStatus.APPROVED, ChargeStatus.HELD)
_WORDS = {Operation.SALE: "receipt", Operation.REFUND: "refund receipt"}
_NOBODYS = {
    Operation.SALE: "no charge of the bank's list belongs to it",
    Operation.REFUND: "no refund that the books know of belongs to it",
}
Found = tuple[SearchedDrive, FiscalDocument] | None


class AfterRestore:
    """`pending()` at start; `run()` until the books agree, then `go_on` starts the work."""

    def __init__(
        self,
        database: Database,
        bank: Acquirer,
        desk: RegistrarDesk,
        receipts: Receipts,
        readiness: Readiness,
        clock: Clock,
        *,
        methods: Methods,
        periods: Periods = USUAL,
    ) -> None:
        """`methods`: they tell whose payments are in the bank's list, and how the others' banks are asked."""
        self._listed = methods.listed
        self._books = methods.books
        self._periods = periods
        self._db = database
        self._bank = bank
        self._searching = DriveSearch(database)
        self._desk = desk
        self._receipts = receipts
        self._owed = OwedReceipts(database, receipts)
        self._readiness = readiness
        self._clock = clock
        self._answers = AnswerStore()

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
            await self._clock.sleep(self._periods.restored_s)
        now = self._clock.now()

        def end(tx: Tx) -> None:
            backups.end_reconciling(tx)
            journal.add(tx, "kiosk", "reconciled", "", now)

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
                await self._clock.sleep(self._periods.restored_s)

    async def _compare(self) -> None:
        """Every answer first, then one transaction: a crash before it compares again."""

        def look(reader: Reader) -> tuple[datetime | None, list[Payment], list[Payment]]:
            newest = backups.newest_moment(reader)
            return newest, payments.recent(reader, newest), payments.unfinished(reader)

        newest, recent, unfinished = await self._db.read(look)
        known = {(row.order_id, row.attempt): row for row in recent}
        since = (newest or self._clock.now()) - _CLOCKS_DIFFER
        listed = await self._bank.listing(since)
        back = {r.transaction.transaction_id for r in listed if r.transaction.status not in _KEPT}
        lost = [row for row in listed if row.transaction.status in _KEPT and _is_lost(row, known)]
        asked = await self._asked(unfinished)
        lost += [row for row in asked.values() if row.transaction.status in _KEPT]
        async with self._desk.all() as registrars:
            search = await self._searching.begin(registrars, since, self._receipts.zone)
            receipts = {row.transaction.transaction_id: await search.find(_sale_of(row)) for row in lost}
            owed = await self._owed.look(search, back)
        now = self._clock.now()

        def run(tx: Tx) -> None:
            for row in lost:
                receipt, by_hand = receipts[row.transaction.transaction_id], row in asked.values()
                _note_charge(tx, row, receipt, search.missing, now, by_hand=by_hand)
            for drive in search.drives:
                _note_strangers(tx, drive, search, now)
            for payment in unfinished:
                returned, told = payment.transaction_id in back, asked.get(payment.payment_id)
                settle = partial(self._settle, tx, payment, returned=returned, told=told, now=now)
                if not agrees(tx, payment.order_id, settle, now):
                    troubles.note_doubt(tx, f"pay:{payment.payment_id}", CONTRADICTS, now)
            self._owed.settle(tx, owed, search, now)
            for order in orders.in_status(tx, OrderStatus.CREATED):
                agrees(tx, order.order_id, partial(cancel_order, tx, order, now, "kiosk"), now)

        await self._db.write(run)

    async def _asked(self, unfinished: Sequence[Payment]) -> dict[str, ListedTransaction]:
        """By payment, what its bank has of an attempt that the books know from before it was begun, where no list shows
        it. Raises `DeviceError`."""
        found = {}
        for payment in unfinished:
            if (
                payment.step not in (*_UNBEGUN, *_PAPER)
                or payment.method in self._listed
                or payment.method not in self._books
            ):
                continue
            told = await self._books[payment.method][1](payment.order_id, payment.attempt)
            if told is not None:
                found[payment.payment_id] = _as_listed(payment, told)
        return found

    def _settle(
        self, tx: Tx, payment: Payment, *, returned: bool, told: ListedTransaction | None, now: datetime
    ) -> None:
        """Bring an attempt that was under way to where asking the bank is safe: one that knew of no charge ends here
        (its charge, if there was one, is a finding). What no list shows is asked about by its number, as ever, also
        where its bank says (`told`) that it was begun, and may yet be paid."""
        if payment.step is PaymentStep.CHARGING and payment.method not in self._listed:
            return
        if told is not None and told.transaction.status is ChargeStatus.PENDING:
            _note_paper(tx, payment, now)
            early = payment.step is PaymentStep.RESERVING
            begun = payments.move(tx, payment, PaymentStep.PREFLIGHT) if early else payment
            if begun.step is PaymentStep.ANNOUNCING:
                begun = payments.move(tx, begun, PaymentStep.ANNOUNCED)
            payments.move(tx, begun, PaymentStep.CHARGING, posts=1, posted_at=payment.created_at)
        elif payment.step in _BEFORE_MONEY:
            _note_paper(tx, payment, now)
            self._answers.close(tx, payment, PaymentStep.REFUSED, BankUnavailable(reason="restored"), None, now)
        elif payment.step in RECEIPT_OWED and returned:
            refunds.add_void(tx, payment, "restored", "kiosk", now)
            payments.move(tx, payment, PaymentStep.REVERSING)
        elif payment.step is PaymentStep.CHARGED:
            intent = intents.of_sale(tx, payment.payment_id)
            if intent is not None and intent.status == "registered":
                raise payments.ImpossibleStep(f"{payment.payment_id}: charged, and its receipt stands")

    def _tell(self, reason: str | None, detail: str = "") -> None:
        if self._readiness.set("books", reason, detail=detail):
            _log.warning("books_readiness", reason=reason, detail=detail)


def _note_paper(tx: Tx, payment: Payment, now: datetime) -> None:
    """Its receipt came first: what was printed, paid or taken back since the backup a person reads off the paper."""
    if not payment.receipt_first:
        return
    intent = intents.of_sale(tx, payment.payment_id)
    stands = (
        f"its receipt is document {intent.document_number}" if intent and intent.document_number else "no receipt known"
    )
    detail = f"order {payment.order_id} wanted its receipt before the money; {stands}: is it paid, is it taken back?"
    troubles.add_finding(
        tx,
        "paper_after_backup",
        payment.payment_id,
        detail,
        now,
        order_id=payment.order_id,
        amount_kopecks=payment.amount_kopecks,
    )


def _is_lost(row: ListedTransaction, known: dict[tuple[str, int], Payment]) -> bool:
    """It belongs to no payment of ours."""
    order_id, _, attempt = (row.key or "").rpartition(":")
    if order_id and attempt.isascii() and attempt.isdigit() and len(attempt) < 10:
        payment = known.get((order_id, int(attempt)))
        return payment is None or payment.step in _BEFORE_MONEY
    transaction_id = row.transaction.transaction_id
    return all(payment.transaction_id != transaction_id for payment in known.values())


def _sale_of(row: ListedTransaction) -> Wanted:
    """Its receipt, or the correction that made up for it."""
    return Wanted(Operation.SALE, row.order_id or "", row.amount_kopecks or 0, (False, True))


def _as_listed(payment: Payment, told: Transaction) -> ListedTransaction:
    """As a bank's list would show it, under our own number: only a person can give it back, at its bank."""
    known = dataclasses.replace(told, transaction_id=payment.payment_id)
    return ListedTransaction(known, payment.bank_key, payment.order_id, payment.amount_kopecks, None)


def _note_charge(
    tx: Tx, row: ListedTransaction, found: Found, missing: Sequence[str], now: datetime, *, by_hand: bool
) -> None:
    """`by_hand`: only a person can give it back, at its own bank."""
    transaction_id = row.transaction.transaction_id or ""
    order = f"order {row.order_id}, charged, lost with the backup"
    if found is not None:  # money and receipt agree: give back by the registrar's own refund, if it must be
        document = f"document {found[1].number} of drive {found[1].drive_number}"
        kind, detail, returns = (
            "sale_after_backup",
            f"{order}; its receipt is {document}: was the meal handed out?",
            None,
        )
    else:
        asked = f" in drives that can be asked, drive {', '.join(missing)} cannot" if missing else ""
        advice = "; if it must go back, at its own bank" if by_hand else ""
        detail = f"{order}; no receipt of it stands{asked}{advice}"
        kind, returns = "charge_after_backup", None if by_hand else transaction_id
    troubles.add_finding(
        tx,
        kind,
        transaction_id,
        detail,
        now,
        order_id=row.order_id,
        amount_kopecks=row.amount_kopecks,
        transaction_id=returns,
    )


def _note_strangers(tx: Tx, drive: SearchedDrive, search: Search, now: datetime) -> None:
    """Receipts in a drive that neither the bank's list nor the books account for."""
    serial = drive.since.drive_number
    known = intents.registered_after(tx, serial, drive.since.last_document)
    for document in drive.documents:
        number = document.number
        if number in known or (serial, number) in search.taken:
            continue
        detail = f"{_WORDS[document.operation]} {number} on drive {serial}: {_NOBODYS[document.operation]}"
        troubles.add_finding(tx, "receipt_after_backup", f"{serial} {number}", detail, now)
    audits.note_looked_through(tx, serial, drive.last_document)
