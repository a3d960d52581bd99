"""Variants of the saga with the bugs that the journal exists to prevent; the sweep must catch each of them."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NoReturn

import msgspec

from drivers.errors import DeviceError, OutcomeUnknown
from drivers.fiscal.port import FiscalDocument, FiscalOffice
from drivers.sbp.port import QrState
from kiosk.domain.errors import DomainError, PaymentDeclined
from kiosk.domain.events import OrderPaidEvent, StoredEvent
from kiosk.domain.payment.payment import Confirmation, Payment, PaymentStep
from kiosk.flows.fiscal.claim import Claim
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.payment.attempts import Accepted, PayRequest
from kiosk.flows.payment.by_qr import QrMethod
from kiosk.flows.payment.ending import Ending
from kiosk.flows.payment.method import Outcome, Standing
from kiosk.flows.payment.money import MoneySteps
from kiosk.flows.payment.refunds import Opened, Refunds, nothing_more
from kiosk.flows.payment.saga import PaymentSaga
from kiosk.flows.stock.recall import Recall
from kiosk.messages.alarms import AlarmSender
from kiosk.messages.delivery import CodeSender, Flights, MessageSender
from kiosk.messages.notices import PUSH
from kiosk.runtime.dispatcher import Dispatcher
from kiosk.sinks.port import EventSink
from kiosk.sinks.relay import Failure, Relay, Target
from kiosk.store.events import outbox
from kiosk.store.fiscal import intents
from kiosk.store.identity import customers
from kiosk.store.ordering import messages, orders
from kiosk.store.payment import payments, refunds
from kiosk.store.staff import alarms
from kiosk.store.staff.alarms import AlarmMessage
from kiosk.store.transaction import Reader, Tx
from kiosk.tokens import Session
from kiosk.wiring import Parts


class _NoFdBefore(Receipts):
    """Prints again without asking the registrar what became of the last intent."""

    async def _adopt_or_print(self, registrar: FiscalOffice, claim: Claim) -> tuple[intents.IntentRow, FiscalDocument]:
        def forget(tx: Tx) -> None:
            open_intent = intents.of_sale(tx, claim.payment.payment_id)
            if open_intent is not None:
                intents.disprove(tx, open_intent.intent_id)

        await self._db.write(forget)
        return await self._print(registrar, claim)


class _GuessedDecline(MoneySteps):
    async def take(self, payment: Payment) -> Payment:
        if payment.step is PaymentStep.CHARGING:
            await self._ending.end(payment, PaymentStep.DECLINED, PaymentDeclined(reason="no answer"))
        return await super().take(payment)


class _NoBankInquiry(PaymentSaga):
    """Takes a charge without an outcome for a decline."""

    money_steps = _GuessedDecline


class _Renamed(Payment, frozen=True):
    """The same attempt under another key."""

    @property
    def bank_key(self) -> str:
        return f"{super().bank_key}-again"


class _ChargedAgain(MoneySteps):
    async def take(self, payment: Payment) -> Payment:
        if payment.step is PaymentStep.CHARGING:
            again = _Renamed(**msgspec.structs.asdict(payment))
            with contextlib.suppress(DeviceError):
                outcome = await self._methods.of(payment).start(again)
                if not outcome.is_open:
                    return await self._record(payment, outcome)
        return await super().take(payment)


class _NewKeyWhileUnknown(PaymentSaga):
    """After a restart it charges under a fresh key instead of asking about the old one."""

    money_steps = _ChargedAgain


class _SplitCommit(PaymentSaga):
    """Marks the payment done in one commit and publishes the order as paid in another."""

    async def _mark_paid_and_publish(self, payment: Payment) -> Confirmation:
        def done(tx: Tx) -> Confirmation:
            confirmation = self._confirmations.confirm(tx, payment)
            payments.move(tx, payments.require(tx, payment.payment_id), PaymentStep.DONE)
            return confirmation

        confirmation = await self._db.write(done)
        self._cp("planted.split")
        now = self._clock.now()
        await self._db.write(self._confirmations.publish_paid, payment, now)
        return confirmation


def guest_kept_apart() -> Parts:
    return Parts(payment_saga=_GuestKeptApart)


def no_fd_before() -> Parts:
    return Parts(receipts=_NoFdBefore)


def no_bank_inquiry() -> Parts:
    return Parts(payment_saga=_NoBankInquiry)


def new_key_while_unknown() -> Parts:
    return Parts(payment_saga=_NewKeyWhileUnknown)


def split_commit() -> Parts:
    return Parts(payment_saga=_SplitCommit)


class _GuestKeptApart(PaymentSaga):
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


class _CursorFirst(Relay):
    """Moves the endpoint's cursor before the delivery."""

    async def _deliver(self, target: Target, event: StoredEvent) -> Failure | None:
        moved = "UPDATE endpoint SET sequence = ? WHERE url = ?"
        await self._db.write(lambda tx: tx.execute(moved, (event.sequence, target.url)))
        return await super()._deliver(target, event)


