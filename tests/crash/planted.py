"""Variants of the saga with the bugs that the journal exists to prevent; the sweep must catch each of them."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

import msgspec

from drivers.bank.port import Acquirer, Charge
from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalDocument
from kiosk.domain.errors import PaymentDeclined
from kiosk.domain.events import StoredEvent
from kiosk.domain.payment import Confirmation, Payment, PaymentStep
from kiosk.flows.attempts import Accepted, PayRequest
from kiosk.flows.claiming import Claim
from kiosk.flows.fiscalising import Fiscalising
from kiosk.flows.paying import Paying
from kiosk.flows.refunding import Refunding
from kiosk.runtime.dispatcher import Dispatcher
from kiosk.sinks.port import EventSink
from kiosk.sinks.relaying import Failure, Relaying, Target
from kiosk.sinks.sending import CodeSender, Flights, MessageSender
from kiosk.store import customers, messages, outbox, payments, refunds
from kiosk.store.database import Tx
from kiosk.tokens import Session
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
            again = Charge(f"{payment.bank_key}-again", payment.order_id, payment.amount_kopecks, payment.card_token)
            with contextlib.suppress(DeviceError):
                return await self._record_charge(payment, await self._bank.charge(again))
        return await super()._charge_bank(payment)


class _SplitCommit(Paying):
    """Marks the payment done in one commit and publishes the order as paid in another."""

    async def _mark_paid_and_publish(self, payment: Payment) -> Confirmation:
        def done(tx: Tx) -> Confirmation:
            confirmation = self._confirming.confirm(tx, payment)
            payments.move(tx, payments.require(tx, payment.payment_id), PaymentStep.DONE)
            return confirmation

        confirmation = await self._db.write(done)
        self._cp("planted.split")
        now = self._clock.now()
        await self._db.write(self._confirming.publish_paid, payment, now)
        return confirmation


def guest_kept_apart() -> Parts:
    return Parts(paying=_GuestKeptApart)


def no_fd_before() -> Parts:
    return Parts(fiscalising=_NoFdBefore)


def no_bank_inquiry() -> Parts:
    return Parts(paying=_NoBankInquiry)


def new_key_while_unknown() -> Parts:
    return Parts(paying=_NewKeyWhileUnknown)


def split_commit() -> Parts:
    return Parts(paying=_SplitCommit)


class _GuestKeptApart(Paying):
    """Notes the guest's number in a commit of its own after that of a new attempt."""

    async def _open(
        self, session: Session, order_id: str, request: PayRequest, key: str | None, language: str
    ) -> Confirmation | Accepted | asyncio.Task[Confirmation]:
        silent = msgspec.structs.replace(request, notify=False)
        known = await self._db.read(payments.last, order_id)
        opened = await super()._open(session, order_id, silent, key, language)
        self._cp("planted.guest")
        if known is None:
            await self._db.write(messages.keep_guest, order_id, request.receipt_to or "", language)
        return opened


class _CursorFirst(Relaying):
    """Moves the endpoint's cursor before the delivery."""

    async def _deliver(self, target: Target, event: StoredEvent) -> Failure | None:
        moved = "UPDATE endpoint SET sequence = ? WHERE url = ?"
        await self._db.write(lambda tx: tx.execute(moved, (event.sequence, target.url)))
        return await super()._deliver(target, event)


class _FreshId(MessageSender):
    """Names each try anew, so that the gateway cannot tell a repetition."""

    async def _send(self, message: messages.Message) -> None:
        plain = self._send_one

        async def renamed(told: messages.Message) -> None:
            await plain(msgspec.structs.replace(told, client_id=f"{told.client_id}:{uuid.uuid4()}"))

        self._send_one = renamed
        try:
            await super()._send(message)
        finally:
            self._send_one = plain


class _CountedApart(Dispatcher):
    """Counts in one commit and moves the cursor in the next."""

    async def _hand_over(self, sink: EventSink, event: StoredEvent) -> None:
        if sink.name != "statistics":
            await super()._hand_over(sink, event)
            return
        await self._db.write(sink.handle, event)
        self._cp("planted.counted")
        await self._db.write(outbox.advance, sink.name, event.sequence)


class _CodeKept(CodeSender):
    """Erases a code only after its SMS has gone out."""

    async def _launch_waiting(self, flights: Flights) -> float:
        now = self._clock.now()

        def look(tx: Tx) -> customers.CodeToSend | None:
            found = customers.take_code_to_send(tx, now, now)
            if found is not None:
                again = "UPDATE one_time_code SET code = ? WHERE code_id = ?"
                tx.execute(again, (found.code, found.code_id))
            return found

        code = await self._db.write(look)
        if code is not None:
            await self._send(code)
            await self._db.write(customers.take_code_to_send, now, now)
        return 5.0


def cursor_before_delivery() -> Parts:
    return Parts(relaying=_CursorFirst)


def fresh_client_id() -> Parts:
    return Parts(messages=_FreshId)


def counted_apart() -> Parts:
    return Parts(dispatcher=_CountedApart)


def code_kept() -> Parts:
    return Parts(codes=_CodeKept)


class _FreshKeys:
    """A bank that is told another key at each try."""

    def __init__(self, bank: Acquirer) -> None:
        self._bank = bank

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bank, name)

    async def refund(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        await self._bank.refund(transaction_id, amount_kopecks, f"{key}-{uuid.uuid4()}")


class _FreshRefundKey(Refunding):
    async def _steps(self, refund: refunds.RefundRow) -> None:
        if not isinstance(self._bank, _FreshKeys):
            self._bank = _FreshKeys(self._bank)
        await super()._steps(refund)


def fresh_refund_key() -> Parts:
    return Parts(refunding=_FreshRefundKey)
