"""`PaymentMethod` by a card token at the bank: one stage, or two where the bank holds; idempotent by
`<order>:<attempt>`, refunded by its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from drivers.bank.port import HOLD_ENDED, Acquirer, ChargeStatus, Transaction
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown, trouble_word
from kiosk.clock import Clock
from kiosk.domain.errors import BankUnavailable, DomainError
from kiosk.domain.payment.payment import Method, Payment, PaymentStep
from kiosk.domain.reasons import BANK_DOWN, BANK_REFUSES
from kiosk.flows.payment.bank_outcome import KEYS_KEPT, BankOutcomes, charge_of, find_charge, given_back_kopecks
from kiosk.flows.payment.give_back import already_back, give_back
from kiosk.flows.payment.method import Capabilities, Outcome, Standing
from kiosk.store.database import Database
from kiosk.store.payment.refunds import RefundRow

_log = structlog.get_logger()
_STANDINGS: Mapping[ChargeStatus, Standing] = {
    ChargeStatus.APPROVED: Standing.TAKEN,
    ChargeStatus.HELD: Standing.HELD,
    ChargeStatus.DECLINED: Standing.DECLINED,
    ChargeStatus.PENDING: Standing.UNKNOWN,
    ChargeStatus.VOIDED: Standing.RETURNED,
    ChargeStatus.REFUNDED: Standing.RETURNED,
}


class TokenMethod:
    """`abandon_after_s`: how long the bank is asked about a charge that it does not know."""

    name = Method.TOKEN.value
    check: str | None = "bank"

    def __init__(self, database: Database, bank: Acquirer, clock: Clock, abandon_after_s: float) -> None:
        self.capabilities = Capabilities(hold=bank.holds, refund=True, listed=True, audited=True, token=True)
        self._bank = bank
        self._clock = clock
        self._asking = BankOutcomes(database, bank, clock, abandon_after_s)

    def unavailable(self, error: DeviceError) -> DomainError:
        return self.refusal(BANK_REFUSES if error.code == "unauthorized" else BANK_DOWN)

    def refusal(self, reason: str) -> DomainError:
        return BankUnavailable(reason=reason)

    async def prepare(self, payment: Payment) -> Mapping[str, object]:  # noqa: ARG002  # its key is its name
        return {}

    async def start(self, payment: Payment) -> Outcome:
        self._asking.posted(payment)
        try:
            return self._told(payment, await self._bank.charge(charge_of(payment)))
        except DeviceRefused as error:
            return self._refused(payment, error)
        except OutcomeUnknown as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))

    async def outcome(self, payment: Payment) -> Outcome:
        """While it is young and its step allows, the same key is posted again."""
        try:
            answer = await find_charge(self._bank, payment, self._clock.now())
            if answer is None and payment.step is PaymentStep.CHARGING:
                return await self._ask_again(payment)
        except (DeviceUnreachable, OutcomeUnknown, DeviceRefused) as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))
        return self._told(payment, answer)

    async def _ask_again(self, payment: Payment) -> Outcome:
        try:
            return self._told(payment, await self._asking.post_again(payment))
        except DeviceRefused as error:
            return self._refused(payment, error)

    def _refused(self, payment: Payment, error: DeviceRefused) -> Outcome:
        """Of this key nothing was taken; it is no guest's card that is wrong, so somebody must hear of it."""
        _log.error("charge_refused", payment_id=payment.payment_id, error=str(error))
        self._asking.answered(payment)
        return Outcome(Standing.DECLINED, error.code)

    def _told(self, payment: Payment, answer: Transaction | None) -> Outcome:
        found = Outcome(Standing.ABSENT) if answer is None else _outcome(answer)
        if not found.is_open:
            self._asking.answered(payment)
        return found

    async def cancel(self, payment: Payment) -> None:
        """The bank cannot be stopped; before it is asked the saga stops by itself."""

    async def capture(self, payment: Payment, qr: str) -> Outcome:  # noqa: ARG002  # nobody stands before a reader
        try:
            await self._bank.capture(
                payment.transaction_id or "", payment.amount_kopecks, f"{payment.bank_key}-capture"
            )
        except DeviceRefused as refusal:
            if refusal.code != HOLD_ENDED:
                raise
            _log.error("hold_ended", payment_id=payment.payment_id, error=str(refusal))
            return Outcome(Standing.DECLINED, HOLD_ENDED)
        return Outcome(Standing.TAKEN)

    async def release(self, payment: Payment, key: str) -> str:
        charge = await find_charge(self._bank, payment, self._clock.now())
        if charge is not None and charge.status is ChargeStatus.DECLINED:  # a hold that the bank itself has ended
            return "void"
        transaction_id = payment.transaction_id or (charge and charge.transaction_id) or ""
        return already_back(charge) or await give_back(self._bank, transaction_id, key, payment.amount_kopecks)

    async def recorded(self, order_id: str, attempt: int) -> Transaction | None:
        return await self._bank.find(f"{order_id}:{attempt}")

    async def refund(self, payment: Payment, refund: RefundRow, others: Sequence[RefundRow]) -> str:
        """Once the bank may have forgotten the key of an unanswered try, its list is asked first; where that proves
        nothing, a person decides."""
        transaction_id = payment.transaction_id or ""
        if refund.bank_tried_at is not None and self._clock.now() - refund.bank_tried_at > KEYS_KEPT:
            back_kopecks = await given_back_kopecks(self._bank, transaction_id, payment.created_at)
            if back_kopecks is None or any(row.bank_tried_at and not row.bank_done_at for row in others):
                raise OutcomeUnknown("bank", "key_forgotten", refund.refund_id)
            before_kopecks = sum(row.amount_kopecks for row in others if row.bank_done_at)
            if back_kopecks >= before_kopecks + refund.amount_kopecks:
                return refund.kind
        void = refund.kind == "void"
        return await give_back(self._bank, transaction_id, refund.refund_id, refund.amount_kopecks, void=void)


def _outcome(answer: Transaction) -> Outcome:
    standing = _STANDINGS[answer.status]
    reason = answer.reason or answer.status.value if standing in (Standing.DECLINED, Standing.RETURNED) else None
    numbers = {
        "transaction_id": answer.transaction_id,
        "auth_code": answer.auth_code,
        "rrn": answer.rrn,
        "card_brand": answer.card_brand,
        "card_last4": answer.card_last4,
    }
    return Outcome(standing, reason, numbers)
