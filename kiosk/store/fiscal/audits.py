"""Questions of the audit to our own books: what must agree, and what a device must confirm."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.ordering.order import first_order_id
from kiosk.store import meta
from kiosk.store.keep.moving import BOOKS
from kiosk.store.keep.retention import EVENTS_UP_TO
from kiosk.store.transaction import Reader, Tx

_LOOKED_THROUGH = "documents_looked_through:"


class Mismatch(msgspec.Struct, frozen=True):
    """One contradiction between two books; `subject` is an order, a payment or a sequence."""

    check: str
    subject: str
    detail: str


#: The receipt of a payment, and the one that takes it back where nobody paid.
_OWN_PAPER = (
    "FROM fiscal_intent f WHERE f.order_id = p.order_id AND f.payment_id = p.payment_id AND f.refund_id IS NULL"
    " AND f.fix = 0 AND f.status = 'registered'"
)
#: Book → check → SQL giving (subject, detail) for every contradiction. A question sees only what is not older than
#: `:since`, and walks no further back: ids of orders begin with their moment, documents and events are numbered in
#: their order. All that are asked of one book read it once.
QUESTIONS = {
    "seen_orders": {
        "paid_order_without_settled_payment": (
            "SELECT o.order_id AS subject, o.status AS detail FROM seen_orders o"
            " WHERE o.status IN ('paid', 'cooking', 'ready', 'completed') AND NOT EXISTS (SELECT 1 FROM payment p"
            "   WHERE p.order_id = o.order_id AND (p.step = 'done' OR p.released_at IS NOT NULL))"
        ),
        "paid_order_without_event": (
            "SELECT o.order_id AS subject, o.status AS detail FROM seen_orders o"
            " WHERE o.status IN ('paid', 'cooking', 'ready', 'completed', 'refunded')"
            " AND o.created_at > :forgotten AND o.created_at <= :now AND"
            " (SELECT count(*) FROM event e WHERE e.type = 'OrderPaidEvent' AND e.order_id = o.order_id) <> 1"
        ),
        "portion_of_a_closed_order_in_work": (
            "SELECT p.order_id AS subject, p.portion_id || ' ' || p.status AS detail FROM seen_orders o"
            " CROSS JOIN portion p USING (order_id) WHERE o.status IN ('completed', 'cancelled')"
            " AND p.status NOT IN ('handed_out', 'written_off', 'dropped')"
        ),
    },
    "seen_payments": {
        "settled_payment_without_receipt": (
            "SELECT p.payment_id AS subject, p.step AS detail FROM seen_payments p WHERE p.step = 'done' AND NOT EXISTS"
            " (SELECT 1 FROM fiscal_intent f WHERE f.order_id = p.order_id AND f.payment_id = p.payment_id"
            "   AND f.refund_id IS NULL AND f.operation = 'sale'"
            "   AND f.status = 'registered' AND f.total_kopecks = p.amount_kopecks)"
        ),
        "receipt_of_a_failed_payment": (
            "SELECT p.payment_id AS subject, p.step AS detail FROM seen_payments p WHERE"
            " p.step IN ('declined', 'refused', 'closed', 'reversed') AND (SELECT"
            f"   sum(iif(f.operation = 'sale', 1, -1)) {_OWN_PAPER}) <> 0"
        ),
        "receipt_of_a_settled_payment_taken_back": (
            "SELECT p.payment_id AS subject, p.step AS detail FROM seen_payments p WHERE p.step = 'done'"
            f" AND (SELECT count(*) {_OWN_PAPER} AND f.operation = 'refund') <> 0"
        ),
        "settled_payment_without_transaction": (
            "SELECT payment_id AS subject, step AS detail FROM seen_payments"
            " WHERE step = 'done' AND transaction_id IS NULL"
        ),
        "till_money_of_a_failed_payment": (
            "SELECT payment_id AS subject, step AS detail FROM seen_payments"
            " WHERE taken_by IS NOT NULL AND step IN ('declined', 'refused', 'closed')"
        ),
        "points_held_by_a_failed_payment": (
            "SELECT b.source AS subject, sum(b.points) AS detail FROM seen_payments p"
            " CROSS JOIN bonus_entry b ON b.source = p.payment_id WHERE p.step IN"
            " ('declined', 'refused', 'abandoned', 'closed', 'reversed') AND b.kind IN ('hold', 'release')"
            " GROUP BY b.source HAVING sum(b.points) <> 0"
        ),
        "points_earned_differ": (
            "SELECT p.payment_id AS subject, p.bonus_accrued AS detail FROM seen_payments p WHERE p.step = 'done'"
            " AND p.customer_id IS NOT NULL AND p.bonus_accrued <> (SELECT coalesce(sum(b.points), 0)"
            "   FROM bonus_entry b WHERE b.source = p.payment_id AND b.kind = 'accrual')"
        ),
        "refunded_more_than_paid": (
            "SELECT payment_id AS subject, given AS detail FROM (SELECT p.payment_id, p.amount_kopecks, (SELECT"
            "   sum(r.amount_kopecks) FROM refund r WHERE r.payment_id = p.payment_id) AS given FROM seen_payments p)"
            " WHERE given > amount_kopecks"
        ),
    },
    "seen_intents": {
        "receipt_lines_do_not_add_up": (
            "SELECT f.order_id AS subject, f.total_kopecks || ' ≠ ' || sum(l.sum_kopecks) AS detail FROM seen_intents f"
            " JOIN receipt_line l USING (intent_id) GROUP BY f.intent_id HAVING sum(l.sum_kopecks) <> f.total_kopecks"
        ),
        "document_number_twice": (
            "SELECT drive_number || ' ' || document_number AS subject, count(*) AS detail FROM seen_intents"
            " WHERE status = 'registered' GROUP BY +drive_number, +document_number HAVING count(*) > 1"
        ),
    },
    "seen_events": {
        "gap_in_events": (
            "SELECT sequence AS subject, 'no event before it' AS detail FROM (SELECT sequence, lag(sequence) OVER"
            "   (ORDER BY sequence) AS before FROM event WHERE sequence >= :sequence AND sequence < :sequence_end"
            "   AND (SELECT count <> last - first + 1 FROM seen_events)) WHERE before <> sequence - 1"
            " AND CAST(sequence AS TEXT) NOT IN (SELECT value FROM meta WHERE key LIKE 'sequence_resumed:%')"
        ),
    },
}
_ORDER_IDS = "order_id >= :order AND order_id < :order_end"
_CREATED = "created_at >= :since AND created_at < :until"
_SEEN = {
    "seen_orders": f"SELECT order_id, status, created_at FROM orders AS t WHERE {_ORDER_IDS} AND {_CREATED}{{only}}",
    "seen_payments": "SELECT payment_id, order_id, step, amount_kopecks, transaction_id, customer_id, bonus_accrued,"
    f" taken_by FROM payment AS t WHERE {_ORDER_IDS} AND {_CREATED}{{only}}",
    "seen_intents": "SELECT intent_id, order_id, status, total_kopecks, drive_number, document_number"
    " FROM fiscal_intent AS t WHERE intent_id >= :intent AND intent_id < :intent_end"
    " AND intended_at >= :since AND intended_at < :until{only}",
    "seen_events": "SELECT count(*) AS count, min(sequence) AS first, max(sequence) AS last FROM event"
    " WHERE sequence >= :sequence AND sequence < :sequence_end",
}
#: In an archive: what was brought back stands in the database, and counts there.
_MOVED_ONLY = f" AND NOT EXISTS (SELECT 1 FROM {BOOKS}.orders b WHERE b.order_id = t.order_id)"
_SLACK = timedelta(days=1)  # an order may be paid long after it was made, and a clock is set


class Period(msgspec.Struct, frozen=True):
    """From `since` on; up to `until`, None: to the end. `moved`: in an archive."""

    since: datetime
    until: datetime | None = None
    moved: bool = False


def broken_invariants(reader: Reader, period: Period, now: datetime) -> list[Mismatch]:
    """Contradictions inside our own books, of orders created in that time. Events that were forgotten are no gap:
    orders up to the last of them are not asked for theirs, nor are those from the future, made while the clock was
    wrong."""
    window = {**_window(reader, period), "forgotten": meta.read(reader, EVENTS_UP_TO) or "", "now": rfc3339(now)}
    found: list[Mismatch] = []
    for book in QUESTIONS:
        if not (period.moved and book == "seen_events"):  # events stay in the database
            found += reader.all(Mismatch, question_of(book, moved=period.moved), window)
    return found


def question_of(book: str, *, moved: bool = False) -> str:
    """All questions to one book in one statement: its rows are put together once for them."""
    parts = [
        f"SELECT '{check}' AS \"check\", CAST(subject AS TEXT) AS subject, CAST(detail AS TEXT) AS detail FROM ({sql})"
        for check, sql in QUESTIONS[book].items()
    ]
    seen = _SEEN[book].format(only=_MOVED_ONLY if moved else "")
    return f"WITH {book} AS MATERIALIZED ({seen}) {' UNION ALL '.join(parts)}"


def _window(reader: Reader, period: Period) -> dict[str, str | int]:
    since, until = period.since, period.until
    ends: dict[str, str | int] = {"until": _NEVER, "order_end": "~", "intent_end": _BEYOND, "sequence_end": _BEYOND}
    if until is not None:
        ends = {
            "until": rfc3339(until),
            "order_end": first_order_id(until + _SLACK),
            "intent_end": _first_since(reader, "fiscal_intent", "intent_id", "intended_at", until + _SLACK),
            "sequence_end": _first_since(reader, "event", "sequence", "at", until),
        }
    return {
        "since": rfc3339(since),
        "order": first_order_id(since - _SLACK),
        "intent": _first_since(reader, "fiscal_intent", "intent_id", "intended_at", since - _SLACK),
        "sequence": _first_since(reader, "event", "sequence", "at", since),
        **ends,
    }


_NEVER, _BEYOND = "9999", 2**62


def settled_of(reader: Reader, period: Period) -> frozenset[str]:
    """The payments of that time that came to an end."""
    only = _MOVED_ONLY if period.moved else ""
    rows = reader.all(
        _PaymentId,
        f"SELECT payment_id FROM payment AS t WHERE {_ORDER_IDS} AND {_CREATED} AND step IN ({_SETTLED}){only}",
        _window(reader, period),
    )
    return frozenset(row.payment_id for row in rows)


class _PaymentId(msgspec.Struct, frozen=True):
    payment_id: str


_SETTLED = "'done', 'reversed', 'declined', 'closed'"


def _first_since(reader: Reader, table: str, number: str, moment: str, since: datetime) -> int:
    """The least number of a row that is not older, found by halving: numbers are given in the order of time."""
    low = reader.scalar(f"SELECT min({number}) FROM {table}")
    last = reader.scalar(f"SELECT max({number}) FROM {table}")
    if low is None:
        return 0
    beyond = last + 1
    while low < beyond:
        middle = (low + beyond) // 2
        at = reader.scalar(f"SELECT {moment} FROM {table} WHERE {number} >= ? ORDER BY {number} LIMIT 1", (middle,))
        if at < rfc3339(since):
            low = middle + 1
        else:
            beyond = middle
    return int(low)


class Settled(msgspec.Struct, frozen=True):
    """A payment the bank and the registrar must confirm."""

    payment_id: str
    order_id: str
    attempt: int
    method: str
    step: str
    amount_kopecks: int
    refunded_kopecks: int
    transaction_id: str | None
    drive_number: str | None
    document_number: int | None


def read_settled(reader: Reader, since: datetime) -> list[Settled]:
    return reader.all(
        Settled,
        "SELECT p.payment_id, p.order_id, p.attempt, p.method, p.step, p.amount_kopecks, p.refunded_kopecks,"
        " p.transaction_id, f.drive_number, f.document_number FROM payment p LEFT JOIN fiscal_intent f"
        "   ON f.order_id = p.order_id AND f.payment_id = p.payment_id AND f.refund_id IS NULL AND f.fix = 0"
        "   AND f.operation = 'sale' AND f.status = 'registered'"
        f" WHERE p.order_id >= ? AND p.created_at > ? AND p.step IN ({_SETTLED})"
        " ORDER BY p.created_at",
        (first_order_id(since - _SLACK), rfc3339(since)),
    )


class Span(msgspec.Struct, frozen=True):
    """Documents of a drive asked for lately: behind which number, which are ours, and behind which one is in doubt."""

    first: int | None
    in_doubt_after: int | None
    ours: frozenset[int]


def note_looked_through(tx: Tx, drive_number: str, document_number: int) -> None:
    """Every document up to this one was looked through after a restore: what is nobody's is a finding there."""
    meta.put(tx, _LOOKED_THROUGH + drive_number, str(document_number))


