"""Reservations of ingredients and the stop list."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


class ReservationRow(msgspec.Struct, frozen=True):
    reservation_id: str
    order_id: str
    status: str
    expires_at: datetime


class IngredientSum(msgspec.Struct, frozen=True):
    ingredient: str
    amount: int


_LIVE = "status IN ('held', 'committed')"  # to the letter, the condition of an index
#: As long as its money is under way an order's food is nobody else's, whenever its hold was to end.
_PAYING = "EXISTS (SELECT 1 FROM orders o WHERE o.order_id = r.order_id AND o.status = 'paying')"
#: From the lines that are not handed over (`reservation_line_held`), never from all reservations there were: CROSS JOIN
#: is SQLite's word for "in this order".
HELD = (
    "SELECT l.ingredient, sum(l.amount) AS amount FROM reservation_line l CROSS JOIN reservation r"
    " ON r.reservation_id = l.reservation_id WHERE l.handed_over = 0"
    f" AND (r.status = 'committed' OR r.status = 'held' AND (r.expires_at > ? OR {_PAYING})) GROUP BY l.ingredient"
)
_NEXT_END = "SELECT min(expires_at) FROM reservation WHERE status = 'held' AND expires_at > ?"
_EXPIRED = (
    f"SELECT reservation_id FROM reservation r WHERE status = 'held' AND expires_at <= ? AND NOT {_PAYING} LIMIT 100"
)


#: What commits that change any of this are published with.
TOPIC = "stock"


class Holds(msgspec.Struct, frozen=True):
    """What of the stock is not to be sold: held by orders, or taken off sale. `until`: when it changes by itself."""

    held: dict[str, int]
    stopped_items: frozenset[str]
    stopped_ingredients: frozenset[str]
    until: datetime | None


def read_holds(reader: Reader, now: datetime) -> Holds:
    """As of `now`, in the units of the menu."""
    stopped = read_stop_list(reader, now)
    ends = reader.scalar(_NEXT_END, (rfc3339(now),))
    moments = [row.until_at for row in stopped if row.until_at is not None]
    moments += [] if ends is None else [datetime.fromisoformat(ends)]
    return Holds(
        held(reader, now),
        frozenset(row.item_id for row in stopped if row.item_id is not None),
        frozenset(row.ingredient for row in stopped if row.ingredient is not None),
        min(moments, default=None),
    )


def look_again(tx: Tx) -> None:
    """Nothing is written: time alone has changed what is held."""
    tx.touched.add(TOPIC)


def held(reader: Reader, now: datetime) -> dict[str, int]:
    """What is promised and not yet in the robot's own commitments, by ingredient."""
    return {row.ingredient: row.amount for row in reader.all(IngredientSum, HELD, (rfc3339(now),))}


def live_reservation(tx: Tx, order_id: str, now: datetime) -> ReservationRow | None:
    """The order's reservation that still holds; an expired one is released here, so it can be made anew."""
    row = tx.one(
        ReservationRow,
        f"SELECT reservation_id, order_id, status, expires_at FROM reservation WHERE order_id = ? AND {_LIVE}",
        (order_id,),
    )
    if row is not None and row.status == "held" and row.expires_at <= now:
        release(tx, row.reservation_id)
        return None
    return row


def reserve(
    tx: Tx,
    order_id: str,
    needs: Iterable[tuple[int | None, Mapping[str, int]]],
    expires_at: datetime,
    now: datetime,
) -> ReservationRow:
    """Hold the formulas of (portion, formula) pairs until `expires_at`. Holds that have expired meanwhile are released:
    their lines are looked at no more."""
    tx.touched.add(TOPIC)
    for (expired,) in tx.execute(_EXPIRED, (rfc3339(now),)).fetchall():
        release(tx, expired)
    row = ReservationRow(str(uuid.uuid4()), order_id, "held", expires_at)
    tx.insert(
        "reservation",
        reservation_id=row.reservation_id,
        order_id=order_id,
        status=row.status,
        expires_at=rfc3339(expires_at),
    )
    for portion_id, formula in needs:
        for ingredient, amount in formula.items():
            tx.insert(
                "reservation_line",
                reservation_id=row.reservation_id,
                portion_id=portion_id,
                ingredient=ingredient,
                amount=amount,
            )
    return row


