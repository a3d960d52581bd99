"""The schema: what the migrations build is what is written, and SQLite itself refuses what must not be."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.fiscal.receipt import PricedLine
from kiosk.domain.payment.payment import LIVE_STEPS, PaymentStep
from kiosk.store.database import Database
from kiosk.store.file.opening import migrate, migrations
from kiosk.store.fiscal import intents
from kiosk.store.transaction import Reader, Tx
from tests.clocks import START
from tests.store import rows


def shape(connection: sqlite3.Connection) -> dict[str, str]:
    """Every table and index by name, without comments and spacing."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(re.findall(r"[\w']+|[^\s\w]", re.sub(r"--[^\n]*", "", sql))) for name, sql in found}


def written() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript((files("kiosk.store") / "schema.sql").read_text())
    return connection


def migrated() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


def test_the_migrations_end_at_the_written_schema() -> None:
    assert shape(migrated()) == shape(written())
    assert len(shape(migrated())) > 20


def test_migrations_are_numbered_without_gaps_and_done_once() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))
    connection = migrated()
    before = connection.execute("PRAGMA schema_version").fetchone()
    migrate(connection)
    assert connection.execute("PRAGMA schema_version").fetchone() == before
    assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations()),)


def test_a_newer_database_is_refused() -> None:
    connection = migrated()
    connection.execute(f"PRAGMA user_version={len(migrations()) + 1}")
    with pytest.raises(DatabaseBroken, match="version"):
        migrate(connection)


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "kiosk.db") as foreign:
        foreign.execute("CREATE TABLE cursor (somebody_elses TEXT)")
    foreign.close()
    with pytest.raises(DatabaseBroken, match="cursor"):
        await Database.open(tmp_path / "kiosk.db", print)
    with sqlite3.connect(tmp_path / "kiosk.db") as again:
        assert list(shape(again)) == ["cursor"]
    again.close()


def test_every_table_is_strict() -> None:
    tables = written().execute("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'").fetchall()
    assert len(tables) > 15
    assert [name for name, strict in tables if not strict] == []


def test_kopecks_are_integers_in_every_table() -> None:
    columns = written().execute(
        "SELECT t.name, c.name, c.type FROM pragma_table_list t, pragma_table_info(t.name) c"
        " WHERE c.name LIKE '%kopecks'"
    )
    kinds = {f"{table}.{column}": kind for table, column, kind in columns}
    assert len(kinds) >= 6
    assert set(kinds.values()) == {"INTEGER"}


Breach = Callable[[Tx], object]


def spend(**changes: object) -> Breach:
    """A second row copied from the first payment, changed."""

    def run(tx: Tx) -> None:
        found = tx.execute("SELECT * FROM payment").fetchone()
        tx.insert("payment", **{**dict(found), "payment_id": "ORDER1:2", "attempt": 2, **changes})

    return run


def receipt_line(**changes: object) -> Breach:
    def run(tx: Tx) -> None:
        row = {"intent_id": 1, "position": 9, "line": 1, "name": "x", "price_kopecks": 100, "quantity": 3}
        tx.insert("receipt_line", **{**row, "sum_kopecks": 300, "vat": "none", **changes})

    return run


def second_intent(tx: Tx) -> None:
    found = dict(tx.execute("SELECT * FROM fiscal_intent").fetchone())
    del found["intent_id"]
    tx.insert("fiscal_intent", **found)


def prepare_paid_order(tx: Tx) -> None:
    rows.sell(tx, "ORDER1")
    paid = rows.pay(tx, rows.payment())
    lines = [PricedLine("Рис", 28900, 2, 1)]
    intents.add(tx, paid, drive_number="1", fd_before=5, shift=1, lines=lines, now=START)


