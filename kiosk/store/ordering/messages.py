"""Messages to customers: recorded with the event's cursor, sent at least once, emptied when they are done."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.ordering.notice import PICKUP_CODE
from kiosk.domain.ordering.order import OrderStatus
from kiosk.store.ordering.orders import IN_KITCHEN
from kiosk.store.transaction import Reader, Tx


class Recipient(msgspec.Struct, frozen=True):
    """`guest`: without an account, who asked to be told about this order."""

    phone: str
    language: str
    push_address: str | None
    guest: bool


class Message(msgspec.Struct, frozen=True):
    """`client_id` stays the same in every try: the gateway sends it once."""

    client_id: str
    channel: str
    address: str
    title: str
    body: str
    order_id: str | None
    tries: int
    next_at: datetime


def recipient(reader: Reader, order_id: str) -> Recipient | None:
    """The customer of an order, else the guest who asked to be told; None where nobody is to be told."""
    return reader.one(
        Recipient,
        "SELECT phone, language, push_address, 0 AS guest FROM orders JOIN customer USING (customer_id)"
        " WHERE order_id = :order_id AND erased_at IS NULL UNION ALL"
        " SELECT phone, language, NULL, 1 FROM guest_notice WHERE order_id = :order_id LIMIT 1",
        {"order_id": order_id},
    )


def keep_guest(tx: Tx, order_id: str, phone: str, language: str) -> None:
    """Whom to tell about an order without a customer; another attempt to pay may name another number."""
    tx.execute(
        "INSERT INTO guest_notice (order_id, phone, language) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET phone = excluded.phone, language = excluded.language",
        (order_id, phone, language),
    )


def forget_guest(tx: Tx, order_id: str) -> None:
    tx.execute("DELETE FROM guest_notice WHERE order_id = ?", (order_id,))


class Awaited(msgspec.Struct, frozen=True):
    """An order that is cooked, and somebody who is to be told about it."""

    order_id: str
    number: str
    status: OrderStatus
    promised_at: datetime


def late_id(order_id: str) -> str:
    """The client_id of the notice that an order is late: one for an order, whatever ends the process."""
    return f"{order_id}:late"


def read_untold(reader: Reader, promised_before: datetime) -> list[Awaited]:
    """Orders in the kitchen that were promised for earlier, whose customer or guest has not been told of it; not those
    that go back whole."""
    return reader.all(
        Awaited,
        f"SELECT order_id, number, status, promised_at FROM orders WHERE {IN_KITCHEN} AND status <> 'ready'"
        " AND promised_at < ? AND (customer_id IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM guest_notice g WHERE g.order_id = orders.order_id))"
        " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.client_id = orders.order_id || ':late')"
        " AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.order_id = orders.order_id AND r.whole = 1"
        " AND r.portions <> '[]') ORDER BY promised_at",
        (rfc3339(promised_before),),
    )


def add(
    tx: Tx, *, client_id: str, channel: str, address: str, title: str, body: str, order_id: str | None, now: datetime
) -> None:
    """Due at once; a message that is known already stays as it is."""
    tx.execute(
        "INSERT INTO message (client_id, channel, address, title, body, order_id, created_at, next_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (client_id, channel, address, title, body, order_id, rfc3339(now), rfc3339(now)),
    )


def read_waiting(reader: Reader, channel: str, limit: int) -> list[Message]:
    """The next to send, those that are due first, with the order's pick-up code as it is now."""
    return reader.all(
        Message,
        "SELECT client_id, channel, address, replace(title, :code, ifnull(pickup_code, '')) AS title,"
        " replace(body, :code, ifnull(pickup_code, '')) AS body, order_id, tries, next_at"
        " FROM message m LEFT JOIN orders USING (order_id)"
        " WHERE channel = :channel AND sent_at IS NULL AND gone IS NULL ORDER BY next_at,"
        " m.created_at, client_id LIMIT :limit",
        {"code": PICKUP_CODE, "channel": channel, "limit": limit},
    )


def mark_sent(tx: Tx, client_id: str, now: datetime) -> None:
    """Number and text are erased: they served their purpose."""
    tx.execute(
        "UPDATE message SET sent_at = ?, tries = tries + 1, address = '', title = '', body = '' WHERE client_id = ?",
        (rfc3339(now), client_id),
    )


def mark_gone(tx: Tx, client_id: str, reason: str) -> None:
    """It will never be sent; the row says why, number and text are erased."""
    tx.execute(
        "UPDATE message SET gone = ?, tries = tries + 1, address = '', title = '', body = '' WHERE client_id = ?",
        (reason, client_id),
    )


def postpone(tx: Tx, client_id: str, next_at: datetime) -> None:
    tx.execute("UPDATE message SET tries = tries + 1, next_at = ? WHERE client_id = ?", (rfc3339(next_at), client_id))


def count_waiting(reader: Reader, channel: str) -> int:
    """Those that wait to be sent and were tried already."""
    sql = "SELECT count(*) FROM message WHERE channel = ? AND sent_at IS NULL AND gone IS NULL AND tries > 0"
    return int(reader.scalar(sql, (channel,)))
