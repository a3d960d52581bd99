"""Recalls of lots, the portions that were made of one, and the journal of a day."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.kitchen.lots import lot_key
from kiosk.store.stock.lots import TOPIC
from kiosk.store.transaction import Reader, Tx


class RecallRow(msgspec.Struct, frozen=True):
    """One that stands; the journal of its days has the others."""

    recall_id: int
    name: str
    at: datetime
    actor: str
    reason: str


_RECALL = "recall_id, name, at, actor, reason"


def standing(reader: Reader, name: str) -> RecallRow | None:
    """The recall of this lot that stands, however it is spelled."""
    sql = f"SELECT {_RECALL} FROM lot_recall WHERE name_key = ? AND lifted_at IS NULL"
    return reader.one(RecallRow, sql, (lot_key(name),))


def read_standing(reader: Reader) -> list[RecallRow]:
    """All that stand, the oldest first."""
    found = reader.all(RecallRow, f"SELECT {_RECALL} FROM lot_recall WHERE lifted_at IS NULL ORDER BY name_key")
    return sorted(found, key=lambda row: row.recall_id)


def known_as(reader: Reader, name: str) -> str | None:
    """How a lot was spelled when it came last, None where nothing of it ever did."""
    sql = "SELECT name FROM lot WHERE name_key = ? AND name_key <> '' ORDER BY lot_id DESC LIMIT 1"
    found: str | None = reader.scalar(sql, (lot_key(name),))
    return found


def recall(tx: Tx, name: str, actor: str, reason: str, now: datetime) -> bool:
    """False where it is recalled already."""
    if standing(tx, name) is not None:
        return False
    tx.touched.add(TOPIC)
    tx.insert("lot_recall", name=name, name_key=lot_key(name), at=rfc3339(now), actor=actor, reason=reason)
    return True


def lift(tx: Tx, name: str, actor: str, reason: str, now: datetime) -> bool:
    """False where it is not recalled."""
    tx.touched.add(TOPIC)
    sql = (
        "UPDATE lot_recall SET lifted_at = ?, lifted_by = ?, lifted_reason = ? WHERE name_key = ? AND lifted_at IS NULL"
    )
    return tx.execute(sql, (rfc3339(now), actor, reason, lot_key(name))).rowcount > 0


class MadeRow(msgspec.Struct, frozen=True):
    """A portion that was made of a lot: whose it is, and how that guest is reached where they left a way."""

    portion_id: int
    order_id: str
    number: str
    item_id: str
    status: str
    amount: int
    at: datetime
    phone: str | None
    contact: str | None
    given_back: bool


def made_of(reader: Reader, name: str, since: datetime) -> list[MadeRow]:
    """Portions of a lot that were begun since then, the last first; of the number of a customer, of a guest who wants
    to be told, and of where the receipt went, whatever is known."""
    return reader.all(
        MadeRow,
        "SELECT c.portion_id, o.order_id, o.number, i.item_id, p.status, sum(c.amount) AS amount, max(c.at) AS at,"
        " coalesce((SELECT k.phone FROM customer k WHERE k.customer_id = o.customer_id AND k.erased_at IS NULL),"
        "   (SELECT g.phone FROM guest_notice g WHERE g.order_id = o.order_id)) AS phone,"
        " (SELECT y.receipt_to FROM payment y WHERE y.order_id = o.order_id AND y.receipt_to IS NOT NULL"
        "   ORDER BY y.attempt DESC LIMIT 1) AS contact,"
        " EXISTS (SELECT 1 FROM refund r, json_each(r.portions) j WHERE r.order_id = o.order_id"
        "   AND j.value = c.portion_id) AS given_back"
        " FROM lot l CROSS JOIN portion_lot c ON c.lot_id = l.lot_id"
        " CROSS JOIN portion p ON p.portion_id = c.portion_id"
        " CROSS JOIN order_item i ON i.order_id = p.order_id AND i.line = p.line"
        " CROSS JOIN orders o ON o.order_id = p.order_id"
        " WHERE l.name_key = ? AND l.name_key <> '' AND c.at >= ? GROUP BY c.portion_id ORDER BY c.portion_id DESC",
        (lot_key(name), rfc3339(since)),
    )


class EntryRow(msgspec.Struct, frozen=True):
    """A line of the journal of a day. `kind`: `received`, `written_off`, `relabelled`, `recalled`, `lifted`; the last
    two are of a lot in every bin: `bin`, `ingredient` and `amount` are null."""

    at: datetime
    kind: str
    name: str
    bin: int | None
    ingredient: str | None
    amount: int | None
    expires_at: datetime | None
    actor: str
    reason: str


def read_journal(reader: Reader, first: datetime, last: datetime) -> list[EntryRow]:
    """From `first` up to and without `last`."""
    asked = {"first": rfc3339(first), "last": rfc3339(last)}
    found = reader.all(
        EntryRow,
        "SELECT e.at, e.kind, l.name, l.bin, l.ingredient, e.amount, l.expires_at, e.actor, e.reason"
        " FROM lot_entry e JOIN lot l ON l.lot_id = e.lot_id WHERE e.at >= :first AND e.at < :last ORDER BY e.at",
        asked,
    )
    blank = "NULL AS bin, NULL AS ingredient, NULL AS amount, NULL AS expires_at"
    found += reader.all(
        EntryRow,
        f"SELECT at, 'recalled' AS kind, name, {blank}, actor, reason FROM lot_recall"
        " WHERE at >= :first AND at < :last",
        asked,
    )
    found += reader.all(
        EntryRow,
        f"SELECT lifted_at AS at, 'lifted' AS kind, name, {blank}, lifted_by AS actor, lifted_reason AS reason"
        " FROM lot_recall WHERE lifted_at >= :first AND lifted_at < :last",
        asked,
    )
    return sorted(found, key=lambda row: row.at)
