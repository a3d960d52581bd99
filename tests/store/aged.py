"""Rows of many ages and states that a rule of the retention may meet, and what must become of each, said anew."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.resources import files

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.staff.retention import Keep
from kiosk.store import journal
from kiosk.store.journal import PASSING
from kiosk.store.keep import retention
from kiosk.store.keep.retention import Rule, Term
from kiosk.store.transaction import Tx
from tests.clocks import START

CONSUMERS = ("cooking", "notifications", "statistics")
HOOK, REMOVED = "https://cloud.example/a", "https://cloud.example/removed"
MATTERS = ("none", "cooked", "paid_now", "inquired", "refund", "document", "fix", "finding")
SHORT_LIVED = (
    "session", "idempotency", "one_time_code", "one_time_code_try", "customer", "guest_notice", "message", "journal",
    "event",
)  # fmt: skip


class Aged(msgspec.Struct, frozen=True):
    """One guest's visit so many days ago. `matter`: what is still open of the order, `session_days`: how long ago the
    session's token ended (below 0: it is good yet)."""

    days: float
    session_days: float
    ordered: bool
    matter: str
    sent: bool
    code_open: bool
    action: str


class Books(msgspec.Struct, frozen=True):
    visits: list[Aged]
    cursors: tuple[int | None, int | None, int | None]  # in events; None: has not read one yet
    hook: int
    removed: int | None = None
    future: int | None = None  # the event that was written while the clock was a year ahead


def ago(days: float) -> str:
    return rfc3339(START - timedelta(days=days))


def opened(file: str = ":memory:") -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys=1")
    if file == ":memory:":
        connection.executescript((files("kiosk.store") / "schema.sql").read_text())
    return connection


def fill(tx: Tx, books: Books) -> None:
    """The oldest visit first, as they came."""
    visits = sorted(books.visits, key=lambda visit: -visit.days)
    for n, visit in enumerate(visits):
        _visit(tx, n, visit, books)
    events = 2 * len(visits)
    for consumer, read in zip(CONSUMERS, books.cursors, strict=True):
        if read is not None:
            tx.insert("cursor", consumer=consumer, sequence=min(read, events))
    tx.insert("endpoint", url=HOOK, sequence=min(books.hook, events), state="disabled")
    if books.removed is not None:
        tx.insert("endpoint", url=REMOVED, sequence=min(books.removed, events), state="active")


def _visit(tx: Tx, n: int, visit: Aged, books: Books) -> None:
    at, order = ago(visit.days), f"O{n:04}"
    tx.insert("session", session_id=f"S{n}", terminal_id="k", created_at=at, expires_at=ago(visit.session_days))
    if visit.ordered:
        _order(tx, n, order, at, visit)
    tx.insert("idempotency", session_id=f"S{n}", call="pay", key="k", fingerprint="f", order_id=order, created_at=at)
    sent = at if visit.sent else None
    tx.insert("message", client_id=f"M{n}", channel="sms", address="", title="", body="", order_id=order, created_at=at,
              next_at=at, sent_at=sent)  # fmt: skip
    tx.insert("one_time_code", code_id=f"C{n}", phone=f"+7{n}", salt=b"", hash=b"", attempts_left=3, created_at=at,
              expires_at=ago(visit.days - 0.01), code="1234" if visit.code_open else None)  # fmt: skip
    tx.insert("one_time_code_try", code_id=f"C{n}", place="a", tries=1)
    tx.insert("customer", customer_id=f"P{n}", phone=f"+7{n}", created_at=at, confirmed_at=at if visit.sent else None)
    journal.add(tx, "x", visit.action, "", START - timedelta(days=visit.days))
    for number, kind in ((2 * n + 1, "OrderCreatedEvent"), (2 * n + 2, "OrderPaidEvent")):
        moment = ago(-365) if number == books.future else at
        tx.insert("event", event_id=f"E{number}", type=kind, order_id=order, at=moment, data="{}")


