"""Seed order 3: the payment as a journalled saga. Each step: already recorded → go on; write the intent; act; write
the outcome. An intent without an outcome means *ask first* (payment.md#the-order-of-writes)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import msgspec
import structlog

from drivers.errors import DeviceError
from kiosk.domain.errors import BankUnavailable, DomainError, FiscalUnavailable, PaymentDeclined, PaymentInProgress
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.ordering.order import OrderStatus
from kiosk.domain.payment.bonus import BonusRules
from kiosk.domain.payment.payment import BEFORE_PAPER, STALE_AFTER, Confirmation, Payment, PaymentStep, Proof
from kiosk.flows.fiscal.failures import Failure
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.disk import DiskGuard
from kiosk.flows.guards.jobs import Jobs, Means, endless
from kiosk.flows.ordering.conditions import Conditions
from kiosk.flows.payment.attempts import Accepted, AnswerStore, Attempts, PayRequest
from kiosk.flows.payment.confirmation import Confirmations
from kiosk.flows.payment.ending import Ending
from kiosk.flows.payment.method import Methods
from kiosk.flows.payment.money import MoneySteps
from kiosk.flows.payment.paper import PaperRules
from kiosk.flows.payment.refund_opening import open_untaken
from kiosk.flows.stock.reservations import Reservations
from kiosk.store.fiscal import intents
from kiosk.store.ordering import orders
from kiosk.store.payment import payments
from kiosk.store.transaction import Tx
from kiosk.tokens import Session

_log = structlog.get_logger()
_STALE_S = STALE_AFTER.total_seconds()
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeMoney:
    """What is asked before any money moves."""

    conditions: Conditions
    reservations: Reservations
    kitchen: Kitchen
    space: DiskGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRules:
    """`answer_within_s`: how long a caller waits."""

    answer_within_s: float
    bonus: BonusRules
    paper: PaperRules = field(default_factory=PaperRules)


class PaymentSaga:
    """`pay` for the customer, `resume` after a restart."""

    money_steps: type[MoneySteps] = MoneySteps
    ending: type[Ending] = Ending

    def __init__(
        self, means: Means, methods: Methods, receipts: Receipts, *, before_money: BeforeMoney, rules: PaymentRules
    ) -> None:
        self._db = means.database
        self._methods = methods
        self._receipts = receipts
        self._reservations = before_money.reservations
        self._tasks = means.tasks
        self._clock = means.clock
        self._cp = means.checkpoint
        self._answer_within_s = rules.answer_within_s
        self._confirmations = Confirmations(before_money.kitchen, rules.bonus)
        self._conditions = before_money.conditions
        self._attempts = Attempts(self._db, self._clock, rules.bonus, self._conditions, methods, rules.paper)
        self._space = before_money.space
        self._answers = AnswerStore()
        self._jobs: Jobs[Confirmation] = Jobs(means)
        self._ending = self.ending(means, self._answers, receipts, self._jobs)
        self._showing: dict[str, asyncio.Event] = {}  # by payment: its guest can be told what to do
        self._money = self.money_steps(means, methods, self._jobs, self._ending, self._show)

    async def pay(
        self, session: Session, order_id: str, request: PayRequest, key: str | None, language: str
    ) -> Confirmation | Accepted:
        """One attempt, or the answer of the one that runs or ran. Raises the refusals of http.md#public-calls."""
        self._cp("t1.before")
        self._space.notice()
        opening = self._tasks.start(f"open:{order_id}", self._open(session, order_id, request, key, language))
        found = await asyncio.shield(opening)
        return await self._answer_of(found) if isinstance(found, asyncio.Task) else found

    async def _open(
        self, session: Session, order_id: str, request: PayRequest, key: str | None, language: str
    ) -> Confirmation | Accepted | asyncio.Task[Confirmation]:
        opened = await self._attempts.open(session, order_id, request, key, language)  # T1
        if isinstance(opened, Confirmation):
            return opened
        if not self._jobs.is_set_aside(_name(opened)):
            self._cp("t1.after")
        job = self._job(opened)
        if job is not None:
            return job
        accepted = await self._attempts.accepted(opened.payment_id)  # a person takes it up, not whoever asks again
        if accepted is None:
            raise PaymentInProgress  # a person has just ended it: whoever asks again gets the answer
        return accepted

    def _job(self, payment: Payment) -> asyncio.Task[Confirmation] | None:
        """The one job of an attempt; None where it is set aside."""
        job = self._jobs.start(_name(payment), partial(self._carry_out, payment))
        if job is not None:
            job.add_done_callback(lambda _: self._showing.pop(payment.payment_id, None))
        return job

    def _show(self, payment: Payment) -> None:
        if payment.show is not None:
            self._showing.setdefault(payment.payment_id, asyncio.Event()).set()

    async def _answer_of(self, job: asyncio.Task[Confirmation]) -> Confirmation | Accepted:
        """The answer itself, or how far it is: at once where the guest has something to do, else after a while."""
        payment_id = job.get_name().removeprefix("pay:")
        shown = asyncio.ensure_future(self._showing.setdefault(payment_id, asyncio.Event()).wait())
        try:
            await asyncio.wait({job, shown}, timeout=self._answer_within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            shown.cancel()
        if not job.done():
            accepted = await self._attempts.accepted(payment_id)
            if accepted is not None:
                return accepted
        return await asyncio.shield(job)  # ended in this very moment

    async def cancel(self, session: Session, order_id: str) -> Accepted:
        """A wish: what comes of it stands in the order. Raises `NotFound`, `OrderStateConflict` where nothing runs."""
        payment = await self._attempts.wish_to_cancel(session, order_id)
        self._cp("cancel.noted")
        try:
            await self._methods.of(payment).cancel(payment)
        except DeviceError as error:
            _log.warning("cancel_not_heard", payment_id=payment.payment_id, error=str(error))
        self._jobs.nudge()
        accepted = await self._attempts.accepted(payment.payment_id)
        return accepted or Accepted(order_id, OrderStatus.CREATED, payment.stage)

    def nudge(self) -> None:
        """Whatever waits for its next try tries now."""
        self._jobs.nudge()

    def under_way(self) -> bool:
        """Whether an attempt is being carried out just now."""
        return bool(self._jobs)

    async def resume(self) -> int:
        """Take up every attempt that a crash interrupted and that is not set aside; how many."""
        found = [row for row in await self._db.read(payments.unfinished) if not self._jobs.is_set_aside(_name(row))]
        for payment in found:
            _log.info("payment_resumed", payment_id=payment.payment_id, step=payment.step)
            self._job(payment)
        return len(found)

    async def _carry_out(self, payment: Payment) -> Confirmation:
        structlog.contextvars.bind_contextvars(order_id=payment.order_id, payment_id=payment.payment_id)
        if payment.step is PaymentStep.TAKING_BACK:
            await self._ending.take_back(payment)
        payment = await self._refuse_stale(payment)
        payment = await self._reserve_ingredients(payment)  # 3.2, can be undone
        payment = await self._check_registrar(payment)  # still no money has moved
        payment = await self._money.choose(payment)  # cash or a card, where only a person knows
        payment = await self._print_first(payment)  # where the paper comes before the money
        payment = await self._money.take(payment)  # 3.3, the pivot
        payment = await self._print_receipt(payment)  # 3.4, only forward
        payment = await self._money.capture(payment)
        confirmation = await self._mark_paid_and_publish(payment)  # 3.5 and 3.6 in one commit
        self._tasks.start(f"slip:{payment.order_id}", self._hand_slip(payment.order_id))  # nobody waits for it
        return confirmation  # 3.7

    async def _refuse_stale(self, payment: Payment) -> Payment:
        """A crash before any money moved, and the customer is long gone."""
        early = payment.step in (PaymentStep.RESERVING, PaymentStep.PREFLIGHT)
        if early and self._clock.now() - payment.created_at > STALE_AFTER:
            await self._ending.end(payment, PaymentStep.REFUSED, BankUnavailable())
        return payment

    # 3.2

    async def _reserve_ingredients(self, payment: Payment) -> Payment:
        """What an order needed to be made must hold now too: money moves next, also where a crash is taken up."""
        if payment.step not in (PaymentStep.RESERVING, PaymentStep.PREFLIGHT):
            return payment
        await self._until_devices_are_known(payment)
        look, levels, now = self._conditions.look(), self._reservations.levels(), self._clock.now()

        def reserve(tx: Tx) -> Payment:
            look.require_for_payment(orders.lines(tx, payment.order_id))
            self._reservations.hold_order(tx, payment.order_id, levels, now)
            early = payment.step is PaymentStep.RESERVING
            return payments.move(tx, payment, PaymentStep.PREFLIGHT) if early else payment  # T2

        try:
            held = await self._db.write(reserve)
        except DomainError as refusal:
            await self._ending.end(payment, PaymentStep.REFUSED, refusal)
        self._cp("t2.after")
        return held

    async def _until_devices_are_known(self, payment: Payment) -> None:
        """An attempt taken up at start may be ahead of the first look at a device: no picture is no shortage."""
        while not self._conditions.known and self._since(payment.created_at) < _STALE_S:
            await self._jobs.pause(_BACKOFF_S[0])

    async def _check_registrar(self, payment: Payment) -> Payment:
        if payment.step is not PaymentStep.PREFLIGHT:
            return payment
        reason = await self._receipts.why_not_ready()
        if reason is not None:
            await self._ending.end(payment, PaymentStep.REFUSED, FiscalUnavailable(reason=f"fiscal_{reason}"))
        self._cp("preflight")
        return payment

    async def _print_first(self, payment: Payment) -> Payment:
        """The receipt of money that is still to come. No money is asked for without it, nor where nobody waits any
        more: what is printed by then is taken back."""
        for pause_s in endless(_BACKOFF_S):
            if payment.step is PaymentStep.ANNOUNCED:
                return await self._require_wanted(payment)
            if not payment.receipt_first or payment.step not in BEFORE_PAPER:
                return payment
            payment, failure = await self._receipts.try_once(payment)
            if failure is not None:
                payment = await self._receipts.failures.note(payment, failure)
                await self._end_without_paper(payment, failure)
                await self._jobs.pause(pause_s)
        raise AssertionError("endless")

    async def _end_without_paper(self, payment: Payment, failure: Failure) -> None:
        """Proved absent, the attempt ends here; what is in doubt is asked about until it is known."""
        intent = await self._db.read(intents.of_sale, payment.payment_id)
        if failure.proof not in (Proof.ABSENT, Proof.REFUSED) or intent is not None:
            return
        await self._end_unwanted(payment)
        await self._ending.end(payment, PaymentStep.REFUSED, FiscalUnavailable(reason=f"fiscal_{failure.code}"))

    async def _require_wanted(self, payment: Payment) -> Payment:
        current = await self._db.read(payments.require, payment.payment_id)
        self._cp("announced")
        await self._end_unwanted(current)
        return current

    async def _end_unwanted(self, payment: Payment) -> None:
        """Where nobody waits for the paper or will pay for it any more."""
        if payment.cancel_asked_at is not None:
            await self._ending.end(payment, PaymentStep.REFUSED, PaymentDeclined(reason="cancelled"))
        if payment.is_unwanted(self._clock.now()):
            expired = payment.till_code is not None
            refusal = PaymentDeclined(reason="expired") if expired else BankUnavailable()
            await self._ending.end(payment, PaymentStep.REFUSED, refusal)

    # 3.4

    async def _print_receipt(self, payment: Payment) -> Payment:
        for pause_s in endless(_BACKOFF_S):
            if payment.step is PaymentStep.REVERSING:
                await self._money.reverse(payment)
            if payment.step not in (PaymentStep.CHARGED, PaymentStep.PRINTING):
                return payment
            payment, failure = await self._receipts.try_once(payment)
            if failure is not None:
                payment = await self._receipts.failures.act(payment, failure, self._confirmations.publish_paid)
                if payment.capturing_at is not None:
                    payment = await self._money.capture(payment)
                if payment.step is not PaymentStep.REVERSING:
                    await self._jobs.pause(pause_s)
        raise AssertionError("endless")

    # 3.5, 3.6

    async def _mark_paid_and_publish(self, payment: Payment) -> Confirmation:
        self._cp("t7.before")
        await self._until_devices_are_known(payment)  # the promise is made behind the queue, which the robot shows
        now = self._clock.now()

        def run(tx: Tx) -> Confirmation:
            current = payments.require(tx, payment.payment_id)
            if current.released_at is None:
                self._confirmations.publish_paid(tx, current, now)
                current = payments.require(tx, payment.payment_id)
            else:
                orders.set_receipt_unknown(tx, current.order_id, unknown=False)
            confirmation = self._confirmations.confirm(tx, current)
            current = payments.move(tx, current, PaymentStep.DONE, answer=msgspec.json.encode(confirmation).decode())
            self._answers.store(tx, current, 200, msgspec.json.encode(confirmation))
            if current.is_untaken:
                open_untaken(tx, current, now)
            return confirmation

        confirmation = await self._db.write(run)  # T7
        self._cp("t7.after")
        return confirmation

    async def _hand_slip(self, order_id: str) -> None:
        order = await self._db.read(orders.get, order_id)
        if order is not None:
            await self._receipts.print_slip(order.number, order.pickup_code)

    def _since(self, moment: datetime | None) -> float:
        return 0.0 if moment is None else (self._clock.now() - moment).total_seconds()


def _name(payment: Payment) -> str:
    return f"pay:{payment.payment_id}"
