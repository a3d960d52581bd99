"""What the database knows of a person, by a phone number (E.164) or an e-mail address: to show it and to erase it.

What stays after an erasure is nobody's any more: orders, sums and receipts under an id without a number. Law asks for
those (402-FZ article 29), the number in them it does not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store import meta
from kiosk.store.file.opening import WRITE_ANEW
from kiosk.store.identity import sessions
from kiosk.store.keep.retention import Rule, Step, Term, nothing_open
from kiosk.store.transaction import Reader, Tx

#: Set by a restore: the backup may know whom the kiosk has erased since.
ERASE_AGAIN = "erase_again"
_AGED_UP_TO = "forgotten_up_to:customer"
#: A fingerprint is made of the whole body: numbers could be tried against it.
_NO_CONTACT = "receipt_to = NULL, fingerprint = ''"
_THEIRS = (
    "SELECT order_id FROM orders WHERE customer_id = :customer"
    " UNION SELECT order_id FROM payment WHERE receipt_to = :contact COLLATE NOCASE"
    " UNION SELECT order_id FROM guest_notice WHERE phone = :contact"
)


class Who(msgspec.Struct, frozen=True):
    """A number or address, and the account that has it, if one has."""

    contact: str
    customer_id: str | None = None


class OrderRow(msgspec.Struct, frozen=True):
    order_id: str
    number: str
    created_at: datetime
    status: str
    amount_kopecks: int


class DishRow(msgspec.Struct, frozen=True):
    name_ru: str
    quantity: int
    price_kopecks: int


class ReceiptRow(msgspec.Struct, frozen=True):
    """`issued_at`: by the registrar's own clock, without a zone."""

    operation: str
    document_number: int
    fiscal_sign: int
    issued_at: str


class MessageRow(msgspec.Struct, frozen=True):
    channel: str
    created_at: datetime


class CodeRow(msgspec.Struct, frozen=True):
    created_at: datetime
    used_at: datetime | None
    place: str


class PointsRow(msgspec.Struct, frozen=True):
    at: datetime
    kind: str
    points: int
    order_id: str


class _SentTo(msgspec.Struct, frozen=True):
    receipt_to: str


class OrderData(msgspec.Struct, frozen=True):
    """One order with what was eaten and which receipts were printed."""

    order: OrderRow
    dishes: list[DishRow]
    receipts: list[ReceiptRow]
    receipt_to: list[str]


def _named(who: Who) -> dict[str, str | None]:
    return {"contact": who.contact, "customer": who.customer_id}


def read_orders(reader: Reader, who: Who) -> list[OrderData]:
    """All of them in this file, the latest first."""
    found = reader.all(
        OrderRow,
        "SELECT order_id, number, created_at, status, amount_kopecks FROM orders"
        f" WHERE order_id IN ({_THEIRS}) ORDER BY created_at DESC",
        _named(who),
    )
    return [_order_data(reader, who, row) for row in found]


def _order_data(reader: Reader, who: Who, order: OrderRow) -> OrderData:
    """Another's address in an order of a guest is that other's."""
    own = (order.order_id,)
    dishes = "SELECT name_ru, quantity, price_kopecks FROM order_item WHERE order_id = ? ORDER BY line"
    receipts = (
        "SELECT operation, document_number, fiscal_sign, issued_at FROM fiscal_intent"
        " WHERE order_id = ? AND status = 'registered' ORDER BY intent_id"
    )
    sent_to = (
        "SELECT DISTINCT receipt_to FROM payment WHERE order_id = :order AND receipt_to IS NOT NULL"
        " AND (receipt_to = :contact COLLATE NOCASE OR EXISTS"
        "   (SELECT 1 FROM orders o WHERE o.order_id = :order AND o.customer_id = :customer))"
    )
    return OrderData(
        order,
        reader.all(DishRow, dishes, own),
        reader.all(ReceiptRow, receipts, own),
        [row.receipt_to for row in reader.all(_SentTo, sent_to, {**_named(who), "order": order.order_id})],
    )