def prolong(tx: Tx, reservation_id: str, expires_at: datetime) -> None:
    """A hold that is not paid yet lasts until `expires_at`; a committed or released one stays as it is."""
    tx.touched.add(TOPIC)
    tx.execute(
        "UPDATE reservation SET expires_at = ? WHERE reservation_id = ? AND status = 'held'",
        (rfc3339(expires_at), reservation_id),
    )


def reserved_amounts(reader: Reader, reservation_id: str) -> list[IngredientSum]:
    """What one reservation holds, summed by ingredient, in the units of the menu."""
    return reader.all(
        IngredientSum,
        "SELECT ingredient, sum(amount) AS amount FROM reservation_line WHERE reservation_id = ? GROUP BY ingredient",
        (reservation_id,),
    )


def commit(tx: Tx, order_id: str) -> None:
    """Paid: the hold no longer expires."""
    tx.touched.add(TOPIC)
    tx.execute(
        f"UPDATE reservation SET status = 'committed' WHERE order_id = ? AND {_LIVE} AND status = 'held'", (order_id,)
    )


def release(tx: Tx, reservation_id: str) -> bool:
    """Free a held reservation; False if there is none such. A committed one belongs to a paid order and stays."""
    found = tx.execute(
        "UPDATE reservation SET status = 'released' WHERE reservation_id = ? AND status = 'held'", (reservation_id,)
    )
    if not found.rowcount:
        return False
    _count_no_more(tx, reservation_id)
    return True


def release_order(tx: Tx, order_id: str) -> None:
    """Free whatever an order holds, committed or not."""
    sql = f"UPDATE reservation SET status = 'released' WHERE order_id = ? AND {_LIVE} RETURNING reservation_id"
    for (reservation_id,) in tx.execute(sql, (order_id,)).fetchall():
        _count_no_more(tx, reservation_id)


def _count_no_more(tx: Tx, reservation_id: str) -> None:
    """Nobody holds these lines here any more, as when the robot counts them itself."""
    tx.touched.add(TOPIC)
    tx.execute("UPDATE reservation_line SET handed_over = 1 WHERE reservation_id = ?", (reservation_id,))


def hand_over(tx: Tx, portion_ids: Iterable[int]) -> None:
    """The robot's `committed` counts these portions now, and so does the kitchen's state: do not count them twice."""
    tx.touched.add(TOPIC)
    for portion_id in portion_ids:
        tx.execute("UPDATE reservation_line SET handed_over = 1 WHERE portion_id = ?", (portion_id,))


def take_back(tx: Tx, portion_id: int) -> None:
    """The portion is to be cooked again: hold its ingredients anew."""
    tx.touched.add(TOPIC)
    tx.execute("UPDATE reservation_line SET handed_over = 0 WHERE portion_id = ?", (portion_id,))


class StopRow(msgspec.Struct, frozen=True):
    """One entry of the stop list: an item of the menu, or an ingredient and with it every dish that needs it."""

    item_id: str | None
    ingredient: str | None
    until_at: datetime | None


def read_stop_list(reader: Reader, now: datetime) -> list[StopRow]:
    """Dishes and ingredients that a person took off sale."""
    return reader.all(
        StopRow,
        "SELECT item_id, ingredient, until_at FROM stop_list WHERE until_at IS NULL OR until_at > ?"
        " ORDER BY item_id, ingredient",
        (rfc3339(now),),
    )


def stop(tx: Tx, row: StopRow, actor: str) -> None:
    """Takes a dish or an ingredient off sale, in place of an earlier entry for it."""
    resume(tx, row)
    tx.insert(
        "stop_list",
        item_id=row.item_id,
        ingredient=row.ingredient,
        until_at=None if row.until_at is None else rfc3339(row.until_at),
        actor=actor,
    )


def resume(tx: Tx, row: StopRow) -> None:
    """Puts it on sale again; nothing happens where it was not stopped."""
    tx.touched.add(TOPIC)
    tx.execute("DELETE FROM stop_list WHERE item_id IS ? AND ingredient IS ?", (row.item_id, row.ingredient))
