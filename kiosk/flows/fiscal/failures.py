"""A receipt that did not come: tried again, the money given back, or the meal given out first, by policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from drivers.errors import DeviceError, DeviceRefused, ForeignState
from kiosk.clock import Clock
from kiosk.domain.payment.payment import (
    FiscalDecision,
    FiscalPatience,
    Payment,
    PaymentStep,
    Proof,
    decide_on_fiscal_failure,
    decide_while_held,
)
from kiosk.flows.guards.breaker import Guard
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import payments, refunds
from kiosk.store.transaction import Tx

_log = structlog.get_logger()


class Failure(msgspec.Struct, frozen=True):
    proof: Proof
    code: str
    error: str


class ReceiptFailures:
    def __init__(self, database: Database, patience: FiscalPatience, guard: Guard, clock: Clock) -> None:
        self._db = database
        self._patience = patience
        self._guard = guard
        self._clock = clock
        self._failing_since: dict[str, float] = {}  # by payment, in monotonic time

    def failure(self, error: DeviceError) -> Failure:
        return Failure(self._proof_of(error), error.code, str(error))

    def _proof_of(self, error: DeviceError) -> Proof:
        if isinstance(error, DeviceRefused):
            return Proof.ABSENT if self._guard.reason is None else Proof.REFUSED
        return Proof.FOREIGN if isinstance(error, ForeignState) else Proof.SILENT

    async def act(
        self, payment: Payment, failure: Failure, publish_paid: Callable[[Tx, Payment, datetime], None]
    ) -> Payment:
        """Retry, reverse or release by policy; the decision is journalled when this returns."""
        _log.warning("receipt_failed", proof=failure.proof, error=failure.error)
        now = self._clock.now()

        def run(tx: Tx) -> Payment:
            current = payments.require(tx, payment.payment_id)
            failed_at = current.receipt_failed_at or now
            told = f"{failure.proof}:{failure.code}"
            current = payments.note(tx, current, receipt_failed_at=failed_at, receipt_error=told)
            decision = self.decide(current, failure.proof)
            if decision is FiscalDecision.REVERSE:
                refunds.add_void(tx, current, "fiscal_unavailable", "kiosk", now)
                return payments.move(tx, current, PaymentStep.REVERSING)
            if decision is FiscalDecision.CAPTURE:
                return payments.note(tx, current, capturing_at=now)
            if decision is FiscalDecision.RELEASE:
                orders.set_receipt_unknown(tx, current.order_id, unknown=True)
                publish_paid(tx, current, now)
                return payments.note(tx, current, released_at=now)
            return current

        return await self._db.write(run)

    async def note(self, payment: Payment, failure: Failure) -> Payment:
        """Of a receipt that moves no money: since when it fails, and how."""
        _log.warning("receipt_failed", proof=failure.proof, error=failure.error)
        now = self._clock.now()

        def run(tx: Tx) -> Payment:
            current = payments.require(tx, payment.payment_id)
            told = f"{failure.proof}:{failure.code}"
            return payments.note(tx, current, receipt_failed_at=current.receipt_failed_at or now, receipt_error=told)

        return await self._db.write(run)

    def decide(self, payment: Payment, proof: Proof) -> FiscalDecision:
        now = self._clock.now()
        failed_at = payment.receipt_failed_at or now
        if payment.receipt_failed_at is not None:  # the wall clock may be set back while somebody waits
            since = self._failing_since.setdefault(payment.payment_id, self._clock.monotonic())
            now = max(now, failed_at + timedelta(seconds=self._clock.monotonic() - since))
        if payment.held_at is not None and payment.is_held:
            reverse_asked = payment.reverse_asked_by is not None
            return decide_while_held(self._patience, proof, payment.held_at, now=now, reverse_asked=reverse_asked)
        released, asked = payment.released_at is not None, payment.reverse_asked_by is not None
        return decide_on_fiscal_failure(
            self._patience, proof, failed_at, released=released, now=now, reverse_asked=asked
        )

    def is_held_too_long(self, payment: Payment) -> bool:
        """The card reader has waited for the receipt as long as it is known to: no new one is printed."""
        if payment.held_at is None or not payment.is_held:
            return False
        return self._clock.now() - payment.held_at >= timedelta(seconds=self._patience.fin_within_s)

    def forget(self, payment: Payment) -> None:
        """Its receipt is there."""
        self._failing_since.pop(payment.payment_id, None)
