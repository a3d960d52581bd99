"""Seed order 3: the payment as a journalled saga. Each step: already recorded → go on; write the intent; act; write
the outcome. An intent without an outcome means *ask first* (reliability §2.1–2.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NoReturn

import msgspec
import structlog

from drivers.bank.port import Acquirer, ChargeStatus, Transaction
from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from kiosk.checkpoints import Checkpoints
from kiosk.clock import Clock
from kiosk.domain.bonus import BonusRules
from kiosk.domain.errors import BankUnavailable, DomainError, FiscalUnavailable, PaymentDeclined, PaymentInProgress
from kiosk.domain.payment import Confirmation, Payment, PaymentStep
from kiosk.domain.readiness import Kitchen
from kiosk.domain.reasons import BANK_DOWN, BANK_REFUSES
from kiosk.flows.asking_bank import Abandoned, AskingBank, charge_of, find_charge
from kiosk.flows.attempts import Accepted, AnswerStore, Attempts, PayRequest
from kiosk.flows.conditions import Conditions
from kiosk.flows.confirming import Confirming
from kiosk.flows.fiscalising import Fiscalising
from kiosk.flows.keeping_space import KeepingSpace
from kiosk.flows.ordering import cancel_order
from kiosk.flows.reserving import Reserving
from kiosk.flows.returning import already_back, give_back
from kiosk.store import orders, payments, refunds
from kiosk.store.database import Database, Tx
from kiosk.tasks import Pauses, Tasks
from kiosk.tokens import Session

_log = structlog.get_logger()
_STALE_S = 120
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class Paying:
    """`pay` for the customer, `resume` after a restart."""

    def __init__(
        self,
        database: Database,
        bank: Acquirer,
        fiscalising: Fiscalising,
        reserving: Reserving,
        kitchen: Kitchen,
        tasks: Tasks,
        clock: Clock,
        checkpoint: Checkpoints,
        abandon_after_s: float,
        answer_within_s: float,
        bonus: BonusRules,
        conditions: Conditions,
        space: KeepingSpace,
    ) -> None:
        self._db = database
        self._bank = bank
        self._fiscalising = fiscalising
        self._reserving = reserving
        self._tasks = tasks
        self._clock = clock
        self._cp = checkpoint
        self._asking = AskingBank(database, bank, clock, abandon_after_s)
        self._answer_within_s = answer_within_s
        self._confirming = Confirming(kitchen, bonus)
        self._conditions = conditions
        self._attempts = Attempts(database, clock, bonus, conditions)
        self._space = space
        self._answers = AnswerStore()
        self._pauses = Pauses(clock)
        self._jobs: dict[str, asyncio.Task[Confirmation]] = {}

    async def pay(
        self, session: Session, order_id: str, request: PayRequest, key: str | None, language: str
    ) -> Confirmation | Accepted:
        """One attempt, or the answer of the one that runs or ran. Raises every refusal of contract §1, order 3."""
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
        if _name(opened) in self._tasks.aside:  # a person takes it up, not whoever asks again
            accepted = await self._attempts.accepted(opened.payment_id)
            if accepted is None:
                raise PaymentInProgress  # a person has just ended it: whoever asks again gets the answer
            return accepted
        self._cp("t1.after")
        return self._job(opened)

    def _job(self, payment: Payment) -> asyncio.Task[Confirmation]:
        """The one job of an attempt; nobody's leaving stops it."""
        job = self._jobs.get(payment.payment_id)
        if job is None:
            job = self._tasks.start(_name(payment), self._carry_out(payment), taken_up=True)
            self._jobs[payment.payment_id] = job
            job.add_done_callback(lambda done: self._forget(payment.payment_id, done))
        return job

    def _forget(self, payment_id: str, job: asyncio.Task[Confirmation]) -> None:
        self._jobs.pop(payment_id, None)
        if not job.cancelled():
            job.exception()  # a refusal nobody waited for is no lost exception: it is journalled

    async def _answer_of(self, job: asyncio.Task[Confirmation]) -> Confirmation | Accepted:
        await asyncio.wait({job}, timeout=self._answer_within_s)
        if not job.done():
            accepted = await self._attempts.accepted(job.get_name().removeprefix("pay:"))
            if accepted is not None:
                return accepted
        return await asyncio.shield(job)  # ended in this very moment

    def nudge(self) -> None:
        """Whatever waits for its next try tries now."""
        self._pauses.nudge()

    def under_way(self) -> bool:
        """Whether an attempt is being carried out just now."""
        return bool(self._jobs)

    async def resume(self) -> int:
        """Take up every attempt that a crash interrupted and that is not set aside; how many."""
        found = [row for row in await self._db.read(payments.unfinished) if _name(row) not in self._tasks.aside]
        for payment in found:
            _log.info("payment_resumed", payment_id=payment.payment_id, step=payment.step)
            self._job(payment)
        return len(found)

    async def _carry_out(self, payment: Payment) -> Confirmation:
        structlog.contextvars.bind_contextvars(order_id=payment.order_id, payment_id=payment.payment_id)
        payment = await self._refuse_stale(payment)
        payment = await self._reserve_ingredients(payment)  # 3.2, can be undone
        payment = await self._check_registrar(payment)  # still no money has moved
        payment = await self._charge_bank(payment)  # 3.3, the pivot
        payment = await self._print_receipt(payment)  # 3.4, only forward
        confirmation = await self._mark_paid_and_publish(payment)  # 3.5 and 3.6 in one commit
        self._tasks.start(f"slip:{payment.order_id}", self._hand_slip(payment.order_id))  # nobody waits for it
        return confirmation  # 3.7

    async def _refuse_stale(self, payment: Payment) -> Payment:
        """A crash before any money moved, and the customer is long gone."""
        early = payment.step in (PaymentStep.RESERVING, PaymentStep.PREFLIGHT)
        if early and self._clock.now() - payment.created_at > timedelta(seconds=_STALE_S):
            await self._end(payment, PaymentStep.REFUSED, BankUnavailable())
        return payment

    # 3.2

    async def _reserve_ingredients(self, payment: Payment) -> Payment:
        """What an order needed to be made must hold now too: money moves next, also where a crash is taken up."""
        if payment.step not in (PaymentStep.RESERVING, PaymentStep.PREFLIGHT):
            return payment
        await self._until_devices_are_known(payment)
        look, levels, now = self._conditions.look(), self._reserving.levels(), self._clock.now()

        def reserve(tx: Tx) -> Payment:
            look.require_for_payment(orders.lines(tx, payment.order_id))
            self._reserving.hold_order(tx, payment.order_id, levels, now)
            early = payment.step is PaymentStep.RESERVING
            return payments.move(tx, payment, PaymentStep.PREFLIGHT) if early else payment  # T2

        try:
            held = await self._db.write(reserve)
        except DomainError as refusal:
            await self._end(payment, PaymentStep.REFUSED, refusal)
        self._cp("t2.after")
        return held

    async def _until_devices_are_known(self, payment: Payment) -> None:
        """An attempt taken up at start may be ahead of the first look at a device: no picture is no shortage."""
        while not self._conditions.known and self._since(payment.created_at) < _STALE_S:
            await self._pauses.wait(_BACKOFF_S[0])

    async def _check_registrar(self, payment: Payment) -> Payment:
        if payment.step is not PaymentStep.PREFLIGHT:
            return payment
        reason = await self._fiscalising.why_not_ready()
        if reason is not None:
            await self._end(payment, PaymentStep.REFUSED, FiscalUnavailable(reason=f"fiscal_{reason}"))
        self._cp("preflight")
        return payment

    # 3.3

    async def _charge_bank(self, payment: Payment) -> Payment:
        if payment.step not in (PaymentStep.PREFLIGHT, PaymentStep.CHARGING):
            return payment
        ask_first = payment.step is PaymentStep.CHARGING
        if not ask_first:
            payment = await self._move(payment, PaymentStep.CHARGING, posts=1, posted_at=self._clock.now())  # T3
            self._cp("t3.after")
        posts, posted = payment.posts, self._clock.monotonic()
        for pause_s in _endless(_BACKOFF_S):
            try:
                answer = await (
                    self._asking.ask(payment, posted) if ask_first else self._bank.charge(charge_of(payment))
                )
            except Abandoned:
                await self._end(payment, PaymentStep.ABANDONED, BankUnavailable(reason="no_answer"))
            except DeviceUnreachable as error:
                if not ask_first:  # the first POST never left, or was not even looked at: certain
                    reason = BANK_REFUSES if error.code == "unauthorized" else BANK_DOWN
                    await self._end(payment, PaymentStep.REFUSED, BankUnavailable(reason=reason))
                answer = None
            except (OutcomeUnknown, DeviceRefused) as error:
                _log.warning("bank_unknown", error=str(error))
                answer = None
            self._cp("charge.answered")
            if answer is not None and answer.status is not ChargeStatus.PENDING:
                return await self._record_charge(payment, answer)
            ask_first = True
            payment = await self._asking.note_unknown(payment)
            if payment.posts != posts:
                posts, posted = payment.posts, self._clock.monotonic()
            if payment.reverse_asked_by is not None:
                await self._give_up(payment)
            await self._pauses.wait(pause_s)
        raise AssertionError("endless")

    async def _give_up(self, payment: Payment) -> None:
        """Staff will not wait for the bank: the order ends, so that no second key is made for it; the key stays under
        inquiry, and a charge that turns up is voided."""
        now = self._clock.now()

        def cancel(tx: Tx) -> None:
            cancel_order(tx, orders.require(tx, payment.order_id), now, "staff")

        await self._end(payment, PaymentStep.ABANDONED, BankUnavailable(reason="no_answer"), also=cancel)

    async def _record_charge(self, payment: Payment, answer: Transaction) -> Payment:
        if answer.status is not ChargeStatus.APPROVED:
            reason = answer.reason or answer.status.value
            await self._end(payment, PaymentStep.DECLINED, PaymentDeclined(reason=reason), answered=402)
        payment = await self._move(
            payment,
            PaymentStep.CHARGED,
            transaction_id=answer.transaction_id,
            auth_code=answer.auth_code,
            rrn=answer.rrn,
            card_brand=answer.card_brand,
            card_last4=answer.card_last4,
            charged_at=self._clock.now(),
        )  # T4
        self._cp("t4.after")
        return payment

    # 3.4

    async def _print_receipt(self, payment: Payment) -> Payment:
        for pause_s in _endless(_BACKOFF_S):
            if payment.step is PaymentStep.REVERSING:
                await self._reverse(payment)
            if payment.step not in (PaymentStep.CHARGED, PaymentStep.PRINTING):
                return payment
            payment, failure = await self._fiscalising.try_once(payment)
            if failure is not None:
                payment = await self._fiscalising.failures.act(payment, failure, self._confirming.publish_paid)
                if payment.step is not PaymentStep.REVERSING:
                    await self._pauses.wait(pause_s)
        raise AssertionError("endless")

    async def _reverse(self, payment: Payment) -> None:
        """No receipt can stand behind this charge: give the money back by the void's own key, for ever if need be."""
        self._cp("reversal.noted")
        transaction_id, void_key = payment.transaction_id or "", payment.void_id
        for pause_s in _endless(_BACKOFF_S):
            try:
                if await self._db.read(refunds.is_accepted, void_key):
                    kind = "void"
                    break
                charge = await find_charge(self._bank, payment, self._clock.now())
                kind = already_back(charge) or await give_back(
                    self._bank, transaction_id, void_key, payment.amount_kopecks
                )
                break
            except (DeviceUnreachable, OutcomeUnknown, DeviceRefused) as error:
                _log.error("void_retried", error=str(error))
                told = f"{error.device}:{error.code}"
                await self._db.write(refunds.note_refund, void_key, error=told)
                await self._pauses.wait(pause_s)
        self._cp("reversal.bank")
        now = self._clock.now()
        await self._end(
            payment,
            PaymentStep.REVERSED,
            FiscalUnavailable(refunded=True),
            answered=503,
            also=lambda tx: refunds.finish_refund(tx, void_key, kind, now),
        )

    # 3.5, 3.6

    async def _mark_paid_and_publish(self, payment: Payment) -> Confirmation:
        self._cp("t7.before")
        now = self._clock.now()

        def run(tx: Tx) -> Confirmation:
            current = payments.require(tx, payment.payment_id)
            if current.released_at is None:
                self._confirming.publish_paid(tx, current, now)
                current = payments.require(tx, payment.payment_id)
            else:
                orders.set_receipt_unknown(tx, current.order_id, False)
            confirmation = self._confirming.confirm(tx, current)
            current = payments.move(tx, current, PaymentStep.DONE, answer=msgspec.json.encode(confirmation).decode())
            self._answers.store(tx, current, 200, msgspec.json.encode(confirmation))
            return confirmation

        confirmation = await self._db.write(run)  # T7
        self._cp("t7.after")
        return confirmation

    async def _hand_slip(self, order_id: str) -> None:
        order = await self._db.read(orders.get, order_id)
        if order is not None:
            await self._fiscalising.print_slip(order.number, order.pickup_code)

    async def _end(
        self,
        payment: Payment,
        step: PaymentStep,
        refusal: DomainError,
        answered: int | None = None,
        also: Callable[[Tx], None] | None = None,
    ) -> NoReturn:
        """Close the attempt, give everything back, return the order to `created`; then raise `refusal`.
        `answered`: the status stored for the key; None frees the key (nothing had moved)."""
        now = self._clock.now()

        def run(tx: Tx) -> None:
            self._answers.close(tx, payment, step, refusal, answered, now)
            if also is not None:
                also(tx)

        await self._db.write(run)
        if step is PaymentStep.REVERSED:
            self._cp("reversal.done")
        await self._reserving.refresh()
        raise refusal

    async def _move(self, payment: Payment, step: PaymentStep, **changes: object) -> Payment:
        return await self._db.write(payments.move, payment, step, **changes)

    def _since(self, moment: datetime | None) -> float:
        return 0.0 if moment is None else (self._clock.now() - moment).total_seconds()


def _endless(pauses_s: tuple[float, ...]) -> Iterator[float]:
    """The pauses in turn, the last one for ever."""
    yield from pauses_s
    while True:
        yield pauses_s[-1]


def _name(payment: Payment) -> str:
    return f"pay:{payment.payment_id}"