def count_orders(reader: Reader, who: Who) -> int:
    return int(reader.scalar(f"SELECT count(*) FROM ({_THEIRS})", _named(who)))


def last_order_at(reader: Reader, who: Who) -> datetime | None:
    found = reader.scalar(f"SELECT max(created_at) FROM orders WHERE order_id IN ({_THEIRS})", _named(who))
    return None if found is None else datetime.fromisoformat(found)


def was_known(reader: Reader, who: Who, moment: datetime) -> bool:
    """Whether anything is kept that is older than this."""
    known: bool = reader.scalar(
        "SELECT EXISTS (SELECT 1 FROM customer WHERE customer_id = :customer AND created_at <= :moment)"
        " OR (:customer IS NULL AND EXISTS (SELECT 1 FROM payment WHERE receipt_to = :contact COLLATE NOCASE"
        "   AND created_at <= :moment))"
        " OR EXISTS (SELECT 1 FROM one_time_code WHERE phone = :contact AND created_at <= :moment)",
        {**_named(who), "moment": rfc3339(moment)},
    )
    return bool(known)


def read_messages(reader: Reader, who: Who) -> list[MessageRow]:
    """Those that wait, the latest first: one that is out keeps no address."""
    sql = "SELECT channel, created_at FROM message WHERE address = ? AND address <> '' ORDER BY created_at DESC"
    return reader.all(MessageRow, sql, (who.contact,))


def read_codes(reader: Reader, who: Who) -> list[CodeRow]:
    sql = "SELECT created_at, used_at, place FROM one_time_code WHERE phone = ? ORDER BY created_at DESC"
    return reader.all(CodeRow, sql, (who.contact,))


def read_points(reader: Reader, who: Who) -> list[PointsRow]:
    """Every entry, the latest first."""
    sql = "SELECT at, kind, points, order_id FROM bonus_entry WHERE customer_id = ? ORDER BY entry_id DESC"
    return reader.all(PointsRow, sql, (who.customer_id,))


def in_use(reader: Reader, who: Who) -> str | None:
    """The number of an order of theirs that is not over: its guest is still to be told, or given money back."""
    number: str | None = reader.scalar(
        f"SELECT number FROM orders AS mine WHERE order_id IN ({_THEIRS}) AND NOT ({nothing_open('mine.order_id')})"
        " ORDER BY created_at DESC LIMIT 1",
        _named(who),
    )
    return number


def erase(tx: Tx, who: Who, now: datetime) -> list[str]:
    """Number and address go from every row; the ids of the sessions that end by it. Again changes nothing."""
    push = tx.scalar("SELECT push_address FROM customer WHERE customer_id = ?", (who.customer_id,))
    gone = "UPDATE message SET gone = ifnull(gone, 'erased'), address = '', title = '', body = ''"
    for address in (who.contact, push):
        if address:
            tx.execute(f"{gone} WHERE address = ? AND address <> ''", (address,))
    tx.execute(
        f"UPDATE idempotency SET fingerprint = '' WHERE session_id IN"
        f" (SELECT session_id FROM orders WHERE order_id IN ({_THEIRS}))",
        _named(who),
    )
    tx.execute(f"UPDATE payment SET {_NO_CONTACT} WHERE receipt_to = ? COLLATE NOCASE", (who.contact,))
    tx.execute("DELETE FROM guest_notice WHERE phone = ?", (who.contact,))
    tx.execute(  # the rows stay: they are counted in the site's budget of messages
        "UPDATE one_time_code SET phone = '', code = NULL, used_at = ifnull(used_at, ?) WHERE phone = ?",
        (rfc3339(now), who.contact),
    )
    if who.customer_id is None:
        return []
    orders = "(SELECT order_id FROM orders WHERE customer_id = ?)"
    own = (who.customer_id,)
    tx.execute(f"UPDATE payment SET {_NO_CONTACT} WHERE receipt_to IS NOT NULL AND order_id IN {orders}", own)
    tx.execute(
        "UPDATE customer SET phone = 'erased:' || customer_id, push_address = NULL, blocked_at = NULL,"
        " blocked_reason = NULL, erased_at = ? WHERE customer_id = ? AND erased_at IS NULL",
        (rfc3339(now), who.customer_id),
    )
    return sessions.end_of_customer(tx, who.customer_id, now)


