"""Whose order it is, for whoever has no session of it: number and pick-up code, or the receipt. Guessing is slow."""

from __future__ import annotations

import hmac
import math
from collections import OrderedDict
from typing import Annotated, Any, NamedTuple

import msgspec

from kiosk.clock import Clock
from kiosk.domain.address import is_loopback
from kiosk.domain.errors import WrongCode
from kiosk.domain.ordering.order import Order
from kiosk.domain.ordering.throttle import Throttle
from kiosk.flows.guards.rate_limit import Window
from kiosk.flows.ordering.create import owns
from kiosk.store.database import Database
from kiosk.store.fiscal import intents
from kiosk.store.ordering import orders
from kiosk.tokens import Session

#: Wrong codes of a number, or wrong receipts, that the sessions of one place type before they wait together; and
#: all other machines in the name of one terminal, or of none.
_FREE_OF_PLACE, _FREE_OF_TERMINAL = 30, 100
_ANY_RECEIPT = "receipts"
_THIS_MACHINE = "loopback"
_VOUCHED = 1_000


class _Count(NamedTuple):
    throttle: Throttle
    who: str
    asked: str


class PickupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=8)]
    pickup_code: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]


class Asker(msgspec.Struct, frozen=True):
    """Who types: a session, or whoever sends no token from a place (`domain.address`)."""

    place: str
    session: Session | None = None

    @property
    def screen(self) -> str:
        return f"place {self.counted}" if self.session is None else f"session {self.session.session_id}"

    @property
    def counted(self) -> str:
        """A guesser on this machine has sixteen million addresses: they are one."""
        return _THIS_MACHINE if is_loopback(self.place) else self.place


class ProofOfOrder:
    """One for the cells and for «Мой заказ»: what was guessed there counts here. A screen waits for the number it
    guesses at (`Throttle`), and for all when it guesses over many (`per_minute`). Sessions cost nothing, so those of
    one place wait together too, and so does whoever names one terminal, or none, from other machines; not so the
    order's own session, and not a screen where an order was picked up: the panel at the cells. An order vouches for
    one screen, its first. Judging is one step without a wait, so that a hundred tries at once count one by one."""

    def __init__(self, database: Database, clock: Clock, per_minute: int) -> None:
        self._db = database
        self._clock = clock
        self._screens = Throttle()
        self._places = Throttle(_FREE_OF_PLACE)
        self._terminals = Throttle(_FREE_OF_TERMINAL)
        self._wrong = Window(clock, per_minute, 60)
        self._vouched: OrderedDict[str, str] = OrderedDict()  # order → session

    async def by_code(self, ticket: PickupRequest, asker: Asker) -> Order:
        """Raises `WrongCode`, also for a number that nobody has, and `TooManyRequests`."""
        number = ticket.number.strip().upper()
        order = await self._db.read(orders.by_number, number)
        right = order is not None and hmac.compare_digest(order.pickup_code.encode(), ticket.pickup_code.encode())
        return self._judge(self._counts(asker, order, number, number), asker, order, right=right)

    async def by_receipt(self, fiscal_sign: int, amount_kopecks: int, asker: Asker) -> Order:
        """The order of a receipt: its fiscal sign (FFD tag 1077) and its sum. Raises as `by_code` does."""
        order = None
        if 0 < amount_kopecks < 2**63:  # else no receipt's sum, and nothing to ask the database
            order = await self._db.read(intents.order_of_receipt, fiscal_sign, amount_kopecks)
        counts = self._counts(asker, order, f"receipt {fiscal_sign}", _ANY_RECEIPT)
        return self._judge(counts, asker, order, right=order is not None)

    def _counts(self, asker: Asker, order: Order | None, asked: str, asked_here: str) -> list[_Count]:
        """Where a wrong one counts, and what has to wait before this one is looked at. `asked_here`: of all receipts
        together, since a guesser tries many."""
        found = [_Count(self._screens, asker.screen, asked)]
        session = asker.session
        if session is not None and self._is_own_screen(session, order):
            return found
        if session is not None or asked_here == _ANY_RECEIPT:
            found.append(_Count(self._places, asker.counted, asked_here))
        if not is_loopback(asker.place):
            terminal = "" if session is None else session.terminal_id
            found.append(_Count(self._terminals, terminal, asked_here))
        return found

    def _is_own_screen(self, session: Session, order: Order | None) -> bool:
        return (order is not None and owns(session, order)) or session.session_id in self._vouched.values()

    def _judge(self, counts: list[_Count], asker: Asker, order: Order | None, *, right: bool) -> Order:
        now_s = self._clock.monotonic()
        together = {count.who for count in counts if count.throttle is not self._terminals}  # of many who are honest
        for count in counts:
            count.throttle.check(count.who, count.asked, now_s)
        for who in together:
            self._wrong.check(who)
        if order is not None and right:
            self._vouch(asker.session, order)
            return order
        for who in together:
            self._wrong.take(who)
        for count in counts:
            count.throttle.count(count.who, count.asked, now_s)
        wait_s = math.ceil(max(count.throttle.wait_s(count.who, count.asked, now_s) for count in counts))
        left = min(count.throttle.free_tries(count.who, count.asked) for count in counts)
        members: dict[str, Any] = {"attempts_left": left}
        if wait_s:
            members["retry_after_s"] = wait_s
        raise WrongCode(**members)

    def _vouch(self, session: Session | None, order: Order) -> None:
        if session is not None and not owns(session, order):
            self._vouched.setdefault(order.order_id, session.session_id)
            while len(self._vouched) > _VOUCHED:
                self._vouched.popitem(last=False)
