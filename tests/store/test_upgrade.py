"""A database of an older program is brought to the present one: whole or not at all, wherever it is interrupted.

`v9.sql`: the schema and 100 orders as the program made them when its schema was the ninth.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.store.database import Database
from kiosk.store.file.looking_through import look_through
from kiosk.store.file.opening import migrate, migrations, open_writer
from kiosk.store.transaction import Reader
from kiosk.wiring.restoring import REPORTS
from tests.databases.multiplying import multiply

V9 = Path(__file__).parents[1] / "databases" / "v9.sql"
NEWEST = migrations()[-1][0]


def old(path: Path) -> Path:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=wal")
    connection.executescript(V9.read_text())
    connection.close()
    return path


@pytest.fixture(scope="module")
def v9(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return old(tmp_path_factory.mktemp("v9") / "kiosk.db").read_bytes()


@pytest.fixture(scope="module")
def upgraded(v9: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("upgraded") / "kiosk.db"
    path.write_bytes(v9)
    open_writer(path).close()
    return content(path)


def content(path: Path) -> str:
    """A digest of every row, index and table."""
    connection = sqlite3.connect(path)
    try:
        found = hashlib.sha256()
        for line in connection.iterdump():
            found.update(line.encode())
        return found.hexdigest()
    finally:
        connection.close()


def kill_at(number: int) -> Callable[[str], None]:
    """A trace that ends the process, as a power switch does, when the statement of that number begins."""
    left = number

    def trace(sql: str) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    return trace


def dies_at(path: Path, number: int, steps: Sequence[tuple[int, str]] = ()) -> bool:
    """Upgrade in a process that is killed at a statement; False where it came to its end before."""
    pid = os.fork()
    if pid == 0:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.set_trace_callback(kill_at(number))
        migrate(connection, steps=steps)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


async def test_a_database_of_the_ninth_schema_is_brought_to_the_present_one(tmp_path: Path) -> None:
    path = old(tmp_path / "kiosk.db")
    said: list[str] = []
    database = await Database.open(path, print, still=said.append)
    assert await database.read(Reader.scalar, "PRAGMA user_version") == NEWEST
    assert await database.read(Reader.scalar, "SELECT count(*) FROM orders") >= 100
    assert await database.read(Reader.scalar, "SELECT count(*) FROM payment WHERE step = 'done'") >= 80
    assert await database.read(Reader.scalar, "SELECT count(*) FROM refund WHERE step = 'done'") >= 5
    await database.close()
    look_through(path, REPORTS, lambda done, of, table: None)
    assert said == [f"the database is brought from version {n - 1} to {n} of {NEWEST}" for n in range(10, NEWEST + 1)]


@pytest.mark.heavy
@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.long)])
def test_an_upgrade_killed_at_any_statement_is_taken_up_again(
    v9: bytes, upgraded: str, tmp_path: Path, stride: int
) -> None:
    number = 0
    path = tmp_path / "kiosk.db"
    while True:
        for part in tmp_path.iterdir():
            part.unlink()
        path.write_bytes(v9)
        died = dies_at(path, number)
        open_writer(path).close()
        assert content(path) == upgraded, f"killed at statement {number}"
        if not died:
            break
        number += stride
    assert number > 3 * (NEWEST - 9)


def test_planted_upgrade_outside_of_a_transaction_is_caught(v9: bytes, upgraded: str, tmp_path: Path) -> None:
    """Steps whose version is written apart from what they do: a step is done twice, or half."""
    path = tmp_path / "kiosk.db"
    caught = 0
    steps = [(number, f"COMMIT; {sql}; BEGIN" if number == 10 else sql) for number, sql in migrations()]
    for number in range(4, 9):
        for part in tmp_path.iterdir():
            part.unlink()
        path.write_bytes(v9)
        dies_at(path, number, steps)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            try:
                migrate(connection, steps=steps)
            except sqlite3.Error:
                caught += 1
                continue
        caught += content(path) != upgraded
    assert caught


def test_a_disk_that_fills_in_the_middle_loses_nothing(v9: bytes, upgraded: str, tmp_path: Path) -> None:
    path = tmp_path / "kiosk.db"
    path.write_bytes(v9)
    full = 0
    for more in range(64):
        connection = sqlite3.connect(path, isolation_level=None)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + more}")
        try:
            migrate(connection)
        except sqlite3.OperationalError as error:
            full += error.sqlite_errorname == "SQLITE_FULL"
        finally:
            connection.close()
    assert full
    open_writer(path).close()
    assert content(path) == upgraded


@pytest.mark.long
def test_a_million_old_orders_are_brought_to_the_present_schema(tmp_path: Path) -> None:
    """Killed on the way, taken up again; it says all the while what it does."""
    path = old(tmp_path / "kiosk.db")
    assert multiply(path, 1_000_000) >= 1_000_000
    for number in (5, 20, 40):
        dies_at(path, number)
    said: list[str] = []
    open_writer(path, said.append).close()
    assert len(said) > NEWEST - 9
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST,)
    assert connection.execute("SELECT count(*) FROM orders").fetchone()[0] >= 1_000_000
    connection.close()
