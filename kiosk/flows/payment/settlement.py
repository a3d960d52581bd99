"""The card reader's settlement: journalled before the wire, never beside a payment, a refund or a receipt that is due,
asked about after a crash, tried again after a failure (payment.md#settlement)."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, trouble_word
from drivers.terminal.port import Carried, Errand, TakingReader
from kiosk.clock import rfc3339
from kiosk.domain.errors import DeviceUnavailable
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.payment.payment import Method
from kiosk.domain.payment.settling import SettlingHour
from kiosk.domain.reasons import SETTLEMENT_FAILED, SETTLEMENT_WAITS
from kiosk.flows.guards.jobs import Means
from kiosk.flows.guards.not_done import not_done
from kiosk.flows.payment.reader_numbers import BUSY, DEVICE, ReaderNumbers
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.payment import reader_operations as operations
from kiosk.store.payment.reader_operations import SettlementRow
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
#: Its line among the checks.
CHECK = "settlement"
_NOT_STARTED = f"{DEVICE}:not_started"
_LONGEST_TEXT = 200
#: A person waits so long for its end.
_ANSWER_WITHIN_S = 20.0


class SettlementView(msgspec.Struct, frozen=True):
    """`GET /internal/terminal`. `under_way`: it is asked now, or asked about; `error` of the last try, null where it
    closed the reader's day; `text`: what the reader prints; `settled_at`: the last time that it did."""

    settles: bool
    settle_at: str
    under_way: bool = False
    tried_at: str | None = None
    asked_by: str | None = None
    error: str | None = None
    text: str = ""
    settled_at: str | None = None


