"""Whose order it is, for whoever has no session of it: number and pick-up code, or the receipt. Guessing is slow."""

from __future__ import annotations

import hmac
from typing import Annotated

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import WrongCode
from kiosk.domain.order import Order
from kiosk.domain.throttle import Throttle
from kiosk.flows.limiting import Window
from kiosk.store import orders, payments
from kiosk.store.database import Database


class PickupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=8)]
    pickup_code: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]


class Proving:
    """One for the cells and for «Мой заказ»: what was guessed there counts here. `screen`: the session that asks, or
    where it asks from. A screen waits for the number it guesses at (`Throttle`), and for all when it guesses over many
    (`per_minute`). Judging is one step without a wait, so that a hundred tries at once are still counted one by one."""

    def __init__(self, database: Database, clock: Clock, per_minute: int) -> None:
        self._db = database
        self._clock = clock
        self._throttle = Throttle()
        self._wrong = Window(clock, per_minute, 60)

    async def by_code(self, ticket: PickupRequest, screen: str) -> Order:
        """Raises `WrongCode`, also for a number that nobody has, and `TooManyRequests`."""
        number = ticket.number.strip().upper()
        async with self._db.read() as reader:
            order = await orders.read_by_number(reader, number)
        return self._judge(screen, number, order, ticket.pickup_code)

    async def by_receipt(self, fiscal_sign: int, amount_kopecks: int, screen: str) -> Order:
        """The order of a receipt: its fiscal sign (FFD tag 1077) and its sum. Raises as `by_code` does."""
        if not 0 < amount_kopecks < 2**63:  # no receipt's sum, and nothing to ask the database
            return self._judge(screen, f"receipt {fiscal_sign}", None)
        async with self._db.read() as reader:
            order = await payments.read_order_of_receipt(reader, fiscal_sign, amount_kopecks)
        return self._judge(screen, f"receipt {fiscal_sign}", order)

    def _judge(self, screen: str, asked: str, order: Order | None, code: str | None = None) -> Order:
        now_s = self._clock.monotonic()
        self._throttle.check(screen, asked, now_s)
        self._wrong.check(screen)
        if order is not None and (code is None or hmac.compare_digest(order.pickup_code.encode(), code.encode())):
            return order
        self._wrong.take(screen)
        self._throttle.count(screen, asked, now_s)
        raise WrongCode
