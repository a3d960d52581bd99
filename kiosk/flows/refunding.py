"""A refund after payment, whole or by portion: bank, receipt, points, event; each step journalled and retried for ever.

Void before settlement, refund after it (a refused void falls back); the refund receipt repeats the sold lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from drivers.bank.port import Acquirer
from drivers.errors import DeviceError, OutcomeUnknown, trouble_word
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.bonus import share_of
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.events import OrderRefundedEvent
from kiosk.domain.order import PENDING_PORTIONS, OrderStatus, PortionStatus
from kiosk.domain.payment import Payment, PaymentStep
from kiosk.flows.asking_bank import KEYS_KEPT, given_back_kopecks
from kiosk.flows.choosing_portions import (
    RefundItem,
    RefundRequest,
    choose_portions,
    items_by_line,
    lines_given_back,
    refunded_lines,
)
from kiosk.flows.fiscalising import Fiscalising
from kiosk.flows.minding_clock import MindingClock
from kiosk.flows.recalling import Recalling
from kiosk.flows.returning import give_back
from kiosk.store import bonuses, fixes, orders, outbox, payments, records, refunds, stocks, troubles
from kiosk.store.database import Database, Reader, Tx
from kiosk.tasks import Pauses, Tasks

_log = structlog.get_logger()
_BACKOFF_S = (0.5, 1.0, 5.0, 15.0, 60.0)
_LOOK_S = 1.0
_REFUNDABLE = (OrderStatus.PAID, OrderStatus.COOKING, OrderStatus.READY, OrderStatus.COMPLETED)
_DROPPED = (PortionStatus.PLANNED, PortionStatus.WAITING, PortionStatus.QUEUED, PortionStatus.FAILED)


class Refunding:
    """`request` opens a refund, a job carries it out, `resume` takes it up after a restart."""

    def __init__(
        self,
        database: Database,
        bank: Acquirer,
        fiscalising: Fiscalising,
        tasks: Tasks,
        clock: Clock,
        late_limit_s: float,
        recalling: Recalling,
        checkpoint: Callable[[str], None] = pass_by,
    ) -> None:
        self._db = database
        self._cp = checkpoint
        self._late_limit_s = late_limit_s
        self._recalling = recalling
        self._bank = bank
        self._fiscalising = fiscalising
        self._tasks = tasks
        self._clock = clock
        self._minding_clock = MindingClock(database, clock)
        self._pauses = Pauses(clock)
        self._jobs: dict[str, asyncio.Task[None]] = {}

    async def request(self, word: str, request: RefundRequest, actor: str) -> refunds.RefundRow:
        """By staff; `word`: the order's id, its number, or a figure of its receipt. Raises `NotFound`,
        `OrderStateConflict`, `InvalidRequest`."""
        now = self._clock.now()
        order = await self._db.read(orders.find_sold, word)
        if order is None:
            raise NotFound
        order_id = order.order_id
        *_, chosen = await self._db.read(chosen_of, order_id, request.items, None)
        with self._recalling.keep_back(chosen):
            begun = await self._recalling.recall(chosen)  # the robot first, then the books

            def run(tx: Tx) -> refunds.RefundRow:
                row = self._open(tx, order_id, request.items, None, request.reason, actor, now, begun)
                records.journal(tx, actor, "refund", f"{order_id} {row.amount_kopecks} {request.reason}", now)
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
            reason = orders.WRITTEN_OFF if row.thrown_away else "cooking_failed"
            return self._open(tx, row.order_id, None, [portion_id], reason, actor, now)

        self._start(await self._db.write(run))

    def _open(
        self,
        tx: Tx,
        order_id: str,
        items: list[RefundItem] | None,
        portion_ids: Iterable[int] | None,
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

    def _start(self, refund: refunds.RefundRow) -> None:
        name = f"refund:{refund.refund_id}"
        if refund.refund_id not in self._jobs and name not in self._tasks.aside:
            job = self._tasks.start(name, self._carry_out(refund), taken_up=True)
            self._jobs[refund.refund_id] = job
            job.add_done_callback(lambda _: self._jobs.pop(refund.refund_id, None))

    def nudge(self) -> None:
        """Whatever waits for its next try tries now."""
        self._pauses.nudge()

    async def resume(self) -> None:
        for refund in await self._db.read(refunds.unfinished_refunds):
            self._start(refund)
        for finding in await self._db.read(troubles.findings_to_return):
            self._return_found(finding.finding_id)

    async def _carry_out(self, refund: refunds.RefundRow) -> None:
        structlog.contextvars.bind_contextvars(order_id=refund.order_id, refund_id=refund.refund_id)
        tries = 0
        while True:
            try:
                await self._steps(refund)
                return
            except DeviceError as error:
                _log.error("refund_retried", error=str(error), tries=tries)
                told = trouble_word(error)
                await self._db.write(refunds.note_refund, refund.refund_id, error=told)
                await self._pauses.wait(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1

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
            await self._fiscalising.refund(payment, refund.refund_id, lines)
            self._cp("refund.printed")
        now = self._clock.now()
        await self._db.write(self._finish, refund, now)
        self._cp("refund.done")

    async def _give_back(self, payment: Payment, refund: refunds.RefundRow) -> str:
        """`void` or `refund`. Once the bank may have forgotten the key of an unanswered try, its list is asked first;
        where that proves nothing, a person decides."""
        now, transaction_id = self._clock.now(), payment.transaction_id or ""
        if refund.bank_tried_at is None:
            await self._db.write(refunds.note_refund, refund.refund_id, bank_tried_at=now)
        elif now - refund.bank_tried_at > KEYS_KEPT:
            back_kopecks = await given_back_kopecks(self._bank, transaction_id, payment.created_at)
            others = [row for row in await self._refunds_of(payment) if row.refund_id != refund.refund_id]
            if back_kopecks is None or any(row.bank_tried_at and not row.bank_done_at for row in others):
                raise OutcomeUnknown("bank", "key_forgotten", refund.refund_id)
            before_kopecks = sum(row.amount_kopecks for row in others if row.bank_done_at)
            if back_kopecks >= before_kopecks + refund.amount_kopecks:
                return refund.kind
        void = refund.kind == "void"
        return await give_back(self._bank, transaction_id, refund.refund_id, refund.amount_kopecks, void=void)

    async def _refunds_of(self, payment: Payment) -> list[refunds.RefundRow]:
        return await self._db.read(refunds.refunds_of, payment.payment_id)

    async def give_back_found(self, finding_id: str, actor: str) -> None:
        """A charge that nobody stands behind goes back whole, for ever if need be; again does no harm."""
        await self._db.write(troubles.note_giver, finding_id, actor)
        self._return_found(finding_id)

    def _return_found(self, finding_id: str) -> None:
        name = f"return:{finding_id}"
        if finding_id not in self._jobs and name not in self._tasks.aside:
            job = self._tasks.start(name, self._carry_back(finding_id), taken_up=True)
            self._jobs[finding_id] = job
            job.add_done_callback(lambda _: self._jobs.pop(finding_id, None))

    async def _carry_back(self, finding_id: str) -> None:
        found = await self._db.read(troubles.require_finding, finding_id)
        tries = 0
        while found.settled_at is None:
            try:
                await give_back(self._bank, found.transaction_id or "", finding_id, found.amount_kopecks or 0)
                break
            except DeviceError as error:
                _log.error("return_retried", finding_id=finding_id, error=str(error))
                await self._pauses.wait(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1
                found = await self._db.read(troubles.require_finding, finding_id)
        else:
            return  # a person has settled it meanwhile
        now = self._clock.now()
        actor = found.settled_by or "kiosk"
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
        """For ever: a portion that cannot be cooked, or not by its deadline, is given back, while the rest of the
        order goes on."""
        while True:
            await self._minding_clock.look()
            await self._fail_the_late()
            failed = await self._db.read(refunds.unrefunded_failures)
            for portion in failed:
                await self._refund_failed(portion)
            await self._clock.sleep(_LOOK_S)

    async def _fail_the_late(self) -> None:
        """What is still not cooked so long after its promise never will be. Should the robot come back, a job not yet
        begun is cancelled in its table."""
        before = self._clock.now() - timedelta(seconds=self._late_limit_s)
        late = await self._db.read(refunds.late_portions, before)
        for portion in late:
            _log.error("portion_too_late", order_id=portion.order_id, portion_id=portion.portion_id)
            await self._db.write(_fail_late, portion.portion_id)

    async def _refund_failed(self, portion: refunds.FailedPortion) -> None:
        now = self._clock.now()
        try:
            refund = await self._db.write(
                self._open, portion.order_id, None, [portion.portion_id], "cooking_failed", "kiosk", now
            )
        except OrderStateConflict:
            return  # a person was faster
        self._start(refund)


def chosen_of(
    reader: Reader, order_id: str, items: list[RefundItem] | None, portion_ids: Iterable[int] | None
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
    if not chosen or being_fixed:  # its lines are the right receipt's, which is not there yet
        raise OrderStateConflict(order_status=order.status)
    return payment, earlier, left, chosen


def _fail_late(tx: Tx, portion_id: int) -> None:
    row = orders.portion(tx, portion_id)
    if row is not None and row.status in PENDING_PORTIONS:
        orders.move_portion(tx, row, PortionStatus.FAILED, fault="late")
        refunds.drop_given_back(tx, portion_id)
