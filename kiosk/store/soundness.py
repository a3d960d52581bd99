"""What a file must hold to be this program's books: every time is a time, every number fits, every status is known.

A file that lacks it would end the process at each start, when it is too late to refuse it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from kiosk.clock import is_moment
from kiosk.domain.chart import Chart
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.order import OrderStatus, PortionStatus
from kiosk.domain.payment import Confirmation, PaymentStep

_LARGEST = 10**15  # kopecks, sequences and serials are far below; JSON and a double hold it
_WORDS: Mapping[tuple[str, str], type[StrEnum]] = {
    ("orders", "status"): OrderStatus,
    ("portion", "status"): PortionStatus,
    ("payment", "step"): PaymentStep,
}
_KINDS: Mapping[tuple[str, str], Any] = {
    ("order_item", "options"): list[str],
    ("order_item", "formula"): dict[str, int],
    ("refund", "portions"): list[int],
    ("payment", "answer"): Confirmation,
    ("event", "data"): dict[str, Any],
    ("chart", "body"): Chart,
}


def require_sound(connection: sqlite3.Connection, file: Path) -> None:
    """Walks all of it, once, before a backup takes the place of the books. Raises `DatabaseBroken`."""
    if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
        raise DatabaseBroken(f"{file}: {found}")
    if orphan := connection.execute("PRAGMA foreign_key_check").fetchone():
        raise DatabaseBroken(f"{file}: a row of {orphan[0]} refers to nothing")
    connection.create_function("is_moment", 1, _reads_as_moment, deterministic=True)
    connection.create_function("is_text", 1, _is_text, deterministic=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for column, wrong in _rules(connection, table):
            row = connection.execute(f"SELECT {column} FROM {table} WHERE {wrong} LIMIT 1").fetchone()
            if row is not None:
                raise DatabaseBroken(f"{file}: {table}.{column} cannot be {str(row[0])[:60]!r}")
    for (table, column), kind in _KINDS.items():
        for (text,) in connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"):
            _require_kind(file, table, column, text, kind)


def _rules(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    """(column, condition that no sound row meets)."""
    if table == "sqlite_sequence":
        yield "seq", f"typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND {_LARGEST}"
    if table == "meta":
        yield "value", "key = 'ticket_serial' AND (value = '' OR value GLOB '*[^0-9]*' OR length(value) > 15)"
    for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
        if (words := _WORDS.get((table, column))) is not None:
            yield column, f"{column} NOT IN ({', '.join(repr(word.value) for word in words)})"
        elif column == "at" or column.endswith("_at"):
            yield column, f"{column} IS NOT NULL AND NOT is_moment({column})"
        elif kind == "TEXT":
            yield column, f"{column} IS NOT NULL AND NOT is_text(CAST({column} AS BLOB))"
        elif kind == "INTEGER":
            yield column, f"{column} NOT BETWEEN -{_LARGEST} AND {_LARGEST}"


def _reads_as_moment(text: str) -> bool:
    try:
        return is_moment(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        return False


def _is_text(value: bytes) -> bool:
    try:
        return "\0" not in value.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _require_kind(file: Path, table: str, column: str, text: str, kind: Any) -> None:
    try:
        msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DatabaseBroken(f"{file}: {table}.{column} cannot be {text[:60]!r}: {error}") from error
