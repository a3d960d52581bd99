"""The bank's late answers: a key that was abandoned stays under inquiry, and a late approval is voided."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from drivers.bank.port import Acquirer, ChargeStatus
from drivers.errors import DeviceError
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.payment import Payment, PaymentStep
from kiosk.flows.asking_bank import KEYS_KEPT, MONEY_MOVED, find_charge
from kiosk.flows.returning import already_back, give_back
from kiosk.store import payments, refunds
from kiosk.store.database import Database, Tx

_log = structlog.get_logger()


class Inquiring:
    def __init__(
        self,
        database: Database,
        bank: Acquirer,
        clock: Clock,
        every_s: float,
        checkpoint: Callable[[str], None] = pass_by,
    ) -> None:
        self._db = database
        self._cp = checkpoint
        self._bank = bank
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        """For ever: a late approval of an abandoned key is voided; the inquiry ends when the bank would forget."""
        while True:
            found = await self._db.read(payments.abandoned)
            for payment in found:
                try:
                    await self._inquire(payment)
                except DeviceError as error:  # the next one may fare better; this one is asked again
                    _log.error("inquiry_retried", payment_id=payment.payment_id, error=str(error))
                    told = f"{error.device}:{error.code}"
                    await self._db.write(refunds.note_refund, payment.void_id, error=told)
            await self._clock.sleep(self._every_s)

    async def _inquire(self, payment: Payment) -> None:
        now = self._clock.now()
        answer = await find_charge(self._bank, payment, now)
        transaction_id = None if answer is None else answer.transaction_id
        if answer is not None and transaction_id is not None and answer.status in MONEY_MOVED:
            _log.warning("late_approval_voided", payment_id=payment.payment_id)
            self._cp("late.found")
            refund = await self._db.write(refunds.add_void, payment, "late_approval", "kiosk", now)
            self._cp("late.noted")
            kind = already_back(answer) or (
                refund.kind
                if refund.bank_done_at is not None  # a person has seen it in the bank's own papers
                else await give_back(self._bank, transaction_id, refund.refund_id, payment.amount_kopecks)
            )
            self._cp("late.bank")

            def finish(tx: Tx) -> None:
                refunds.finish_refund(tx, refund.refund_id, kind, now)
                payments.move(tx, payment, PaymentStep.REVERSED, transaction_id=transaction_id)

            await self._db.write(finish)
            self._cp("late.done")
        elif answer is None and now - payment.created_at <= KEYS_KEPT:
            return  # within the bank's processing time
        elif answer is None or answer.status is not ChargeStatus.PENDING:
            await self._db.write(payments.move, payment, PaymentStep.CLOSED)
