"""Orders that have had their time move to the archive of their year, whole; what is open, in doubt or news stays."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.clock import rfc3339
from kiosk.domain.staff.retention import Keep
from kiosk.store.keep import backups, moving
from kiosk.store.keep.archives import Archives, archive_path
from kiosk.store.ordering import orders
from kiosk.store.transaction import Tx
from kiosk.wiring.restoring import REPORTS
from tests.clocks import START
from tests.plans import Plans
from tests.store.aged import opened
from tests.store.past import (
    Content,
    archived,
    archiving,
    looked_into,
    move_out,
    no_rest,
    old_term,
    orders_in,
    past_books,
    years_of,
)

ORDERS = 60


@pytest.fixture(scope="module")
def bytes_of_past_books(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return past_books(tmp_path_factory.mktemp("past") / "kiosk.db", ORDERS).read_bytes()


@pytest.fixture
def path(bytes_of_past_books: bytes, tmp_path: Path) -> Path:
    found = tmp_path / "kiosk.db"
    found.write_bytes(bytes_of_past_books)
    return found


def old_ones(content: Content, days: float = Keep().orders_days) -> set[str]:
    before = rfc3339(START - timedelta(days=days))
    return {order_id for order_id, rows in content.items() if max(str(row[2]) for row in rows["timeline"]) < before}


def test_every_table_moves_or_goes_or_stays() -> None:
    """A new table is one that somebody must decide about; what moves leaves no row behind that refers to it."""
    schema = opened()
    tables = {row[0] for row in schema.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    moves, goes, stays = set(moving.MOVES), set(moving.GOES), set(moving.STAYS)
    assert tables - {"sqlite_sequence"} == moves | goes | stays
    assert len(moves) + len(goes) + len(stays) == len(tables) - 1
    order = list(moving.MOVES)
    for table in tables - {"sqlite_sequence"}:
        for parent in {row[2] for row in schema.execute(f"PRAGMA foreign_key_list({table})")}:
            if table in moves:
                assert order.index(parent) < order.index(table), (table, parent)
            if table in stays:
                assert parent not in moves, (table, parent)


async def test_what_has_had_its_time_moves_whole_to_its_year_and_the_rest_stays(path: Path) -> None:
    before = orders_in(path)
    old = old_ones(before)
    assert 20 < len(old) < ORDERS
    assert await move_out(path) == len(old)
    there, here = archived(path), orders_in(path)
    assert there == {order_id: before[order_id] for order_id in old}
    assert here == {order_id: before[order_id] for order_id in before.keys() - old}
    for year in years_of(there):
        file = archive_path(path, year)
        assert years_of(orders_in(file)) == {year}
        assert file.stat().st_mode & 0o777 == 0o600
    with looked_into(path) as reader:
        assert not reader.all(orders.IdRow, "SELECT 'x' AS order_id FROM pragma_foreign_key_check")
        assert reader.scalar("SELECT count(*) FROM session") == len({str(r["orders"][0][3]) for r in here.values()})
        assert reader.scalar("SELECT count(*) FROM bonus_entry") > 0
    assert await move_out(path) == 0


async def test_a_year_ends_at_the_restaurants_midnight(path: Path) -> None:
    """21:30 of 31 December in UTC is the new year in Moscow."""
    with contextlib.closing(sqlite3.connect(path)) as books, books:
        first = min(old_ones(orders_in(path)))
        books.execute("UPDATE orders SET created_at = '2024-12-31T21:30:00.000Z' WHERE order_id = ?", (first,))
    await move_out(path)
    assert first in orders_in(archive_path(path, 2025))


_PAYMENT = "UPDATE payment SET step = '{}' WHERE order_id = :order"
_REFUND = (
    "INSERT INTO refund (refund_id, order_id, payment_id, kind, step, amount_kopecks, reason, actor, created_at,"
    " done_at)"
    " SELECT 'r', order_id, payment_id, 'refund', '{}', 1, '', '', created_at, {} FROM payment WHERE order_id = :order"
)
_FIX = (
    "INSERT INTO receipt_fix SELECT payment_id, 1, order_id, '', '', created_at, NULL, {} FROM payment"
    " WHERE order_id = :order"
)
_HOLD = (
    "INSERT INTO customer (customer_id, phone, created_at) VALUES ('c', '+7', '2025');"
    "UPDATE orders SET status = 'cancelled' WHERE order_id = :order;"
    "UPDATE payment SET step = 'declined' WHERE order_id = :order;"
    "INSERT INTO bonus_entry (customer_id, kind, points, order_id, source, at) SELECT 'c', 'hold', -5, order_id,"
    " payment_id, '2025' FROM payment WHERE order_id = :order"
)
#: What keeps an order where it is, though it is old.
MATTERS = {
    "not handed out": "UPDATE orders SET status = 'ready' WHERE order_id = :order",
    "receipt unknown": "UPDATE orders SET receipt_unknown = 1 WHERE order_id = :order",
    "being paid": _PAYMENT.format("charging"),
    "the bank is asked about it": _PAYMENT.format("abandoned"),
    "refund under way": _REFUND.format("pending", "NULL"),
    "given back lately": _REFUND.format("done", f"'{rfc3339(START - timedelta(days=30))}'"),
    "document in doubt": "UPDATE fiscal_intent SET status = 'open' WHERE order_id = :order",
    "no receipt": "UPDATE fiscal_intent SET status = 'absent' WHERE order_id = :order",
    "receipt being made right": _FIX.format("NULL"),
    "receipt made right lately": _FIX.format(f"'{rfc3339(START - timedelta(days=30))}'"),
    "books differ": "INSERT INTO finding (finding_id, kind, subject, detail, order_id, found_at)"
    " VALUES ('f', 'k', 's', 'd', :order, '2025')",
    "points held": _HOLD,
    "portion not cooked, money not given back": "UPDATE portion SET status = 'failed' WHERE order_id = :order",
    "ingredients held": "UPDATE reservation SET status = 'held' WHERE order_id = :order",
    "not handed to the robot": "UPDATE reservation_line SET handed_over = 0 WHERE reservation_id IN"
    " (SELECT reservation_id FROM reservation WHERE order_id = :order)",
    "the last document": "UPDATE fiscal_intent SET intent_id = 1000000 WHERE order_id = :order",
    "something happened lately": "INSERT INTO timeline SELECT order_id, status, '2026-11-01T00:00:00.000Z' FROM orders"
    " WHERE order_id = :order",
}


def plain_old_order(path: Path) -> str:
    """Paid once and handed out, with one receipt."""
    content = orders_in(path)
    return min(
        order_id
        for order_id in old_ones(content)
        if content[order_id]["orders"][0][6] == "completed"
        and len(content[order_id]["payment"]) == len(content[order_id]["fiscal_intent"]) == 1
        and len(content[order_id]["portion"]) == 1
    )


@pytest.mark.parametrize("matter", MATTERS)
async def test_what_is_open_or_in_doubt_or_news_stays(path: Path, matter: str) -> None:
    order_id = plain_old_order(path)
    old = old_ones(orders_in(path))
    with contextlib.closing(sqlite3.connect(path)) as books, books:
        for statement in MATTERS[matter].split(";"):
            books.execute(statement, {"order": order_id})
    assert await move_out(path) == len(old) - 1
    assert order_id in orders_in(path)


async def test_nothing_moves_while_a_consumer_is_weeks_behind(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as books, books:
        books.execute("UPDATE cursor SET sequence = 5 WHERE consumer = 'statistics'")
    assert await move_out(path) == 0


async def test_the_numbers_of_guests_go_and_are_not_copied(path: Path) -> None:
    order_id = plain_old_order(path)
    with contextlib.closing(sqlite3.connect(path)) as books, books:
        books.execute("INSERT INTO guest_notice VALUES (?, '+79160000001', 'ru')", (order_id,))
    await move_out(path)
    for file in (path, *path.parent.glob("kiosk-*.db")):
        with looked_into(file) as reader:
            assert reader.scalar("SELECT count(*) FROM guest_notice") == 0
            assert reader.scalar("SELECT count(*) FROM customer WHERE phone LIKE '+7916%'") == 0


async def test_what_changed_between_the_copy_and_the_deletion_stays(path: Path) -> None:
    order_id = plain_old_order(path)
    other = rfc3339(START - timedelta(days=500))

    class Slow(Archives):
        async def copy(self, year: int, ids: object, *, made: bool) -> str:
            copied = await super().copy(year, ids, made=made)  # type: ignore[arg-type]
            await database.write(
                lambda tx: tx.execute("UPDATE portion SET ready_at = ? WHERE order_id = ?", (other, order_id))
            )
            return copied

    async with archiving(path, Slow(path)) as (archive, database, _):
        await archive.move_out(old_term, no_rest)
    assert order_id in orders_in(path)
    assert await move_out(path) > 0
    assert archived(path)[order_id]["portion"][0][10] == other


async def test_it_is_found_in_its_archive_and_comes_back_whole_and_moves_again(path: Path) -> None:
    order_id = plain_old_order(path)
    with contextlib.closing(sqlite3.connect(path)) as books, books:  # it stood in a cell that measures
        books.execute("UPDATE portion SET lowest_c = 61.5, highest_c = 65, cold_s = 0 WHERE order_id = ?", (order_id,))
    before = orders_in(path)
    await move_out(path)
    async with archiving(path) as (archive, database, _):
        assert await archive.find(lambda reader: orders.get(reader, "0" * 16)) is None
        found = await archive.find(lambda reader: orders.get(reader, order_id))
        assert found is not None
        assert await database.read(orders.get, order_id) is None
        assert await archive.fetch(lambda reader: orders.find(reader, order_id)) == found
        assert await database.read(orders.get, order_id) == found
        assert await archive.move_out(old_term, no_rest) == 0, "who was brought back is left for an hour"
    assert orders_in(path)[order_id] == before[order_id]
    with contextlib.closing(sqlite3.connect(path)) as books, books:
        books.execute("UPDATE payment SET refunded_kopecks = 1 WHERE order_id = ?", (order_id,))
    assert await move_out(path) == 1
    assert order_id not in orders_in(path)
    assert archived(path)[order_id]["payment"] != before[order_id]["payment"]
    assert archived(path).keys() | orders_in(path).keys() == before.keys()


def test_no_step_walks_through_what_was_sold(path: Path) -> None:
    """The database's side of it: what is due, what stands there, and the deletion."""
    plans = Plans()
    connection = opened(str(path))
    old = sorted(old_ones(orders_in(path)))[:2]
    tx = Tx(connection)
    connection.set_trace_callback(plans.trace)
    assert moving.read_due(tx, old_term(), "~", "")
    moving.leave(tx, old_term(), old, moving.content(tx, old), 2025)
    moving.years_moved(tx)
    assert plans.walks() == []
    assert sum(sql.startswith("DELETE") for sql in plans.asked()) >= len(moving.MOVES) - 1
    connection.close()


