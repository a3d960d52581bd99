"""The end of an attempt that sold nothing: step, holds, order, event and stored answer in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from kiosk.domain.errors import DomainError
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.flows.guards.jobs import Means
from kiosk.flows.payment.attempts import AnswerStore
from kiosk.store.transaction import Tx


class Ending:
    def __init__(self, means: Means, answers: AnswerStore) -> None:
        self._db = means.database
        self._clock = means.clock
        self._cp = means.checkpoint
        self._answers = answers

    async def end(
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
        raise refusal
