"""What SQLite would do for every statement the process issues, once a million orders are stored.

The statements are collected by a trace, so no list of them is kept by hand; a walk over a table that grows is refused.
"""

from __future__ import annotations

import csv
import re
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import FrameType

import kiosk.store

#: `sqlite_stat1` of a database of a million orders: what ANALYZE told there.
STATISTICS = Path(__file__).with_name("databases") / "statistics_of_a_million.csv"
#: Tables that hold what a restaurant has, not what it did; a walk over one of them is no walk through history.
BOUNDED = {
    "meta": "settings of the process",
    "pace": "one row for each operation at each station",
    "chart": "recipes of the menu",
    "cursor": "one row for each consumer",
    "endpoint": "one row for each receiver",
    "stop_list": "at most the menu",
    "device_fault": "at most the devices",
    "excursion": "at most the places that have limits",
    "locked_cell": "at most the cells",
    "bin_act": "at most the bins",
    "lot_recall": "a few a year",
    "station_work": "a row for each station",
    "fiscal_drive": "one drive in fifteen months",
    "failed_job": "jobs that ended in a bug",
    "guest_notice": "forgotten when its order is over",
    "shift": "one a day",
    "settlement": "one or a few a day",
    "fiscal_report": "one or two a day",
    "finding": "contradictions that a person settles",
    "alarm": "what stood long enough to call somebody, gone after its days",
    "alarm_message": "by the budget of an hour, gone after its days",
    "alarm_notice": "one for each alarm and channel, gone with it",
    "staff": "whoever has worked here",
    "sqlite_sequence": "one row for each table",
}
#: Statements that may walk: how each begins, and why.
MAY_WALK: dict[str, str] = {
    "SELECT at, actor, action, detail FROM journal ORDER BY entry DESC LIMIT": "the newest lines, up to the limit",
    "SELECT p.portion_id, p.order_id, o.number, i.item_id, p.status, p.attempt, p.cell, p.cooking_at, p.ready_at,"
    " p.fault FROM (SELECT portion_id FROM portion ORDER BY portion_id DESC LIMIT": "the newest, up to the limit",
    "SELECT upkeep_id, max(at) AS at FROM upkeep_record GROUP BY": "a few a day, once the wall clock was set",
    "SELECT upkeep_id, at, actor, note FROM upkeep_record ORDER BY at DESC LIMIT": "the newest, up to the limit",
    "SELECT customer_id, phone, language, created_at, confirmed_at, push_address, blocked_at, blocked_reason"
    " FROM customer WHERE erased_at IS NULL ORDER BY created_at DESC LIMIT": "the newest, up to the limit",
    "SELECT phone AS contact, customer_id FROM customer WHERE erased_at IS NULL": "after a backup was put back, once",
    "SELECT coalesce(sum(points), 0) FROM (SELECT sum(points) AS points FROM bonus_entry": "a report for the manager",
}
#: More rows than a restaurant has of anything in a day, however many years it stands.
MOST_ROWS = 5_000
_MOST_HEARD = 20_000
_STORE = Path(kiosk.store.__file__).parent
#: They carry every statement, whoever asks.
_CARRIERS = ("database.py", "transaction.py")
_NO_QUESTION = ("--", "PRAGMA", "BEGIN", "COMMIT", "SAVEPOINT", "ROLLBACK", "RELEASE", "EXPLAIN", "ANALYZE", "ATTACH")
_VALUES = re.compile(r"(?<![a-z_])'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|X'[0-9A-Fa-f]*'")
_WORD = re.compile(r"'[a-z_]{1,24}'")
_STEP = re.compile(r"^(SCAN|SEARCH) (?:main\.)?(\w+)(?: USING (.+?))?(?: LEFT-JOIN)?$")


def shape_of(sql: str) -> str:
    """A statement without its values; words in quotes (a status, a kind) are part of it."""
    return _VALUES.sub(lambda found: found[0] if _WORD.fullmatch(found[0]) else "?", sql)