@pytest.mark.parametrize("table", sorted(moving.MOVES.keys() - {"chart"}))  # no recipe is ever deleted
def test_what_refers_to_a_row_that_goes_is_found_by_an_index(table: str) -> None:
    """SQLite looks for it at each deletion, and no plan tells."""
    schema = opened()
    for child in [row[0] for row in schema.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]:
        keys: dict[int, list[str]] = {}
        for number, _, parent, column, *_ in schema.execute(f"PRAGMA foreign_key_list({child})"):
            if parent == table:
                keys.setdefault(number, []).append(f"{column} = 'x'")
        for columns in keys.values():
            sql = f"EXPLAIN QUERY PLAN SELECT 1 FROM {child} WHERE {' AND '.join(columns)}"
            step = schema.execute(sql).fetchone()[3]
            assert step.startswith("SEARCH"), (child, columns, step)


async def test_a_backup_of_books_whose_orders_have_moved_is_put_back_and_counts_nothing_twice(path: Path) -> None:
    """One from before they moved holds them again: they stand in both files, this one's count, and they move anew."""
    before, early, late = orders_in(path), path.with_name("early.db"), path.with_name("late.db")
    early.write_bytes(path.read_bytes())
    moved = await move_out(path)
    late.write_bytes(path.read_bytes())
    for backup in (late, early):
        backups.restore(path, backup, "tester", START, REPORTS)
        here, there = orders_in(path), archived(path)
        assert here.keys() | there.keys() == before.keys()
    assert here.keys() & there.keys() == there.keys()
    assert await move_out(path) == moved
    assert orders_in(path).keys() | archived(path).keys() == before.keys()
    assert not orders_in(path).keys() & archived(path).keys()
