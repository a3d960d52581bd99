"""The bank's late answers: a key that was abandoned stays under inquiry, and a late approval is voided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from drivers.bank.port import Acquirer, ChargeStatus
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.payment import Payment, PaymentStep
from kiosk.flows.returning import give_back
from kiosk.store import payments, refunds
from kiosk.store.database import Database, Tx

_log = structlog.get_logger()
_INQUIRY = timedelta(hours=20)  # past the bank's processing time, before it forgets keys (24 h)


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
            async with self._db.read() as reader:
                found = await payments.abandoned(reader)
            for payment in found:
                await self._inquire(payment)
            await self._clock.sleep(self._every_s)

    async def _inquire(self, payment: Payment) -> None:
        answer = await self._bank.find(payment.bank_key)
        now = self._clock.now()
        if answer is not None and answer.status is ChargeStatus.APPROVED and answer.transaction_id is not None:
            _log.warning("late_approval_voided", payment_id=payment.payment_id)
            self._cp("late.found")
            refund = await self._db.write(lambda tx: refunds.add_void(tx, payment, "late_approval", "kiosk", now))
            self._cp("late.noted")
            kind = await give_back(self._bank, answer.transaction_id, refund.refund_id, payment.amount_kopecks)

            self._cp("late.bank")

            def finish(tx: Tx) -> None:
                refunds.finish_refund(tx, refund.refund_id, kind, now)
                payments.move(tx, payment, PaymentStep.REVERSED, transaction_id=answer.transaction_id)

            await self._db.write(finish)
            self._cp("late.done")
        elif answer is not None or now - payment.created_at > _INQUIRY:
            await self._db.write(lambda tx: payments.move(tx, payment, PaymentStep.CLOSED))
