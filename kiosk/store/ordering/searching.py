"""Orders as staff looks for them: by number or receipt, by the card, by whom they belong to."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.store.ordering import orders
from kiosk.store.transaction import Reader

_MOST = 20


class FoundRow(msgspec.Struct, frozen=True):
    """`card_last4` of its last attempt; `contact`: the customer's number, else where its receipt went."""

    order_id: str
    number: str
    status: str
    amount_kopecks: int
    created_at: datetime
    card_last4: str | None
    contact: str | None


_CONTACT = (
    "coalesce((SELECT c.phone FROM customer c WHERE c.customer_id = o.customer_id AND c.erased_at IS NULL),"
    " (SELECT p.receipt_to FROM payment p WHERE p.order_id = o.order_id AND p.receipt_to IS NOT NULL"
    "   ORDER BY p.attempt DESC LIMIT 1))"
)
_FOUND = (
    "SELECT o.order_id, o.number, o.status, o.amount_kopecks, o.created_at,"
    " (SELECT p.card_last4 FROM payment p WHERE p.order_id = o.order_id ORDER BY p.attempt DESC LIMIT 1) AS card_last4,"
    f" {_CONTACT} AS contact FROM orders o WHERE o.order_id IN ({{0}}) ORDER BY o.order_id DESC LIMIT {_MOST}"
).format


def by_order(reader: Reader, word: str) -> list[FoundRow]:
    """By id, by number, each order that was called so, or by the receipt's document number or fiscal sign."""
    sold = orders.find_sold(reader, word)
    return reader.all(
        FoundRow,
        _FOUND(
            f"SELECT :sold UNION ALL SELECT * FROM (SELECT order_id FROM orders WHERE number = :number"
            f" ORDER BY created_at DESC LIMIT {_MOST})"
        ),
        {"sold": "" if sold is None else sold.order_id, "number": word.upper()},
    )


def by_card(reader: Reader, last4: str) -> list[FoundRow]:
    """Of whose card no more is kept."""
    cards = f"SELECT order_id FROM payment WHERE card_last4 = ? ORDER BY created_at DESC LIMIT {_MOST}"
    return reader.all(FoundRow, _FOUND(f"SELECT * FROM ({cards})"), (last4,))


def by_contact(reader: Reader, contact: str, customer_id: str | None) -> list[FoundRow]:
    """Of a customer, and those whose receipt went there."""
    return reader.all(
        FoundRow,
        _FOUND(
            "SELECT * FROM (SELECT order_id FROM orders WHERE customer_id = :customer"
            f"  ORDER BY created_at DESC LIMIT {_MOST})"
            " UNION ALL SELECT order_id FROM payment WHERE receipt_to = :contact COLLATE NOCASE"
        ),
        {"contact": contact, "customer": customer_id},
    )


def contact_of_order(reader: Reader, order_id: str) -> str | None:
    found = reader.scalar(f"SELECT {_CONTACT} FROM orders o WHERE o.order_id = ?", (order_id,))
    return None if found is None else str(found)
