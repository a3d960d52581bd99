"""What is asked every few seconds looks at orders in the kitchen by their index, not at every order ever sold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
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

    def all(self, kind: type[Any], sql: str, parameters: Any = ()) -> list[Any]:
        self.asked.append(sql)
        return []


LOOKS: dict[str, Callable[[Any], Any]] = {
    "hall": lambda reader: halls.read_hall(reader, START),
    "stalled": cooking.read_stalled,
    "board": orders.read_board,
    "late": lambda reader: messages.read_untold(reader, START),
}


def scans(sql: str) -> list[str]:
    """Steps of SQLite's plan that read the whole table of orders."""
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    steps = [step for _, _, _, step in database.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
    return [step for step in steps if step in ("SCAN orders", "SCAN o")]


@pytest.mark.parametrize("name", LOOKS)
def test_4_look_that_is_taken_all_the_time_finds_its_orders_by_an_index(name: str) -> None:
    reader = Recording()
    LOOKS[name](reader)
    assert reader.asked
    for sql in reader.asked:
        assert scans(sql) == [], sql


def test_4_planted_look_at_every_order_is_seen() -> None:
    assert scans("SELECT order_id FROM orders WHERE status IN ('paid', 'cooking', 'ready')") == ["SCAN orders"]
