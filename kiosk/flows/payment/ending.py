"""The end of an attempt that sold nothing: step, holds, order, event and stored answer in one transaction. Where its
receipt came first it is taken back before (payment.md#paper-before-the-money)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import msgspec
import structlog

from drivers.errors import DeviceError
from kiosk.domain.errors import (
    BankUnavailable,
    DomainError,
    FiscalUnavailable,
    PaymentDeclined,
    PaymentMethodUnavailable,
)
from kiosk.domain.payment.payment import Confirmation, Payment, PaymentStep
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.jobs import Jobs, Means
from kiosk.flows.payment.attempts import AnswerStore
from kiosk.store.fiscal import intents
from kiosk.store.payment import payments
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
#: The `ending` of an abandoned attempt whose final no is known, by its bank or by a person.
NO_MONEY = "{}"
_REFUSALS: dict[str, type[DomainError]] = {
    kind.code: kind for kind in (BankUnavailable, FiscalUnavailable, PaymentDeclined)
}


class Planned(msgspec.Struct, frozen=True):
    """What an attempt ends with once its receipt is taken back: as the arguments of `Ending.end`."""

    step: PaymentStep
    code: str
    members: dict[str, Any]
    answered: int | None

    def refusal(self) -> DomainError:
        if self.code == PaymentMethodUnavailable.code:
            return PaymentMethodUnavailable(**self.members)
        return _REFUSALS[self.code](None, **self.members)


class Ending:
    def __init__(self, means: Means, answers: AnswerStore, receipts: Receipts, jobs: Jobs[Confirmation]) -> None:
        self._db = means.database
        self._clock = means.clock
        self._cp = means.checkpoint
        self._answers = answers
        self._receipts = receipts
        self._jobs = jobs

    async def end(
        self,
        payment: Payment,
        step: PaymentStep,
        refusal: DomainError,
        answered: int | None = None,
        also: Callable[[Tx], None] | None = None,
    ) -> NoReturn:
        """Close the attempt, give everything back, return the order to `created`; then raise `refusal`.
        `answered`: the status stored for the key; None frees the key (nothing had moved). A receipt that came first is
        taken back between: whoever ends an attempt knows for certain that no money is kept, but of an abandoned one."""
        now = self._clock.now()

        def run(tx: Tx) -> Payment | None:
            back = step is not PaymentStep.ABANDONED and owes_return(tx, payment)
            if back:
                ending = msgspec.json.encode(Planned(step, refusal.code, refusal.members, answered)).decode()
                current = payments.require(tx, payment.payment_id)
                known = {"ending": ending, "receipt_first": 1, "receipt_failed_at": None, "receipt_error": None}
                moved = payments.move(tx, current, PaymentStep.TAKING_BACK, **known)
            else:
                self._answers.close(tx, payment, step, refusal, answered, now)
            if also is not None:
                also(tx)
            return moved if back else None

        moved = await self._db.write(run)
        if moved is not None:
            self._cp("taking_back.noted")
            await self.take_back(moved)
        if step is PaymentStep.REVERSED:
            self._cp("reversal.done")
        raise refusal

    async def take_back(self, payment: Payment) -> NoReturn:
        """The refund receipt, tried until it stands; then the end that was planned."""

        async def note(error: DeviceError, tries: int) -> None:
            _log.error("taking_back_retried", payment_id=payment.payment_id, error=str(error), tries=tries)
            await self._receipts.failures.note(payment, self._receipts.failures.failure(error))

        await self._jobs.retry(partial(self._receipts.take_back, payment), note, _BACKOFF_S)
        self._cp("taking_back.printed")
        planned = msgspec.json.decode(payment.ending or "", type=Planned)
        refusal, now = planned.refusal(), self._clock.now()
        await self._db.write(self._answers.close, payment, planned.step, refusal, planned.answered, now)
        self._cp("taking_back.done")
        raise refusal


def owes_return(reader: Reader, payment: Payment) -> bool:
    """No money of it is kept, and its receipt stands: one that came first, or one of a hold that was never taken."""
    first = payment.receipt_first or payment.step is PaymentStep.FISCALISED
    return first and intents.is_to_be_taken_back(reader, payment.payment_id)
