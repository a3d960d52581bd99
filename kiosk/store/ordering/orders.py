"""Orders, their lines, portions and timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kiosk.clock import Written, rfc3339
from kiosk.domain.errors import OrderStateConflict
from kiosk.domain.ordering.order import (
    PORTION_TRANSITIONS,
    Order,
    OrderLine,
    OrderStatus,
    PortionStatus,
    Service,
    check_order_transition,
    long_ticket_number,
    ticket_number,
)
from kiosk.store.transaction import Reader, Tx

_ORDER = (
    "order_id, number, terminal_id, session_id, customer_id, service, status, amount_kopecks, ready_in_s,"
    " pickup_code, receipt_unknown, created_at, promised_at"
)
_LINE = (
    "line, item_id, name_ru, name_en, quantity, price_kopecks, options AS 'options:json', recipe,"
    " chart_fingerprint, formula AS 'formula:json', combo_id, names AS 'names:json', combo_places,"
    " combo_name_ru, sold_options AS 'sold_options:json'"
)


#: Paid and not handed out. The first part is, to the letter, the condition of an index: without it every order ever
#: sold is looked at.
IN_KITCHEN = "(status IN ('paying', 'paid', 'cooking', 'ready') AND status <> 'paying')"
#: The same of the portions that are not done with, for the alias `p`.
PORTION_IN_WORK = "p.status IN ('waiting', 'submitting', 'queued', 'cooking', 'ready', 'failed')"
#: The text in `portion.fault` before the reason of a write-off.
WRITTEN_OFF = "written_off"
#: And what stands there of food in its cell that nobody is to eat: it stood for too long, became too cold, or is of a
#: lot that was recalled.
SPOILED_BY_TIME, SPOILED_BY_COLD, SPOILED_BY_RECALL = "spoiled_by_time", "spoiled_by_cold", "spoiled_by_recall"
SPOILED = (SPOILED_BY_TIME, SPOILED_BY_COLD, SPOILED_BY_RECALL)


#: So long after its door was opened a guest is taken to stand before it, whatever the cell told last.
_FETCHING = timedelta(seconds=30)


class PortionRow(msgspec.Struct, frozen=True):
    portion_id: int
    order_id: str
    line: int
    status: PortionStatus
    attempt: int
    cell: int | None
    released: bool
    called: bool
    fault: str | None
    hold_until: datetime | None  # in its cell
    spoiled: int  # how often nobody fetched it in time
    reminded: int  # who was told that nobody fetches it
    opened_at: datetime | None  # its door, the last time
    given_back: bool  # its money went back, or is on its way
    locked: bool  # its guest may not open the cell where it lies

    @property
    def thrown_away(self) -> bool:
        """Staff wrote its food off: nobody waits for it, whatever a person decides about its money."""
        return self.status is PortionStatus.FAILED and (self.fault or "").startswith(f"{WRITTEN_OFF}:")

    @property
    def is_spoiled(self) -> bool:
        """It stood in its cell for too long, became too cold there, or was recalled: nobody is to eat it."""
        return self.fault in SPOILED

    def is_being_fetched(self, now: datetime) -> bool:
        """Its door was opened a moment ago: what the cell told before that says nothing."""
        return self.opened_at is not None and abs(now - self.opened_at) < _FETCHING

    def holds_until(self, now: datetime) -> bool:
        """Whether its food may still be eaten."""
        return self.hold_until is None or now < self.hold_until


def given_back(portion: str) -> str:
    """The column of a portion, by its table's alias: its money went back, or is on its way."""
    return (
        "EXISTS (SELECT 1 FROM refund r, json_each(r.portions) j"
        f" WHERE r.order_id = {portion}.order_id AND j.value = {portion}.portion_id) AS given_back"
    )


_PORTION = (
    "portion_id, order_id, line, status, attempt, cell, released, called, fault, hold_until, spoiled, reminded,"
    f" opened_at, {given_back('portion')}, EXISTS (SELECT 1 FROM locked_cell k"
    " WHERE k.portion_id = portion.portion_id AND k.cell = portion.cell) AS locked"
)


OPEN = "'created', 'paying', 'paid', 'cooking', 'ready'"