def _order(tx: Tx, n: int, order: str, at: str, visit: Aged) -> None:
    status = "cooking" if visit.matter == "cooked" else "completed"
    step = {"paid_now": "charging", "inquired": "abandoned"}.get(visit.matter, "done")
    tx.insert("orders", order_id=order, number="A01", terminal_id="k", session_id=f"S{n}", service="dine_in",
              status=status, amount_kopecks=100, ready_in_s=1, pickup_code="1", created_at=at)  # fmt: skip
    tx.insert("timeline", order_id=order, status="completed", at=at)
    payment = {"payment_id": order, "order_id": order}
    tx.insert("payment", **payment, attempt=1, terminal_id="k", session_id=f"S{n}", method="token", step=step,
              amount_kopecks=100, card_token="", fingerprint="f", created_at=at, transaction_id="t")  # fmt: skip
    intent = "open" if visit.matter == "document" else "registered"
    tx.insert("fiscal_intent", **payment, operation="sale", status=intent, drive_number="9", fd_before=n, shift=1,
              total_kopecks=100, intended_at=at, document_number=n)  # fmt: skip
    if visit.matter == "refund":
        tx.insert("refund", refund_id=order, **payment, kind="void", step="pending", amount_kopecks=1, reason="",
                  actor="", created_at=at)  # fmt: skip
    if visit.matter == "fix":
        tx.insert("receipt_fix", **payment, fix=1, reason="", actor="", created_at=at)
    if visit.matter == "finding":
        tx.insert("finding", finding_id=order, kind="k", subject="s", detail="", order_id=order, found_at=at)
    tx.insert("guest_notice", order_id=order, phone="+7", language="ru")


def expected(books: Books, keep: Keep) -> dict[str, set[str]]:
    """What must stand in each table when everything that has had its time is gone."""
    stays: dict[str, set[str]] = {table: set() for table in ("S", "K", "C", "P", "G", "M", "J")}
    for n, visit in enumerate(sorted(books.visits, key=lambda row: -row.days)):
        open_matter = visit.ordered and visit.matter != "none"
        kept = {
            "S": visit.ordered or visit.session_days <= keep.sessions_days,
            "K": visit.days <= keep.keys_days or visit.session_days <= 0 or open_matter,
            "C": visit.days <= keep.codes_days or visit.code_open,
            "P": visit.sent or visit.days <= keep.unconfirmed_days,
            "G": visit.ordered and (visit.days <= keep.guests_days or open_matter),
            "M": visit.days <= keep.messages_days or not visit.sent or open_matter,
            "J": visit.days <= keep.journal_days or visit.action not in PASSING,
        }
        for table, stands in kept.items():
            if stands:
                stays[table].add(str(n))
    return stays


_FOUND = {
    "S": "SELECT substr(session_id, 2) FROM session",
    "K": "SELECT substr(session_id, 2) FROM idempotency",
    "C": "SELECT substr(code_id, 2) FROM one_time_code JOIN one_time_code_try USING (code_id)",
    "P": "SELECT substr(customer_id, 2) FROM customer",
    "G": "SELECT CAST(substr(order_id, 2) AS INTEGER) || '' FROM guest_notice",
    "M": "SELECT substr(client_id, 2) FROM message",
    "J": "SELECT (entry - 1) || '' FROM journal",
}


def found(connection: sqlite3.Connection) -> dict[str, set[str]]:
    return {table: {row[0] for row in connection.execute(sql)} for table, sql in _FOUND.items()}


def first_event(books: Books, keep: Keep) -> int:
    """The oldest event that must stand: one that somebody has not got, or a young one, or the last."""
    visits = sorted(books.visits, key=lambda visit: -visit.days)
    ages = [visit.days for visit in visits for _ in range(2)]
    if books.future is not None and books.future <= len(ages):
        ages[books.future - 1] = ages[books.future] if books.future < len(ages) else 0
    held = min(*(read or 0 for read in books.cursors), books.hook)
    if books.removed is not None and (books.removed >= len(ages) or ages[books.removed] <= keep.removed_endpoints_days):
        held = min(held, books.removed)
    goes = itertools.takewhile(lambda row: row[0] <= held and row[1] > keep.events_days, enumerate(ages[:-1], 1))
    return 1 + max((number for number, _ in goes), default=0)


def term(rows: int = 3, keep: Keep | None = None, now: datetime = START) -> Term:
    return Term(now, keep or Keep(), CONSUMERS, (HOOK,), rows)


def forget(connection: sqlite3.Connection, at: Term, rules: Mapping[str, Rule] = retention.RULES) -> list[int]:
    """All rules to their end, each step a transaction; the rows that each step changed."""
    changed = []
    for rule in rules.values():
        more = True
        while more:
            before = connection.total_changes
            connection.execute("BEGIN IMMEDIATE")
            try:
                more = rule(Tx(connection), at).more
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            changed.append(connection.total_changes - before)
    return changed
