"""Staff take money for a code that a guest has on the screen, and say so: journalled, once (payment.md#at-the-till)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import FiscalUnavailable, GivenTooLittle, InvalidRequest, TillCodeUnknown
from kiosk.domain.ordering.order import CURRENCY
from kiosk.domain.payment.payment import Method, Payment, Tender
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import payments
from kiosk.store.staff import journal
from kiosk.store.transaction import Reader, Tx

#: So long the same words for a code that is settled get the same answer: the first one may have been lost.
_SAID_AGAIN = timedelta(minutes=10)
Given = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]


class TillRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`given_kopecks`: what the guest put down; by card it is the sum itself."""

    tender: Literal["cash", "card"]
    given_kopecks: Given | None = None


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
    """A guest with a code."""

    code: str
    order_id: str
    number: str
    amount_kopecks: int
    expires_at: str


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
        self._told = told

    async def waiting(self) -> TillWaiting:
        """The oldest first."""
        return await self._db.read(_waiting, self._clock.now())

    async def take(self, code: str, request: TillRequest, actor: str) -> TillView:
        """Nothing is taken for which no receipt can be had: a guest may have waited past the end of the shift. Raises
        `TillCodeUnknown`, `GivenTooLittle`, `InvalidRequest`, `FiscalUnavailable`."""
        if await self._db.read(_is_waited_for, code):
            reason = await self._why_no_receipt()
            if reason is not None:
                raise FiscalUnavailable(reason=f"fiscal_{reason}")

        def run(tx: Tx) -> TillView:
            now = self._clock.now()
            payment = payments.at_till(tx, code)
            if payment is None or payment.taken_by is not None:
                return _said_again(tx, code, request, now)
            if payment.cancel_asked_at is not None or payment.expires_at is None or payment.expires_at <= now:
                raise TillCodeUnknown
            given = _given(payment, request)
            taken = payments.note(tx, payment, tender=Tender(request.tender), given_kopecks=given, taken_by=actor)
            view = _view(tx, taken)
            told = f"{view.number} {view.amount_kopecks} {view.tender} {view.given_kopecks} {view.change_kopecks}"
            journal.add(tx, actor, "till_taken", told, now)
            return view

        found = await self._db.write(run)
        self._told()
        return found


def _is_waited_for(reader: Reader, code: str) -> bool:
    payment = payments.at_till(reader, code)
    return payment is not None and payment.taken_by is None


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
        if payment.show is None or payment.till_code is None or payment.expires_at is None or payment.expires_at <= now:
            continue
        if payment.taken_by is None:
            order = orders.require(reader, payment.order_id)
            found.append(
                WaitingView(
                    payment.till_code, order.order_id, order.number, payment.amount_kopecks, rfc3339(payment.expires_at)
                )
            )
    return TillWaiting(found)
