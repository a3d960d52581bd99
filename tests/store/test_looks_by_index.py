"""What is asked every few seconds looks at orders in the kitchen by their index, not at every order ever sold."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.store import cooking, halls, messages, orders
from tests.clocks import START

SCHEMA = Path(orders.__file__).with_name("schema.sql").read_text("utf-8")


class Recording:
    """A reader that answers nothing and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def all(self, kind: type[Any], sql: str, parameters: Any = ()) -> list[Any]:
        self.asked.append(sql)
        return []


async def untold(reader: Any) -> None:
    """It asks inside a transaction, whose `all` waits for nobody."""

    class Tx:
        def all(self, kind: type[Any], sql: str, parameters: Any = ()) -> list[Any]:
            reader.asked.append(sql)
            return []

    messages.read_untold(Tx(), START)  # type: ignore[arg-type]


LOOKS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "hall": lambda reader: halls.read_hall(reader, START),
    "stalled": cooking.read_stalled,
    "board": orders.read_board,
    "late": untold,
}


def scans(sql: str) -> list[str]:
    """Steps of SQLite's plan that read the whole table of orders."""
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    steps = [step for _, _, _, step in database.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
    return [step for step in steps if step in ("SCAN orders", "SCAN o")]


@pytest.mark.parametrize("name", LOOKS)
async def test_4_look_that_is_taken_all_the_time_finds_its_orders_by_an_index(name: str) -> None:
    reader = Recording()
    await LOOKS[name](reader)
    assert reader.asked
    for sql in reader.asked:
        assert scans(sql) == [], sql


def test_4_planted_look_at_every_order_is_seen() -> None:
    assert scans("SELECT order_id FROM orders WHERE status IN ('paid', 'cooking', 'ready')") == ["SCAN orders"]