def next_number(tx: Tx) -> str:
    """The next ticket of the day's run that no open order has, paid or not: a guest reads it before paying."""
    serial = tx.scalar(
        "INSERT INTO meta VALUES ('ticket_serial', '1')"
        " ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) RETURNING value"
    )
    short = ticket_number(int(serial) - 1)
    return long_ticket_number(int(serial) - 1) if _is_open(tx, short) else short


def _is_open(reader: Reader, number: str) -> bool:
    return bool(
        reader.scalar(f"SELECT EXISTS (SELECT 1 FROM orders WHERE number = ? AND status IN ({OPEN}))", (number,))
    )


def add(tx: Tx, order: Order, lines: Sequence[OrderLine]) -> None:
    """The order, its lines and one planned portion for each piece."""
    tx.insert(
        "orders",
        order_id=order.order_id,
        number=order.number,
        terminal_id=order.terminal_id,
        session_id=order.session_id,
        customer_id=order.customer_id,
        service=order.service.value,
        status=order.status.value,
        amount_kopecks=order.amount_kopecks,
        ready_in_s=order.ready_in_s,
        pickup_code=order.pickup_code,
        created_at=rfc3339(order.created_at),
    )
    for line in lines:
        tx.insert(
            "order_item",
            order_id=order.order_id,
            line=line.line,
            item_id=line.item_id,
            name_ru=line.name_ru,
            name_en=line.name_en,
            quantity=line.quantity,
            price_kopecks=line.price_kopecks,
            options=msgspec.json.encode(line.options).decode(),
            recipe=line.recipe,
            chart_fingerprint=line.chart_fingerprint,
            formula=msgspec.json.encode(line.formula).decode(),
            combo_id=line.combo_id,
            names=msgspec.json.encode(line.names).decode(),
            combo_places=line.combo_places,
            combo_name_ru=line.combo_name_ru,
            sold_options=msgspec.json.encode(line.sold_options).decode(),
        )
        for ordinal in range(1, line.quantity + 1):
            tx.insert("portion", order_id=order.order_id, line=line.line, ordinal=ordinal, status="planned")
    _log(tx, order.order_id, order.status, order.created_at)


def get(reader: Reader, order_id: str) -> Order | None:
    return reader.one(Order, f"SELECT {_ORDER} FROM orders WHERE order_id = ?", (order_id,))


def require(reader: Reader, order_id: str) -> Order:
    """The order that is known to exist."""
    order = get(reader, order_id)
    if order is None:
        raise LookupError(order_id)
    return order


def lines(reader: Reader, order_id: str) -> list[OrderLine]:
    return reader.all(OrderLine, f"SELECT {_LINE} FROM order_item WHERE order_id = ? ORDER BY line", (order_id,))


def move(tx: Tx, order: Order, status: OrderStatus, now: datetime) -> Order:
    """Change the status by the table. Raises `OrderStateConflict`."""
    check_order_transition(order.status, status)
    tx.execute("UPDATE orders SET status = ? WHERE order_id = ?", (status.value, order.order_id))
    _log(tx, order.order_id, status, now)
    return msgspec.structs.replace(order, status=status)


def _log(tx: Tx, order_id: str, status: OrderStatus, now: datetime) -> None:
    tx.insert("timeline", order_id=order_id, status=status.value, at=rfc3339(now))


def set_promise(tx: Tx, order_id: str, ready_in_s: int, promised_at: datetime) -> None:
    tx.execute(
        "UPDATE orders SET ready_in_s = ?, promised_at = ? WHERE order_id = ?",
        (ready_in_s, rfc3339(promised_at), order_id),
    )


def move_promises(tx: Tx, by: timedelta, written: Written) -> None:
    """Of every order in work, and how long its food may stand in its cell, as far as they were written by a wall clock
    that was set since."""
    moved = (
        "strftime('%Y-%m-%dT%H:%M:%fZ', {0}, :by)".format  # SQLite's own RFC 3339 with milliseconds
    )
    tx.execute(
        f"UPDATE portion AS p SET ready_at = {moved('ready_at')}, hold_until = {moved('hold_until')}"
        f" WHERE {PORTION_IN_WORK} AND p.status = 'ready' AND p.ready_at BETWEEN :first_at AND :last_at",
        {
            "by": f"{by.total_seconds():+.3f} seconds",
            "first_at": rfc3339(written.first_at),
            "last_at": rfc3339(written.last_at),
        },
    )
    for status in (OrderStatus.PAID, OrderStatus.COOKING, OrderStatus.READY):
        for order in in_status(tx, status):
            if order.promised_at is None:
                continue
            if written.holds(order.promised_at - timedelta(seconds=order.ready_in_s)):
                set_promise(tx, order.order_id, order.ready_in_s, order.promised_at + by)