class _CursorBeforeRecord(_CursorFirst):
    """The same towards a broker only."""

    async def _deliver(self, target: Target, event: StoredEvent) -> Failure | None:
        if target.kind == "broker":
            return await super()._deliver(target, event)
        return await super(_CursorFirst, self)._deliver(target, event)


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


class _FreshPushId(_FreshId):
    """The same of notifications only."""

    async def _send(self, message: messages.Message) -> None:
        if message.channel == PUSH:
            await super()._send(message)
        else:
            await super(_FreshId, self)._send(message)


class _CountedApart(Dispatcher):
    """Counts in one commit and moves the cursor in the next."""

    async def _hand_over(self, sink: EventSink, events: Sequence[StoredEvent]) -> None:
        if sink.name != "statistics":
            await super()._hand_over(sink, events)
            return
        for event in events:
            await self._db.write(sink.handle, event)
            if event.type == OrderPaidEvent.__name__:
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
    return Parts(relay=_CursorFirst)


def cursor_before_record() -> Parts:
    return Parts(relay=_CursorBeforeRecord)


def fresh_client_id() -> Parts:
    return Parts(messages=_FreshId)


def fresh_push_id() -> Parts:
    return Parts(messages=_FreshPushId)


def counted_apart() -> Parts:
    return Parts(dispatcher=_CountedApart)


def code_kept() -> Parts:
    return Parts(codes=_CodeKept)


class _FreshRefundKey(Refunds):
    """Tells the bank another key at each try."""

    async def _give_back(self, payment: Payment, refund: refunds.RefundRow) -> str:
        renamed = msgspec.structs.replace(refund, refund_id=f"{refund.refund_id}-{uuid.uuid4()}")
        return await self._methods.of(payment).refund(payment, renamed, [])


def fresh_refund_key() -> Parts:
    return Parts(refunds=_FreshRefundKey)


class _Unasked(Recall):
    """A recall that asks no robot."""

    def __init__(self, recall: Recall) -> None:
        vars(self).update(vars(recall))

    async def recall(self, portions: Iterable[orders.PortionRow]) -> frozenset[int]:
        return frozenset()


class _GivenBackUnasked(Refunds):
    async def give_back(
        self, order_id: str, named: Sequence[int], reason: str, actor: str, opened: Opened = nothing_more
    ) -> refunds.RefundRow:
        self._recall = _Unasked(self._recall)
        return await super().give_back(order_id, named, reason, actor, opened)


class _OpenedApart(Refunds):
    async def give_back(
        self, order_id: str, named: Sequence[int], reason: str, actor: str, opened: Opened = nothing_more
    ) -> refunds.RefundRow:
        refund = await super().give_back(order_id, named, reason, actor)
        await self._db.write(opened, refund)
        return refund


def confirmed_apart() -> Parts:
    """A second person's yes is written down after the refund, by itself."""
    return Parts(refunds=_OpenedApart)


def given_back_unasked() -> Parts:
    """A dish is given back by the books alone, while the robot has just begun it."""
    return Parts(refunds=_GivenBackUnasked)


