"""A refund after payment, whole or by portion: bank, receipt, points, event; each step journalled and retried without
an end.

Void before settlement, refund after it (a refused void falls back); the refund receipt repeats the sold lines.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

import structlog

from drivers.bank.port import Acquirer
from drivers.errors import DeviceError, trouble_word
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.events import OrderRefundedEvent
from kiosk.domain.ordering.order import PENDING_PORTIONS, OrderStatus, PortionStatus
from kiosk.domain.payment.bonus import share_of
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.guards.clock import ClockGuard
from kiosk.flows.guards.jobs import Jobs, Means
from kiosk.flows.payment.give_back import give_back
from kiosk.flows.payment.method import Methods
from kiosk.flows.payment.portions import (
    RefundItem,
    RefundRequest,
    choose_portions,
    items_by_line,
    lines_given_back,
    refunded_lines,
)
from kiosk.flows.stock.recall import Recall
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.events import outbox
from kiosk.store.fiscal import fixes
from kiosk.store.ordering import orders
from kiosk.store.payment import bonuses, payments, refunds
from kiosk.store.staff import troubles
from kiosk.store.stock import stocks
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_NOT_TAKEN = "not_taken"
_BACKOFF_S = (0.5, 1.0, 5.0, 15.0, 60.0)
_REFUNDABLE = (OrderStatus.PAID, OrderStatus.COOKING, OrderStatus.READY, OrderStatus.COMPLETED)
_DROPPED = (PortionStatus.PLANNED, PortionStatus.WAITING, PortionStatus.QUEUED, PortionStatus.FAILED)


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
        now = self._clock.now()
        order = await self._archive.fetch(lambda reader: orders.find_sold(reader, word))
        if order is None:
            raise NotFound
        order_id = order.order_id
        *_, chosen = await self._db.read(chosen_of, order_id, request.items, None)
        named = [row.portion_id for row in chosen]
        with self._recall.keep_back(chosen):
            # Of these and of no others, as they stand once none of them can be submitted any more.
            *_, chosen = await self._db.write(chosen_of, order_id, None, named)
            begun = await self._recall.recall(chosen)  # the robot first, then the books

            def run(tx: Tx) -> refunds.RefundRow:
                row = open_refund(tx, order_id, None, named, request.reason, actor, now, begun)
                journal.add(tx, actor, "refund", f"{order_id} {row.amount_kopecks} {request.reason}", now)
                return row

            refund = await self._db.write(run)
        self._cp("refund.opened")
        self._start(refund)
        return refund

    async def request_portion(self, portion_id: int, actor: str) -> None:
        """Give one portion back. Raises `OrderStateConflict` while its payment is not settled."""
        now = self._clock.now()

        def run(tx: Tx) -> refunds.RefundRow:
            row = orders.portion(tx, portion_id)
            if row is None:
                raise NotFound
            failed = refunds.FailedPortion(row.order_id, portion_id, row.fault)
            reason = orders.WRITTEN_OFF if row.thrown_away else failed.reason
            return open_refund(tx, row.order_id, None, [portion_id], reason, actor, now)

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
            if refund.reason == _NOT_TAKEN:
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


def open_refund(
    tx: Tx,
    order_id: str,
    items: list[RefundItem] | None,
    portion_ids: Collection[int] | None,
    reason: str,
    actor: str,
    now: datetime,
    begun: frozenset[int] = frozenset(),
) -> refunds.RefundRow:
    """The record, and at once no more cooking of what is given back; what the robot has `begun` it ends."""
    payment, earlier, left, chosen = chosen_of(tx, order_id, items, portion_ids)
    gone = {portion_id for refund in earlier for portion_id in refund.portions}
    lines = lines_given_back(tx, payment, chosen, gone)
    refund = refunds.add_refund(
        tx,
        payment,
        refund_id=f"{payment.payment_id}-r{len(earlier) + 1}",
        amount_kopecks=sum(line.sum_kopecks for line in lines),
        portions=[row.portion_id for row in chosen],
        whole=len(chosen) == len(left),
        reason=reason,
        actor=actor,
        now=now,
    )
    for row in chosen:
        if row.status in _DROPPED and row.portion_id not in begun:
            orders.move_portion(tx, row, PortionStatus.DROPPED)
            stocks.hand_over(tx, [row.portion_id])
    return refund


def open_untaken(tx: Tx, payment: Payment, now: datetime) -> None:
    """Of a sale whose money, by a person's word, was held and never taken: nothing of it is cooked, its receipt is
    refunded, and no money moves."""
    refund = open_refund(tx, payment.order_id, None, None, _NOT_TAKEN, payment.reverse_asked_by or "kiosk", now)
    refunds.note_refund(tx, refund.refund_id, bank_done_at=now)


def chosen_of(
    reader: Reader, order_id: str, items: list[RefundItem] | None, portion_ids: Collection[int] | None
) -> tuple[Payment, list[refunds.RefundRow], list[orders.PortionRow], list[orders.PortionRow]]:
    """The payment, its earlier refunds, the portions not given back yet, and those of them that are to go back now.
    Raises `NotFound`, `OrderStateConflict`, `InvalidRequest`."""
    order = orders.get(reader, order_id)
    if order is None:
        raise NotFound
    payment = payments.last(reader, order_id)
    if order.status not in _REFUNDABLE or payment is None or payment.step is not PaymentStep.DONE:
        raise OrderStateConflict(order_status=order.status)
    earlier = refunds.refunds_of(reader, payment.payment_id)
    gone = {portion_id for refund in earlier for portion_id in refund.portions}
    left = [row for row in orders.portions(reader, order_id) if row.portion_id not in gone]
    chosen = choose_portions(left, items_by_line(reader, order_id), items, portion_ids)
    being_fixed = any(fix.done_at is None for fix in fixes.fixes_of(reader, payment.payment_id))
    gone_meanwhile = portion_ids is not None and len(chosen) < len(set(portion_ids))  # another was quicker
    if not chosen or gone_meanwhile or being_fixed:  # its lines are the right receipt's, which is not there yet
        raise OrderStateConflict(order_status=order.status)
    return payment, earlier, left, chosen


def _fail_late(tx: Tx, portion_id: int) -> None:
    row = orders.portion(tx, portion_id)
    if row is not None and row.status in PENDING_PORTIONS:
        orders.move_portion(tx, row, PortionStatus.FAILED, fault="late")
        refunds.drop_given_back(tx, portion_id)
