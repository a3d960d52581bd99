"""The standby copy is the database, whatever was written, undone, read and restarted between two looks."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from kiosk.store.file import wal
from kiosk.store.file.standby import NotContinued, Standby, generations

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write", "undo"]), st.integers(1, 60)),
        st.tuples(st.sampled_from(["look", "cut", "reader", "stranger", "crash", "let go"]), st.just(0)),
    ),
    min_size=4,
    max_size=24,
)


class Original:
    """A database in its folder, and who brings the copy up to it."""

    def __init__(self, folder: Path, kind: type[Standby] = Standby) -> None:
        folder.mkdir(parents=True)
        self.path, self.copies = folder / "kiosk.db", folder / "copies"
        self._kind = kind
        self._reader: sqlite3.Connection | None = None
        self._open()
        self.writer.execute("CREATE TABLE row (at INTEGER PRIMARY KEY, bytes BLOB)")
        self.begun = self.continued = 0

    def _open(self) -> None:
        self.writer = sqlite3.connect(self.path, isolation_level=None)
        self.writer.execute("PRAGMA journal_mode=wal")
        self.writer.execute("PRAGMA cache_size=8")  # a transaction of some pages is in the log before its end
        self.standby = self._kind(self.path, self.copies)

    def do(self, step: str, rows: int) -> None:
        match step:
            case "write" | "undo":
                self._write(rows, "COMMIT" if step == "write" else "ROLLBACK")
            case "look":
                self.look()
            case "cut":
                self.standby.take_rest(self.standby.cut(self.writer))
            case "reader":
                self._read()
            case "stranger":
                with closing(sqlite3.connect(self.path, isolation_level=None, timeout=0)) as other:
                    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            case "crash":
                self._crash()
            case "let go":
                self.standby.let_go(self.writer)

    def _write(self, rows: int, end: str) -> None:
        self.writer.execute("BEGIN IMMEDIATE")
        self.writer.execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)"
            " INSERT INTO row (bytes) SELECT randomblob(900) FROM n",
            (rows,),
        )
        self.writer.execute("UPDATE row SET bytes = randomblob(800) WHERE at % 7 = ? % 7", (rows,))
        self.writer.execute(end)

    def _read(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
            return
        self._reader = sqlite3.connect(self.path, isolation_level=None)
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM row").fetchone()

    def _crash(self) -> None:
        """The files as they are, without anybody who closes them."""
        kept = [(path, path.read_bytes()) for path in (self.path, wal.log_of(self.path)) if path.exists()]
        self.close()
        for path in (self.path, wal.log_of(self.path)):
            path.unlink(missing_ok=True)
        for path, content in kept:
            path.write_bytes(content)
        self._open()

    def close(self) -> None:
        self.writer.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def look(self) -> None:
        limit = self.standby.measure(self.writer)
        try:
            if self.standby.copy is None and not self.standby.take_up():
                raise NotContinued
            self.standby.follow(limit)
            self.continued += 1
        except NotContinued:
            self._begin()

    def _begin(self) -> None:
        self.begun += 1
        self._write(1, "COMMIT")
        copy, before = self.standby.begin(NOW.replace(microsecond=self.begun), ())
        with closing(sqlite3.connect(copy)) as target:
            self.writer.backup(target)
        self._write(2, "COMMIT")  # while it was copied
        self.standby.finish(copy, before, self.standby.measure(self.writer), NOW)

    def rows(self) -> list[tuple[int, bytes]]:
        return self.writer.execute("SELECT at, bytes FROM row").fetchall()

    def copied(self, place: Path) -> list[tuple[int, bytes]]:
        """What the newest generation holds, opened beside it as a restore does."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(generations(self.copies)[0], place)
        with closing(sqlite3.connect(place / "kiosk.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return connection.execute("SELECT at, bytes FROM row").fetchall()


def differs(folder: Path, steps: list[tuple[str, int]], kind: type[Standby] = Standby) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    original = Original(folder, kind)
    try:
        for step, rows in steps:
            original.do(step, rows)
            if step == "look" and original.copied(folder / "opened") != original.rows():
                return True
        original.do("look", 0)
        return original.copied(folder / "opened") != original.rows()
    except sqlite3.DatabaseError:  # malformed: so different is it
        return True
    finally:
        original.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_copy_is_the_database_whatever_happened_between_two_looks(
    tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    assert not differs(tmp_path / "restaurant", steps)


def test_a_log_that_began_and_was_brought_into_the_file_by_somebody_else_is_not_missed(tmp_path: Path) -> None:
    assert not differs(tmp_path / "restaurant", [("look", 0), ("cut", 0), ("write", 1), ("stranger", 0)])


class ForgetsTheRest(Standby):
    """Planted: what came after the last look is not taken over before the log begins anew."""

    def take_rest(self, rest: bytes) -> None:
        self._checkpointed = self._shipped


class TakesAnyLog(Standby):
    """Planted: it does not look whether all of the last log was taken over."""

    def _require_all_taken(self, _changes: int | None = None) -> None:
        return


@pytest.mark.parametrize("planted", [ForgetsTheRest, TakesAnyLog])
def test_planted_bug_of_the_copy_is_caught(tmp_path: Path, planted: type[Standby]) -> None:
    looking = settings(max_examples=200, phases=[Phase.generate], derandomize=True)
    try:
        find(STEPS, lambda steps: differs(tmp_path / "restaurant", steps, planted), settings=looking)
    except NoSuchExample:
        pytest.fail("the copy that forgets was not found out")


def test_a_log_that_is_followed_needs_no_second_copy_of_the_file(tmp_path: Path) -> None:
    original = Original(tmp_path / "restaurant")
    original.do("look", 0)
    for rows in range(1, 40):
        original.do("write", rows)
        original.do("look", 0)
        if rows % 5 == 0:
            original.do("cut", 0)
        if rows == 21:
            original.do("crash", 0)
    assert (original.begun, original.copied(tmp_path / "opened")) == (1, original.rows())
    original.close()
