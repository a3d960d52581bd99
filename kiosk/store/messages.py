"""Messages to customers: recorded with the event's cursor, sent at least once, emptied when they are done."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.notice import PICKUP_CODE
from kiosk.store.database import Reader, Tx


class Recipient(msgspec.Struct, frozen=True):
    phone: str
    language: str
    push_address: str | None


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


def recipient(tx: Tx, order_id: str) -> Recipient | None:
    """The customer of an order; None for a guest's, and for a customer who is no longer known."""
    return tx.one(
        Recipient,
        "SELECT phone, language, push_address FROM orders JOIN customer USING (customer_id) WHERE order_id = ?",
        (order_id,),
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


async def read_waiting(reader: Reader, channel: str, limit: int) -> list[Message]:
    """The next to send, those that are due first, with the order's pick-up code as it is now."""
    return await reader.all(
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
    """It will never be sent; the row tells why, number and text are erased."""
    tx.execute(
        "UPDATE message SET gone = ?, tries = tries + 1, address = '', title = '', body = '' WHERE client_id = ?",
        (reason, client_id),
    )


def postpone(tx: Tx, client_id: str, next_at: datetime) -> None:
    tx.execute("UPDATE message SET tries = tries + 1, next_at = ? WHERE client_id = ?", (rfc3339(next_at), client_id))


async def count_waiting(reader: Reader, channel: str) -> int:
    """Those that wait to be sent and were tried already."""
    sql = "SELECT count(*) FROM message WHERE channel = ? AND sent_at IS NULL AND gone IS NULL AND tries > 0"
    return int(await reader.scalar(sql, (channel,)))
