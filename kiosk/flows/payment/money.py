"""The money of one attempt, by whatever way: asked for, held or taken, captured, given back. Every intent is journalled
before its act, and asked about before it is repeated (payment.md#ways-to-pay)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import NoReturn

import structlog

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, trouble_word
from kiosk.domain.errors import BankUnavailable, DomainError, FiscalUnavailable, PaymentDeclined
from kiosk.domain.payment.payment import Confirmation, Payment, PaymentStep
from kiosk.flows.guards.jobs import Jobs, Means, endless
from kiosk.flows.ordering.create import cancel_order
from kiosk.flows.ordering.views import receipt_view
from kiosk.flows.payment.ending import Ending
from kiosk.flows.payment.method import BY_HAND, Abandoned, Methods, Outcome, Standing
from kiosk.store.fiscal import intents
from kiosk.store.ordering import orders
from kiosk.store.payment import payments, refunds
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
#: A hold that is found so long after it was asked for is let go: its guest has left.
_TOO_LATE = timedelta(minutes=5)
_CANCELLED, _PARTIAL, _LATE = "cancelled", "partial_approval", "too_late"
#: It was taken after the wish to cancel, and goes back.
_PAID_LATE = "paid_too_late"


class MoneySteps:
    """`shown` hears of an attempt whose guest can be told what to do."""

    def __init__(
        self,
        means: Means,
        methods: Methods,
        jobs: Jobs[Confirmation],
        ending: Ending,
        shown: Callable[[Payment], None] = lambda _: None,
    ) -> None:
        self._db = means.database
        self._clock = means.clock
        self._cp = means.checkpoint
        self._methods = methods
        self._jobs = jobs
        self._ending = ending
        self._shown = shown

    async def choose(self, payment: Payment) -> Payment:
        """A receipt that comes first says how it will be paid: where only a person knows, the attempt waits for that
        word, its guest with a code. Raises the refusal that it ended with."""
        wanted = payment.receipt_first and self._methods.of(payment).capabilities.tender
        if not wanted or payment.step not in (PaymentStep.PREFLIGHT, PaymentStep.CHOOSING):
            return payment
        if payment.step is PaymentStep.PREFLIGHT:
            payment = await self._number(payment, PaymentStep.CHOOSING)
            self._cp("choosing")
        self._shown(payment)
        for pause_s in endless(_BACKOFF_S):
            outcome = await self._methods.of(payment).outcome(payment)
            payment = await self._db.read(payments.require, payment.payment_id)
            if not outcome.is_open:
                return await self._record(payment, outcome)
            if payment.tender is not None:
                self._cp("chosen")
                return payment
            await self._jobs.pause(pause_s)
        raise AssertionError("endless")

    async def take(self, payment: Payment) -> Payment:
        """Seed 3.3: from the intent to held or taken money. Raises the refusal that the attempt ended with."""
        if payment.step not in (PaymentStep.PREFLIGHT, PaymentStep.ANNOUNCED, PaymentStep.CHARGING):
            return payment
        ask_first = payment.step is PaymentStep.CHARGING
        if not ask_first:
            payment = await self._intend(payment)  # T3
            self._cp("t3.after")
        self._shown(payment)
        for pause_s in endless(_BACKOFF_S):
            outcome = await (self._ask(payment) if ask_first else self._start(payment))
            self._cp("charge.answered")
            if not outcome.is_open:
                return await self._record(payment, outcome)
            ask_first = True
            payment = await self._db.write(self._note_open, payment, outcome)
            self._cp("charge.noted")
            self._shown(payment)
            if payment.reverse_asked_by is not None:
                await self._give_up(payment)
            if not outcome.numbers:
                await self._jobs.pause(pause_s if outcome.ask_again_s is None else outcome.ask_again_s)
        raise AssertionError("endless")

    async def _intend(self, payment: Payment) -> Payment:
        return await self._number(payment, PaymentStep.CHARGING, posts=1, posted_at=self._clock.now())

    async def _number(self, payment: Payment, step: PaymentStep, **more: object) -> Payment:
        """The numbers stand in the journal before the wire; whoever wants to cancel until then is asked nothing."""
        try:
            numbers = await self._methods.of(payment).prepare(payment)
        except DeviceError as error:
            _log.warning("payment_not_begun", error=str(error))
            await self._ending.end(payment, PaymentStep.REFUSED, self._methods.of(payment).unavailable(error))
        self._cp("numbers.ready")

        def run(tx: Tx) -> Payment:
            current = payments.require(tx, payment.payment_id)
            if current.cancel_asked_at is not None:
                return current
            return payments.move(tx, current, step, **more, **numbers)

        found = await self._db.write(run)
        if found.step is not step:
            await self._ending.end(found, PaymentStep.REFUSED, PaymentDeclined(reason=_CANCELLED))
        return found

    async def _start(self, payment: Payment) -> Outcome:
        """The first asking; where it certainly never left, the attempt ends."""
        try:
            return await self._methods.of(payment).start(payment)
        except DeviceUnreachable as error:
            await self._ending.end(payment, PaymentStep.REFUSED, self._methods.of(payment).unavailable(error))

    async def _ask(self, payment: Payment) -> Outcome:
        """What became of it; a wish to cancel that a crash may have swallowed is said once more."""
        try:
            method = self._methods.of(payment)
            if payment.cancel_asked_at is not None:
                await method.cancel(payment)
            return await method.outcome(payment)
        except Abandoned:
            await self._ending.end(payment, PaymentStep.ABANDONED, BankUnavailable(reason="no_answer"))
        except DeviceError as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))

    def _note_open(self, tx: Tx, payment: Payment, outcome: Outcome) -> Payment:
        """Since when nothing is known; who waits for a person is no doubt, and what is known of it is written."""
        current = payments.require(tx, payment.payment_id)
        if outcome.standing is Standing.PENDING:
            in_doubt = current.bank_unknown_since is not None
            known = {**outcome.numbers, **({"bank_unknown_since": None, "charge_error": None} if in_doubt else {})}
            return payments.note(tx, current, **known) if known else current
        if outcome.error is not None:
            _log.warning("charge_unknown", payment_id=payment.payment_id, error=outcome.error)
        since = current.bank_unknown_since or self._clock.now()
        if (current.bank_unknown_since, current.charge_error) == (since, outcome.error):
            return current
        return payments.note(tx, current, bank_unknown_since=since, charge_error=outcome.error)

    async def _give_up(self, payment: Payment) -> None:
        """Staff will not wait: the order ends, so that no second attempt is made for it; this one stays under inquiry,
        and money that turns up goes back."""
        now = self._clock.now()

        def cancel(tx: Tx) -> None:
            cancel_order(tx, orders.require(tx, payment.order_id), now, "staff")

        await self._ending.end(payment, PaymentStep.ABANDONED, BankUnavailable(reason="no_answer"), also=cancel)

    async def _record(self, payment: Payment, outcome: Outcome) -> Payment:
        if outcome.standing not in (Standing.TAKEN, Standing.HELD, Standing.RETURNING):
            current = await self._db.read(payments.require, payment.payment_id)
            wished = current.cancel_asked_at is not None
            reason = (wished and (current.cancel_reason or _CANCELLED)) or outcome.reason or outcome.standing.value
            await self._ending.end(current, PaymentStep.DECLINED, PaymentDeclined(reason=reason), answered=402)
        now = self._clock.now()

        def run(tx: Tx) -> Payment:
            current = payments.require(tx, payment.payment_id)
            held_at = now if outcome.standing is Standing.HELD else None
            known = {name: value for name, value in outcome.numbers.items() if value is not None}
            current = payments.move(
                tx, current, PaymentStep.CHARGED, charged_at=now, held_at=held_at, charge_error=None, **known
            )  # T4
            reason = self._why_let_go(current, outcome)
            if reason is None:
                first = current.receipt_first and _has_receipt(tx, current)
                return payments.move(tx, current, PaymentStep.FISCALISED) if first else current
            refunds.add_void(tx, current, reason, "kiosk", now, amount_kopecks=outcome.taken_kopecks)
            return payments.move(tx, current, PaymentStep.REVERSING)

        payment = await self._db.write(run)
        self._cp("t4.after")
        return payment

    def _why_let_go(self, payment: Payment, outcome: Outcome) -> str | None:
        """What is only held goes back at once where nobody wants it any more; taken money stays the order's, unless it
        is on the way back already."""
        if outcome.standing is Standing.RETURNING:
            return _PARTIAL if outcome.short else _PAID_LATE
        if payment.held_at is None:
            return None
        if payment.cancel_asked_at is not None:
            return _CANCELLED
        if outcome.short:
            return _PARTIAL
        asked_at = payment.posted_at or payment.created_at
        return _LATE if payment.held_at - asked_at > _TOO_LATE else None

    async def capture(self, payment: Payment) -> Payment:
        """Takes what is held, as soon as the order has its receipt or cannot wait for it; tried until it is known."""
        if payment.held_at is None or payment.captured_at is not None:
            return payment
        if payment.capturing_at is None:
            payment = await self._db.write(payments.note, payment, capturing_at=self._clock.now())
        self._cp("capture.noted")
        qr = await self._db.read(_qr_of, payment.payment_id)
        for pause_s in endless(_BACKOFF_S):
            current = await self._db.read(payments.require, payment.payment_id)
            if current.captured_at is not None:  # a person has seen it in the bank's papers
                return current
            outcome = await self._capture_once(payment, qr)
            self._cp("capture.answered")
            if outcome.standing is Standing.TAKEN:
                break
            if outcome.standing is Standing.DECLINED and current.released_at is None:
                return await self._end_untaken(current, outcome)
            await self._db.write(_note_not_captured, payment, outcome.error or outcome.reason or outcome.standing.value)
            await self._jobs.pause(pause_s)
        payment = await self._db.write(payments.note, payment, captured_at=self._clock.now(), charge_error=None)
        self._cp("capture.done")
        return payment

    async def _capture_once(self, payment: Payment, qr: str) -> Outcome:
        """`UNKNOWN` with `device:code` wherever it is asked again."""
        try:
            outcome = await self._methods.of(payment).capture(payment, qr)
        except DeviceError as error:
            _log.error("capture_retried", payment_id=payment.payment_id, error=str(error))
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))
        if outcome.standing is not Standing.TAKEN:
            _log.error("not_captured", payment_id=payment.payment_id, error=outcome.error or outcome.reason)
        return outcome

    async def _end_untaken(self, payment: Payment, outcome: Outcome) -> Payment:
        """By its bank's last word the money was let go and will never be taken. A receipt that stands is taken back;
        one in doubt is looked for until it is found, or proved absent: then nothing is kept (`reversing`)."""
        reason = outcome.reason or outcome.standing.value
        if payment.step is PaymentStep.FISCALISED:
            await self._ending.end(payment, PaymentStep.DECLINED, PaymentDeclined(reason=reason), answered=402)
        return await self._db.write(payments.note, payment, reverse_asked_by=payment.reverse_asked_by or "kiosk")

    async def reverse(self, payment: Payment) -> NoReturn:
        """There is no receipt for this money, or no wish for it: it goes back by its own key, however long it takes."""
        self._cp("reversal.noted")

        async def note(error: DeviceError, tries: int) -> None:
            _log.error("void_retried", error=str(error), tries=tries)
            await self._db.write(refunds.note_refund, payment.void_id, error=trouble_word(error))

        kind = await self._jobs.retry(partial(self._give_back, payment), note, _BACKOFF_S)
        self._cp("reversal.bank")
        now = self._clock.now()
        void = await self._db.read(refunds.find_refund, payment.void_id)
        refusal, answered = _refusal_of("" if void is None else void.reason)
        await self._ending.end(
            payment,
            PaymentStep.REVERSED,
            refusal,
            answered=answered,
            also=lambda tx: refunds.finish_refund(tx, payment.void_id, kind, now),
        )

    async def _give_back(self, payment: Payment) -> str:
        """How the money went back, now or at an earlier try: `void` or `refund`. Raises `DeviceError`."""
        current = await self._db.read(payments.require, payment.payment_id)
        if current.is_untaken or await self._db.read(refunds.is_accepted, payment.void_id):
            return "void"
        try:
            return await self._methods.of(current).release(current, payment.void_id)
        except DeviceRefused as refusal:
            if refusal.code == BY_HAND and current.held_at is not None and current.captured_at is None:
                await self._db.write(payments.note, current, captured_at=self._clock.now())  # it holds nothing any more
            raise


def _refusal_of(reason: str) -> tuple[DomainError, int]:
    """What the guest is told of money that went back, and the status that is stored."""
    if reason in (_CANCELLED, _PARTIAL, _LATE, _PAID_LATE):
        return PaymentDeclined(reason=reason), 402
    return FiscalUnavailable(refunded=True), 503


def _note_not_captured(tx: Tx, payment: Payment, error: str) -> None:
    """Not over what a person has said of it meanwhile."""
    current = payments.require(tx, payment.payment_id)
    if current.captured_at is None:
        payments.note(tx, current, charge_error=error)


def _has_receipt(reader: Reader, payment: Payment) -> bool:
    """It came first and stands already."""
    intent = intents.of_sale(reader, payment.payment_id)
    return intent is not None and intent.status == "registered"


def _qr_of(reader: Reader, payment_id: str) -> str:
    """The receipt's code for the reader's own screen; empty while there is none."""
    intent = intents.of_sale(reader, payment_id)
    if intent is None or intent.status != "registered":
        return ""
    return receipt_view(intent).qr or ""
