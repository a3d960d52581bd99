"""Cross-check of bank, fiscal drive, robot, orders, points and events: every mismatch by name, nothing mended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

import msgspec
import structlog

from drivers.bank.port import Acquirer, ChargeStatus, Transaction
from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalCounter, FiscalSwitch, Operation
from drivers.robot.port import CookingComplex
from kiosk.clock import Clock
from kiosk.flows.fiscalising import Fiscalising
from kiosk.store import audits
from kiosk.store.audits import Mismatch, Settled
from kiosk.store.database import Database

_log = structlog.get_logger()
A = TypeVar("A")
_BOOKS = timedelta(days=31)
_BANK_REMEMBERS = timedelta(hours=23)  # it forgets keys after 24 h


class AuditView(msgspec.Struct, frozen=True):
    """`skipped`: books that could not be asked just now, of several registrars each by its name. `other_drives`:
    receipts that stand in drives which are in no registrar that answers, and cannot be asked."""

    checked_payments: int
    mismatches: list[Mismatch]
    skipped: list[str]
    other_drives: int = 0


class Auditing:
    def __init__(
        self,
        database: Database,
        bank: Acquirer,
        registrar: FiscalSwitch,
        robot: CookingComplex,
        fiscalising: Fiscalising,
        clock: Clock,
    ) -> None:
        self._db = database
        self._bank = bank
        self._registrar = registrar
        self._robot = robot
        self._fiscalising = fiscalising
        self._clock = clock

    async def audit(self) -> AuditView:
        now = self._clock.now()
        mismatches = await self._db.walk(audits.broken_invariants, now - _BOOKS, now)
        settled = await self._db.walk(audits.read_settled, now - _BANK_REMEMBERS)
        asked: dict[str, str] = {}
        checks: list[tuple[str, Callable[[], Awaitable[list[Mismatch]]]]] = [
            ("bank", lambda: self._ask_bank(settled)),
            *((self._word(name), partial(self._ask_registrar, name, settled, asked)) for name in self._names()),
            ("robot", self._ask_robot),
        ]
        skipped: list[str] = []
        for name, check in checks:
            try:
                mismatches += await check()
            except DeviceError as error:
                skipped.append(f"{name}: {error.code}")
        for row in mismatches:
            _log.error("audit_mismatch", check=row.check, subject=row.subject, detail=row.detail)
        elsewhere = [row for row in settled if row.document_number is not None and row.drive_number not in asked]
        return AuditView(len(settled), mismatches, skipped, len(elsewhere))

    def _names(self) -> list[str]:
        """Of the registrars, the one in use first."""
        return sorted(self._registrar.names, key=lambda name: name != self._registrar.active)

    def _word(self, name: str) -> str:
        return f"fiscal:{name}" if len(self._registrar.names) > 1 else "fiscal"

    async def _ask_bank(self, settled: list[Settled]) -> list[Mismatch]:
        found = []
        for row in settled:
            answer = await self._bank.find(f"{row.order_id}:{row.attempt}")
            if (wrong := _against_bank(row, answer)) is not None:
                found.append(Mismatch("bank_disagrees", row.payment_id, wrong))
        return found

    async def _ask_registrar(self, name: str, settled: list[Settled], asked: dict[str, str]) -> list[Mismatch]:
        """Of the drive that is in it now: our receipts there, and receipts there that are nobody's. `asked`: drives
        that were, and by which registrar."""
        registrar = self._registrar.at(name)
        counter = await self._in_turn(name, registrar.counter)
        if asked.setdefault(counter.drive_number, name) != name:
            return []  # the same register by another way
        found = []
        for row in settled:
            if row.document_number is None or row.drive_number != counter.drive_number:
                continue
            document = await self._in_turn(name, partial(registrar.read_document, row.document_number))
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
            document = await self._in_turn(name, partial(self._registrar.at(name).read_document, number))
            if document is not None:
                detail = f"{document.operation.name.lower()} {document.total_kopecks}"
                found.append(Mismatch("document_unknown", f"{document.drive_number} {number}", detail))
        return found

    async def _in_turn(self, name: str, question: Callable[[], Awaitable[A]]) -> A:
        """A spare that is slow to answer holds up no receipt."""
        if name != self._registrar.active:
            return await question()
        async with self._fiscalising.turn:
            return await question()

    async def _ask_robot(self) -> list[Mismatch]:
        jobs = await self._robot.jobs()
        known = await self._db.read(audits.known_jobs, [job.job_id for job in jobs])
        return [Mismatch("foreign_job", str(job.job_id), job.state.name) for job in jobs if job.job_id not in known]


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
        fits = told not in (ChargeStatus.APPROVED, ChargeStatus.PENDING)
    if fits and answer is not None and row.transaction_id and answer.transaction_id not in (None, row.transaction_id):
        return f"transaction {answer.transaction_id} instead of {row.transaction_id}"
    return None if fits else f"{row.step} here, {told or 'unknown'} at the bank"
