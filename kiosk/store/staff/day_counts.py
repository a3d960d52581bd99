"""Counts of a day for the manager: where food is eaten, payments, minutes, visits at the screens, dishes not to be had.

Days are the restaurant's own (`2026-11-22`). Every row is a sum; none leads back to an order or a guest."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from kiosk.store.transaction import Reader, Tx


class ServiceRow(msgspec.Struct, frozen=True):
    """`service`: `dine_in` or `take_away`."""

    service: str
    orders: int
    revenue_kopecks: int


class PaymentRow(msgspec.Struct, frozen=True):
    """`code` empty: done; else what it was refused with, and the bank's reason where there is one."""

    method: str
    code: str
    reason: str
    attempts: int


class Minutes(StrEnum):
    PROMISED = "promised"
    ACTUAL = "actual"


class MinutesRow(msgspec.Struct, frozen=True):
    """How many orders took, or were promised, so many whole minutes."""

    kind: Minutes
    minutes: int
    orders: int


class VisitRow(msgspec.Struct, frozen=True):
    """Visits that came as far as `reached` and ended at the screen `left_at`."""

    terminal_id: str
    reached: str
    left_at: str
    visits: int


class SoldOutRow(msgspec.Struct, frozen=True):
    """Minutes of open sales in which a dish was not to be had, and why."""

    item_id: str
    reason: str
    minutes: int


class SoldRow(msgspec.Struct, frozen=True):
    item_id: str
    name: str
    quantity: int
    revenue_kopecks: int


def count_service(tx: Tx, day: str, service: str, revenue_kopecks: int) -> None:
    """Adds a paid order."""
    tx.execute(
        "INSERT INTO stat_service VALUES (?, ?, 1, ?) ON CONFLICT (day, service) DO UPDATE SET orders = orders + 1,"
        " revenue_kopecks = revenue_kopecks + excluded.revenue_kopecks",
        (day, service, revenue_kopecks),
    )


def count_payment(tx: Tx, day: str, method: str, code: str, reason: str) -> None:
    """Adds an attempt that has ended."""
    tx.execute(
        "INSERT INTO stat_payment VALUES (?, ?, ?, ?, 1) ON CONFLICT (day, method, code, reason)"
        " DO UPDATE SET attempts = attempts + 1",
        (day, method, code, reason),
    )


def count_minutes(tx: Tx, day: str, kind: Minutes, minutes: int) -> None:
    """Adds an order that was ready on a day."""
    tx.execute(
        "INSERT INTO stat_minutes VALUES (?, ?, ?, 1) ON CONFLICT (day, kind, minutes)"
        " DO UPDATE SET orders = orders + 1",
        (day, kind.value, minutes),
    )


def count_visit(tx: Tx, day: str, terminal_id: str, reached: str, left_at: str) -> None:
    """Adds a visit that is over."""
    tx.execute(
        "INSERT INTO stat_visit VALUES (?, ?, ?, ?, 1) ON CONFLICT (day, terminal_id, reached, left_at)"
        " DO UPDATE SET visits = visits + 1",
        (day, terminal_id, reached, left_at),
    )


def count_open(tx: Tx, day: str, minutes: int, gone: Iterable[tuple[str, str]]) -> None:
    """Adds minutes in which sales were open; `gone`: each dish that was not to be had in them, and why."""
    tx.execute(
        "INSERT INTO stat_open VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET minutes = minutes + excluded.minutes",
        (day, minutes),
    )
    for item_id, reason in gone:
        tx.execute(
            "INSERT INTO stat_sold_out VALUES (?, ?, ?, ?) ON CONFLICT (day, item_id, reason)"
            " DO UPDATE SET minutes = minutes + excluded.minutes",
            (day, item_id, reason, minutes),
        )


# A period: days from `first` to `last`, both included.


def read_services(reader: Reader, first: str, last: str) -> list[ServiceRow]:
    return reader.all(
        ServiceRow,
        "SELECT service, sum(orders) AS orders, sum(revenue_kopecks) AS revenue_kopecks FROM stat_service"
        " WHERE day BETWEEN ? AND ? GROUP BY service ORDER BY service",
        (first, last),
    )


def read_payments(reader: Reader, first: str, last: str) -> list[PaymentRow]:
    """The most frequent first."""
    return reader.all(
        PaymentRow,
        "SELECT method, code, reason, sum(attempts) AS attempts FROM stat_payment WHERE day BETWEEN ? AND ?"
        " GROUP BY method, code, reason ORDER BY attempts DESC, method, code, reason",
        (first, last),
    )


def read_minutes(reader: Reader, first: str, last: str) -> list[MinutesRow]:
    """The shortest first."""
    return reader.all(
        MinutesRow,
        "SELECT kind, minutes, sum(orders) AS orders FROM stat_minutes WHERE day BETWEEN ? AND ?"
        " GROUP BY kind, minutes ORDER BY kind, minutes",
        (first, last),
    )


def read_visits(reader: Reader, first: str, last: str) -> list[VisitRow]:
    """The most frequent first."""
    return reader.all(
        VisitRow,
        "SELECT terminal_id, reached, left_at, sum(visits) AS visits FROM stat_visit WHERE day BETWEEN ? AND ?"
        " GROUP BY terminal_id, reached, left_at ORDER BY visits DESC, terminal_id, reached, left_at",
        (first, last),
    )


def read_open_minutes(reader: Reader, first: str, last: str) -> int:
    sql = "SELECT ifnull(sum(minutes), 0) FROM stat_open WHERE day BETWEEN ? AND ?"
    return int(reader.scalar(sql, (first, last)))


def read_sold_out(reader: Reader, first: str, last: str) -> list[SoldOutRow]:
    return reader.all(
        SoldOutRow,
        "SELECT item_id, reason, sum(minutes) AS minutes FROM stat_sold_out WHERE day BETWEEN ? AND ?"
        " GROUP BY item_id, reason ORDER BY minutes DESC, item_id, reason",
        (first, last),
    )


def read_sold_while_open(reader: Reader, first: str, last: str) -> list[SoldRow]:
    """Dishes of those days alone whose open minutes were counted."""
    return reader.all(
        SoldRow,
        "SELECT item_id, max(name) AS name, sum(quantity) AS quantity, sum(revenue_kopecks) AS revenue_kopecks"
        " FROM stat_dish WHERE day BETWEEN ? AND ? AND EXISTS (SELECT 1 FROM stat_open o WHERE o.day = stat_dish.day)"
        " GROUP BY item_id",
        (first, last),
    )