def read_span(reader: Reader, drive_number: str, since: datetime) -> Span:
    newest = _first_since(reader, "fiscal_intent", "intent_id", "intended_at", since)
    where = "FROM fiscal_intent WHERE drive_number = ?"
    first = reader.scalar(f"SELECT min(fd_before) {where} AND intent_id >= ?", (drive_number, newest))
    looked = meta.read(reader, _LOOKED_THROUGH + drive_number)
    if first is not None and looked is not None:
        first = max(first, int(looked))
    doubt = reader.scalar(f"SELECT min(fd_before) {where} AND status = 'open'", (drive_number,))
    ours = f"SELECT document_number {where} AND status = 'registered' AND document_number > ?"
    numbers = reader.all(_Number, ours, (drive_number, first))
    return Span(first, doubt, frozenset(row.document_number for row in numbers))


class _Number(msgspec.Struct, frozen=True):
    document_number: int


def known_jobs(reader: Reader, jobs: Collection[int]) -> set[int]:
    """Those of these jobs that are portions of ours."""
    asked = msgspec.json.encode(list(jobs)).decode()
    sql = "SELECT portion_id FROM portion WHERE portion_id IN (SELECT value FROM json_each(?))"
    rows = reader.all(_Job, sql, (asked,))
    return {row.portion_id for row in rows}


class _Job(msgspec.Struct, frozen=True):
    portion_id: int
