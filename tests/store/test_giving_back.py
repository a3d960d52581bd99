"""Pages that are free go back to the disk little by little; a file of an older program learns it by a restore."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from kiosk.store.file.opening import INCREMENTAL, open_writer
from kiosk.store.keep import backups
from kiosk.store.keep.retention import give_back_pages
from kiosk.store.transaction import Tx
from kiosk.wiring.restoring import REPORTS
from tests.clocks import START
from tests.store import rows
from tests.store.test_upgrade import content, old


def swell(writer: sqlite3.Connection) -> None:
    writer.executemany("INSERT INTO meta VALUES (?, ?)", [(f"k{n}", "v" * 3000) for n in range(300)])
    writer.execute("DELETE FROM meta WHERE key LIKE 'k%'")


def number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def test_free_pages_are_handed_back_a_few_at_a_time_but_the_spare_ones(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "kiosk.db")
    swell(writer)
    free, pages = number(writer, "freelist_count"), number(writer, "page_count")
    assert free > 100
    given: list[int] = []
    while not given or given[-1] == 16:
        writer.execute("BEGIN IMMEDIATE")
        given.append(give_back_pages(Tx(writer), 16, 20))
        writer.execute("COMMIT")
    assert (sum(given), max(given)) == (free - 20, 16)
    assert (number(writer, "freelist_count"), number(writer, "page_count")) == (20, pages - sum(given))
    assert writer.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    writer.close()


def test_a_file_of_an_older_program_keeps_its_pages_until_a_backup_of_it_is_put_back(tmp_path: Path) -> None:
    path, backup = old(tmp_path / "kiosk.db"), tmp_path / "backup.db"
    writer = open_writer(path)
    swell(writer)
    assert number(writer, "auto_vacuum") == 0
    assert give_back_pages(Tx(writer), 16, 0) == 0
    rows_before = writer.execute("SELECT count(*), sum(amount_kopecks) FROM orders").fetchone()
    version = number(writer, "user_version")
    target = sqlite3.connect(backup)
    writer.backup(target)
    target.close()
    writer.close()
    assert backups.restore(path, backup, "tester", START, REPORTS) is not None
    assert path.stat().st_size < backup.stat().st_size // 2
    assert path.stat().st_mode & 0o777 == 0o600
    writer = open_writer(path)
    assert (number(writer, "auto_vacuum"), number(writer, "user_version")) == (INCREMENTAL, version)
    assert tuple(writer.execute("SELECT count(*), sum(amount_kopecks) FROM orders").fetchone()) == tuple(rows_before)
    swell(writer)
    assert give_back_pages(Tx(writer), 16, 0) == 16
    writer.close()
    assert sorted(found.name for found in tmp_path.iterdir() if "restoring" in found.name) == []


def test_a_backup_of_a_new_file_is_put_back_as_it_is(tmp_path: Path) -> None:
    path, backup = tmp_path / "kiosk.db", tmp_path / "backup.db"
    writer = open_writer(path)
    rows.sell(Tx(writer), "ORDER1")
    target = sqlite3.connect(backup)
    writer.backup(target)
    target.close()
    writer.close()
    backups.restore(path, backup, "tester", START, REPORTS)
    with sqlite3.connect(path) as restored, sqlite3.connect(backup) as given:
        assert number(restored, "auto_vacuum") == INCREMENTAL
        for table in ("orders", "portion", "timeline"):
            sql = f"SELECT * FROM {table}"
            if table != "portion":
                assert restored.execute(sql).fetchall() == given.execute(sql).fetchall()
            assert restored.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0
    assert content(path) != content(backup), "it is marked as restored"


def test_two_restores_of_one_second_keep_what_stood_there_each_time(tmp_path: Path) -> None:
    path, backup = tmp_path / "kiosk.db", tmp_path / "backup.db"
    for file in (path, backup):
        open_writer(file).close()
    kept = [backups.restore(path, backup, "tester", START, REPORTS) for _ in range(3)]
    assert len({*kept}) == 3
    assert all(file is not None and file.exists() for file in kept)
