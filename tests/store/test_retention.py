"""What is not kept for ever goes after its days and not before; nothing goes that somebody has not got, or that is
open."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.clock import rfc3339
from kiosk.domain.staff.retention import Keep
from kiosk.store.file.opening import open_writer
from kiosk.store.fiscal import audits
from kiosk.store.fiscal.audits import Period
from kiosk.store.keep import retention
from kiosk.store.keep.retention import RULES, Rule, Step, Term
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.plans import Plans
from tests.store.aged import (
    CONSUMERS,
    HOOK,
    MATTERS,
    Aged,
    Books,
    ago,
    expected,
    fill,
    first_event,
    forget,
    found,
    opened,
    term,
)

#: Around every edge of the defaults, never on it.
_DAYS = st.sampled_from([0.5, 1.5, 6.5, 7.5, 29.5, 30.5, 40.0, 89.5, 90.5, 200.0, 364.5, 365.5, 400.0])
_VISITS = st.builds(
    Aged,
    days=_DAYS,
    session_days=st.sampled_from([-1.0, 1.0, 29.5, 30.5, 300.0]),
    ordered=st.booleans(),
    matter=st.sampled_from(MATTERS),
    sent=st.booleans(),
    code_open=st.booleans(),
    action=st.sampled_from(["refund", "stop_list", "cell_open", "replace_drive", "event_parked"]),
)
_READ = st.integers(0, 20)
_BOOKS = st.builds(
    Books,
    visits=st.lists(_VISITS, min_size=1, max_size=9),
    cursors=st.tuples(*[st.one_of(st.none(), _READ, st.just(99))] * 3),
    hook=st.one_of(_READ, st.just(99)),
    removed=st.one_of(st.none(), _READ),
    future=st.one_of(st.none(), st.integers(1, 18)),
)
_OLD = Aged(400.0, 400.0, ordered=False, matter="none", sent=True, code_open=False, action="stop_list")


def offences(books: Books, rules: Mapping[str, Rule] = RULES, rows: int = 3) -> list[str]:
    """What went too early, what stayed too long, and steps that changed more than they may."""
    connection = opened()
    fill(Tx(connection), books)
    changed = forget(connection, term(rows), rules)
    wrong = [f"{n} rows in one step" for n in changed if n > 2 * rows + 1]
    have, wanted = found(connection), expected(books, Keep())
    wrong += [f"{table}: {have[table] ^ wanted[table]}" for table in wanted if have[table] != wanted[table]]
    events = [row[0] for row in connection.execute("SELECT sequence FROM event ORDER BY sequence")]
    last = 2 * len(books.visits)
    if events != list(range(first_event(books, Keep()), last + 1)):
        wrong.append(f"events: {events}, not from {first_event(books, Keep())} to {last}")
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        wrong.append("a row refers to nothing")
    for table in ("orders", "payment", "fiscal_intent", "timeline"):
        (there,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        if there != sum(visit.ordered for visit in books.visits):
            wrong.append(f"{table}: {there}")
    connection.close()
    return wrong


@settings(max_examples=150, deadline=None)
@given(_BOOKS, st.integers(1, 7))
def test_what_is_young_or_needed_stays_and_all_else_goes(books: Books, rows: int) -> None:
    assert offences(books, rows=rows) == []


def _beyond_a_cursor(tx: Tx, at: Term) -> Step:
    gone = tx.execute("DELETE FROM event WHERE at < ?", (at.before(at.keep.events_days),)).rowcount
    return Step(gone, more=False)


def _of_whom_has_read_only(tx: Tx, at: Term) -> Step:
    """Forgets that a consumer without a cursor has read nothing yet."""
    return RULES["events"](tx, Term(at.now, at.keep, (), at.configured, at.rows))


def _keys_of_the_unpaid(tx: Tx, at: Term) -> Step:
    gone = tx.execute("DELETE FROM idempotency WHERE created_at < ?", (at.before(at.keep.keys_days),)).rowcount
    return Step(gone, more=False)


def _codes_by_age(tx: Tx, at: Term) -> Step:
    gone = tx.execute("DELETE FROM one_time_code WHERE created_at < ?", (at.before(at.keep.codes_days),)).rowcount
    return Step(gone, more=False)


_READ_ALL = (99, 99, 99)


@pytest.mark.parametrize(
    ("name", "planted", "books"),
    [
        ("events", _beyond_a_cursor, Books([_OLD] * 4, (99, 3, 99), 99)),
        ("events", _beyond_a_cursor, Books([_OLD] * 4, _READ_ALL, 3)),
        ("events", _of_whom_has_read_only, Books([_OLD] * 4, (99, None, 99), 99)),
        (
            "keys",
            _keys_of_the_unpaid,
            Books(
                [Aged(40.0, 40.0, ordered=True, matter="paid_now", sent=True, code_open=False, action="refund")],
                _READ_ALL,
                99,
            ),
        ),
        (
            "codes",
            _codes_by_age,
            Books(
                [Aged(40.0, 40.0, ordered=False, matter="none", sent=True, code_open=True, action="refund")],
                _READ_ALL,
                99,
            ),
        ),
        ("messages", RULES["keys"], Books([_OLD], _READ_ALL, 99)),
    ],
)
def test_planted_rule_that_takes_what_is_needed_or_leaves_what_is_not_is_caught(
    name: str, planted: Rule, books: Books
) -> None:
    assert offences(books, rows=50) == []
    assert offences(books, {**RULES, name: planted}, rows=50) != []


def test_planted_rule_without_a_limit_is_caught() -> None:
    books = Books([_OLD] * 9, _READ_ALL, 99)
    assert any("rows in one step" in wrong for wrong in offences(books, {**RULES, "codes": _codes_by_age}, rows=1))


class _Interrupted(Exception):
    pass


@pytest.mark.parametrize("rows", [1, 3])
def test_interrupted_after_any_step_it_goes_on_and_ends_as_if_it_had_not_been(rows: int) -> None:
    aged = [Aged(d, d, d < 50, "none", sent=True, code_open=False, action="webhooks") for d in (380.0, 95.0, 31.0, 3.0)]
    books = Books([_OLD, *aged], (9, 99, 7), 99, removed=2)
    reached, number = False, 0
    while not reached:
        connection = opened()
        fill(Tx(connection), books)
        try:
            forget(connection, term(rows), {name: _failing(rule, number) for name, rule in RULES.items()})
            reached = True
        except _Interrupted:
            number += 1
        forget(connection, term(rows))
        assert found(connection) == expected(books, Keep())
        (oldest,) = connection.execute("SELECT min(sequence) FROM event").fetchone()
        assert oldest == first_event(books, Keep())
        connection.close()
    assert number >= 2


def _failing(rule: Rule, after: int) -> Rule:
    """Does its work and fails then, in the step of that number of its own."""
    left = after

    def run(tx: Tx, at: Term) -> Step:
        nonlocal left
        step = rule(tx, at)
        if left == 0:
            raise _Interrupted
        left -= 1
        return step

    return run


def test_killed_at_any_statement_it_goes_on(tmp_path: Path) -> None:
    books = Books([_OLD] * 3, _READ_ALL, 99)
    path = tmp_path / "kiosk.db"
    writer = open_writer(path)
    fill(Tx(writer), books)
    writer.close()
    whole, number, died = path.read_bytes(), 0, True
    while died:
        for part in tmp_path.iterdir():
            part.unlink()
        path.write_bytes(whole)
        died = _dies_at(path, number)
        writer = open_writer(path)
        forget(writer, term(2))
        assert found(writer) == expected(books, Keep())
        assert [row[0] for row in writer.execute("SELECT sequence FROM event")] == [6]
        assert writer.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        writer.close()
        number += 3
    assert number > 60


def _dies_at(path: Path, number: int) -> bool:
    pid = os.fork()
    if pid == 0:
        left = number

        def trace(sql: str) -> None:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        connection = open_writer(path)
        connection.set_trace_callback(trace)
        forget(connection, term(2))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def test_no_step_walks_through_what_was_sold() -> None:
    plans = Plans()
    connection = opened()
    fill(Tx(connection), Books([_OLD] * 3, _READ_ALL, 99, removed=1))
    connection.set_trace_callback(plans.trace)
    forget(connection, term(2))
    assert plans.walks() == []
    assert sum(sql.startswith("DELETE") for sql in plans.asked()) >= len(RULES)


def test_the_audit_finds_no_gap_where_events_were_forgotten_and_one_where_they_were_lost() -> None:
    connection = opened()
    visits = [
        Aged(days, days, ordered=True, matter="none", sent=True, code_open=False, action="refund")
        for days in (95.0, 92.0, 20.0, 10.0)
    ]
    fill(Tx(connection), Books(visits, _READ_ALL, 99))
    assert checks(connection, 100) == set()
    forget(connection, term())
    assert [row[0] for row in connection.execute("SELECT sequence FROM event")] == [5, 6, 7, 8]
    assert checks(connection, 100) == set()
    connection.execute("DELETE FROM event WHERE sequence = 6")
    assert checks(connection, 100) == {"paid_order_without_event", "gap_in_events"}


def checks(connection: sqlite3.Connection, days: float) -> set[str]:
    since = START.fromisoformat(ago(days))
    asked = ("paid_order_without_event", "gap_in_events")
    return {row.check for row in audits.broken_invariants(Tx(connection), Period(since), START) if row.check in asked}


def test_a_clock_that_was_wrong_for_a_while_neither_forgets_too_early_nor_holds_everything_for_ever() -> None:
    visits = [
        Aged(days, days, ordered=False, matter="none", sent=True, code_open=False, action="refund")
        for days in (95.0, 92.0, 20.0)
    ]
    books = Books(visits, _READ_ALL, 99, future=2)
    assert offences(books) == []
    assert first_event(books, Keep()) == 5


def test_got_by_all_is_the_least_of_consumers_and_endpoints_whatever_their_state() -> None:
    connection = opened()
    tx = Tx(connection)
    fill(tx, Books([_OLD] * 5, (9, 8, 7), 4))
    assert retention.got_by_all(tx, CONSUMERS) == 4
    assert retention.got_by_all(tx, [*CONSUMERS, "new"]) == 0
    connection.execute("DELETE FROM endpoint WHERE url = ?", (HOOK,))
    assert retention.got_by_all(tx, CONSUMERS) == 7
    assert rfc3339(START) == ago(0)