def set_receipt_unknown(tx: Tx, order_id: str, *, unknown: bool) -> None:
    tx.execute("UPDATE orders SET receipt_unknown = ? WHERE order_id = ?", (int(unknown), order_id))


def in_status(reader: Reader, status: OrderStatus) -> list[Order]:
    """Of open ones, not of those that are over."""
    index = "" if status is OrderStatus.CREATED else f"{IN_KITCHEN} AND "
    return reader.all(Order, f"SELECT {_ORDER} FROM orders WHERE {index}status = '{status.value}' ORDER BY order_id")


#: A number that nobody paid for names nothing: whoever creates orders must not stand before whoever bought one.
_NEWEST = (
    f"SELECT {_ORDER} FROM orders WHERE number = ? AND status NOT IN ('created', 'cancelled')"
    " ORDER BY created_at DESC LIMIT 1"
)


def by_number(reader: Reader, number: str) -> Order | None:
    """The newest order that was called by this number."""
    return reader.one(Order, _NEWEST, (number,))


def find(reader: Reader, word: str) -> Order | None:
    """As people name it: by its id, or by its number, the newest of that name."""
    return get(reader, word) or by_number(reader, word.strip().upper())


_SALE = "FROM fiscal_intent WHERE status = 'registered' AND operation = 'sale'"
#: By both indexes: a sign alone, a number on each drive that ever was in the registrar.
_BY_RECEIPT = (
    f"SELECT order_id FROM (SELECT order_id, intent_id, 1 AS by_sign {_SALE} AND fiscal_sign = :figure"
    f" UNION ALL SELECT order_id, intent_id, 0 {_SALE} AND document_number = :figure AND drive_number IN"
    "   (SELECT drive_number FROM shift UNION SELECT drive_number FROM fiscal_drive))"
    " ORDER BY by_sign DESC, intent_id DESC LIMIT 1"
)
_LONGEST_FIGURE = 15  # a fiscal sign has ten digits


def find_sold(reader: Reader, word: str) -> Order | None:
    """As a guest can show it: by id, by number, or by the receipt's fiscal sign or document number (FFD tags 1077 and
    1040), the newest that bears it."""
    found = find(reader, word)
    figure = word.strip()
    if found is not None or not figure.isdecimal() or len(figure) > _LONGEST_FIGURE:
        return found
    order_id = reader.scalar(_BY_RECEIPT, {"figure": int(figure)})
    return None if order_id is None else get(reader, order_id)


def set_pickup_code(tx: Tx, order_id: str, code: str) -> None:
    """A new one, also in the answer of the payment that is given again."""
    tx.execute("UPDATE orders SET pickup_code = ? WHERE order_id = ?", (code, order_id))
    asked = (code, order_id)
    tx.execute(
        "UPDATE payment SET answer = json_set(answer, '$.pickup_code', ?) WHERE order_id = ? AND step = 'done'", asked
    )
    tx.execute(
        "UPDATE idempotency SET body = json_set(body, '$.pickup_code', ?)"
        " WHERE order_id = ? AND payment_id IS NOT NULL AND status = 200",
        asked,
    )


# Portions.


def portions(reader: Reader, order_id: str) -> list[PortionRow]:
    return reader.all(PortionRow, f"SELECT {_PORTION} FROM portion WHERE order_id = ? ORDER BY portion_id", (order_id,))


def portion(reader: Reader, portion_id: int) -> PortionRow | None:
    return reader.one(PortionRow, f"SELECT {_PORTION} FROM portion WHERE portion_id = ?", (portion_id,))


def require_portion(reader: Reader, portion_id: int) -> PortionRow:
    """The portion that is known to exist."""
    return reader.require(PortionRow, f"SELECT {_PORTION} FROM portion WHERE portion_id = ?", (portion_id,))


def move_portion(tx: Tx, row: PortionRow, status: PortionStatus, /, **changes: Any) -> None:
    """Change a portion's status by the table, with further columns. Raises `OrderStateConflict`."""
    if status not in PORTION_TRANSITIONS[row.status]:
        raise OrderStateConflict(order_status=row.status)
    assignments = "".join(f", {name} = :{name}" for name in changes)
    tx.execute(
        f"UPDATE portion SET status = :status{assignments} WHERE portion_id = :portion_id",
        {"status": status.value, "portion_id": row.portion_id, **changes},
    )


