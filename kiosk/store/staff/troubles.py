"""Questions about what does not go on by itself, and the findings: contradictions that wait for a person."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.kitchen.holding import Told
from kiosk.domain.payment.payment import Method
from kiosk.domain.staff.stuck import RECEIPT_FIRST, Aside, Kind
from kiosk.store.ordering.orders import PORTION_IN_WORK, SPOILED, WRITTEN_OFF
from kiosk.store.payment.payments import IN_WORK
from kiosk.store.transaction import Reader, Tx

#: A job that ended in a bug so often is taken up no more by itself.
SET_ASIDE_AFTER = 3


class TroubleRow(msgspec.Struct, frozen=True):
    stuck_id: str
    kind: Kind
    order_id: str | None
    number: str | None
    amount_kopecks: int | None
    since: datetime
    detail: str
    transaction_id: str | None


#: Its bank is asked by the attempt's key until it has a final word; of another way's nobody may ever hear again.
_ASKED_BY_KEY = Method.TOKEN.value
_RECEIPT_KIND = "CASE WHEN p.released_at IS NULL THEN 'receipt_held' ELSE 'receipt_owed' END"
_OWED = (
    "CASE WHEN EXISTS (SELECT 1 FROM payment y WHERE y.order_id = p.order_id AND y.step IN ('charged', 'printing'))"
    f" THEN '; {RECEIPT_FIRST}' ELSE '' END"
)
#: Their money goes back by itself, a moment later.
_SPOILED = str(SPOILED)
#: Each gives the columns of `TroubleRow`; `:before` is the moment before which a wait counts as stuck.
_QUESTIONS = (
    "SELECT p.payment_id, 'charge_unknown', p.order_id, o.number, p.amount_kopecks, p.bank_unknown_since,"
    " 'the bank does not answer about ' || p.order_id || ':' || p.attempt, NULL FROM payment p"
    f" JOIN orders o USING (order_id) WHERE p.{IN_WORK} AND p.step = 'charging' AND p.bank_unknown_since < :before",
    "SELECT p.payment_id, 'charge_uncertain', p.order_id, o.number, p.amount_kopecks,"
    " ifnull(p.bank_unknown_since, p.created_at) AS since, ifnull(p.charge_error, ''), p.transaction_id FROM payment p"
    f" JOIN orders o USING (order_id) WHERE p.{IN_WORK} AND p.step = 'abandoned' AND p.ending IS NULL"
    f" AND (p.method <> '{_ASKED_BY_KEY}' OR p.receipt_first = 1)"
    f" AND since < :before AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.payment_id = p.payment_id)",
    "SELECT p.payment_id, 'capture_uncertain', p.order_id, o.number, p.amount_kopecks, p.capturing_at,"
    " p.charge_error, p.transaction_id FROM payment p JOIN orders o USING (order_id)"
    f" WHERE p.{IN_WORK} AND p.step IN ('charged', 'printing', 'fiscalised') AND p.captured_at IS NULL"
    " AND p.charge_error IS NOT NULL AND p.capturing_at < :before",
    f"SELECT p.payment_id, {_RECEIPT_KIND}, p.order_id, o.number, p.amount_kopecks, p.receipt_failed_at,"
    " ifnull(p.receipt_error, ''), p.transaction_id FROM payment p JOIN orders o USING (order_id)"
    f" WHERE p.{IN_WORK} AND p.step IN ('charged', 'printing') AND p.receipt_failed_at < :before",
    "SELECT p.payment_id, 'paper_unpaid', p.order_id, o.number, p.amount_kopecks,"
    " ifnull(p.receipt_failed_at, p.created_at) AS since, ifnull(p.receipt_error, ''), p.transaction_id"
    f" FROM payment p JOIN orders o USING (order_id) WHERE p.{IN_WORK} AND p.receipt_first = 1 AND since < :before"
    " AND (p.step IN ('announcing', 'announced', 'taking_back') OR (p.step = 'abandoned' AND p.ending IS NOT NULL))",
    "SELECT p.payment_id, 'void_pending', p.order_id, o.number, p.amount_kopecks, r.created_at, ifnull(r.error, ''),"
    " p.transaction_id FROM payment p JOIN orders o USING (order_id)"
    " JOIN refund r ON r.payment_id = p.payment_id AND r.step = 'pending' AND r.portions = '[]'"
    " WHERE p.step IN ('reversing', 'abandoned') AND r.created_at < :before",
    "SELECT r.refund_id, CASE WHEN r.error = 'bank:key_forgotten' THEN 'refund_uncertain' ELSE 'refund_pending' END,"
    " r.order_id, o.number, r.amount_kopecks, r.created_at, ifnull(r.error, ''), NULL FROM refund r"
    " JOIN orders o USING (order_id) WHERE r.step = 'pending' AND r.portions <> '[]' AND r.created_at < :before",
    "SELECT 'fix-' || f.payment_id || '-' || f.fix, 'correction_pending', f.order_id, o.number, p.amount_kopecks,"
    " f.created_at, ifnull(f.error, ''), NULL FROM receipt_fix f JOIN orders o USING (order_id)"
    " JOIN payment p USING (payment_id) WHERE f.done_at IS NULL AND f.created_at < :before",
    "SELECT 'portion-' || p.portion_id, 'portion_lost', p.order_id, o.number, NULL,"
    f" ifnull(o.promised_at, o.created_at), trim(ifnull(p.fault, '') || {_OWED}, '; '), NULL"
    " FROM portion p JOIN orders o USING (order_id)"
    f" WHERE {PORTION_IN_WORK} AND p.status = 'failed'"
    f" AND NOT (ifnull(p.fault, '') IN {_SPOILED} AND p.hold_until >= :before)"
    " AND (o.promised_at < :before OR p.fault = 'restored'"
    f" OR p.fault LIKE '{WRITTEN_OFF}:%') AND NOT EXISTS"
    " (SELECT 1 FROM refund r, json_each(r.portions) j WHERE r.order_id = p.order_id AND j.value = p.portion_id)",
    "SELECT 'forgotten-' || p.order_id, 'food_forgotten', p.order_id, o.number, NULL, min(p.ready_at) AS since,"
    " 'cell ' || group_concat(p.cell, ', '), NULL FROM portion p JOIN orders o USING (order_id)"
    f" WHERE {PORTION_IN_WORK} AND p.status = 'ready' AND p.reminded = {Told.STAFF:d} GROUP BY p.order_id",
    "SELECT 'locked-' || locked_cell.portion_id, 'cell_locked', p.order_id, o.number, NULL, min(since),"
    " 'cell ' || group_concat(locked_cell.cell, ', '), NULL FROM locked_cell LEFT JOIN portion p USING (portion_id)"
    " LEFT JOIN orders o USING (order_id) GROUP BY locked_cell.portion_id",
    "SELECT 'unsafe-' || place, 'food_unsafe', NULL, NULL, NULL, stopped_at,"
    " cause || ' ' || place || ' ' || temp_c, NULL FROM excursion WHERE stopped_at IS NOT NULL",
    "SELECT 'device-' || device, 'device_tripped', NULL, NULL, NULL, since, code, NULL FROM device_fault"
    " WHERE since < :devices_before AND (device IN ('bank', 'terminal', 'sbp', 'receipts', 'sms', 'fiscal', 'robot',"
    " 'cells') OR device LIKE 'station%')",
    "SELECT 'aside-' || j.job, 'set_aside', p.order_id, o.number, p.amount_kopecks, j.at, j.error, NULL"
    " FROM failed_job j"
    " LEFT JOIN refund r ON j.job LIKE 'refund:%' AND r.refund_id = substr(j.job, 8)"
    " LEFT JOIN payment p ON p.payment_id = CASE WHEN j.job LIKE 'pay:%' THEN substr(j.job, 5) ELSE r.payment_id END"
    " LEFT JOIN orders o ON o.order_id = p.order_id"
    f" WHERE j.failures >= {SET_ASIDE_AFTER} AND (j.job NOT LIKE 'pay:%' OR p.step NOT IN ('done', 'refused',"
    " 'declined', 'closed', 'reversed')) AND (j.job NOT LIKE 'refund:%' OR r.step = 'pending')",
    "SELECT finding_id, 'finding', order_id, NULL, amount_kopecks, found_at, kind || ' ' || subject || ': ' || detail,"
    " transaction_id FROM finding WHERE settled_at IS NULL",
)
_COLUMNS = "stuck_id, kind, order_id, number, amount_kopecks, since, detail, transaction_id"


def read_troubles(reader: Reader, before: datetime, devices_before: datetime | None = None) -> list[TroubleRow]:
    """Everything that has waited since `before`, a tripped device since `devices_before`; oldest first."""
    found: list[TroubleRow] = []
    moments = {"before": rfc3339(before), "devices_before": rfc3339(devices_before or before)}
    for question in _QUESTIONS:
        sql = f"WITH found ({_COLUMNS}) AS ({question}) SELECT {_COLUMNS} FROM found"
        found += reader.all(TroubleRow, sql, moments)
    return sorted(found, key=lambda row: row.since)


# Jobs set aside.


class JobRow(msgspec.Struct, frozen=True):
    job: str


def read_set_aside(reader: Reader) -> frozenset[str]:
    """Names of the jobs that wait for a person after a bug."""
    rows = reader.all(JobRow, "SELECT job FROM failed_job WHERE failures >= ?", (SET_ASIDE_AFTER,))
    return frozenset(row.job for row in rows)


def read_aside(reader: Reader, job: str) -> Aside | None:
    """How far a payment's or a refund's job came; None for another kind of work."""
    kind, _, subject = job.partition(":")
    return reader.one(
        Aside,
        "SELECT p.step, EXISTS (SELECT 1 FROM fiscal_intent i WHERE i.payment_id = p.payment_id AND i.status = 'open'"
        " AND i.refund_id IS r.refund_id AND i.fix = 0) AS in_doubt, p.released_at IS NOT NULL AS released,"
        " r.refund_id IS NOT NULL AND r.bank_done_at IS NULL AS unreturned"
        " FROM payment p LEFT JOIN refund r ON r.refund_id = :refund"
        " WHERE p.payment_id = ifnull((SELECT payment_id FROM refund WHERE refund_id = :refund), :payment)",
        {"refund": subject if kind == "refund" else None, "payment": subject if kind == "pay" else None},
    )


def count_failure(tx: Tx, job: str, error: str, now: datetime) -> bool:
    """A job ended in a bug; True where it is set aside from now on."""
    failures = tx.scalar(
        "INSERT INTO failed_job VALUES (?, 1, ?, ?) ON CONFLICT (job)"
        " DO UPDATE SET failures = failures + 1, at = excluded.at, error = excluded.error RETURNING failures",
        (job, rfc3339(now), error),
    )
    return int(failures) >= SET_ASIDE_AFTER


def note_doubt(tx: Tx, job: str, error: str, now: datetime) -> None:
    """Known to be wrong before it is taken up: its first bug sets it aside."""
    tx.execute(
        "INSERT INTO failed_job VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (job, SET_ASIDE_AFTER - 1, rfc3339(now), error),
    )


def take_up_again(tx: Tx, job: str) -> None:
    """A person asks for one more try: the next bug sets it aside at once."""
    tx.execute("UPDATE failed_job SET failures = ? WHERE job = ?", (SET_ASIDE_AFTER - 1, job))


# Findings.


class FindingRow(msgspec.Struct, frozen=True):
    finding_id: str
    kind: str
    subject: str
    detail: str
    order_id: str | None
    amount_kopecks: int | None
    transaction_id: str | None
    found_at: datetime
    settled_at: datetime | None
    settled_by: str | None


_FINDING = (
    "finding_id, kind, subject, detail, order_id, amount_kopecks, transaction_id, found_at, settled_at, settled_by"
)


def finding_id(kind: str, subject: str) -> str:
    """A word that a person can type."""
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{kind}-{subject}").strip("-")


def add_finding(
    tx: Tx,
    kind: str,
    subject: str,
    detail: str,
    now: datetime,
    *,
    order_id: str | None = None,
    amount_kopecks: int | None = None,
    transaction_id: str | None = None,
) -> bool:
    """Note a contradiction once; returns True if newly recorded. One that was settled stays settled."""
    added = tx.execute(
        "INSERT INTO finding (finding_id, kind, subject, detail, order_id, amount_kopecks, transaction_id, found_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (finding_id(kind, subject), kind, subject, detail, order_id, amount_kopecks, transaction_id, rfc3339(now)),
    )
    return added.rowcount > 0


def require_finding(reader: Reader, finding_id: str) -> FindingRow:
    """The finding that is known to exist."""
    return reader.require(FindingRow, f"SELECT {_FINDING} FROM finding WHERE finding_id = ?", (finding_id,))


def settle_finding(tx: Tx, finding_id: str, actor: str, settlement: str, now: datetime) -> None:
    """A person has decided: it is open no more. `settlement` is the word for the journal."""
    tx.execute(
        "UPDATE finding SET settled_at = ?, settled_by = ?, settlement = ? WHERE finding_id = ?",
        (rfc3339(now), actor, settlement, finding_id),
    )


def note_giver(tx: Tx, finding_id: str, actor: str) -> None:
    """Somebody decided to give the money back; it is under way."""
    tx.execute("UPDATE finding SET settled_by = ? WHERE finding_id = ?", (actor, finding_id))


def findings_to_return(reader: Reader) -> list[FindingRow]:
    """Findings whose money somebody decided to give back, and that are not settled yet."""
    return reader.all(FindingRow, f"SELECT {_FINDING} FROM finding WHERE settled_at IS NULL AND settled_by IS NOT NULL")


def open_findings(reader: Reader) -> list[FindingRow]:
    """Findings that wait for a person, the oldest first."""
    return reader.all(
        FindingRow, f"SELECT {_FINDING} FROM finding WHERE settled_at IS NULL ORDER BY found_at, finding_id"
    )