@dataclass
class Plans:
    """`trace` hears statements from any thread; `walks()` tells which of them walk."""

    statements: dict[str, str] = field(default_factory=dict)  # shape → one statement of it, with its values
    judged: set[str] = field(default_factory=set)
    _heard: set[str] = field(default_factory=set)  # word for word: loops ask the same again and again

    def trace(self, sql: str) -> None:
        if sql in self._heard or not _asked_by_the_store():
            return
        if len(self._heard) >= _MOST_HEARD:
            self._heard.clear()
        self._heard.add(sql)
        self.note(sql)

    def note(self, sql: str) -> None:
        self.statements.setdefault(shape_of(sql), sql)

    def walks(self) -> list[str]:
        """Of the statements that were not judged before."""
        new = [sql for sql in self.asked() if sql not in self.judged]
        self.judged.update(new)
        return [f"{step}: {sql}" for sql in new for step in walks_of(sql)]

    def asked(self) -> Iterator[str]:
        return (sql for sql in list(self.statements.values()) if not sql.lstrip().upper().startswith(_NO_QUESTION))


def _asked_by_the_store() -> bool:
    """Whether a function of the store asks, on this thread: what a scene asks by itself is none of the kiosk's."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # a frame
    while frame is not None:
        if _is_of_the_store(frame.f_code.co_filename):
            return True
        frame = frame.f_back
    return False


@cache
def _is_of_the_store(file: str) -> bool:
    """Asked for each frame of each statement of every scene."""
    return _STORE in Path(file).parents and not file.endswith(_CARRIERS)


def walks_of(sql: str, missing: str = "") -> list[str]:
    """Steps of the plan that read through a table's history, as SQLite plans without statistics (a kiosk never runs
    ANALYZE) and with those of a million orders; `missing`: an index that is not there."""
    if any(sql.startswith(start) for start in MAY_WALK):
        return []
    figures, found = figures_of_a_million(), []
    for database in (schema(missing, with_figures=False), schema(missing, with_figures=True)):
        for _, _, _, step in database.execute(f"EXPLAIN QUERY PLAN {sql}"):
            if step not in found and _walks(step, sql, figures):
                found.append(step)
    return found


@cache
def figures_of_a_million() -> dict[str, tuple[int, ...]]:
    """Of each index: its rows, then how many of them share the first column's value, the first two, …"""
    rows = csv.reader(STATISTICS.read_text().splitlines())
    return {
        index: tuple(int(figure) for figure in figures.split()[:9] if figure.isdigit()) for _, index, figures in rows
    }


@cache
def schema(missing: str, *, with_figures: bool) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.executescript((files("kiosk.store") / "schema.sql").read_text())
    if missing:
        database.execute(f"DROP INDEX {missing}")
    if with_figures:
        database.execute("ANALYZE sqlite_schema")
        database.executemany(
            "INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", csv.reader(STATISTICS.read_text().splitlines())
        )
        database.execute("ANALYZE sqlite_schema")
    return database


def _walks(step: str, sql: str, figures: dict[str, tuple[int, ...]]) -> bool:
    found = _STEP.match(step)
    if found is None or not (_tables(sql, found[2]) - BOUNDED.keys()):
        return False
    kind, _, using = found.groups()
    if using is None:
        return kind == "SCAN"  # a SEARCH without an index is a seek of min() or max()
    if using.startswith("AUTOMATIC"):
        return True  # made anew for each question, from the whole table
    index = re.search(r"INDEX (\w+)", using)
    equal = len(re.findall(r"\w+=\?|<expr>=\?", using))
    if index is None or (kind == "SEARCH" and (not equal or re.search(r"[<>]", using))):
        return False  # by its own number, or a span that whoever asks has bounded
    rows = figures.get(index[1], ())
    return bool(rows) and rows[min(equal, len(rows) - 1)] > MOST_ROWS


def _tables(sql: str, name: str) -> frozenset[str]:
    """What a name in the plan stands for: a table, or the tables that bear it as an alias."""
    return _growing_and_bounded() & {name, *re.findall(rf"\b(\w+)\s+(?:AS\s+)?{name}\b", sql)}


@cache
def _growing_and_bounded() -> frozenset[str]:
    return frozenset(
        name
        for (name,) in schema("", with_figures=False).execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    )
