"""Who did what can be read later as it was written: whatever is altered, put in or taken out afterwards shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.staff.retention import Keep
from kiosk.store import journal, meta
from kiosk.store.file.opening import open_writer
from kiosk.store.journal import PASSING
from kiosk.store.keep.retention import RULES, Term
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.restaurant import Restaurant

ACTIONS = ("refund", "till", *PASSING, "customer_erase")
LINES = st.lists(st.tuples(st.sampled_from(("ira", "pin:Олег:1a2b3c")), st.sampled_from(ACTIONS), st.text(max_size=9)),
                 min_size=4, max_size=12)  # fmt: skip
Meddle = Callable[[sqlite3.Connection, int], object]


def _edit(column: str) -> Meddle:
    return lambda file, entry: file.execute(f"UPDATE journal SET {column} = {column} || 'x' WHERE entry = ?", (entry,))


def _forge(file: sqlite3.Connection, entry: int) -> None:
    """With a seal, as if it had been the first line."""
    file.execute(
        "UPDATE journal SET detail = 'forged', seal = ? WHERE entry = ?",
        (journal.seal_of("", "now", "a", "b", "c"), entry),
    )


MEDDLING: dict[str, Meddle] = {
    "actor": _edit("actor"),
    "action": _edit("action"),
    "detail": _edit("detail"),
    "moment": _edit("at"),
    "seal": _edit("seal"),
    "no seal": lambda file, entry: file.execute("UPDATE journal SET seal = '' WHERE entry = ?", (entry,)),
    "deleted": lambda file, entry: file.execute("DELETE FROM journal WHERE entry = ?", (entry,)),
    "hidden": lambda file, entry: file.execute("UPDATE journal SET action = 'stop_list' WHERE entry = ?", (entry,)),
    "forged": _forge,
    "put in": lambda file, entry: file.execute(
        "INSERT INTO journal (at, actor, action, detail) VALUES ('2026-01-01', 'ira', 'refund', ?)", (str(entry),)
    ),
}


def written(path: Path, lines: list[tuple[str, str, str]]) -> Tx:
    connection = open_writer(path)
    tx = Tx(connection)
    for n, (actor, action, detail) in enumerate(lines):
        journal.add(tx, actor, action, detail, START + timedelta(minutes=n))
    return tx


@given(lines=LINES, data=st.data())
@pytest.mark.parametrize("how", MEDDLING)
def test_whatever_is_done_to_a_line_of_money_shows(
    tmp_path_factory: pytest.TempPathFactory, how: str, lines: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    lines = [("ira", "refund", "first"), *lines, ("ira", "refund", "last")]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with closing(connection):
        connection.row_factory = sqlite3.Row
        connection.executescript(_SCHEMA)
        tx = Tx(connection)
        for n, (actor, action, detail) in enumerate(lines):
            journal.add(tx, actor, action, detail, START + timedelta(minutes=n))
        assert journal.altered(tx) == []
        sealed = [row[0] for row in connection.execute("SELECT entry FROM journal WHERE seal <> ''")]
        MEDDLING[how](connection, data.draw(st.sampled_from(sealed)))
        assert journal.altered(tx)


_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal (entry INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,
  action TEXT NOT NULL, detail TEXT NOT NULL, seal TEXT NOT NULL DEFAULT '') STRICT;
"""


def test_what_was_altered_is_named_and_lines_behind_it_are_not(tmp_path: Path) -> None:
    tx = written(tmp_path / "kiosk.db", [("ira", "refund", str(n)) for n in range(5)])
    tx.execute("UPDATE journal SET detail = '500 000' WHERE entry = 3")
    found = journal.altered(tx)
    assert [row.entry for row in found] == [3]
    assert "500 000" in found[0].line


def test_a_journal_that_was_cut_off_shows(tmp_path: Path) -> None:
    tx = written(tmp_path / "kiosk.db", [("ira", "refund", str(n)) for n in range(5)])
    tx.execute("DELETE FROM journal WHERE entry > 3")
    assert [row.entry for row in journal.altered(tx)] == [0]


def test_lines_that_have_had_their_time_go_and_nothing_shows(tmp_path: Path) -> None:
    lines = [("ira", action, str(n)) for n, action in enumerate((*ACTIONS, *ACTIONS, "refund"))]
    tx = written(tmp_path / "kiosk.db", lines)
    keep = Keep()
    term = Term(START + timedelta(days=keep.journal_days + 1), keep, (), (), 100)
    assert RULES["journal"](tx, term).gone == 2 * len(PASSING)
    assert journal.altered(tx) == []


def test_lines_older_than_the_seals_are_taken_as_they_are(tmp_path: Path) -> None:
    tx = written(tmp_path / "kiosk.db", [])
    tx.insert("journal", at="2025-01-01T00:00:00Z", actor="ira", action="refund", detail="")
    meta.put(tx, "journal_sealed_from", "1")
    journal.add(tx, "ira", "refund", "new", START)
    assert journal.altered(tx) == []
    tx.execute("UPDATE journal SET detail = 'x' WHERE entry = 2")
    assert [row.entry for row in journal.altered(tx)] == [2]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO journal (entry, at, actor, action, detail) VALUES (-5, '2026-01-01', 'ira', 'refund', 'x')",
        "UPDATE journal SET seal = '', detail = 'x'; DELETE FROM meta WHERE key = 'journal_seal'",
        "INSERT INTO meta VALUES ('journal_sealed_from', '9')",
    ],
)
def test_a_journal_that_is_made_to_look_older_than_its_seals_shows(tmp_path: Path, sql: str) -> None:
    tx = written(tmp_path / "kiosk.db", [("ira", "refund", str(n)) for n in range(5)])
    for statement in sql.split("; "):
        tx.execute(statement)
    assert journal.altered(tx)


async def test_0_the_audit_names_a_line_that_somebody_altered_in_the_file(place: Restaurant) -> None:
    for reason in ("first", "second"):
        assert (await place.internal("POST", "/internal/shift/report")).status == 200, reason
    before = (await place.internal("GET", "/internal/audit")).body
    assert (before["mismatches"], len(before["journal_seal"])) == ([], 64)
    with closing(sqlite3.connect(place.folder / "kiosk.db", isolation_level=None)) as file:
        file.execute("UPDATE journal SET actor = 'somebody else' WHERE action = 'x_report'")
    found = (await place.internal("GET", "/internal/audit")).body["mismatches"]
    assert {row["check"] for row in found} == {"journal_altered"}
    assert all("somebody else" in row["detail"] for row in found)
