"""The judge of plans: a walk through what was sold is seen, by table, by an index of few values, by a missing index."""

from __future__ import annotations

import re
import sqlite3

import pytest

from kiosk.store.fiscal import audits
from kiosk.store.stock import stocks
from tests.plans import BOUNDED, MAY_WALK, MOST_ROWS, Plans, figures_of_a_million, schema, shape_of, walks_of

HELD = stocks.HELD.replace("?", "'2026-11-22T12:00:00.000Z'")


@pytest.mark.parametrize(
    ("planted", "step"),
    [
        ("SELECT order_id FROM orders WHERE status IN ('paid', 'cooking', 'ready')", "SCAN orders"),
        ("SELECT count(*) FROM event WHERE at > '2026-11-22'", "SCAN event"),
        ("SELECT o.number FROM orders AS o WHERE o.amount_kopecks > 100", "SCAN o"),
        ("WITH event AS (SELECT * FROM main.event) SELECT * FROM event WHERE at > '2'", "SCAN main.event"),
        ("SELECT 1 FROM meta m LEFT JOIN refund r ON m.key = 'x' || r.refund_id", "SCAN r"),
        ("UPDATE portion SET cell = NULL WHERE cell = 3", "SCAN portion"),
        ("DELETE FROM session WHERE ended_at < '2026'", "SCAN session"),
        ("SELECT document_number FROM fiscal_intent WHERE status = 'registered' AND drive_number = '9'",
         "SEARCH fiscal_intent USING COVERING INDEX intent_of_document (drive_number=?)"),
    ],
)  # fmt: skip
def test_planted_walk_is_seen(planted: str, step: str) -> None:
    assert any(found.startswith(step.partition(" USING ")[0]) for found in walks_of(planted)), walks_of(planted)


def test_planted_missing_index_is_seen() -> None:
    assert walks_of(HELD) == []
    assert walks_of(HELD, missing="reservation_line_held") != []


def test_what_is_sought_by_an_index_or_in_a_small_table_is_no_walk() -> None:
    for sql in (
        "SELECT * FROM orders WHERE order_id = 'M8'",
        "SELECT * FROM event WHERE sequence > 7 ORDER BY sequence LIMIT 200",
        "SELECT max(sequence) FROM event",
        "SELECT * FROM meta",
        "SELECT shift FROM fiscal_intent WHERE status = 'registered' AND drive_number = '9' AND document_number > 7",
    ):
        assert walks_of(sql) == [], sql


def test_a_statement_is_known_by_its_shape_whatever_its_values() -> None:
    plans = Plans()
    for order_id in ("'M8A'", "'M8B'"):
        plans.note(f"SELECT status FROM orders WHERE order_id = {order_id} AND status = 'paid'")
    plans.note("SELECT status FROM orders WHERE order_id = 'M8A' AND status = 'ready'")
    plans.note("PRAGMA quick_check")
    assert len(list(plans.asked())) == 2
    assert shape_of("x = 'it''s' AND y = 17.5 AND z = 'paid'") == "x = ? AND y = ? AND z = 'paid'"


def test_every_index_of_the_schema_has_figures_of_a_million_orders_or_is_small() -> None:
    """A partial index of what is in work has none: it is empty when the restaurant is closed."""
    database = schema("", with_figures=False)
    indexes = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    whole = {name for name in indexes if not _is_partial(database, name)}
    small = {name for name, table in _tables(database).items() if table in BOUNDED or table in _NOT_MULTIPLIED}
    assert whole - figures_of_a_million().keys() - small == set()
    assert max(figures_of_a_million()["sqlite_autoindex_orders_1"]) >= 1_000_000 > MOST_ROWS
    assert all(MAY_WALK.values())


#: By people and by days, a few thousand rows in ten years; codes are forgotten after a day.
_NOT_MULTIPLIED = {
    "receipt_fix", "stat_hour", "stat_dish", "stat_choice", "stat_report", "stat_service", "stat_payment",
    "stat_minutes", "stat_visit", "stat_open", "stat_sold_out", "report_letter", "journal", "one_time_code",
    "one_time_code_try",
}  # fmt: skip


def _is_partial(database: sqlite3.Connection, name: str) -> bool:
    (sql,) = database.execute("SELECT ifnull(sql, '') FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return " WHERE " in " ".join(sql.split())


def _tables(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'"))


@pytest.mark.parametrize("book", audits.QUESTIONS)
def test_an_audit_of_the_last_days_walks_no_further_back(book: str) -> None:
    values = {"order": "'M8'", "order_end": "'~'", "intent": "7", "intent_end": "9", "sequence": "7",
              "sequence_end": "9"}  # fmt: skip
    sql = re.sub(r":([a-z_]+)", lambda found: values.get(found[1], "'2026'"), audits.question_of(book))
    assert walks_of(sql) == []
