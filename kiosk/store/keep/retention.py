"""What is not kept for ever goes in steps of few rows, found by an index; an interrupted step is done anew.

Orders with their payments, documents and refunds move (`moving`); points and statistics are no subject of any rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import takewhile

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.staff.retention import Keep
from kiosk.store import meta
from kiosk.store.file.opening import INCREMENTAL
from kiosk.store.journal import PASSING
from kiosk.store.ordering.orders import OPEN
from kiosk.store.payment.payments import IN_WORK
from kiosk.store.transaction import Reader, Tx

_UP_TO = "forgotten_up_to:"  # where a rule that leaves rows standing goes on: they are not looked at again
EVENTS_UP_TO = f"{_UP_TO}event"  # the moment of the last event that went


class Term(msgspec.Struct, frozen=True):
    """What a step goes by. `consumers`: all that read events, also those that have not read one yet; `configured`:
    the endpoints that are; `rows`: how many a step looks at."""

    now: datetime
    keep: Keep
    consumers: Collection[str]
    configured: Collection[str]
    rows: int

    def before(self, number: int) -> str:
        """What is older than so many days has had its time."""
        return rfc3339(self.now - timedelta(days=number))


class Step(msgspec.Struct, frozen=True):
    """`gone` rows; `more`: there may be others that have had their time."""

    gone: int
    more: bool


def nothing_open(order: str) -> str:
    """The condition that the order `order` (a column, of none of the aliases used here) is over: nothing of it is under
    way, in doubt or disputed."""
    return (
        f" NOT EXISTS (SELECT 1 FROM orders o WHERE o.order_id = {order} AND o.status IN ({OPEN}))"
        f" AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.order_id = {order} AND p.{IN_WORK})"
        f" AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.order_id = {order} AND r.step = 'pending')"
        f" AND NOT EXISTS (SELECT 1 FROM fiscal_intent f WHERE f.order_id = {order} AND f.status = 'open')"
        f" AND NOT EXISTS (SELECT 1 FROM receipt_fix x WHERE x.order_id = {order} AND x.done_at IS NULL)"
        f" AND NOT EXISTS (SELECT 1 FROM finding d WHERE d.order_id = {order} AND d.settled_at IS NULL)"
    )


def _delete(tx: Tx, term: Term, table: str, key: str, which: str, **values: str) -> Step:
    """Rows of `table` that `which` finds, known by `key`."""
    gone = tx.execute(
        f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} AS t WHERE {which} LIMIT :rows)",
        {"rows": term.rows, **values},
    ).rowcount
    return Step(gone, gone == term.rows)


class _SessionRow(msgspec.Struct, frozen=True):
    session_id: str
    expires_at: str


def _sessions(tx: Tx, term: Term) -> Step:
    """Those that ordered nothing. One that has expired orders nothing any more: it is looked at once."""
    expires_at, _, session_id = (meta.read(tx, f"{_UP_TO}session") or "").partition(" ")
    found = tx.all(
        _SessionRow,
        "SELECT session_id, expires_at FROM session WHERE (expires_at, session_id) > (?, ?) AND expires_at < ?"
        " ORDER BY expires_at, session_id LIMIT ?",
        (expires_at, session_id, term.before(term.keep.sessions_days), term.rows),
    )
    if not found:
        return Step(0, more=False)
    gone = tx.execute(
        "DELETE FROM session WHERE session_id IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.session_id = session.session_id)",
        (_listed([row.session_id for row in found]),),
    ).rowcount
    meta.put(tx, f"{_UP_TO}session", f"{found[-1].expires_at} {found[-1].session_id}")
    return Step(gone, len(found) == term.rows)


def _keys(tx: Tx, term: Term) -> Step:
    """A key belongs to its session: once that has expired, nobody can use it."""
    return _delete(
        tx,
        term,
        "idempotency",
        "session_id, call, key",
        "t.created_at < :before AND NOT EXISTS (SELECT 1 FROM session s WHERE s.session_id = t.session_id"
        f" AND s.expires_at >= :now) AND {nothing_open('t.order_id')} ORDER BY t.created_at",
        before=term.before(term.keep.keys_days),
        now=rfc3339(term.now),
    )


_CLOSED_CODES = (
    "SELECT code_id FROM one_time_code WHERE created_at < :before AND expires_at < :now AND code IS NULL"
    " ORDER BY created_at, code_id LIMIT :rows"
)


def _codes(tx: Tx, term: Term) -> Step:
    """Those that can neither be sent nor entered any more, their tries first."""
    values = {"before": term.before(term.keep.codes_days), "now": rfc3339(term.now), "rows": term.rows}
    tries = tx.execute(
        "DELETE FROM one_time_code_try WHERE (code_id, place) IN (SELECT code_id, place FROM one_time_code_try"
        f" WHERE code_id IN ({_CLOSED_CODES}) LIMIT :rows)",
        values,
    ).rowcount
    if tries == term.rows:
        return Step(tries, more=True)
    gone = tx.execute(f"DELETE FROM one_time_code WHERE code_id IN ({_CLOSED_CODES})", values).rowcount
    return Step(tries + gone, gone == term.rows)


def _unconfirmed(tx: Tx, term: Term) -> Step:
    """Numbers that were never confirmed and own nothing."""
    return _delete(
        tx,
        term,
        "customer",
        "customer_id",
        "t.confirmed_at IS NULL AND t.created_at < :before"
        " AND NOT EXISTS (SELECT 1 FROM bonus_entry b WHERE b.customer_id = t.customer_id)"
        " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = t.customer_id) ORDER BY t.created_at",
        before=term.before(term.keep.unconfirmed_days),
    )


def _guests(tx: Tx, term: Term) -> Step:
    """The numbers of guests whose order was handed out so long ago, and of which nothing is open."""
    return _delete(
        tx,
        term,
        "guest_notice",
        "order_id",
        "EXISTS (SELECT 1 FROM timeline h WHERE h.order_id = t.order_id AND h.status = 'completed'"
        f" AND h.at < :before) AND {nothing_open('t.order_id')}",
        before=term.before(term.keep.guests_days),
    )


def _messages(tx: Tx, term: Term) -> Step:
    """Those that are out or given up; while the order is open they tell what its customer knows already."""
    return _delete(
        tx,
        term,
        "message",
        "client_id",
        "t.created_at < :before AND (t.sent_at IS NOT NULL OR t.gone IS NOT NULL)"
        f" AND {nothing_open('t.order_id')} ORDER BY t.created_at",
        before=term.before(term.keep.messages_days),
    )


def _alarms(tx: Tx, term: Term) -> Step:
    """Those that are over; who heard of them goes with them."""
    return _delete(
        tx,
        term,
        "alarm",
        "alarm_id",
        "t.state = 'cleared' AND t.cleared_at < :before ORDER BY t.cleared_at",
        before=term.before(term.keep.journal_days),
    )


def _alarm_messages(tx: Tx, term: Term) -> Step:
    return _delete(
        tx,
        term,
        "alarm_message",
        "message_id",
        "t.created_at < :before AND (t.accepted_at IS NOT NULL OR t.gone IS NOT NULL) ORDER BY t.created_at",
        before=term.before(term.keep.messages_days),
    )


class _Numbered(msgspec.Struct, frozen=True):
    number: int
    at: str


def _had_their_time(tx: Tx, table: str, number: str, rows: list[_Numbered], before: str, now: str) -> list[_Numbered]:
    """From the first on, in the order they were written, up to the first that is young. One from the future, written
    while the clock was wrong, is as old as the one behind it."""
    old = list(takewhile(lambda row: row.at < before or row.at > now, rows))
    if old and old[-1].at > now:
        sql = f"SELECT at FROM {table} WHERE {number} > ? AND at <= ? ORDER BY {number} LIMIT 1"
        behind = tx.scalar(sql, (old[-1].number, now))
        while old and old[-1].at > now and (behind is None or behind >= before):
            old.pop()
    return old


def _journal(tx: Tx, term: Term) -> Step:
    """Lines that no money depends on; the others stay, and are not looked at again."""
    mark = f"{_UP_TO}journal"
    found = tx.all(
        _Numbered,
        "SELECT entry AS number, at FROM journal WHERE entry > CAST(? AS INTEGER) ORDER BY entry LIMIT ?",
        (meta.read(tx, mark) or "0", term.rows),
    )
    old = _had_their_time(tx, "journal", "entry", found, term.before(term.keep.journal_days), rfc3339(term.now))
    if not old:
        return Step(0, more=False)
    gone = tx.execute(
        "DELETE FROM journal WHERE entry BETWEEN ? AND ? AND action IN (SELECT value FROM json_each(?))",
        (old[0].number, old[-1].number, _listed(PASSING)),
    ).rowcount
    meta.put(tx, mark, str(old[-1].number))
    return Step(gone, len(old) == term.rows)


def got_by_all(reader: Reader, consumers: Collection[str]) -> int:
    """The last event that every consumer and every endpoint has got, whatever its state. One that has got none yet
    holds all of them."""
    held = reader.scalar(
        "SELECT min(sequence) FROM (SELECT ifnull((SELECT sequence FROM cursor WHERE consumer = value), 0) AS sequence"
        " FROM json_each(?) UNION ALL SELECT sequence FROM cursor UNION ALL SELECT sequence FROM endpoint)",
        (_listed(consumers),),
    )
    return held or 0


def consumers_wait_since(reader: Reader, consumers: Collection[str]) -> str | None:
    """The moment of the first event that one of the consumers, endpoints aside, has not read; None where all have read
    all."""
    read = reader.scalar(
        "SELECT min(ifnull((SELECT sequence FROM cursor WHERE consumer = value), 0)) FROM json_each(?)",
        (_listed(consumers),),
    )
    moment: str | None = reader.scalar(
        "SELECT at FROM event WHERE sequence > ? ORDER BY sequence LIMIT 1", (read or 0,)
    )
    return moment


def _events(tx: Tx, term: Term) -> Step:
    """From the oldest on, so that no gap comes to be; the last one stays, from which boards and endpoints count."""
    found = tx.all(
        _Numbered,
        "SELECT sequence AS number, at FROM event WHERE sequence <= ? AND sequence < (SELECT max(sequence) FROM event)"
        " ORDER BY sequence LIMIT ?",
        (got_by_all(tx, term.consumers), term.rows),
    )
    now = rfc3339(term.now)
    old = _had_their_time(tx, "event", "sequence", found, term.before(term.keep.events_days), now)
    if not old:
        return Step(0, more=False)
    gone = tx.execute("DELETE FROM event WHERE sequence <= ?", (old[-1].number,)).rowcount
    if moments := [row.at for row in old if row.at <= now]:
        meta.put(tx, EVENTS_UP_TO, max(moments))
    return Step(gone, len(old) == term.rows)


def _removed_endpoints(tx: Tx, term: Term) -> Step:
    """The place of an endpoint that is configured no longer, once the oldest event it has not got has had its time: it
    would hold all events for ever."""
    return _delete(
        tx,
        term,
        "endpoint",
        "url",
        "t.url NOT IN (SELECT value FROM json_each(:configured)) AND (SELECT e.at FROM event e"
        " WHERE e.sequence > t.sequence AND e.at <= :now ORDER BY e.sequence LIMIT 1) < :before",
        before=term.before(term.keep.removed_endpoints_days),
        now=rfc3339(term.now),
        configured=_listed(term.configured),
    )


def _temperatures(tx: Tx, term: Term) -> Step:
    """The minutes; what each place kept on each day stays."""
    return _delete(
        tx, term, "temperature", "at", "t.at < :before ORDER BY t.at", before=term.before(term.keep.temperatures_days)
    )


def _listed(values: Collection[object]) -> str:
    return msgspec.json.encode(list(values)).decode()


Rule = Callable[[Tx, Term], Step]
#: In this order: an endpoint that is gone holds no events.
RULES: Mapping[str, Rule] = {
    "sessions": _sessions,
    "keys": _keys,
    "codes": _codes,
    "unconfirmed": _unconfirmed,
    "guests": _guests,
    "messages": _messages,
    "alarms": _alarms,
    "alarm_messages": _alarm_messages,
    "journal": _journal,
    "temperatures": _temperatures,
    "removed_endpoints": _removed_endpoints,
    "events": _events,
}


def give_back_pages(tx: Tx, most: int, spare: int) -> int:
    """Hand up to `most` pages that are free back to the disk, but keep `spare` for what comes next; how many. An older
    file, which was not made for it, keeps them all."""
    if tx.scalar("PRAGMA auto_vacuum") != INCREMENTAL:
        return 0
    pages: int = max(0, min(most, tx.scalar("PRAGMA freelist_count") - spare))
    for _ in range(pages):  # one page a row, and the rows have no columns: Python's sqlite3 fetches only the first
        tx.execute("PRAGMA incremental_vacuum(1)")
    return pages
