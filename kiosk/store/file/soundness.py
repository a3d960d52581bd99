"""What a file must hold to be this program's books: every time is a time, every number fits, every status is known.

A file that lacks it would end the process at each start, when it is too late to refuse it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from kiosk.clock import is_moment
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.menu.chart import Chart
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.domain.payment.payment import Confirmation, PaymentStep
from kiosk.domain.payment.second_person import RequestState
from kiosk.domain.staff.roles import Role
from kiosk.domain.text import LANGUAGES

#: (table, column) and what the texts in it decode to.
Kinds = Mapping[tuple[str, str], Any]
_LARGEST = 10**15  # kopecks, sequences and serials are far below; JSON and a double hold it
_WORD, _HALF = 2**32 - 1, 2**16 - 1  # what fiscal drives and the robot's registers hold
_JOBS = _WORD - 10_000_000  # a restore and the years to come add to it
_LARGEST_OF: Mapping[tuple[str, str], int] = {
    ("portion", "portion_id"): _JOBS,
    ("portion", "attempt"): _HALF,
    ("portion", "cell"): _HALF,
    ("order_item", "recipe"): _HALF,
    ("order_item", "quantity"): 1000,
    ("chart", "code"): _HALF,
    ("chart", "revision"): _HALF,
    ("menu_ingredient", "code"): _HALF,
    ("fiscal_intent", "fd_before"): _WORD,
    ("fiscal_intent", "shift"): _WORD,
    ("fiscal_intent", "document_number"): _WORD,
    ("fiscal_intent", "fiscal_sign"): _WORD,
    ("fiscal_intent", "document_shift"): _WORD,
    ("shift", "shift"): _WORD,
    ("fiscal_report", "shift"): _WORD,
    ("idempotency", "status"): 599,
    ("orders", "ready_in_s"): 10**9,
    **dict.fromkeys(
        (
            ("message", "tries"),
            ("endpoint", "tries"),
            ("one_time_code_try", "tries"),
            ("one_time_code", "attempts_left"),
            ("failed_job", "failures"),
            ("payment", "attempt"),
            ("payment", "posts"),
        ),
        10**6,
    ),  # what is counted one by one
    **dict.fromkeys(
        (("session", "verified"), ("portion", "released"), ("fiscal_intent", "correction"), ("refund", "whole")), 1
    ),  # yes or no; where a table has a rule of its own it is written there
}
_SHOWN = 60
_LONGEST_TEXT = 64 * 1024  # bytes; what staff and devices say is cut far below
_LONGEST_BODY = 4 * 1024 * 1024  # of what is decoded: a report names every dish of a day
_WORDS: Mapping[tuple[str, str], frozenset[str]] = {
    ("orders", "status"): frozenset(OrderStatus),
    ("timeline", "status"): frozenset(OrderStatus),
    ("portion", "status"): frozenset(PortionStatus),
    ("payment", "step"): frozenset(PaymentStep),
    ("refund_request", "state"): frozenset(RequestState),
    ("staff", "role"): frozenset(Role),
    **dict.fromkeys(
        (("customer", "language"), ("one_time_code", "language"), ("guest_notice", "language")), frozenset(LANGUAGES)
    ),
}
_KINDS: Kinds = {
    ("order_item", "options"): list[str],
    ("order_item", "formula"): dict[str, int],
    ("order_item", "names"): dict[str, str],
    ("refund", "portions"): list[int],
    ("refund_request", "portions"): list[int],
    ("payment", "answer"): Confirmation,
    ("event", "data"): dict[str, Any],
    ("chart", "body"): Chart,
    ("menu_revision", "body"): dict[str, Any],
    ("menu_draft", "body"): dict[str, Any],
    ("idempotency", "body"): dict[str, Any],
    ("stat_report", "body"): dict[str, Any],
    ("fiscal_report", "body"): dict[str, Any],
}


def require_sound(connection: sqlite3.Connection, file: Path, kinds: Kinds) -> None:
    """Walks all of it, once, before a backup takes the place of the books. `kinds`: what stands over the store and is
    kept in it. Raises `DatabaseBroken`."""
    if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
        raise DatabaseBroken(f"{file}: {found}")
    for _, look in looks(connection, file, kinds):
        look()


def looks(connection: sqlite3.Connection, file: Path, kinds: Kinds) -> list[tuple[str, Callable[[], None]]]:
    """(table, look) of everything that is looked at, piece by piece: none of them holds the file longer than its own
    table takes. Each raises `DatabaseBroken`, or `sqlite3.DatabaseError` at a page that cannot be read."""
    connection.text_factory = _readable  # what is no text is found and reported
    connection.create_function("is_moment", 1, _reads_as_moment, deterministic=True)
    connection.create_function("is_text", 1, _is_text, deterministic=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: list[tuple[str, Callable[[], None]]] = []
    for table in tables:
        for look in (_require_pages, _require_references, _require_values):
            found.append((table, partial(look, connection, file, table)))
    for (table, column), kind in {**_KINDS, **kinds}.items():
        found.append((table, partial(_require_kinds, connection, file, table, column, kind)))
    return found


def _require_pages(connection: sqlite3.Connection, file: Path, table: str) -> None:
    if (found := connection.execute(f"PRAGMA quick_check({_quoted(table)})").fetchone()[0]) != "ok":
        raise DatabaseBroken(f"{file}: {found}")


def _require_references(connection: sqlite3.Connection, file: Path, table: str) -> None:
    if connection.execute(f"PRAGMA foreign_key_check({_quoted(table)})").fetchone():
        raise DatabaseBroken(f"{file}: a row of {table} refers to nothing")


def _require_values(connection: sqlite3.Connection, file: Path, table: str) -> None:
    for column, wrong in _rules(connection, table):
        row = connection.execute(f"SELECT {_quoted(column)} FROM {_quoted(table)} WHERE {wrong} LIMIT 1").fetchone()
        if row is not None:
            raise DatabaseBroken(f"{file}: {table}.{column} cannot be {_shortened(row[0])}")


def _require_kinds(connection: sqlite3.Connection, file: Path, table: str, column: str, kind: Any) -> None:
    for (text,) in connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"):
        _require_kind(file, table, column, text, kind)


def _rules(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    """(column, condition that no sound row meets)."""
    if table == "sqlite_sequence":
        yield "seq", f"typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND {_LARGEST}"
        yield "seq", f"name = 'portion' AND seq > {_JOBS}"
    if table == "meta":
        counts = "key = 'ticket_serial' OR key LIKE 'looked_through:%'"
        moments = "key IN ('forgotten_up_to:event', 'robot_heard_at') OR key LIKE 'archive:%'"
        yield "value", f"({moments}) AND NOT is_moment(CAST(value AS BLOB))"
        yield "value", f"({counts}) AND (value = '' OR value GLOB '*[^0-9]*' OR length(value) > 15)"
    for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall():
        column = _quoted(name)
        if (words := _WORDS.get((table, name))) is not None:
            yield name, f"{column} NOT IN ({', '.join(repr(str(word)) for word in sorted(words))})"
        elif name.rpartition("_")[2] in ("at", "since"):
            yield name, f"{column} IS NOT NULL AND NOT is_moment(CAST({column} AS BLOB))"
        elif kind == "TEXT":
            longest = _LONGEST_BODY if (table, name) in _KINDS else _LONGEST_TEXT
            yield name, f"length(CAST({column} AS BLOB)) > {longest}"
            yield name, f"{column} IS NOT NULL AND NOT is_text(CAST({column} AS BLOB))"
        elif kind == "BLOB":
            yield name, f"length({column}) > {_LONGEST_TEXT}"
        elif (most := _LARGEST_OF.get((table, name))) is not None:
            yield name, f"{column} NOT BETWEEN 0 AND {most}"
        elif kind == "INTEGER":
            yield name, f"{column} NOT BETWEEN -{_LARGEST} AND {_LARGEST}"


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _readable(value: bytes) -> str:
    return value.decode("utf-8", errors="backslashreplace")


def _reads_as_moment(value: bytes) -> bool:
    try:
        return is_moment(datetime.fromisoformat(value.decode("utf-8")))
    except ValueError:
        return False


def _is_text(value: bytes) -> bool:
    try:
        return "\0" not in value.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _shortened(value: object) -> str:
    text = str(value)
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}… ({len(text)} characters)"


def _require_kind(file: Path, table: str, column: str, text: str, kind: Any) -> None:
    try:
        msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DatabaseBroken(f"{file}: {table}.{column} cannot be {_shortened(text)}: {error}") from error
