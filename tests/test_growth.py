"""`python -m tests.growth`: every table that grows has grown, and the kiosk takes the books for its own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.config import load
from kiosk.domain.ordering.order import OrderStatus, new_order_id
from kiosk.store.file.soundness import require_sound
from tests.clocks import START
from tests.command import ok
from tests.growth.__main__ import NotToBeGrown, grow, main
from tests.growth.orders import order_id
from tests.growth.shapes import read_shapes
from tests.restaurant import Restaurant, restaurant, start_kiosk, test_parts

GROWING = (
    "session", "orders", "order_item", "portion", "timeline", "reservation", "reservation_line", "payment",
    "fiscal_intent", "receipt_line", "refund", "idempotency", "event", "shift", "fiscal_report", "fiscal_drive",
    "journal", "customer", "bonus_entry", "message", "stat_hour", "stat_dish", "stat_choice", "stat_report",
    "stat_service", "stat_payment", "stat_minutes",
)  # fmt: skip


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    """One order was completed, every consumer has read it, and the kiosk is stopped."""
    async with restaurant() as found:
        guest = await found.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        await guest.until_status(order_id, "completed")
        await found.kiosk.stop()
        yield found


def counts(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as books:
        return {table: books.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in GROWING}


async def start_again(place: Restaurant) -> None:
    place.kiosk = await start_kiosk(place.stack, load(place.folder / "config.toml"), test_parts())
    await place.until_open()


async def test_grown_books_are_sound_every_table_grew_and_the_audit_finds_nothing(place: Restaurant) -> None:
    file = place.folder / "kiosk.db"
    before = counts(file)
    assert main([str(file), "150"]) == 0
    after = counts(file)
    assert [table for table in GROWING if after[table] <= before[table]] == []
    assert after["orders"] == before["orders"] + 150
    with closing(sqlite3.connect(file)) as books:
        require_sound(books, file, {})
        last = books.execute("SELECT max(sequence) FROM event").fetchone()[0]
        assert {row[0] for row in books.execute("SELECT sequence FROM cursor")} == {last}
        statuses = {row[0] for row in books.execute("SELECT DISTINCT status FROM orders")}
        assert statuses == {OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.REFUNDED}
        months = books.execute("SELECT count(DISTINCT substr(created_at, 1, 7)) FROM orders").fetchone()[0]
        assert months >= 12
    await start_again(place)
    audit = await ok(place, "audit")
    assert (audit["mismatches"], audit["skipped"], audit["checked_payments"]) == ([], [], 1)
    guest = await place.guest()
    assert (await guest.pay((await guest.order(("tea", 1)))["order_id"])).status == 200


async def test_books_grown_twice_stay_sound_and_events_have_no_gap(place: Restaurant) -> None:
    file = place.folder / "kiosk.db"
    grow(file, 80)
    grow(file, 40)
    with closing(sqlite3.connect(file)) as books:
        require_sound(books, file, {})
        count, first, last = books.execute("SELECT count(*), min(sequence), max(sequence) FROM event").fetchone()
        assert (first, last) == (1, count)
        moments = [row[0] for row in books.execute("SELECT at FROM event ORDER BY sequence")]
        assert moments == sorted(moments)
    await start_again(place)
    assert (await ok(place, "audit"))["mismatches"] == []


async def test_audit_still_finds_a_grown_order_that_was_tampered_with(place: Restaurant) -> None:
    file = place.folder / "kiosk.db"
    grow(file, 80)
    with closing(sqlite3.connect(file)) as books, books:
        grown = "step = 'done' AND created_at < datetime('now', '-1 day') ORDER BY created_at DESC LIMIT 1"
        newest = f"payment_id = (SELECT payment_id FROM payment WHERE {grown})"
        books.execute(f"UPDATE payment SET transaction_id = NULL WHERE {newest}")
    await start_again(place)
    found = await place.internal("GET", "/internal/audit")
    assert [row["check"] for row in found.body["mismatches"]] == ["settled_payment_without_transaction"]


def test_what_is_no_closed_database_with_a_completed_order_is_refused_and_stays(tmp_path: Path) -> None:
    with pytest.raises(NotToBeGrown):
        grow(tmp_path / "nothing.db", 1)
    (tmp_path / "text.db").write_text("not a database, but as long as the head of one would be" * 20)
    with pytest.raises(NotToBeGrown):
        grow(tmp_path / "text.db", 1)
    command = [sys.executable, "-m", "tests.growth", str(tmp_path / "nothing.db"), "5"]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 1


def test_ids_of_grown_orders_are_like_the_kiosks_own() -> None:
    own, grown = new_order_id(START), order_id(int(START.timestamp() * 1000), 0.0)
    assert (own[:8], len(own)) == (grown[:8], len(grown))


def test_every_shape_is_another_kind_of_order() -> None:
    _, shapes = read_shapes()
    kinds = {
        (tuple(sorted(row.table for row in shape.rows)), tuple(shape.column("payment", "step"))) for shape in shapes
    }
    assert len(kinds) > len(shapes) - 3
