"""Questions of the audit to our own books: what must stand together, and what a device must confirm."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store import records
from kiosk.store.database import Reader, Tx

_LOOKED_THROUGH = "documents_looked_through:"


class Mismatch(msgspec.Struct, frozen=True):
    """One contradiction between two books; `subject` is an order, a payment or a sequence."""

    check: str
    subject: str
    detail: str


class _Found(msgspec.Struct, frozen=True):
    subject: str
    detail: str


#: check → SQL giving (subject, detail) for every contradiction.
_INVARIANTS = {
    "paid_order_without_settled_payment": (
        "SELECT o.order_id AS subject, o.status AS detail FROM orders o"
        " WHERE o.status IN ('paid', 'cooking', 'ready', 'completed') AND NOT EXISTS (SELECT 1 FROM payment p"
        "   WHERE p.order_id = o.order_id AND (p.step = 'done' OR p.released_at IS NOT NULL))"
    ),
    "settled_payment_without_receipt": (
        "SELECT p.payment_id AS subject, p.step AS detail FROM payment p WHERE p.step = 'done' AND NOT EXISTS"
        " (SELECT 1 FROM fiscal_intent f WHERE f.order_id = p.order_id AND f.payment_id = p.payment_id"
        "   AND f.refund_id IS NULL"
        "   AND f.status = 'registered' AND f.total_kopecks = p.amount_kopecks)"
    ),
    "settled_payment_without_transaction": (
        "SELECT payment_id AS subject, step AS detail FROM payment WHERE step = 'done' AND transaction_id IS NULL"
    ),
    "receipt_lines_do_not_add_up": (
        "SELECT f.order_id AS subject, f.total_kopecks || ' ≠ ' || sum(l.sum_kopecks) AS detail FROM fiscal_intent f"
        " JOIN receipt_line l USING (intent_id) GROUP BY f.intent_id HAVING sum(l.sum_kopecks) <> f.total_kopecks"
    ),
    "document_number_twice": (
        "SELECT drive_number || ' ' || document_number AS subject, count(*) AS detail FROM fiscal_intent"
        " WHERE status = 'registered' GROUP BY drive_number, document_number HAVING count(*) > 1"
    ),
    "paid_order_without_event": (
        "SELECT o.order_id AS subject, o.status AS detail FROM orders o LEFT JOIN"
        " (SELECT order_id, count(*) AS told FROM event WHERE type = 'OrderPaidEvent' GROUP BY order_id) e"
        "   USING (order_id)"
        " WHERE o.status IN ('paid', 'cooking', 'ready', 'completed', 'refunded') AND ifnull(e.told, 0) <> 1"
    ),
    "gap_in_events": (
        "SELECT sequence AS subject, 'no event before it' AS detail FROM"
        " (SELECT sequence, lag(sequence) OVER (ORDER BY sequence) AS before FROM event)"
        " WHERE before <> sequence - 1"
        " AND CAST(sequence AS TEXT) NOT IN (SELECT value FROM meta WHERE key LIKE 'sequence_resumed:%')"
    ),
    "points_held_by_a_failed_payment": (
        "SELECT b.source AS subject, sum(b.points) AS detail FROM bonus_entry b"
        " JOIN payment p ON p.payment_id = b.source"
        " WHERE p.step IN ('declined', 'refused', 'abandoned', 'closed', 'reversed') AND b.kind IN ('hold', 'release')"
        " GROUP BY b.source HAVING sum(b.points) <> 0"
    ),
    "points_earned_differ": (
        "SELECT p.payment_id AS subject, p.bonus_accrued AS detail FROM payment p WHERE p.step = 'done'"
        " AND p.customer_id IS NOT NULL AND p.bonus_accrued <> (SELECT coalesce(sum(b.points), 0) FROM bonus_entry b"
        "   WHERE b.source = p.payment_id AND b.kind = 'accrual')"
    ),
    "refunded_more_than_paid": (
        "SELECT p.payment_id AS subject, sum(r.amount_kopecks) AS detail FROM payment p"
        " JOIN refund r USING (payment_id)"
        " GROUP BY p.payment_id HAVING sum(r.amount_kopecks) > p.amount_kopecks"
    ),
    "portion_of_a_closed_order_in_work": (
        "SELECT p.order_id AS subject, p.portion_id || ' ' || p.status AS detail FROM portion p JOIN orders o USING"
        " (order_id) WHERE o.status IN ('completed', 'cancelled')"
        " AND p.status NOT IN ('handed_out', 'written_off', 'dropped')"
    ),
}


#: The questions see only what is not older than `:since`; each fits its tables' own time.
_WINDOW = (
    "WITH orders AS (SELECT * FROM main.orders WHERE created_at >= :since),"
    " payment AS (SELECT * FROM main.payment WHERE created_at >= :since),"
    " event AS MATERIALIZED (SELECT sequence, type, order_id FROM main.event WHERE at >= :since),"
    " fiscal_intent AS (SELECT * FROM main.fiscal_intent WHERE intended_at >= :since)"
)


def broken_invariants(reader: Reader, since: datetime) -> list[Mismatch]:
    """Contradictions inside our own books, of orders created since then."""
    found = []
    for check, sql in _INVARIANTS.items():
        as_text = f"{_WINDOW} SELECT CAST(subject AS TEXT) AS subject, CAST(detail AS TEXT) AS detail FROM ({sql})"
        rows = reader.all(_Found, as_text, {"since": rfc3339(since)})
        found += [Mismatch(check, row.subject, row.detail) for row in rows]
    return found


class Settled(msgspec.Struct, frozen=True):
    """A payment the bank and the registrar must confirm."""

    payment_id: str
    order_id: str
    attempt: int
    step: str
    amount_kopecks: int
    refunded_kopecks: int
    transaction_id: str | None
    drive_number: str | None
    document_number: int | None


def read_settled(reader: Reader, since: datetime) -> list[Settled]:
    return reader.all(
        Settled,
        "SELECT p.payment_id, p.order_id, p.attempt, p.step, p.amount_kopecks, p.refunded_kopecks, p.transaction_id,"
        " f.drive_number, f.document_number FROM payment p LEFT JOIN fiscal_intent f"
        "   ON f.payment_id = p.payment_id AND f.refund_id IS NULL AND f.fix = 0 AND f.status = 'registered'"
        " WHERE p.created_at > ? AND p.step IN ('done', 'reversed', 'declined', 'closed') ORDER BY p.created_at",
        (rfc3339(since),),
    )


class Span(msgspec.Struct, frozen=True):
    """Documents of a drive asked for lately: behind which number, which are ours, and behind which one is in doubt."""

    first: int | None
    in_doubt_after: int | None
    ours: frozenset[int]


def note_looked_through(tx: Tx, drive_number: str, document_number: int) -> None:
    """Every document up to this one was looked through after a restore: what is nobody's is a finding there."""
    records.set_meta(tx, _LOOKED_THROUGH + drive_number, str(document_number))


def read_span(reader: Reader, drive_number: str, since: datetime) -> Span:
    lately = (drive_number, rfc3339(since))
    where = "FROM fiscal_intent WHERE drive_number = ?"
    first = reader.scalar(f"SELECT min(fd_before) {where} AND intended_at > ?", lately)
    looked = records.read_meta(reader, _LOOKED_THROUGH + drive_number)
    if first is not None and looked is not None:
        first = max(first, int(looked))
    doubt = reader.scalar(f"SELECT min(fd_before) {where} AND status = 'open'", (drive_number,))
    numbers = reader.all(_Number, f"SELECT document_number {where} AND document_number > ?", (drive_number, first))
    return Span(first, doubt, frozenset(row.document_number for row in numbers))


class _Number(msgspec.Struct, frozen=True):
    document_number: int


def known_jobs(reader: Reader) -> set[int]:
    rows = reader.all(_Job, "SELECT portion_id FROM portion")
    return {row.portion_id for row in rows}


class _Job(msgspec.Struct, frozen=True):
    portion_id: int
