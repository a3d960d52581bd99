"""Staff take money for a code that a guest has on the screen, and say so: journalled, once; where the receipt comes
before the money they say first how it will be paid (payment.md#at-the-till)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import FiscalUnavailable, GivenTooLittle, InvalidRequest, TillCodeUnknown, TillStateConflict
from kiosk.domain.ordering.order import CURRENCY
from kiosk.domain.payment.payment import STALE_AFTER, Method, Payment, PaymentStep, Tender
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import payments
from kiosk.store.transaction import Reader, Tx

#: So long the same words for a code that is settled get the same answer: the first one may have been lost.
_SAID_AGAIN = timedelta(minutes=10)
#: Who takes money in a demo, in the journal.
_PRACTICE = "practice"
Given = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]


class TillRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`given_kopecks`: what the guest put down; by card it is the sum itself."""

    tender: Literal["cash", "card"]
    given_kopecks: Given | None = None


class ChoiceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a guest will pay: the receipt that comes first says it."""

    tender: Literal["cash", "card"]


class PracticeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a cashier of a demo does with a guest's code; of a receipt that comes first `cash` and `card` print it, and
    then take the money."""

    does: Literal["cash", "card", "refuse"]


class TillView(msgspec.Struct, frozen=True):
    """What was taken, and what goes back from the drawer."""

    order_id: str
    number: str
    amount_kopecks: int
    currency: str
    tender: str
    given_kopecks: int
    change_kopecks: int


class WaitingView(msgspec.Struct, frozen=True):
    """A guest with a code. `receipt_first`: the receipt is printed before the money; then `stage` is `choosing` (how it
    will be paid), `announcing`, `announced` (the receipt is being printed), `charging` (it is handed over, the money is
    to be taken) or `cancelling`, and `tender` what the receipt says."""

    code: str
    order_id: str
    number: str
    amount_kopecks: int
    expires_at: str
    receipt_first: bool
    stage: str
    tender: str | None


class TillWaiting(msgspec.Struct, frozen=True):
    waiting: list[WaitingView]