@pytest.mark.parametrize(
    ("breach", "why"),
    [
        (lambda tx: tx.execute("UPDATE orders SET amount_kopecks = '578 roubles'"), "TEXT value in INTEGER"),
        (lambda tx: tx.execute("UPDATE orders SET amount_kopecks = 578.5"), "REAL value in INTEGER"),
        (lambda tx: tx.execute("UPDATE orders SET amount_kopecks = 0"), "CHECK"),
        (lambda tx: tx.execute("UPDATE orders SET service = 'by_drone'"), "CHECK"),
        (lambda tx: tx.execute("UPDATE orders SET receipt_unknown = 2"), "CHECK"),
        (lambda tx: tx.execute("UPDATE orders SET session_id = 'nobody'"), "FOREIGN KEY"),
        (lambda tx: tx.execute("DELETE FROM session"), "FOREIGN KEY"),
        (lambda tx: tx.execute("DELETE FROM chart"), "FOREIGN KEY"),
        (lambda tx: tx.execute("UPDATE order_item SET quantity = 0"), "CHECK"),
        (lambda tx: tx.execute("UPDATE order_item SET price_kopecks = 0"), "CHECK"),
        (lambda tx: tx.insert("portion", order_id="ORDER1", line=7, ordinal=1, status="planned"), "FOREIGN KEY"),
        (lambda tx: tx.insert("portion", order_id="ORDER1", line=1, ordinal=1, status="planned"), "UNIQUE"),
        (spend(), "UNIQUE constraint failed: payment.order_id"),
        (spend(step="done", attempt=1), "UNIQUE"),
        (spend(step="done", amount_kopecks=-1), "CHECK"),
        (receipt_line(sum_kopecks=301), "CHECK"),
        (receipt_line(intent_id=77), "FOREIGN KEY"),
        (second_intent, "UNIQUE"),
        (lambda tx: tx.execute("UPDATE fiscal_intent SET status = 'perhaps'"), "CHECK"),
    ],
)
async def test_sqlite_refuses_what_must_not_be(database: Database, breach: Breach, why: str) -> None:
    await database.write(prepare_paid_order)
    with pytest.raises(sqlite3.IntegrityError, match=why):
        await database.write(breach)


@pytest.mark.parametrize("step", sorted(set(PaymentStep) - set(LIVE_STEPS)))
async def test_an_ended_attempt_makes_room_for_the_next(database: Database, step: PaymentStep) -> None:
    await database.write(prepare_paid_order)
    await database.write(lambda tx: tx.execute("UPDATE payment SET step = ?", (step.value,)))
    await database.write(spend(step="reserving"))


@pytest.mark.parametrize("step", LIVE_STEPS)
async def test_a_live_attempt_is_the_only_one(database: Database, step: PaymentStep) -> None:
    await database.write(prepare_paid_order)
    await database.write(lambda tx: tx.execute("UPDATE payment SET step = ?", (step.value,)))
    with pytest.raises(sqlite3.IntegrityError):
        await database.write(spend(step="reserving"))


async def test_a_receipt_line_whose_sum_is_right_is_taken(database: Database) -> None:
    await database.write(prepare_paid_order)
    await database.write(receipt_line())
    assert await database.read(Reader.scalar, "SELECT count(*) FROM receipt_line") == 2


def test_where_the_webhooks_stood_outlives_the_table_they_stood_in() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for number, sql in migrations()[:5]:
        connection.executescript(f"{sql}; PRAGMA user_version={number};")
    row = ("https://cloud.example/hook", 41, "suspended", 7, "2026-11-22T12:00:00.000Z", "HTTP 500", None)
    connection.execute("INSERT INTO webhook_endpoint VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    migrate(connection)
    assert connection.execute("SELECT * FROM endpoint").fetchall() == [row]


def test_dishes_counted_by_hour_are_the_same_counted_by_day() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for number, sql in migrations()[:7]:
        connection.executescript(f"{sql}; PRAGMA user_version={number};")
    by_hour = [
        ("2026-11-22T12", "tea", "Чай", 2, 18_000),
        ("2026-11-22T23", "tea", "Чай", 1, 9_000),
        ("2026-11-22T23", "cake", "Торт", 1, 35_000),
        ("2026-11-23T00", "tea", "Чай", 4, 36_000),
    ]
    connection.executemany("INSERT INTO stat_dish VALUES (?, ?, ?, ?, ?)", by_hour)
    migrate(connection)
    assert connection.execute("SELECT * FROM stat_dish ORDER BY day, item_id").fetchall() == [
        ("2026-11-22", "cake", "Торт", 1, 35_000),
        ("2026-11-22", "tea", "Чай", 3, 27_000),
        ("2026-11-23", "tea", "Чай", 4, 36_000),
    ]
