"""An upgrade is tried out on a copy: the database itself stays as it is, whatever comes of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file.opening import migrations
from kiosk.store.file.trial import last_event, try_out
from kiosk.wiring.restoring import REPORTS
from tests.store.test_looking_through import spoil
from tests.store.test_upgrade import old


def test_an_old_database_is_tried_and_not_touched(tmp_path: Path) -> None:
    path = old(tmp_path / "kiosk.db")
    before = path.read_bytes()
    assert try_out(path, REPORTS).endswith("was brought to this version and is sound")
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir() if not found.name.startswith("kiosk.db")] == []
    assert [found for found in tmp_path.iterdir() if found.is_dir()] == []


def test_where_nothing_was_sold_yet_there_is_nothing_to_try(tmp_path: Path) -> None:
    assert "no database yet" in try_out(tmp_path / "kiosk.db", REPORTS)


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = old(tmp_path / "kiosk.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={migrations()[-1][0] + 1}")
    with pytest.raises(DatabaseBroken, match="this program knows"):
        try_out(path, REPORTS)


def test_a_damaged_database_is_refused_before_anything_is_replaced(tmp_path: Path) -> None:
    path = old(tmp_path / "kiosk.db")
    spoil(path)
    with pytest.raises(DatabaseBroken):
        try_out(path, REPORTS)


def test_something_happened_where_there_is_a_newer_event(tmp_path: Path) -> None:
    path = old(tmp_path / "kiosk.db")
    before = last_event(path)
    assert before > 0
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM event WHERE sequence = ?", (before,))
    assert last_event(path) < before
