"""Refunds by staff: up to the limit at once, above it only with a second person (access.md#a-second-person)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import structlog

from kiosk.checkpoints import pass_by
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.domain.payment.second_person import WAITS_S, RequestState, is_over, needs_second
from kiosk.domain.staff.refusals import RefundRequestConflict, RoleForbids, SamePerson, SecondPersonRequired
from kiosk.domain.staff.roles import MANAGING, SERVING, Person
from kiosk.flows.payment.portions import RefundRequest, lines_given_back
from kiosk.flows.payment.refund_opening import chosen_of, reason_of
from kiosk.flows.payment.refunds import Refunds, nothing_more
from kiosk.flows.staff.accounts import EnteredPin, NameView, PersonId, is_of_account
from kiosk.flows.staff.door import StaffDoor
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import refund_requests
from kiosk.store.payment.refund_requests import RequestRow
from kiosk.store.payment.refunds import RefundRow
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()


class RefundConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second person at the first one's panel: account and PIN. Neither: whoever's session it is."""

    person_id: PersonId | None = None
    pin: EnteredPin = ""


class RefundRequestView(msgspec.Struct, frozen=True):
    """`actor` asked for it; `own`: the asker's own; `confirmers`: whose PIN confirms it at this panel."""

    request_id: int
    order_id: str
    number: str
    amount_kopecks: int
    reason: str
    actor: str
    asked_at: str
    expires_at: str
    own: bool
    confirmers: list[NameView]


class RefundRequestsView(msgspec.Struct, frozen=True):
    """`may_confirm`: whether the asker's role may."""

    waiting: list[RefundRequestView]
    may_confirm: bool


class _AboveTheLimit(Exception):
    """Undoes a refund that was opened."""


