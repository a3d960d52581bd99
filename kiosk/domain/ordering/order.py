"""The order and its portions: states, the only transitions between them, numbers and codes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from kiosk.domain.errors import OrderStateConflict

CURRENCY = "RUB"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBERS = 99 * 20
_NUMBER_LETTERS = "ABCDEFGHKLMNPRSTUVXZ"


class Service(StrEnum):
    DINE_IN = "dine_in"
    TAKE_AWAY = "take_away"


class OrderStatus(StrEnum):
    CREATED = "created"
    PAYING = "paying"
    PAID = "paid"
    COOKING = "cooking"
    READY = "ready"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


#: From → to. A failed attempt returns paying → created: the customer may try another card.
ORDER_TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.CREATED: frozenset({OrderStatus.PAYING, OrderStatus.CANCELLED}),
    OrderStatus.PAYING: frozenset({OrderStatus.CREATED, OrderStatus.PAID}),
    OrderStatus.PAID: frozenset({OrderStatus.COOKING, OrderStatus.READY, OrderStatus.REFUNDED}),
    OrderStatus.COOKING: frozenset({OrderStatus.READY, OrderStatus.REFUNDED}),
    # Cooking once more: a portion that nobody fetched in time is made anew.
    OrderStatus.READY: frozenset({OrderStatus.COOKING, OrderStatus.COMPLETED, OrderStatus.REFUNDED}),
    OrderStatus.COMPLETED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.REFUNDED: frozenset(),
}


class PortionStatus(StrEnum):
    PLANNED = "planned"  # the order is not paid
    WAITING = "waiting"  # paid, to be given to the robot
    SUBMITTING = "submitting"  # written before the wire (controller rule 1)
    QUEUED = "queued"  # in the robot's table
    COOKING = "cooking"
    READY = "ready"  # in a cell
    HANDED_OUT = "handed_out"
    WRITTEN_OFF = "written_off"  # nobody got it, and a person decided that the money stays
    FAILED = "failed"  # a person or a refund decides
    DROPPED = "dropped"  # the order was cancelled or refunded


PORTION_TRANSITIONS: Mapping[PortionStatus, frozenset[PortionStatus]] = {
    PortionStatus.PLANNED: frozenset({PortionStatus.WAITING, PortionStatus.DROPPED}),
    # The robot's table is the truth: a job that was refused here at a second try may stand there from the first.
    PortionStatus.WAITING: frozenset(
        {PortionStatus.SUBMITTING, PortionStatus.QUEUED, PortionStatus.COOKING, PortionStatus.READY}
        | {PortionStatus.FAILED, PortionStatus.DROPPED}
    ),
    PortionStatus.SUBMITTING: frozenset(
        {PortionStatus.QUEUED, PortionStatus.COOKING, PortionStatus.READY, PortionStatus.WAITING}
        | {PortionStatus.FAILED, PortionStatus.DROPPED}
    ),
    PortionStatus.QUEUED: frozenset(
        {PortionStatus.COOKING, PortionStatus.READY, PortionStatus.WAITING, PortionStatus.FAILED, PortionStatus.DROPPED}
    ),
    PortionStatus.COOKING: frozenset({PortionStatus.READY, PortionStatus.WAITING, PortionStatus.FAILED}),
    # failed: staff wrote it off, or nobody fetched it in time
    PortionStatus.READY: frozenset({PortionStatus.HANDED_OUT, PortionStatus.FAILED}),
    PortionStatus.HANDED_OUT: frozenset(),
    PortionStatus.WRITTEN_OFF: frozenset(),
    PortionStatus.FAILED: frozenset(
        {PortionStatus.WAITING, PortionStatus.DROPPED, PortionStatus.HANDED_OUT, PortionStatus.WRITTEN_OFF}
    ),
    PortionStatus.DROPPED: frozenset(),
}

#: Portions that were cooked, and of which nothing is in a cell any more.
GONE_PORTIONS = (PortionStatus.HANDED_OUT, PortionStatus.WRITTEN_OFF)
#: Portions that still ask something of the kitchen.
PENDING_PORTIONS = (
    PortionStatus.WAITING, PortionStatus.SUBMITTING, PortionStatus.QUEUED, PortionStatus.COOKING,
)  # fmt: skip
#: Before the ingredient in `portion.fault`: the menu has it no more.
UNKNOWN_INGREDIENT = "unknown_ingredient"


#: So long after its promise an order counts as late, on every screen and in every message.
LATE = timedelta(seconds=60)


def is_late(status: OrderStatus, promised_at: datetime | None, now: datetime) -> bool:
    """Paid, not ready yet, and promised for a moment that has passed."""
    return status in (OrderStatus.PAID, OrderStatus.COOKING) and promised_at is not None and now - promised_at > LATE


def check_order_transition(current: OrderStatus, wanted: OrderStatus) -> None:
    """Raises `OrderStateConflict` for a move the table does not have."""
    if wanted not in ORDER_TRANSITIONS[current]:
        raise OrderStateConflict(order_status=current)


class SoldOption(msgspec.Struct, frozen=True):
    """An option of a dish as it was sold, and what it added to the price of a piece."""

    option_id: str
    name_ru: str
    price_kopecks: int


class OrderLine(msgspec.Struct, frozen=True):
    """One dish of an order as it was sold: price with options, names and chart frozen; `combo_id`: what it was part of;
    `names`: in the languages that the menu had beside Russian and English; `combo_places`: how many dishes its combo
    had; `sold_options`: empty also of a line that was sold before they were kept."""

    line: int
    item_id: str
    name_ru: str
    name_en: str
    quantity: int
    price_kopecks: int
    options: list[str]
    recipe: int
    chart_fingerprint: str
    formula: dict[str, int]
    combo_id: str | None = None
    names: dict[str, str] = {}
    combo_places: int | None = None
    combo_name_ru: str | None = None
    sold_options: list[SoldOption] = []

    def name(self, language: str) -> str:
        """What it was not called in a language then, it is called in English."""
        return self.name_ru if language == "ru" else self.names.get(language, self.name_en)

    @property
    def asked_id(self) -> str:
        """What the customer chose on the menu."""
        return self.combo_id or self.item_id

    @property
    def sum_kopecks(self) -> int:
        return self.price_kopecks * self.quantity


class Order(msgspec.Struct, frozen=True):
    """One row of `orders`."""

    order_id: str
    number: str
    terminal_id: str
    session_id: str
    customer_id: str | None
    service: Service
    status: OrderStatus
    amount_kopecks: int
    ready_in_s: int
    pickup_code: str
    receipt_unknown: bool
    created_at: datetime
    promised_at: datetime | None = None


def new_order_id(now: datetime) -> str:
    """Sixteen characters: 40 bits of milliseconds, 40 random bits; sorts by time, fits registrar and robot."""
    return _order_id(now, secrets.randbits(40))


def first_order_id(since: datetime) -> str:
    """No order of that moment or later has a lesser id."""
    return _order_id(since, 0)


def _order_id(now: datetime, rest: int) -> str:
    value = (int(now.timestamp() * 1000) & (1 << 40) - 1) << 40 | rest
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(75, -1, -5))


def ticket_number(serial: int) -> str:
    """What the hall calls: A01…A99, B01…; similar letters left out."""
    letter, rest = divmod(serial % _NUMBERS, 99)
    return f"{_NUMBER_LETTERS[letter]}{rest + 1:02d}"


def long_ticket_number(serial: int) -> str:
    """Where the short one is still somebody's: A1000…A9999, different from those around it."""
    letter, rest = divmod(serial % (9000 * len(_NUMBER_LETTERS)), 9000)
    return f"{_NUMBER_LETTERS[letter]}{rest + 1000}"


def new_pickup_code() -> str:
    return f"{secrets.randbelow(10_000):04d}"
