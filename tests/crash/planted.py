"""Variants of the saga with the bugs that the journal exists to prevent; the sweep must catch each of them."""

from __future__ import annotations

from drivers.bank.port import Charge
from drivers.fiscal.port import FiscalDocument
from kiosk.domain.errors import PaymentDeclined
from kiosk.domain.payment import Confirmation, Payment, PaymentStep
from kiosk.flows.fiscalising import Claim, Fiscalising
from kiosk.flows.paying import Paying
from kiosk.store import payments
from kiosk.store.database import Tx
from kiosk.wiring import Parts


class _NoFdBefore(Fiscalising):
    """Prints again without asking the registrar what became of the last intent."""

    async def _adopt_or_print(self, claim: Claim) -> tuple[payments.IntentRow, FiscalDocument]:
        def forget(tx: Tx) -> None:
            open_intent = payments.sale_intent(tx, claim.payment.payment_id)
            if open_intent is not None:
                payments.disprove_intent(tx, open_intent.intent_id)

        await self._db.write(forget)
        return await self._print(claim)


class _NoBankInquiry(Paying):
    """Takes a charge without an outcome for a decline."""

    async def _charge_bank(self, payment: Payment) -> Payment:
        if payment.step is PaymentStep.CHARGING:
            await self._end(payment, PaymentStep.DECLINED, PaymentDeclined(reason="no answer"))
        return await super()._charge_bank(payment)


class _NewKeyWhileUnknown(Paying):
    """After a restart it charges under a fresh key instead of asking about the old one."""

    async def _charge_bank(self, payment: Payment) -> Payment:
        if payment.step is PaymentStep.CHARGING:
            answer = await self._bank.charge(
                Charge(f"{payment.bank_key}-again", payment.order_id, payment.amount_kopecks, payment.card_token)
            )
            return await self._record_charge(payment, answer)
        return await super()._charge_bank(payment)


class _SplitCommit(Paying):
    """Marks the payment done in one commit and publishes the order as paid in another."""

    async def _mark_paid_and_publish(self, payment: Payment) -> Confirmation:
        def done(tx: Tx) -> Confirmation:
            confirmation = self._confirm(tx, payment)
            payments.move(tx, payments.require(tx, payment.payment_id), PaymentStep.DONE)
            return confirmation

        confirmation = await self._db.write(done)
        self._cp("planted.split")
        now = self._clock.now()
        await self._db.write(lambda tx: self._publish_paid(tx, payment, now))
        return confirmation


def no_fd_before() -> Parts:
    return Parts(fiscalising=_NoFdBefore)


def no_bank_inquiry() -> Parts:
    return Parts(paying=_NoBankInquiry)


def new_key_while_unknown() -> Parts:
    return Parts(paying=_NewKeyWhileUnknown)


def split_commit() -> Parts:
    return Parts(paying=_SplitCommit)
