"""Late answers: an attempt that was given up in doubt stays under inquiry, and money that turns up goes back."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from drivers.errors import DeviceError, trouble_word
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.payment.bank_outcome import KEYS_KEPT
from kiosk.flows.payment.ending import NO_MONEY, owes_return
from kiosk.flows.payment.method import Methods, Outcome, Standing
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.payment import payments, refunds
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_MONEY_MOVED = (Standing.HELD, Standing.TAKEN, Standing.RETURNING, Standing.RETURNED, Standing.RELEASED)


class LateAnswers:
    def __init__(
        self,
        database: Database,
        methods: Methods,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        periods: Periods = USUAL,
        *,
        receipts: Receipts,
    ) -> None:
        self._receipts = receipts
        self._db = database
        self._cp = checkpoint
        self._methods = methods
        self._clock = clock
        self._periods = periods

    async def run(self) -> None:
        """Runs until cancelled. The inquiry of a bank ends when it would have forgotten."""
        while True:
            found = await self._db.poll(payments.abandoned)
            for payment in found:
                try:
                    await self._inquire(payment)
                except DeviceError as error:  # the next one may fare better; this one is asked again
                    _log.error("inquiry_retried", payment_id=payment.payment_id, error=str(error))
                    await self._db.write(_note, payment, error)
            await self._clock.sleep(self._periods.inquiry_s)

    async def _inquire(self, payment: Payment) -> None:
        now = self._clock.now()
        void = await self._db.read(refunds.find_refund, payment.void_id)
        if void is not None and void.bank_done_at is not None:  # a person has seen it in the bank's own papers
            await self._finish(payment, void.kind)
            return
        if payment.ending is not None:  # the final no is known, its receipt is still to be taken back
            await self._close(payment)
            return
        outcome = await self._methods.of(payment).outcome(payment)
        if outcome.standing in _MONEY_MOVED:
            await self._give_back(payment, outcome)
        elif outcome.standing is Standing.UNKNOWN:
            if outcome.error != payment.charge_error:
                await self._db.write(payments.note, payment, charge_error=outcome.error)
            if void is not None and outcome.error != void.error:  # found earlier, and not given back yet
                await self._db.write(refunds.note_refund, void.refund_id, error=outcome.error)
        elif outcome.standing is Standing.PENDING:
            _log.info("given_up_still_open", payment_id=payment.payment_id)
        elif outcome.standing is not Standing.ABSENT or now - payment.created_at > KEYS_KEPT:
            await self._close(payment)

    async def _close(self, payment: Payment) -> None:
        """The final no; a receipt that came first is taken back now, and never before. Raises `DeviceError`."""
        if await self._db.read(owes_return, payment):
            payment = await self._db.write(payments.note, payment, ending=NO_MONEY)
            await self._receipts.take_back(payment)
            self._cp("late.taken_back")
        await self._db.write(payments.move, payment, PaymentStep.CLOSED)

    async def _give_back(self, payment: Payment, outcome: Outcome) -> None:
        _log.warning("late_approval_voided", payment_id=payment.payment_id)
        self._cp("late.found")
        now = self._clock.now()
        known = {name: value for name, value in outcome.numbers.items() if value is not None}
        held_at = now if outcome.standing is Standing.HELD else payment.held_at

        def note(tx: Tx) -> tuple[Payment, refunds.RefundRow]:
            current = payments.note(tx, payment, held_at=payment.held_at or held_at, charge_error=None, **known)
            return current, refunds.add_void(tx, current, "late_approval", "kiosk", now)

        payment, refund = await self._db.write(note)
        self._cp("late.noted")
        kind = await self._methods.of(payment).release(payment, refund.refund_id)
        self._cp("late.bank")
        await self._finish(payment, kind)

    async def _finish(self, payment: Payment, kind: str) -> None:
        """The money is back; so is a receipt that came first. `kind`: `void` or `refund`."""
        if await self._db.read(owes_return, payment):
            await self._db.write(refunds.note_refund, payment.void_id, kind=kind, bank_done_at=self._clock.now())
            await self._receipts.take_back(payment)
            self._cp("late.taken_back")
        now = self._clock.now()

        def finish(tx: Tx) -> None:
            refunds.finish_refund(tx, payment.void_id, kind, now)
            payments.move(tx, payment, PaymentStep.REVERSED)

        await self._db.write(finish)
        self._cp("late.done")


def _note(tx: Tx, payment: Payment, error: DeviceError) -> None:
    """Where a person sees it."""
    refunds.note_refund(tx, payment.void_id, error=trouble_word(error))
    if payment.receipt_first:
        payments.note(tx, payment, receipt_error=trouble_word(error))