def mark_released(tx: Tx, portion_id: int) -> None:
    """The robot has freed the slot (controller rule 4)."""
    tx.execute("UPDATE portion SET released = 1 WHERE portion_id = ?", (portion_id,))


def mark_opened(tx: Tx, portion_id: int, now: datetime) -> None:
    """The door of its cell is about to be opened; before the wire."""
    tx.execute("UPDATE portion SET opened_at = ? WHERE portion_id = ? AND status = 'ready'", (rfc3339(now), portion_id))


def mark_called(tx: Tx, order_id: str) -> None:
    """The customer was told of everything of the order that is ready now."""
    tx.execute("UPDATE portion SET called = 1 WHERE order_id = ? AND status = 'ready'", (order_id,))


def plan_to_wait(tx: Tx, order_id: str) -> None:
    """All planned portions of a paid order wait for the robot. Again changes nothing."""
    for row in portions(tx, order_id):
        if row.status is PortionStatus.PLANNED:
            move_portion(tx, row, PortionStatus.WAITING)


# Reading.


class TimelineEntry(msgspec.Struct, frozen=True):
    status: OrderStatus
    at: datetime


def read_timeline(reader: Reader, order_id: str) -> list[TimelineEntry]:
    return reader.all(TimelineEntry, "SELECT status, at FROM timeline WHERE order_id = ? ORDER BY rowid", (order_id,))


class IdRow(msgspec.Struct, frozen=True):
    order_id: str


def read_own_orders(reader: Reader, session_id: str, customer_id: str | None, before: str, limit: int) -> list[str]:
    """Ids of a customer's orders, or of a guest session's: newest first, older than the order `before` (empty: from
    the newest)."""
    name, owner = ("session_id", session_id) if customer_id is None else ("customer_id", customer_id)
    rows = reader.all(
        IdRow,
        f"SELECT order_id FROM orders WHERE {name} = ? AND (? = '' OR order_id < ?) ORDER BY order_id DESC LIMIT ?",
        (owner, before, before, limit),
    )
    return [row.order_id for row in rows]


class UnpaidRow(msgspec.Struct, frozen=True):
    order_id: str
    session_id: str


def read_unpaid(reader: Reader) -> list[UnpaidRow]:
    """The orders that are not paid and that nobody is paying now, the oldest first."""
    return reader.all(UnpaidRow, "SELECT order_id, session_id FROM orders WHERE status = 'created' ORDER BY order_id")


class HeldRow(msgspec.Struct, frozen=True):
    """Whose portion a cell holds. `reminded`: how many were told that nobody fetches it; `cell`: where it is by our
    books."""

    portion_id: int
    order_id: str
    number: str
    status: PortionStatus
    cell: int | None
    cooking_at: datetime | None
    ready_at: datetime | None
    hold_until: datetime | None
    reminded: int
    spoiled: int
    given_back: bool


def read_held(reader: Reader, portion_ids: Sequence[int]) -> list[HeldRow]:
    return reader.all(
        HeldRow,
        "SELECT portion_id, order_id, number, portion.status, cell, cooking_at, ready_at, hold_until, reminded,"
        f" spoiled, {given_back('portion')} FROM portion JOIN orders USING (order_id)"
        " WHERE portion_id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(portion_ids)).decode(),),
    )


class BoardRow(msgspec.Struct, frozen=True):
    """What the hall board needs of one order in work."""

    order_id: str
    number: str
    status: OrderStatus
    promised_at: datetime | None
    cells: list[int]
    failed: int
    service: Service


def read_board(reader: Reader) -> list[BoardRow]:
    """Every paid order that is not handed out, oldest first."""
    return reader.all(
        BoardRow,
        "SELECT o.order_id, o.number, o.status, o.promised_at, o.service,"
        " (SELECT json_group_array(DISTINCT p.cell) FROM portion p WHERE p.order_id = o.order_id"
        "   AND p.status = 'ready')"
        "   AS 'cells:json',"
        " (SELECT count(*) FROM portion p WHERE p.order_id = o.order_id AND p.status = 'failed') AS failed"
        f" FROM orders o WHERE {IN_KITCHEN} ORDER BY o.order_id",
    )