class Till:
    """`why_no_receipt`: why the registrar would print none now, or None. `told` hears that something was taken."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        why_no_receipt: Callable[[], Awaitable[str | None]],
        told: Callable[[], None],
    ) -> None:
        self._db = database
        self._clock = clock
        self._why_no_receipt = why_no_receipt
        self._heard = told

    async def waiting(self) -> TillWaiting:
        """The oldest first."""
        return await self._db.read(_waiting, self._clock.now())

    async def announce(self, code: str, request: ChoiceRequest, actor: str) -> WaitingView:
        """Has the receipt printed that comes before the money; whoever stands there has two minutes more from now. The
        same words change nothing. Raises `TillCodeUnknown`, `TillStateConflict`, `FiscalUnavailable`."""
        await self._require_receipt(code)

        def run(tx: Tx) -> WaitingView:
            now = self._clock.now()
            payment = _waiting_at(tx, code, now)
            tender = Tender(request.tender)
            if not payment.receipt_first or payment.tender not in (None, tender):
                raise TillStateConflict(stage=payment.stage)
            if payment.tender is None:
                ends = max(payment.expires_at or now, now + STALE_AFTER)
                payment = payments.note(tx, payment, tender=tender, expires_at=ends)
                journal.add(tx, actor, "till_receipt", _told(tx, payment), now)
            return _waiting_view(tx, payment)

        found = await self._db.write(run)
        self._heard()
        return found

    async def refuse(self, code: str, actor: str) -> WaitingView:
        """The guest does not pay: a wish to cancel, said by staff. What was printed is taken back. Raises
        `TillCodeUnknown`."""

        def run(tx: Tx) -> WaitingView:
            now = self._clock.now()
            payment = _waiting_at(tx, code, now)
            payment = payments.note(tx, payment, cancel_asked_at=now)
            journal.add(tx, actor, "till_refused", _told(tx, payment), now)
            return _waiting_view(tx, payment)

        found = await self._db.write(run)
        self._heard()
        return found

    async def practise(self, code: str, request: PracticeRequest) -> None:
        """Says what a member of staff would, where everything is simulated. Raises as what it says."""
        if request.does == "refuse":
            await self.refuse(code, _PRACTICE)
            return
        payment = await self._db.read(payments.at_till, code)
        if payment is None:
            raise TillCodeUnknown
        if payment.step is PaymentStep.CHOOSING:
            await self.announce(code, ChoiceRequest(request.does), _PRACTICE)
            return
        tender = payment.tender.value if payment.tender is not None else request.does
        await self.take(code, TillRequest(tender, payment.amount_kopecks), _PRACTICE)

    async def _require_receipt(self, code: str) -> None:
        """Asked only where a receipt is still to be printed for this code. Raises `FiscalUnavailable`."""
        if await self._db.read(_wants_receipt, code):
            reason = await self._why_no_receipt()
            if reason is not None:
                raise FiscalUnavailable(reason=f"fiscal_{reason}")

    async def take(self, code: str, request: TillRequest, actor: str) -> TillView:
        """Nothing is taken for which no receipt can be had: a guest may have waited past the end of the shift; nor
        before the receipt that comes first. Raises `TillCodeUnknown`, `TillStateConflict`, `GivenTooLittle`,
        `InvalidRequest`, `FiscalUnavailable`."""
        await self._require_receipt(code)

        def run(tx: Tx) -> TillView:
            now = self._clock.now()
            payment = payments.at_till(tx, code)
            if payment is None or payment.taken_by is not None:
                return _said_again(tx, code, request, now)
            payment = _waiting_at(tx, code, now)
            if payment.step is not PaymentStep.CHARGING:
                raise TillStateConflict(stage=payment.stage)
            if payment.receipt_first and payment.tender != request.tender:
                raise InvalidRequest.at("$.tender", f"the receipt that was printed says {payment.tender}")
            given = _given(payment, request)
            taken = payments.note(tx, payment, tender=Tender(request.tender), given_kopecks=given, taken_by=actor)
            view = _view(tx, taken)
            told = f"{view.number} {view.amount_kopecks} {view.tender} {view.given_kopecks} {view.change_kopecks}"
            journal.add(tx, actor, "till_taken", told, now)
            return view

        found = await self._db.write(run)
        self._heard()
        return found


def _wants_receipt(reader: Reader, code: str) -> bool:
    payment = payments.at_till(reader, code)
    return payment is not None and payment.taken_by is None and not (payment.receipt_first and payment.tender)


def _waiting_at(reader: Reader, code: str, now: datetime) -> Payment:
    """Raises `TillCodeUnknown`."""
    payment = payments.at_till(reader, code)
    if payment is None or payment.taken_by is not None or payment.cancel_asked_at is not None:
        raise TillCodeUnknown
    if payment.expires_at is None or payment.expires_at <= now:
        raise TillCodeUnknown
    return payment


def _told(reader: Reader, payment: Payment) -> str:
    number = orders.require(reader, payment.order_id).number
    return f"{number} {payment.amount_kopecks} {payment.tender or ''}".rstrip()


def _given(payment: Payment, request: TillRequest) -> int:
    amount = payment.amount_kopecks
    given = request.given_kopecks
    if Tender(request.tender) is Tender.CARD:
        if given not in (None, amount):
            raise InvalidRequest.at("$.given_kopecks", "a card pays the sum itself")
        return amount
    if given is None:
        raise InvalidRequest.at("$.given_kopecks", "what was given in cash")
    if given < amount:
        raise GivenTooLittle(amount_kopecks=amount)
    return given


def _said_again(reader: Reader, code: str, request: TillRequest, now: datetime) -> TillView:
    """The answer of the same words before. Raises `TillCodeUnknown`."""
    payment = payments.taken_at_till(reader, code, now - _SAID_AGAIN)
    if payment is None or payment.tender != request.tender:
        raise TillCodeUnknown
    if request.given_kopecks not in (None, payment.given_kopecks):
        raise TillCodeUnknown
    return _view(reader, payment)


def _view(reader: Reader, payment: Payment) -> TillView:
    order = orders.require(reader, payment.order_id)
    given = payment.given_kopecks or payment.amount_kopecks
    return TillView(
        order_id=order.order_id,
        number=order.number,
        amount_kopecks=payment.amount_kopecks,
        currency=CURRENCY,
        tender=payment.tender or "",
        given_kopecks=given,
        change_kopecks=given - payment.amount_kopecks,
    )


def _waiting(reader: Reader, now: datetime) -> TillWaiting:
    found = []
    for payment in payments.in_work_by(reader, Method.TILL):
        waits = payment.show is not None or payment.is_being_announced
        if waits and payment.taken_by is None and payment.expires_at is not None and payment.expires_at > now:
            found.append(_waiting_view(reader, payment))
    return TillWaiting(found)


def _waiting_view(reader: Reader, payment: Payment) -> WaitingView:
    order = orders.require(reader, payment.order_id)
    return WaitingView(
        code=payment.till_code or "",
        order_id=order.order_id,
        number=order.number,
        amount_kopecks=payment.amount_kopecks,
        expires_at=rfc3339(payment.expires_at or payment.created_at),
        receipt_first=payment.receipt_first,
        stage=payment.stage,
        tender=payment.tender,
    )