class SecondPerson:
    def __init__(
        self,
        database: Database,
        refunds: Refunds,
        door: StaffDoor,
        clock: Clock,
        *,
        limit_kopecks: int,
        checkpoint: Callable[[str], None] = pass_by,
        periods: Periods = USUAL,
    ) -> None:
        """`limit_kopecks`: what one person gives back of one order; 0: without a limit."""
        self._db = database
        self._refunds = refunds
        self._door = door
        self._clock = clock
        self._limit_kopecks = limit_kopecks
        self._cp = checkpoint
        self._periods = periods

    # The first person.

    async def refund(self, word: str, request: RefundRequest, by: Person) -> RefundRow:
        """As `Refunds.request`. Raises `SecondPersonRequired`: it waits, and nothing was given back."""
        if not by.bounded:
            return await self._refunds.request(word, request, by.actor)
        order_id = await self._refunds.order_of(word)
        *_, chosen = await self._db.read(chosen_of, order_id, request.items, None)
        named = [row.portion_id for row in chosen]
        if await self._db.read(self._is_above, order_id, named):
            await self._ask(order_id, named, request.reason, by)
        try:
            return await self._refunds.give_back(order_id, named, request.reason, by.actor, self._within)
        except _AboveTheLimit:  # another refund of this order was quicker
            return await self._ask(order_id, named, request.reason, by)

    async def refund_portion(self, portion_id: int, by: Person) -> None:
        """As `Refunds.request_portion`. Raises `SecondPersonRequired`."""
        try:
            await self._refunds.request_portion(portion_id, by.actor, self._within if by.bounded else nothing_more)
        except _AboveTheLimit:
            row = await self._db.read(orders.require_portion, portion_id)
            await self._ask(row.order_id, [portion_id], reason_of(row), by)

    def _is_above(self, reader: Reader, order_id: str, named: list[int]) -> bool:
        given = refund_requests.given_by_people(reader, order_id)
        return needs_second(self._limit_kopecks, given, amount_of(reader, order_id, named))

    def _within(self, tx: Tx, refund: RefundRow) -> None:
        """As the refund stands in its transaction. Raises `_AboveTheLimit`."""
        given = refund_requests.given_by_people(tx, refund.order_id)
        if needs_second(self._limit_kopecks, given, 0):
            raise _AboveTheLimit

    async def _ask(self, order_id: str, named: list[int], reason: str, by: Person) -> RefundRow:
        """The request, once: the same wish of the same person is the same request. Raises `SecondPersonRequired`."""
        now = self._clock.now()
        expires_at = now + timedelta(seconds=WAITS_S)

        def run(tx: Tx) -> RequestRow:
            for row in refund_requests.waiting(tx):
                same = (row.order_id, row.identity, row.portions) == (order_id, by.identity, sorted(named))
                if same and not is_over(row.asked_at, row.expires_at, now):
                    return row
            asked = refund_requests.add(
                tx,
                order_id=order_id,
                portions=named,
                amount_kopecks=amount_of(tx, order_id, named),
                reason=reason,
                actor=by.actor,
                identity=by.identity,
                asked_at=now,
                expires_at=expires_at,
            )
            journal.add(tx, by.actor, "refund_asked", f"{order_id} {asked.amount_kopecks} {reason}", now)
            return asked

        row = await self._db.write(run)
        self._cp("refund.asked")
        raise SecondPersonRequired(
            request_id=row.request_id,
            amount_kopecks=row.amount_kopecks,
            limit_kopecks=self._limit_kopecks,
            expires_at=rfc3339(row.expires_at),
        )

    # The second one.

    async def waiting(self, by: Person) -> RefundRequestsView:
        now = self._clock.now()

        def run(reader: Reader) -> list[tuple[RequestRow, str]]:
            found = [(row, orders.get(reader, row.order_id)) for row in refund_requests.waiting(reader)]
            return [(row, row.order_id if order is None else order.number) for row, order in found]

        rows = await self._db.read(run)
        return RefundRequestsView(
            [self._view(row, number, by) for row, number in rows if not is_over(row.asked_at, row.expires_at, now)],
            by.role in MANAGING,
        )

    def _view(self, row: RequestRow, number: str, by: Person) -> RefundRequestView:
        return RefundRequestView(
            row.request_id,
            row.order_id,
            number,
            row.amount_kopecks,
            row.reason,
            row.actor,
            rfc3339(row.asked_at),
            rfc3339(row.expires_at),
            row.identity == by.identity,
            self._door.accounts.who_may(MANAGING, but=row.identity) if is_of_account(row.identity) else [],
        )

    async def confirm(self, request_id: int, wanted: RefundConfirmation, by: Person, address: str) -> RefundRow:
        """A second person says yes: the refund is opened with the same commit. Raises `NotFound`,
        `RefundRequestConflict`, `SamePerson`, `RoleForbids`, `OrderStateConflict`, and what a wrong PIN raises."""
        row = await self._open_request(request_id)
        if wanted.person_id is not None:
            by = await self._door.recognise(wanted.person_id, wanted.pin, address)
        if by.identity == row.identity or (by.bounded and not is_of_account(row.identity)):
            raise SamePerson  # a user of the machine asked, who may have an account too
        self._require_still_may(row)
        if by.role not in MANAGING or _is_user_of_the_machine(by):
            raise RoleForbids(MANAGING)
        await self._refunds.order_of(row.order_id)  # it may have moved to its year's archive

        def opened(tx: Tx, refund: RefundRow) -> None:
            now = self._clock.now()
            if is_over(row.asked_at, row.expires_at, now):
                raise RefundRequestConflict(state=RequestState.EXPIRED.value)
            self._require_still_may(row)  # the robot was asked meanwhile
            refund_requests.settle(tx, row, RequestState.CONFIRMED, by.actor, now)
            told = f"{refund.refund_id} {refund.amount_kopecks}, {row.actor}: {row.reason}"
            journal.add(tx, by.actor, "refund_confirmed", told, now)

        return await self._refunds.give_back(row.order_id, row.portions, row.reason, row.actor, opened)

    def _require_still_may(self, row: RequestRow) -> None:
        """Raises `RefundRequestConflict`."""
        if not self._door.accounts.still_may(row.identity, SERVING):
            raise RefundRequestConflict(state=RequestState.REFUSED.value)

    async def refuse(self, request_id: int, by: Person) -> None:
        """A second person says no, or the first takes it back. Raises `NotFound`, `RefundRequestConflict`,
        `RoleForbids`."""
        row = await self._open_request(request_id)
        if by.identity != row.identity and by.role not in MANAGING:
            raise RoleForbids(MANAGING)
        await self._db.write(self._settle, row, RequestState.REFUSED, by.actor)

    async def _open_request(self, request_id: int) -> RequestRow:
        """Raises `NotFound`, `RefundRequestConflict`."""
        row = await self._db.read(refund_requests.find, request_id)
        if row is None:
            raise NotFound
        if row.state is not RequestState.WAITING:
            raise RefundRequestConflict(state=row.state.value)
        if is_over(row.asked_at, row.expires_at, self._clock.now()):
            raise RefundRequestConflict(state=RequestState.EXPIRED.value)
        return row

    def _settle(self, tx: Tx, row: RequestRow, state: RequestState, actor: str) -> None:
        now = self._clock.now()
        refund_requests.settle(tx, row, state, actor, now)
        told = f"{row.order_id} {row.amount_kopecks}, {row.actor}: {row.reason}"
        journal.add(tx, actor, f"refund_{state}", told, now)

    async def run(self) -> None:
        """Runs until cancelled: what nobody confirmed in time is over, and stands in the journal; so is what somebody
        asked for who is blocked or may not any more, also where they come back later."""
        while True:
            now = self._clock.now()
            for row in await self._db.poll(refund_requests.waiting):
                may = self._door.accounts.still_may(row.identity, SERVING)
                if not may or is_over(row.asked_at, row.expires_at, now):
                    _log.warning("refund_request_expired", order_id=row.order_id, amount_kopecks=row.amount_kopecks)
                    await self._expire(row)
            await self._clock.sleep(self._periods.refund_s)

    async def _expire(self, row: RequestRow) -> None:
        try:
            await self._db.write(self._settle, row, RequestState.EXPIRED, "kiosk")
        except RefundRequestConflict:
            return  # a person was faster


def _is_user_of_the_machine(by: Person) -> bool:
    """Of the socket's group: a user of the machine, whose account would be another identity of theirs."""
    return by.bounded and by.person_id is None


def amount_of(reader: Reader, order_id: str, named: list[int]) -> int:
    """What these portions come to, at the prices of their receipt."""
    payment, earlier, _, chosen = chosen_of(reader, order_id, None, named)
    gone = {portion_id for refund in earlier for portion_id in refund.portions}
    return sum(line.sum_kopecks for line in lines_given_back(reader, payment, chosen, gone))