class Settlement:
    """`run` for the night, `settle` for a person; nothing of either where the reader has no settlement."""

    def __init__(
        self,
        means: Means,
        reader: TakingReader | None,
        readiness: Readiness,
        *,
        hour: SettlingHour,
        settle_at: str,
        periods: Periods = USUAL,
    ) -> None:
        database = self._db = means.database
        self._reader = reader
        self._clock = means.clock
        self._tasks = means.tasks
        self._cp = means.checkpoint
        self._readiness = readiness
        self._hour = hour
        self._settle_at = settle_at
        self._periods = periods
        self._numbers = None if reader is None else ReaderNumbers(database, reader)
        self._turn = asyncio.Lock()
        self._job: asyncio.Task[None] | None = None  # by hand, whoever asks meanwhile waits for it

    async def view(self) -> SettlementView:
        """What is known of it; of a reader without one, that it has none."""
        if self._reader is None:
            return SettlementView(settles=False, settle_at="")
        open_row = await self._db.read(operations.settlement_under_way)
        last = open_row or await self._db.read(operations.last_ended)
        settled = await self._db.read(operations.last_settled)
        return SettlementView(
            settles=True,
            settle_at=self._settle_at,
            under_way=open_row is not None,
            tried_at=None if last is None else rfc3339(last.asked_at),
            asked_by=None if last is None else last.asked_by,
            error=None if last is None else last.error,
            text="" if last is None else last.text,
            settled_at=None if settled is None or settled.ended_at is None else rfc3339(settled.ended_at),
        )

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            async with self._turn:
                await self._look()
            left = await self._db.read(operations.settlement_under_way)  # nothing is sold by the reader until it ends
            await self._clock.sleep(self._periods.settlement_s if left is None else self._periods.inquiry_s)

    async def settle(self, actor: str) -> SettlementView:
        """Now, by a person; what takes longer than one waits goes on by itself. Raises `DeviceUnavailable` where
        something is under way, the reader is not there, or its bank did not settle."""
        if self._reader is None:
            raise DeviceUnavailable(DEVICE, "no_settlement")
        known = await self.view()
        if self._job is None and known.under_way and self._turn.locked():  # the night's own
            return known
        if self._job is None:
            self._job = self._tasks.start("settle", self._by_hand(actor))
            self._job.add_done_callback(self._ended)
        job = self._job
        await asyncio.wait({job}, timeout=_ANSWER_WITHIN_S)
        if not job.done():
            return await self.view()
        job.result()
        found = await self.view()
        if found.error is not None:
            raise DeviceUnavailable(DEVICE, found.error.partition(":")[2] or found.error)
        return found

    def _ended(self, job: asyncio.Task[None]) -> None:
        self._job = None
        if not job.cancelled():
            job.exception()  # a refusal that nobody waited for is no lost exception

    async def _by_hand(self, actor: str) -> None:
        async with self._turn:
            if (left := await self._db.read(operations.settlement_under_way)) is not None:
                await self._ask(left)
            else:
                await self._begin_and_carry_out(actor)

    async def _look(self) -> None:
        """What a crash or a lost answer left is asked about first."""
        left = await self._db.read(operations.settlement_under_way)
        if left is not None:
            await self._ask(left)
            return
        settled, last = await self._db.read(operations.last_settled), await self._db.read(operations.last_ended)
        settled_at, now = None if settled is None else settled.ended_at, self._clock.now()
        waits = False
        if self._hour.is_due(now, settled_at, None if last is None else last.ended_at):
            try:
                await self._begin_and_carry_out("kiosk")
                return
            except DeviceUnavailable as error:  # the next look tries again
                waits = error.members.get("reason") == BUSY
                if not waits:
                    _log.error("settlement_not_begun", error=str(error.members.get("reason")))
        self._tell(last, overdue=waits and self._hour.is_overdue(now, settled_at))

    def _tell(self, last: SettlementRow | None, *, overdue: bool) -> None:
        """A failure stands among the checks until the next success; it closes no sales."""
        if last is not None and last.error is not None:
            self._readiness.set(CHECK, SETTLEMENT_FAILED, blocks=False, detail=last.error)
        elif overdue:
            self._readiness.set(CHECK, SETTLEMENT_WAITS, blocks=False)
        else:
            detail = "" if last is None else f"{rfc3339(last.ended_at or last.asked_at)} {last.text}"[:_LONGEST_TEXT]
            self._readiness.set(CHECK, None, blocks=False, detail=" ".join(detail.split()))

    async def _begin_and_carry_out(self, actor: str) -> None:
        """Raises `DeviceUnavailable`: nothing was asked."""
        if self._reader is None or self._numbers is None:
            raise DeviceUnavailable(DEVICE, "no_settlement")

        def begin(tx: Tx, number: int, before: int) -> SettlementRow:
            now = self._clock.now()
            journal.add(tx, actor, "settlement", str(number), now)
            return operations.begin_settlement(tx, number, before, actor, now)

        try:
            row = await self._numbers.take(_why_not, begin)
        except DeviceError as error:
            raise not_done(DEVICE, error) from error
        self._cp("settlement.noted")
        try:
            carried = await self._reader.settle(_errand(row))
        except (DeviceUnreachable, DeviceRefused) as error:  # nothing was sent
            await self._end(row, trouble_word(error), "")
            return
        except DeviceError as error:
            _log.error("settlement_unanswered", error=str(error))
            await self._db.write(operations.note_settlement, row.operation, trouble_word(error))
            self._readiness.set(CHECK, SETTLEMENT_FAILED, blocks=False, detail=trouble_word(error))
            return
        self._cp("settlement.answered")
        await self._conclude(row, carried)

    async def _ask(self, row: SettlementRow) -> None:
        """By its number; one that certainly did not begin, and one that the reader tells nothing of any more, has an
        end: a day that is closed twice is closed."""
        if self._reader is None:
            return
        try:
            await self._conclude(row, await self._reader.became(_errand(row), row.operation_before))
        except ForeignState as error:
            await self._end(row, trouble_word(error), "")
        except DeviceError as error:
            word = trouble_word(error)
            if word != row.error:
                _log.warning("settlement_unknown", error=str(error))
                await self._db.write(operations.note_settlement, row.operation, word)
            self._readiness.set(CHECK, SETTLEMENT_FAILED, blocks=False, detail=word)

    async def _conclude(self, row: SettlementRow, carried: Carried | None) -> None:
        if carried is None:
            await self._end(row, _NOT_STARTED, "")
        else:
            error = None if carried.reason is None else f"{DEVICE}:{carried.reason}"
            await self._end(row, error, carried.text)

    async def _end(self, row: SettlementRow, error: str | None, text: str) -> None:
        now = self._clock.now()

        def end(tx: Tx) -> None:
            operations.end_settlement(tx, row.operation, error, text, now)
            journal.add(tx, row.asked_by, "settled" if error is None else "not_settled", error or "", now)

        await self._db.write(end)
        self._cp("settlement.ended")
        if error is None:
            _log.info("terminal_settled", operation=row.operation, text=text)
        else:
            _log.error("terminal_not_settled", operation=row.operation, error=error)
        self._tell(await self._db.read(operations.last_ended), overdue=False)


def _why_not(reader: Reader) -> str | None:
    return None if operations.is_quiet(reader, Method.TERMINAL.value) else BUSY


def _errand(row: SettlementRow) -> Errand:
    return Errand(operation=row.operation, asked_at=row.asked_at)