class _NumberedAnew(MoneySteps):
    async def take(self, payment: Payment) -> Payment:
        if payment.step is PaymentStep.CHARGING and payment.operation is not None:
            method = self._methods.of(payment)
            payment = await self._db.write(payments.note, payment, **(await method.prepare(payment)))
            return await self._record(payment, await method.start(payment))
        return await super().take(payment)


class _NewOperationAfterRestart(PaymentSaga):
    """Sells under the reader's next number instead of asking about the old one."""

    money_steps = _NumberedAnew


class _BegunLate(MoneySteps):
    async def _ask(self, payment: Payment) -> Outcome:
        outcome = await super()._ask(payment)
        return await self._start(payment) if outcome.reason == "not_started" else outcome


class _SaleBegunLate(PaymentSaga):
    """Sends a sale that never came to the reader, though its guest has gone."""

    money_steps = _BegunLate


class _NeverCaptured(MoneySteps):
    async def capture(self, payment: Payment) -> Payment:
        return payment


class _CaptureForgotten(PaymentSaga):
    """Leaves what is held where it is."""

    money_steps = _NeverCaptured


class _TrustsAnyCapture(MoneySteps):
    async def _capture_once(self, payment: Payment, qr: str) -> Outcome:
        await super()._capture_once(payment, qr)
        return Outcome(Standing.TAKEN)


class _TakenAnyway(PaymentSaga):
    """Takes a capture that was refused for one that was done."""

    money_steps = _TrustsAnyCapture


class _EndsByAnyRefusal(MoneySteps):
    async def _capture_once(self, payment: Payment, qr: str) -> Outcome:
        outcome = await super()._capture_once(payment, qr)
        refused = outcome.standing is Standing.UNKNOWN
        return Outcome(Standing.DECLINED, "hold_ended") if refused else outcome


class _EndedTooSoon(PaymentSaga):
    """Takes a capture that was refused for the bank's last word, while the money is held still."""

    money_steps = _EndsByAnyRefusal


def refused_capture_taken_for_money() -> Parts:
    return Parts(payment_saga=_TakenAnyway)


def any_refused_capture_is_the_end() -> Parts:
    return Parts(payment_saga=_EndedTooSoon)


class _TrustsTheWish(MoneySteps):
    async def _ask(self, payment: Payment) -> Outcome:
        row = await self._db.read(payments.require, payment.payment_id)
        if row.cancel_asked_at is not None:
            return Outcome(Standing.DECLINED, "cancelled")
        return await super()._ask(payment)


class _OpenCode(PaymentSaga):
    """Ends an attempt by the guest's wish, while the code can still be paid."""

    money_steps = _TrustsTheWish


class _NamedAnew(MoneySteps):
    async def _ask(self, payment: Payment) -> Outcome:
        row = await self._db.read(payments.require, payment.payment_id)
        method = self._methods.of(row)
        if not isinstance(method, QrMethod) or row.bank_payment_id is not None:
            return await super()._ask(payment)
        bill = replace(await method._bill(row), order=f"{row.order_id}-{row.attempt + 10}")  # noqa: SLF001
        found = await method._bank.register(bill)  # noqa: SLF001
        return Outcome(Standing.PENDING, numbers={"bank_payment_id": found.bank_id, "qr": found.qr})


class _NewOrderAfterRestart(PaymentSaga):
    """Opens a bill under a new name instead of asking for the one that it has named."""

    money_steps = _NamedAnew


class _RepeatedRefund(Refunds):
    """Sends money back again without asking whether it is on its way."""

    async def _give_back(self, payment: Payment, refund: refunds.RefundRow) -> str:
        method = self._methods.of(payment)
        if not isinstance(method, QrMethod):
            return await super()._give_back(payment, refund)
        found = await method._bank.cancel(payment.bank_payment_id or "")  # noqa: SLF001
        if found.state is not QrState.RETURNED:
            raise OutcomeUnknown("sbp", "returning", found.word)
        return "refund"


