"""What of an order moves to its year's archive and what stays; the archive's tables are those of the database.

Two files are no single transaction: the order is copied and committed there first, then deleted here, and only where
what stands there is to the letter what stands here. In between it stands in both, and this file's rows count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import cache

import msgspec

from kiosk.clock import rfc3339
from kiosk.store import meta
from kiosk.store.file.opening import migrate
from kiosk.store.keep.retention import Term, consumers_wait_since, nothing_open
from kiosk.store.ordering.orders import OPEN, PORTION_IN_WORK
from kiosk.store.transaction import Reader, Tx

#: Of a year in which orders have moved: when the last one did.
MOVED = "archive:"
#: The name under which the archive's connection sees the database.
BOOKS = "books"
#: A refund or a corrected receipt is news for so many days, and the audit looks back a month.
_RESTS_DAYS = 35

_LISTED = "(SELECT value FROM json_each(:orders))"
_OWN = f"order_id IN {_LISTED}"
#: What moves, parents first: its rows, the words that put them in their order. `{of}` is the file they stand in.
MOVES: Mapping[str, tuple[str, str]] = {
    "session": (f"session_id IN (SELECT session_id FROM {{of}}.orders WHERE {_OWN})", "session_id"),
    "chart": (f"fingerprint IN (SELECT chart_fingerprint FROM {{of}}.order_item WHERE {_OWN})", "fingerprint"),
    "orders": (_OWN, "order_id"),
    "order_item": (_OWN, "order_id, line"),
    "portion": (_OWN, "portion_id"),
    "portion_lot": (
        f"portion_id IN (SELECT portion_id FROM {{of}}.portion WHERE {_OWN})",
        "portion_id, attempt, ingredient, lot_id",
    ),
    "timeline": (_OWN, "rowid"),
    "reservation": (_OWN, "reservation_id"),
    "reservation_line": (f"reservation_id IN (SELECT reservation_id FROM {{of}}.reservation WHERE {_OWN})", "rowid"),
    "payment": (_OWN, "payment_id"),
    "refund": (_OWN, "rowid"),
    "fiscal_intent": (_OWN, "intent_id"),
    "receipt_line": (f"intent_id IN (SELECT intent_id FROM {{of}}.fiscal_intent WHERE {_OWN})", "intent_id, position"),
    "receipt_fix": (_OWN, "payment_id, fix"),
}
#: Of these others may have need too: they are copied; a session goes with the last order of it.
SHARED = ("session", "chart")
#: Deleted with the order and not copied: a number that nothing is told any more.
GOES = ("guest_notice",)
#: What stays, and why.
STAYS: Mapping[str, str] = {
    "meta": "the process's own",
    "customer": "whose points are kept",
    "consent": "whose consent is kept with them",
    "bonus_entry": "the balance is the sum of all",
    "event": "goes by its own days, once everybody has got it",
    "cursor": "the process's own",
    "endpoint": "the process's own",
    "idempotency": "goes by its own days",
    "message": "goes by its own days",
    "one_time_code": "goes by its own days",
    "one_time_code_try": "goes by its own days",
    "journal": "who did what stands in one place",
    "finding": "what a person settled stands in one place",
    "failed_job": "work under way",
    "staff": "of the restaurant",
    "refund_request": "who asked and who said yes stands in one place",
    "shift": "of the registrar, not of an order",
    "fiscal_report": "of the registrar, not of an order",
    "fiscal_drive": "of the registrar, not of an order",
    "stop_list": "of the menu",
    "menu_revision": "of the restaurant, some of them whole",
    "menu_ingredient": "a row for each there ever was",
    "menu_draft": "of the restaurant, one",
    "device_fault": "of the devices",
    "stat_hour": "sums",
    "stat_dish": "sums",
    "stat_choice": "sums",
    "stat_report": "sums",
    "stat_promise": "sums",
    "stat_service": "sums",
    "stat_payment": "sums",
    "stat_minutes": "sums",
    "stat_visit": "sums",
    "stat_open": "sums",
    "stat_sold_out": "sums",
    "report_letter": "of a day, a few each",
    "pace": "of the complex",
    "settlement": "of the card reader",
    "temperature": "of the complex",
    "temperature_day": "of the complex",
    "excursion": "of the complex",
    "lot": "of the bins; what a portion was made of is copied with it",
    "lot_entry": "who did what stands in one place",
    "lot_recall": "who did what stands in one place",
    "upkeep_record": "who did what stands in one place",
    "station_work": "of the stations",
    "bin_act": "of the bins, under way",
    "locked_cell": "of the complex, until a person has seen to it",
    "alarm": "of the restaurant, goes by its own days",
    "alarm_message": "goes by its own days",
    "alarm_notice": "goes with its alarm",
}


class Due(msgspec.Struct, frozen=True):
    """An order that has had its time."""

    order_id: str
    created_at: str


_GIVEN_BACK = "SELECT 1 FROM refund g, json_each(g.portions) j WHERE g.order_id = p.order_id AND j.value = p.portion_id"
_FAILED = "'declined', 'refused', 'abandoned', 'closed', 'reversed'"
#: Over, and nothing of it is under way, in doubt, disputed or news; `:before` and `:rested` are moments. The document
#: with the highest number stays: the next one is counted from it.
_OVER = (
    f"m.status NOT IN ({OPEN}) AND m.receipt_unknown = 0 AND {nothing_open('m.order_id').removeprefix(' ')}"
    " AND NOT EXISTS (SELECT 1 FROM timeline h WHERE h.order_id = m.order_id AND h.at >= :before)"
    f" AND NOT EXISTS (SELECT 1 FROM portion p WHERE p.order_id = m.order_id AND {PORTION_IN_WORK}"
    f"   AND NOT EXISTS ({_GIVEN_BACK}))"
    " AND NOT EXISTS (SELECT 1 FROM reservation v WHERE v.order_id = m.order_id AND (v.status = 'held'"
    "   OR EXISTS (SELECT 1 FROM reservation_line l WHERE l.reservation_id = v.reservation_id AND l.handed_over = 0)))"
    " AND NOT EXISTS (SELECT 1 FROM refund g WHERE g.order_id = m.order_id AND g.done_at >= :rested)"
    " AND NOT EXISTS (SELECT 1 FROM receipt_fix x WHERE x.order_id = m.order_id AND x.done_at >= :rested)"
    " AND NOT EXISTS (SELECT 1 FROM payment y WHERE y.order_id = m.order_id AND y.step = 'done' AND NOT EXISTS"
    "   (SELECT 1 FROM fiscal_intent f WHERE f.payment_id = y.payment_id AND f.operation = 'sale'"
    "     AND f.status = 'registered'))"
    f" AND NOT EXISTS (SELECT 1 FROM payment y WHERE y.order_id = m.order_id AND y.step IN ({_FAILED}) AND 0 <>"
    "   (SELECT ifnull(sum(b.points), 0) FROM bonus_entry b WHERE b.source = y.payment_id"
    "     AND b.kind IN ('hold', 'release')))"
    " AND NOT EXISTS (SELECT 1 FROM fiscal_intent f WHERE f.order_id = m.order_id"
    "   AND f.intent_id = (SELECT max(intent_id) FROM fiscal_intent))"
)


def read_due(reader: Reader, term: Term, before_id: str, after: str, spared: Collection[str] = ()) -> list[Due]:
    """The oldest orders behind `after` and before `before_id` that have had their time; none while a consumer has not
    read what was told weeks ago. `spared`: not these."""
    waits = consumers_wait_since(reader, term.consumers)
    if waits is not None and waits < term.before(_RESTS_DAYS):
        return []
    return reader.all(
        Due,
        "SELECT m.order_id, m.created_at FROM orders m WHERE m.order_id > :after AND m.order_id < :before_id"
        f" AND m.created_at < :before AND {_OVER} AND m.order_id NOT IN (SELECT value FROM json_each(:spared))"
        " ORDER BY m.order_id LIMIT :rows",
        {"after": after, "before_id": before_id, "rows": term.rows, "spared": _json(spared), **_moments(term)},
    )


def _moments(term: Term) -> dict[str, str]:
    return {"before": term.before(term.keep.orders_days), "rested": term.before(_RESTS_DAYS)}


def _json(values: Collection[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


@cache
def _columns() -> Mapping[str, str]:
    """Of each table that moves, its columns."""
    own = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(own)
        return {table: ", ".join(row[1] for row in own.execute(f"PRAGMA table_info({table})")) for table in MOVES}
    finally:
        own.close()


@cache
def _content_sql() -> str:
    parts = []
    for table, (which, order) in MOVES.items():
        columns = _columns()[table]
        rows = f"SELECT {columns} FROM main.{table} WHERE {which.format(of='main')} ORDER BY {order}"
        parts.append(f"(SELECT json_group_array(json_array({columns})) FROM ({rows}))")
    return f"SELECT json_array({', '.join(parts)})"


def content(reader: Reader, orders: Sequence[str]) -> str:
    """Every value of everything that moves with these orders, as one text: two files that say the same hold the same.
    One statement, whatever it costs: each is a turn in the queue for the interpreter."""
    text: str = reader.scalar(_content_sql(), {"orders": _json(orders)})
    return text


class NotThere(Exception):
    """An order that was to be copied stands in the database no more."""


def copy(archive: Tx, orders: Sequence[str]) -> None:
    """In the archive's transaction, which sees the database as `BOOKS`: these orders anew, as they are now. Raises
    `NotThere` before anything is changed."""
    asked = {"orders": _json(orders)}
    if archive.scalar(f"SELECT count(*) FROM {BOOKS}.orders WHERE {_OWN}", asked) != len(orders):
        raise NotThere(*orders)
    for table in reversed(tuple(MOVES)):
        if table not in SHARED:
            archive.execute(f"DELETE FROM main.{table} WHERE {MOVES[table][0].format(of='main')}", asked)
    for table, (which, order) in MOVES.items():
        rows = f"SELECT {_columns()[table]} FROM {BOOKS}.{table} WHERE {which.format(of=BOOKS)} ORDER BY {order}"
        archive.execute(_put(table) + rows + _anew(table), asked)


def _put(table: str) -> str:
    return f"INSERT INTO main.{table} ({_columns()[table]}) "


def _anew(table: str) -> str:
    """A shared row that stands there already is brought up to date."""
    if table not in SHARED:
        return ""
    names = _columns()[table].split(", ")
    return f" ON CONFLICT ({names[0]}) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in names[1:])


def leave(tx: Tx, term: Term, orders: Sequence[str], copied: str, year: int) -> int:
    """Delete these orders here; how many: none where one of them is due no longer, or is not what stands in the archive
    (`copied`, the content there)."""
    asked = {"orders": _json(orders)}
    over = f"SELECT count(*) FROM orders m WHERE m.{_OWN} AND m.created_at < :before AND {_OVER}"
    if tx.scalar(over, {**asked, **_moments(term)}) != len(orders) or content(tx, orders) != copied:
        return 0
    meta.put(tx, f"{MOVED}{year}", rfc3339(term.now))
    sessions = tx.scalar(f"SELECT json_group_array(DISTINCT session_id) FROM orders WHERE {_OWN}", asked)
    for table in (*GOES, *reversed(tuple(MOVES))):
        if table not in SHARED:
            which = MOVES[table][0].format(of="main") if table in MOVES else _OWN
            tx.execute(f"DELETE FROM {table} WHERE {which}", asked)
    tx.execute(
        "DELETE FROM session WHERE session_id IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.session_id = session.session_id)",
        (sessions,),
    )
    return len(orders)


#: table → rows, each a value for each column
Rows = Mapping[str, list[list[str | float | None]]]


def rows_of(reader: Reader, order_id: str) -> Rows:
    """Everything that moves with an order, to be taken back."""
    found = msgspec.json.decode(content(reader, [order_id]), type=list[list[list[str | int | float | None]]])
    return dict(zip(MOVES, found, strict=True))


def take_back(tx: Tx, order_id: str, rows: Rows) -> bool:
    """Put an order of the archive where it came from, whole or not at all; False where it stands there."""
    if tx.scalar("SELECT 1 FROM orders WHERE order_id = ?", (order_id,)) is not None:
        return False
    for table, values in rows.items():
        marks = ", ".join("?" * len(_columns()[table].split(", ")))
        kept = " ON CONFLICT DO NOTHING" if table in SHARED else ""
        for row in values:
            tx.execute(f"{_put(table)} VALUES ({marks}){kept}", row)
    return True


class _MovedRow(msgspec.Struct, frozen=True):
    key: str


def years_moved(reader: Reader) -> list[int]:
    """The years whose archive must be there, as this file knows."""
    rows = reader.all(_MovedRow, "SELECT key FROM meta WHERE key GLOB 'archive:[0-9][0-9][0-9][0-9]' ORDER BY key")
    return [int(row.key.removeprefix(MOVED)) for row in rows]