class _Contact(msgspec.Struct, frozen=True):
    contact: str
    customer_id: str | None


def write_anew(tx: Tx) -> None:
    """The next start packs the file: what was deleted before it was overwritten may stand in its free space."""
    meta.put(tx, WRITE_ANEW, "1")


def erases_again(reader: Reader) -> bool:
    """Whether a backup was put back and not yet gone through."""
    return meta.read(reader, ERASE_AGAIN) is not None


def erased_again(tx: Tx) -> None:
    tx.execute("DELETE FROM meta WHERE key = ?", (ERASE_AGAIN,))


def read_all(reader: Reader) -> list[Who]:
    """Every number and address that the file knows."""
    rows = reader.all(
        _Contact,
        "SELECT phone AS contact, customer_id FROM customer WHERE erased_at IS NULL"
        " UNION SELECT receipt_to, NULL FROM payment WHERE receipt_to IS NOT NULL"
        " UNION SELECT phone, NULL FROM guest_notice"
        " UNION SELECT phone, NULL FROM one_time_code WHERE phone <> ''"
        " UNION SELECT address, NULL FROM message WHERE address <> ''",
    )
    return [Who(row.contact, row.customer_id) for row in rows]


# What goes by its age.


def _contacts(tx: Tx, term: Term) -> Step:
    """Where receipts went to: a refund that late has its receipt on paper."""
    gone = tx.execute(
        f"UPDATE payment SET {_NO_CONTACT} WHERE payment_id IN (SELECT payment_id FROM payment AS t"
        f" WHERE receipt_to IS NOT NULL AND created_at < :before AND {nothing_open('t.order_id')}"
        " ORDER BY created_at LIMIT :rows)",
        {"before": term.before(term.keep.contacts_days), "rows": term.rows},
    ).rowcount
    return Step(gone, gone == term.rows)


class _Aged(msgspec.Struct, frozen=True):
    customer_id: str
    phone: str
    created_at: str
    idle: int


def _customers(tx: Tx, term: Term) -> Step:
    """Accounts by which nothing was ordered for so long. Each is looked at once a day, in the order they were made."""
    today, place = rfc3339(term.now)[:10], meta.read(tx, _AGED_UP_TO) or ""
    if place == f"all {today}":
        return Step(0, more=False)
    created_at, _, customer_id = ("", "", "") if place.startswith("all ") else place.partition(" ")
    before = term.before(term.keep.customers_days)
    found = tx.all(
        _Aged,
        "SELECT customer_id, phone, created_at, NOT EXISTS (SELECT 1 FROM orders w WHERE w.customer_id = t.customer_id"
        f" AND (w.created_at >= :before OR NOT ({nothing_open('w.order_id')}))) AS idle FROM customer AS t"
        " WHERE erased_at IS NULL AND blocked_at IS NULL AND (created_at, customer_id) > (:created_at, :customer_id)"
        " AND created_at < :before ORDER BY created_at, customer_id LIMIT :rows",
        {"before": before, "created_at": created_at, "customer_id": customer_id, "rows": term.rows},
    )
    gone = [row for row in found if row.idle]
    for row in gone:
        erase(tx, Who(row.phone, row.customer_id), term.now)
    ended = len(found) < term.rows
    meta.put(tx, _AGED_UP_TO, f"all {today}" if ended else f"{found[-1].created_at} {found[-1].customer_id}")
    return Step(len(gone), more=not ended)


RULES: Mapping[str, Rule] = {"contacts": _contacts, "customers": _customers}