class _EndsAtOnce(Ending):
    """Forgets that a receipt stands."""

    async def end(
        self,
        payment: Payment,
        step: PaymentStep,
        refusal: DomainError,
        answered: int | None = None,
        also: Callable[[Tx], None] | None = None,
    ) -> NoReturn:
        now = self._clock.now()
        await self._db.write(self._answers.close, payment, step, refusal, answered, now)
        raise refusal


class _ReturnForgotten(PaymentSaga):
    ending = _EndsAtOnce


class _TakesBackFirst(MoneySteps):
    async def take(self, payment: Payment) -> Payment:
        if payment.step is PaymentStep.CHARGING and payment.receipt_first:
            await self._ending._receipts.take_back(payment)  # noqa: SLF001
        return await super().take(payment)


class _ReturnedWhileWaiting(PaymentSaga):
    """After a restart it takes the receipt back while its money may still be taken."""

    money_steps = _TakesBackFirst


def returned_while_waiting() -> Parts:
    return Parts(payment_saga=_ReturnedWhileWaiting)


class _TenderForgotten(Receipts):
    """Every receipt says that it is paid by card."""

    def sale(self, reader: Reader, payment_id: str) -> Claim:
        claim = super().sale(reader, payment_id)
        return msgspec.structs.replace(claim, payment=msgspec.structs.replace(claim.payment, tender=None))


def tender_forgotten() -> Parts:
    return Parts(receipts=_TenderForgotten)


def return_receipt_forgotten() -> Parts:
    return Parts(payment_saga=_ReturnForgotten)


def method_change_with_an_open_code() -> Parts:
    return Parts(payment_saga=_OpenCode)


def refund_repeated_without_asking() -> Parts:
    return Parts(refunds=_RepeatedRefund)


def new_order_after_restart() -> Parts:
    return Parts(payment_saga=_NewOrderAfterRestart)


def new_operation_after_restart() -> Parts:
    return Parts(payment_saga=_NewOperationAfterRestart)


def sale_begun_late() -> Parts:
    return Parts(payment_saga=_SaleBegunLate)


def capture_forgotten() -> Parts:
    return Parts(payment_saga=_CaptureForgotten)


class _FreshAlarmId(AlarmSender):
    """Names each try of an alarm's message anew, so that the channel cannot tell a repetition."""

    async def _send(self, message: AlarmMessage) -> None:
        channel = self._channels[message.channel]
        again = msgspec.structs.replace(message, message_id=f"{message.message_id}-{uuid.uuid4()}")
        await channel.send(again)
        self._cp("alarm.sent")
        await self._db.write(alarms.mark_accepted, message.message_id, self._clock.now())


def fresh_alarm_id() -> Parts:
    return Parts(alarms=_FreshAlarmId)


class _AcceptedFirst(AlarmSender):
    """Takes a message for accepted before it has gone out."""

    async def _send(self, message: AlarmMessage) -> None:
        await self._db.write(alarms.mark_accepted, message.message_id, self._clock.now())
        self._cp("planted.alarm")
        await super()._send(message)


def accepted_first() -> Parts:
    return Parts(alarms=_AcceptedFirst)


_ASKED_AGAIN_S = 0.5  # a sale that is sent again


class _AskedByDoing(MoneySteps):
    async def _ask(self, payment: Payment) -> Outcome:
        """A start that brings numbers is followed at once by a question, which here is another start: without a pause
        a code that nobody pays would be asked for thousands of times."""
        await self._jobs.pause(_ASKED_AGAIN_S)
        return await self._start(payment)


class _SaleRepeated(PaymentSaga):
    """Sends a sale again whose answer is not known, instead of asking what became of it."""

    money_steps = _AskedByDoing


def sale_repeated_unasked() -> Parts:
    return Parts(payment_saga=_SaleRepeated)


class _ReturnedByDoing(Refunds):
    """Sends a return again whose answer is not known, under a new number."""

    async def _give_back(self, payment: Payment, refund: refunds.RefundRow) -> str:
        await self._db.write(refunds.note_refund, refund.refund_id, operation=None)
        return await super()._give_back(payment, refund)


def return_repeated_unasked() -> Parts:
    return Parts(refunds=_ReturnedByDoing)
