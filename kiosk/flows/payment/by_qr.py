"""`PaymentMethod` by a QR code on the screen, paid in the guest's own bank: taken at once, no hold; a bill that nobody
wants any more is asked about, then cancelled, and what was paid meanwhile goes back (payment.md#by-qr-code)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from drivers.bank.port import ChargeStatus, Transaction
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown, trouble_word
from drivers.sbp.port import Bill, QrBank, QrPayment, QrState
from kiosk.clock import Clock
from kiosk.domain.errors import DomainError, PaymentMethodUnavailable
from kiosk.domain.payment.payment import Method, Payment, PaymentStep, void_id_of
from kiosk.domain.reasons import SBP_DOWN, SBP_REFUSES
from kiosk.flows.payment.method import BY_HAND, Capabilities, Outcome, Standing
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import payments
from kiosk.store.payment.refunds import RefundRow
from kiosk.store.transaction import Tx

_DEVICE = "sbp"
_WRONG_STATE = "wrong_state"
_NOT_STARTED, _EXPIRED, _REJECTED = "not_started", "code_expired", "declined"
_RECORDED: Mapping[QrState, ChargeStatus] = {
    QrState.OPEN: ChargeStatus.PENDING,
    QrState.PAID: ChargeStatus.APPROVED,
    QrState.ENDED: ChargeStatus.DECLINED,
    QrState.RETURNING: ChargeStatus.REFUNDED,
    QrState.RETURNED: ChargeStatus.REFUNDED,
}
#: Without a code by then the guest is told so: nobody can have paid.
_CODE_WITHIN = timedelta(seconds=30)
#: At first a guest has the phone in hand.
_BRISK, _SLOWER = timedelta(minutes=1), 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QrTimes:
    """`screen_s`: so long the code is shown; `due_s`: so long the bank takes money for it; `poll_s`: from one question
    to the next. `seller`: what the payer's bank shows beside the order's number."""

    screen_s: float
    due_s: float
    poll_s: float
    seller: str = ""


class QrMethod:
    name = Method.SBP.value
    capabilities = Capabilities(refund=True, audited=True)
    check: str | None = _DEVICE

    def __init__(self, database: Database, bank: QrBank, clock: Clock, times: QrTimes) -> None:
        self._db = database
        self._bank = bank
        self._clock = clock
        self._times = times

    def unavailable(self, error: DeviceError) -> DomainError:
        return self.refusal(SBP_REFUSES if error.code == "unauthorized" else SBP_DOWN)

    def refusal(self, reason: str) -> DomainError:
        return PaymentMethodUnavailable(self.name, reason)

    async def prepare(self, payment: Payment) -> Mapping[str, object]:  # noqa: ARG002  # its name is the bank's key
        return {"expires_at": self._clock.now() + timedelta(seconds=self._times.screen_s)}

    async def start(self, payment: Payment) -> Outcome:
        try:
            return _registered(await self._bank.register(await self._bill(payment)))
        except DeviceUnreachable:
            raise
        except DeviceRefused as error:
            return Outcome(Standing.DECLINED, error.code)
        except DeviceError as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))

    async def outcome(self, payment: Payment) -> Outcome:
        """By what is written now: a wish to cancel may have come meanwhile."""
        row = await self._db.read(payments.require, payment.payment_id)
        try:
            return await (self._before_code(row) if row.qr is None else self._of_shown(row))
        except DeviceError as error:
            if self._is_waited_for(row) and row.qr is not None:  # its guest may be paying; it is asked again
                return Outcome(Standing.PENDING, ask_again_s=self._pause_s(row))
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))

    async def _before_code(self, row: Payment) -> Outcome:
        """Nobody can pay what nobody has seen; the bank is believed where it says otherwise."""
        late = self._clock.now() - (row.posted_at or row.created_at) > _CODE_WITHIN
        if late or not self._is_waited_for(row):
            return await self._of_unseen(row)
        if row.bank_payment_id is None:
            return _registered(
                await self._bank.find(row.payment_id) or await self._bank.register(await self._bill(row))
            )
        try:
            qr = await self._bank.code(row.bank_payment_id)
        except DeviceRefused:  # it is open no more
            return await self._told(row, await self._look(row))
        return Outcome(Standing.PENDING, numbers={"qr": qr}, ask_again_s=self._pause_s(row))

    async def _of_unseen(self, row: Payment) -> Outcome:
        """Of books that were put back the code may have been seen all the same: what is asked for longer ago than a
        bill may be paid is believed from the bank alone. A younger one that cannot be asked about ends by itself."""
        try:
            found = await self._find(row)
            if found is not None and found.state is QrState.OPEN:
                found = await self._bank.cancel(found.bank_id)
        except DeviceError as error:
            being_paid = isinstance(error, DeviceRefused) and error.code == _WRONG_STATE
            if being_paid or self._clock.now() - (row.posted_at or row.created_at) > timedelta(
                seconds=self._times.due_s
            ):
                return Outcome(Standing.UNKNOWN, error=trouble_word(error))
            found = None
        if found is None or found.state in (QrState.OPEN, QrState.ENDED):
            return Outcome(Standing.DECLINED, _NOT_STARTED)
        return await self._told(row, found)

    async def _of_shown(self, row: Payment) -> Outcome:
        """Asked first, also where it is to be cancelled: what was paid in time is the order's."""
        found = await self._look(row)
        if found.state is QrState.OPEN and not self._is_waited_for(row):
            await self._db.write(self._note_unwanted, row)
            try:
                found = await self._bank.cancel(found.bank_id)
            except DeviceRefused:  # it is being paid in this moment, or has just been: the next look tells
                return Outcome(Standing.UNKNOWN)
        return await self._told(row, found)

    async def _told(self, row: Payment, found: QrPayment) -> Outcome:
        match found.state:
            case QrState.OPEN:
                return Outcome(Standing.PENDING, ask_again_s=self._pause_s(row))
            case QrState.ENDED:
                expired = found.word.endswith("EXPIRED")
                return Outcome(Standing.DECLINED, _EXPIRED if expired else _REJECTED)
            case QrState.PAID:
                standing = Standing.TAKEN
            case QrState.RETURNING | QrState.RETURNED:
                standing = Standing.RETURNING
        return Outcome(standing, numbers=await self._numbers(row, found))

    async def _numbers(self, row: Payment, found: QrPayment) -> Mapping[str, object]:
        """The transfer's own number stands in another answer; without it the bank's number of the bill must do."""
        told = found
        with contextlib.suppress(DeviceError):
            listed = await self._bank.find(row.payment_id)
            if listed is not None and listed.bank_id == found.bank_id:
                told = listed
        number = told.transfer_id or found.bank_id
        return {"transaction_id": number, "rrn": told.rrn, "bank_payment_id": found.bank_id}

    async def _find(self, row: Payment) -> QrPayment | None:
        """By our own name where the bank's number is not known. Raises as `_look`."""
        if row.bank_payment_id is not None:
            return await self._look(row)
        found = await self._bank.find(row.payment_id)
        return None if found is None else await self._as_it_is(_own(row, found), row.void_id)

    async def _look(self, row: Payment) -> QrPayment:
        """Raises `ForeignState` for what is not this attempt's."""
        return await self._as_it_is(_own(row, await self._bank.look(row.bank_payment_id or "")), row.void_id)

    async def _as_it_is(self, found: QrPayment, void_id: str) -> QrPayment:
        """A bank that names its returns calls paid also what has gone back since: it is asked for the whole of it."""
        returns = self._bank.returns
        if found.state is not QrState.PAID or returns is None:
            return found
        state = await returns.returned(found.bank_id, void_id, found.amount_kopecks)
        return found if state is None else replace(found, state=state)

    def _is_waited_for(self, row: Payment) -> bool:
        wanted = row.cancel_asked_at is None and row.step is not PaymentStep.ABANDONED
        return wanted and row.expires_at is not None and self._clock.now() < row.expires_at

    def _note_unwanted(self, tx: Tx, payment: Payment) -> None:
        """The wish stands in the journal before the wire; the guest's own came first."""
        row = payments.require(tx, payment.payment_id)
        if row.cancel_asked_at is None:
            payments.note(tx, row, cancel_asked_at=self._clock.now(), cancel_reason=_EXPIRED)

    def _pause_s(self, row: Payment) -> float:
        """Not past the code's end."""
        now = self._clock.now()
        brisk = now - (row.posted_at or row.created_at) < _BRISK
        pause_s = self._times.poll_s * (1.0 if brisk else _SLOWER)
        left_s = 0.0 if row.expires_at is None else (row.expires_at - now).total_seconds()
        return min(pause_s, left_s) if left_s > 0 else pause_s

    async def cancel(self, payment: Payment) -> None:
        """What is written is heard by `outcome`, which asks before it cancels."""

    async def capture(self, payment: Payment, qr: str) -> Outcome:  # noqa: ARG002
        return Outcome(Standing.TAKEN)

    async def release(self, payment: Payment, key: str) -> str:
        return await self._send_back(payment, key, payment.amount_kopecks)

    async def recorded(self, order_id: str, attempt: int) -> Transaction | None:
        payment_id = f"{order_id}-{attempt}"
        found = await self._bank.find(payment_id)
        if found is None:
            return None
        told = await self._as_it_is(found, void_id_of(payment_id))
        return Transaction(_RECORDED[told.state], rrn=told.rrn)

    async def refund(self, payment: Payment, refund: RefundRow, others: Sequence[RefundRow]) -> str:  # noqa: ARG002
        """A part only where the bank tells one return from another."""
        if self._bank.returns is None and refund.amount_kopecks != payment.amount_kopecks:
            raise DeviceRefused(_DEVICE, BY_HAND, f"{payment.transaction_id}")
        return await self._send_back(payment, refund.refund_id, refund.amount_kopecks)

    async def _send_back(self, payment: Payment, key: str, amount_kopecks: int) -> str:
        """Asked before each try: a bank that knows no names for returns would send it twice. Raises `OutcomeUnknown`
        while it is on the way."""
        found, returns = await self._look(payment), self._bank.returns
        if found.state is QrState.PAID:
            if returns is None:
                found = await self._bank.cancel(found.bank_id)
            else:
                found = replace(found, state=await returns.give_back(found.bank_id, key, amount_kopecks))
        if found.state is QrState.ENDED:
            return "void"
        if found.state is QrState.RETURNED:
            return "refund"
        raise OutcomeUnknown(_DEVICE, "returning" if found.state is QrState.RETURNING else "not_returned", found.word)

    async def _bill(self, payment: Payment) -> Bill:
        order = await self._db.read(orders.require, payment.order_id)
        shown_until = payment.expires_at or self._clock.now()
        due_at = shown_until + timedelta(seconds=self._times.due_s - self._times.screen_s)
        text = f"{self._times.seller}, заказ {order.number}" if self._times.seller else f"Заказ {order.number}"
        return Bill(payment.payment_id, payment.amount_kopecks, due_at, text)


def _own(row: Payment, found: QrPayment) -> QrPayment:
    if found.amount_kopecks not in (None, row.amount_kopecks):
        raise ForeignState(_DEVICE, "other_sum", f"{found.bank_id}: {found.amount_kopecks}")
    return found


def _registered(found: QrPayment) -> Outcome:
    return Outcome(
        Standing.PENDING,
        numbers={"bank_payment_id": found.bank_id, **({} if found.qr is None else {"qr": found.qr})},
    )
