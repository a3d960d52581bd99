"""Cross-check of banks, fiscal drive, robot, orders, points and events: every mismatch by name, nothing mended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import structlog

from drivers.bank.port import ChargeStatus, Transaction
from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalCounter, FiscalDocument, Operation
from drivers.robot.port import CookingComplex
from kiosk.clock import Clock
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.guards.archive import OrderArchive
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.fiscal import audits
from kiosk.store.fiscal.audits import Mismatch, Period, Settled
from kiosk.store.transaction import Reader

_log = structlog.get_logger()
_BOOKS = timedelta(days=31)
_BANK_REMEMBERS = timedelta(hours=23)  # it forgets keys after 24 h


class AuditView(msgspec.Struct, frozen=True):
    """`skipped`: books that could not be asked just now, of several registrars each by its name. `other_drives`:
    receipts in drives which are in no registrar that answers, and cannot be asked. `journal_seal`: of all lines of the
    journal so far; noted elsewhere it proves later that none of them was altered."""

    checked_payments: int
    mismatches: list[Mismatch]
    skipped: list[str]
    other_drives: int = 0
    journal_seal: str = ""


#: Asks a bank of one attempt, by order and number of the attempt.
Book = Callable[[str, int], Awaitable[Transaction | None]]


class Audit:
    def __init__(
        self,
        database: Database,
        archive: OrderArchive,
        desk: RegistrarDesk,
        robot: CookingComplex,
        *,
        books: Mapping[str, tuple[str, Book]],
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        """`books`: by way to pay, the word for its bank and how that is asked."""
        self._db = database
        self._archive = archive
        self._zone = zone
        self._desk = desk
        self._robot = robot
        self._clock = clock
        self._books = books

    async def audit(self, tell: Callable[[str], None] = lambda _: None) -> AuditView:
        """`tell` hears what is looked at: `books`, `journal`, a bank's word, `fiscal` with a name, `robot`."""
        tell("books")
        now = self._clock.now()
        mismatches = await self._db.walk(audits.broken_invariants, Period(now - _BOOKS), now)
        tell("journal")
        mismatches += [
            Mismatch("journal_altered", str(row.entry or "end"), row.line)
            for row in await self._db.walk(journal.altered)
        ]
        settled = await self._db.walk(audits.read_settled, now - _BANK_REMEMBERS)
        asked: dict[str, str] = {}
        checks: list[tuple[str, Callable[[], Awaitable[list[Mismatch]]]]] = [
            *((word, partial(self._ask_bank, method, book, settled)) for method, (word, book) in self._books.items()),
            *((self._word(name), partial(self._ask_registrar, name, settled, asked)) for name in self._names()),
            ("robot", self._ask_robot),
        ]
        skipped: list[str] = []
        for name, check in checks:
            tell(name)
            try:
                mismatches += await check()
            except DeviceError as error:
                skipped.append(f"{name}: {error.code}")
        for row in mismatches:
            _log.error("audit_mismatch", check=row.check, subject=row.subject, detail=row.detail)
        seal = await self._db.read(journal.last_seal)
        _log.info("audit", mismatches=len(mismatches), journal_seal=seal)
        elsewhere = [row for row in settled if row.document_number is not None and row.drive_number not in asked]
        return AuditView(len(settled), mismatches, skipped, len(elsewhere), seal)

    async def audit_of(self, first: date, last: date) -> AuditView:
        """Our own books of these days, in whichever archive they are; no device remembers so long. `skipped`:
        archives that cannot be read."""
        now, day = self._clock.now(), timedelta(days=1)
        since, until = (datetime.combine(one, datetime.min.time(), self._zone) for one in (first, last + day))
        here = await self._db.walk(_books_of, Period(since, until), now)
        archived, skipped = await self._archive.each(
            since, until, lambda reader: _books_of(reader, Period(since, until, moved=True), now)
        )
        found = [row for mismatches, _ in (here, *archived) for row in mismatches]
        payments = here[1].union(*(settled for _, settled in archived))
        return AuditView(len(payments), found, skipped)

    def _names(self) -> list[str]:
        """The one in use first."""
        return sorted(self._desk.names, key=lambda name: name != self._desk.active)

    def _word(self, name: str) -> str:
        return f"fiscal:{name}" if len(self._desk.names) > 1 else "fiscal"

    async def _ask_bank(self, method: str, book: Book, settled: list[Settled]) -> list[Mismatch]:
        found = []
        for row in settled:
            if row.method != method:
                continue
            answer = await book(row.order_id, row.attempt)
            if (wrong := _against_bank(row, answer)) is not None:
                found.append(Mismatch("bank_disagrees", row.payment_id, wrong))
        return found

    async def _ask_registrar(self, name: str, settled: list[Settled], asked: dict[str, str]) -> list[Mismatch]:
        """Of the drive that is in it now: our receipts there, and receipts there that are nobody's. `asked`: drives
        that were, and by which registrar."""
        async with self._desk.at(name) as registrar:
            counter = await registrar.counter()
        if asked.setdefault(counter.drive_number, name) != name:
            return []  # the same register by another way
        found = []
        for row in settled:
            if row.document_number is None or row.drive_number != counter.drive_number:
                continue
            document = await self._read(name, row.document_number)
            if document is None or document.drive_number != row.drive_number:
                found.append(Mismatch("document_missing", row.payment_id, str(row.document_number)))
            elif (document.operation, document.total_kopecks) != (Operation.SALE, row.amount_kopecks):
                detail = f"{row.document_number}: {document.total_kopecks} instead of {row.amount_kopecks}"
                found.append(Mismatch("document_differs", row.payment_id, detail))
        return found + await self._nobodys(name, counter)

    async def _nobodys(self, name: str, counter: FiscalCounter) -> list[Mismatch]:
        """Receipts in the drive since the first that we asked of it in these hours, but none behind one in doubt: it
        may be that one."""
        span = await self._db.read(audits.read_span, counter.drive_number, self._clock.now() - _BANK_REMEMBERS)
        if span.first is None:
            return []
        last = counter.last_document if span.in_doubt_after is None else span.in_doubt_after
        found = []
        for number in range(span.first + 1, last + 1):
            if number in span.ours:
                continue
            document = await self._read(name, number)
            if document is not None:
                detail = f"{document.operation.name.lower()} {document.total_kopecks}"
                found.append(Mismatch("document_unknown", f"{document.drive_number} {number}", detail))
        return found

    async def _read(self, name: str, number: int) -> FiscalDocument | None:
        """Each in a turn of its own, so that sales go on between two of them."""
        async with self._desk.at(name) as registrar:
            return await registrar.read_document(number)

    async def _ask_robot(self) -> list[Mismatch]:
        jobs = await self._robot.jobs()
        known = await self._db.read(audits.known_jobs, [job.job_id for job in jobs])
        return [Mismatch("foreign_job", str(job.job_id), job.state.name) for job in jobs if job.job_id not in known]


def _books_of(reader: Reader, period: Period, now: datetime) -> tuple[list[Mismatch], frozenset[str]]:
    return audits.broken_invariants(reader, period, now), audits.settled_of(reader, period)


def _against_bank(row: Settled, answer: Transaction | None) -> str | None:
    """What the bank says against our record, or None."""
    told = None if answer is None else answer.status
    if row.step == "done" and not row.refunded_kopecks:
        fits = told is ChargeStatus.APPROVED
    elif row.step == "done":
        fits = told in (ChargeStatus.APPROVED, ChargeStatus.VOIDED, ChargeStatus.REFUNDED)
    elif row.step == "reversed":
        fits = told in (ChargeStatus.VOIDED, ChargeStatus.REFUNDED)
    else:
        fits = told not in (ChargeStatus.APPROVED, ChargeStatus.HELD, ChargeStatus.PENDING)
    if fits and answer is not None and row.transaction_id and answer.transaction_id not in (None, row.transaction_id):
        return f"transaction {answer.transaction_id} instead of {row.transaction_id}"
    return None if fits else f"{row.step} here, {told or 'unknown'} at the bank"
