"""A refund after payment, whole or by portion: bank, receipt, points, event; each step journalled and retried without
an end.

Void before settlement, refund after it (a refused void falls back); the refund receipt repeats the sold lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from drivers.bank.port import Acquirer
from drivers.errors import DeviceError, trouble_word
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.events import OrderRefundedEvent
from kiosk.domain.ordering.order import PENDING_PORTIONS, OrderStatus, PortionStatus
from kiosk.domain.payment.bonus import share_of
from kiosk.domain.payment.payment import Payment
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.guards.clock import ClockGuard
from kiosk.flows.guards.jobs import Jobs, Means
from kiosk.flows.payment.give_back import give_back
from kiosk.flows.payment.method import Methods
from kiosk.flows.payment.portions import (
    RefundRequest,
    refunded_lines,
)
from kiosk.flows.payment.refund_opening import UNTAKEN, chosen_of, open_refund, reason_of
from kiosk.flows.stock.recall import Recall
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.events import outbox
from kiosk.store.ordering import orders
from kiosk.store.payment import bonuses, payments, refunds
from kiosk.store.staff import troubles
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_BACKOFF_S = (0.5, 1.0, 5.0, 15.0, 60.0)
#: What else is written with a refund that was opened.
Opened = Callable[[Tx, refunds.RefundRow], None]


def nothing_more(_tx: Tx, _refund: refunds.RefundRow) -> None:
    """The refund alone."""


class Refunds:
    """`request` opens a refund, a job carries it out, `resume` takes it up after a restart."""

    def __init__(
        self,
        means: Means,
        archive: OrderArchive,
        bank: Acquirer,
        methods: Methods,
        receipts: Receipts,
        recall: Recall,
        *,
        late_limit_s: float,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._db = means.database
        self._archive = archive
        self._cp = means.checkpoint
        self._late_limit_s = late_limit_s
        self._recall = recall
        self._bank = bank
        self._methods = methods
        self._receipts = receipts
        self._clock = means.clock
        self.clock_guard = ClockGuard(means.database, means.clock)
        self._jobs: Jobs[None] = Jobs(means)

    async def request(self, word: str, request: RefundRequest, actor: str) -> refunds.RefundRow:
        """By staff; `word`: the order's id, its number, or a figure of its receipt; one that has
        moved to its year's archive comes back first. Raises `NotFound`, `OrderStateConflict`, `InvalidRequest`,
        `ArchiveBroken`."""
        order_id = await self.order_of(word)
        *_, chosen = await self._db.read(chosen_of, order_id, request.items, None)
        return await self.give_back(order_id, [row.portion_id for row in chosen], request.reason, actor)

    async def order_of(self, word: str) -> str:
        """The id of the order that `request` means, in the database from now on. Raises `NotFound`,
        `ArchiveBroken`."""
        order = await self._archive.fetch(lambda reader: orders.find_sold(reader, word))
        if order is None:
            raise NotFound
        return order.order_id

    async def give_back(
        self, order_id: str, named: Sequence[int], reason: str, actor: str, opened: Opened = nothing_more
    ) -> refunds.RefundRow:
        """These portions, all of them. `opened` sees the refund in its transaction: what it raises undoes it. Raises
        `NotFound`, `OrderStateConflict`, and what `opened` raises."""
        now = self._clock.now()
        *_, chosen = await self._db.read(chosen_of, order_id, None, named)
        with self._recall.keep_back(chosen):
            # Of these and of no others, as they stand once none of them can be submitted any more.
            *_, chosen = await self._db.write(chosen_of, order_id, None, named)
            begun = await self._recall.recall(chosen)  # the robot first, then the books

            def run(tx: Tx) -> refunds.RefundRow:
                row = open_refund(tx, order_id, None, named, reason, actor, now, begun)
                opened(tx, row)
                journal.add(tx, actor, "refund", f"{order_id} {row.amount_kopecks} {reason}", now)
                return row

            refund = await self._db.write(run)
        self._cp("refund.opened")
        self._start(refund)
        return refund

    async def request_portion(self, portion_id: int, actor: str, opened: Opened = nothing_more) -> None:
        """Give one portion back; `opened` as in `give_back`. Raises `OrderStateConflict` while its payment is not
        settled, and what `opened` raises."""
        now = self._clock.now()

        def run(tx: Tx) -> refunds.RefundRow:
            row = orders.portion(tx, portion_id)
            if row is None:
                raise NotFound
            refund = open_refund(tx, row.order_id, None, [portion_id], reason_of(row), actor, now)
            opened(tx, refund)
            return refund

        self._start(await self._db.write(run))

    def _start(self, refund: refunds.RefundRow) -> None:
        self._jobs.start(f"refund:{refund.refund_id}", partial(self._carry_out, refund))

    def nudge(self) -> None:
        """Whatever waits for its next try tries now."""
        self._jobs.nudge()

    async def resume(self) -> None:
        for refund in await self._db.read(refunds.unfinished_refunds):
            self._start(refund)
        for finding in await self._db.read(troubles.findings_to_return):
            self._return_found(finding.finding_id)

    async def _carry_out(self, refund: refunds.RefundRow) -> None:
        structlog.contextvars.bind_contextvars(order_id=refund.order_id, refund_id=refund.refund_id)

        async def note(error: DeviceError, tries: int) -> None:
            _log.error("refund_retried", error=str(error), tries=tries)
            await self._db.write(refunds.note_refund, refund.refund_id, error=trouble_word(error))

        await self._jobs.retry(partial(self._steps, refund), note, _BACKOFF_S)

    async def _steps(self, refund: refunds.RefundRow) -> None:
        """Money, receipt, then points, order and event in one transaction."""
        payment = await self._db.read(payments.require, refund.payment_id)
        current = await self._current(refund)
        if current.bank_done_at is None:
            kind = await self._give_back(payment, current)
            self._cp("refund.bank")
            now = self._clock.now()
            await self._db.write(refunds.note_refund, refund.refund_id, kind=kind, bank_done_at=now)
            self._cp("refund.noted")
        if current.receipt_done_at is None:
            lines = await self._db.read(refunded_lines, payment, refund)
            await self._receipts.refund(payment, refund.refund_id, lines)
            self._cp("refund.printed")
        now = self._clock.now()
        await self._db.write(self._finish, refund, now)
        self._cp("refund.done")

    async def _give_back(self, payment: Payment, refund: refunds.RefundRow) -> str:
        """`void` or `refund`; a person gives it back where the way to pay knows no refund. A first try is noted before
        the wire: `refund` is as it was before."""
        others = [row for row in await self._refunds_of(payment) if row.refund_id != refund.refund_id]
        method = self._methods.of(payment)
        if method.capabilities.refund and refund.bank_tried_at is None:
            await self._db.write(refunds.note_refund, refund.refund_id, bank_tried_at=self._clock.now())
        return await method.refund(payment, refund, others)

    async def _refunds_of(self, payment: Payment) -> list[refunds.RefundRow]:
        return await self._db.read(refunds.refunds_of, payment.payment_id)

    async def give_back_found(self, finding_id: str, actor: str) -> None:
        """A charge that belongs to no payment is given back whole, retried without an end. Asking again changes
        nothing."""
        await self._db.write(troubles.note_giver, finding_id, actor)
        self._return_found(finding_id)

    def _return_found(self, finding_id: str) -> None:
        self._jobs.start(f"return:{finding_id}", partial(self._carry_back, finding_id))

    async def _carry_back(self, finding_id: str) -> None:
        async def note(error: DeviceError, tries: int) -> None:
            _log.error("return_retried", finding_id=finding_id, error=str(error), tries=tries)

        await self._jobs.retry(partial(self._give_back_once, finding_id), note, _BACKOFF_S)

    async def _give_back_once(self, finding_id: str) -> None:
        """Nothing where a person has settled it meanwhile."""
        found = await self._db.read(troubles.require_finding, finding_id)
        if found.settled_at is not None:
            return
        await give_back(self._bank, found.transaction_id or "", finding_id, found.amount_kopecks or 0)
        now, actor = self._clock.now(), found.settled_by or "kiosk"
        await self._db.write(troubles.settle_finding, finding_id, actor, "refunded", now)

    async def _current(self, refund: refunds.RefundRow) -> refunds.RefundRow:
        rows = await self._db.read(refunds.refunds_of, refund.payment_id)
        return next(row for row in rows if row.refund_id == refund.refund_id)

    def _finish(self, tx: Tx, refund: refunds.RefundRow, now: datetime) -> None:
        payment = payments.require(tx, refund.payment_id)
        if payment.customer_id is not None:
            part = (refund.amount_kopecks, payment.amount_kopecks, payment.refunded_kopecks)
            for kind, points in (
                ("returned", share_of(payment.bonus_points, *part)),
                ("taken_back", -share_of(payment.bonus_accrued, *part)),
            ):
                bonuses.enter(tx, payment.customer_id, kind, points, refund.order_id, refund.refund_id, now)
        payments.note(tx, payment, refunded_kopecks=payment.refunded_kopecks + refund.amount_kopecks)
        refunds.note_refund(tx, refund.refund_id, step="done", done_at=now)
        order = orders.require(tx, refund.order_id)
        if refund.whole:
            orders.move(tx, order, OrderStatus.REFUNDED, now)
        outbox.put(
            tx,
            OrderRefundedEvent(
                order_id=order.order_id,
                number=order.number,
                amount_kopecks=refund.amount_kopecks,
                reason=refund.reason,
                whole=refund.whole,
            ),
            now,
        )

    async def refund_failures(self) -> None:
        """Runs until cancelled: a portion that cannot be cooked, or not by its deadline, is given back, while the rest
        of the order goes on; so is what was sold and, by a person's word, never paid."""
        while True:
            now = self._clock.now()  # before the look, which sees what was set until then
            await self.clock_guard.look()
            await self._begin_opened()
            await self._fail_the_late(now)
            failed = await self._db.poll(refunds.unrefunded_failures)
            for portion in failed:
                await self._refund_failed(portion)
            await self._clock.sleep(self._periods.refund_s)

    async def _begin_opened(self) -> None:
        """Those that a payment's end has opened; what is carried out already goes on."""
        for refund in await self._db.poll(refunds.unfinished_refunds):
            if refund.reason == UNTAKEN:
                self._start(refund)

    async def _fail_the_late(self, now: datetime) -> None:
        """What is still not cooked so long after its promise never will be. Should the robot come back, a job not yet
        begun is cancelled in its table."""
        before = now - timedelta(seconds=self._late_limit_s)
        late = await self._db.read(refunds.late_portions, before)
        for portion in late:
            _log.error("portion_too_late", order_id=portion.order_id, portion_id=portion.portion_id)
            await self._db.write(_fail_late, portion.portion_id)

    async def _refund_failed(self, portion: refunds.FailedPortion) -> None:
        now = self._clock.now()
        try:
            refund = await self._db.write(
                open_refund, portion.order_id, None, [portion.portion_id], portion.reason, "kiosk", now
            )
        except OrderStateConflict:
            return  # a person was faster
        self._start(refund)


def _fail_late(tx: Tx, portion_id: int) -> None:
    row = orders.portion(tx, portion_id)
    if row is not None and row.status in PENDING_PORTIONS:
        orders.move_portion(tx, row, PortionStatus.FAILED, fault="late")
        refunds.drop_given_back(tx, portion_id)
