"""What a backup believes without its receipt (a sale, a refund, a fix) is looked for before it is printed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from drivers.fiscal.port import FiscalCounter, FiscalDocument, Operation
from kiosk.domain.errors import DomainError
from kiosk.domain.payment.payment import PaymentStep
from kiosk.flows.fiscal.claim import Claim, intent_of, register, standing_lines
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.contradictions import CONTRADICTS, agrees
from kiosk.flows.payment.ending import owes_return
from kiosk.flows.payment.portions import refunded_lines
from kiosk.flows.staff.drive_search import Search, SearchedDrive, Wanted
from kiosk.store.database import Database
from kiosk.store.fiscal import fixes
from kiosk.store.payment import payments, refunds
from kiosk.store.staff import troubles
from kiosk.store.transaction import Reader, Tx

RECEIPT_OWED = (PaymentStep.CHARGED, PaymentStep.PRINTING)
#: A receipt that came first may have been taken back since, where no money came.
RETURN_OWED = (PaymentStep.CHARGING, PaymentStep.REVERSING, PaymentStep.TAKING_BACK)


ClaimOf = Callable[[Reader], Claim]


@dataclass(frozen=True, slots=True)
class Owed:
    """`job`: who carries it out; `claim`: None where its rows contradict each other; `found`: the document."""

    job: str
    order_id: str
    claim_of: ClaimOf
    claim: Claim | None
    found: tuple[SearchedDrive, FiscalDocument] | None = None


class OwedReceipts:
    """`look` asks the drives, `settle` stores what that found."""

    def __init__(self, database: Database, receipts: Receipts) -> None:
        self._db = database
        self._receipts = receipts

    async def look(self, search: Search, returned: Set[str | None]) -> list[Owed]:
        """Under the registrar's turn; `returned`: transactions whose sale needs no receipt any more. Raises
        `DeviceError`."""
        owed = await self._db.read(self._read, returned)
        return [row if row.claim is None else replace(row, found=await search.find(_wanted(row.claim))) for row in owed]

    def _read(self, reader: Reader, returned: Set[str | None]) -> list[Owed]:
        found = []
        for job, order_id, claim_of in self._jobs(reader, returned):
            try:
                claim = claim_of(reader)
            except (DomainError, LookupError):
                found.append(Owed(job, order_id, claim_of, None))
                continue
            intent = intent_of(reader, claim)
            if intent is None or intent.status == "open":
                found.append(Owed(job, order_id, claim_of, claim))
        return found

    def _jobs(self, reader: Reader, returned: Set[str | None]) -> Iterator[tuple[str, str, ClaimOf]]:
        for payment in payments.unfinished(reader):
            if payment.step in RECEIPT_OWED and payment.transaction_id not in returned:
                sale = partial(self._receipts.sale, payment_id=payment.payment_id)
                yield f"pay:{payment.payment_id}", payment.order_id, sale
            if owes_return(reader, payment) and payment.step in RETURN_OWED:
                back = partial(self._receipts.taking_back, payment_id=payment.payment_id)
                yield f"pay:{payment.payment_id}", payment.order_id, back
        for refund in refunds.unfinished_refunds(reader):
            if refund.receipt_done_at is None:
                yield f"refund:{refund.refund_id}", refund.order_id, partial(_refund, refund=refund)
        for fix in fixes.unfinished_fixes(reader):
            for operation in (Operation.REFUND, Operation.SALE):
                work = partial(self._fix, fix=fix, operation=operation)
                yield f"correct:{fix.payment_id}:{fix.fix}", fix.order_id, work

    def _fix(self, reader: Reader, fix: fixes.FixRow, operation: Operation) -> Claim:
        payment = payments.require(reader, fix.payment_id)
        was = operation is Operation.REFUND
        lines = standing_lines(reader, fix.payment_id, fix.fix) if was else self._receipts.lines(reader, payment)
        return Claim(payment, operation, lines, sum(line.sum_kopecks for line in lines), fix=fix.fix)

    def settle(self, tx: Tx, owed: list[Owed], search: Search, now: datetime) -> None:
        for row in owed:
            if not agrees(tx, row.order_id, partial(self._settle, tx, row, search, now), now):
                troubles.note_doubt(tx, row.job, CONTRADICTS, now)

    def _settle(self, tx: Tx, row: Owed, search: Search, now: datetime) -> None:
        """What is found is adopted; else the next try looks through the drive before it prints. Where it could stand in
        a drive that nobody can ask, it is in doubt there, and a person decides."""
        claim = row.claim or row.claim_of(tx)
        intent = intent_of(tx, claim)
        if row.found is not None:
            drive, document = row.found
            asked = None if intent is None else (intent.drive_number, intent.correction)
            if intent is not None and asked == (document.drive_number, document.correction):
                register(tx, intent, document, self._receipts.zone)
            else:
                self._receipts.intend_since(tx, claim, drive.since, now, document)
        elif search.missing and (intent is None or intent.drive_number not in search.missing):
            self._receipts.intend_since(tx, claim, FiscalCounter(search.missing[0], 0, 0), now)
        elif intent is None:
            self._receipts.intend_since(tx, claim, search.drives[0].since, now)


def _refund(reader: Reader, refund: refunds.RefundRow) -> Claim:
    payment = payments.require(reader, refund.payment_id)
    lines = refunded_lines(reader, payment, refund)
    return Claim(payment, Operation.REFUND, lines, sum(line.sum_kopecks for line in lines), refund.refund_id)


def _wanted(claim: Claim) -> Wanted:
    """A late sale is made up for by a correction; what makes a receipt right is one, but by FFD 1.05."""
    if claim.fix or claim.takes_back:
        corrections: tuple[bool, ...] = (True, False)
    else:
        corrections = (False, True) if claim.is_sale else (False,)
    return Wanted(claim.operation, claim.payment.order_id, claim.total_kopecks, corrections)
