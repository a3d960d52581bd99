"""`PaymentMethod` at the till: a code on the screen, a member of staff takes the money and says so
(payment.md#at-the-till)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta

from drivers.bank.port import Transaction
from drivers.errors import DeviceError, DeviceRefused
from kiosk.clock import Clock
from kiosk.domain.errors import DomainError, PaymentMethodUnavailable
from kiosk.domain.payment.payment import Method, Payment, PaymentStep
from kiosk.flows.payment.method import BY_HAND, Capabilities, Outcome, Standing
from kiosk.store.database import Database
from kiosk.store.payment import payments
from kiosk.store.payment.refunds import RefundRow
from kiosk.store.transaction import Tx

_DEVICE = "till"
_DIGITS = 4
_WRITTEN_WITHIN_S = 60.0
_CANCELLED, _EXPIRED = "cancelled", "expired"


class TillMethod:
    """`expires_after_s`: so long the code is good."""

    name = Method.TILL.value
    capabilities = Capabilities(tender=True)
    check: str | None = None

    def __init__(self, database: Database, clock: Clock, expires_after_s: float) -> None:
        self._db = database
        self._clock = clock
        self._expires_after = timedelta(seconds=expires_after_s)
        self._given: dict[str, float] = {}  # codes that may not be written yet, and when they were given

    def unavailable(self, error: DeviceError) -> DomainError:
        return self.refusal(f"{_DEVICE}_{error.code}")

    def refusal(self, reason: str) -> DomainError:
        return PaymentMethodUnavailable(self.name, reason)

    async def prepare(self, payment: Payment) -> Mapping[str, object]:
        if payment.till_code is not None:  # its receipt came first, and the guest has the code already
            return {}
        waiting = await self._db.read(payments.in_work_by, payment.method)
        now_s = self._clock.monotonic()
        self._given = {code: given_s for code, given_s in self._given.items() if now_s - given_s < _WRITTEN_WITHIN_S}
        code = _new_code({row.till_code for row in waiting} | self._given.keys())
        self._given[code] = now_s
        return {"till_code": code, "expires_at": self._clock.now() + self._expires_after}

    async def start(self, payment: Payment) -> Outcome:
        return await self.outcome(payment)

    async def outcome(self, payment: Payment) -> Outcome:
        """The books alone know: what staff say is written there. The end of a code is written too, so that no money is
        taken for it while its attempt is being ended."""
        outcome = self._standing_of(await self._db.read(payments.require, payment.payment_id))
        return await self._db.write(self._expire, payment) if outcome.reason == _EXPIRED else outcome

    def _standing_of(self, row: Payment) -> Outcome:
        if row.taken_by is not None:
            return Outcome(Standing.TAKEN, numbers={"transaction_id": f"{_DEVICE}-{row.payment_id}"})
        if row.cancel_asked_at is not None or row.step is PaymentStep.ABANDONED:
            return Outcome(Standing.DECLINED, _CANCELLED)
        if row.till_code is None or row.expires_at is None or row.expires_at <= self._clock.now():
            return Outcome(Standing.DECLINED, _EXPIRED)
        return Outcome(Standing.PENDING)

    def _expire(self, tx: Tx, payment: Payment) -> Outcome:
        """Among the writes, where what staff said a moment before is known."""
        row = payments.require(tx, payment.payment_id)
        outcome = self._standing_of(row)
        if outcome.reason == _EXPIRED:
            payments.note(tx, row, till_code=None)
        return outcome

    async def cancel(self, payment: Payment) -> None:
        """What is written is all there is."""

    async def capture(self, payment: Payment, qr: str) -> Outcome:  # noqa: ARG002
        return Outcome(Standing.TAKEN)

    async def release(self, payment: Payment, key: str) -> str:  # noqa: ARG002
        raise DeviceRefused(_DEVICE, BY_HAND, f"{payment.tender or ''} {payment.amount_kopecks}")

    async def recorded(self, order_id: str, attempt: int) -> Transaction | None:
        """Nobody can be asked."""

    async def refund(self, payment: Payment, refund: RefundRow, others: Sequence[RefundRow]) -> str:  # noqa: ARG002
        raise DeviceRefused(_DEVICE, BY_HAND, f"{payment.tender or ''} {payment.amount_kopecks}")


def _new_code(taken: set[str | None]) -> str:
    """Not one that waits. Raises `DeviceRefused` where all of them do."""
    if len(taken) >= 10**_DIGITS:
        raise DeviceRefused(_DEVICE, "no_codes")
    while (code := f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}") in taken:
        pass
    return code
